"""The commands of those who look after Signpost, as a process of their own: what they do, what they show, how they end."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime

import pytest

from bot import Vault, open_ledger
from bot.ledger import Proof
from tests.core.terminal import KEY
from tests.core.test_email import Loopback, Post, free_port

REF = "TA-2026-0001"


@pytest.fixture
async def logged(terminal, new_school, guidance):
    """One concern in the terminal's database, rung once."""
    ledger = await open_ledger(terminal.store.url, Vault.from_text(KEY), "TA")
    school = new_school(ledger, file=terminal.store)
    await school.log(now="yes")
    await school.ring()
    await ledger.close()
    return school


async def test_audit_ends_well_or_names_the_entry_and_ends_otherwise(terminal, logged):
    code, shown = await asyncio.to_thread(terminal.run, "audit")
    assert (code, "1 entries checked, 0 breaks" in shown) == (0, True)
    terminal.store.alter("update chronology set what = 'closed'")
    code, shown = await asyncio.to_thread(terminal.run, "audit")
    assert code == 2
    assert f"BROKEN entry 1 ({REF}): changed" in shown
    assert "what to do:" in shown


async def test_the_list_and_the_history_show_no_name_and_no_word(terminal, logged):
    for arguments in (("concerns",), ("concerns", REF)):
        code, shown = await asyncio.to_thread(terminal.run, *arguments)
        assert code == 0
        assert re.search(rf"^{REF} +logged .* urgent LATE$", shown, re.MULTILINE)
        assert logged.MARK not in shown
        assert "teacher" not in shown
    assert re.search(r"concern 1\s+to dsl\s+by web\s+delivered", shown)
    code, shown = await asyncio.to_thread(terminal.run, "concerns", "TA-1999-0001")
    assert code == 2
    assert "there is no concern TA-1999-0001" in shown


async def test_a_backup_is_restored_into_an_empty_folder_and_not_over_a_full_one(terminal, logged, tmp_path):
    file, fresh = str(tmp_path / "backup"), {"SIGNPOST_DATA": str(tmp_path / "fresh")}
    assert (await asyncio.to_thread(terminal.run, "db", "backup", file))[0] == 0
    code, shown = await asyncio.to_thread(lambda: terminal.run("db", "restore", file, **fresh))
    assert (code, "1 entries verified, 0 breaks" in shown) == (0, True)
    assert REF in (await asyncio.to_thread(lambda: terminal.run("concerns", **fresh)))[1]
    code, shown = await asyncio.to_thread(lambda: terminal.run("db", "restore", file))
    assert (code, "not empty" in shown) == (2, True)
    (tmp_path / "no-backup").write_text("nothing")
    other = {"SIGNPOST_DATA": str(tmp_path / "other")}
    code, shown = await asyncio.to_thread(lambda: terminal.run("db", "restore", str(tmp_path / "no-backup"), **other))
    assert (code, "was not restored" in shown) == (2, True)


async def test_a_backup_of_a_broken_chain_is_restored_and_its_breaks_are_named(terminal, logged, tmp_path):
    terminal.store.alter("update chronology set what = 'closed'")
    file, fresh = str(tmp_path / "backup"), {"SIGNPOST_DATA": str(tmp_path / "fresh")}
    assert (await asyncio.to_thread(terminal.run, "db", "backup", file))[0] == 0
    code, shown = await asyncio.to_thread(lambda: terminal.run("db", "restore", file, **fresh))
    assert code == 1
    assert f"BROKEN entry 1 ({REF}): changed" in shown
    for part in ("does not verify", "why:", "restored all the same", "what to do:"):
        assert part in shown
    assert REF in (await asyncio.to_thread(lambda: terminal.run("concerns", **fresh)))[1]


async def test_keys_are_rotated_and_the_old_one_is_then_not_needed(terminal, logged):
    code, fresh = await asyncio.to_thread(terminal.run, "keys", "new", "2")
    fresh = fresh.strip()
    assert code == 0
    code, shown = await asyncio.to_thread(lambda: terminal.run("keys", "rotate", SIGNPOST_KEYS=f"{fresh},{KEY}"))
    assert (code, "3 keys wrapped" in shown) == (0, True)
    assert "start it again with both keys" in shown  # a serve that has only the old one can open nothing any more
    code, shown = await asyncio.to_thread(lambda: terminal.run("audit", SIGNPOST_KEYS=fresh))
    assert (code, "0 breaks" in shown) == (0, True)
    code, shown = await asyncio.to_thread(terminal.run, "audit")
    assert code == 2
    assert "SIGNPOST_KEYS" in shown


