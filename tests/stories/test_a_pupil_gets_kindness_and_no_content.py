"""A pupil may find their way to Signpost. They get somebody to turn to, and none of what staff read."""

from __future__ import annotations

import pytest

from tests.channels.school import ACCOUNT, WORDS, Drawn, Seat

HOPE = "my uncle hurts me and i dont know who to tell"


def only_kind(reply: Drawn) -> bool:
    return reply.titles == [WORDS.outsider_title] and reply.labels == []


async def test_a_pupil_gets_kindness_and_no_content(visitor: Seat) -> None:
    reply = await visitor.says(HOPE)

    assert only_kind(reply)
    for way_out in ("999", "0800 1111", "adult you trust"):
        assert way_out in reply.text


@pytest.mark.parametrize(
    "choice", ["home", "topics", "topic:nudes-incident", "triage:nudes", "log", "emergency", "none"]
)
async def test_no_button_opens_anything_to_a_pupil(visitor: Seat, choice: str) -> None:
    assert only_kind(await visitor.chooses(choice))


async def test_a_pupil_cannot_open_acknowledge_or_answer_what_staff_were_sent(
    teacher: Seat, visitor: Seat, dsl: Seat
) -> None:
    form = (await teacher.writes_a_concern({})).form
    assert only_kind(await visitor.page.does("visitor", type="send", form=form["id"], values=ACCOUNT))
    await teacher.fills(ACCOUNT)
    await teacher.presses(WORDS.send_button)

    alert = await dsl.is_told("TA-")
    for label in (WORDS.open_button, WORDS.acknowledge_button):
        assert only_kind(await visitor.chooses(alert.choice(label)))
    assert ACCOUNT["child-1"] not in visitor.sees
    assert WORDS.acknowledge_button in dsl.pane[-1].labels, "nobody has acknowledged it"


async def test_the_dsl_hears_that_somebody_wrote_and_not_what(visitor: Seat, dsl: Seat) -> None:
    await visitor.says(HOPE)

    told = await dsl.is_told(WORDS.outsider_wrote_title)

    assert "uncle" not in told.text
    assert "uncle" not in dsl.sees


async def test_the_dsl_is_told_once_a_day_however_much_a_pupil_writes(visitor: Seat, teacher: Seat, dsl: Seat) -> None:
    for words in (HOPE, "hello", HOPE):
        assert only_kind(await visitor.says(words))

    await dsl.is_told(WORDS.outsider_wrote_title)
    await teacher.logs_a_concern()
    await dsl.is_told("TA-")  # whatever else was due has been shown by now
    assert [drawn.titles[0] for drawn in dsl.pane].count(WORDS.outsider_wrote_title) == 1
