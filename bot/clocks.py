"""The two clocks of a concern, as pure functions of (concern, school, now).

*Seen by a person*: until somebody acknowledges, it goes on to the next person, and the reporter is told.
*Decided and reasoned*: the policy's 24 hours, a limit and never leave to wait; reminders stop on the act.
Acknowledging stops the first clock only. Nothing is ever sent about a closed concern. A drill has the first clock alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from itertools import count, islice
from zoneinfo import ZoneInfo

from bot import case, hours
from bot.concern import Concern
from policy_content.model import School

_MOMENT = timedelta(seconds=1)
_DAY = timedelta(days=1)
OPEN = ("logged", "acknowledged", "decided")  # the stages at which a clock may run


@dataclass(frozen=True, slots=True)
class Ring:
    """Somebody to be told. `kind` is concern (the alert itself), waiting (to the reporter: nobody has
    acknowledged), decide (a decision is missing), quiet (acknowledged, not opened), action (something is due: `item`
    is its number in the chronology, `step` how many days past its day).
    """

    kind: str
    told: str
    item: int = 0
    step: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done for a concern now, the steps it has then taken, and when to look again (None: never)."""

    rings: tuple[Ring, ...]
    seen: int
    decide: int
    quiet: int
    next_at: datetime | None


def ladder(school: School, about: str) -> tuple[tuple[str, ...], ...]:
    """Whom a concern goes to, step by step. Those it may be about are never on it: one about staff goes to the
    head, one about the head to the chair of governors (national guidance, KCSIE).
    """
    deputies = tuple(role for role, _ in school.people.everyone() if role.startswith("deputy"))
    match about:
        case "pupils":
            return (("dsl",), deputies, ("head",))
        case "head":
            return (("chair",),)
        case _:
            return (("head",), ("chair",))


def rungs(concern: Concern, school: School) -> tuple[tuple[str, ...], ...]:
    """Whom this concern goes to, step by step: its ladder without those it is kept from; once it is kept to named
    people, they alone.
    """
    if concern.kept_to:
        return (kept(concern, school),)
    left = (
        tuple(role for role in rung if not avoided(concern, school, role)) for rung in ladder(school, concern.about)
    )
    return tuple(rung for rung in left if rung) or (("chair",),)


def kept(concern: Concern, school: School) -> tuple[str, ...]:
    """Those to whom it is kept, as alerts tell people: never by the DSL place, which others read."""
    told: list[str] = []
    known: frozenset[str] = frozenset()
    for role, person in school.people.everyone():
        ids = person.ids()
        known |= ids
        if ids & concern.kept_to:
            told += in_person(school, role)
    return tuple(dict.fromkeys([*told, *(f"person:{id_}" for id_ in sorted(concern.kept_to - known))]))


def in_person(school: School, role: str) -> tuple[str, ...]:
    """How alerts tell the person who holds this role. The DSL is told in their own chat, not in the DSL place."""
    if role != "dsl":
        return (role,)
    return tuple(f"person:{id_}" for id_ in sorted(school.people.dsl.ids())) or ("dsl",)


def avoided(concern: Concern, school: School, role: str) -> bool:
    """True if the concern is kept from the person who holds this role."""
    return any(role == held and ids_of(school, role) & concern.avoids for held, _ in school.people.everyone())


def ids_of(school: School, role: str) -> frozenset[str]:
    """Everything by which the holder of a role is known: their ids in every chat, and the role itself while they have none."""
    person = dict(school.people.everyone())[role]
    return person.ids() or frozenset({f"role:{role}"})


def kept_from(school: School, about: str, member: str) -> frozenset[str]:
    """Those from whom a new concern is kept whatever happens to it later: the head, if it is about the head, or the
    member of the safeguarding team that the reporter named.
    """
    role = "head" if about == "head" else member
    return ids_of(school, role) if role else frozenset()


