"""What every room of the ledger needs: noting an event, opening a concern, adding to the chain, putting an alert in the outbox.

Each function works inside a transaction that its caller has begun.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.concern import Account, Concern, Entry
from bot.ledger import chain
from bot.ledger import tables as t
from bot.ledger.database import AlreadyHeardError, unique_violation
from bot.talk import Event, Heard, Words
from bot.vault import SealBrokenError, Vault

UNREADABLE = Account(Words("(cannot be unsealed: check SIGNPOST_KEYS)"), ())
HEAD_START = timedelta(seconds=15)  # for whoever heard a message to post its reply, before the bell does
_CHAIN = 1  # the one row
REACHES = (
    "concern",
    "quiet",
    "decide",
    "action",
    "assigned",
    "kept",
)  # what asks a person to act also lets them open it


@dataclass(frozen=True, slots=True)
class Wanted:
    """An alert to be put in the outbox. `key` is the same however often it is asked for."""

    key: str
    kind: str
    concern: str | None
    told: str
    via: str
    step: int = 0


def owed_reply(event: str, person: str) -> Wanted:
    """The debt of a reply, as an alert: without its words, which whoever heard the message has and posts."""
    return Wanted(reply_key(event), "reply", None, f"person:{person}", person.partition(":")[0])


def reply_key(event: str) -> str:
    """The key of the reply that is owed for an event."""
    return short(f"reply/{event}", 96)


def draft_keys(conversation: str, person: str) -> tuple[str, str]:
    """The keys of what is said of a concern begun and not sent: to whoever began it, and to those it would go to."""
    return f"draft/{conversation}/0", short(f"draft/{conversation}/1/{person}", 96)


def short(text: str, most: int) -> str:
    """`text` if it fits its column, else its beginning and a digest of the whole: two that differ stay two."""
    if len(text) <= most:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:32]
    return f"{text[: most - 33]}~{digest}"


async def note(db: AsyncConnection, heard: Event, now: datetime) -> None:
    """Note the event, or raise `AlreadyHeardError`. A reply that is owed for it goes into the outbox with it."""
    event = heard if isinstance(heard, str) else heard.event
    if isinstance(heard, Heard) and heard.owed:
        await enqueue(db, owed_reply(event, heard.owed), now + HEAD_START)
    try:
        await db.execute(insert(t.heard).values(event=short(event, 255), at=now))
    except IntegrityError as error:
        if unique_violation(error):
            raise AlreadyHeardError from None
        raise


async def enqueue(db: AsyncConnection, wanted: Wanted, now: datetime) -> None:
    """Put an alert in the outbox, due at once. One of that key is left as it is."""
    values = {
        "key": short(wanted.key, 96),
        "kind": wanted.kind,
        "concern": wanted.concern,
        "told": wanted.told,
        "via": wanted.via,
        "step": wanted.step,
        "tries": 0,
        "due_at": now,
        "drawn": 0,
    }
    upsert = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    await db.execute(upsert(t.alerts).values(values).on_conflict_do_nothing(index_elements=["key"]))


async def next_number(db: AsyncConnection, year: int) -> int:
    """The next number of the year's references. The row stays locked to the end of the transaction."""
    upsert = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    n = t.numbers
    counted = (
        upsert(n)
        .values(year=year, last=1)
        .on_conflict_do_update(index_elements=["year"], set_={"last": n.c.last + 1})
        .returning(n.c.last)
    )
    return int((await db.execute(counted)).scalar_one())


async def enter(
    db: AsyncConnection, vault: Vault, row: Row[Any], number: int, what: str, who: Words, now: datetime, text: str = ""
) -> None:
    """Add an entry to a concern's chronology and to the chain. `row` is the concern's, with id and key."""
    sealed = vault.seal(row.key, f"concerns/{row.id}", f"chronology/{number}", f"{who.reveal()}\0{text}")
    head = await chain_head(db, vault)
    link = chain.Link(head.link + 1, "", row.id, number, now, what, sealed, b"")
    key = vault.open_bytes(head.key, "chain")
    mac = chain.mac(key, head.mac, link)
    await db.execute(
        insert(t.chronology).values(
            concern=row.id, number=number, at=now, what=what, sealed=sealed, link=link.place, mac=mac
        )
    )
    await db.execute(update(t.chain).where(t.chain.c.id == _CHAIN).values(link=link.place, mac=mac))


