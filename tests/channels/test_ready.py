"""Over real HTTP, on days when a promise could not be kept: 503 with the reason, and whoever sends is told that it was not sent."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.server import utc_now
from bot import LedgerDownError
from tests.channels.school import DEADLINE, WORDS, Page, School, come_true, serving
from tests.core.stores import File, Postgres


async def ready(school: School) -> tuple[int, dict[str, Any]]:
    async with aiohttp.ClientSession() as session, session.get(f"{school.url}readyz") as answer:
        return answer.status, await answer.json()


async def is_not_ready(school: School, part: str) -> str:
    """Claim so; why."""
    status, said = await ready(school)
    assert status == 503, json.dumps(said)
    assert said["ready"] is False
    return str(said["wrong"][part])


@asynccontextmanager
async def about_to_send(school: School) -> AsyncIterator[Page]:
    """A page on which everything is filled in, and nothing is sent."""
    async with Page.open(school.url) as page:
        await page.seat("teacher").writes_a_concern()
        yield page


async def is_told_that_it_was_not_sent(page: Page) -> None:
    drawn = await page.seat("teacher").presses(WORDS.send_button)
    assert WORDS.not_sent_title in drawn.titles
    assert "01" in drawn.text  # a number to ring


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of a few megabytes. Only where this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk(small_disk: Path) -> None:
    async with serving(small_disk) as school, about_to_send(school) as page:
        filler = small_disk / "everything else"
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 4096)
        assert "full" in await is_not_ready(school, "database")
        await is_told_that_it_was_not_sent(page)
        filler.unlink()
        assert (await ready(school))[0] == 200
        assert "TA-" in (await page.seat("teacher").presses(WORDS.send_button)).text


async def test_a_disk_that_may_only_be_read_is_refused_at_the_start(small_disk: Path) -> None:
    async with serving(small_disk):
        pass
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(LedgerDownError):
        async with serving(small_disk):
            pass


async def test_a_file_damaged_in_the_middle(tmp_path: Path) -> None:
    async with serving(tmp_path) as school, about_to_send(school) as page:
        for file in (school.database, school.database.with_name(school.database.name + "-wal")):
            with file.open("r+b") as raw:
                raw.write(b"\xa5" * file.stat().st_size)
        assert await is_not_ready(school, "database")
        await is_told_that_it_was_not_sent(page)


async def test_keys_that_are_not_those_it_was_sealed_under(tmp_path: Path) -> None:
    async with serving(tmp_path) as school, Page.open(school.url) as page:
        await page.seat("teacher").logs_a_concern()
    (key,) = [file for file in tmp_path.rglob("*") if file.is_file() and "key" in file.name]
    key.unlink()
    async with serving(tmp_path) as school, about_to_send(school) as page:
        assert "SIGNPOST_KEYS" in await is_not_ready(school, "database")
        await is_told_that_it_was_not_sent(page)


async def test_a_route_whose_proof_failed_while_everything_is_still_saved(tmp_path: Path) -> None:
    async with serving(tmp_path) as school, about_to_send(school) as page:
        await school.signpost.ledger.route_failed("web", "the place is archived", utc_now())
        assert await is_not_ready(school, "route web") == "the place is archived"
        assert "TA-" in (await page.seat("teacher").presses(WORDS.send_button)).text


async def test_a_bell_whose_rounds_do_not_end_well_until_one_does(tmp_path: Path) -> None:
    async with serving(tmp_path) as school, about_to_send(school) as page:
        await page.seat("teacher").presses(WORDS.send_button)
        assert (await ready(school))[0] == 200
        damaged = File(school.database)
        # By a thread: in the loop it would wait for a write that only the loop can end.
        await asyncio.to_thread(damaged.alter, "update concerns set seen = 'x', next_at = '2026-01-01 00:00:00.000000'")
        await come_true(lambda: school.signpost.stumbled, "a round that stumbles over it")
        assert "did not end well" in await is_not_ready(school, "bell")
        await asyncio.to_thread(damaged.alter, "update concerns set seen = 1")
        await come_true(lambda: not school.signpost.stumbled, "a good round")
        assert (await ready(school))[0] == 200


async def test_a_database_server_that_stops_and_comes_back(tmp_path: Path, fragile: Postgres) -> None:
    async with serving(tmp_path, fragile.fresh().url) as school, about_to_send(school) as page:
        assert (await ready(school))[0] == 200
        fragile.stop()
        assert await is_not_ready(school, "database")
        await is_told_that_it_was_not_sent(page)
        fragile.start()
        deadline = time.monotonic() + DEADLINE
        while (await ready(school))[0] != 200:
            assert time.monotonic() < deadline, "never ready again"
        assert "TA-" in (await page.seat("teacher").presses(WORDS.send_button)).text
