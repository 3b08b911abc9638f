"""All SQL. One method per thing that happens, one transaction per method.

Every method that changes something is told the event it follows from and notes it in the same
transaction: an event heard before raises `AlreadyHeardError` and changes nothing.
Whatever the database refuses becomes `LedgerDownError`, after which nothing has been saved.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Row, and_, delete, event, func, insert, or_, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot import tables as t
from bot.concern import Account, Concern, Entry, NewConcern, reference, told_to
from bot.talk import Person, Words
from bot.triage import Answer, Conversation
from bot.vault import SealBrokenError, Vault

_UNREADABLE = Account(Words("(cannot be unsealed: check SIGNPOST_KEYS)"), ())
LEASE = timedelta(seconds=60)
_PATIENCE = 1.5  # seconds to wait for another writer: a reply is due within Slack's three


class LedgerDownError(Exception):
    """The database did not save it: gone, full, locked or damaged. `str()` says which, without words."""


class AlreadyHeardError(Exception):
    """This event was dealt with before."""


class ChangedMeanwhileError(Exception):
    """Another event changed the same thing first. Read it again and decide anew."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is kept of a question. `score` is 0 to 1."""

    route: str
    topic: str | None
    score: float


@dataclass(frozen=True, slots=True)
class Due:
    """An alert this caller has leased: it alone sends it until the lease lapses.

    `kind` is concern, told (to the reporter) or outsider. `concern` is the record at the moment of
    leasing; `receipt` is the channel's id of the message if it only needs redrawing.
    """

    key: str
    kind: str
    told: str
    via: str
    tries: int
    lease_until: datetime
    receipt: str | None
    concern: Concern | None


