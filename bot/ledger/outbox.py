"""The outbox: what people must be told, in the same database as what it is about. Rows, not events: a restart loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, case, delete, func, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.concern import Concern
from bot.ledger import tables as t
from bot.ledger.database import Database
from bot.ledger.records import Wanted, concern_or_sealed, enqueue, note, owed_reply, reply_key
from bot.talk import Event
from bot.vault import Vault

LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Due:
    """An alert this caller has leased: it alone sends it until the lease lapses.

    `kind` is concern, waiting, told, added, decide, quiet, draft, unsent, outsider, proof or reply. `concern` is the
    record at the moment of leasing; `receipt` is the channel's id of the message if it only needs redrawing.
    `interrupted` says that a lease before this one lapsed: it may have been sent without anybody noting it.
    `thread`, for what follows a concern's own alert, is the receipt of that alert where the same were told.
    """

    key: str
    kind: str
    told: str
    via: str
    tries: int
    lease_until: datetime
    receipt: str | None
    concern: Concern | None
    step: int = 0
    interrupted: bool = False
    thread: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One try to deliver an alert: what became of it. `kind` and `step` (from 0) say which alert of a concern it was."""

    told: str
    kind: str
    step: int
    at: datetime
    via: str
    outcome: str


class Outbox(Database):
    """Alerts: leased, delivered, tried again."""

    _vault: Vault

    def __init__(self, engine: AsyncEngine) -> None:
        """Use `open_ledger`."""
        super().__init__(engine)
        self._paid: set[str] = set()  # replies that are in front of their people, and not noted yet
        self._paying = asyncio.Lock()

    async def lease_due(
        self, now: datetime, at_most: int = 20, *, held: Mapping[str, datetime] | None = None
    ) -> list[Due]:
        """Lease the alerts that are due. A crash before `record_*` lets the lease lapse: they ring again.

        On PostgreSQL several replicas may ask at once; each row goes to one of them. `held` are leases that the caller
        has kept, by key: what is due of them is the caller's, while nobody else has taken it over.
        """
        a = t.alerts.c
        free = or_(a.lease_until.is_(None), a.lease_until <= now)
        if held:
            free = or_(free, tuple_(a.key, a.lease_until).in_(sorted(held.items())))
        due = and_(a.due_at <= now, free)
        async with self.reading() as db:  # most looks find nothing, and must not stand in the writers' queue
            if (await db.execute(select(a.key).where(due).limit(1))).first() is None:
                return []
        async with self.transaction() as db:
            rows = (
                await db.execute(
                    select(t.alerts).where(due).order_by(a.due_at).limit(at_most).with_for_update(skip_locked=True)
                )
            ).all()
            if not rows:
                return []
            until = now + LEASE
            keys = [row.key for row in rows]
            await db.execute(update(t.alerts).where(a.key.in_(keys)).values(lease_until=until, tries=a.tries + 1))
            return [
                Due(
                    row.key,
                    row.kind,
                    row.told,
                    row.via,
                    row.tries + 1,
                    until,
                    row.receipt,
                    await concern_or_sealed(db, self._vault, row.concern) if row.concern else None,
                    row.step,
                    row.lease_until is not None,
                    await _thread(db, row) if row.concern and row.kind != "concern" else None,
                )
                for row in rows
            ]

    async def record_delivery(self, due: Due, receipt: str, now: datetime, outcome: str = "delivered") -> None:
        """It is in front of people. If the concern has moved on meanwhile, it is due again, to be redrawn."""
        a = t.alerts.c
        drawn = due.concern.version if due.concern else 0
        async with self.transaction() as db:
            version = drawn
            if due.concern and due.kind == "concern":
                # Locked, and before the alert, as acts lock them: an act either sees this card and has it redrawn, or is seen.
                found = select(t.concerns.c.version).where(t.concerns.c.id == due.concern.id).with_for_update()
                version = (await db.execute(found)).scalar_one()
            await db.execute(
                update(t.alerts)
                .where(a.key == due.key)
                .values(
                    receipt=receipt,
                    drawn=drawn,
                    due_at=now if version > drawn else None,
                    lease_until=None,
                    delivered_at=func.coalesce(a.delivered_at, now),
                    last_failure=None,
                    tries=0,
                )
            )
            await db.execute(insert(t.deliveries).values(alert=due.key, at=now, via=due.via, outcome=outcome))
            if due.told == "dsl" and outcome != "found":  # the way to the DSL works, whatever its last proof said
                p = t.proofs.c
                broken = and_(p.channel == due.via, p.failure.is_not(None))
                await db.execute(update(t.proofs).where(broken).values(failure=None, proved_at=now))

    async def record_failure(
        self,
        due: Due,
        reason: str,
        again_at: datetime,
        now: datetime,
        *,
        also: Sequence[Wanted] = (),
        hurry: bool = False,
        held_until: datetime | None = None,
    ) -> None:
        """It did not arrive: keep why, and ring again at `again_at`. `also` goes by the next route as well;
        with `hurry` the concern goes to the next person now. Until `held_until` the lease is kept: nobody else rings it.
        """
        a, c = t.alerts.c, t.concerns.c
        async with self.transaction(rings=bool(also) or hurry) as db:
            if hurry and due.concern:  # the concern before the alert, as acts lock them
                await db.execute(select(c.id).where(c.id == due.concern.id).with_for_update())
            await db.execute(
                update(t.alerts)
                .where(a.key == due.key)
                .values(
                    last_failure=reason[:255],
                    lease_until=held_until,
                    # An act since then may have stopped it for good: that stands.
                    due_at=case((a.due_at.is_not(None), again_at)),
                )
            )
            await db.execute(insert(t.deliveries).values(alert=due.key, at=now, via=due.via, outcome=reason[:255]))
            wanted = (await db.execute(select(a.due_at).where(a.key == due.key))).scalar_one()
            if wanted is None:  # an act has stopped it meanwhile: then the next route is not wanted either
                return
            for one in also:
                await enqueue(db, one, now)
            if hurry and due.concern:
                early = and_(c.id == due.concern.id, c.stage == "logged", c.unheard < due.step + 2)
                await db.execute(update(t.concerns).where(early).values(unheard=due.step + 2, next_at=now))

    async def still_wanted(self, due: Due) -> bool:
        """True unless an act has stopped it since it was leased, or the lease was taken back or has gone to another.
        Asked just before each send.
        """
        a = t.alerts.c
        async with self.reading() as db:
            row = (await db.execute(select(a.due_at, a.lease_until).where(a.key == due.key))).first()
        return row is not None and row.due_at is not None and row.lease_until == due.lease_until

    async def drop(self, due: Due, reason: str, now: datetime) -> None:
        """It is no longer wanted: an act has stopped it since it was leased. A lease that was taken back, or has passed
        on, is not the caller's to drop, and nothing became of it.
        """
        a = t.alerts.c
        mine = and_(a.key == due.key, a.lease_until == due.lease_until)
        async with self.transaction() as db:
            dropped = await db.execute(update(t.alerts).where(mine).values(due_at=None, lease_until=None))
            if dropped.rowcount != 1:
                return
            await db.execute(insert(t.deliveries).values(alert=due.key, at=now, via=due.via, outcome=reason[:255]))

    async def tell(self, wanted: Sequence[Wanted], now: datetime) -> None:
        """Put alerts in the outbox that follow from no message: a failed proof, say."""
        async with self.transaction(rings=True) as db:
            for one in wanted:
                await enqueue(db, one, now)

    async def owe(self, event: str, person: str, due: datetime, *, held_until: datetime | None = None) -> None:
        """A reply could not be posted at once: the bell posts it from `due` on. Asked for twice, it is owed once.

        Until `held_until` it is leased to the caller, who alone knows what it said.
        """
        async with self.transaction() as db:
            await enqueue(db, owed_reply(event, person), due)
            same = t.alerts.c.key == reply_key(event)
            # Whether it arrived is not known: it counts as tried, so that it is looked for before it is sent again.
            await db.execute(update(t.alerts).where(same).values(due_at=due, tries=1, lease_until=held_until))

    async def replied(self, key: str) -> None:
        """The reply is in front of the person, or can never be: nothing is owed any more.

        Whoever comes while another waits for its turn is taken along: each has somebody waiting, and a write of its own
        for each reply would be half of all writes.
        """
        self._paid.add(key)
        try:
            async with self._paying:
                if key in self._paid:
                    await self._note_paid()
        finally:
            self._paid.discard(key)

    async def _note_paid(self) -> None:
        async with self.transaction() as db:
            keys = sorted(self._paid)
            await db.execute(delete(t.deliveries).where(t.deliveries.c.alert.in_(keys)))
            await db.execute(delete(t.alerts).where(t.alerts.c.key.in_(keys), t.alerts.c.kind == "reply"))
        self._paid.difference_update(keys)

    async def note_outsider(self, heard: Event, person: str, via: str, now: datetime) -> None:
        """Tell the DSL, once a day for each person, that someone outside staff wrote. Without the words."""
        key = f"outsider/{now:%Y-%m-%d}/{person}"
        async with self.transaction(rings=True) as db:
            await note(db, heard, now)
            await enqueue(db, Wanted(key, "outsider", None, "dsl", via), now)

    async def ring_again(self, via: str, now: datetime, *, redraw: bool) -> None:
        """This channel can be reached again: what waits for it is due now. With `redraw`, so is every
        concern it has shown, because it has lost its screen. A reply stays with whoever knows what it said.
        """
        a = t.alerts.c
        waiting = and_(a.due_at.is_not(None), or_(a.kind != "reply", a.tries > 0))
        shown = and_(a.kind == "concern", a.delivered_at.is_not(None))
        async with self.transaction(rings=True) as db:
            await db.execute(
                update(t.alerts)
                .where(a.via == via, or_(waiting, shown) if redraw else waiting)
                .values(due_at=now, lease_until=case((a.kind == "reply", a.lease_until)))
            )

    async def deliveries(self, concern: str | None, at_most: int = 1000) -> list[Delivery]:
        """The last tries to deliver this concern's alerts, in order; None for alerts of no concern: drafts, proofs,
        people who are not staff.
        """
        a, d = t.alerts.c, t.deliveries.c
        async with self.reading() as db:
            rows = await db.execute(
                select(a.told, a.kind, a.step, d.at, d.via, d.outcome)
                .join_from(t.deliveries, t.alerts, d.alert == a.key)
                .where(a.concern == concern if concern else and_(a.concern.is_(None), a.kind != "reply"))
                .order_by(d.id.desc())
                .limit(at_most)
            )
            return [Delivery(*row) for row in rows][::-1]

    async def undelivered(self) -> int:
        """How many alerts are waiting to be delivered."""
        a = t.alerts.c
        async with self.reading() as db:
            waits = and_(a.due_at.is_not(None), a.delivered_at.is_(None), a.kind != "reply")
            found = await db.execute(select(func.count()).where(waits))
            return int(found.scalar_one())


async def _thread(db: AsyncConnection, row: Row[Any]) -> str | None:
    """The receipt of the first alert of this alert's concern that was told to the same by the same way."""
    a = t.alerts.c
    same = and_(a.concern == row.concern, a.told == row.told, a.via == row.via)
    first = select(a.receipt).where(same, a.kind == "concern", a.receipt.is_not(None)).order_by(a.step).limit(1)
    receipt: str | None = (await db.execute(first)).scalar_one_or_none()
    return receipt