def told_now(concern: Concern, school: School) -> tuple[str, ...]:
    """Everybody whom it has reached and who may still be told of it."""
    if concern.kept_to:
        return kept(concern, school)
    away = {f"person:{id_}" for id_ in concern.avoids}
    return tuple(sorted(told for told in concern.reached - away if not avoided(concern, school, told)))


def plan(concern: Concern, school: School, now: datetime) -> Plan:
    """Everything this concern's clocks ask for at `now`, for steps not yet taken."""
    if concern.stage == "closed":
        return Plan((), concern.seen, concern.decide, concern.quiet, None)
    seen, rings = _seen(concern, school, now)
    quiet, asks = _quiet(concern, school, now)
    decide, reminders = _decide(concern, school, now)
    todo, todo_at = _actions(concern, school, now)
    ahead = [seen_at(concern, school, seen), quiet_at(concern, school, quiet), decide_at(concern, school, decide)]
    later = [at for at in (*ahead, todo_at) if at is not None]
    return Plan((*rings, *asks, *reminders, *todo), seen, decide, quiet, min(later, default=None))


def seen_at(concern: Concern, school: School, step: int) -> datetime | None:
    """When the first clock takes this step, counted from 0 (the alert itself); None once it has stopped."""
    if concern.stage != "logged":
        return None
    return next(islice(_steps(concern, school), step, None))


def decide_at(concern: Concern, school: School, step: int) -> datetime | None:
    """When the second clock takes this step, from 0: the reminders, then the limit, then the limit again and again."""
    if concern.drill or concern.stage in {"decided", "closed"}:
        return None
    limits = school.limits
    steps = [*sorted(limits.decide_reminders), limits.decide]
    minutes = steps[step] if step < len(steps) else limits.decide * (step - len(steps) + 2)
    return concern.since + timedelta(minutes=minutes)


def decide_by(concern: Concern, school: School) -> datetime:
    """The limit for deciding: shown on the alert."""
    return concern.since + timedelta(minutes=school.limits.decide)


def quiet_at(concern: Concern, school: School, step: int) -> datetime | None:
    """When an acknowledgement that nobody followed by opening is asked after: once of who has it, then of the next person."""
    taken = concern.entry("acknowledged")
    if concern.drill or concern.stage != "acknowledged" or taken is None or concern.entry("opened") or step > 1:
        return None
    limits, at = school.limits, taken.at
    for _ in range(step + 1):
        at = (
            at + timedelta(minutes=limits.quiet_urgent)
            if concern.urgent
            else _in_hours(school, at, limits.quiet, limits.longest_wait)
        )
    return at


def late(concern: Concern, school: School, now: datetime) -> frozenset[str]:
    """Which of its clocks have run out: `seen` once the next people were due to be told, `decide` and `action` on the day
    of the limit, by the school's calendar.
    """
    zone = ZoneInfo(school.timezone)
    today = now.astimezone(zone).date()
    seen = seen_at(concern, school, 1)
    undecided = concern.stage in {"logged", "acknowledged"} and not concern.drill
    to_do = (
        concern.stage in OPEN
        and not concern.drill
        and any(a.due <= today and not a.done for a in case.actions(concern))
    )
    held = {
        "seen": seen is not None and seen <= now,
        "decide": undecided and decide_by(concern, school).astimezone(zone).date() <= today,
        "action": to_do,
    }
    return frozenset(clock for clock, out in held.items() if out)


def _seen(concern: Concern, school: School, now: datetime) -> tuple[int, list[Ring]]:
    step, rings, steps, everybody = concern.seen, [], rungs(concern, school), False
    if concern.stage != "logged":
        return step, []
    for at in islice(_steps(concern, school), step, None):
        if at > now:
            break
        if not everybody:  # past the ladder's end each step tells the same people
            everybody = step >= len(steps)
            due = tuple(role for rung in steps for role in rung) if everybody else steps[step]
            rings += [Ring("concern", role) for role in due]
            if step and not concern.drill and not concern.round:  # who escalated it is at it already
                rings.append(Ring("waiting", f"person:{concern.reporter}"))
        step += 1
    return step, _once(rings)


