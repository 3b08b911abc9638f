"""Concerns as they are decided and worked: each act with its entry, and what must be told of it, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.concern import Concern
from bot.ledger import tables as t
from bot.ledger.concerns import Concerns
from bot.ledger.database import ChangedMeanwhileError, unique_violation
from bot.ledger.records import Wanted, enqueue, note
from bot.ledger.stopping import stop, waits_out
from bot.talk import NOTHING, Event, Person, Words

_CLOCKS = ("concern", "waiting", "decide", "quiet")  # deciding answers the first clock too


@dataclass(frozen=True, slots=True)
class DecisionDraft:
    """A decision that is being written, whoever writes it. Version 0: nobody has begun one."""

    version: int = 0
    values: Mapping[str, str] = field(default_factory=dict)
    by: Words = NOTHING
    at: datetime | None = None


class Casebook(Concerns):
    """What those who have a concern do with it. Every method raises `ChangedMeanwhileError` if it moved since it was read."""

    # ---- the decision

    async def decision_draft(self, concern: str) -> DecisionDraft:
        """The decision that is being written for this concern."""
        d, c = t.decision_drafts.c, t.concerns.c
        both = select(d.version, d.sealed, d.touched_at, c.key).join_from(
            t.decision_drafts, t.concerns, d.concern == c.id
        )
        async with self.reading() as db:
            row = (await db.execute(both.where(d.concern == concern))).first()
            if row is None:
                return DecisionDraft()
            if row.sealed is None or row.key is None:
                return DecisionDraft(row.version)
            text = self._vault.open(row.key, f"concerns/{concern}", f"decision/{row.version}", row.sealed)
        held = json.loads(text)
        return DecisionDraft(row.version, held["values"], Words(held["by"]), row.touched_at)

    async def keep_decision_draft(
        self,
        heard: Event,
        concern: Concern,
        draft: DecisionDraft,
        values: Mapping[str, str],
        who: Person,
        now: datetime,
    ) -> None:
        """Keep what was typed, unless somebody else has gone on with `draft` since."""
        async with self.transaction() as db:
            await note(db, heard, now)
            text = json.dumps({"values": dict(values), "by": who.name.reveal()})
            await self._move_draft(db, concern, draft.version, text, now)

    @waits_out
    async def decide(
        self,
        heard: Event,
        concern: Concern,
        who: Person,
        text: Words,
        now: datetime,
        *,
        draft: DecisionDraft | None = None,
    ) -> Concern:
        """Record a decision. The second clock stops, reminders not yet sent with it; the reporter is told that it was
        decided, not what. A decision before it stays as it is. `draft` is what it was written in: it ends.
        """
        async with self.transaction(rings=True) as db:
            await note(db, heard, now)
            if draft is not None:
                await self._move_draft(db, concern, draft.version, None, now)
            return await self._settle(db, concern, "decided", who, text, now)

    @waits_out
    async def close_concern(
        self, heard: Event, concern: Concern, who: Person, reason: Words, now: datetime, *, review: Words = NOTHING
    ) -> Concern:
        """Close it with a reason, and what the school learns from it. Nothing is ever sent about it again, but that."""
        async with self.transaction(rings=True) as db:
            await note(db, heard, now)
            closed = await self._settle(db, concern, "closed", who, reason, now)
            a = t.alerts.c
            await stop(db, and_(a.concern == concern.id, a.kind.in_(("action", "assigned", "kept"))), now)
            if not review:
                return closed
            await self._change(db, closed, "reviewed", who.name, now, text=review.reveal())
            return await self._reread(db, closed)

    async def _settle(
        self, db: AsyncConnection, concern: Concern, what: str, who: Person, text: Words, now: datetime
    ) -> Concern:
        await self._change(db, concern, what, who.name, now, text=text.reveal(), stage=what)
        a = t.alerts.c
        await stop(db, and_(a.concern == concern.id, a.kind.in_(_CLOCKS)), now)
        # Closing what was decided says nothing new to the reporter; closing what was not is the first they hear.
        if not concern.drill and (what == "decided" or concern.stage in {"logged", "acknowledged"}):
            via = concern.reporter.partition(":")[0]
            key = f"settled/{concern.id}.{concern.round}"
            await enqueue(db, Wanted(key, "settled", concern.id, f"person:{concern.reporter}", via), now)
        return await self._reread(db, concern)

    async def _move_draft(
        self, db: AsyncConnection, concern: Concern, version: int, text: str | None, now: datetime
    ) -> None:
        """The draft after `version`: this text, sealed, or none."""
        row = (await db.execute(select(t.concerns.c.key).where(t.concerns.c.id == concern.id))).first()
        if row is None or row.key is None:
            raise ChangedMeanwhileError
        owner, place = f"concerns/{concern.id}", f"decision/{version + 1}"
        sealed = None if text is None else self._vault.seal(row.key, owner, place, text)
        values = {"version": version + 1, "sealed": sealed, "touched_at": now}
        d = t.decision_drafts.c
        if version:
            same = and_(d.concern == concern.id, d.version == version)
            if (await db.execute(update(t.decision_drafts).where(same).values(values))).rowcount != 1:
                raise ChangedMeanwhileError
            return
        try:
            await db.execute(insert(t.decision_drafts).values(concern=concern.id, **values))
        except IntegrityError as error:
            if unique_violation(error):
                raise ChangedMeanwhileError from None
            raise

    # ---- working it

    @waits_out
    async def enter_act(
        self,
        heard: Event,
        concern: Concern,
        what: str,
        who: Person,
        text: Words,
        wanted: Sequence[Wanted],
        now: datetime,
    ) -> Concern:
        """Add an entry that changes nothing but the chronology, and tell whom it concerns."""
        a = t.alerts.c
        async with self.transaction(rings=bool(wanted)) as db:
            await note(db, heard, now)
            await self._change(db, concern, what, who.name, now, text=text.reveal())
            if what == "assigned":  # to somebody else than before, who may not have heard of it yet
                await stop(db, and_(a.concern == concern.id, a.kind == "assigned"), now)
            for one in wanted:
                await enqueue(db, one, now)
            return await self._reread(db, concern)

    @waits_out
    async def finish_action(
        self, heard: Event, concern: Concern, number: int, who: Person, text: Words, now: datetime
    ) -> Concern:
        """The action that stands at `number` of the chronology is done: its reminders stop."""
        async with self.transaction(rings=True) as db:
            await note(db, heard, now)
            await self._change(db, concern, "done", who.name, now, text=text.reveal())
            a = t.alerts.c
            rows = (await db.execute(select(a.key).where(a.concern == concern.id, a.kind == "action"))).scalars()
            mine = [key for key in rows if key.split("/")[2].partition(".")[0] == str(number)]
            await stop(db, a.key.in_(mine), now)
            return await self._reread(db, concern)

    async def link(
        self, heard: Event, concern: Concern, other: Concern, who: Person, texts: tuple[Words, Words], now: datetime
    ) -> Concern:
        """Link two concerns: an entry in each. `texts` are what each says of the other."""
        async with self.transaction(rings=True) as db:
            await note(db, heard, now)
            for one, text in sorted(zip((concern, other), texts, strict=True), key=lambda pair: pair[0].id):
                await self._change(db, one, "linked", who.name, now, text=text.reveal())
            return await self._reread(db, concern)

    @waits_out
    async def restrict(
        self,
        heard: Event,
        concern: Concern,
        kept: Sequence[str],
        who: Person,
        text: Words,
        wanted: Sequence[Wanted],
        now: datetime,
    ) -> Concern:
        """From now on only these people may see it. What others were still to be told of it is not sent."""
        r, a = t.restrictions.c, t.alerts.c
        async with self.transaction(rings=True) as db:
            await note(db, heard, now)
            await self._change(db, concern, "restricted", who.name, now, text=text.reveal())
            await db.execute(t.restrictions.delete().where(r.concern == concern.id, r.kind == "kept"))
            rows = [{"concern": concern.id, "kind": "kept", "person": person} for person in sorted(set(kept))]
            await db.execute(insert(t.restrictions), rows)
            mine = f"person:{concern.reporter}"
            await stop(db, and_(a.concern == concern.id, a.told != mine), now)
            for one in wanted:
                await enqueue(db, one, now)
            return await self._reread(db, concern)

    @waits_out
    async def begin_again(
        self,
        heard: Event,
        concern: Concern,
        what: str,
        who: Person,
        text: Words,
        wanted: Sequence[Wanted],
        now: datetime,
    ) -> Concern:
        """Needs have escalated, or it is reopened: its clocks begin again. Escalated, it is urgent and `wanted` tells the
        first again; reopened, whoever did it has it.
        """
        clocks = {"seen": 1, "decide": 0, "quiet": 0, "unheard": 0}
        to = {"stage": "logged", "urgent": True} if what == "escalated" else {"stage": "acknowledged"}
        a = t.alerts.c
        async with self.transaction(rings=True) as db:
            await note(db, heard, now)
            await self._change(db, concern, what, who.name, now, text=text.reveal(), **to, **clocks)
            await stop(db, and_(a.concern == concern.id, a.kind.in_(_CLOCKS)), now)
            for one in wanted:
                await enqueue(db, one, now)
            return await self._reread(db, concern)
