"""Keys are rotated, concerns forgotten, the record backed up and restored: nothing lost by it, nothing brought back."""

from __future__ import annotations

import asyncio
import gzip
import json

import pytest

from bot import LedgerDownError, NotABackupError, Vault, new_master_key
from bot.ledger import ChangedMeanwhileError, open_ledger
from tests.core.stores import BOTH, File

STORES = BOTH
REF = "TA-2026-0001"


@pytest.fixture
async def told(school):
    """Three concerns, one of them acknowledged, and a draft."""
    for n in range(3):
        await school.log(who=school.person(f"t{n}"))
    await school.ring()
    await school.press(f"ack:{school.id(REF)}", school.person("dsl"))
    await school.check(who=school.person("draft"))
    return school


@pytest.fixture
def text():
    return new_master_key("old")


@pytest.fixture
def vault(text):
    return Vault.from_text(text)


@pytest.fixture
def newest(text):
    fresh = new_master_key("new")
    return fresh, Vault.from_text(f"{fresh},{text}"), Vault.from_text(fresh)


# ---- keys


async def test_after_a_rotation_the_newest_key_opens_everything_alone(told, another_ledger, newest):
    _, both, alone = newest
    assert await (await another_ledger(keys=both)).rotate() == 6  # three concerns, a draft, the chain, the index
    after = await another_ledger(keys=alone)
    assert told.MARK in str([line.value.reveal() for line in (await after.by_reference(REF)).account.lines])
    assert (await after.conversation("web:draft"))[0].draft["happened"]
    assert (await after.audit()).breaks == ()
    assert await after.rotate() == 0


async def test_a_rotation_killed_half_way_goes_on_where_it_was_and_both_keys_open_meanwhile(
    told, another_ledger, newest, monkeypatch
):
    _, both, alone = newest
    monkeypatch.setattr("bot.ledger.upkeep._BATCH", 1)
    rotating, wraps = await another_ledger(keys=both), []
    rewrap = type(both).rewrap

    def dies(vault, wrapped, owner):
        if len(wraps) == 2:
            raise KeyboardInterrupt
        wraps.append(owner)
        return rewrap(vault, wrapped, owner)

    monkeypatch.setattr(type(both), "rewrap", dies)
    with pytest.raises(KeyboardInterrupt):
        await rotating.rotate()
    monkeypatch.setattr(type(both), "rewrap", rewrap)
    half = await another_ledger(keys=both)
    assert len(await half.open_concerns()) == 3
    assert (await half.audit()).breaks == ()
    with pytest.raises(LedgerDownError):
        await (await another_ledger(keys=alone)).head()
    assert await half.rotate() == 4
    assert (await (await another_ledger(keys=alone)).audit()).breaks == ()


async def test_while_keys_rotate_concerns_are_logged_and_acknowledged(told, another_ledger, newest, new_school):
    _, both, alone = newest
    beside = new_school(await another_ledger(keys=both))
    beside._events = iter(range(1000, 2000))
    rotating = await another_ledger(keys=both)
    _, ref = await asyncio.gather(rotating.rotate(), beside.log(who=beside.person("late")))
    await rotating.rotate()
    after = await another_ledger(keys=alone)
    assert (await after.by_reference(ref)).stage == "logged"


# ---- forgetting


async def forget(school, ledger=None):
    ledger = ledger or school.ledger
    concern = await ledger.by_reference(REF)
    await ledger.forget(concern, school.person("dsl"), "kept long enough", school.clock.now())
    return concern.id


async def test_a_forgotten_concern_leaves_its_tombstone_and_the_chain_holds(told):
    id_ = await forget(told)
    assert await told.ledger.by_reference(REF) is None
    assert told.rows("select key, sealed from concerns where id = ?", id_) == [(None, None)]
    assert told.rows("select reference, who, why from tombstones") == [(REF, "web:dsl", "kept long enough")]
    audit = await told.ledger.audit()
    assert (audit.checked, audit.breaks) == (4, ())


async def test_a_forgotten_concern_is_told_opened_and_listed_no_more(told):
    web = told.channels["web"]
    id_ = await forget(told)
    before = len(web.sent)
    told.clock.forward(hours=12)
    await told.ring()
    assert REF not in {alert.ref for alert in web.sent[before:]}
    for who, choice in (("dsl", "list"), ("dsl", f"open:{id_}"), ("t0", "mine")):
        assert REF not in told.text(await told.press(choice, told.person(who)))


async def test_what_changed_meanwhile_is_not_forgotten(told):
    concern = await told.ledger.by_reference(REF)
    await told.press(f"open:{concern.id}", told.person("dsl"))
    with pytest.raises(ChangedMeanwhileError):
        await told.ledger.forget(concern, told.person("dsl"), "why", told.clock.now())
    assert await told.ledger.by_reference(REF)


# ---- backup and restore


@pytest.fixture
def other_store(request, store, tmp_path):
    """An empty database of the other kind."""
    if store.postgres:
        yield File(tmp_path / "restored.db")
        return
    postgres = request.getfixturevalue("postgres")
    place = postgres.fresh()
    yield place
    postgres.drop(place)


def plain(store):
    counted = ("concerns", "chronology", "alerts", "conversations", "heard", "deliveries", "tombstones", "numbers")
    return {table: store.rows(f"select count(*) from {table}") for table in counted}