def _decide(concern: Concern, school: School, now: datetime) -> tuple[int, list[Ring]]:
    step, rings, steps = concern.decide, [], rungs(concern, school)
    while (at := decide_at(concern, school, step)) is not None and at <= now:
        over = step >= len(school.limits.decide_reminders)
        if over:  # past the limit: the last person on the ladder hears too
            rings += [Ring("decide", role) for role in (*steps[0], *steps[-1])]
        elif concern.stage == "acknowledged":  # before that, the first clock is already ringing
            rings += [Ring("decide", role) for role in steps[0]]
        step += 1
    return step, _once(rings)


def _quiet(concern: Concern, school: School, now: datetime) -> tuple[int, list[Ring]]:
    step, rings, steps = concern.quiet, [], rungs(concern, school)
    while (at := quiet_at(concern, school, step)) is not None and at <= now:
        rings += [Ring("quiet", role) for role in steps[min(step, len(steps) - 1)]]
        step += 1
    return step, _once(rings)


def _actions(concern: Concern, school: School, now: datetime) -> tuple[list[Ring], datetime | None]:
    """What is due and not done, once each school day from its day on; and when to look again."""
    rings: list[Ring] = []
    again: list[datetime] = []
    if concern.drill:
        return rings, None
    zone, leads = ZoneInfo(school.timezone), case.assigned(concern)
    for action in case.actions(concern):
        if action.done:
            continue
        begins = datetime.combine(action.due, time_of_day(), zone).astimezone(UTC)
        again.append(hours.next_opening(school, max(now, begins - _MOMENT)) or max(now, begins) + _DAY)
        last = hours.last_opening(school, now)
        if last is not None and last >= begins:
            days = (last.astimezone(zone).date() - action.due).days
            told = leads.to if leads and not concern.kept_to else rungs(concern, school)[0]
            rings += [Ring("action", role, action.number, days) for role in told]
    return rings, min(again, default=None)


def _steps(concern: Concern, school: School) -> Iterator[datetime]:
    """When the first clock takes each of its steps, without end. Walked once, because an alarm may have gone unheard for weeks."""
    at, last = concern.since, len(rungs(concern, school)) - 1
    for number in count():
        if number:
            at = _after(concern, school, at, number, last)
        # Nobody could be reached by the step before: then this one is due at once.
        yield concern.since if number < concern.unheard else at


def _after(concern: Concern, school: School, at: datetime, number: int, last: int) -> datetime:
    """From one step of the first clock to the next. `last` is the last step of its ladder."""
    limits = school.limits
    if concern.urgent:
        gaps = {1: limits.urgent_second, 2: limits.urgent_third - limits.urgent_second}
        return at + timedelta(minutes=gaps.get(number, limits.urgent_again) if number <= last else limits.urgent_again)
    gaps = {1: limits.second, 2: limits.third - limits.second}
    return _in_hours(
        school, at, gaps.get(number, limits.again) if number <= last else limits.again, limits.longest_wait
    )


def _in_hours(school: School, at: datetime, minutes: int, longest: int) -> datetime:
    """So many minutes of school hours after `at`, but never longer than `longest` minutes by any clock."""
    latest = at + timedelta(minutes=longest)
    return min(hours.after_open_minutes(school, at, minutes) or latest, latest)


def _once(rings: list[Ring]) -> list[Ring]:
    """Each person once, however many steps were missed while nothing was running."""
    return list(dict.fromkeys(rings))


def upcoming(concern: Concern, school: School) -> Iterator[tuple[str, datetime]]:
    """Both clocks as shown on the alert: `seen` with when the next person is told, `decide` with the limit."""
    seen = seen_at(concern, school, max(concern.seen, 1))
    if seen is not None:
        yield "seen", seen
    if concern.stage in {"logged", "acknowledged"} and not concern.drill:
        yield "decide", decide_by(concern, school)