async def chain_head(db: AsyncConnection, vault: Vault) -> Row[Any]:
    """The head of the chain, locked to the end of the transaction; begun, with a key of its own, if it is not there."""
    head = select(t.chain).where(t.chain.c.id == _CHAIN).with_for_update()
    row = (await db.execute(head)).first()
    if row is None:
        upsert = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
        begun = upsert(t.chain).values(id=_CHAIN, link=0, mac=chain.START, key=vault.new_data_key("chain"))
        await db.execute(begun.on_conflict_do_nothing(index_elements=["id"]))
        row = (await db.execute(head)).one()
    return row


async def concern_or_sealed(db: AsyncConnection, vault: Vault, id_: str) -> Concern | None:
    """The concern to ring about. One that no longer opens must still ring, and must not stop the others."""
    try:
        return await read_concern(db, vault, id_)
    except SealBrokenError:
        return await read_concern(db, vault, id_, sealed=True)


async def read_concern(db: AsyncConnection, vault: Vault, id_: str, *, sealed: bool = False) -> Concern | None:
    """The concern as the record has it, opened; None if there is none, or it has been forgotten.

    With `sealed` what is sensitive stays so: names and account read as unreadable.
    """
    row = (await db.execute(select(t.concerns).where(t.concerns.c.id == id_))).first()
    if row is None or row.key is None:
        return None
    entries = await db.execute(
        select(t.chronology).where(t.chronology.c.concern == id_).order_by(t.chronology.c.number)
    )
    reached = await db.execute(
        select(t.alerts.c.told).where(t.alerts.c.concern == id_, t.alerts.c.kind.in_(REACHES)).distinct()
    )
    limits = await db.execute(
        select(t.restrictions.c.kind, t.restrictions.c.person).where(t.restrictions.c.concern == id_)
    )
    limited = limits.all()
    account = UNREADABLE if sealed else Account.from_text(vault.open(row.key, f"concerns/{id_}", "account", row.sealed))
    return Concern(
        id=row.id,
        reference=row.reference,
        about=row.about,
        urgent=row.urgent,
        stage=row.stage,
        version=row.version,
        reporter=row.reporter,
        logged_at=row.logged_at,
        account=account,
        chronology=tuple(_entry(vault, row, entry, sealed=sealed) for entry in entries),
        reached=frozenset(reached.scalars()),
        drill=row.drill,
        seen=row.seen,
        decide=row.decide,
        quiet=row.quiet,
        unheard=row.unheard,
        avoids=frozenset(person for kind, person in limited if kind == "avoids"),
        kept_to=frozenset(person for kind, person in limited if kind == "kept"),
    )


async def read_forgotten(db: AsyncConnection, id_: str) -> Concern | None:
    """What is left of a forgotten concern: its reference, and whom it had reached. None if there is none; and none of one
    that was kept from or to anybody, because who could open it was forgotten with it.
    """
    c, h, a = t.concerns.c, t.chronology.c, t.alerts.c
    row = (await db.execute(select(t.concerns).where(c.id == id_, c.key.is_(None), c.about == "pupils"))).first()
    kept = select(h.id).where(h.concern == id_, h.what == "restricted").limit(1)
    if row is None or (await db.execute(kept)).first() is not None:
        return None
    reached = await db.execute(select(a.told).where(a.concern == id_, a.kind.in_(REACHES)).distinct())
    return Concern(
        *(row.id, row.reference, row.about, row.urgent, row.stage, row.version, row.reporter, row.logged_at),
        account=UNREADABLE,
        chronology=(),
        reached=frozenset(reached.scalars()),
        drill=row.drill,
    )


def _entry(vault: Vault, row: Row[Any], entry: Row[Any], *, sealed: bool) -> Entry:
    if sealed:
        return Entry(entry.at, UNREADABLE.reporter, entry.what)
    held = vault.open(row.key, f"concerns/{row.id}", f"chronology/{entry.number}", entry.sealed)
    who, _, text = held.partition("\0")
    return Entry(entry.at, Words(who), entry.what, Words(text))


def new_id() -> str:
    """A fresh id for a row."""
    return secrets.token_hex(16)
