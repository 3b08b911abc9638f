"""A concern as it leaves Signpost: everything the record holds of it, in one structure that files are drawn from. Pure.

Nothing is left out but what whoever takes it may not see: links to concerns that are not open to them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot import case, decision, facts
from bot.concern import Concern, Entry, Line
from bot.talk import Words
from policy_content.model import Library

SCHEMA = "signpost-concern-1"


@dataclass(frozen=True, slots=True)
class Happened:
    """One entry of the chronology. `what` is its fixed word, `label` how it is called."""

    number: int
    at: datetime
    what: str
    label: str
    who: Words
    said: Words


@dataclass(frozen=True, slots=True)
class Answer:
    """One question of a decision and what was answered; `child` is the name of the one it was asked about, if of each."""

    asked: str
    said: Words
    child: Words

    def shown(self) -> str:
        """What was said, after the name of the child that it was said about."""
        return f"{self.child.reveal()}: {self.said.reveal()}" if self.child else self.said.reveal()


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision, whole. `superseded_at` is when a later one took its place. Pages hold questions and answers; one
    that was written before decisions had a structure has its text alone.
    """

    number: int
    at: datetime
    who: Words
    superseded_at: datetime | None
    level: Words
    routes: Words
    pages: tuple[tuple[str, tuple[Answer, ...]], ...]
    text: Words


@dataclass(frozen=True, slots=True)
class Record:
    """A concern to be written to a file. `labels` are how its own fixed words are read; times are in UTC, shown in `zone`."""

    school: str
    zone: ZoneInfo
    reference: str
    about: str
    urgent: bool
    drill: bool
    stage: str
    logged_at: datetime
    reporter: Words
    children: tuple[tuple[Words, Words], ...]
    account: tuple[Line, ...]
    observations: tuple[tuple[str, str], ...]
    chronology: tuple[Happened, ...]
    decisions: tuple[Decided, ...]
    actions: tuple[case.Action, ...]
    links: tuple[case.Link, ...]
    kinds: tuple[str, ...]
    place: str
    years: tuple[str, ...]
    review: dict[str, tuple[str, Words]]
    handed_over: tuple[Words, Words] | None
    printed_by: Words
    printed_at: datetime
    labels: dict[str, str]

    def said(self, key: str) -> str:
        """What was typed in the field of the form with this key."""
        return next((line.value.reveal() for line in self.account if line.key == key), "")

    def learnt(self, key: str) -> str:
        """What was answered at closing to the review question with this key."""
        return self.review[key][1].reveal() if key in self.review else ""

    def local(self, at: datetime) -> datetime:
        """A time as the school's clocks show it."""
        return at.astimezone(self.zone)

    def last(self, what: str) -> Happened | None:
        """The last entry of this kind, if there is one."""
        return next((one for one in reversed(self.chronology) if one.what == what), None)


def record(library: Library, concern: Concern, seen: Collection[str], by: Words, now: datetime) -> Record:
    """The whole concern. `seen` are the ids of the linked concerns that whoever takes it may open."""
    w, chosen, handed = library.wording, case.facts(concern), case.handed_over(concern)
    kinds, places = facts.kinds(library), facts.places(library)
    account = concern.account
    return Record(
        school=library.school.name,
        zone=ZoneInfo(library.school.timezone),
        reference=concern.reference,
        about=concern.about,
        urgent=concern.urgent,
        drill=concern.drill,
        stage=concern.stage,
        logged_at=concern.logged_at,
        reporter=account.reporter,
        children=account.children(),
        account=account.lines,
        observations=tuple((one.asked, one.answered) for one in account.observations),
        chronology=tuple(_chronology(library, concern, frozenset(seen))),
        decisions=tuple(_decisions(concern)),
        actions=case.actions(concern),
        links=tuple(link for link in case.links(concern) if link.id in seen),
        kinds=tuple(kinds.get(key, key) for key in chosen.get("kinds", ())),
        place="; ".join(places.get(key, key) for key in chosen.get("place", ())),
        years=chosen.get("years", ()),
        review=case.review(concern),
        handed_over=handed[1:] if handed else None,
        printed_by=by,
        printed_at=now,
        labels={
            "about": getattr(w, f"about_{concern.about}"),
            "stage": getattr(w, f"stage_{concern.stage}"),
            "urgent": w.form_yes if concern.urgent else w.form_no,
            "open": w.handing.print_action_open,
            "done": w.handing.print_action_done,
        },
    )


