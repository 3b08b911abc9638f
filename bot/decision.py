"""The DSL's guided decision: its pages, what is wrong with what was typed, and the record it becomes. Pure.

Which pages are asked follows from the answers before them, in `pages`; there is no other logic between questions.
It gathers and checks that nothing is missing. It never suggests a level or a route.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot import clocks, intake, questions
from bot.concern import Concern, Entry
from bot.questions import AGGRAVATING, SEVERE, Draft
from bot.talk import NOTHING, Field, Words
from policy_content.model import Library

REFERRED = ("b", "c", "d", "lado")
POLICE = frozenset({"police", "mash", "first-response"})  # the ways by which an incident reaches the police
_FORMAT = "decision-1"
_BEFORE_LOGGING = timedelta(days=14)  # somebody may have rung before it was written down


@dataclass(frozen=True, slots=True)
class Given:
    """One answer as it was recorded: the page and the question as shown, what was said, the keys of what was chosen, and
    the child that it was asked about, if it was asked of each by name.
    """

    page: str
    key: str
    asked: str
    said: Words
    chosen: tuple[str, ...] = ()
    of: Words = NOTHING

    def shown(self) -> Words:
        """What was said, after the name of the child that it was said about."""
        return Words(f"{self.of.reveal()}: {self.said.reveal()}") if self.of else self.said


@dataclass(frozen=True, slots=True)
class Decision:
    """A recorded decision. `titles` are the pages as they were shown."""

    given: tuple[Given, ...]
    titles: Mapping[str, str]

    @property
    def level(self) -> str:
        """The level's key (appropriate … violent), or nothing where none was asked."""
        return next(iter(self._chosen("level")), "")

    @property
    def routes(self) -> tuple[str, ...]:
        """The routes' keys: a, b, c, d, lado, none."""
        return self._chosen("routes")

    def said(self, key: str) -> Words:
        """What was answered to this question; nothing if it was not asked or left empty."""
        return next((given.said for given in self.given if given.key == key), Words(""))

    def draft(self) -> dict[str, str]:
        """The answers to begin a later decision with: all but why it differs, and the level, which nothing suggests."""
        held = {given.key: ",".join(given.chosen) or given.said.reveal() for given in self.given}
        return {key: value for key, value in held.items() if key not in {"changed", "level"}}

    def to_text(self) -> str:
        """The decision as JSON, only ever handed to the vault."""
        given = [
            [g.page, g.key, g.asked, g.said.reveal(), list(g.chosen), *([g.of.reveal()] if g.of else [])]
            for g in self.given
        ]
        return json.dumps({"format": _FORMAT, "titles": dict(self.titles), "given": given})

    @classmethod
    def from_text(cls, text: str) -> Decision | None:
        """The decision from the vault's text; None for one that was written before decisions had a structure."""
        try:
            held = json.loads(text)
        except ValueError:
            return None
        if not isinstance(held, dict) or held.get("format") != _FORMAT:
            return None
        given = (
            Given(page, key, asked, Words(said), tuple(chosen), *map(Words, of))
            for page, key, asked, said, chosen, *of in held["given"]
        )
        return cls(tuple(given), held["titles"])

    def _chosen(self, key: str) -> tuple[str, ...]:
        return next((given.chosen for given in self.given if given.key == key), ())


def recorded(entry: Entry) -> Decision | None:
    """The decision in an entry of a chronology; None if it was written in free text."""
    return Decision.from_text(entry.text.reveal()) if entry.what == "decided" else None


# ---- pages


def pages(about: str, draft: Draft) -> tuple[str, ...]:
    """The pages that these answers ask for, in order."""
    routes = tuple(f"route_{route}" for route in _routes(draft))
    if about != "pupils":
        return ("safety", "routes", *routes, "staff")
    nudes = ("nudes",) if draft.get("images") == "yes" else ()
    contact = ("contact",) if draft.get("level") in SEVERE else ()
    return ("safety", "weighing", "level", *nudes, "routes", *routes, *contact, "family", "support")


def title(library: Library, page: str) -> str:
    """A page's name."""
    return str(getattr(library.wording.decision.pages, page).title)


def intro(library: Library, concern: Concern, page: str) -> str:
    """What stands above a page's fields. The page of the first contact shows the limit."""
    return library.say(getattr(library.wording.decision.pages, page).intro, limit=_limit(library, concern))


def fields(library: Library, concern: Concern, page: str, draft: Draft, faults: Mapping[str, str]) -> tuple[Field, ...]:
    """The fields of a page, holding what was typed so far."""
    return tuple(
        replace(field, value=Words(draft.get(field.key, "")), error=faults.get(field.key, ""))
        for field in questions.blank(library, concern, page, draft)
    )


# ---- what is wrong


def faults(library: Library, concern: Concern, page: str, draft: Draft, now: datetime) -> dict[str, str]:
    """What keeps a page from being complete: field key to words for the person. Empty when nothing does."""
    found: dict[str, str] = {}
    for field in questions.blank(library, concern, page, draft):
        fault = intake.fault(library, field, draft.get(field.key, "").strip())
        if fault:
            found[field.key] = fault
    for key, words in _rules(library, concern, page, draft, now):
        found.setdefault(key, words)
    return found


