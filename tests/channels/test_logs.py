"""The canary: whole stories with a marker in every field at DEBUG, and the marker is nowhere but before the people it is for."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest
import structlog

from adapters import logs, practice
from adapters.server import Signpost
from bot import Alert, Message, Person, Sent, Words, open_ledger
from tests.channels.school import (
    ACCOUNT,
    DEADLINE,
    LIBRARY,
    WORDS,
    Demo,
    Page,
    environment,
    practice_shelf,
    reference_in,
    serving,
    signpost,
)

MARK = "Quillfeather"  # in no content, no name and no path
TYPED = f"{MARK} said it to Sir"


def holds_mark(held: bytes) -> bool:
    """Is the marker in these bytes, plainly or in the ways that text is usually wrapped?"""
    word = MARK.encode()
    wrapped = [word, MARK.encode("utf-16-le"), word.hex().encode(), MARK[::-1].encode()]
    # Base64 of the middle of the word, at each of the three places it can begin in a group.
    wrapped += [base64.b64encode(word[skip : skip + 9]) for skip in range(3)]
    return any(form.lower() in held.lower() for form in wrapped)


async def everything_that_can_happen(page: Page, url: str) -> str:
    """One of everything, the marker wherever a person can write. Gives the concern's reference."""
    teacher, dsl, visitor = page.seat("teacher"), page.seat("dsl"), page.seat("visitor")
    await teacher.says(f"{TYPED}, is it only banter")
    await teacher.says(f"{MARK} wants to kill herself tonight")
    await teacher.says(MARK)
    await visitor.says(TYPED)

    await teacher.presses(WORDS.triage_button)
    await teacher.says(TYPED)
    await teacher.presses(WORDS.form_unsure)
    await teacher.presses(WORDS.log_these_answers)
    if WORDS.about_pupils in teacher.pane[-1].labels:
        await teacher.presses(WORDS.about_pupils)
    keys = [field["key"] for field in teacher.pane[-1].form["fields"]]
    await teacher.fills(dict.fromkeys(keys, TYPED) | {MARK: TYPED})
    await teacher.says(TYPED)
    await teacher.fills(dict.fromkeys(keys, TYPED), press="another-child")
    right = {
        "date": "2026-01-05",
        "time": "09:30",
        "child-1-role": "alleged",
        "child-2": MARK,
        "child-2-role": "harmed",
    }
    await teacher.fills(dict.fromkeys(keys, TYPED) | ACCOUNT | {"child-1": MARK, "happened": TYPED} | right)
    await teacher.presses(WORDS.change_button)
    await teacher.fills({})
    reference = reference_in(await teacher.presses(WORDS.send_button))

    await bad_frames(page, url)
    await dsl.is_told(reference)
    assert TYPED in (await dsl.presses(WORDS.open_button)).text, "the marker did get where it should"
    await dsl.presses(WORDS.acknowledge_button)
    await teacher.is_told("has been seen")
    await teacher.says("log a concern: " + TYPED)
    await teacher.says("stop")
    return reference


async def bad_frames(page: Page, url: str) -> None:
    """The marker in what is no frame, no request, no HTTP."""
    say = {"type": "say", "seat": "teacher", "event": "x", "words": TYPED}
    for frame in (
        MARK,
        [MARK],
        {**say, "seat": MARK},
        {**say, "type": MARK},
        {**say, MARK: MARK},
        {**say, "words": [MARK]},
    ):
        await page.socket.send_str(json.dumps(frame))
    await page.socket.send_str(f'{{"words": "{MARK}')
    await page.socket.send_str(json.dumps(say).replace("Sir", "\\ud800"))
    end = "Host: 127.0.0.1\r\nConnection: close\r\n\r\n"
    for request in (
        f"GET /{MARK}?q={MARK} HTTP/1.1\r\n{end}",
        f"GET / HTTP/1.1\r\nX-{MARK}: {MARK}\r\n{end}",
        f"{MARK}\r\n\r\n",
    ):
        await raw(url, request)


async def raw(url: str, request: str) -> None:
    host, _, port = url.removeprefix("http://").strip("/").partition(":")
    reading, writing = await asyncio.open_connection(host, int(port))
    try:
        writing.write(request.encode())
        async with asyncio.timeout(DEADLINE):
            assert (await reading.read()).startswith(b"HTTP/1.")
    finally:
        writing.close()
        await writing.wait_closed()


async def without_a_database(page: Page) -> None:
    """The marker in what can no longer be saved."""
    teacher = page.seat("teacher")
    await teacher.writes_a_concern(ACCOUNT | {"happened": TYPED})
    await teacher.page.seat("head").says(TYPED)


def shown_to_those_who_are_told(page: Page) -> str:
    return "\n".join(
        drawn.text for seat in ("dsl", "head", "chair") for drawn in page.seat(seat).pane if drawn.by != "you"
    )


