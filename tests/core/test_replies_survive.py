"""A reply that is owed outlives whoever owes it: at whatever point a process dies, the person is answered, and only they.

And with two replicas it is paid once: whoever knows what it said posts it; another takes over only from the dead.
"""

from __future__ import annotations

import asyncio

import pytest

from bot import Message, Words
from bot.ledger import LEASE, reply_key
from tests.core import mortal
from tests.core.stores import BOTH

STORES = BOTH


@pytest.fixture
async def processes(new_school, searchable, clock, vault, store):
    chat = searchable("web")
    both = [await mortal.Process(new_school, store, vault, [chat], clock).begin() for _ in range(2)]
    yield both
    for process in both:
        await process.end()


async def question(_school, _who):
    return {"words": Words("what is banter")}


async def triage(_school, _who):
    return {"choice": "triage:danger-or-concern"}


async def send(school, who):
    return {"choice": school.id_of(await school.check(who=who), ".send")}


async def answered(school, message):
    """Hear it and post its reply, as Slack and Teams do."""
    reply = await school.desk.hear(message, school.clock.now())
    return await school.bell.answer(message, reply, school.clock.now())


def replies(school, message):
    """What its writer was sent in answer to it."""
    sent = [alert for alert in school.channels["web"]._chat.sent if alert.key == reply_key(message.event)]
    assert {alert.told for alert in sent} <= {f"person:{message.who.id}"}, "never another person's"
    return sent


def owed(school):
    return school.rows("select key from alerts where kind = 'reply'")


async def later(processes, **by):
    """Time passes, and both ring whatever is due."""
    processes[0].clock.forward(**by)
    for process in processes:
        await process.school.ring()


# ---- a crash


@pytest.mark.parametrize("delivered_again", [False, True])
@pytest.mark.parametrize("what", [question, triage, send])
async def test_a_crash_at_any_point_of_hearing_and_answering(processes, store, what, delivered_again):
    first, second = processes
    passed, points = [], [0]
    for number, at in enumerate(points):
        who = second.school.person(f"t{number}")
        message = Message(f"asked-{number}", who, carried=False, **await what(second.school, who))
        first.fuse.set(at)
        await first.live(lambda school, message=message: answered(school, message))
        if not at:
            passed = first.fuse.passed
            points += [n for n, name in enumerate(passed, 1) if not (store.postgres and name in {"read", "begin"})]
        first.fuse.set(0)
        saved = second.school.rows("select event from heard where event = ?", message.event)
        if delivered_again:
            await second.live(lambda school, message=message: answered(school, message))
        await later(processes, seconds=76)
        got = replies(second.school, message)
        if saved or delivered_again:
            assert got, (at, passed)
        if not delivered_again:
            assert len(got) <= 1, (at, passed)
        for ref in second.school.rows("select reference from concerns where reporter = ?", who.id):
            assert ref[0] in second.school.text(got[0].parts), "they get their own reference"
            assert second.school.text(got[0].parts).count("TA-2026") == second.school.text(got[0].parts).count(ref[0])
        assert owed(second.school) == []
    assert len(points) >= 4


# ---- two replicas


async def asked(process, number=1):
    message = Message(f"e{number}", process.school.person(f"t{number}"), words=Words("what is banter"), carried=False)
    return message, await process.school.desk.hear(message, process.clock.now())


async def test_without_faults_each_is_answered_once_though_both_ring_meanwhile(processes):
    first, second = processes
    heard = [await asked(first, n) for n in range(8)]
    answers = (first.school.bell.answer(message, reply, first.clock.now()) for message, reply in heard)
    await asyncio.gather(*answers, *(one.school.ring() for one in (second, first, second)))
    await later(processes, hours=1)
    assert [[alert.parts for alert in replies(first.school, message)] for message, _ in heard] == [
        [reply.parts] for _, reply in heard
    ]