def incomplete(library: Library, concern: Concern, draft: Draft, now: datetime) -> tuple[str, dict[str, str]] | None:
    """The first page that is not complete and what is wrong there; None when all of it is."""
    for page in pages(concern.about, draft):
        found = faults(library, concern, page, draft, now)
        if found:
            return page, found
    return None


def decide(library: Library, concern: Concern, draft: Draft) -> Decision:
    """The record of a complete draft. Only what the pages ask for is in it."""
    asked = pages(concern.about, draft)
    given = (
        _given(page, field, draft[field.key].strip())
        for page in asked
        for field in questions.blank(library, concern, page, draft)
        if draft.get(field.key, "").strip()
    )
    return Decision(tuple(given), {page: title(library, page) for page in asked})


def aggravated(draft: Draft) -> bool:
    """True for a nudes incident with something abusive or aggravating recorded: it always goes to the police."""
    if draft.get("images") != "yes":
        return False
    return draft.get("level") in SEVERE or any(draft.get(key) == "yes" for key in AGGRAVATING)


def _given(page: str, field: Field, typed: str) -> Given:
    if field.kind not in {"one_of", "many_of"}:
        return Given(page, field.key, field.label, Words(typed), of=field.of)
    chosen = [option for option in field.options if option.key in typed.split(",")]
    said = "; ".join(option.label for option in chosen)
    return Given(page, field.key, field.label, Words(said), tuple(option.key for option in chosen), field.of)


def _rules(library: Library, concern: Concern, page: str, draft: Draft, now: datetime) -> Iterator[tuple[str, str]]:
    """What only several answers together can get wrong."""
    match page:
        case "routes":
            yield from _route_rules(library, draft)
        case "contact":
            yield from _contact_rules(library, concern, draft, now)
        case "family" if draft.get("consent") in {"refused", "not_needed"}:
            yield from _needed(library, draft, "consent_why")
        case "support" if draft.get("exclusion") == "yes":
            yield from _needed(library, draft, "exclusion_why")
        case "nudes":
            yield from _not_ahead(library, draft, "nudes_met", "", now)
        case _ if page.startswith("route_") and page != "route_none":
            yield from _one_route_rules(library, draft, page.removeprefix("route_"), now)


def _route_rules(library: Library, draft: Draft) -> Iterator[tuple[str, str]]:
    w, routes = library.wording.decision, _routes(draft)
    if not routes:
        return
    if aggravated(draft) and "d" not in routes:
        yield "routes", library.say(w.police_needed)
    if draft.get("images") == "yes" and draft.get("nudes_risk") == "yes" and not {"c", "d"} & set(routes):
        yield "routes", library.say(w.harm_needs_referral)
    if "none" in routes and set(REFERRED) & set(routes):
        yield "routes", library.say(w.either_or)


def _one_route_rules(library: Library, draft: Draft, route: str, now: datetime) -> Iterator[tuple[str, str]]:
    w, agency = library.wording.decision, draft.get(f"{route}-agency", "")
    if agency == "other" and not draft.get(f"{route}-other", "").strip():
        yield f"{route}-other", w.other_needed
    if route == "d" and aggravated(draft) and agency and agency not in POLICE:
        yield "d-agency", library.say(w.police_agency)
    if route in {"c", "d", "lado"}:
        yield from _not_ahead(library, draft, f"{route}-date", f"{route}-time", now)


def _contact_rules(library: Library, concern: Concern, draft: Draft, now: datetime) -> Iterator[tuple[str, str]]:
    yield from _not_ahead(library, draft, "contact_date", "contact_time", now)
    at = moment(draft, "contact_date", "contact_time", ZoneInfo(library.school.timezone))
    if at is not None and at < concern.logged_at - _BEFORE_LOGGING:  # a mistyped year would keep every limit
        yield "contact_date", library.wording.decision.long_before
    late = at is not None and at > clocks.decide_by(concern, library.school)
    if late and not draft.get("contact_late", "").strip():
        text = library.wording.decision.late_needed
        yield "contact_late", library.say(text, limit=_limit(library, concern))


def _needed(library: Library, draft: Draft, key: str) -> Iterator[tuple[str, str]]:
    if not draft.get(key, "").strip():
        label = getattr(library.wording.decision.asks, key).ask
        yield key, library.say(library.wording.form_needed, field=label)


def _not_ahead(library: Library, draft: Draft, day: str, hour: str, now: datetime) -> Iterator[tuple[str, str]]:
    """What is recorded as done cannot lie ahead."""
    at = moment(draft, day, hour, ZoneInfo(library.school.timezone))
    if at is not None and at > now:
        yield day, library.wording.decision.not_yet


def moment(draft: Draft, day: str, hour: str, zone: ZoneInfo) -> datetime | None:
    """When two fields say that something was; None unless they can be read. Without an hour, when the day began."""
    try:
        on = date.fromisoformat(draft.get(day, "").strip())
        at = datetime.strptime(draft.get(hour, "").strip() or "00:00", "%H:%M").time()  # noqa: DTZ007 (the zone follows)
    except ValueError:
        return None
    return datetime.combine(on, at, zone)


def _limit(library: Library, concern: Concern) -> str:
    at = clocks.decide_by(concern, library.school).astimezone(ZoneInfo(library.school.timezone))
    return f"{at:%H:%M} on {at.day} {at:%B}"


def _routes(draft: Draft) -> tuple[str, ...]:
    chosen = draft.get("routes", "").split(",")
    return tuple(route for route in ("a", *REFERRED, "none") if route in chosen)
