"""How the database means to run what a ring and an act ask of it: the statements as Signpost issues them, explained."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import event

from bot import Ledger

QUERIES = {"lease_due": "alerts", "clocks_due": "concerns", "unsent_due": "conversations"}
GROWS = {
    "alerts",
    "chronology",
    "concerns",
    "conversations",
    "decision_drafts",
    "deliveries",
    "heard",
    "mentions",
    "restrictions",
}


async def plans(ledger: Ledger, now: datetime) -> dict[str, list[str]]:
    """By method, the lines of the plan of its first query."""
    found = {}
    for name, table in QUERIES.items():
        statement, parameters = await _issued(ledger, name, table, now)
        found[name] = await _explained(ledger, statement, parameters)
    return found


def scans(plan: list[str], table: str) -> bool:
    """True if this plan reads the whole table, or uses no index of it."""
    text = "\n".join(plan)
    whole = f"Seq Scan on {table}" in text or any(line.startswith(f"SCAN {table}") for line in plan)
    by_index = f"SEARCH {table} USING" in text or (" on " + table in text and "Index" in text)
    return whole or not by_index


async def read_whole(ledger: Ledger, statements: list[tuple[str, Any]]) -> dict[str, set[str]]:
    """Of these statements those that read a whole table that grows, with its name."""
    found: dict[str, set[str]] = {}
    for statement, parameters in {text: (text, given) for text, given in statements}.values():
        if not statement.startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
            continue
        plan = "\n".join(await _explained(ledger, statement, parameters))
        tables = set(re.findall(r"(?:Seq Scan on|SCAN) (\w+)", plan)) & GROWS
        if tables:
            found[statement] = tables
    return found


@contextmanager
def issued(ledger: Ledger) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that this ledger issues inside, with its parameters."""
    seen: list[tuple[str, Any]] = []

    def note(_connection, _cursor, statement, parameters, _context, many):
        if not many and not statement.startswith("BEGIN"):
            seen.append((statement, parameters))

    engine = ledger._engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def _issued(ledger: Ledger, method: str, table: str, now: datetime) -> tuple[str, Any]:
    with issued(ledger) as seen:
        await getattr(ledger, method)(now)
    asked = (one for one in seen if one[0].startswith("SELECT") and f"FROM {table}" in one[0].replace("\n", ""))
    return next(asked)


async def _explained(ledger: Ledger, statement: str, parameters: Any) -> list[str]:
    explain = "EXPLAIN " if ledger.postgres else "EXPLAIN QUERY PLAN "
    async with ledger.transaction() as db:
        rows = (await db.exec_driver_sql(explain + statement, parameters)).all()
    return [str(row[-1]).strip() for row in rows]
