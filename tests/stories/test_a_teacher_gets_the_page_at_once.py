"""One message, one page: what to do first, why, who does what, and where the policy says so."""

from __future__ import annotations

from itertools import combinations

from bot import Guidance
from tests.channels.school import LIBRARY, WORDS, School, Seat


def torn_between_two(guidance: Guidance) -> str:
    """A question that is as much one thing as another, whatever the matcher has learnt since this was written."""
    halves = ("its only banter", "is it bullying", "upskirting", "hazing", "sexual harassment", "nudes and the law")
    questions = (" or ".join(pair) for pair in combinations(halves, 2))
    return next(question for question in questions if guidance.route(question).kind == "clarify")


async def test_a_teacher_gets_the_page_at_once(teacher: Seat) -> None:
    page = LIBRARY.topics["banter"]

    reply = await teacher.says("its only banter")

    assert reply.titles == [page.title]
    assert "1." in reply.text, "what to do first comes as steps"
    assert page.source in reply.text, "the policy's own heading is named"
    assert page.edition in reply.text, "and so is the edition"
    assert WORDS.log_button in reply.labels, "the way to the safeguarding team is one press away"


async def test_the_page_says_when_the_policy_is_overdue(teacher: Seat) -> None:
    reply = await teacher.says("its only banter")

    assert "review overdue since November 2022" in reply.text


async def test_a_close_race_is_asked_about_and_not_guessed(school: School, teacher: Seat) -> None:
    reply = await teacher.says(torn_between_two(school.signpost.shelf.guidance()))

    assert reply.titles == [WORDS.clarify_title]
    assert 2 <= len(reply.labels) - 1 <= 3
    assert reply.labels[-1] == WORDS.none_of_these
    chosen = await teacher.presses(reply.labels[0])
    assert chosen.titles == [reply.labels[0]]


async def test_a_question_with_no_page_is_not_a_dead_end(teacher: Seat) -> None:
    reply = await teacher.says("zxcvb qwfpg")

    assert reply.titles == [WORDS.unknown_title]
    assert LIBRARY.school.people.dsl.name in reply.text
    assert {WORDS.log_button, WORDS.triage_button, WORDS.topics_button} <= set(reply.labels)
