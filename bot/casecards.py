"""What is drawn while a concern is worked: the forms of the acts, what more there is to do, and what has happened since. Pure."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot import case, chronicle, clocks, facts, intake, questions, retention
from bot.cards import Parts, when
from bot.concern import Concern, Entry
from bot.notices import acts
from bot.talk import Card, Choice, Fact, Field, Form, Option, Sent, Words
from policy_content.case_wording import Review
from policy_content.model import Library

REVIEW = tuple(Review.model_fields)
# The acts that change who has it or where it stands: their form says when it was drawn, and a late one changes nothing.
VERSIONED = frozenset({"assign", "restrict", "escalate", "reopen", "close"})
NOBODY: Mapping[str, Words] = {}
_LONGEST_NAME = 40  # characters: with an id behind it, to tell two of the same name apart, it fits a button


def form(
    library: Library,
    act: str,
    concern: Concern,
    values: Mapping[str, str],
    faults: Mapping[str, str],
    *,
    item: int = 0,
    inside: Mapping[str, Words] = NOBODY,
) -> Parts:
    """The form of an act, holding what was typed. `item` is the action that is done, by its place in the chronology;
    `inside` is who is in the DSL place, by id.
    """
    w = library.wording.case
    drawn = tuple(
        replace(field, value=Words(values.get(field.key, "")), error=faults.get(field.key, ""))
        for field in fields(library, act, concern, inside)
    )
    if act == "close":
        title, intro = library.wording.close_title, library.wording.close_intro
    else:
        title, intro = getattr(w, f"{act}_title"), getattr(w, f"{act}_intro")
    nth = next((str(a.nth) for a in case.actions(concern) if a.number == item), "")
    heading = library.say(title, reference=concern.reference, number=nth)
    return (Form(form_id(act, concern, item), heading, library.say(intro), drawn, library.wording.save_button),)


def form_id(act: str, concern: Concern, item: int = 0) -> str:
    """`note:<concern>`, `close:<concern>:<how often it had moved>`, `done:<concern>:<the action's number>`."""
    if act in VERSIONED:
        return f"{act}:{concern.id}:{case.moves(concern)}"
    return f"{act}:{concern.id}:{item}" if act == "done" else f"{act}:{concern.id}"


def fields(library: Library, act: str, concern: Concern, inside: Mapping[str, Words] = NOBODY) -> tuple[Field, ...]:
    """The fields of an act's form, empty."""
    return tuple(_fields(library, act, concern, inside))


def faults(
    library: Library,
    act: str,
    concern: Concern,
    values: Mapping[str, str],
    now: datetime,
    *,
    inside: Mapping[str, Words] = NOBODY,
    by: str = "",
) -> dict[str, str]:
    """What keeps an act from being saved: field key to words for the person. `by` is the id of whoever does it."""
    drawn = fields(library, act, concern, inside)
    found = {field.key: intake.fault(library, field, values.get(field.key, "").strip()) for field in drawn}
    found = {key: words for key, words in found.items() if words}
    if act == "action" and "due" not in found:
        today = now.astimezone(ZoneInfo(library.school.timezone)).date()
        if date.fromisoformat(values["due"].strip()) < today:
            found["due"] = library.wording.case.action_past
    if act == "restrict" and not found and _may_be_orphaned(library, concern, values, by):
        found["who"] = library.wording.case.restrict_nobody_stays
    return found


def _may_be_orphaned(library: Library, concern: Concern, values: Mapping[str, str], by: str) -> bool:
    """True if all to whom it is to be kept are known by the DSL place alone: once they have left it, nobody could open
    the concern and no alert about it would be heard. Not where school.yaml has nobody to whom it could be kept.
    """
    people = dict(library.school.people.everyone())
    lasting = {role for role in eligible(library, concern) if people[role].ids()}
    stays = lasting & set(values.get("who", "").split(",")) or any(by in people[role].ids() for role in lasting)
    return bool(lasting) and not stays


def eligible(library: Library, concern: Concern) -> dict[str, str]:
    """Whom it may be handed to: role to name. Nobody it is about, or may be about."""
    about = {"head": ("head",), "safeguarding": () if concern.avoids else ("dsl", "deputy")}.get(concern.about, ())
    school = library.school
    return {
        role: person.name
        for role, person in school.people.everyone()
        if not clocks.avoided(concern, school, role)
        and not (about and role.startswith(about))
        and (not concern.kept_to or person.ids() & concern.kept_to)
    }