async def test_words_are_in_no_log_no_alert_and_no_byte_on_disk(tmp_path: Path) -> None:
    settings = {"log_level": "DEBUG"}
    with Demo(tmp_path / "data", settings=settings) as demo:
        async with Page.open(demo.url) as page:
            reference = await everything_that_can_happen(page, demo.url)
            assert not holds_mark(shown_to_those_who_are_told(page).encode())
            database = demo.data / "practice" / "practice.db"
            database.rename(database.with_suffix(".away"))
            await without_a_database(page)
        logged = demo.err.read_bytes() + demo.out.read_bytes()

    for proof in (b'"delivered"', b'"frame_refused"', b'"level": "debug"'):
        assert proof in logged, "the log was looked at while it was being written"
    assert not holds_mark(logged)
    kept = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert any(reference.encode() in held for held in kept.values()), "the record was looked at"
    assert [path for path, held in kept.items() if holds_mark(held)] == []


@pytest.fixture
def talkative() -> Iterator[Callable[[], str]]:
    """Our logs in this process, with every library made to say all it can. Gives what has been logged."""
    root, before, logged = logging.getLogger(), logging.getLogger().handlers[:], io.StringIO()
    logs.set_up("DEBUG")
    assert isinstance(root.handlers[0], logging.StreamHandler)
    root.handlers[0].setStream(logged)
    for name in logs._QUIET:
        logging.getLogger(name).setLevel("DEBUG")
    yield logged.getvalue
    root.handlers[:] = before
    root.setLevel("WARNING")
    for name in logs._QUIET:
        logging.getLogger(name).setLevel("NOTSET")
    structlog.reset_defaults()


async def test_words_are_in_no_log_of_any_library_however_talkative(
    talkative: Callable[[], str], tmp_path: Path
) -> None:
    async with serving(tmp_path) as school, Page.open(school.url) as page:
        await everything_that_can_happen(page, school.url)
        school.database.unlink()
        await without_a_database(page)

    logged = talkative()
    for proof in ("INSERT INTO concerns", '"signpost.bell"', '"aiohttp.server"'):
        assert proof in logged, "everybody was listened to"
    assert [line for line in logged.splitlines() if holds_mark(line.encode())] == []


def test_a_question_asked_in_the_terminal_is_not_logged() -> None:
    done = signpost("ask", f"{TYPED}, is it only banter", log_level="DEBUG")

    assert done.returncode == 0
    assert not holds_mark(done.stderr.encode())


# ---- tracebacks


class Broken:
    """A chat whose own fault quotes what it was asked to show."""

    name = "web"

    async def deliver(self, alert: Alert) -> NoReturn:
        raise RuntimeError(f"could not show {TYPED} to {alert.told}")

    async def members(self, _place: str) -> frozenset[str]:
        return frozenset({"web:dsl"})


async def test_what_a_broken_chat_says_is_neither_logged_nor_kept(talkative: Callable[[], str], tmp_path: Path) -> None:
    now = datetime.now(UTC)
    ledger = await open_ledger(
        f"sqlite+aiosqlite:///{tmp_path / 'x.db'}", practice.vault(tmp_path), LIBRARY.school.short
    )
    parts = Signpost.of(practice_shelf(), ledger, {"web": Broken()})
    visitor = Person("web:visitor", Words(TYPED), staff=False)
    await parts.desk.hear(Message("1", visitor, form=Sent(TYPED, {MARK: Words(TYPED)})), now)

    assert await parts.bell.ring_due(now) == 1

    await ledger.close()
    logged = talkative()
    assert "RuntimeError" in logged, "what kind of fault it was"
    assert [line for line in logged.splitlines() if holds_mark(line.encode())] == []
    assert not any(holds_mark(path.read_bytes()) for path in tmp_path.iterdir())


_FALLING = """
import asyncio, logging, structlog, sys
from adapters import logs
logs.set_up("DEBUG")
MARK = sys.argv[1]

def fall():
    try:
        raise KeyError(MARK)
    except KeyError as error:
        raise ValueError(f"{MARK} broke it") from error

async def forgotten():
    fall()

async def main():
    for log in (structlog.get_logger("signpost.x"), logging.getLogger("aiohttp.server")):
        try:
            fall()
        except ValueError:
            log.exception("it fell")
            log.error("it fell again", exc_info=True)
    if sys.argv[2] == "forgotten":
        task = asyncio.create_task(forgotten())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del task

asyncio.run(main())
"""


def log_of(how: str) -> str:
    command = [sys.executable, "-c", _FALLING, MARK, how]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=30, check=True)
    return done.stderr + done.stdout


def test_a_traceback_names_places_and_quotes_nothing() -> None:
    logged = log_of("caught")

    entries = [json.loads(line) for line in logged.splitlines()]
    assert [entry["error"] for entry in entries] == ["ValueError"] * 4
    assert all(entry["at"] for entry in entries), "where it happened"
    assert not holds_mark(logged.encode())


def test_a_fault_that_nobody_was_waiting_for_quotes_nothing_either() -> None:
    logged = log_of("forgotten")

    assert "never retrieved" in logged
    assert not holds_mark(logged.encode())
