"""The DSL's guided decision: its pages, what is wrong with what was typed, and the record it becomes. Pure.

Which pages are asked follows from the answers before them, in `pages`; there is no other logic between questions.
It gathers and checks that nothing is missing. It never suggests a level or a route.
Values are a flat mapping of field key to text, as in the concern form; a route's fields begin with its letter (`d-person`),
and what is asked of each child by name ends in the child's number on that form (`harmed_safe-2`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Literal
from zoneinfo import ZoneInfo

from bot import clocks, intake, involved
from bot.concern import Concern, Entry
from bot.involved import Child
from bot.talk import NOTHING, Field, Option, Words
from policy_content.case_wording import Asked
from policy_content.model import Library

SEVERE = frozenset({"abusive", "violent"})
REFERRED = ("b", "c", "d", "lado")
POLICE = frozenset({"police", "mash", "first-response"})  # the ways by which an incident reaches the police
WEIGHED = ("repeated", "victimised", "coerced", "imbalance", "misuse", "accepted")
_AGGRAVATING = ("nudes_adult", "nudes_coerced", "nudes_aggravated")
_FORMAT = "decision-1"
_BEFORE_LOGGING = timedelta(days=14)  # somebody may have rung before it was written down
Kind = Literal["line", "text", "date", "time", "one_of", "many_of"]
Draft = Mapping[str, str]


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
        for field in _blank(library, concern, page, draft)
    )


def known(page: str, key: str) -> bool:
    """True if a field of this key may be on this page: nothing else is taken from a form."""
    route = page.removeprefix("route_")
    base, _, number = key.rpartition("-")
    if base in _OF_EACH and number in involved.NUMBERS:
        key = base
    return key in _KEYS.get(page, ()) or (page.startswith("route_") and key in {f"{route}-{part}" for part in _ROUTE})


def asked_of(library: Library, key: str) -> tuple[str, str]:
    """What the field of this key asks, and the child's number on the concern form where it asks about one: to show back
    what was typed when not even the concern can be read. Nothing for a key that no page has.
    """
    base, _, number = key.rpartition("-")
    if base in _OF_EACH and number in involved.NUMBERS:
        return getattr(library.wording.decision.asks, f"each_{base}").ask, number
    return getattr(getattr(library.wording.decision.asks, key, None), "ask", ""), ""


# ---- what is wrong


def faults(library: Library, concern: Concern, page: str, draft: Draft, now: datetime) -> dict[str, str]:
    """What keeps a page from being complete: field key to words for the person. Empty when nothing does."""
    found: dict[str, str] = {}
    for field in _blank(library, concern, page, draft):
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
        for field in _blank(library, concern, page, draft)
        if draft.get(field.key, "").strip()
    )
    return Decision(tuple(given), {page: title(library, page) for page in asked})


def aggravated(draft: Draft) -> bool:
    """True for a nudes incident with something abusive or aggravating recorded: it always goes to the police."""
    if draft.get("images") != "yes":
        return False
    return draft.get("level") in SEVERE or any(draft.get(key) == "yes" for key in _AGGRAVATING)


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


# ---- the questions

_KEYS: dict[str, tuple[str, ...]] = {
    "safety": ("harmed_safe", "harmed_done", "alleged_safe", "alleged_done", "adult_done", "others"),
    "weighing": tuple(key for name in WEIGHED for key in (name, f"{name}-how")),
    "level": ("level", "level_why", "wider", "images", "images_why"),
    "nudes": (
        *("nudes_met", "nudes_who", "nudes_adult", "nudes_coerced", "nudes_young", "nudes_risk", "nudes_aggravated"),
        *("nudes_spread", "nudes_viewed", "nudes_talked"),
    ),
    "routes": ("routes", "no_names"),
    "route_none": ("none_why", "none_consulted", "none_change"),
    "contact": tuple(f"contact_{part}" for part in ("agency", "person", "date", "time", "reference", "late")),
    "family": ("views", "parents", "parents_how", "consent", "consent_why", "reporter"),
    "support": (
        *("harmed_support", "alleged_support", "discipline", "exclusion", "exclusion_why", "reasons", "changed"),
    ),
    "staff": ("parents", "parents_how", "reporter", "harmed_support", "reasons", "changed"),
}
# What the policy asks for each child. Where a concern names several in a role, each is asked about by name.
_OF_EACH = {
    **dict.fromkeys(("harmed_safe", "harmed_done", "harmed_support"), "harmed"),
    **dict.fromkeys(("alleged_safe", "alleged_done", "alleged_support"), "alleged"),
}
_ROUTE = ("agency", "other", "person", "date", "time", "reference", "agreed", "local", "specialist")
_CHOSEN: dict[str, tuple[str, ...]] = {
    "harmed_safe": ("yes", "no", "unknown"),
    "alleged_safe": ("yes", "no", "unknown", "nobody"),
    "repeated": ("once", "repeated", "unknown"),
    **dict.fromkeys(WEIGHED[1:], ("yes", "no", "unknown")),
    **dict.fromkeys((*_AGGRAVATING, "nudes_young", "nudes_risk"), ("yes", "no", "unknown")),
    "images": ("yes", "no"),
    "parents": ("yes", "partly", "no"),
    "consent": ("obtained", "refused", "not_needed"),
    "exclusion": ("no", "yes"),
}
_LINES = frozenset({"nudes_who", "contact_person", "contact_reference", "other", "person", "reference"})
_OPTIONAL = frozenset(
    {
        *("others", "wider", "nudes_viewed", "nudes_talked", "no_names", "contact_reference", "contact_late"),
        *("consent_why", "exclusion_why"),
    }
)


def _blank(library: Library, concern: Concern, page: str, draft: Draft) -> Iterator[Field]:
    """A page's fields in order, empty."""
    if page.startswith("route_") and page != "route_none":
        yield from _route_fields(library, page.removeprefix("route_"), draft)
        return
    asked = (key for key in _KEYS[page] if _is_asked(library, concern, key, draft))
    for role, together in groupby(asked, lambda key: _OF_EACH.get(key, "")):
        keys, named = tuple(together), involved.children(library, concern, role) if role else ()
        for child in named if len(named) > 1 else (None,):
            yield from (_field(library, concern, key, child) for key in keys)


