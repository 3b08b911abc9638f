"""A reply that the chat's own response does not carry is owed, in the transaction that changed something, until it is posted."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest

from bot import Bell, LedgerDownError, Message, Words
from bot.ledger import LEASE, reply_key
from tests.core.stores import BOTH

STORES = BOTH


@pytest.fixture
def web(school):
    return school.channels["web"]


def owed(school):
    return [row[0] for row in school.rows("select key from alerts where kind = 'reply'")]


async def asked(school, event="e1", **what):
    """A message heard as Slack's is: its reply is posted afterwards."""
    message = Message(event, school.person(), carried=False, **what)
    return message, await school.desk.hear(message, school.clock.now())


def titles(school, alert):
    return " / ".join(school.titles(alert))


async def test_a_reply_that_is_posted_is_no_longer_owed(school, web):
    message, reply = await asked(school, words=Words("what is banter"))
    assert owed(school)

    assert await school.bell.answer(message, reply, school.clock.now())

    assert [alert.told for alert in web.sent] == ["person:web:teacher"]
    assert owed(school) == []


async def test_many_that_are_posted_at_once_are_none_of_them_owed(school, web):
    heard = [await asked(school, event=f"e{n}", words=Words("what is banter")) for n in range(40)]
    assert len(owed(school)) == 40

    await asyncio.gather(*(school.bell.answer(message, reply, school.clock.now()) for message, reply in heard))

    assert owed(school) == []


async def test_who_waits_for_a_ledger_that_is_away_is_not_taken_along_for_ever(school, web, monkeypatch):
    (first, reply), (second, _) = [await asked(school, event=f"e{n}", words=Words("banter")) for n in range(2)]
    monkeypatch.setattr(school.ledger, "transaction", away)
    await school.bell.answer(first, reply, school.clock.now())
    monkeypatch.undo()

    await school.bell.answer(second, reply, school.clock.now())

    assert owed(school) == [reply_key("e0")], "it may come twice, and is asked after; better than not at all"


@asynccontextmanager
async def away(**_):
    raise LedgerDownError("away")
    yield


async def test_a_reply_that_could_not_be_posted_comes_later_and_once_whole(school, web):
    message, reply = await asked(school, words=Words("what is banter"))
    web.fail(retry_after=1)

    assert await school.bell.answer(message, reply, school.clock.now())
    assert web.sent == []
    web.work()
    school.clock.forward(seconds=30)
    await school.ring()
    school.clock.forward(minutes=5)
    await school.ring()

    assert [alert.parts for alert in web.sent] == [reply.parts]
    assert owed(school) == []


async def test_a_crash_between_the_send_and_its_receipt_swallows_no_reference(school, web):
    checked = await school.check()
    message, _ = await asked(school, choice=school.id_of(checked, ".send"))
    assert owed(school)

    # Nobody posted it: the process died. Another takes over.
    other = Bell(lambda: school.guide, school.ledger, school.channels, standing=school.desk.standing)
    school.clock.forward(seconds=LEASE.total_seconds())
    while await other.ring_due(school.clock.now()):
        pass

    (told,) = [alert for alert in web.sent if alert.kind == "reply"]
    assert told.told == f"person:{message.who.id}"
    assert school.wording.interrupted_title in titles(school, told)
    assert "TA-2026-0001" in " ".join(part.body for part in told.parts if hasattr(part, "body"))


async def test_a_crash_in_the_middle_of_a_triage_brings_its_question_back(school, web):
    await asked(school, choice="triage:danger-or-concern")
    school.clock.forward(minutes=1)
    other = Bell(lambda: school.guide, school.ledger, school.channels, standing=school.desk.standing)
    await other.ring_due(school.clock.now())

    assert "question 1" in titles(school, web.sent[0])


async def test_the_bell_leaves_a_fresh_debt_to_whoever_heard_the_message(school, web):
    await asked(school, words=Words("what is banter"))
    await school.ring()
    assert web.sent == []


async def test_an_outsider_is_owed_nothing_that_only_staff_may_read(school):
    await school.desk.hear(
        Message("e9", school.person("pupil", staff=False), words=Words("hello"), carried=False), school.clock.now()
    )
    assert owed(school) == []


async def test_with_chat_and_ledger_both_gone_the_chat_is_asked_to_deliver_again(school, web):
    message, reply = await asked(school, words=Words("what is banter"))
    web.fail()
    school.store.refuse("alerts", "before update")
    assert not await school.bell.answer(message, reply, school.clock.now())


async def test_someone_who_has_left_the_school_is_not_answered_for_ever(school, web):
    message, reply = await asked(school, words=Words("what is banter"))
    web.fail()
    await school.bell.answer(message, reply, school.clock.now())
    web.fail("no such user", lasting=True)
    school.clock.forward(minutes=1)
    await school.ring()
    assert owed(school) == []
