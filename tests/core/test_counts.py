"""What whoever watches the machine is told of the record: how much waits, since when, and where concerns stand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.keeping import _begin_drill
from bot import Message, Words
from tests.core.casework import decide
from tests.core.stores import BOTH

STORES = BOTH


async def counted(school):
    return await school.ledger.counts(school.clock.now())


async def test_of_an_empty_record_nothing_is_counted(school):
    found = await counted(school)
    assert (found.waiting, found.waiting_since, found.replies) == (0, None, 0)
    assert (found.stages, found.questions) == ({}, {})


async def test_an_alert_waits_from_when_it_was_due_until_somebody_was_shown_it(school):
    begun = school.clock.now()
    await school.log()
    school.clock.forward(minutes=3)
    found = await counted(school)
    assert (found.waiting, found.waiting_since) == (1, begun)
    await school.ring()
    assert (await counted(school)).waiting == 0
    assert (await counted(school)).waiting_since is None


@pytest.mark.parametrize("minutes", [4, 40])
async def test_trying_again_and_again_makes_the_waiting_no_shorter(school, minutes):
    for channel in school.channels.values():
        channel.fail("the chat is down")
    await school.log()
    await school.ring()
    first = school.clock.now()
    for _ in range(minutes):
        school.clock.forward(minutes=1)
        await school.ring()
    found = await counted(school)
    assert found.waiting >= 2, "by the other route as well"
    assert timedelta(0) <= found.waiting_since - first < timedelta(minutes=1)


async def test_a_reply_that_is_owed_is_no_alert(school):
    message = Message("owed", school.person(), words=Words("topics"), carried=False)
    reply = await school.desk.hear(message, school.clock.now())
    school.channels["web"].fail("the chat is down")
    await school.bell.answer(message, reply, school.clock.now())
    school.clock.forward(hours=1)
    found = await counted(school)
    assert (found.waiting, found.replies) == (0, 1)


async def test_concerns_are_counted_where_they_stand(school):
    refs = [await school.log(who=school.person(who)) for who in ("teacher", "other", "third")]
    await school.ring()
    assert (await counted(school)).stages == {"logged": 3}
    for ref in refs[:2]:
        await school.press(f"ack:{school.id(ref)}", school.person("dsl"))
    await decide(school, refs[0])
    assert (await counted(school)).stages == {"logged": 1, "acknowledged": 1, "decided": 1}


async def test_a_drill_is_no_concern(school):
    await _begin_drill(school.ledger, school.library.school, "web", school.clock.now())
    school.clock.forward(seconds=1)
    found = await counted(school)
    assert found.stages == {}
    assert found.waiting == 1, "but its alert must be heard like any"


async def test_questions_are_counted_by_what_became_of_them(school):
    for words in ("its only banter", "its only banter", "zxcvb qwfpg"):
        await school.say(words)
    assert (await counted(school)).questions == {"answer": 2, "unknown": 1}
    school.clock.forward(days=400)
    await school.bell.forget_events(school.clock.now())
    assert (await counted(school)).questions == {"answer": 2, "unknown": 1}, "they only ever grow"
