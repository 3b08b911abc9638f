"""What somebody has already answered is not asked again: it goes to the DSL, as observations and not as a verdict."""

from __future__ import annotations

from tests.channels.school import ACCOUNT, WORDS, Seat


async def test_triage_goes_with_the_concern(teacher: Seat, dsl: Seat) -> None:
    await teacher.presses(WORDS.triage_button)
    await teacher.presses("No, nobody is in danger")
    await teacher.presses("A pupil is telling me something, or wants to")
    form = await teacher.presses(WORDS.log_these_answers)
    if WORDS.about_pupils in form.labels:
        await teacher.presses(WORDS.about_pupils)
    await teacher.fills(ACCOUNT)
    await teacher.presses(WORDS.send_button)

    await dsl.is_told("TA-")
    opened = await dsl.presses(WORDS.open_button)

    assert "A pupil is telling me something, or wants to" in opened.text
    assert ACCOUNT["happened"] in opened.text


async def test_going_back_loses_nothing_that_was_typed(teacher: Seat) -> None:
    await teacher.writes_a_concern()

    form = await teacher.presses(WORDS.change_button)

    assert form.values() == ACCOUNT
