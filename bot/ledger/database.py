"""The database underneath the ledger: one engine, one way to have a transaction, and what its refusals mean.

SQLite by default, PostgreSQL by URL (psycopg 3: one driver for queries and for LISTEN, sync and async).
Whatever the database refuses becomes `LedgerDownError`, after which nothing has been saved.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.vault import SealBrokenError

_PATIENCE = 1.5  # seconds to wait for another writer: a reply is due within Slack's three
_LAST = 5.0  # seconds to let go of the database
_DUE = "signpost_due"  # the PostgreSQL channel on which replicas tell each other that an alert is due


class LedgerDownError(Exception):
    """The database did not save it: gone, full, locked or damaged. `str()` says which, without words."""


class AlreadyHeardError(Exception):
    """This event was dealt with before."""


class ChangedMeanwhileError(Exception):
    """Another event changed the same thing first. Read it again and decide anew."""


class Database:
    """An engine that is ready, and transactions on it."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Use `open_engine` to get an engine that is ready."""
        self._engine = engine
        file = engine.url.database if engine.dialect.name == "sqlite" else None
        self._file = _FileWatch(Path(file)) if file and file != ":memory:" else None
        self._due: Callable[[], None] = lambda: None
        # SQLite has one writer at a time; its own queue is a lottery, in which the unlucky wait for ever.
        self._turns: AbstractAsyncContextManager[object] = nullcontext() if self.postgres else asyncio.Lock()

    @property
    def postgres(self) -> bool:
        """True on PostgreSQL, where several replicas may share the database."""
        return self._engine.dialect.name == "postgresql"

    async def close(self) -> None:
        """Let go of the database. A connection that was interrupted in its work must not keep the process alive."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._engine.dispose(), _LAST)

    async def ping(self) -> None:
        """Raise `LedgerDownError` unless the database takes a write now: a full disk still reads."""
        async with self.transaction() as db:
            await db.execute(text("UPDATE pulse SET beats = (beats + 1) % 1000000"))

    async def clock_skew(self, now: datetime) -> float:
        """By how many seconds the database's clock is ahead of `now`. SQLite has no clock of its own: 0."""
        if not self.postgres:
            return 0.0
        async with self.transaction() as db:
            there = (await db.execute(text("SELECT clock_timestamp()"))).scalar_one()
        return float((there.astimezone(UTC) - now).total_seconds())

    def when_due(self, wake: Callable[[], None]) -> None:
        """Call `wake` after each commit of this process that made an alert due."""
        self._due = wake

    async def listen(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever any replica makes an alert due, for ever. On SQLite, where there is only
        this process, it returns at once. A lost connection is opened again; meanwhile the bell polls.
        """
        if not self.postgres:
            return
        dsn = self._engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as listener:
                    await listener.execute(f"LISTEN {_DUE}")
                    async for _ in listener.notifies():
                        wake()
            except psycopg.Error:
                await asyncio.sleep(1)

    @asynccontextmanager
    async def transaction(self, *, rings: bool = False) -> AsyncIterator[AsyncConnection]:
        """One transaction, committed at the end or not at all. With `rings` it makes an alert due."""
        try:
            async with self._turns:
                if self._file:
                    self._file.check()
                async with self._engine.begin() as db:
                    yield db
                    if rings and self.postgres:
                        await db.execute(text(f"NOTIFY {_DUE}"))
                if self._file:
                    self._file.check()
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise _down(error) from None
        except SealBrokenError as error:
            raise LedgerDownError(str(error)) from None
        if rings:
            self._due()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """One moment's state, read while others write."""
        options = {"isolation_level": "REPEATABLE READ"} if self.postgres else {"reading": True}
        try:
            if self._file:
                self._file.check()
            async with self._engine.connect() as connection:
                db = await connection.execution_options(**options)
                async with db.begin():
                    yield db
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise _down(error) from None
        except SealBrokenError as error:
            raise LedgerDownError(str(error)) from None


async def open_engine(url: str, *, migrate: bool | None = None) -> AsyncEngine:
    """The engine at a SQLAlchemy URL: `sqlite+aiosqlite:///file` or `postgresql://…`.

    The tables are brought up to date on SQLite; on PostgreSQL only if `migrate`, because replicas
    start together: `signpost db upgrade` does it. Raises `LedgerDownError`.
    """
    from bot.ledger import migrating  # noqa: PLC0415 (Alembic is slow to load, and a question needs no database)

    engine = make_engine(url)
    if migrate is None:
        migrate = engine.dialect.name == "sqlite"
    try:
        for patience in (0.2, 0.5, 1.0, 2.0, 4.0, 0.0):
            try:
                async with engine.begin() as db:
                    await db.run_sync(migrating.upgrade if migrate else migrating.must_be_current)
                break
            except OperationalError as error:
                # Another process is making the same new file: it will be done in a moment.
                if not patience or "locked" not in str(error.orig):
                    raise
            await asyncio.sleep(patience)
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        await engine.dispose()
        raise _down(error) from None
    except LedgerDownError:
        await engine.dispose()
        raise
    return engine


def make_engine(url: str) -> AsyncEngine:
    """An engine whose errors quote no values. Raises `LedgerDownError` for a URL that is none of ours."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise LedgerDownError("SIGNPOST_DATABASE_URL is not a database URL") from None
    if parsed.get_backend_name() == "sqlite":
        engine = create_async_engine(
            parsed.set(drivername="sqlite+aiosqlite"), hide_parameters=True, pool_size=8, max_overflow=0, pool_timeout=2
        )
        _be_durable(engine)
        return engine
    if parsed.get_backend_name() != "postgresql":
        raise LedgerDownError("SIGNPOST_DATABASE_URL must begin sqlite: or postgresql:")
    return create_async_engine(
        parsed.set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_pre_ping=True,  # PostgreSQL may have been restarted since the connection was last used
        pool_size=10,
        pool_timeout=2,
        connect_args={"connect_timeout": 2, "options": "-c lock_timeout=2000 -c statement_timeout=5000"},
    )


def unique_violation(error: IntegrityError) -> bool:
    """True if a row with this key was already there, and not some other rule broken."""
    cause = str(error.orig).lower()
    return "unique" in cause or "primary key" in cause


def _down(error: BaseException) -> LedgerDownError:
    cause = getattr(error, "orig", None) or error
    return LedgerDownError(f"{type(cause).__name__}: {_first_line(cause)}")


def _first_line(error: object) -> str:
    """The first line of the database's own complaint. Statements and their values are never in it."""
    return str(error).splitlines()[0][:300] if str(error) else "no reason given"


class _FileWatch:
    """Notices that SQLite's file was taken away. SQLite itself would go on writing to the unlinked file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._was: tuple[int, int] | None = None

    def check(self) -> None:
        """Raise `LedgerDownError` unless the file is still the one that was first seen."""
        try:
            found = self._path.stat()
        except OSError as error:
            raise LedgerDownError(f"the database file is gone: {error.strerror}") from None
        identity = (found.st_dev, found.st_ino)
        if self._was is None:
            self._was = identity
        elif identity != self._was:
            raise LedgerDownError("the database file was replaced while Signpost was running")


def _be_durable(engine: AsyncEngine) -> None:
    """SQLite as the design asks: on disk before we say so, and one writer at a time from the start.

    A transaction begins as a writer: the driver's own habit of beginning late would let two
    writers read first and then refuse one of them.
    """

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        # A damaged letter must not keep the rows beside it from being read.
        connection.driver_connection.text_factory = lambda raw: raw.decode(errors="replace")
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={int(_PATIENCE * 1000)}",
            "secure_delete=ON",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
