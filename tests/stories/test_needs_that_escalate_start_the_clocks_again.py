"""When needs escalate everybody is told again, from the first, and the hours for deciding are counted anew."""

from __future__ import annotations

import pytest

from tests.channels.school import LIBRARY, WORDS, Page, School, Seat
from tests.stories.deciding import decides, has_form
from tests.stories.passing import Clock
from tests.stories.working import does, is_logged, was_told

CHANGED = "The brother has been threatened as well"
Case = tuple[str, str]


@pytest.fixture
async def decided(clock: Clock, school: School, teacher: Seat, dsl: Seat) -> Case:
    """A concern that was decided at once. Its reference and its id. Five days have gone by since."""
    reference, concern = await is_logged(teacher, dsl)
    await dsl.presses(WORDS.acknowledge_button)
    await decides(dsl, concern)
    await clock.passes(school, days=5)
    assert await was_told(dsl, to_decide(reference)) == 0, "nothing more was asked about it"
    return reference, concern


def urgent(reference: str) -> str:
    return LIBRARY.say(WORDS.alert_title_urgent, reference=reference)


def to_decide(reference: str) -> str:
    return LIBRARY.say(WORDS.remind_title, reference=reference)


async def test_everybody_is_told_again_from_the_first_until_somebody_has_it(
    clock: Clock, school: School, decided: Case, teacher: Seat, dsl: Seat, head: Seat, page: Page
) -> None:
    reference, concern = decided
    deputy = page.seat("deputy-1")

    await does(dsl, "escalate", concern, text=CHANGED)
    alert = await dsl.is_told(urgent(reference))
    assert WORDS.acknowledge_button in alert.labels
    assert "10:00 on 29 November" in alert.text, "twenty-four hours from now, not from when it was logged"
    await clock.passes(school)
    assert await was_told(dsl, urgent(reference)) == 2, "the alert of before, drawn anew, and a new one that is seen"
    assert (deputy.pane, head.pane) == ([], [])

    await clock.passes(school, minutes=5)
    await deputy.is_told(urgent(reference))
    assert head.pane == []
    await clock.passes(school, minutes=5)
    await head.is_told(urgent(reference))

    await deputy.presses(WORDS.acknowledge_button)
    before = await was_told(head, urgent(reference))
    await clock.passes(school, hours=3)
    assert await was_told(head, urgent(reference)) == before
    assert LIBRARY.say(WORDS.waiting_title, reference=reference) not in teacher.sees, "the reporter is not asked to run"


async def test_a_decision_is_asked_for_after_four_and_twenty_hours_and_of_the_head_after_twenty_four(
    clock: Clock, school: School, decided: Case, dsl: Seat, head: Seat
) -> None:
    reference, concern = decided
    await does(dsl, "escalate", concern, text=CHANGED)
    await dsl.is_told(urgent(reference))
    await dsl.presses(WORDS.acknowledge_button)
    await dsl.chooses(f"open:{concern}")

    for hours, asked in ((4, 1), (16, 2)):
        await clock.passes(school, hours=hours)
        assert await was_told(dsl, to_decide(reference)) == asked
        assert await was_told(head, to_decide(reference)) == 0
    await clock.passes(school, hours=4)
    assert await was_told(head, to_decide(reference)) == 1

    await decides(dsl, concern, changed=CHANGED, level="problematic")
    await clock.passes(school, days=3)
    assert await was_told(head, to_decide(reference)) == 1, "it stops with the decision"


async def test_what_has_changed_stands_in_the_case_and_in_no_alert(
    clock: Clock, decided: Case, dsl: Seat, teacher: Seat
) -> None:
    reference, concern = decided
    await does(dsl, "escalate", concern, text=CHANGED)
    await dsl.is_told(urgent(reference))

    assert CHANGED in (await dsl.chooses(f"open:{concern}")).text
    assert CHANGED not in dsl.sees + teacher.sees


async def test_a_closed_concern_is_silent_until_it_is_reopened_and_then_its_clocks_run_again(
    clock: Clock, school: School, decided: Case, dsl: Seat, page: Page
) -> None:
    reference, concern = decided
    await does(dsl, "close", concern, text="It has ended")
    assert not has_form(await dsl.chooses(f"escalate:{concern}")), "what is closed is reopened first"
    await clock.passes(school, days=30)
    assert await was_told(dsl, to_decide(reference)) == 0

    await does(dsl, "reopen", concern, text=CHANGED)
    await clock.passes(school, hours=4)
    assert await was_told(dsl, to_decide(reference)) == 1, "whoever reopened it has it, and is to decide anew"

    await does(dsl, "escalate", concern, text=CHANGED)
    assert WORDS.acknowledge_button in (await dsl.is_told(urgent(reference))).labels
    await clock.passes(school, minutes=5)
    await page.seat("deputy-1").is_told(urgent(reference))
