"""Keeping the ledger true: the rotation of keys, forgetting, the proofs of the alert routes, backup and restore."""

from __future__ import annotations

import base64
import gzip
import json
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Column, LargeBinary, Table, and_, delete, func, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.concern import Concern
from bot.ledger import tables as t
from bot.ledger.auditing import Auditing
from bot.ledger.database import ChangedMeanwhileError, LedgerDownError
from bot.ledger.records import note
from bot.talk import Event, Person

_BATCH = 200  # rows re-wrapped, or read for a backup, at a time
_AGAIN = "forgotten before this backup was restored"
_FORMAT = "signpost-backup-1"
_CLAIM = "~"  # before a route's name: the row that says who is proving it now. No channel's name begins so
_CLAIM_LASTS = timedelta(
    minutes=5
)  # a proof, bounded as every send is, takes seconds: by then whoever made it has died


class NotABackupError(ValueError):
    """The file is not a whole backup of this version. `str()` says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Proof:
    """When a route to people was last proved, and what went wrong since, if anything."""

    channel: str
    tried_at: datetime
    proved_at: datetime | None
    receipt: str | None
    failure: str | None


class Upkeep(Auditing):
    """What is done for the ledger, not for a message."""

    _tombs: Path | None

    # ---- keys

    async def rotate(self) -> int:
        """Wrap every data key by the newest master key. Returns how many were. Stopped half-way it goes on
        where it was when run again; until then the old master keys still open what is left.
        """
        done = 0
        for table, column, owner in (
            (t.concerns, t.concerns.c.id, "concerns/"),
            (t.conversations, t.conversations.c.id, "conversations/"),
            (t.places, t.places.c.id, "places/"),
            (t.chain, t.chain.c.id, "chain"),
            (t.index_key, t.index_key.c.id, "mentions"),
        ):
            after: Any = None
            while True:
                async with self.transaction() as db:
                    query = select(column, table.c.key).where(table.c.key.is_not(None)).order_by(column).limit(_BATCH)
                    rows = (await db.execute(query if after is None else query.where(column > after))).all()
                    for id_, wrapped in rows:
                        fresh = self._vault.rewrap(wrapped, f"{owner}{id_}" if owner.endswith("/") else owner)
                        if fresh is not None:
                            same = and_(column == id_, table.c.key == wrapped)
                            done += (await db.execute(update(table).where(same).values(key=fresh))).rowcount
                if len(rows) < _BATCH:
                    break
                after = rows[-1][0]
        return done

    # ---- forgetting

    async def forget(
        self, concern: Concern, who: Person, why: str, now: datetime, *, heard: Event | None = None
    ) -> None:
        """Destroy the concern's data key: what was sealed under it can never be read again. A tombstone stays:
        reference, dates, who and why. The sealed entries stay as they are, so that the chain still holds.
        """
        tomb = {
            "concern": concern.id,
            "reference": concern.reference,
            "logged_at": concern.logged_at,
            "forgotten_at": now,
            "who": who.id[:255],
            "why": why[:255],
        }
        c = t.concerns.c
        async with self.transaction() as db:
            if heard is not None:
                await note(db, heard, now)
            gone = await db.execute(
                update(t.concerns)
                .where(c.id == concern.id, c.version == concern.version, c.key.is_not(None))
                .values(key=None, sealed=None, stage="closed", version=concern.version + 1, next_at=None)
            )
            if gone.rowcount != 1:
                raise ChangedMeanwhileError
            await _clear(db, concern.id)
            await db.execute(insert(t.tombstones).values(tomb))
        await self.note_tombs()

    async def note_tombs(self) -> None:
        """Note outside the database what has been forgotten, so that restoring an older backup forgets it again.
        Done after each forgetting and at each start, so that a crash between the two leaves no gap.
        """
        if self._tombs is None:
            return
        s = t.tombstones.c
        async with self.transaction() as db:
            rows = (await db.execute(select(s.concern, s.forgotten_at).order_by(s.forgotten_at))).all()
        noted = set(self._forgotten())
        missing = [f"{at.isoformat()} {concern}\n" for concern, at in rows if concern not in noted]
        if missing:
            with self._tombs.open("a", encoding="ascii") as file:
                file.writelines(missing)
                file.flush()
                os.fsync(file.fileno())

    # ---- proofs

    async def proofs(self) -> list[Proof]:
        """The last proof of each route."""
        p = t.proofs.c
        async with self.reading() as db:
            rows = await db.execute(select(t.proofs).where(p.channel.not_like(f"{_CLAIM}%")).order_by(p.channel))
            return [Proof(*row) for row in rows]

    async def claim_proof(self, channel: str, before: datetime, now: datetime, *, over: bool = False) -> Proof | None:
        """Take on proving this route, unless it has been since `before`, or some replica is at it (then only `over` it).
        None if so. What was known of the route stays until the result: a claim without one lapses after a few minutes.
        """
        p = t.proofs.c
        lapsed = now if over else now - _CLAIM_LASTS
        upsert = postgresql.insert if self.postgres else sqlite.insert
        claim = upsert(t.proofs).values(channel=_CLAIM + channel, tried_at=now)
        async with self.transaction() as db:
            won = claim.on_conflict_do_update(
                index_elements=["channel"], set_={"tried_at": now}, where=p.tried_at <= lapsed
            )
            if (await db.execute(won.returning(p.channel))).first() is None:
                return None
            # Read once the claim is ours: whoever had it before may have come to a result.
            row = (await db.execute(select(t.proofs).where(p.channel == channel))).first()
            if row is not None and row.tried_at >= before:
                await db.execute(delete(t.proofs).where(p.channel == _CLAIM + channel))
                return None
        known = (row.proved_at, row.receipt, row.failure) if row is not None else (None, None, None)
        return Proof(channel, now, *known)

    async def record_proof(self, proof: Proof) -> None:
        """Keep what came of proving a route. That it was claimed for this is over; a later claim is another's."""
        p = t.proofs.c
        values = {
            "tried_at": proof.tried_at,
            "proved_at": proof.proved_at,
            "receipt": proof.receipt,
            "failure": proof.failure,
        }
        upsert = postgresql.insert if self.postgres else sqlite.insert
        made = upsert(t.proofs).values(channel=proof.channel, **values)
        async with self.transaction() as db:
            await db.execute(made.on_conflict_do_update(index_elements=["channel"], set_=values))
            mine = and_(p.channel == _CLAIM + proof.channel, p.tried_at <= proof.tried_at)
            await db.execute(delete(t.proofs).where(mine))

    async def route_failed(self, channel: str, failure: str, now: datetime) -> datetime | None:
        """A delivery found this route broken: it stands as a failed proof until a proof, or an alert to the DSL, gets through.
        Returns when it was last known to be whole, if it ever was.
        """
        upsert = postgresql.insert if self.postgres else sqlite.insert
        broken = upsert(t.proofs).values(channel=channel, tried_at=now, failure=failure)
        async with self.transaction() as db:
            # Tried is left as it was: the morning's own proof is still to be made.
            kept = broken.on_conflict_do_update(index_elements=["channel"], set_={"failure": failure})
            whole: datetime | None = (await db.execute(kept.returning(t.proofs.c.proved_at))).scalar_one()
            return whole

    # ---- backup and restore

    async def backup(self, path: Path) -> int:
        """Write everything, still sealed, to `path` while Signpost runs: one moment's state. Returns the rows written.

        One format for both databases: a backup of one restores into the other. Raises `OSError` or `LedgerDownError`.
        """
        fresh = path.with_name(path.name + ".part")
        rows = 0
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as raw, gzip.open(raw, "wt", encoding="utf-8") as file:
            file.write(json.dumps({"format": _FORMAT}) + "\n")
            async with self.reading() as db:
                if self.postgres:
                    await db.execute(text("SET LOCAL statement_timeout = 0"))
                for table in t.metadata.sorted_tables:
                    async for row in await db.stream(select(table).order_by(*table.primary_key)):
                        file.write(json.dumps([table.name, _plain(table, row)]) + "\n")
                        rows += 1
            file.write(json.dumps({"end": rows}) + "\n")
        with fresh.open("rb+") as whole:
            os.fsync(whole.fileno())
        fresh.replace(path)
        return rows

    async def restore(self, path: Path) -> int:
        """Fill this empty ledger from a backup, and forget again what has been forgotten since it was made.
        Returns the rows restored. Raises `NotABackupError`, `LedgerDownError`.
        """
        with gzip.open(path, "rt", encoding="utf-8") as file:
            whole = list(_rows(file))
        async with self.transaction() as db:
            if (await db.execute(select(func.count()).select_from(t.concerns))).scalar_one():
                raise LedgerDownError("the database is not empty: restore into a new one")
            for table in reversed(t.metadata.sorted_tables):
                await db.execute(delete(table))
            for table in t.metadata.sorted_tables:
                values = [row for name, row in whole if name == table.name]
                for start in range(0, len(values), _BATCH):
                    await db.execute(insert(table), values[start : start + _BATCH])
            if self.postgres:
                await self._move_counters(db)
            for concern, at in self._forgotten_at().items():
                await _forget_again(db, concern, at)
        return len(whole)

    async def _move_counters(self, db: Any) -> None:
        """After rows were inserted with their ids, PostgreSQL must count on from the highest."""
        for table in (t.chronology, t.deliveries, t.questions):
            name = table.name  # one of our own three
            await db.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), "  # noqa: S608
                    f"GREATEST((SELECT COALESCE(MAX(id), 0) FROM {name}), 1))"
                )
            )

    def _forgotten(self) -> Sequence[str]:
        return list(self._forgotten_at())

    def _forgotten_at(self) -> Mapping[str, str]:
        """What has been forgotten, as it is noted outside the database: concern's id to when, as ISO text."""
        if self._tombs is None or not self._tombs.is_file():
            return {}
        lines = [line.split(" ") for line in self._tombs.read_text(encoding="ascii").splitlines() if " " in line]
        return {line[1]: line[0] for line in lines}