class Ledger:
    """The school's record: conversations, concerns, their chronologies and the alerts due."""

    def __init__(self, engine: AsyncEngine, vault: Vault, short: str, database: Path | None = None) -> None:
        """`short` starts every reference. Use `open_ledger` to get one that is ready."""
        self._engine = engine
        self._vault = vault
        self._short = short
        self._file = _FileWatch(database) if database else None

    async def close(self) -> None:
        """Let go of the database."""
        await self._engine.dispose()

    async def ping(self) -> None:
        """Raise `LedgerDownError` unless the database can be written to now."""
        async with self._transaction():
            pass

    # ---- conversations

    async def conversation(self, person: str) -> tuple[Conversation, datetime] | None:
        """The person's open conversation and when it was last touched (UTC), or None."""
        async with self._transaction() as db:
            row = (await db.execute(select(t.conversations).where(t.conversations.c.person == person))).first()
        if row is None:
            return None
        held = json.loads(self._vault.open(row.key, f"conversations/{row.id}", "sealed", row.sealed))
        answers = tuple(Answer(step, value) for step, value in held["answers"])
        return Conversation(row.id, row.person, answers, held["draft"], row.version), row.touched_at

    async def keep_conversation(self, heard: str, conversation: Conversation, now: datetime) -> None:
        """Save where a conversation has got to. Raises `ChangedMeanwhileError` if it moved meanwhile."""
        owner = f"conversations/{conversation.id}"
        held = {"answers": [[a.step, a.value] for a in conversation.answers], "draft": dict(conversation.draft)}
        c = t.conversations.c
        async with self._transaction() as db:
            await _note(db, heard, now)
            row = (await db.execute(select(c.id, c.key, c.version).where(c.person == conversation.person))).first()
            if row is None and conversation.version == 0:
                key = self._vault.new_data_key(owner)
                sealed = self._vault.seal(key, owner, "sealed", json.dumps(held))
                await db.execute(
                    insert(t.conversations).values(
                        id=conversation.id,
                        person=conversation.person,
                        key=key,
                        sealed=sealed,
                        version=1,
                        touched_at=now,
                    )
                )
                return
            if row is None or row.id != conversation.id or row.version != conversation.version:
                raise ChangedMeanwhileError
            sealed = self._vault.seal(row.key, owner, "sealed", json.dumps(held))
            await db.execute(
                update(t.conversations)
                .where(c.id == row.id)
                .values(sealed=sealed, version=row.version + 1, touched_at=now)
            )

    async def end_conversation(self, heard: str, conversation: Conversation, now: datetime) -> None:
        """Throw the open conversation away, its draft with it."""
        async with self._transaction() as db:
            await _note(db, heard, now)
            await _close(db, conversation)

    async def note_question(self, heard: str, question: Question, now: datetime) -> None:
        """Keep what is kept of a question."""
        async with self._transaction() as db:
            await _note(db, heard, now)
            await db.execute(
                insert(t.questions).values(
                    at=now, route=question.route, topic=question.topic, score=round(question.score * 100)
                )
            )

    # ---- concerns

    async def log_concern(
        self, heard: str, new: NewConcern, conversation: Conversation, via: Sequence[str], now: datetime
    ) -> str:
        """Log a concern: the concern, its first chronology entry, its alerts and the closed
        conversation, all or nothing. Returns its reference.

        `via` names the channels in order of preference; the first rings first.
        """
        id_ = secrets.token_hex(16)
        owner = f"concerns/{id_}"
        key = self._vault.new_data_key(owner)
        async with self._transaction() as db:
            await _note(db, heard, now)
            await _close(db, conversation)
            ref = reference(self._short, now.year, await _next_number(db, now.year))
            await db.execute(
                insert(t.concerns).values(
                    id=id_,
                    reference=ref,
                    conversation=new.conversation,
                    about=new.about,
                    urgent=new.urgent,
                    stage="logged",
                    version=1,
                    reporter=new.reporter,
                    logged_at=now,
                    key=key,
                    sealed=self._vault.seal(key, owner, "account", new.account.to_text()),
                )
            )
            await self._enter(db, id_, key, 1, "logged", new.account.reporter, now)
            for told in told_to(new.about):
                await _enqueue(db, "concern", id_, told, via[0], now)
        return ref

    async def concern(self, id_: str) -> Concern | None:
        """The concern as the record has it, opened, or None."""
        async with self._transaction() as db:
            return await self._concern(db, id_)

    async def sent_as(self, conversation: str) -> str | None:
        """The reference under which a conversation was sent, or None."""
        async with self._transaction() as db:
            found = await db.execute(select(t.concerns.c.reference).where(t.concerns.c.conversation == conversation))
            return found.scalar_one_or_none()

    async def acknowledge(self, heard: str, concern: Concern, who: Person, now: datetime) -> Concern:
        """Record that a person has seen it, tell the reporter, and stop alerts not yet sent.

        Raises `ChangedMeanwhileError` if the concern moved since it was read.
        """
        async with self._transaction() as db:
            await _note(db, heard, now)
            await self._change(db, concern, "acknowledged", who, now, stage="acknowledged")
            reporter_via = concern.reporter.partition(":")[0]
            await _enqueue(db, "told", concern.id, f"person:{concern.reporter}", reporter_via, now)
            changed = await self._concern(db, concern.id)
        if changed is None:
            raise ChangedMeanwhileError
        return changed

    async def record_opening(self, heard: str, concern: Concern, who: Person, now: datetime) -> None:
        """Enter in the chronology that this person opened it. Nothing is shown unless this is saved."""
        async with self._transaction() as db:
            await _note(db, heard, now)
            await self._change(db, concern, "opened", who, now)

    async def note_outsider(self, heard: str, person: str, via: str, now: datetime) -> None:
        """Tell the DSL, once a day for each person, that someone outside staff wrote. Without the words."""
        day = f"outsider/{now:%Y-%m-%d}/{person}"
        async with self._transaction() as db:
            await _note(db, heard, now)
            if (await db.execute(select(t.alerts.c.key).where(t.alerts.c.key == day[:96]))).first() is None:
                await _enqueue(db, "outsider", None, "dsl", via, now, key=day[:96])

    # ---- the outbox

    async def lease_due(self, now: datetime, at_most: int = 20) -> list[Due]:
        """Lease the alerts that are due. A crash before `record_*` lets the lease lapse: they ring again."""
        a = t.alerts.c
        async with self._transaction() as db:
            free = or_(a.lease_until.is_(None), a.lease_until <= now)
            rows = (
                await db.execute(select(t.alerts).where(and_(a.due_at <= now, free)).order_by(a.due_at).limit(at_most))
            ).all()
            until = now + LEASE
            for row in rows:
                await db.execute(
                    update(t.alerts).where(a.key == row.key).values(lease_until=until, tries=row.tries + 1)
                )
            return [
                Due(
                    row.key,
                    row.kind,
                    row.told,
                    row.via,
                    row.tries + 1,
                    until,
                    row.receipt,
                    await self._record(db, row.concern),
                )
                for row in rows
            ]

    async def record_delivery(self, due: Due, receipt: str, now: datetime) -> None:
        """It is in front of people. If the concern has moved on meanwhile, it is due again, to be redrawn."""
        a = t.alerts.c
        drawn = due.concern.version if due.concern else 0
        async with self._transaction() as db:
            version = 0
            if due.concern:
                found = await db.execute(select(t.concerns.c.version).where(t.concerns.c.id == due.concern.id))
                version = found.scalar_one()
            redraw = due.kind == "concern" and version > drawn
            await db.execute(
                update(t.alerts)
                .where(a.key == due.key)
                .values(
                    receipt=receipt,
                    drawn=drawn,
                    due_at=now if redraw else None,
                    lease_until=None,
                    delivered_at=func.coalesce(a.delivered_at, now),
                    last_failure=None,
                    tries=0,
                )
            )

    async def record_failure(self, due: Due, reason: str, via: str, again_at: datetime) -> None:
        """It did not arrive: keep why, and ring again at `again_at`, by `via`."""
        async with self._transaction() as db:
            await db.execute(
                update(t.alerts)
                .where(t.alerts.c.key == due.key, t.alerts.c.due_at.is_not(None))
                .values(last_failure=reason[:255], via=via, due_at=again_at, lease_until=None)
            )

    async def ring_again(self, via: str, now: datetime, *, redraw: bool) -> None:
        """This channel can be reached again: what waits for it is due now. With `redraw`, so is every
        concern it has shown, because it has lost its screen.
        """
        a = t.alerts.c
        waiting = a.due_at.is_not(None)
        shown = and_(a.kind == "concern", a.delivered_at.is_not(None))
        async with self._transaction() as db:
            await db.execute(
                update(t.alerts)
                .where(a.via == via, or_(waiting, shown) if redraw else waiting)
                .values(due_at=now, lease_until=None)
            )

    # ---- within a transaction

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        """One transaction, committed at the end or not at all."""
        try:
            if self._file:
                self._file.check()
            async with self._engine.begin() as db:
                yield db
            if self._file:
                self._file.check()
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            cause = getattr(error, "orig", None) or error
            raise LedgerDownError(f"{type(cause).__name__}: {_first_line(cause)}") from None
        except SealBrokenError as error:
            raise LedgerDownError(str(error)) from None

    async def _record(self, db: AsyncConnection, id_: str | None) -> Concern | None:
        """The concern to ring about. One that no longer opens must still ring, and must not stop the others."""
        if id_ is None:
            return None
        try:
            return await self._concern(db, id_)
        except SealBrokenError:
            return await self._concern(db, id_, sealed=True)

    async def _concern(self, db: AsyncConnection, id_: str, *, sealed: bool = False) -> Concern | None:
        row = (await db.execute(select(t.concerns).where(t.concerns.c.id == id_))).first()
        if row is None:
            return None
        entries = await db.execute(
            select(t.chronology).where(t.chronology.c.concern == id_).order_by(t.chronology.c.number)
        )
        reached = await db.execute(
            select(t.alerts.c.told).where(t.alerts.c.concern == id_, t.alerts.c.kind == "concern").distinct()
        )
        owner = f"concerns/{id_}"
        return Concern(
            id=row.id,
            reference=row.reference,
            about=row.about,
            urgent=row.urgent,
            stage=row.stage,
            version=row.version,
            reporter=row.reporter,
            logged_at=row.logged_at,
            account=_UNREADABLE
            if sealed
            else Account.from_text(self._vault.open(row.key, owner, "account", row.sealed)),
            chronology=tuple(self._entry(row.key, owner, entry, sealed=sealed) for entry in entries),
            reached=frozenset(reached.scalars()),
        )

    def _entry(self, key: bytes, owner: str, row: Row[Any], *, sealed: bool) -> Entry:
        if sealed:
            return Entry(row.at, _UNREADABLE.reporter, row.what)
        who = self._vault.open(key, owner, f"chronology/{row.number}", row.sealed)
        return Entry(row.at, Words(who), row.what)

    async def _change(
        self, db: AsyncConnection, concern: Concern, what: str, who: Person, now: datetime, **values: str
    ) -> None:
        """Add an entry, set `values`, and make every card that shows the concern due to be redrawn."""
        c, a = t.concerns.c, t.alerts.c
        changed = await db.execute(
            update(t.concerns)
            .where(c.id == concern.id, c.version == concern.version)
            .values(version=concern.version + 1, **values)
        )
        if changed.rowcount != 1:
            raise ChangedMeanwhileError
        key = (await db.execute(select(c.key).where(c.id == concern.id))).scalar_one()
        await self._enter(db, concern.id, key, concern.version + 1, what, who.name, now)
        shown = and_(a.concern == concern.id, a.kind == "concern", a.receipt.is_not(None))
        await db.execute(update(t.alerts).where(shown).values(due_at=now))
        if what == "acknowledged":
            unsent = and_(a.concern == concern.id, a.kind == "concern", a.receipt.is_(None))
            await db.execute(update(t.alerts).where(unsent).values(due_at=None))

    async def _enter(
        self, db: AsyncConnection, id_: str, key: bytes, number: int, what: str, who: Words, now: datetime
    ) -> None:
        sealed = self._vault.seal(key, f"concerns/{id_}", f"chronology/{number}", who.reveal())
        await db.execute(insert(t.chronology).values(concern=id_, number=number, at=now, what=what, sealed=sealed))


