"""Each school morning every route is proved, without a new message; a failed proof is never silent."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
import structlog

from adapters.practice import dress
from adapters.server import Signpost
from adapters.shelf import Shelf
from bot import Delivered, Failed
from tests.core.stores import BOTH

STORES = BOTH

SIX, EIGHT = datetime(2026, 3, 3, 6, tzinfo=UTC), datetime(2026, 3, 3, 8, tzinfo=UTC)


@pytest.fixture
def provable(new_channel):
    """A channel whose way can be proved: each proof edits the message it put there."""

    class Provable(new_channel):
        def __init__(self, name="web"):
            super().__init__(name)
            self.proofs, self.answer = [], None

        async def prove(self, parts, receipt):
            self.proofs.append((parts, receipt))
            await asyncio.sleep(0)
            return self.answer or Delivered(receipt or f"standing-{self.name}")

    return Provable


@pytest.fixture
def school(new_school, ledger, provable):
    return new_school(ledger, [provable("web"), provable("console")])


@pytest.fixture
def web(school):
    return school.channels["web"]


@pytest.fixture
def console(school):
    return school.channels["console"]


def at(school, when):
    school.clock._now = when
    return school.bell.prove_due(when)


async def test_each_route_is_proved_once_each_school_morning_and_not_before(school, web, console):
    assert await at(school, SIX) == 0
    assert await at(school, EIGHT) == 2
    for minute in (1, 30):
        assert await at(school, EIGHT.replace(minute=minute)) == 0
    assert await at(school, EIGHT.replace(hour=20)) == 0
    assert await at(school, EIGHT.replace(day=4)) == 2
    assert [len(web.proofs), len(console.proofs)] == [2, 2]


async def test_nothing_is_proved_at_a_weekend(school, web):
    assert await at(school, EIGHT.replace(day=7, hour=12)) == 0
    assert web.proofs == []


async def test_a_proof_edits_yesterdays_message_and_sends_no_new_one(school, web):
    for day in (3, 4, 5):
        await at(school, EIGHT.replace(day=day))
    assert [receipt for _, receipt in web.proofs] == [None, "standing-web", "standing-web"]
    assert web.sent == []


async def test_the_standing_message_says_when_and_carries_the_head_of_the_chain(school, web, ledger):
    await school.log()
    await at(school, EIGHT.replace(minute=2))
    shown = school.text(web.proofs[0][0])
    assert "Tuesday 3 March 08:02" in shown
    assert await ledger.head() in shown
    assert school.MARK not in shown


async def test_two_bells_prove_each_route_once(school, web, console, another_ledger, new_school):
    other = new_school(await another_ledger(), list(school.channels.values()))
    counts = await asyncio.gather(*(one.bell.prove_due(EIGHT) for one in (school, other, school, other)))
    assert sum(counts) == 2
    assert [len(web.proofs), len(console.proofs)] == [1, 1]


@pytest.mark.parametrize("fault", [Failed("the place is gone", lasting=True), Failed("no answer")])
async def test_a_failed_proof_is_told_to_the_dsl_by_the_other_route_once_a_day(school, web, console, fault):
    web.answer = fault
    await at(school, EIGHT)
    await at(school, EIGHT.replace(minute=5))
    await school.ring()
    assert [(alert.kind, alert.told) for alert in console.sent] == [("proof", "dsl")]
    assert "web" in school.text(console.sent[0].parts)
    assert web.sent == []


async def test_with_one_route_alone_its_failure_is_told_by_itself(new_school, ledger, provable):
    alone = provable("web")
    school = new_school(ledger, [alone])
    alone.answer = Failed("no answer")
    await at(school, EIGHT)
    await school.ring()
    assert [alert.kind for alert in alone.sent] == ["proof"]


async def test_a_channel_that_breaks_over_its_proof_has_failed_it(school, web, console, ledger):
    async def breaks(parts, receipt):
        raise RuntimeError(school.MARK)

    web.prove = breaks
    await at(school, EIGHT)
    failed, proved = sorted(await ledger.proofs(), key=lambda p: p.channel, reverse=True)
    assert (failed.channel, failed.proved_at) == ("web", None)
    assert "RuntimeError" in failed.failure
    assert school.MARK not in failed.failure
    assert (proved.channel, proved.failure) == ("console", None)


async def test_a_route_that_hangs_is_given_up_and_the_next_is_proved(school, web, ledger, monkeypatch):
    monkeypatch.setattr("bot.bell.DELIVERY_SECONDS", 0.05)

    async def hangs(parts, receipt):
        await asyncio.Event().wait()

    web.prove = hangs
    assert await at(school, EIGHT) == 2
    assert [(p.channel, p.failure is None) for p in await ledger.proofs()] == [("console", True), ("web", False)]


async def test_a_failed_proof_keeps_when_it_last_worked_and_its_message(school, web, ledger):
    await at(school, EIGHT)
    web.answer = Failed("no answer")
    await at(school, EIGHT.replace(day=4))
    proof = next(p for p in await ledger.proofs() if p.channel == "web")
    assert (proof.proved_at, proof.receipt, proof.failure) == (EIGHT, "standing-web", "no answer")
    web.answer = None
    await at(school, EIGHT.replace(day=5))
    assert web.proofs[-1][1] == "standing-web"
    assert next(p for p in await ledger.proofs() if p.channel == "web").failure is None


async def test_doctor_proves_at_any_hour_and_again(school, web):
    for minute in (0, 1):
        proofs = await school.bell.prove_now(SIX.replace(day=7, minute=minute))
    assert len(web.proofs) == 2
    assert [p.failure for p in proofs] == [None, None]


async def test_readiness_names_a_route_that_is_not_proved_and_not_one_that_is_gone(school, web, ledger, tmp_path):
    web.answer = Failed("the place is gone")
    await at(school, EIGHT)
    shelf = Shelf(None, tmp_path / "data", dress)
    wrong = await Signpost.of(shelf, ledger, school.channels).readiness()
    assert {k: v for k, v in wrong.items() if k.startswith("route")} == {"route web": "the place is gone"}
    others = {"console": school.channels["console"]}
    assert not [k for k in await Signpost.of(shelf, ledger, others).readiness() if k.startswith("route")]


async def test_the_head_of_the_chain_is_noted_in_the_log(school):
    await school.log()
    with structlog.testing.capture_logs() as logged:
        await at(school, EIGHT)
    heads = {entry["head"] for entry in logged if entry["event"] == "chain_head"}
    assert heads == {await school.ledger.head()}
