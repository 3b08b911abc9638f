"""A chronology as it is read: its entries, its decisions, and what is still to be done. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from bot import case, decision
from bot.cards import Parts, full, when
from bot.concern import Concern, Entry
from bot.talk import Card, Choice, Fact, Words
from policy_content.model import Library

_SHOWN = 3  # decisions offered beside an opened concern; all of them are in the whole chronology
_TO_DO = 5  # likewise of what is still to be done


def history(library: Library, concern: Concern, now: datetime | None, seen: Collection[str]) -> tuple[Fact, ...]:
    """Every entry in order: what, when, by whom, and what they wrote. `seen` are the linked concerns that whoever reads
    this may open; that there are others is not said. Without `now` every time has its whole date.
    """
    entries = case.shown(concern.chronology, seen)
    return tuple(Fact(_label(library, entry, now), _said(library, entry)) for entry in entries)


def whole(library: Library, concern: Concern, now: datetime, seen: Collection[str]) -> Parts:
    """The chronology to print: every entry, and every decision in full."""
    w = library.wording.case
    title = library.say(w.chronology_title, reference=concern.reference)
    first = Card(title, library.say(w.chronology, when=full(library, now)), history(library, concern, None, seen))
    return (first, *(part for number, _ in case.decisions(concern) for part in decided(library, concern, number)))


def decided(library: Library, concern: Concern, number: int) -> Parts:
    """The decision that stands at `number` of the chronology, a card for each of its pages. Nothing if there is none."""
    w, all_ = library.wording.decision, case.decisions(concern)
    entry = dict(all_).get(number)
    if entry is None:
        return ()
    later = next((later for at, later in all_ if at > number), None)
    said = library.say(w.superseded, when=full(library, later.at)) if later else w.stands
    facts: tuple[Fact, ...] = (Fact(_label(library, entry, None), entry.who),)
    recorded = decision.recorded(entry)
    if recorded is None:  # written before decisions had a structure
        facts += (Fact(library.wording.entry_decided, entry.text),)
    first = Card(library.say(w.read_title, reference=concern.reference), said, facts)
    return (first, *(pages_of(recorded) if recorded else ()))


def pages_of(recorded: decision.Decision) -> Parts:
    """A decision's answers, a card for each page."""
    cards = (
        Card(title, facts=tuple(Fact(given.asked, given.shown()) for given in recorded.given if given.page == page))
        for page, title in recorded.titles.items()
    )
    return tuple(card for card in cards if card.facts)


def readable(library: Library, concern: Concern, now: datetime) -> tuple[Choice, ...]:
    """A button for each of the last decisions, the one that stands first."""
    text = library.wording.decision.read_button
    shown = reversed(case.decisions(concern)[-_SHOWN:])
    return tuple(
        Choice(library.say(text, when=when(library, entry.at, now)), f"decision:{concern.id}:{number}")
        for number, entry in shown
    )


def to_do(library: Library, concern: Concern) -> Parts:
    """Who leads, and what is still to be done, with a button for each that it is."""
    w, leads = library.wording.case, case.assigned(concern)
    left = [action for action in case.actions(concern) if not action.done]
    facts = [Fact(w.assigned_to, leads.name)] if leads else []
    for action in left:
        day = f"{action.due.day} {action.due:%B}"
        facts.append(Fact(library.say(w.action_by, number=str(action.nth), when=day), action.what))
    done = (
        Choice(library.say(w.done_button, number=str(a.nth)), f"done:{concern.id}:{a.number}") for a in left[:_TO_DO]
    )
    return (Card(w.actions_open, facts=tuple(facts)), *done) if facts else ()


def _label(library: Library, entry: Entry, now: datetime | None) -> str:
    at = full(library, entry.at) if now is None else when(library, entry.at, now)
    return f"{getattr(library.wording, f'entry_{entry.what}')}, {at}"


def _said(library: Library, entry: Entry) -> Words:
    """Who, and what they wrote with it. Of a decision its level and routes: the rest is behind its own button."""
    text = _summary(library, entry) or case.said(entry).reveal()
    return Words(f"{entry.who.reveal()}: {text}") if text else entry.who


def _summary(library: Library, entry: Entry) -> str:
    recorded = decision.recorded(entry)
    if recorded is None:
        return ""
    w = library.wording.decision
    parts = ((w.summary_level, recorded.said("level")), (w.summary_routes, recorded.said("routes")))
    return ". ".join(f"{label}: {said.reveal()}" for label, said in parts if said)