async def _note(db: AsyncConnection, heard: str, now: datetime) -> None:
    """Note the event, or raise `AlreadyHeardError`."""
    try:
        await db.execute(insert(t.heard).values(event=heard[:255], at=now))
    except IntegrityError:
        raise AlreadyHeardError from None


async def _close(db: AsyncConnection, conversation: Conversation) -> None:
    c = t.conversations.c
    gone = await db.execute(delete(t.conversations).where(c.id == conversation.id, c.version == conversation.version))
    if gone.rowcount != 1:
        raise ChangedMeanwhileError


async def _next_number(db: AsyncConnection, year: int) -> int:
    last = (await db.execute(select(t.numbers.c.last).where(t.numbers.c.year == year))).scalar_one_or_none()
    if last is None:
        await db.execute(insert(t.numbers).values(year=year, last=1))
        return 1
    await db.execute(update(t.numbers).where(t.numbers.c.year == year).values(last=last + 1))
    return int(last) + 1


async def _enqueue(
    db: AsyncConnection, kind: str, concern: str | None, told: str, via: str, now: datetime, *, key: str = ""
) -> None:
    await db.execute(
        insert(t.alerts).values(
            key=key or f"{kind}/{secrets.token_hex(12)}",
            kind=kind,
            concern=concern,
            told=told,
            via=via,
            tries=0,
            due_at=now,
            drawn=0,
        )
    )


