"""A practice school to test against: served in this process or in one of its own, and a page open on it.

Nothing here sleeps for a guess: whatever must come is waited for until `DEADLINE`, and its absence is a failure.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import web

from adapters import practice
from adapters.server import Signpost, served
from adapters.shelf import Shelf
from adapters.web.channel import WebChannel, only_this_computer
from bot import open_ledger
from policy_content import load

DEADLINE = 20.0  # seconds after which what has not come never will
LIBRARY = practice.dress(load())
WORDS = LIBRARY.wording
COMMAND = Path(sys.executable).with_name("signpost")

# What a teacher fills in when the test is about something else. No word of it is a name of the practice people.
ACCOUNT = {
    "now": "no",
    "child-1": "Robin Ashdown, 8B",
    "child-1-role": "harmed",
    "happened": "Robin said that somebody had taken the bag and would not give it back.",
    "images": "no",
}
ABOUT_AN_ADULT = {
    "now": "no",
    "adult": "Casey Thornbury, coach",
    "happened": "Casey shouted at a pupil in the corridor.",
}


# ---- the command, and the demo as a process


def environment(**settings: str | Path) -> dict[str, str]:
    """This environment without anything of Signpost's own but `settings`: data="…" is SIGNPOST_DATA."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("SIGNPOST_")}
    return {**kept, **{f"SIGNPOST_{name.upper()}": str(value) for name, value in settings.items()}}


def signpost(
    *arguments: str | Path, typed: str | bytes = "", **settings: str | Path
) -> subprocess.CompletedProcess[str]:
    """Run `signpost` with these arguments to its end."""
    command = [COMMAND, *map(str, arguments)]
    stdin = typed if isinstance(typed, bytes) else typed.encode()
    try:
        done = subprocess.run(
            command, input=stdin, capture_output=True, env=environment(**settings), timeout=45, check=False
        )
    except subprocess.TimeoutExpired as late:
        raise AssertionError(f"it never ended: signpost {arguments}; it had said {late.stdout}") from None
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


def wait_until(condition: Callable[[], Any], what: str, seconds: float = DEADLINE) -> Any:
    """What `condition` gives once it is true. `what` says what never came."""
    give_up = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < give_up, f"never came: {what}"
        time.sleep(0.01)
    return found