def _is_asked(library: Library, concern: Concern, key: str, draft: Draft) -> bool:
    """False for what this concern, or what is answered so far, gives no reason to ask."""
    match key:
        case "images_why":  # the reporter said that there are images: who says there are none says why
            told = concern.account.said("images").reveal()
            return draft.get("images") == "no" and told == library.wording.form_yes
        case "changed":
            return concern.latest("decided") is not None
        case "alleged_safe" | "alleged_done":
            return concern.about == "pupils"
        case "adult_done":
            return concern.about != "pupils"
    return True


def _field(library: Library, concern: Concern, key: str, child: Child | None = None) -> Field:
    """One field, empty: of all whom it asks about together, or of one child by name."""
    asks = library.wording.decision.asks
    if key.endswith("-how"):
        return Field(key, asks.how.ask, "line", asks.how.hint)
    if child is not None:
        each: Asked = getattr(asks, f"each_{key}")
        options = tuple(option for option in _options(library, concern, key) if option.key != "nobody")
        return Field(f"{key}-{child.number}", each.ask, _kind(key), each.hint, True, options, of=child.name)
    asked: Asked = getattr(asks, key)
    return Field(key, asked.ask, _kind(key), asked.hint, key not in _OPTIONAL, _options(library, concern, key))


def _route_fields(library: Library, route: str, draft: Draft) -> Iterator[Field]:
    """With whom, when and what was agreed. In school, the agency may be nobody; for abusive or violent behaviour the
    policy also asks why no local support was there, and which specialist advises.
    """
    asks, inside = library.wording.decision.asks, route == "a"
    severe = draft.get("level") in SEVERE
    for part in _ROUTE:
        if part in {"local", "specialist"} and not inside:
            continue
        required = severe if part in {"local", "specialist"} else part not in {"other", "reference"}
        if part == "agency" and inside:
            required = False
        asked: Asked = getattr(asks, part)
        options = _agencies(library) if part == "agency" else ()
        yield Field(f"{route}-{part}", asked.ask, _kind(part), asked.hint, required, options)


def _kind(key: str) -> Kind:
    if key == "routes":
        return "many_of"
    if key in _CHOSEN or key in {"level", "agency", "contact_agency"}:
        return "one_of"
    if key in {"date", "time"} or key.endswith(("_date", "_time")):
        return "date" if key.endswith("date") else "time"
    if key == "nudes_met":
        return "date"
    return "line" if key in _LINES else "text"


def _options(library: Library, concern: Concern, key: str) -> tuple[Option, ...]:
    w = library.wording.decision
    match key:
        case "level":
            names = ("appropriate", "inappropriate", "problematic", "abusive", "violent")
            return tuple(Option(name, getattr(w.levels, name)) for name in names)
        case "routes":
            names = ("a", "b", "c", "d", "none") if concern.about == "pupils" else ("a", "c", "d", "lado", "none")
            return tuple(Option(name, getattr(w.routes, name)) for name in names)
        case "contact_agency":
            first = ("first-response", "emergency-duty", "police", "mash")
            return tuple(option for option in _agencies(library) if option.key in first)
        case _ if key in _CHOSEN:
            return tuple(Option(name, getattr(w.answers, name)) for name in _CHOSEN[key])
    return ()


def _agencies(library: Library) -> tuple[Option, ...]:
    """The agencies of school.yaml, each name once; the hub, which has no number there; and any other."""
    w, named = library.wording.decision, dict[str, Option]()
    for key, agency in library.school.agencies.items():
        named.setdefault(agency.name, Option(key, agency.name[:75]))
    return (*named.values(), Option("mash", w.agency_mash), Option("other", w.agency_other))
