"""The person a concern is about gets no alert, no card and no way in; neither does the place that is left out."""

from __future__ import annotations

from tests.channels.school import ABOUT_AN_ADULT, LIBRARY, WORDS, Seat

PEOPLE = LIBRARY.school.people


async def test_a_concern_about_the_head_goes_round_the_head(teacher: Seat, dsl: Seat, head: Seat, chair: Seat) -> None:
    reference = await teacher.logs_a_concern(ABOUT_AN_ADULT, about="head")

    alert = await chair.is_told(reference)
    await chair.presses(WORDS.acknowledge_button)
    await teacher.is_told("has been seen")

    assert head.pane == []
    assert dsl.pane == []
    for somebody_else in (head, dsl, teacher):
        opened = await somebody_else.chooses(alert.choice(WORDS.open_button))
        assert opened.titles == [WORDS.not_yours_title]
        assert ABOUT_AN_ADULT["adult"] not in opened.text
    assert (await chair.presses(WORDS.open_button)).titles[0].startswith(reference)


async def test_the_reporter_is_sent_to_the_chair_and_not_to_the_head(teacher: Seat) -> None:
    await teacher.writes_a_concern(ABOUT_AN_ADULT, about="head")

    sent = await teacher.presses(WORDS.send_button)

    assert PEOPLE.chair.phone in sent.text
    assert PEOPLE.head.phone not in sent.text
    assert PEOPLE.dsl.phone not in sent.text


async def test_urgent_words_about_the_head_do_not_send_anybody_to_the_head(teacher: Seat) -> None:
    urgent = {**ABOUT_AN_ADULT, "happened": "The head has hit a pupil and he is unconscious"}

    check = await teacher.writes_a_concern(urgent, about="head")

    assert check.titles[0] == WORDS.ring_now_title
    assert PEOPLE.chair.phone in check.parts[0]["body"]
    assert PEOPLE.head.phone not in check.parts[0]["body"]


async def test_a_concern_about_an_adult_goes_to_the_head_and_not_to_the_dsl(
    teacher: Seat, dsl: Seat, head: Seat
) -> None:
    reference = await teacher.logs_a_concern(ABOUT_AN_ADULT, about="adult")

    await head.is_told(reference)
    await head.presses(WORDS.acknowledge_button)
    await teacher.is_told("has been seen")

    assert dsl.pane == []


async def test_a_concern_about_the_safeguarding_team_goes_round_them(teacher: Seat, dsl: Seat, head: Seat) -> None:
    reference = await teacher.logs_a_concern(ABOUT_AN_ADULT, about="safeguarding")

    alert = await head.is_told(reference)

    assert dsl.pane == []
    assert (await dsl.chooses(alert.choice(WORDS.open_button))).titles == [WORDS.not_yours_title]
