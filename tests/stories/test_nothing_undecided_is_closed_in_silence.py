"""Closing asks why, and what the school learns; what is closed undecided says why it needs no decision, to the reporter too."""

from __future__ import annotations

import re
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.reports.serving import trends_route
from policy_content.case_wording import Review
from tests.channels.school import ACCOUNT, LIBRARY, WORDS, School, Seat
from tests.stories.deciding import decides, has_form
from tests.stories.passing import Clock
from tests.stories.working import chronology, does, is_logged, was_told

WHY = "They have made up and shaken hands"
LEARNT = "Nobody sees behind the bicycle shed"
QUESTIONS = [getattr(WORDS.case.review, key).ask for key in Review.model_fields]


async def test_what_is_undecided_cannot_be_closed_without_saying_why_it_needs_no_decision(
    teacher: Seat, dsl: Seat
) -> None:
    reference, concern = await is_logged(teacher, dsl)

    refused = await does(dsl, "close", concern, text=WHY, place=LEARNT)
    assert list(refused.faults()) == ["undecided"]
    assert (refused.values()["text"], refused.values()["place"]) == (WHY, LEARNT), "what was typed is kept"
    assert WORDS.acknowledge_button in (await dsl.chooses("list")).labels, "it is as open as it was"

    await does(dsl, "close", concern, text=WHY, undecided="mistake")
    told = await teacher.is_told(LIBRARY.say(WORDS.case.settled_undecided_title, reference=reference))
    assert "without a decision" in told.text
    closed = [said for what, said in await chronology(dsl, concern) if what.startswith(WORDS.entry_closed)]
    assert closed == [f"{LIBRARY.school.people.dsl.name}: {WORDS.close_mistake}.\n{WHY}"]


@pytest.mark.parametrize("act", ["reopen", "escalate"])
async def test_neither_is_what_waits_for_a_new_decision(teacher: Seat, dsl: Seat, act: str) -> None:
    _, concern = await is_logged(teacher, dsl)
    await decides(dsl, concern)
    if act == "reopen":
        assert not has_form(await does(dsl, "close", concern, text=WHY)), "what is decided is closed with its reason"
    await does(dsl, act, concern, text="It has begun again")

    assert list((await does(dsl, "close", concern, text=WHY)).faults()) == ["undecided"]
    assert not has_form(await does(dsl, "close", concern, text=WHY, undecided="stands"))
    assert WORDS.close_stands in (await dsl.chooses(f"chronology:{concern}")).text


async def test_closing_asks_for_a_reason_and_every_review_question_of_the_policy(teacher: Seat, dsl: Seat) -> None:
    reference, concern = await is_logged(teacher, dsl)
    await decides(dsl, concern)

    form = (await dsl.chooses(f"close:{concern}")).form
    assert len(QUESTIONS) == 9
    assert [field["label"] for field in form["fields"] if field["label"] in QUESTIONS] == QUESTIONS
    assert list((await does(dsl, "close", concern, place=LEARNT)).faults()) == ["text"]

    await does(dsl, "close", concern, text=WHY, place=LEARNT)
    learnt = [said for what, said in await chronology(dsl, concern) if what.startswith(WORDS.entry_reviewed)]
    assert learnt == [f"{LIBRARY.school.people.dsl.name}: {QUESTIONS[0]} {LEARNT}"]
    assert await was_told(teacher, LIBRARY.say(WORDS.case.settled_title, reference=reference)) == 1
    assert WHY not in teacher.sees


async def test_what_five_closings_noted_is_gathered_in_the_trends_page_without_a_word_of_it(
    clock: Clock, school: School, teacher: Seat, dsl: Seat
) -> None:
    for nth in range(5):
        _, concern = await is_logged(teacher, dsl)
        await decides(dsl, concern)
        await does(dsl, "close", concern, text=WHY, training=LEARNT, **({"norms": LEARNT} if nth else {}))

    text = await trends(school, clock)

    noted = next(one for one in re.findall(r"<figure>.*?</figure>", text, re.DOTALL) if QUESTIONS[0] in one)
    rows = dict(re.findall(r"<th scope=row>([^<]*)</th><td>([^<]*)</td>", noted))
    fewer = dict.fromkeys(QUESTIONS, WORDS.learning.fewer)
    assert rows == {**fewer, WORDS.case.review.training.ask: "5–9"}, "four notes about norms are too few to be shown"
    for typed in (WHY, LEARNT, ACCOUNT["child-1"], ACCOUNT["happened"], "TA-2026"):
        assert typed not in text


async def trends(school: School, clock: Clock) -> str:
    """What the school learns, as its page shows it when the month is over."""
    app = web.Application()
    over = clock.now() + timedelta(days=10)
    app.add_routes([trends_route("/trends", lambda: LIBRARY, school.signpost.ledger, lambda: over)])
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        return await (await session.get(server.make_url("/trends"))).text()
