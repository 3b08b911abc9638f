"""What the school learns: from concerns and questions to figures that may be shown to governors. Pure.

The rule by which nobody can be picked out, also not by subtracting one figure from another:

1. A count is published only as a step of five, downwards: 13 is “10–14”. Fewer than five, none included, is hidden.
2. Each school year is counted from 1 September to the end of a whole month, and never added to another year. Two reports on
   one year therefore begin alike; their difference is a difference of steps, and a difference of steps is never a count.
3. What was not recorded is in no table and in no figure. So no table adds up to a total that is published, and a hidden
   count is never what is left over: whatever is hidden could be anything from none to four, whatever else is shown.
4. What is shown never depends on an exact count: rows stand in the order of their steps, then of the catalogue.
5. Half and nine-in-ten times are told in bands, for no fewer than five and ten concerns.

Only concerns about pupils are counted, and no drills. There is no name and no reference in anything here.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot import case, decision, facts
from bot.concern import Concern
from bot.talk import Words
from policy_content.model import School

STEP = 5
_NOTHING = frozenset(
    {"", "no", "none", "nothing", "nil", "na", "notapplicable"}
)  # letters of answers that note nothing
HOURS = ((0, 8), (8, 10), (10, 12), (12, 14), (14, 16), (16, 20), (20, 24))  # of the school's clocks
BANDS = {
    "m5": timedelta(minutes=5),
    "m15": timedelta(minutes=15),
    "m30": timedelta(minutes=30),
    "h1": timedelta(hours=1),
    "h4": timedelta(hours=4),
    "h24": timedelta(hours=24),
    "d3": timedelta(days=3),
    "d7": timedelta(days=7),
}
_SEPTEMBER = 9  # the school year begins with it
SINGLE = ("places", "hours", "weekdays", "levels", "topics")  # tables in which one concern or question stands once
TABLES = ("kinds", "places", "hours", "weekdays", "years", "levels", "routes", "review", "topics", "repeated")


@dataclass(frozen=True, slots=True)
class Case:
    """One concern as far as figures need it: what was chosen and counted, never what was typed."""

    on: date
    urgent: bool = False
    kinds: tuple[str, ...] = ()
    place: str = ""
    years: tuple[str, ...] = ()
    hour: int | None = None  # of the day it happened
    weekday: int | None = None  # 0 is Monday
    level: str = ""
    routes: tuple[str, ...] = ()
    review: tuple[str, ...] = ()  # the questions at closing under which something was noted
    seen: timedelta | None = None  # from logging until somebody acknowledged
    decided: timedelta | None = None  # until the first decision


@dataclass(frozen=True, slots=True)
class Asking:
    """One question that was asked: the page that answered it, if one did, and by which route."""

    on: date
    route: str
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Speed:
    """How quickly something was done: the bands within which half and nine in ten were. None: too few to say."""

    half: str | None
    ninth: str | None


@dataclass(frozen=True, slots=True)
class Year:
    """A school year's figures, or those of its months so far. Every count is its step (5 means 5 to 9); None is hidden."""

    first: date
    last: date
    concerns: int | None
    questions: int | None
    unanswered: int | None
    tables: Mapping[str, Mapping[str, int | None]] = field(default_factory=dict)
    speed: Mapping[str, Speed] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """True if the year has ended."""
        return self.last == date(self.first.year + 1, 8, 31)


def step(count: int) -> int | None:
    """A count as it is published: the step it is on, or nothing."""
    return count // STEP * STEP or None


def periods(first: date, last: date, today: date) -> tuple[tuple[date, date], ...]:
    """The school years that these days touch, each from its beginning to the end of the last month asked for that is over."""
    over = min(_month_end(last), today.replace(day=1) - timedelta(days=1))
    begin = _september(first)
    found = []
    while begin <= over:
        following = date(begin.year + 1, _SEPTEMBER, 1)
        found.append((begin, min(over, following - timedelta(days=1))))
        begin = following
    return tuple(found)


def trends(
    cases: Sequence[Case], asked: Sequence[Asking], catalogue: Mapping[str, Sequence[str]], first: date, last: date
) -> Year:
    """The figures of one period, which must be one of `periods`. `catalogue` names the rows of each table, in order."""
    mine = [one for one in cases if first <= one.on <= last]
    questions = [one for one in asked if first <= one.on <= last]
    counted = {name: Counter(_values(name, mine, questions)) for name in TABLES}
    return Year(
        first,
        last,
        step(len(mine)),
        step(len(questions)),
        step(sum(one.route == "unknown" for one in questions)),
        {name: _table(counted[name], catalogue.get(name, ())) for name in TABLES},
        {
            "seen": _speed(one.seen for one in mine if not one.urgent),
            "seen_urgent": _speed(one.seen for one in mine if one.urgent),
            "decided": _speed(one.decided for one in mine),
        },
    )


