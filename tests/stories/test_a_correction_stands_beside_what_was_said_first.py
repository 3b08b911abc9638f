"""A reporter who got something wrong can put it right: nothing is overwritten, and whoever has the concern is told."""

from __future__ import annotations

from tests.channels.school import ACCOUNT, WORDS, Seat
from tests.stories.deciding import decides
from tests.stories.team import corrects, does, entries, is_alerted

FIRST = ACCOUNT["happened"]
RIGHT = "It was the phone, not the bag."
LATER = "It was Tuesday, not Monday."


async def test_the_dsl_is_told_that_there_is_more_and_reads_both_in_private(
    teacher: Seat, dsl: Seat, reference: str
) -> None:
    saved = await corrects(teacher, reference, RIGHT)
    assert saved.titles == [WORDS.added_title.format(reference=reference)]

    told = await dsl.is_told(WORDS.added_alert_title.format(reference=reference))
    opened = await dsl.chooses(told.choice(WORDS.open_button))

    assert FIRST in opened.text, "what was said first"
    assert (WORDS.entry_added, f"Sam Carter: {RIGHT}") in entries(opened), "what is right, from whom"
    assert RIGHT not in dsl.sees, "not left where others look"


async def test_each_correction_stays_in_the_order_it_came(teacher: Seat, dsl: Seat, reference: str) -> None:
    await corrects(teacher, reference, RIGHT)
    await corrects(teacher, reference, LATER)

    opened = await dsl.chooses(f"open:{await is_alerted(dsl, reference)}")

    said = [text for what, text in entries(opened) if what == WORDS.entry_added]
    assert said == [f"Sam Carter: {RIGHT}", f"Sam Carter: {LATER}"]
    assert FIRST in opened.text


async def test_what_is_added_after_it_was_closed_is_heard_and_the_reporter_is_sent_to_a_person(
    teacher: Seat, dsl: Seat, reference: str
) -> None:
    concern = await is_alerted(dsl, reference)
    await decides(dsl, concern)
    await does(dsl, "close", concern, text="Settled")

    saved = await corrects(teacher, reference, RIGHT)

    assert "It had been closed" in saved.text
    assert "Go to" in saved.text
    told = await dsl.is_told(WORDS.added_alert_title.format(reference=reference))
    assert RIGHT in (await dsl.chooses(told.choice(WORDS.open_button))).text


async def test_urgent_words_in_a_correction_bring_up_whom_to_ring(teacher: Seat, reference: str) -> None:
    saved = await corrects(teacher, reference, "He has a knife and is going to stab her now")

    assert saved.titles == [WORDS.ring_now_title, WORDS.added_title.format(reference=reference)]


async def test_nobody_adds_in_the_reporters_name(teacher: Seat, dsl: Seat, head: Seat, reference: str) -> None:
    concern = await is_alerted(dsl, reference)
    form = await teacher.chooses(f"add:{concern}")

    for somebody in (dsl, head):
        sent = await somebody.page.does(somebody.name, type="send", form=form.form["id"], values={"text": RIGHT})
        assert sent.titles == [WORDS.not_yours_title]

    assert WORDS.entry_added not in dict(entries(await dsl.chooses(f"open:{concern}")))