def keepable(library: Library, concern: Concern, inside: Mapping[str, Words]) -> dict[str, str]:
    """Whom it may be kept to: role or id to name. Those of school.yaml who can open it in a chat, and whoever else is in
    the DSL place, each once: whom school.yaml names is offered as such or, because it may be about them, not at all.
    """
    people = dict(library.school.people.everyone())
    named = {role: name for role, name in eligible(library, concern).items() if people[role].ids()}
    known = frozenset[str]().union(*(person.ids() for person in people.values()))
    others = {
        id_: _spelt(name)
        for id_, name in sorted(inside.items(), key=lambda one: (_spelt(one[1]).casefold(), one[0]))
        if id_ not in known | concern.avoids and "," not in id_ and (not concern.kept_to or id_ in concern.kept_to)
    }
    same = Counter([*named.values(), *others.values()])
    return named | {id_: f"{name} ({id_})" if same[name] > 1 else name for id_, name in others.items() if name}


def _spelt(name: Words) -> str:
    """A name as a chat gives it, on one line and without what turns the text around it."""
    seen = "".join(letter for letter in name.reveal() if unicodedata.category(letter) != "Cf")
    return " ".join(seen.split())[:_LONGEST_NAME]


def _fields(library: Library, act: str, concern: Concern, inside: Mapping[str, Words]) -> Iterator[Field]:
    w = library.wording.case
    match act:
        case "note" | "message" | "escalate" | "reopen":
            asked = getattr(w, act)
            yield Field("text", asked.ask, "text", asked.hint, required=True)
        case "assign":
            yield Field("who", w.assign.ask, "one_of", w.assign.hint, True, _people(eligible(library, concern)))
        case "action":
            yield Field("text", w.action.ask, "text", w.action.hint, required=True)
            yield Field("due", w.action_due.ask, "date", w.action_due.hint, required=True)
        case "done":
            yield Field("text", w.done.ask, "text", w.done.hint)
        case "link":
            yield Field("reference", w.link.ask, "line", w.link.hint, required=True)
            yield Field("text", w.link_why.ask, "text", w.link_why.hint, required=True)
        case "restrict":
            yield Field(
                "who", w.restrict.ask, "many_of", w.restrict.hint, options=_people(keepable(library, concern, inside))
            )
            yield Field("text", w.restrict_why.ask, "text", w.restrict_why.hint, required=True)
        case "close":
            yield from _undecided(library, concern)
            yield Field("text", library.wording.close_field, "text", library.wording.close_hint, required=True)
            for key in REVIEW:
                asked = getattr(w.review, key)
                yield Field(key, asked.ask, "text", asked.hint)
            yield from facts.fields(library)


def _undecided(library: Library, concern: Concern) -> Iterator[Field]:
    """Closing what waits for a decision asks why it needs none: to decide nothing in silence is no way out."""
    if _is_undecided(concern):
        w = library.wording
        why = [("mistake", w.close_mistake), ("double", w.close_double)]
        why += [("stands", w.close_stands)] if concern.latest("decided") else []
        options = tuple(Option(key, label) for key, label in why)
        yield Field("undecided", w.close_undecided, "one_of", w.close_undecided_hint, True, options)


def _is_undecided(concern: Concern) -> bool:
    """True while a decision is asked for. A drill needs none."""
    return concern.stage in {"logged", "acknowledged"} and not concern.drill


def closing(library: Library, concern: Concern, values: Mapping[str, str]) -> Words:
    """Why it is closed, as it is recorded: with why it needs no decision, where that was asked."""
    typed = values.get("text", "").strip()
    for field in _undecided(library, concern):
        why = next(option for option in field.options if option.key == values[field.key].strip())
        return Words(json.dumps({"undecided": why.key, "said": why.label, "text": typed}))
    return Words(typed)


def _people(named: Mapping[str, str]) -> tuple[Option, ...]:
    return tuple(Option(role, name[:75]) for role, name in named.items())


