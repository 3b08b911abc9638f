"""The two clocks of a concern, as pure functions of (concern, school, now).

*Seen by a person*: until somebody acknowledges, it goes on to the next person, and the reporter is told.
*Decided and reasoned*: the policy's 24 hours, a limit and never leave to wait; reminders stop on the act.
Acknowledging stops the first clock only. Nothing is ever sent about a closed concern.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, islice

from bot import hours
from bot.concern import Concern
from policy_content.model import School


@dataclass(frozen=True, slots=True)
class Ring:
    """Somebody to be told. `kind` is concern (the alert itself), waiting (to the reporter: nobody has
    acknowledged), decide (a decision is missing), quiet (acknowledged, not opened).
    """

    kind: str
    told: str


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


def plan(concern: Concern, school: School, now: datetime) -> Plan:
    """Everything this concern's clocks ask for at `now`, for steps not yet taken."""
    if concern.stage == "closed":
        return Plan((), concern.seen, concern.decide, concern.quiet, None)
    seen, rings = _seen(concern, school, now)
    quiet, asks = _quiet(concern, school, now)
    decide, reminders = _decide(concern, school, now)
    ahead = [seen_at(concern, school, seen), quiet_at(concern, school, quiet), decide_at(concern, school, decide)]
    later = [at for at in ahead if at is not None]
    return Plan((*rings, *asks, *reminders), seen, decide, quiet, min(later, default=None))


def seen_at(concern: Concern, school: School, step: int) -> datetime | None:
    """When the first clock takes this step, counted from 0 (the alert itself); None once it has stopped."""
    if concern.stage != "logged":
        return None
    return next(islice(_steps(concern, school), step, None))


def decide_at(concern: Concern, school: School, step: int) -> datetime | None:
    """When the second clock takes this step, from 0: the reminders, then the limit, then the limit again and again."""
    if concern.stage in {"decided", "closed"}:
        return None
    limits = school.limits
    steps = [*sorted(limits.decide_reminders), limits.decide]
    minutes = steps[step] if step < len(steps) else limits.decide * (step - len(steps) + 2)
    return concern.logged_at + timedelta(minutes=minutes)


def decide_by(concern: Concern, school: School) -> datetime:
    """The limit for deciding: shown on the alert."""
    return concern.logged_at + timedelta(minutes=school.limits.decide)


def quiet_at(concern: Concern, school: School, step: int) -> datetime | None:
    """When an acknowledgement that nobody followed by opening is asked after: once of who has it, then of the next person."""
    taken = concern.entry("acknowledged")
    if concern.stage != "acknowledged" or taken is None or concern.entry("opened") or step > 1:
        return None
    limits, at = school.limits, taken.at
    for _ in range(step + 1):
        at = (
            at + timedelta(minutes=limits.quiet_urgent)
            if concern.urgent
            else _in_hours(school, at, limits.quiet, limits.longest_wait)
        )
    return at


def _seen(concern: Concern, school: School, now: datetime) -> tuple[int, list[Ring]]:
    step, rings, rungs = concern.seen, [], ladder(school, concern.about)
    if concern.stage != "logged":
        return step, []
    for at in islice(_steps(concern, school), step, None):
        if at > now:
            break
        due = rungs[step] if step < len(rungs) else tuple(role for rung in rungs for role in rung)
        rings += [Ring("concern", role) for role in due]
        if step and not concern.drill:
            rings.append(Ring("waiting", f"person:{concern.reporter}"))
        step += 1
    return step, _once(rings)


def _decide(concern: Concern, school: School, now: datetime) -> tuple[int, list[Ring]]:
    step, rings, rungs = concern.decide, [], ladder(school, concern.about)
    while (at := decide_at(concern, school, step)) is not None and at <= now:
        over = step >= len(school.limits.decide_reminders)
        if over:  # past the limit: the last person on the ladder hears too
            rings += [Ring("decide", role) for role in (*rungs[0], *rungs[-1])]
        elif concern.stage == "acknowledged":  # before that, the first clock is already ringing
            rings += [Ring("decide", role) for role in rungs[0]]
        step += 1
    return step, _once(rings)


def _quiet(concern: Concern, school: School, now: datetime) -> tuple[int, list[Ring]]:
    step, rings, rungs = concern.quiet, [], ladder(school, concern.about)
    while (at := quiet_at(concern, school, step)) is not None and at <= now:
        rings += [Ring("quiet", role) for role in rungs[min(step, len(rungs) - 1)]]
        step += 1
    return step, _once(rings)


def _steps(concern: Concern, school: School) -> Iterator[datetime]:
    """When the first clock takes each of its steps, without end. Walked once, because an alarm may have gone unheard for weeks."""
    at = concern.logged_at
    for number in count():
        if number:
            at = _after(concern, school, at, number)
        # Nobody could be reached by the step before: then this one is due at once.
        yield concern.logged_at if number < concern.unheard else at


def _after(concern: Concern, school: School, at: datetime, number: int) -> datetime:
    """From one step of the first clock to the next."""
    limits, last = school.limits, len(ladder(school, concern.about)) - 1
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
    if concern.stage in {"logged", "acknowledged"}:
        yield "decide", decide_by(concern, school)
