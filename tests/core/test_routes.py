"""Delivery down to its edges: a channel left alone while it is down, a look before a second send, no send after the act."""

from __future__ import annotations

import asyncio

import pytest

from bot import Failed
from tests.core.stores import BOTH

STORES = BOTH
REF = "TA-2026-0001"


@pytest.fixture
def school(new_school, ledger, searchable, new_channel):
    return new_school(ledger, [searchable("web"), new_channel("console")])


@pytest.fixture
def web(school):
    return school.channels["web"]


async def acknowledge(school):
    return await school.press(f"ack:{school.id(REF)}", school.person("dsl"))


# ---- looked up before it is sent again


async def test_what_arrived_before_a_crash_is_found_and_not_sent_again(school, web):
    await school.log()
    web.crash()
    with pytest.raises(web.Crash):
        await school.ring()
    web.work()
    school.clock.forward(minutes=2)
    await school.ring()
    assert len(web.sent) == 1
    assert school.rows("select receipt, due_at from alerts where kind = 'concern'") == [
        (f"found-{web.sent[0].key}", None)
    ]


async def test_what_had_not_arrived_is_sent(school, web):
    await school.log()
    web.hang()
    ringing = asyncio.create_task(school.ring())
    await web.entered.wait()
    ringing.cancel()
    await asyncio.gather(ringing, return_exceptions=True)
    web.work()
    school.clock.forward(minutes=2)
    await school.ring()
    assert (len(web.looked), len(web.sent)) == (1, 1)


async def test_the_first_send_looks_nothing_up(school, web):
    await school.log()
    await school.ring()
    assert (web.looked, len(web.sent)) == ([], 1)


async def test_a_failure_that_arrived_all_the_same_is_found(school, web):
    await school.log()
    web.fail("the answer was lost")
    await school.ring()
    web.screen[web.tried[0].key] = web.tried[0]
    web.work()
    school.clock.forward(seconds=10)
    await school.ring()
    assert web.sent == []


async def test_a_search_that_breaks_or_hangs_rings_again(school, web, monkeypatch):
    monkeypatch.setattr("bot.bell.DELIVERY_SECONDS", 0.05)

    async def breaks():
        raise RuntimeError(school.MARK)

    async def hangs():
        await asyncio.Event().wait()

    for n, fault in enumerate((breaks, hangs)):
        await school.log(who=school.person(f"t{n}"))
        web.fail()
        await school.ring()
        web.work()
        web.before_answer = fault
        school.clock.forward(seconds=10)
        await school.ring()
        assert len(web.sent) == n + 1


# ---- no send after the act


async def test_an_acknowledgement_while_the_channel_is_searched_stops_the_send(school, web):
    await school.log()
    web.fail()
    await school.ring()
    web.work()
    web.before_answer = lambda: acknowledge(school)
    school.clock.forward(seconds=10)
    await school.bell.ring_due(school.clock.now())
    assert web.sent == []
    await school.ring()
    assert [alert.kind for alert in web.sent] == ["told"]


async def test_an_acknowledgement_between_the_lease_and_the_send_stops_it(school, web, ledger):
    await school.log()
    leased = await ledger.lease_due(school.clock.now())
    await acknowledge(school)
    for due in leased:
        await school.bell._ring(due, school.clock.now())
    assert web.sent == []


async def test_a_failure_after_an_acknowledgement_asks_for_no_other_route_and_no_next_person(school, web):
    await school.log()
    deliver = web.deliver

    async def fails_meanwhile(alert):
        await acknowledge(school)
        web.deliver = deliver
        return Failed("the place is gone", lasting=True)

    web.deliver = fails_meanwhile
    await school.bell.ring_due(school.clock.now())
    for _ in range(5):
        await school.ring()
        school.clock.forward(minutes=2)
    assert {alert.kind for alert in web.sent} == {"told"}
    assert school.channels["console"].tried == []
    assert school.rows("select unheard from concerns") == [(0,)]


async def test_a_lease_that_has_gone_to_another_sends_nothing(school, web, ledger, another_ledger):
    await school.log()
    (mine,) = await ledger.lease_due(school.clock.now())
    await (await another_ledger()).lease_due(school.clock.forward(minutes=2))
    await school.bell._ring(mine, school.clock.now())
    assert web.sent == []


# ---- a channel that is down is left alone for a while


async def test_a_channel_that_fails_five_times_rests_for_half_a_minute(school, web):
    for n in range(8):
        await school.log(who=school.person(f"t{n}"))
    web.fail()
    await school.bell.ring_due(school.clock.now())
    school.clock.forward(seconds=3)
    await school.bell.ring_due(school.clock.now())
    tried = len(web.tried)
    assert tried == 8
    school.clock.forward(seconds=26)
    await school.bell.ring_due(school.clock.now())
    assert len(web.tried) == tried
    web.work()
    school.clock.forward(seconds=35)
    await school.ring()
    assert {alert.ref for alert in web.sent} == {f"TA-2026-{n:04d}" for n in range(1, 9)}


async def test_while_one_channel_rests_the_other_is_used(school, web):
    web.fail()
    for n in range(6):
        await school.log(now="yes", who=school.person(f"t{n}"))
    for _ in range(12):
        await school.bell.ring_due(school.clock.now())
        school.clock.forward(seconds=10)
    console = school.channels["console"]
    assert {alert.ref for alert in console.sent if alert.told == "dsl"} == {f"TA-2026-{n:04d}" for n in range(1, 7)}


async def test_a_lasting_failure_of_one_alert_rests_no_channel(school, web):
    web.fail(lasting=True)
    for n in range(6):
        await school.log(who=school.person(f"t{n}"))
    await school.bell.ring_due(school.clock.now())
    web.work()
    await school.log(who=school.person("last"))
    await school.bell.ring_due(school.clock.now())
    assert "TA-2026-0007" in {alert.ref for alert in web.sent}


# ---- what became of each try


async def test_every_try_is_in_the_history_in_order(school, web, ledger):
    await school.log()
    web.fail("the chat said no")
    await school.ring()
    web.work()
    school.clock.forward(seconds=10)
    await school.ring()
    await acknowledge(school)
    await school.ring()
    history = [(d.told, d.kind, d.via, d.outcome) for d in await ledger.deliveries(school.id(REF))]
    assert history[:2] == [("dsl", "concern", "web", "the chat said no"), ("dsl", "concern", "web", "delivered")]
    assert sorted(history[2:]) == [
        ("dsl", "concern", "web", "redrawn"),
        ("person:web:teacher", "told", "web", "delivered"),
    ]


@pytest.mark.parametrize("reason", ["x" * 1000, "no\0pe", ""])
async def test_whatever_a_channel_gives_as_its_reason_the_bell_goes_on(school, web, reason):
    await school.log()
    web._mood = Failed(reason)
    await school.ring()
    web.work()
    school.clock.forward(seconds=10)
    await school.ring()
    assert len(web.sent) == 1
