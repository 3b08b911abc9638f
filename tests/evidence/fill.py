"""Many stored concerns at once: acknowledged, decided, properly sealed and chained, written directly and not by the desk."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import insert, update

from bot import Ledger, Words
from bot.concern import Account, Line, reference
from bot.ledger import chain
from bot.ledger import tables as t
from bot.ledger.records import chain_head, new_id

_BATCH = 1000
_ACCOUNT = Account(Words("Sam Carter"), (Line("What happened", Words("a long story " * 20)),)).to_text()


async def fill(ledger: Ledger, first: int, last: int, now: datetime) -> None:
    """Store concerns numbered `first` to `last` of last year, each with three entries, two alerts,
    their deliveries, two words of a name, one from whom it is kept, and an unsent form of somebody else's.
    """
    for start in range(first, last + 1, _BATCH):
        await _some(ledger, range(start, min(start + _BATCH, last + 1)), now)


async def settle(ledger: Ledger) -> None:
    """What PostgreSQL does by itself after a while: look at how much there is. SQLite is left as it is."""
    if ledger.postgres:
        async with ledger.transaction() as db:
            for table in t.metadata.sorted_tables:
                await db.exec_driver_sql(f"ANALYZE {table.name}")


async def _some(ledger: Ledger, numbers: range, now: datetime) -> None:
    vault, rows = ledger._vault, {table: [] for table in t.metadata.sorted_tables}
    async with ledger.transaction() as db:
        head = await chain_head(db, vault)
        key, place, mac = vault.open_bytes(head.key, "chain"), head.link, head.mac
        for number in numbers:
            at = now - timedelta(days=30, seconds=number)
            one = _concern(vault, number, at)
            rows[t.concerns].append(one)
            for entry, what in enumerate(("logged", "acknowledged", "decided"), 1):
                sealed = vault.seal(one["key"], f"concerns/{one['id']}", f"chronology/{entry}", "Dee\0because")
                place += 1
                link = chain.Link(place, "", one["id"], entry, at, what, sealed, b"")
                mac = chain.mac(key, mac, link)
                values = {"concern": one["id"], "number": entry, "at": at, "what": what, "sealed": sealed}
                rows[t.chronology].append({**values, "link": place, "mac": mac})
            named = [hashlib.sha256(f"{number}/{word}".encode()).digest() for word in range(2)]
            rows[t.mentions] += [{"digest": digest, "concern": one["id"]} for digest in named]
            _alerts(rows, one, at)
            rows[t.restrictions].append({"concern": one["id"], "kind": "avoids", "person": f"hook:elsewhere-{number}"})
            rows[t.decision_drafts].append({"concern": one["id"], "version": 2, "sealed": None, "touched_at": at})
            rows[t.heard].append({"event": f"filled-{number}", "at": at})
            rows[t.conversations].append(_conversation(vault, number, now))
        for table in t.metadata.sorted_tables:
            if rows[table]:
                await db.execute(insert(table), rows[table])
        await db.execute(update(t.chain).values(link=place, mac=mac))


def _concern(vault, number: int, at: datetime) -> dict:
    id_ = new_id()
    key = vault.new_data_key(f"concerns/{id_}")
    return {
        "id": id_,
        "reference": reference("TA", 2025, number),
        "conversation": f"filled-{number}",
        "about": "pupils",
        "urgent": number % 3 == 0,
        "stage": "decided",
        "version": 3,
        "reporter": f"hook:staff-{number % 300}",
        "logged_at": at,
        "key": key,
        "sealed": vault.seal(key, f"concerns/{id_}", "account", _ACCOUNT),
        "seen": 1,
        "next_at": None,
    }


def _alerts(rows: dict, one: dict, at: datetime) -> None:
    for key, kind, told in (
        (f"concern/{one['id']}/0/dsl", "concern", "dsl"),
        (f"told/{one['id']}", "told", one["reporter"]),
    ):
        rows[t.alerts].append(
            {
                "key": key,
                "kind": kind,
                "concern": one["id"],
                "told": told,
                "via": "hook",
                "tries": 0,
                "due_at": None,
                "receipt": key[:40],
                "drawn": 3,
                "delivered_at": at,
            }
        )
        rows[t.deliveries].append({"alert": key, "at": at, "via": "hook", "outcome": "delivered"})


def _conversation(vault, number: int, now: datetime) -> dict:
    id_ = f"filled{number}"
    key = vault.new_data_key(f"conversations/{id_}")
    return {
        "id": id_,
        "person": f"hook:writer-{number}",
        "key": key,
        "sealed": vault.seal(key, f"conversations/{id_}", "sealed", '{"answers": [["start", "concern"]], "draft": {}}'),
        "version": 1,
        "touched_at": now,
        "begun_at": now,
        "next_at": now + timedelta(days=1),
    }
