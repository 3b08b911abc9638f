"""How the database means to run the three queries that each ring asks: the statements as Signpost issues them, explained."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import event

from bot import Ledger

QUERIES = {"lease_due": "alerts", "clocks_due": "concerns", "unsent_due": "conversations"}


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


async def _issued(ledger: Ledger, method: str, table: str, now: datetime) -> tuple[str, Any]:
    seen = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        if statement.startswith("SELECT") and f"FROM {table}" in statement.replace("\n", ""):
            seen.append((statement, parameters))

    engine = ledger._engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        await getattr(ledger, method)(now)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return seen[0]


async def _explained(ledger: Ledger, statement: str, parameters: Any) -> list[str]:
    explain = "EXPLAIN " if ledger.postgres else "EXPLAIN QUERY PLAN "
    async with ledger.transaction() as db:
        rows = (await db.exec_driver_sql(explain + statement, parameters)).all()
    return [str(row[-1]).strip() for row in rows]
