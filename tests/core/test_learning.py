"""Figures that may be shown: what they count is right, and no count under five can be had from them by any subtraction."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import case, facts, learning
from bot.learning import BANDS, SINGLE, STEP, Asking, Case, hours_of, periods, step, trends
from tests.core.attacker import ASKED, TOTAL, Attacker, cells

CATALOGUE = {
    "kinds": ["bullying", "hazing", "upskirting"],
    "places": ["corridor", "online", "bus"],
    "hours": [hours_of(low) for low, _ in learning.HOURS],
    "weekdays": [str(day) for day in range(7)],
    "years": ["Year 9", "Year 10"],
    "levels": ["inappropriate", "abusive"],
    "routes": ["a", "c"],
    "review": ["place", "training", "earlier"],
    "topics": ["banter", "signs"],
}
FIRST, TODAY = date(2025, 9, 1), date(2026, 9, 20)
MONTHS = [periods(FIRST, date(2025 + (month > 12), (month - 1) % 12 + 1, 3), TODAY)[0] for month in range(9, 21)]
days = st.integers(0, 364).map(lambda number: FIRST + timedelta(days=number))


def some(rows):
    return st.lists(st.sampled_from(rows), max_size=2).map(tuple)


@st.composite
def schools(draw):
    """A year of a school, with all sizes of counts, some of it not recorded."""
    case = st.builds(
        Case,
        on=days,
        urgent=st.booleans(),
        kinds=some(CATALOGUE["kinds"]),
        place=st.sampled_from(["", *CATALOGUE["places"]]),
        years=some(CATALOGUE["years"]),
        hour=st.sampled_from([None, 9, 10, 15]),
        weekday=st.sampled_from([None, 0, 4]),
        level=st.sampled_from(["", *CATALOGUE["levels"]]),
        routes=some(CATALOGUE["routes"]),
        review=some(CATALOGUE["review"]),
        seen=st.none() | st.integers(0, 5000).map(lambda minutes: timedelta(minutes=minutes)),
    )
    kinds = draw(st.lists(case, min_size=1, max_size=8))
    cases = [replace(one, on=draw(days)) for one in kinds for _ in range(draw(st.integers(1, 9)))]
    asked = st.builds(
        Asking,
        on=days,
        route=st.sampled_from(["answer", "clarify", "unknown"]),
        topic=st.sampled_from(["banter", "signs"]),
    )
    return cases, draw(st.lists(asked, max_size=30))


def reports(school):
    """Every report that there can be of the year."""
    cases, asked = school
    return [trends(cases, asked, CATALOGUE, first, last) for first, last in MONTHS]


# ---- what nobody can find out


@given(schools())
@settings(max_examples=60, deadline=None)
def test_whatever_is_hidden_could_be_anything_from_none_to_four(school):
    published = reports(school)
    attacker = Attacker(published)
    for when, year in enumerate(published):
        for cell, shown in cells(year):
            if shown is None:
                assert attacker.knows(when, cell) == (0, STEP - 1), (when, cell)


@given(schools())
@settings(max_examples=60, deadline=None)
def test_what_one_report_adds_to_another_is_never_known(school):
    published = reports(school)
    attacker = Attacker(published)
    for cell in {cell for year in published for cell, _ in cells(year) if cell[0] != "repeated"}:
        for when, low, high in attacker.added(cell):
            assert high - low >= STEP - 1, (when, cell)


@given(schools())
@settings(max_examples=60, deadline=None)
def test_every_figure_is_a_step_of_what_was_counted_and_nothing_else(school):
    cases, _ = school
    for year in reports(school):
        mine = [one for one in cases if year.first <= one.on <= year.last]
        assert year.concerns == step(len(mine))
        for table in ("kinds", "review"):
            counted = Counter(row for one in mine for row in set(getattr(one, table)))
            assert year.tables[table] == {row: step(counted[row]) for row in CATALOGUE[table]}
        for _, shown in cells(year):
            assert shown is None or (shown >= STEP and shown % STEP == 0)


@given(schools())
@settings(max_examples=30, deadline=None)
def test_two_schools_with_the_same_steps_have_the_same_page(school):
    """The order of rows, too, gives nothing away but steps."""
    for year in reports(school):
        for table in SINGLE:
            shown = [step or 0 for step in year.tables[table].values()]
            assert shown == sorted(shown, reverse=True)
            for value in set(shown):
                same = [row for row, step in year.tables[table].items() if (step or 0) == value]
                assert same == [row for row in CATALOGUE[table] if row in same]


def test_an_exact_total_would_give_a_hidden_count_away():
    """That the attack is worth withstanding: each part of the rule, left out, is a way in."""
    cases = [Case(FIRST, place="corridor")] * 6 + [Case(FIRST, place="online")] * 3
    attacker = Attacker([trends(cases, [], CATALOGUE, *MONTHS[0])])
    attacker.low[0, ("places", "corridor")] = attacker.high[0, TOTAL] = 9
    attacker.low[0, ("places", "corridor")] = attacker.high[0, ("places", "corridor")] = 6
    attacker._deduce()
    assert attacker.knows(0, ("places", "online")) == (0, 3)


def test_exact_counts_would_give_away_what_a_day_adds(monkeypatch):
    monkeypatch.setattr(learning, "step", lambda count: count)
    cases = [Case(FIRST)] * 6 + [Case(FIRST + timedelta(days=1))] * 3
    shown = [trends(cases, [], CATALOGUE, FIRST, FIRST + timedelta(days=day)) for day in (0, 1)]
    assert shown[1].concerns - shown[0].concerns == 3


def test_tables_that_were_known_to_add_up_would_give_away_that_a_hidden_count_is_not_none():
    cases = [Case(FIRST, level="inappropriate")] * 6 + [Case(FIRST, level="abusive")] * 4
    published = [trends(cases, [], CATALOGUE, *MONTHS[0])]
    assert Attacker(published, nothing_unrecorded=True).knows(0, ("levels", "abusive")) == (1, 4)
    assert Attacker(published).knows(0, ("levels", "abusive")) == (0, 4)


def test_no_period_ends_within_a_month_or_begins_within_a_year():
    for first in (date(2025, 9, 1), date(2025, 12, 24), date(2026, 8, 31)):
        for last in (date(2026, 3, 1), date(2026, 3, 30), date(2026, 3, 31)):
            for begin, end in periods(first, last, TODAY):
                assert (begin.month, begin.day) == (9, 1)
                assert (end + timedelta(days=1)).day == 1


def test_a_month_that_is_not_over_is_not_counted():
    assert periods(FIRST, date(2026, 9, 20), TODAY) == ((FIRST, date(2026, 8, 31)),)
    assert periods(date(2026, 9, 1), date(2026, 9, 30), TODAY) == ()


def test_years_are_told_apart_and_never_added():
    found = periods(date(2024, 1, 15), date(2026, 2, 10), TODAY)
    assert found == (
        (date(2023, 9, 1), date(2024, 8, 31)),
        (date(2024, 9, 1), date(2025, 8, 31)),
        (date(2025, 9, 1), date(2026, 2, 28)),
    )


# ---- what is counted


def year_of(*cases, asked=()):
    return trends(cases, asked, CATALOGUE, *MONTHS[-1])


def test_repeated_places_and_groups_are_seen_together_from_five_on():
    one = Case(FIRST, kinds=("bullying",), place="bus", years=("Year 9",))
    assert year_of(*[one] * 4).tables["repeated"] == {}
    assert year_of(*[one] * 5).tables["repeated"] == {"bullying\tbus": 5, "Year 9\tbus": 5}


@pytest.mark.parametrize(
    ("count", "half", "ninth"), [(4, None, None), (5, "m15", None), (9, "m15", None), (10, "m15", "h1")]
)
def test_times_are_told_in_bands_for_no_fewer_than_five_and_ten(count, half, ninth):
    slow = [Case(FIRST, seen=timedelta(minutes=50))] if count < 10 else [Case(FIRST, seen=timedelta(minutes=50))] * 2
    fast = [Case(FIRST, seen=timedelta(minutes=12))] * (count - len(slow))
    speed = year_of(*slow, *fast).speed["seen"]
    assert (speed.half, speed.ninth) == (half, ninth)


def test_what_takes_longest_is_in_the_last_band():
    speed = year_of(*[Case(FIRST, decided=timedelta(days=40))] * 5).speed["decided"]
    assert speed.half == "more"
    assert list(BANDS.values()) == sorted(BANDS.values())


def test_questions_are_counted_by_page_where_one_answered_them_and_as_unanswered():
    asked = [Asking(FIRST, "answer", "banter")] * 5 + [Asking(FIRST, "unknown", "banter")] * 6
    found = year_of(asked=asked)
    assert (found.questions, found.unanswered, found.tables["topics"]["banter"]) == (10, 5, 5)
    assert dict(cells(found))[ASKED] == 10


async def test_what_is_chosen_at_closing_and_decided_is_what_is_counted(school):
    from tests.core.casework import act, decide

    ref = await school.log(**{"child-1": "Zoë", "date": "2026-02-27", "time": "13:40"})
    await school.ring()
    school.clock.forward(minutes=20)
    await school.press(f"ack:{school.id(ref)}", school.person("dsl"))
    await decide(school, ref)
    chosen = {"fact_kinds": "bullying,hazing", "fact_place": "online", "fact_years": "y1"}
    await act(school, "close", ref, text="settled", place="the corridor is dark", **chosen)
    concerns = await school.ledger.logged_between(school.clock.now() - timedelta(days=1), school.clock.now())
    (found,) = learning.cases(concerns, school.library.school)
    shown = school.text(await school.press(f"open:{school.id(ref)}", school.person("dsl")))
    assert "the corridor is dark" in shown
    assert school.library.topics["hazing"].title in shown
    assert found == Case(
        on=date(2026, 3, 2),
        kinds=("bullying", "hazing"),
        place="online",
        years=(school.library.school.years[0],),
        hour=13,
        weekday=4,
        level="inappropriate",
        routes=("a",),
        review=("place",),
        seen=timedelta(minutes=20),
        decided=timedelta(minutes=20),
    )


async def decided_and_counted(school, *, close=None, **answers):
    """What counts of a concern that was decided so, and closed so if it was."""
    from tests.core.casework import act, decide

    ref = await school.log()
    await school.press(f"ack:{school.id(ref)}", school.person("dsl"))
    await decide(school, ref, **answers)
    if close is not None:
        await act(school, "close", ref, text="settled", **close)
    (found,) = learning.cases(await logged(school), school.library.school)
    return found


async def logged(school):
    now = school.clock.forward(seconds=1)
    return await school.ledger.logged_between(now - timedelta(days=1), now)


def test_the_policys_kinds_are_its_pages_of_kinds_and_nudes_once(guidance):
    library = guidance.library
    pages = {id_ for id_, topic in library.topics.items() if topic.group == "kinds"}
    assert set(facts.kinds(library)) == pages | {"nudes"}
    (field,) = [field for field in facts.fields(library) if field.key == "fact_kinds"]
    (nudes,) = [option.label for option in field.options if "nude" in option.label.lower()]
    assert nudes == library.wording.learning.kind_nudes


async def test_nudes_chosen_at_closing_are_counted(school):
    found = await decided_and_counted(school, close={"fact_kinds": "bullying,nudes"})
    assert found.kinds == ("bullying", "nudes")


@pytest.mark.parametrize(
    ("images", "close", "kinds"),
    [
        ("yes", {}, ("nudes",)),  # nothing was chosen: what was decided stands for it
        ("yes", {"fact_place": "online"}, ("nudes",)),
        ("yes", {"fact_kinds": "hazing"}, ("hazing",)),  # what was chosen counts alone
        ("yes", None, ()),  # not yet closed: nobody has been asked
        ("no", {}, ()),
    ],
)
async def test_images_that_were_decided_on_count_where_no_kind_was_chosen_at_closing(school, images, close, kinds):
    from tests.core.casework import NUDES

    answers = NUDES if images == "yes" else {}
    assert (await decided_and_counted(school, close=close, **answers)).kinds == kinds


@pytest.mark.parametrize("said", ["no", "None.", "N/A", "-", "Not applicable"])
async def test_an_answer_that_notes_nothing_is_not_counted_among_what_is_noted(school, said):
    found = await decided_and_counted(school, close={"training": said, "earlier": "No, but ask the bus driver"})
    assert found.review == ("earlier",)


async def test_a_question_counts_once_however_often_it_was_closed(school):
    from tests.core.casework import act

    await decided_and_counted(school, close={"training": "on the bus", "place": "the bus"})
    (ref,) = [concern.reference for concern in await logged(school)]
    await act(school, "reopen", ref, text="more was said")
    await act(school, "close", ref, undecided="stands", text="settled", training="on every bus")
    (concern,) = await logged(school)
    said = {key: words.reveal() for key, (_, words) in case.review(concern).items()}
    assert said == {"place": "the bus", "training": "on every bus"}
    (found,) = learning.cases([concern], school.library.school)
    assert found.review == ("place", "training")


async def test_concerns_about_adults_and_drills_are_not_counted(school):
    await school.log("adult")
    found = await school.ledger.logged_between(school.clock.now() - timedelta(days=1), school.clock.forward(seconds=1))
    assert len(found) == 1
    assert learning.cases(found, school.library.school) == ()
    assert learning.cases([replace(found[0], about="pupils", drill=True)], school.library.school) == ()


@pytest.mark.parametrize("why", ["mistake", "double"])
async def test_what_was_closed_as_no_concern_of_its_own_is_not_counted(school, why):
    from tests.core.casework import act

    ref = await school.log()
    await school.press(f"ack:{school.id(ref)}", school.person("dsl"))
    assert len(learning.cases(await logged(school), school.library.school)) == 1
    await act(school, "close", ref, undecided=why, text="see the other one")
    (concern,) = await logged(school)
    assert concern.stage == "closed"
    assert learning.cases([concern], school.library.school) == ()
    await act(school, "reopen", ref, text="it was real after all")
    assert len(learning.cases(await logged(school), school.library.school)) == 1


async def test_what_is_closed_because_its_decision_stands_is_counted(school):
    from tests.core.casework import act

    await decided_and_counted(school, close={})
    (ref,) = [concern.reference for concern in await logged(school)]
    await act(school, "reopen", ref, text="more was said")
    await act(school, "close", ref, undecided="stands", text="settled")
    assert len(learning.cases(await logged(school), school.library.school)) == 1