def _first_line(error: object) -> str:
    """The first line of the database's own complaint. Statements and their values are never in it."""
    return str(error).splitlines()[0][:120] if str(error) else "no reason given"


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


async def open_ledger(url: str, vault: Vault, short: str) -> Ledger:
    """The ledger at a SQLAlchemy URL (`sqlite+aiosqlite:///file`), its tables brought up to date.

    Raises `LedgerDownError`.
    """
    engine = create_async_engine(url, hide_parameters=True)
    file = make_url(url).database if engine.dialect.name == "sqlite" else None
    if engine.dialect.name == "sqlite":
        _be_durable(engine)
    try:
        async with engine.begin() as db:
            await db.run_sync(_migrate)
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        await engine.dispose()
        cause = getattr(error, "orig", None) or error
        raise LedgerDownError(f"{type(cause).__name__}: {_first_line(cause)}") from None
    ledger = Ledger(engine, vault, short, Path(file) if file and file != ":memory:" else None)
    await ledger.ping()
    return ledger


def _be_durable(engine: AsyncEngine) -> None:
    """SQLite as the design asks: on disk before we say so, and one writer at a time from the start.

    A transaction begins as a writer: the driver's own habit of beginning late would let two
    writers read first and then refuse one of them.
    """

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={int(_PATIENCE * 1000)}",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _migrate(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


__all__ = [
    "LEASE",
    "AlreadyHeardError",
    "ChangedMeanwhileError",
    "Due",
    "Ledger",
    "LedgerDownError",
    "Question",
    "open_ledger",
]
