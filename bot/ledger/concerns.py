"""Concerns: logging one, and every act on it. Each act checks that nothing changed since it was read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import naming
from bot.clocks import Plan
from bot.concern import Concern, NewConcern, is_reference, reference
from bot.ledger import tables as t
from bot.ledger.conversations import close_conversation
from bot.ledger.database import ChangedMeanwhileError
from bot.ledger.mentions import mention
from bot.ledger.records import (
    REACHES,
    Wanted,
    concern_or_sealed,
    draft_keys,
    enqueue,
    enter,
    new_id,
    next_number,
    note,
    read_concern,
    read_forgotten,
)
from bot.ledger.stopping import Stopping, stop, waits_out
from bot.talk import Event, Person, Words
from bot.triage import Conversation
from bot.vault import Vault


class Concerns(Stopping):
    """The register of concerns and their chronologies."""

    _vault: Vault
    _short: str

    @waits_out
    async def log_concern(
        self,
        heard: Event,
        new: NewConcern,
        conversation: Conversation | None,
        told: Sequence[str],
        via: str,
        now: datetime,
    ) -> str:
        """Log a concern: the concern, its first chronology entry, its alerts and the closed
        conversation, all or nothing. Returns its reference.

        `told` are the roles of the first step; `via` is the first channel. A drill has no conversation.
        """
        id_ = new_id()
        owner = f"concerns/{id_}"
        key = self._vault.new_data_key(owner)
        async with self.transaction(rings=True) as db:
            await note(db, heard, now)
            if conversation is not None:
                await close_conversation(db, conversation)
                unsent = t.alerts.c.key.in_(draft_keys(conversation.id, conversation.person))
                await stop(db, unsent, now)
            ref = reference(self._short, now.year, await next_number(db, now.year))
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
                    drill=new.drill,
                    seen=1,
                    next_at=now,
                )
            )
            row = (await db.execute(select(t.concerns).where(t.concerns.c.id == id_))).one()
            await enter(db, self._vault, row, 1, "logged", new.account.reporter, now)
            if new.avoids:
                avoided = [{"concern": id_, "kind": "avoids", "person": person} for person in sorted(new.avoids)]
                await db.execute(insert(t.restrictions), avoided)
            await mention(db, self._vault, id_, naming.of_names(name for name, _ in new.account.children()))
            for role in told:
                await enqueue(db, Wanted(f"concern/{id_}/0/{role}", "concern", id_, role, via), now)
        return ref

    async def concern(self, id_: str) -> Concern | None:
        """The concern as the record has it, opened, or None."""
        async with self.reading() as db:
            return await read_concern(db, self._vault, id_)

    async def forgotten(self, id_: str) -> Concern | None:
        """What is left of a concern that has been forgotten, or None: also of one that was not open to all it reached."""
        async with self.reading() as db:
            return await read_forgotten(db, id_)

    async def by_reference(self, ref: str) -> Concern | None:
        """The concern of this reference, or None. What is no reference, and so may be a name that somebody looks for, is
        never put to the database: it may log what it is asked.
        """
        if not is_reference(ref):
            return None
        async with self.reading() as db:
            id_ = (await db.execute(select(t.concerns.c.id).where(t.concerns.c.reference == ref))).scalar_one_or_none()
            return await read_concern(db, self._vault, id_) if id_ else None

    async def sent_as(self, conversation: str, reporter: str) -> str | None:
        """The reference under which this person's conversation was sent, or None."""
        async with self.reading() as db:
            found = await db.execute(
                select(t.concerns.c.reference).where(
                    t.concerns.c.conversation == conversation, t.concerns.c.reporter == reporter
                )
            )
            return found.scalar_one_or_none()

    async def mine(self, reporter: str, at_most: int = 10) -> list[Concern]:
        """The reporter's own concerns, newest first. Forgotten ones are not among them."""
        c = t.concerns.c
        return await self._some(and_(c.reporter == reporter, c.key.is_not(None), c.drill.is_(False)), at_most)

    async def open_concerns(
        self, told: Collection[str] | None = None, ids: Collection[str] = (), at_most: int = 1000
    ) -> list[Concern]:
        """Every concern that is not closed: first those that nobody has acknowledged, and the oldest first.

        With `told`, only those of which any of these roles and places was told, and with `ids`, by which one person
        is known, only what that person may see: what they may not is not counted either.
        """
        c, a, r = t.concerns.c, t.alerts.c, t.restrictions.c
        which = [c.stage != "closed", c.key.is_not(None)]
        if told is not None:
            which.append(exists().where(a.concern == c.id, a.kind.in_(REACHES), a.told.in_(told)))
            mine = and_(r.concern == c.id, r.person.in_(ids))
            which.append(~exists().where(mine, r.kind == "avoids"))
            named = exists().where(r.concern == c.id, r.kind == "kept")
            which.append(or_(~named, exists().where(mine, r.kind == "kept")))
        waiting = case((c.stage == "logged", 0), else_=1)
        async with self.reading() as db:
            found = await db.execute(select(c.id).where(*which).order_by(waiting, c.logged_at).limit(at_most))
            concerns = [await concern_or_sealed(db, self._vault, id_) for id_ in found.scalars().all()]
        return [concern for concern in concerns if concern is not None]

    async def all_concerns(self, at_most: int | None = 500) -> list[Concern]:
        """Every concern that has not been forgotten, newest first."""
        return await self._some(t.concerns.c.key.is_not(None), at_most)

    async def at_stage(self, stages: Collection[str]) -> list[Concern]:
        """Every concern at one of these stages that has not been forgotten, newest first: all of them, so that what
        somebody may not see never crowds out what they may.
        """
        c = t.concerns.c
        return await self._some(and_(c.key.is_not(None), c.stage.in_(stages)), None)

    async def logged_between(self, first: datetime, last: datetime) -> list[Concern]:
        """Every concern logged from `first` to before `last` that has not been forgotten: for figures, so all of them."""
        c = t.concerns.c
        return await self._some(and_(c.key.is_not(None), c.logged_at >= first, c.logged_at < last), None)

    @waits_out
    async def acknowledge(self, heard: Event, concern: Concern, who: Person, via: str, now: datetime) -> Concern:
        """Record that a person has it, tell the reporter by `via`, and stop alerts not yet sent.

        Raises `ChangedMeanwhileError` if the concern moved since it was read.
        """
        told = Wanted(f"told/{concern.id}", "told", concern.id, f"person:{concern.reporter}", via)
        async with self.transaction(rings=True) as db:
            await note(db, heard, now)
            await self._change(db, concern, "acknowledged", who.name, now, stage="acknowledged")
            a = t.alerts.c
            await stop(db, and_(a.concern == concern.id, a.kind.in_(("concern", "waiting"))), now)
            if not concern.drill:
                await enqueue(db, told, now)
            return await self._reread(db, concern)

    @waits_out
    async def record_opening(self, heard: Event, concern: Concern, who: Person, now: datetime) -> Concern:
        """Enter in the chronology that this person opened it. Nothing is shown unless this is saved."""
        async with self.transaction(rings=True) as db:
            await note(db, heard, now)
            await self._change(db, concern, "opened", who.name, now)
            a = t.alerts.c  # it was asked whether anybody had opened it
            await stop(db, and_(a.concern == concern.id, a.kind == "quiet"), now)
            return await self._reread(db, concern)

    async def add(
        self, heard: Event, concern: Concern, who: Person, text: Words, wanted: Sequence[Wanted], now: datetime
    ) -> Concern:
        """Add what the reporter has since seen or heard. `wanted` tells those who have the concern."""
        async with self.transaction(rings=True) as db:
            await note(db, heard, now)
            await self._change(db, concern, "added", who.name, now, text=text.reveal())
            await mention(db, self._vault, concern.id, naming.in_text(text))
            for one in wanted:
                await enqueue(db, one, now)
            return await self._reread(db, concern)

    async def clocks_due(self, now: datetime, at_most: int = 50) -> list[Concern]:
        """Concerns whose clocks may ask for something now, longest due first."""
        c = t.concerns.c
        async with self.reading() as db:
            ids = await db.execute(
                select(c.id).where(c.next_at <= now, c.key.is_not(None)).order_by(c.next_at).limit(at_most)
            )
            found = [await concern_or_sealed(db, self._vault, id_) for id_ in ids.scalars().all()]
        return [concern for concern in found if concern is not None]

    async def take_steps(self, concern: Concern, plan: Plan, wanted: Sequence[Wanted], now: datetime) -> bool:
        """Put what the clocks asked for in the outbox and move them on, unless the concern has changed since."""
        c = t.concerns.c
        same = and_(
            c.id == concern.id,
            c.version == concern.version,
            c.seen == concern.seen,
            c.decide == concern.decide,
            c.quiet == concern.quiet,
            c.unheard == concern.unheard,
        )
        moved = {"seen": plan.seen, "decide": plan.decide, "quiet": plan.quiet, "next_at": plan.next_at}
        async with self.transaction(rings=bool(wanted)) as db:
            changed = await db.execute(update(t.concerns).where(same).values(moved))
            if changed.rowcount != 1:
                return False
            for one in wanted:
                await _supersede(db, one)
                await enqueue(db, one, now)
            if plan.seen != concern.seen:  # the cards of the round before say when the next person is told
                await _redraw(db, concern.id, now, since=concern.seen - 1)
            return True

    async def _change(
        self,
        db: AsyncConnection,
        concern: Concern,
        what: str,
        who: Words,
        now: datetime,
        *,
        text: str = "",
        **values: Any,
    ) -> None:
        """Set `values`, add an entry, and make every card that shows the concern due to be redrawn."""
        c = t.concerns.c
        changed = await db.execute(
            update(t.concerns)
            .where(c.id == concern.id, c.version == concern.version)
            .values(version=concern.version + 1, next_at=now, **values)
        )
        if changed.rowcount != 1:
            raise ChangedMeanwhileError
        row = (await db.execute(select(t.concerns).where(c.id == concern.id))).one()
        await enter(db, self._vault, row, len(concern.chronology) + 1, what, who, now, text)
        await _redraw(db, concern.id, now)

    async def _reread(self, db: AsyncConnection, concern: Concern) -> Concern:
        changed = await read_concern(db, self._vault, concern.id)
        if changed is None:
            raise ChangedMeanwhileError
        return changed

    async def _some(self, which: Any, at_most: int | None) -> list[Concern]:
        c = t.concerns.c
        async with self.reading() as db:
            newest = select(c.id).where(which).order_by(c.logged_at.desc()).limit(at_most)
            ids = (await db.execute(newest)).scalars().all()
            found = [await concern_or_sealed(db, self._vault, id_) for id_ in ids]
        return [concern for concern in found if concern is not None]


async def _supersede(db: AsyncConnection, wanted: Wanted) -> None:
    """What this person was to be told at an earlier step and never was, by any route: the new alert says it, and goes
    by every route that the old one did. Otherwise an outage would end in one message for each step it lasted.
    """
    a = t.alerts.c
    same = and_(a.concern == wanted.concern, a.kind == wanted.kind, a.told == wanted.told)
    if wanted.kind == "action":  # of the same thing to do: its key goes on with how many days have passed
        same = and_(same, a.key.startswith(wanted.key.rpartition("/")[0].rpartition(".")[0] + ".", autoescape=True))
    older = and_(same, a.step < wanted.step, a.receipt.is_(None))
    await db.execute(update(t.alerts).where(older).values(due_at=None))


async def _redraw(db: AsyncConnection, id_: str, now: datetime, *, since: int = 0) -> None:
    """Make the cards of this step and later due to be redrawn."""
    a = t.alerts.c
    shown = and_(a.concern == id_, a.kind == "concern", a.receipt.is_not(None), a.step >= since)
    await db.execute(update(t.alerts).where(shown).values(due_at=now))
