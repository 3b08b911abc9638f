"""The two clocks as pure functions: never later than 16 hours, only ever forward, silent once closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.practice import dress
from adapters.shelf import read_guidance
from bot import Words, clocks, hours
from bot.concern import Account, Concern, Entry
from bot.triage import ABOUT
from policy_content.model import Calendar, Day, Term

SCHOOL = dress(read_guidance(None, dress).library).school
LONDON = ZoneInfo("Europe/London")
LONGEST = timedelta(hours=16)
DAY = Day(opens=time(8), closes=time(16, 30))
WEEK = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), DAY)


def school(**calendar):
    return SCHOOL.model_copy(update={"calendar": Calendar(**{"hours": WEEK, **calendar})})


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


def concern(at, *, urgent=False, about="pupils", stage="logged", **values):
    chronology = (Entry(at, Words("Sam"), "logged"),)
    base = Concern(
        "c", "TA-1", about, urgent, stage, 1, "web:t", at, Account(Words("Sam"), ()), chronology, frozenset()
    )
    return replace(base, **values)


def steps(held, where, count):
    """When the first clock takes its next steps."""
    return [clocks.seen_at(held, where, n) for n in range(1, count + 1)]


def minutes(held, where, count):
    return [(at - held.logged_at) / timedelta(minutes=1) for at in steps(held, where, count)]


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
SCHOOLS = st.sampled_from(
    [
        school(),
        school(closed=(date(2026, 12, 25), date(2026, 12, 28), date(2027, 1, 1))),
        school(terms=(Term(first=date(2026, 9, 2), last=date(2026, 10, 23)),)),
        school(hours={"monday": Day(opens=time(9), closes=time(9, 5))}),
        school(hours={}),
        school(hours={"sunday": Day(opens=time(0, 30), closes=time(2, 30))}),  # both clock changes are on a Sunday
    ]
)
CONCERNS = st.builds(concern, MOMENTS, urgent=st.booleans(), about=st.sampled_from(ABOUT), unheard=st.integers(0, 3))


# ---- urgent: at any hour


@pytest.mark.parametrize("at", ["2026-03-02T10:00", "2026-03-07T03:00", "2026-12-25T12:00", "2026-03-29T00:58"])
def test_an_urgent_concern_goes_on_at_five_and_ten_minutes_and_then_every_ten_at_any_hour(at):
    assert minutes(concern(local(at), urgent=True), school(), 6) == [5, 10, 20, 30, 40, 50]


def test_who_is_told_at_each_step():
    assert clocks.ladder(SCHOOL, "pupils") == (("dsl",), ("deputy-1",), ("head",))
    held = concern(local("2026-03-02T10:00"), urgent=True)
    told = []
    for after in (5, 10, 20):
        plan = clocks.plan(held, SCHOOL, held.logged_at + timedelta(minutes=after))
        told.append([ring.told for ring in plan.rings if ring.kind == "concern"])
        held = replace(held, seen=plan.seen)
    assert told == [["deputy-1"], ["head"], ["dsl", "deputy-1", "head"]]


@pytest.mark.parametrize("about", ["adult", "safeguarding", "head"])
def test_a_concern_about_staff_never_goes_to_those_it_may_be_about(about):
    held = concern(local("2026-03-02T10:00"), urgent=True, about=about)
    told = {ring.told for ring in clocks.plan(held, SCHOOL, held.logged_at + timedelta(days=3)).rings}
    assert told - {"person:web:t"} == ({"chair"} if about == "head" else {"head", "chair"})


# ---- otherwise: in school hours


def test_in_school_hours_it_goes_on_at_thirty_and_sixty_minutes_and_then_hourly():
    assert minutes(concern(local("2026-03-02T09:00")), school(), 5) == [30, 60, 120, 180, 240]


@pytest.mark.parametrize(
    ("logged", "second"),
    [
        ("2026-03-02T16:20", "2026-03-03T08:20"),  # ten minutes today, twenty tomorrow
        ("2026-03-02T16:30", "2026-03-03T08:30"),  # just closed
        ("2026-03-03T03:00", "2026-03-03T08:30"),  # at night
        ("2026-03-06T16:29", "2026-03-07T08:29"),  # Friday: Monday is too far
        ("2026-03-07T20:00", "2026-03-08T12:00"),  # Saturday: Monday is too far
        ("2026-03-08T17:00", "2026-03-09T08:30"),  # Sunday: Monday comes first
        ("2026-12-24T17:00", "2026-12-25T09:00"),  # bank holidays wait no longer either
        ("2026-03-28T18:00", "2026-03-29T11:00"),  # spring forward: sixteen real hours
        ("2026-03-29T17:00", "2026-03-30T08:30"),  # and Monday opens by the new clock
        ("2026-10-24T18:00", "2026-10-25T09:00"),  # fall back: sixteen real hours
        ("2026-10-25T17:00", "2026-10-26T08:30"),
    ],
)
def test_out_of_hours_it_waits_for_the_next_opening_but_never_longer_than_sixteen_hours(logged, second):
    where = school(closed=(date(2026, 12, 25), date(2026, 12, 28)))
    assert steps(concern(local(logged)), where, 1) == [local(second)]


def test_a_bank_holiday_is_no_school_day():
    monday = "2026-12-28"
    assert hours.is_open(school(), local(f"{monday}T10:00"))
    assert not hours.is_open(school(closed=(date(2026, 12, 28),)), local(f"{monday}T10:00"))


def test_a_school_with_no_day_in_its_calendar_still_escalates():
    held = concern(local("2026-03-02T10:00"))
    assert steps(held, school(hours={}), 2) == [held.logged_at + LONGEST, held.logged_at + 2 * LONGEST]


@pytest.mark.parametrize("day", ["2026-03-27", "2026-03-30", "2026-10-23", "2026-10-26"])
def test_the_school_opens_by_the_clock_on_the_wall(day):
    opens = hours.opening_today(school(), local(f"{day}T12:00"))
    assert opens.astimezone(LONDON).strftime("%H:%M") == "08:00"
    assert hours.is_open(school(), opens)
    assert not hours.is_open(school(), opens - timedelta(seconds=1))
    assert not hours.is_open(school(), local(f"{day}T16:30"))
    assert hours.next_opening(school(), opens - timedelta(seconds=1)) == opens


@given(CONCERNS, SCHOOLS)
def test_the_first_escalation_is_never_later_than_sixteen_hours(held, where):
    assert timedelta(0) <= clocks.seen_at(held, where, 1) - held.logged_at <= LONGEST
    assert [ring.kind for ring in clocks.plan(held, where, held.logged_at + LONGEST).rings].count("waiting") == 1


@given(CONCERNS.filter(lambda held: not held.unheard), SCHOOLS)
def test_no_step_is_ever_more_than_sixteen_hours_after_the_one_before(held, where):
    at = [held.logged_at, *steps(held, where, 8)]
    assert all(timedelta(0) <= later - earlier <= LONGEST for earlier, later in pairwise(at))


@settings(max_examples=60, deadline=None)
@given(CONCERNS, SCHOOLS, st.lists(st.integers(1, 3000), min_size=1, max_size=12))
def test_steps_only_ever_move_forward_and_none_is_taken_twice(held, where, waits):
    now, rung = held.logged_at, []
    for wait in waits:
        now += timedelta(minutes=wait)
        plan = clocks.plan(held, where, now)
        assert plan == clocks.plan(held, where, now)
        assert (plan.seen, plan.decide, plan.quiet) >= (held.seen, held.decide, held.quiet)
        assert plan.next_at is not None
        assert plan.next_at > now
        moved = replace(held, seen=plan.seen, decide=plan.decide, quiet=plan.quiet)
        assert clocks.plan(moved, where, now).rings == ()
        rung += [(ring.kind, ring.told, plan.seen) for ring in plan.rings if ring.kind == "concern"]
        held = moved
    assert len(rung) == len(set(rung))


@given(CONCERNS, SCHOOLS, st.integers(0, 100_000), st.sampled_from(["acknowledged", "decided", "closed"]))
def test_each_act_stops_the_clock_it_answers(held, where, later, stage):
    acted = (
        *held.chronology,
        Entry(held.logged_at, Words("P"), "acknowledged"),
        Entry(held.logged_at, Words("P"), "opened"),
    )
    held = replace(held, stage=stage, chronology=acted)
    plan = clocks.plan(held, where, held.logged_at + timedelta(minutes=later))
    kinds = {ring.kind for ring in plan.rings}
    assert kinds <= ({"decide"} if stage == "acknowledged" else set())
    assert (plan.next_at is None) == (stage != "acknowledged")


@given(MOMENTS, SCHOOLS, st.integers(1, 240))
def test_so_many_minutes_of_school_hours_are_so_many(start, where, wanted):
    end = hours.after_open_minutes(where, start, wanted)
    if end is None:
        assert not where.calendar.hours or where.calendar.terms  # else a year has more hours than that
        return
    zone, counted, day = ZoneInfo(where.timezone), timedelta(0), start.astimezone(LONDON).date()
    while day <= end.astimezone(zone).date():
        opens = hours.opening_today(where, datetime.combine(day, time(12), zone).astimezone(UTC))
        if opens is not None:
            span = where.calendar.hours[day.strftime("%A").lower()]
            closes = datetime.combine(day, span.closes, zone).astimezone(UTC)
            counted += max(timedelta(0), min(closes, end) - max(opens, start))
        day += timedelta(days=1)
    assert counted == timedelta(minutes=wanted)


def test_a_concern_unheard_for_a_year_is_still_planned_and_rings_no_more_people_for_it():
    held = concern(local("2026-03-02T10:00"), urgent=True)
    plan = clocks.plan(held, SCHOOL, held.logged_at + timedelta(days=365))
    assert plan.seen > 50_000
    assert len(plan.rings) <= 10


# ---- decided and reasoned


def test_a_decision_is_asked_for_at_four_and_twenty_hours_and_the_head_hears_at_twenty_four():
    at = local("2026-03-02T10:00")
    taken = (Entry(at, Words("Sam"), "logged"), Entry(at, Words("P"), "acknowledged"), Entry(at, Words("P"), "opened"))
    held, rung = concern(at, stage="acknowledged", chronology=taken), []
    for hour in range(50):
        plan = clocks.plan(held, SCHOOL, at + timedelta(hours=hour))
        rung += [(hour, ring.told) for ring in plan.rings]
        held = replace(held, decide=plan.decide)
    assert rung == [(4, "dsl"), (20, "dsl"), (24, "dsl"), (24, "head"), (48, "dsl"), (48, "head")]


def test_the_limit_is_the_policys_and_acknowledging_does_not_move_it():
    at = local("2026-03-02T10:00")
    held = concern(at)
    assert dict(clocks.upcoming(held, SCHOOL))["decide"] == at + timedelta(hours=24)
    late = replace(held, stage="acknowledged")
    assert dict(clocks.upcoming(late, SCHOOL)) == {"decide": at + timedelta(hours=24)}
    assert dict(clocks.upcoming(replace(held, stage="decided"), SCHOOL)) == {}