def _chronology(library: Library, concern: Concern, seen: frozenset[str]) -> Iterator[Happened]:
    # Numbered as shown: a number left out would say that there is a link.
    for number, entry in enumerate(case.shown(concern.chronology, seen), 1):
        label = getattr(library.wording, f"entry_{entry.what}")
        yield Happened(number, entry.at, entry.what, label, entry.who, _said(entry))


def _said(entry: Entry) -> Words:
    """What an entry says. Of a decision with a structure its level and routes: the whole is among the decisions."""
    recorded = decision.recorded(entry)
    if recorded is None:
        return case.said(entry)
    said = (recorded.said(key).reveal() for key in ("level", "routes"))
    return Words(". ".join(part for part in said if part))


def _decisions(concern: Concern) -> Iterator[Decided]:
    held = case.decisions(concern)
    for place, (_, entry) in enumerate(held):
        recorded = decision.recorded(entry)
        yield Decided(
            number=place + 1,
            at=entry.at,
            who=entry.who,
            superseded_at=held[place + 1][1].at if place + 1 < len(held) else None,
            level=recorded.said("level") if recorded else Words(""),
            routes=recorded.said("routes") if recorded else Words(""),
            pages=tuple(_pages(recorded)) if recorded else (),
            text=Words("") if recorded else entry.text,
        )


def _pages(recorded: decision.Decision) -> Iterator[tuple[str, tuple[Answer, ...]]]:
    for page, title in recorded.titles.items():
        given = tuple(Answer(one.asked, one.said, one.of) for one in recorded.given if one.page == page)
        if given:
            yield title, given


def as_data(record: Record) -> dict[str, Any]:
    """A record as JSON holds it: `adapters/export/concern.schema.json` says what each part is. Times are ISO 8601 in UTC."""
    handed = record.handed_over
    return {
        "schema": SCHEMA,
        "school": record.school,
        "printed": {"by": record.printed_by.reveal(), "at": _iso(record.printed_at)},
        "reference": record.reference,
        "about": record.about,
        "urgent": record.urgent,
        "drill": record.drill,
        "stage": record.stage,
        "logged_at": _iso(record.logged_at),
        "reporter": record.reporter.reveal(),
        "children": [{"name": name.reveal(), "role": role.reveal()} for name, role in record.children],
        "account": [{"key": one.key, "asked": one.label, "said": one.value.reveal()} for one in record.account],
        "observations": [{"asked": asked, "answered": answered} for asked, answered in record.observations],
        "chronology": [
            {
                "number": one.number,
                "at": _iso(one.at),
                "what": one.what,
                "who": one.who.reveal(),
                "said": one.said.reveal(),
            }
            for one in record.chronology
        ],
        "decisions": [_decision(one) for one in record.decisions],
        "actions": [
            {"number": one.nth, "what": one.what.reveal(), "due": _day(one.due), "done": one.done}
            for one in record.actions
        ],
        "linked": [{"reference": one.reference, "why": one.why.reveal()} for one in record.links],
        "learnt": {
            "kinds": list(record.kinds),
            "place": record.place,
            "years": list(record.years),
            "review": [
                {"key": key, "asked": asked, "said": said.reveal()} for key, (asked, said) in record.review.items()
            ],
        },
        "handed_over": {"system": handed[0].reveal(), "reference": handed[1].reveal()} if handed else None,
    }


def _decision(one: Decided) -> dict[str, Any]:
    return {
        "number": one.number,
        "at": _iso(one.at),
        "by": one.who.reveal(),
        "superseded_at": _iso(one.superseded_at) if one.superseded_at else None,
        "level": one.level.reveal(),
        "routes": one.routes.reveal(),
        "text": one.text.reveal(),
        "pages": [{"title": title, "answers": [_answer(answer) for answer in given]} for title, given in one.pages],
    }


def _answer(one: Answer) -> dict[str, str]:
    return {"asked": one.asked, "child": one.child.reveal(), "said": one.said.reveal()}


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _day(day: date) -> str:
    return day.isoformat()