def more(library: Library, concern: Concern) -> Parts:
    """What else may be done with it."""
    w = library.wording
    open_ = concern.stage != "closed"
    offered = (
        ("decide", w.decide_button, concern.stage == "logged" and not concern.drill),
        ("decide", w.decide_again_button, concern.stage == "decided"),
        ("assign", w.case.assign_button, open_),
        ("action", w.case.action_button, open_),
        ("link", w.case.link_button, True),
        ("restrict", w.case.restrict_button, True),
        ("escalate", w.case.escalate_button, open_),
        ("close", w.close_button, open_),
        ("reopen", w.case.reopen_button, not open_),
        ("similar", w.handing.similar_button, bool(concern.account.children())),
        ("handover", w.handing.button, True),
        ("forget", w.handing.forget_button, retention.refused(concern) == ""),
    )
    return (
        Card(library.say(w.case.more_title, reference=concern.reference), w.case.more),
        *(Choice(label, f"{act}:{concern.id}") for act, label, now_possible in offered if now_possible),
    )


def saved(library: Library, concern: Concern, text: str = "") -> Parts:
    """After an act has been saved, and the ways on."""
    w = library.wording.case
    card = Card(library.say(w.saved_title, reference=concern.reference), library.say(text or w.saved), tone="done")
    return (card, *chronicle.to_do(library, concern), *acts(library, concern), _more(library, concern))


def moved_on(library: Library, concern: Concern, entries: Sequence[Entry], now: datetime) -> Parts:
    """A late form: what has happened since. Nothing of it was saved."""
    w = library.wording
    facts = tuple(Fact(f"{getattr(w, f'entry_{e.what}')}, {when(library, e.at, now)}", e.who) for e in entries)
    return (Card(library.say(w.case.since_title, reference=concern.reference), library.say(w.case.since), facts),)


def not_now(library: Library, concern: Concern, text: str) -> Parts:
    """An act that its stage does not allow."""
    title = library.say(library.wording.case.since_title, reference=concern.reference)
    return (Card(title, library.say(text)), *acts(library, concern), _more(library, concern))


def typed_back(library: Library, sent: Sent) -> Parts:
    """What was typed in a form that could not be saved: the person must at least see it again."""
    shown: list[Fact] = []
    for key, value in sent.values.items():
        asked, child = questions.asked_of(library, key)
        said = Words(f"{child}. {value.reveal()}") if child else value
        shown += [Fact(asked or library.wording.unfinished_typed, said)] if value else []
    return (Card(library.wording.unfinished_typed, facts=tuple(shown)),) if shown else ()


def _more(library: Library, concern: Concern) -> Choice:
    return Choice(library.wording.case.more_button, f"more:{concern.id}")


# ---- between those who have it and the reporter


def messages(library: Library, concern: Concern, now: datetime) -> Parts:
    """To the reporter, in private: what was written between them and those who have it, and a way to answer."""
    w = library.wording.case
    labels = {"messaged": w.from_dsl, "answered": w.from_you}
    facts = tuple(
        Fact(library.say(labels[entry.what], when=when(library, entry.at, now)), _whose(entry))
        for entry in case.messages(concern)
    )
    card = Card(
        library.say(w.read_title, reference=concern.reference), library.say(w.read if facts else w.read_none), facts
    )
    return (card, *reply_form(library, concern)) if facts else (card,)


def reply_form(library: Library, concern: Concern, typed: Words | None = None, fault: str = "") -> Parts:
    """The reporter's answer."""
    w = library.wording.case
    field = Field("text", w.reply.ask, "text", w.reply.hint, required=True, value=typed or Words(""), error=fault)
    title = library.say(w.reply_title, reference=concern.reference)
    return (Form(f"reply:{concern.id}", title, library.say(w.reply_intro), (field,), w.reply_button),)


def replied(library: Library, concern: Concern) -> Parts:
    """After the reporter's answer has been saved."""
    w = library.wording.case
    return (Card(library.say(w.replied_title, reference=concern.reference), library.say(w.replied), tone="done"),)


def _whose(entry: Entry) -> Words:
    """A message from the team carries who wrote it; their own does not need to."""
    return Words(f"{entry.who.reveal()}: {entry.text.reveal()}") if entry.what == "messaged" else entry.text