@dataclass
class Demo:
    """`signpost demo` as a process of its own. What it prints and logs is kept in files beside its data."""

    data: Path
    port: int = 0
    settings: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    url: str = ""

    def start(self) -> None:
        """Start it, and wait until it has said where it is."""
        self.out, self.err = self.data.parent / f"{self.data.name}.out", self.data.parent / f"{self.data.name}.err"
        with self.out.open("wb") as out, self.err.open("ab") as err:
            self.process = subprocess.Popen(
                [COMMAND, "demo", *self.arguments],
                env=environment(data=self.data, port=str(self.port), **self.settings),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        self.url = wait_until(self._printed, "the address of the demo", 4 * DEADLINE)  # it may have to learn first

    def kill(self) -> None:
        """End it as a power cut would: kill -9."""
        self.process.kill()
        self.process.wait(DEADLINE)

    def interrupt(self) -> int:
        """End it as Ctrl-C would. Gives its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(DEADLINE)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _printed(self) -> str:
        assert self.process.poll() is None, f"the demo ended: {self.err.read_text()}"
        found = re.search(r"http://\S+", self.out.read_text())
        return found.group(0) if found else ""


# ---- the demo in this process


@cache
def practice_shelf() -> Shelf:
    """The shipped content with practice people, read once however many schools there are."""
    return Shelf(None, None, practice.dress)


@dataclass(frozen=True)
class School:
    """The demo, served on loopback by this process as `signpost demo` serves it."""

    url: str
    signpost: Signpost
    channel: WebChannel
    database: Path


@asynccontextmanager
async def serving(folder: Path, url: str = "") -> AsyncIterator[School]:
    """The practice school of this folder, on a free port; its database at `url`, or a file in the folder."""
    shelf = practice_shelf()
    home = practice.folder(folder)
    database = home / "practice.db"
    channel = WebChannel(shelf.guidance)
    url = url or f"sqlite+aiosqlite:///{database}"
    ledger = await open_ledger(url, practice.vault(home), LIBRARY.school.short)
    parts = Signpost.of(shelf, ledger, {channel.name: channel})
    site = web.Application(middlewares=[only_this_computer], client_max_size=2**20)
    site.add_routes([*parts.routes(), *channel.routes(parts.desk, ledger, parts.wake)])
    async with served(site, parts, "127.0.0.1", 0) as port:
        yield School(f"http://127.0.0.1:{port}/", parts, channel, database)
        # Left between two rings. That it may be left at any moment is claimed where a process can be killed for it.
        await come_true(lambda: parts.rests, "a moment in which the bell rests")


async def come_true(condition: Callable[[], Any], what: str) -> Any:
    """What `condition` gives once it is true, while everything else goes on."""
    give_up = time.monotonic() + DEADLINE
    while not (found := condition()):
        assert time.monotonic() < give_up, f"never came: {what}"
        await asyncio.sleep(0.005)
    return found


# ---- a page open on it


@dataclass(frozen=True)
class Drawn:
    """What one post shows, as a person reads it."""

    parts: tuple[dict[str, Any], ...] = ()
    words: str = ""
    by: str = "signpost"

    @property
    def titles(self) -> list[str]:
        """The titles of its cards and forms, in order."""
        return [part["title"] for part in self.parts if "title" in part]

    @property
    def text(self) -> str:
        """Every word of it that can be read."""
        return "\n".join([self.words, *(text for part in self.parts for text in _texts(part))])

    @property
    def labels(self) -> list[str]:
        """What its buttons say."""
        return [part["label"] for part in self.parts if part["kind"] == "choice"]

    @property
    def form(self) -> dict[str, Any]:
        """Its form."""
        return next(part for part in self.parts if part["kind"] == "form")

    def faults(self) -> dict[str, str]:
        """What its form says is wrong, by field."""
        return {field["key"]: field["error"] for field in self.form["fields"] if field["error"]}

    def values(self) -> dict[str, str]:
        """What its form holds, by field."""
        return {field["key"]: field["value"] for field in self.form["fields"] if field["value"]}

    def choice(self, label: str) -> str:
        """The id of the button that says this."""
        return next(part["id"] for part in self.parts if part["kind"] == "choice" and part["label"] == label)


def reference_in(drawn: Drawn) -> str:
    """The reference that it names, such as TA-2026-0042."""
    found = re.search(r"[A-Z]{2,5}-\d{4}-\d{4}", drawn.text)
    assert found, f"no reference in: {drawn.text}"
    return found.group(0)


def _texts(part: Any) -> Iterator[str]:
    """The strings of a part that are there to be read, in order."""
    if isinstance(part, list):
        for each in part:
            yield from _texts(each)
    if isinstance(part, dict):
        for key, value in part.items():
            if isinstance(value, str) and key not in {"kind", "id", "key", "tone"}:
                yield value
            yield from _texts(value)


class Page:
    """One WebSocket to the demo, and all that it has shown."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.hello: dict[str, Any] = {}
        self.posts: dict[str, dict[str, Drawn]] = {}
        self.dialogs: list[tuple[str, Drawn]] = []
        self.heard: list[str] = []

    @staticmethod
    @asynccontextmanager
    async def open(url: str, **options: Any) -> AsyncIterator[Page]:
        """A page that has been greeted."""
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{url}talk", **options) as socket:
            page = Page(socket)
            await page.until(lambda: page.posts.get("teacher"), "the welcome")
            yield page

    def seat(self, name: str) -> Seat:
        """Somebody at this page."""
        return Seat(self, name)

    async def send(self, frame: dict[str, Any]) -> None:
        """Send a frame, and wait for nothing."""
        await self.socket.send_str(json.dumps(frame))

    async def until(self, condition: Callable[[], Any], what: str) -> Any:
        """Take what arrives until `condition` is true."""
        try:
            async with asyncio.timeout(DEADLINE):
                while not (found := condition()):
                    self._take(await self.socket.receive())
        except TimeoutError:
            raise AssertionError(f"never came: {what}") from None
        return found

    async def does(self, seat: str, event: str = "", **frame: Any) -> Drawn:
        """Do one thing in a seat, and wait until it has been heard. Gives what came back to it."""
        event = event or str(uuid.uuid4())
        already, dialogs = self.heard.count(event), len(self.dialogs)
        await self.send({"seat": seat, "event": event, **frame})
        await self.until(lambda: self.heard.count(event) > already, "that it was heard")
        if len(self.dialogs) > dialogs:
            return self.dialogs[-1][1]
        return self.posts.get(seat, {}).get(f"re-{event}", Drawn())

    def _take(self, frame: aiohttp.WSMessage) -> None:
        assert frame.type is aiohttp.WSMsgType.TEXT, f"the socket ended: {frame.type.name} {frame.data}"
        got = json.loads(frame.data)
        match got["type"]:
            case "hello":
                self.hello = got
            case "post":
                shown = Drawn(tuple(got["parts"]), got["words"], got["by"])
                self.posts.setdefault(got["seat"], {})[got["id"]] = shown
            case "dialog":
                self.dialogs.append((got["seat"], Drawn(tuple(got["parts"]))))
            case "heard":
                self.heard.append(got["event"])


@dataclass(frozen=True)
class Seat:
    """One person at a page: what they do, and what they see."""

    page: Page
    name: str

    async def says(self, words: str, event: str = "") -> Drawn:
        """Type words and send them."""
        return await self.page.does(self.name, event, type="say", words=words)

    async def chooses(self, choice: str, event: str = "") -> Drawn:
        """Press the button that carries this id."""
        return await self.page.does(self.name, event, type="choose", choice=choice)

    async def presses(self, label: str, event: str = "") -> Drawn:
        """Press the newest button that says this."""
        shown = next(drawn for drawn in reversed(self.pane) if label in drawn.labels)
        return await self.chooses(shown.choice(label), event)

    async def fills(self, values: dict[str, str], press: str = "check", event: str = "") -> Drawn:
        """Fill in the newest form and press its button."""
        form = next(part for drawn in reversed(self.pane) for part in drawn.parts if part["kind"] == "form")
        return await self.page.does(self.name, event, type="send", form=form["id"], values=values, press=press)

    async def writes_a_concern(self, values: dict[str, str] = ACCOUNT, about: str = "pupils") -> Drawn:
        """Log a concern as far as check-your-answers."""
        await self.says("log a concern")
        await self.presses(getattr(WORDS, f"about_{about}"))
        return await self.fills(values)

    async def logs_a_concern(self, values: dict[str, str] = ACCOUNT, about: str = "pupils") -> str:
        """Log a concern and send it. Gives its reference."""
        await self.writes_a_concern(values, about)
        return reference_in(await self.presses(WORDS.send_button))

    async def is_told(self, words: str) -> Drawn:
        """Wait until Signpost shows this person a post with these words in it."""
        return await self.page.until(lambda: self._newest(words), f"“{words}” in the pane of {self.name}")

    def _newest(self, words: str) -> Drawn | None:
        return next((d for d in reversed(self.pane) if d.by == "signpost" and words in d.text), None)

    @property
    def pane(self) -> list[Drawn]:
        """All that is in this person's pane, in order."""
        return list(self.page.posts.get(self.name, {}).values())

    @property
    def sees(self) -> str:
        """Every word in this person's pane, their own too."""
        return "\n".join(drawn.text for drawn in self.pane)
