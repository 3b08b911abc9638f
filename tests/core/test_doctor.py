"""`signpost doctor`: whatever keeps an alert from being heard is said in four parts, and no secret with it."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest

from adapters import doctor
from adapters.practice import dress
from adapters.server import Signpost
from adapters.shelf import Shelf
from bot import LedgerDownError, Vault, new_master_key
from tests.core.stores import BOTH
from tests.core.terminal import KEY

STORES = BOTH


def parts(shown, what):
    """Where, why and what to do of the finding that begins so."""
    found = re.search(rf"{what}[^\n]*\n  where: (.+)\n  why: (.+)\n  what to do: (.+)", shown)
    assert found, shown
    return found.groups()


async def ask(terminal, url):
    return await asyncio.to_thread(lambda: terminal.run("doctor", SIGNPOST_DATABASE_URL=url))


async def test_a_database_that_is_well_is_gone_past(terminal, store):
    code, shown = await ask(terminal, store.url)
    assert code == 2  # no chat is connected
    assert "database" not in shown
    assert "no chat is connected" in shown


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_a_wrong_password_is_named_and_not_shown(terminal, store, postgres):
    url = postgres.lock(store, "the-right-one")
    code, shown = await ask(terminal, url.replace("USER", "locked:the-wrong-one"))
    where, why, hint = parts(shown, "the database cannot be used")
    assert code == 2
    assert store.name in where
    assert "password authentication failed" in why
    assert "user and password" in hint
    assert "the-wrong-one" not in shown
    assert "database" not in (await ask(terminal, url.replace("USER", "locked:the-right-one")))[1]


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_a_database_that_does_not_exist_is_to_be_made(terminal, store):
    _, shown = await ask(terminal, store.url.replace(store.name, "nowhere"))
    where, why, hint = parts(shown, "the database cannot be used")
    assert "nowhere" in where
    assert "does not exist" in why
    assert "Make the database" in hint


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_tables_that_are_not_upgraded_name_the_command(terminal, postgres, store):
    empty = postgres.empty()
    _, shown = await ask(terminal, empty.url)
    assert "signpost db upgrade" in parts(shown, "the database cannot be used")[2]
    code, _ = await asyncio.to_thread(lambda: terminal.run("db", "upgrade", SIGNPOST_DATABASE_URL=empty.url))
    assert code == 0
    assert "database" not in (await ask(terminal, empty.url))[1]
    postgres.drop(empty)


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_a_server_that_does_not_answer_is_to_be_started(terminal, store):
    _, shown = await ask(terminal, "postgresql://signpost:secret-word@127.0.0.1:1/signpost")
    where, why, hint = parts(shown, "the database cannot be used")
    assert where == "postgresql://signpost@127.0.0.1:1/signpost"
    assert "refused" in why
    assert "Start the database server" in hint
    assert "secret-word" not in shown


async def test_a_damaged_file_is_to_be_kept_and_a_backup_restored(terminal):
    terminal.store.path.write_bytes(b"not a database at all " * 500)
    code, shown = await asyncio.to_thread(terminal.run, "doctor")
    assert code == 2
    assert "signpost db restore" in parts(shown, "the database cannot be used")[2]


async def test_keys_that_are_not_there_are_said_in_four_parts(terminal):
    _, shown = await asyncio.to_thread(lambda: terminal.run("doctor", SIGNPOST_KEYS=""))
    assert "signpost keys new" in parts(shown, "SIGNPOST_KEYS is empty")[2]


# ---- put together in this process


@pytest.fixture
def look(new_school, new_channel, ledger, store, tmp_path):
    """What the doctor finds of a Signpost with these channels over the store."""

    async def at(now=None, names=("web", "console"), ledger=ledger):
        school = new_school(ledger, [new_channel(name) for name in names])
        signpost = Signpost.of(Shelf(None, tmp_path / "data", dress), ledger, school.channels)
        return {finding.what: finding for finding in await doctor.look(signpost, store.url, now or datetime.now(UTC))}

    return at


async def test_a_signpost_that_is_well_has_no_finding(look):
    assert await look() == {}


async def test_one_route_alone_is_a_finding(look):
    assert list(await look(names=("web",))) == ["only one route exists"]


async def test_what_the_outbox_holds_is_a_finding(look, school):
    await school.log()
    assert list(await look()) == ["1 alerts wait to be delivered"]


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
@pytest.mark.parametrize("off", [timedelta(minutes=10), -timedelta(minutes=10)])
async def test_two_clocks_that_disagree_are_a_finding(look, off):
    (found,) = (await look(datetime.now(UTC) + off)).values()
    assert found.what == "two clocks disagree"
    said = int(re.search(r"clock is ([+-]\d+) s", found.why)[1])
    assert abs(said + off.total_seconds()) < 60
    assert "NTP" in found.hint


async def test_keys_that_open_nothing_are_a_finding(look, school, another_ledger):
    await school.log()
    other = await another_ledger(keys=Vault.from_text(new_master_key("test")))
    (found,) = (await look(ledger=other)).values()
    assert "SIGNPOST_KEYS" in found.hint
    assert found.stops


def test_a_password_in_a_url_is_never_shown():
    for url in ("postgresql://u:p@ss:w/ord@h/d", "postgresql://u:secret@h:5/d?password=other"):
        found = doctor.of_database(LedgerDownError("connection refused"), url)
        assert not any(secret in str(found) for secret in ("p@ss", "ord", "secret", "other"))
    assert KEY not in str(found)
