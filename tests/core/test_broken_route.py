"""A delivery that finds the way itself broken says so at once: readiness and the DSL need not wait for tomorrow's proof."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adapters.practice import dress
from adapters.server import Signpost
from adapters.shelf import Shelf
from bot import Failed
from tests.core.stores import BOTH

STORES = BOTH
GONE = Failed("the place is archived", lasting=True, route=True)


@pytest.fixture
def web(school):
    return school.channels["web"]


@pytest.fixture
def console(school):
    return school.channels["console"]


async def failures(ledger):
    return {proof.channel: proof.failure for proof in await ledger.proofs()}


async def test_a_broken_route_is_its_failed_proof_at_once_and_the_dsl_hears_by_the_other(school, web, console, ledger):
    await school.log()
    web.break_route(GONE)
    await school.ring()
    assert await failures(ledger) == {"web": "the place is archived"}
    assert ("proof", "dsl") in [(alert.kind, alert.told) for alert in console.sent]


async def test_the_dsl_hears_once_a_day_however_many_alerts_it_stops(school, web, console):
    for n in range(3):
        await school.log(who=school.person(f"t{n}"))
    web.break_route(GONE)
    for _ in range(4):
        await school.ring()
        school.clock.forward(minutes=15)
    assert [alert.kind for alert in console.sent].count("proof") == 1


async def test_one_that_was_whole_in_between_is_told_again_the_same_day(school, web, console):
    for _ in range(2):
        await breaks_and_mends(school, web)
    assert told_of_broken(console) == 2


async def test_one_that_comes_and_goes_is_no_flood(school, web, console):
    for _ in range(6):
        await breaks_and_mends(school, web)
    assert school.clock.now().hour == 11
    assert told_of_broken(console) == 3, "at first, and for each hour in which it was whole and broke again"


async def breaks_and_mends(school, web):
    """An alert finds it broken; a quarter of an hour later it arrives."""
    await school.log()
    web.break_route(GONE)
    await school.ring()
    web.work()
    school.clock.forward(minutes=15)
    await school.ring()


def told_of_broken(channel):
    return [alert.kind for alert in channel.sent].count("proof")


async def test_an_alert_that_cannot_be_delivered_leaves_the_route_as_it_was(school, web, ledger):
    await school.log()
    web.fail("no such person", lasting=True)
    await school.ring()
    assert await failures(ledger) == {}


async def test_the_next_delivery_to_the_dsl_clears_it(school, web, ledger):
    await school.log()
    web.break_route(GONE)
    await school.ring()
    web.work()
    school.clock.forward(minutes=15)
    await school.ring()
    (proof,) = await ledger.proofs()
    assert (proof.failure, proof.proved_at) == (None, school.clock.now())


async def test_a_message_to_one_person_does_not_say_that_the_dsls_place_is_there_again(school, web, ledger):
    await school.log(now="yes")
    web.break_route(GONE, told="dsl")
    await school.ring()
    school.clock.forward(minutes=5)
    await school.ring()
    assert "waiting" in {alert.kind for alert in web.sent}
    assert await failures(ledger) == {"web": "the place is archived"}


async def test_it_keeps_when_the_route_was_last_proved(school, web, ledger):
    now = school.clock.now()
    claimed = await ledger.claim_proof("web", now, now)
    proved = datetime(2026, 3, 2, 8, tzinfo=UTC)
    await ledger.record_proof(replace(claimed, proved_at=proved, receipt="standing"))
    await school.log()
    web.break_route(GONE)
    await school.ring()
    (proof,) = await ledger.proofs()
    assert (proof.proved_at, proof.receipt, proof.failure) == (proved, "standing", "the place is archived")


@pytest.mark.parametrize(
    ("broken", "ready"), [((), True), (("email",), True), (("web",), False), (("web", "email"), False)]
)
async def test_ready_means_that_every_chat_works(new_school, new_channel, ledger, tmp_path, broken, ready):
    school = new_school(ledger, [new_channel("web"), new_channel("email")])
    for name in broken:
        await ledger.route_failed(name, "gone", school.clock.now())
    signpost = Signpost.of(Shelf(None, tmp_path / "data", dress), ledger, school.channels)
    assert signpost.is_ready({k: v for k, v in (await signpost.readiness()).items() if k != "clock"}) == ready


async def test_email_alone_and_broken_is_not_ready(new_school, new_channel, ledger, tmp_path):
    school = new_school(ledger, [new_channel("email")])
    await ledger.route_failed("email", "gone", school.clock.now())
    signpost = Signpost.of(Shelf(None, tmp_path / "data", dress), ledger, school.channels)
    assert not signpost.is_ready(await signpost.readiness())
