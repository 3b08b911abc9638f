"""Something to do has a day: from then on it is reminded of each school morning, until it is done and never after."""

from __future__ import annotations

import pytest

from tests.channels.school import LIBRARY, WORDS, Page, School, Seat
from tests.stories.deciding import decides, sends
from tests.stories.passing import Clock
from tests.stories.working import does, is_logged, was_told

RING, WRITE = "Ring the grandmother", "Write to the club"
Case = tuple[str, str]


@pytest.fixture
async def case(clock: Clock, teacher: Seat, dsl: Seat) -> Case:
    """Decided on a Monday morning. Its reference and its id."""
    reference, concern = await is_logged(teacher, dsl)
    await decides(dsl, concern)
    return reference, concern


def due(reference: str) -> str:
    return LIBRARY.say(WORDS.case.due_title, reference=reference)


async def test_it_is_reminded_of_from_its_day_and_no_more_once_it_is_done(
    clock: Clock, school: School, case: Case, dsl: Seat
) -> None:
    reference, concern = case
    await does(dsl, "action", concern, text=RING, due="2026-11-25")
    await clock.passes(school, days=1)
    assert await was_told(dsl, due(reference)) == 0, "that is the day before"

    for day in (1, 2):
        await clock.passes(school, days=1)
        assert await was_told(dsl, due(reference)) == day
    reminder = await dsl.is_told(due(reference))
    assert "25 November" in reminder.text
    assert RING not in reminder.text, "what it is stands in the case alone"

    opened = await dsl.chooses(reminder.choice(WORDS.open_button))
    assert RING in opened.text
    await sends(dsl, await dsl.chooses(opened.choice("Done: 1")), {"text": "She will fetch the children"})
    await clock.passes(school, days=4)
    assert await was_told(dsl, due(reference)) == 2

    after = await dsl.chooses(f"open:{concern}")
    assert WORDS.case.actions_open not in after.titles
    assert "She will fetch the children" in after.text


async def test_what_is_done_silences_nothing_else(clock: Clock, school: School, case: Case, dsl: Seat) -> None:
    reference, concern = case
    await does(dsl, "action", concern, text=RING, due="2026-11-24")
    await does(dsl, "action", concern, text=WRITE, due="2026-11-24")

    await sends(dsl, await dsl.chooses((await dsl.chooses(f"open:{concern}")).choice("Done: 1")), {})
    await clock.passes(school, days=1)

    assert await was_told(dsl, due(reference)) == 1
    assert "action 2" in (await dsl.is_told(due(reference))).text


async def test_nobody_is_reminded_at_the_weekend(clock: Clock, school: School, case: Case, dsl: Seat) -> None:
    reference, concern = case
    await does(dsl, "action", concern, text=RING, due="2026-11-28")

    await clock.passes(school, days=6)
    assert await was_told(dsl, due(reference)) == 0, "it is Sunday"
    await clock.passes(school, days=1)
    assert await was_told(dsl, due(reference)) == 1


async def test_whoever_leads_is_reminded_and_not_the_place(
    clock: Clock, school: School, case: Case, dsl: Seat, page: Page
) -> None:
    reference, concern = case
    await does(dsl, "assign", concern, who="deputy-1")
    await does(dsl, "action", concern, text=RING, due="2026-11-24")

    await clock.passes(school, days=1)

    assert await was_told(page.seat("deputy-1"), due(reference)) == 1
    assert await was_told(dsl, due(reference)) == 0


async def test_nothing_is_reminded_of_once_it_is_closed(clock: Clock, school: School, case: Case, dsl: Seat) -> None:
    reference, concern = case
    await does(dsl, "action", concern, text=RING, due="2026-11-24")
    await does(dsl, "close", concern, text="They have moved away")
    await clock.passes(school, days=8)
    assert await was_told(dsl, due(reference)) == 0

    await does(dsl, "reopen", concern, text="They are back")
    await dsl.is_told(due(reference))  # it was never done


async def test_a_day_that_is_past_is_refused_and_what_was_typed_is_kept(case: Case, dsl: Seat) -> None:
    refused = await does(dsl, "action", case[1], text=RING, due="2026-11-22")

    assert refused.faults() == {"due": WORDS.case.action_past}
    assert refused.values()["text"] == RING
