"""Whatever else a reply holds, and whatever was going on, urgent words bring up who to ring before anything else."""

from __future__ import annotations

from tests.channels.school import LIBRARY, WORDS, Seat

NOW = "she says she is going to kill herself tonight"


async def test_a_question_with_urgent_words_is_led_by_whom_to_ring(teacher: Seat) -> None:
    reply = await teacher.says(NOW)

    assert reply.titles[0] == WORDS.ring_now_title
    assert "999" in reply.parts[0]["body"]
    assert LIBRARY.school.people.dsl.phone in reply.parts[0]["body"]


async def test_urgent_words_in_the_middle_of_triage_lead_and_the_place_is_kept(teacher: Seat) -> None:
    question = await teacher.presses(WORDS.triage_button)

    reply = await teacher.says(NOW)

    assert reply.titles[0] == WORDS.ring_now_title
    assert reply.titles[-1] == question.titles[0]


async def test_urgent_words_in_a_form_lead_and_the_form_is_kept(teacher: Seat) -> None:
    check = await teacher.writes_a_concern({"now": "no", "child-1": "Robin", "happened": NOW})

    assert check.titles == [WORDS.ring_now_title, WORDS.form_title]
    assert check.values()["happened"] == NOW


async def test_emergency_means_the_same_wherever_one_is(teacher: Seat) -> None:
    await teacher.writes_a_concern()

    reply = await teacher.says("emergency")

    assert reply.titles[0] == WORDS.ring_now_title
    assert WORDS.check_title in reply.titles, "what was written is still there to send"