async def test_a_reply_that_could_not_be_posted_is_left_to_whoever_knows_what_it_said(processes):
    first, second = processes
    chat = first.school.channels["web"]._chat
    message, reply = await asked(first)
    chat.fail(retry_after=1)
    assert await first.school.bell.answer(message, reply, first.clock.now())
    for _ in range(3):  # refused again and again; the other is always the first to look
        first.clock.forward(seconds=30)
        await second.school.ring()
        await first.school.ring()
    chat.work()
    first.clock.forward(seconds=30)
    await second.school.ring()
    assert replies(first.school, message) == [], "the other does not know it, and whoever does is alive"
    await first.school.ring()
    await later(processes, hours=1)
    assert [alert.parts for alert in replies(first.school, message)] == [reply.parts]


async def test_from_one_that_died_the_other_takes_over_when_the_lease_lapses(processes):
    first, second = processes
    chat = first.school.channels["web"]._chat
    message, reply = await asked(first)
    chat.fail(retry_after=1)
    assert await first.school.bell.answer(message, reply, first.clock.now())
    chat.work()
    second.clock.forward(seconds=LEASE.total_seconds() - 1)
    await second.school.ring()
    assert replies(second.school, message) == []
    second.clock.forward(seconds=4)
    await second.school.ring()
    (got,) = replies(second.school, message)
    assert second.school.wording.interrupted_title in second.school.titles(got)
    await later(processes, hours=1)
    assert len(replies(second.school, message)) == 1, "though the first knows it still"


async def test_overlapping_rounds_of_whoever_knows_it_post_it_once(processes):
    first, _ = processes
    chat = first.school.channels["web"]._chat
    message, reply = await asked(first)
    chat.fail()
    assert await first.school.bell.answer(message, reply, first.clock.now())
    chat.work()
    now = first.clock.forward(seconds=2)  # the very moment it is due
    await asyncio.gather(*(first.school.bell.ring_due(now) for _ in range(4)))
    assert [alert.parts for alert in replies(first.school, message)] == [reply.parts]


async def test_a_chat_that_is_back_hurries_the_one_who_knows_it_and_nobody_else(processes):
    first, second = processes
    chat = first.school.channels["web"]._chat
    (waits, reply), (fresh, _) = await asked(first, 1), await asked(first, 2)
    chat.fail(retry_after=600)
    assert await first.school.bell.answer(waits, reply, first.clock.now())
    chat.work()
    await second.ledger.ring_again("web", first.clock.now(), redraw=True)
    await second.school.ring()
    assert replies(first.school, waits) == []
    await first.school.ring()
    assert [alert.parts for alert in replies(first.school, waits)] == [reply.parts]
    assert replies(first.school, fresh) == [], "whoever heard it is about to answer"


# ---- the debt itself


async def test_a_debt_is_no_alert_that_waits_and_holds_no_words(processes):
    first, _ = processes
    chat, mark = first.school.channels["web"]._chat, first.school.MARK
    message = Message("e1", first.school.person(), words=Words(f"what is banter {mark}"), carried=False)
    chat.fail()
    await answered(first.school, message)
    await later(processes, minutes=1)
    assert owed(first.school)
    assert await first.ledger.undelivered() == 0
    assert mark not in str(first.school.rows("select * from alerts")) + str(
        first.school.rows("select * from deliveries")
    )
    assert await first.school.log()
    assert await first.ledger.undelivered() == 1


async def test_a_debt_that_can_never_be_paid_is_swept_with_its_history(processes):
    first, _ = processes
    message, reply = await asked(first)
    first.school.channels["web"]._chat.fail()
    await first.school.bell.answer(message, reply, first.clock.now())
    await later(processes, minutes=5)
    assert owed(first.school)
    for _ in range(110):
        await later(processes, minutes=16)
        if not owed(first.school):
            break
    assert owed(first.school) == []
    assert first.school.rows("select * from deliveries") == []