async def test_a_backup_of_one_database_restores_into_the_other(
    told, store, other_store, another_ledger, tmp_path, new_school
):
    rows = await told.ledger.backup(tmp_path / "b")
    restored = await another_ledger(other_store)
    assert await restored.restore(tmp_path / "b") == rows
    assert plain(other_store) == plain(store)
    assert (await restored.audit()).breaks == ()
    assert await restored.head() == await told.ledger.head()
    assert await restored.by_reference(REF) == await told.ledger.by_reference(REF)
    after = new_school(restored, file=other_store)
    after._events = iter(range(1000, 2000))
    assert await after.log(who=after.person("next")) == "TA-2026-0004"
    await after.ring()
    assert "TA-2026-0004" in {alert.ref for alert in after.channels["web"].sent}
    assert (await restored.audit()).breaks == ()


async def test_a_backup_opens_nothing_without_the_keys(told, tmp_path):
    await told.ledger.backup(tmp_path / "b")
    held = gzip.decompress((tmp_path / "b").read_bytes())
    assert told.MARK.encode() not in held
    assert (tmp_path / "b").stat().st_mode & 0o077 == 0


async def test_a_backup_made_while_concerns_are_logged_is_one_moments_state(told, another_ledger, tmp_path, store):
    beside = await another_ledger()

    async def write():
        for n in range(12):
            await told.log(who=told.person(f"busy{n}"))

    writing = asyncio.create_task(write())
    for n in range(4):
        await beside.backup(tmp_path / f"b{n}")
    await writing
    for n in range(4):
        into = await open_ledger(f"sqlite+aiosqlite:///{tmp_path / f'r{n}.db'}", told.ledger._vault, "TA")
        try:
            await into.restore(tmp_path / f"b{n}")
            assert (await into.audit()).breaks == ()
            logged = await into.all_concerns()
            assert all(concern.chronology for concern in logged)
            assert {c.reference for c in logged} == {f"TA-2026-{k:04d}" for k in range(1, len(logged) + 1)}
        finally:
            await into.close()


async def test_a_restore_forgets_again_what_was_forgotten_since(told, another_ledger, tmp_path, other_store):
    tombs = tmp_path / "forgotten"
    ledger = await another_ledger(tombs=tombs)
    await ledger.backup(tmp_path / "b")
    id_ = await forget(told, ledger)
    assert id_ in tombs.read_text()
    restored = await another_ledger(other_store, tombs=tombs)
    await restored.restore(tmp_path / "b")
    assert await restored.by_reference(REF) is None
    assert other_store.rows("select key, sealed from concerns where id = ?", id_) == [(None, None)]
    assert (await restored.audit()).breaks == ()
    assert await restored.lease_due(told.clock.now()) is not None
    assert other_store.rows("select stage, next_at from concerns where id = ?", id_) == [("closed", None)]
    assert other_store.rows("select concern, reference, why from tombstones") == [
        (id_, REF, "forgotten before this backup was restored")
    ]
    logged = other_store.rows("select logged_at from concerns where id = ?", id_)
    assert other_store.rows("select logged_at from tombstones") == logged
    assert REF not in [concern.reference for concern in await restored.open_concerns()]
    await restored.note_tombs()
    assert tombs.read_text().count(id_) == 1


async def test_what_was_forgotten_before_the_backup_keeps_its_own_tombstone(
    told, another_ledger, tmp_path, other_store
):
    tombs = tmp_path / "forgotten"
    ledger = await another_ledger(tombs=tombs)
    await forget(told, ledger)
    before = told.rows("select why, who from tombstones")
    await ledger.backup(tmp_path / "b")
    restored = await another_ledger(other_store, tombs=tombs)
    await restored.restore(tmp_path / "b")
    assert other_store.rows("select why, who from tombstones") == before
    assert (await restored.audit()).breaks == ()


async def test_a_crash_between_forgetting_and_noting_it_leaves_no_gap(told, another_ledger, tmp_path):
    id_ = await forget(told)  # this ledger notes nothing outside
    await another_ledger(tombs=tmp_path / "forgotten")
    assert id_ in (tmp_path / "forgotten").read_text()
    await another_ledger(tombs=tmp_path / "forgotten")
    assert (tmp_path / "forgotten").read_text().count(id_) == 1


async def test_a_database_with_concerns_in_it_is_not_restored_over(told, tmp_path):
    await told.ledger.backup(tmp_path / "b")
    before = plain(told.store)
    with pytest.raises(LedgerDownError):
        await told.ledger.restore(tmp_path / "b")
    assert plain(told.store) == before


@pytest.mark.parametrize("damage", ["cut", "short", "other", "no gzip", "empty", "flipped"])
async def test_what_is_not_a_whole_backup_is_refused_and_changes_nothing(
    told, another_ledger, tmp_path, other_store, damage
):
    file = tmp_path / "b"
    await told.ledger.backup(file)
    whole = file.read_bytes()
    lines = gzip.decompress(whole).splitlines(keepends=True)
    file.write_bytes(
        {
            "cut": whole[: len(whole) // 2],
            "short": gzip.compress(b"".join(lines[:-3])),
            "other": gzip.compress(json.dumps({"format": "other"}).encode()),
            "no gzip": b"not a backup at all",
            "empty": b"",
            "flipped": whole[:200] + bytes([whole[200] ^ 255]) + whole[201:],
        }[damage]
    )
    restored = await another_ledger(other_store)
    before = plain(other_store)
    with pytest.raises(NotABackupError):
        await restored.restore(file)
    assert plain(other_store) == before


async def test_which_messages_were_heard_is_forgotten_only_when_no_chat_delivers_them_again(school):
    await school.log()
    heard = school.rows("select event from heard")
    school.clock.forward(days=29)
    await school.bell.forget_events(school.clock.now())
    assert school.rows("select event from heard") == heard != []
    school.clock.forward(days=2)
    await school.bell.forget_events(school.clock.now())
    assert school.rows("select event from heard") == []
