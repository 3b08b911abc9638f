"""PostgreSQL's own claims: replicas share the work, wake each other, and outlive a server that stops."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from adapters.practice import dress
from adapters.server import Signpost
from adapters.shelf import Shelf
from bot import LedgerDownError, open_ledger
from bot.ledger import tables
from tests.channels.school import come_true

STORES = ("postgresql",)


async def test_replicas_lease_each_alert_once(school, another_ledger):
    for n in range(12):
        await school.log(who=school.person(f"t{n}"))
    replicas = [school.ledger, await another_ledger(), await another_ledger()]
    leased = await asyncio.gather(*(one.lease_due(school.clock.now(), 3) for one in replicas * 3))
    keys = [due.key for some in leased for due in some]
    assert len(keys) == len(set(keys))
    rest = [due.key for one in replicas for due in await one.lease_due(school.clock.now(), 20)]
    assert len(set(keys) | set(rest)) == len(keys) + len(rest) == 12


async def test_three_replicas_at_once_deliver_each_concern_once(school, another_ledger, new_school):
    for n in range(12):
        await school.log(who=school.person(f"t{n}"))
    others = [new_school(await another_ledger(), list(school.channels.values())) for _ in range(2)]
    await asyncio.gather(*(one.ring() for one in (school, *others)))
    assert sorted(alert.ref for alert in school.channels["web"].sent) == [f"TA-2026-{n:04d}" for n in range(1, 13)]


async def test_what_a_dead_replica_had_in_hand_rings_when_its_lease_lapses(school, another_ledger, new_school):
    await school.log()
    await (await another_ledger()).lease_due(school.clock.now())
    assert await school.ring() == 0
    school.clock.forward(seconds=60)
    assert await school.ring() == 1


async def test_a_commit_of_one_replica_wakes_the_other(school, another_ledger):
    other, woken = await another_ledger(), asyncio.Event()
    listening = asyncio.create_task(other.listen(woken.set))
    try:
        for _ in range(50):  # until it listens
            await school.ledger.tell([], school.clock.now())
            await asyncio.sleep(0.05)
            if woken.is_set():
                break
        woken.clear()
        await school.log()
        await asyncio.wait_for(woken.wait(), 5)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_a_database_without_tables_says_what_to_run(postgres, vault):
    place = postgres.empty()
    with pytest.raises(LedgerDownError, match="signpost db upgrade"):
        await open_ledger(place.url, vault, "TA")
    ledger = await open_ledger(place.url, vault, "TA", migrate=True)
    await ledger.ping()
    await ledger.close()
    await (await open_ledger(place.url, vault, "TA")).close()
    postgres.drop(place)


async def test_a_database_of_a_later_signpost_is_refused(school, store, vault):
    school.alter("update alembic_version set version_num = '9999'")
    for migrate in (None, True):
        with pytest.raises(LedgerDownError):
            await open_ledger(store.url, vault, "TA", migrate=migrate)


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/none", "mysql://x", "nonsense", ""])
async def test_a_database_that_is_not_there_is_a_ledger_that_is_down(vault, url):
    with pytest.raises(LedgerDownError):
        await open_ledger(url, vault, "TA")


async def test_the_tables_are_those_the_ledger_speaks_to(store):
    engine = create_engine(store.url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()


async def test_the_clocks_of_server_and_machine_are_compared(ledger, clock):
    assert abs(await ledger.clock_skew(datetime.now(UTC))) < 5
    assert abs(await ledger.clock_skew(clock.now())) > 1000


async def test_a_server_stopped_in_the_middle_loses_nothing_and_is_used_again_when_it_is_back(
    fragile, new_school, another_ledger
):
    place = fragile.fresh()
    ledger = await another_ledger(place)
    school, woken = new_school(ledger, file=place), asyncio.Event()
    listening = asyncio.create_task(ledger.listen(woken.set))
    await school.log()
    checked = await school.check(who=school.person("other"))
    send = school.id_of(checked, ".send")
    fragile.stop()
    with pytest.raises(LedgerDownError) as down:
        await ledger.ping()
    assert school.MARK not in school.everything_shown(down.value)
    reply = await school.press(send, school.person("other"))
    assert school.titles(reply) == [school.wording.not_sent_title]
    assert (await school.say("Can I promise to keep it secret?")).parts[0].title == (
        school.library.topics["child-discloses"].title
    )
    with pytest.raises(LedgerDownError):
        await school.ring()
    fragile.start()
    for _ in range(100):
        try:
            await ledger.ping()
            break
        except LedgerDownError:
            await asyncio.sleep(0.1)
    woken.clear()
    assert school.reference(await school.press(send, school.person("other"))) == "TA-2026-0002"
    for _ in range(100):  # the listener comes back by itself
        if woken.is_set():
            break
        await ledger.tell([], school.clock.now())
        await asyncio.sleep(0.1)
    assert woken.is_set()
    await school.ring()
    assert {alert.ref for alert in school.channels["web"].sent} == {"TA-2026-0001", "TA-2026-0002"}
    assert (await ledger.audit()).breaks == ()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await ledger.close()


async def test_a_replica_that_no_notice_reaches_finds_what_another_logged_by_looking(
    school, another_ledger, new_channel, tmp_path
):
    """LISTEN is lost, and the one that logged it is dead for good: the other polls."""
    web = new_channel("web")
    shelf = Shelf(None, tmp_path / "data", dress)
    deaf = await another_ledger()
    other = Signpost.of(shelf, deaf, {"web": web})
    deaf.when_due(lambda: None)
    ringing = asyncio.create_task(other.ring_for_ever(school.clock.now))
    try:
        await come_true(lambda: other.rests, "a bell that rests")
        await school.log()
        await school.ledger.close()
        await come_true(lambda: web.sent, "the alert")
    finally:
        ringing.cancel()
        await asyncio.gather(ringing, return_exceptions=True)
    assert [alert.ref for alert in web.sent] == ["TA-2026-0001"]