READS = [("audit",), ("db", "backup", "b"), ("keys", "rotate"), ("concerns",), ("drill",), ("drill", "--report")]


@pytest.mark.parametrize("command", READS, ids=" ".join)
def test_what_reads_the_record_makes_none_where_there_is_none(terminal, tmp_path, command):
    elsewhere = tmp_path / "mistyped"
    code, shown = terminal.run(*command, SIGNPOST_DATA=str(elsewhere))
    assert (code, f"there is no database: {elsewhere}" in shown) == (2, True)
    assert "why:" in shown
    assert "what to do: correct SIGNPOST_DATA" in shown
    assert not elsewhere.exists()


@pytest.mark.parametrize("command", [("audit",), ("doctor",), ("db", "upgrade")], ids=" ".join)
def test_a_database_that_was_there_and_is_gone_is_not_begun_again(terminal, tmp_path, command):
    assert terminal.run("db", "upgrade")[0] == 0
    file = str(tmp_path / "backup")
    assert terminal.run("db", "backup", file)[0] == 0
    terminal.store.path.unlink()
    code, shown = terminal.run(*command)
    assert (code, f"the database is gone: {terminal.store.path}" in shown) == (2, True)
    assert "To begin anew on purpose, delete" in shown
    assert not terminal.store.path.exists()
    assert terminal.run("db", "restore", file)[0] == 0  # a backup brings it back
    assert terminal.run("audit")[0] == 0
    terminal.store.path.unlink()
    (marker,) = terminal.data.glob("*.begun")
    marker.unlink()
    assert terminal.run("db", "upgrade")[0] == 0  # on purpose


async def test_a_drill_is_logged_once_a_term_and_reported(terminal):
    assert (await asyncio.to_thread(terminal.run, "db", "upgrade"))[0] == 0
    code, shown = await asyncio.to_thread(terminal.run, "drill", "--report")
    assert (code, "No drill" in shown) == (0, True)
    code, shown = await asyncio.to_thread(terminal.run, "drill")
    assert code == 0
    ref = re.search(r"DRILL (TA-\d+-\d+)", shown)[1]
    code, shown = await asyncio.to_thread(terminal.run, "drill")
    assert (code, "no drill was begun" in shown) == (2, True)
    assert (await asyncio.to_thread(terminal.run, "drill", "--again"))[0] == 0
    code, shown = await asyncio.to_thread(terminal.run, "drill", "--report")
    assert (code, ref in shown, "never yet" in shown) == (0, True, True)


async def test_doctor_says_in_parts_what_is_wrong(terminal):
    post = Post()
    server = Loopback(post, hostname="127.0.0.1", port=free_port())
    server.asks = False
    server.start()
    url = f"smtp://127.0.0.1:{server.port}?from=signpost@school.example"
    try:
        code, shown = await asyncio.to_thread(lambda: terminal.run("doctor", SIGNPOST_SMTP_URL=url))
    finally:
        server.stop()
    assert code == 2  # one route only
    assert "route email: proved" in shown
    assert "only one route exists" in shown
    assert post.messages == []
    code, shown = await asyncio.to_thread(lambda: terminal.run("doctor", SIGNPOST_SMTP_URL=url))
    assert code == 2
    assert "where: route email\n  why: the mail server cannot be reached" in shown
    for part in ("Signpost is not well", "why:", "what to do:"):
        assert part in shown


@pytest.mark.parametrize("command", [("audit",), ("concerns",), ("keys", "rotate"), ("doctor",), ("drill",)])
def test_without_keys_nothing_is_opened_and_no_key_is_made(terminal, command):
    code, shown = terminal.run(*command, SIGNPOST_KEYS="")
    assert (code, "SIGNPOST_KEYS" in shown) == (2, True)
    assert list(terminal.data.iterdir()) == [] or "signpost.db" not in {f.name for f in terminal.data.iterdir()}


async def test_a_proof_recorded_by_one_process_is_seen_by_another(terminal):
    ledger = await open_ledger(terminal.store.url, Vault.from_text(KEY), "TA")
    now = datetime.now(UTC)
    assert await ledger.claim_proof("email", now, now)
    await ledger.record_proof(Proof("email", now, None, None, "no answer"))
    await ledger.close()
    again = await open_ledger(terminal.store.url, Vault.from_text(KEY), "TA")
    assert [p.failure for p in await again.proofs()] == ["no answer"]
    await again.close()
