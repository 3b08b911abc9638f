"""What they write to each other stays in the case: the chat shows only that there is something to read."""

from __future__ import annotations

from tests.channels.school import WORDS, Drawn, Seat
from tests.stories.deciding import sends

ASKED = "Which corridor was it, and was anybody else there?"
ANSWERED = "The one by the gym. Two Year 9s saw it."


async def test_a_message_and_its_answer_stay_in_the_case(teacher: Seat, dsl: Seat) -> None:
    reference = await teacher.logs_a_concern()
    concern = (await dsl.is_told(reference)).choice(WORDS.open_button).partition(":")[2]

    await sends(dsl, await dsl.chooses(f"message:{concern}"), {"text": ASKED})
    told = await teacher.is_told(WORDS.case.message_waits_title.format(reference=reference))
    read = await teacher.chooses(told.choice(WORDS.case.read_button))
    assert ASKED in read.text
    assert ASKED not in teacher.sees, "it was read in the dialog and is not left in the chat"

    await sends(teacher, read, {"text": ANSWERED})
    answered: Drawn = await dsl.is_told(WORDS.case.answered_title.format(reference=reference))
    opened = await dsl.chooses(answered.choice(WORDS.open_button))
    assert ASKED in opened.text
    assert ANSWERED in opened.text
    assert ANSWERED not in dsl.sees


async def test_a_note_between_those_who_have_it_never_reaches_the_reporter(teacher: Seat, dsl: Seat) -> None:
    reference = await teacher.logs_a_concern()
    concern = (await dsl.is_told(reference)).choice(WORDS.open_button).partition(":")[2]

    await sends(dsl, await dsl.chooses(f"note:{concern}"), {"text": "The brother was in school too"})

    assert "brother" in (await dsl.chooses(f"open:{concern}")).text
    mine = await teacher.says("my concerns")
    assert "brother" not in (await teacher.chooses(f"read:{concern}")).text + mine.text + teacher.sees
