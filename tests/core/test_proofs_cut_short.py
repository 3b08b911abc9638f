"""A proof that was begun and never recorded is made again within minutes, that same morning, and by one process alone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from adapters.practice import dress
from adapters.server import Signpost
from adapters.shelf import Shelf
from bot import Delivered, Failed, LedgerDownError
from tests.core.stores import BOTH

STORES = BOTH

EIGHT = datetime(2026, 3, 3, 8, tzinfo=UTC)
SOON = timedelta(minutes=6)


@pytest.fixture
def web(new_channel):
    class Provable(new_channel):
        """A channel whose way can be proved. While it `hangs` a proof is begun and does not come back."""

        proofs, answer, hangs = 0, None, False

        async def prove(self, parts, receipt):
            self.proofs += 1
            if self.hangs:
                await asyncio.Event().wait()
            await asyncio.sleep(0)
            return self.answer or Delivered("standing")

    return Provable("web")


@pytest.fixture
def console(new_channel):
    return new_channel("console")


@pytest.fixture
async def school(new_school, ledger, web, console):
    """A school whose route was proved on the day before."""
    made = new_school(ledger, [web, console])
    await made.bell.prove_due(EIGHT - timedelta(days=1))
    web.proofs = 0
    return made


async def dies_over_it(school, web):
    """The process is killed while the proof is under way."""
    web.hangs = True
    proving = asyncio.create_task(school.bell.prove_due(EIGHT))
    while not web.proofs:
        await asyncio.sleep(0)
    proving.cancel()
    await asyncio.gather(proving, return_exceptions=True)
    web.hangs = False


async def known(ledger):
    (proof,) = await ledger.proofs()
    return proof.tried_at, proof.proved_at, proof.failure


async def test_after_a_death_it_is_made_again_by_the_next_process(school, web, ledger, new_school, another_ledger):
    await dies_over_it(school, web)
    assert await known(ledger) == (EIGHT - timedelta(days=1), EIGHT - timedelta(days=1), None)
    restarted = new_school(await another_ledger(), list(school.channels.values()))
    assert await restarted.bell.prove_due(EIGHT + timedelta(minutes=1)) == 0, "it may still be under way elsewhere"
    assert await restarted.bell.prove_due(EIGHT + SOON) == 1
    assert await restarted.bell.prove_due(EIGHT + 2 * SOON) == 0
    assert await known(ledger) == (EIGHT + SOON, EIGHT + SOON, None)


async def test_what_it_then_finds_is_told_and_readiness_says_it(school, web, console, ledger, tmp_path):
    await dies_over_it(school, web)
    web.answer = Failed("the place is archived")
    school.clock._now = EIGHT + SOON
    await school.bell.prove_due(EIGHT + SOON)
    await school.ring()
    assert [(alert.kind, alert.told) for alert in console.sent] == [("proof", "dsl")]
    signpost = Signpost.of(Shelf(None, tmp_path / "data", dress), ledger, school.channels)
    assert (await signpost.readiness())["route web"] == "the place is archived"


@pytest.mark.parametrize("answer", [None, Failed("the place is archived")])
async def test_a_result_that_could_not_be_recorded_is_got_again_and_told_once(school, web, console, ledger, answer):
    web.answer = answer
    school.store.refuse("proofs", "before delete")  # as recording takes the claim away
    with pytest.raises(LedgerDownError):
        await school.bell.prove_due(EIGHT)
    school.store.allow("proofs")
    assert await school.bell.prove_due(EIGHT + timedelta(minutes=1)) == 0
    assert await school.bell.prove_due(EIGHT + SOON) == 1
    assert await known(ledger) == (
        EIGHT + SOON,
        EIGHT - timedelta(days=1) if answer else EIGHT + SOON,
        answer and answer.reason,
    )
    school.clock._now = EIGHT + SOON
    await school.ring()
    assert [alert.kind for alert in console.sent] == (["proof"] if answer else [])


async def test_a_failure_stands_while_it_is_proved_again(school, web, ledger):
    await ledger.route_failed("web", "the place is archived", EIGHT - timedelta(hours=1))
    await dies_over_it(school, web)
    assert (await known(ledger))[2] == "the place is archived"


async def test_two_replicas_at_once_take_it_up_once(school, web, new_school, another_ledger):
    await dies_over_it(school, web)
    other = new_school(await another_ledger(), list(school.channels.values()))
    later = EIGHT + SOON
    counts = await asyncio.gather(*(one.bell.prove_due(later) for one in (school, other, school, other)))
    assert (sum(counts), web.proofs) == (1, 2)


async def test_doctor_does_not_wait_for_a_claim_to_lapse(school, web, ledger):
    await dies_over_it(school, web)
    await school.bell.prove_now(EIGHT + timedelta(minutes=1))
    assert (await known(ledger))[1] == EIGHT + timedelta(minutes=1)


async def test_the_first_proof_of_all_that_dies_is_made_again(new_school, ledger, web):
    school = new_school(ledger, [web])
    await dies_over_it(school, web)
    assert await ledger.proofs() == []
    assert await school.bell.prove_due(EIGHT + SOON) == 1
    assert (await known(ledger))[1] == EIGHT + SOON