async def _forget_again(db: AsyncConnection, concern: str, at: str) -> None:
    """Forget what a backup from before its forgetting brought back. Who forgot it, and why, is not noted outside."""
    c = t.concerns.c
    gone = {"key": None, "sealed": None, "stage": "closed", "next_at": None}
    row = (await db.execute(update(t.concerns).where(c.id == concern).values(gone).returning(*t.concerns.c))).first()
    if row is None:
        return
    await _clear(db, concern)
    s = t.tombstones.c
    if (await db.execute(select(s.concern).where(s.concern == concern))).first() is None:
        known = {"concern": concern, "reference": row.reference, "logged_at": row.logged_at}
        how = {"forgotten_at": _noted_at(at), "who": "not noted", "why": _AGAIN}
        await db.execute(insert(t.tombstones).values(known | how))


def _noted_at(text: str) -> datetime:
    """When something was forgotten, as its line says; a line that somebody broke still forgets."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return t.LONG_AGO


async def _clear(db: AsyncConnection, concern: str) -> None:
    """What stands beside a forgotten concern goes with it: what is still to be told, the names in the index, the draft
    of a decision, and whom it was kept from or to, which says who was in it.
    """
    await db.execute(update(t.alerts).where(t.alerts.c.concern == concern).values(due_at=None))
    await db.execute(update(t.decision_drafts).where(t.decision_drafts.c.concern == concern).values(sealed=None))
    await db.execute(delete(t.mentions).where(t.mentions.c.concern == concern))
    await db.execute(delete(t.restrictions).where(t.restrictions.c.concern == concern))


def _plain(table: Table, row: Any) -> dict[str, Any]:
    """A row as JSON: bytes as base64, times as ISO text. Text that somebody put where bytes were goes as its bytes: the
    rest can still be restored, and this reads as changed there too.
    """

    def plain(column: Column[Any], value: Any) -> Any:
        if value is not None and isinstance(column.type, LargeBinary):
            return base64.b64encode(value if isinstance(value, bytes) else str(value).encode()).decode()
        return value.isoformat() if isinstance(value, datetime) else value

    return {column.name: plain(column, value) for column, value in zip(table.columns, row, strict=True)}


def _rows(file: IO[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of a backup, with their table. Raises `NotABackupError` unless it is whole."""
    tables = {table.name: table for table in t.metadata.sorted_tables}
    count, ended = 0, False
    try:
        if json.loads(file.readline() or "null") != {"format": _FORMAT}:
            raise NotABackupError("it does not begin as a backup of Signpost")
        for line in file:
            held = json.loads(line)
            if isinstance(held, dict):
                ended = held.get("end") == count and not file.read()  # to the very end: there stands its checksum
                break
            name, values = held
            yield name, {key: _unplain(tables[name], key, value) for key, value in values.items()}
            count += 1
    except (OSError, EOFError, ValueError, KeyError, TypeError, zlib.error) as error:
        if isinstance(error, NotABackupError):
            raise
        raise NotABackupError(f"it cannot be read after {count} rows ({type(error).__name__})") from None
    if not ended:
        raise NotABackupError("it is not whole: its end is missing")


def _unplain(table: Table, key: str, value: Any) -> Any:
    kind = table.c[key].type
    if value is None:
        return None
    if isinstance(kind, LargeBinary):
        return base64.b64decode(value)
    return datetime.fromisoformat(value) if isinstance(kind, t.Moment) else value
