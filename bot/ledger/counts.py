"""What whoever keeps the machine may know of the record: how much there is of what, and since when. Nobody and nothing is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select

from bot.ledger import tables as t
from bot.ledger.database import Database


@dataclass(frozen=True, slots=True)
class Counts:
    """One moment's figures. Drills are not counted as concerns.

    `waiting` alerts should have been seen by now and were not; the first of them was due at `waiting_since` (UTC, None:
    none waits). `replies` are owed to whoever asked. `stages` counts concerns by stage, `questions` by how they were answered.
    """

    waiting: int
    waiting_since: datetime | None
    replies: int
    stages: Mapping[str, int]
    questions: Mapping[str, int]


class Counting(Database):
    """What is counted for those who watch the machine."""

    async def counts(self, now: datetime) -> Counts:
        """The figures at `now` (UTC). Raises `LedgerDownError`."""
        a, d, c, q = t.alerts.c, t.deliveries.c, t.concerns.c, t.questions.c
        # A failed alert is due again later: what counts is when it was first tried.
        tried = select(func.min(d.at)).where(d.alert == a.key).scalar_subquery()
        since = func.coalesce(tried, a.due_at, type_=t.Moment)
        waits = and_(a.due_at.is_not(None), a.delivered_at.is_(None))
        late = select(func.count(), func.min(since, type_=t.Moment)).where(waits, a.kind != "reply", since <= now)
        replies = select(func.count()).select_from(t.alerts).where(waits, a.kind == "reply")
        stages = select(c.stage, func.count()).where(c.drill.is_(False)).group_by(c.stage)
        routes = select(q.route, func.count()).group_by(q.route)
        async with self.reading() as db:
            waiting, first = (await db.execute(late)).one()
            owed = (await db.execute(replies)).scalar_one()
            by_stage, by_route = [{row[0]: row[1] for row in await db.execute(each)} for each in (stages, routes)]
        return Counts(waiting, first, owed, by_stage, by_route)