def _table(counts: Counter[str], rows: Sequence[str]) -> dict[str, int | None]:
    """Each row of the catalogue by its step; of pairs, which have no catalogue, only those that are shown."""
    steps = {row: step(counts[row]) for row in rows or sorted(counts)}
    order = sorted(steps, key=lambda row: -(steps[row] or 0))  # the sort keeps the catalogue's order among equals
    return {row: steps[row] for row in order if rows or steps[row]}


def _values(table: str, cases: Iterable[Case], asked: Iterable[Asking]) -> Iterator[str]:
    """Each time a row of the table was recorded."""
    if table == "topics":
        yield from (one.topic for one in asked if one.route == "answer" and one.topic)
        return
    for one in cases:
        yield from _recorded(table, one)


def _recorded(table: str, one: Case) -> tuple[str, ...]:
    match table:
        case "kinds" | "routes" | "years" | "review":
            return tuple(dict.fromkeys(getattr(one, table)))
        case "places":
            return (one.place,) if one.place else ()
        case "levels":
            return (one.level,) if one.level else ()
        case "weekdays":
            return () if one.weekday is None else (str(one.weekday),)
        case "hours":
            return () if one.hour is None else (hours_of(one.hour),)
        case _:  # repeated
            beside = (*dict.fromkeys(one.kinds), *dict.fromkeys(one.years)) if one.place else ()
            return tuple(f"{this}\t{one.place}" for this in beside)


def hours_of(hour: int) -> str:
    """The stretch of the day that an hour belongs to: `08:00–10:00`."""
    low, high = next((low, high) for low, high in HOURS if low <= hour < high)
    return f"{low:02}:00–{high:02}:00"


def _speed(taken: Iterable[timedelta | None]) -> Speed:
    known = sorted(one for one in taken if one is not None)
    half = _band(known[math.ceil(len(known) * 0.5) - 1]) if len(known) >= STEP else None
    ninth = _band(known[math.ceil(len(known) * 0.9) - 1]) if len(known) >= 2 * STEP else None
    return Speed(half, ninth)


def _band(taken: timedelta) -> str:
    return next((name for name, most in BANDS.items() if taken <= most), "more")


# ---- from the record


def cases(concerns: Iterable[Concern], school: School) -> tuple[Case, ...]:
    """The concerns that are counted, as figures need them. One that cannot be unsealed counts for what is known of it."""
    counted = (one for one in concerns if one.about == "pupils" and not one.drill and case.counts(one))
    return tuple(_case(one, ZoneInfo(school.timezone)) for one in counted)


def _case(concern: Concern, zone: ZoneInfo) -> Case:
    chosen, last = case.facts(concern), concern.latest("decided")
    recorded = decision.recorded(last) if last else None
    seen = next((entry.at for entry in concern.chronology if entry.what == "acknowledged"), None)
    decided = next((entry.at for entry in concern.chronology if entry.what == "decided"), None)
    day, hour = _happened(concern)
    return Case(
        on=concern.logged_at.astimezone(zone).date(),
        urgent=concern.urgent,
        kinds=chosen.get("kinds") or _images(concern, recorded),
        place=next(iter(chosen.get("place", ())), ""),
        years=chosen.get("years", ()),
        hour=hour,
        weekday=day.weekday() if day else None,
        level=recorded.level if recorded else "",
        routes=recorded.routes if recorded else (),
        review=tuple(key for key, (_, said) in case.review(concern).items() if _notes(said)),
        seen=seen - concern.logged_at if seen else None,
        decided=decided - concern.logged_at if decided else None,
    )


def _images(concern: Concern, recorded: decision.Decision | None) -> tuple[str, ...]:
    """Nudes, where it was closed without choosing a kind and the decision that stands says that they were involved. Where
    a kind was chosen, the choice counts alone: images may have been beside the point.
    """
    said = recorded.draft().get("images") if recorded and concern.stage == "closed" else ""
    return (facts.NUDES,) if said == "yes" else ()


def _notes(said: Words) -> bool:
    """True if an answer notes something: “no” and “n/a” are answers, and nothing was learnt."""
    return "".join(letter for letter in said.reveal().casefold() if letter.isalnum()) not in _NOTHING


def _happened(concern: Concern) -> tuple[date | None, int | None]:
    """The day and the hour that the reporter gave; None for what they did not."""
    day, hour = (concern.account.said(key).reveal() for key in ("date", "time"))
    return (date.fromisoformat(day) if day else None, int(hour.partition(":")[0]) if hour else None)


def asked(questions: Iterable[tuple[datetime, str, str | None]], school: School) -> tuple[Asking, ...]:
    """Questions as the ledger keeps them: when, route, topic."""
    zone = ZoneInfo(school.timezone)
    return tuple(Asking(at.astimezone(zone).date(), route, topic or "") for at, route, topic in questions)


def _september(day: date) -> date:
    return date(day.year if day.month >= _SEPTEMBER else day.year - 1, _SEPTEMBER, 1)


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
