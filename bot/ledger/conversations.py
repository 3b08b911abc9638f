"""Open conversations and their drafts, sealed; and what little is kept of a question."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.ledger import tables as t
from bot.ledger.database import ChangedMeanwhileError, Database, unique_violation
from bot.ledger.records import Wanted, enqueue, note, short
from bot.talk import NOTHING, Event, Words
from bot.triage import Answer, Conversation
from bot.vault import Vault


@dataclass(frozen=True, slots=True)
class Question:
    """What is kept of a question. `score` is 0 to 1."""

    route: str
    topic: str | None
    score: float


@dataclass(frozen=True, slots=True)
class Unsent:
    """A form that was begun and not sent. `reminded` counts the reminders that went out."""

    id: str
    person: str
    begun_at: datetime
    urgent: bool
    reminded: int
    drafting: bool = False  # a concern is being written, not a triage answered
    about: str = ""


class Conversations(Database):
    """One open conversation for each person."""

    _vault: Vault

    async def was_heard(self, event: str) -> bool:
        """True if this event changed something before."""
        async with self.reading() as db:
            found = await db.execute(select(t.heard.c.event).where(t.heard.c.event == short(event, 255)))
            return found.first() is not None

    async def conversation(self, person: str) -> tuple[Conversation, datetime] | None:
        """The person's open conversation and when it was last touched (UTC), or None."""
        async with self.reading() as db:
            row = (await db.execute(select(t.conversations).where(t.conversations.c.person == person))).first()
            if row is None:
                return None
            held = json.loads(self._vault.open(row.key, f"conversations/{row.id}", "sealed", row.sealed))
        answers = tuple(Answer(step, value) for step, value in held["answers"])
        return Conversation(row.id, row.person, answers, held["draft"], row.version), row.touched_at

    async def keep_conversation(
        self,
        heard: Event,
        conversation: Conversation,
        now: datetime,
        *,
        name: Words = NOTHING,
        draft: bool = False,
        urgent: bool = False,
        about: str = "",
        quiet: timedelta = timedelta(0),
    ) -> None:
        """Save where a conversation has got to. Raises `ChangedMeanwhileError` if it moved meanwhile.

        `name` is the person's, sealed with it; `draft` says that a concern is being written, which is reminded of while it is unsent; `urgent` that it may be urgent, `about` whom it is about, once that is known. Nobody need look at it again for as long as `quiet`, unless it moves.
        """
        owner = f"conversations/{conversation.id}"
        held = {
            "answers": [[a.step, a.value] for a in conversation.answers],
            "draft": dict(conversation.draft),
            "name": name.reveal(),
        }
        c = t.conversations.c
        async with self.transaction() as db:
            await note(db, heard, now)
            row = (await db.execute(select(t.conversations).where(c.person == conversation.person))).first()
            if row is None and conversation.version == 0:
                key = self._vault.new_data_key(owner)
                try:
                    await db.execute(
                        insert(t.conversations).values(
                            id=conversation.id,
                            person=conversation.person,
                            key=key,
                            sealed=self._vault.seal(key, owner, "sealed", json.dumps(held)),
                            version=1,
                            touched_at=now,
                            begun_at=now if draft else None,
                            urgent=urgent,
                            about=about,
                            next_at=now + quiet,
                        )
                    )
                except IntegrityError as error:
                    if unique_violation(error):
                        raise ChangedMeanwhileError from None
                    raise
                return
            if row is None or row.id != conversation.id or row.version != conversation.version:
                raise ChangedMeanwhileError
            saved = await db.execute(
                update(t.conversations)
                .where(c.id == row.id, c.version == row.version)
                .values(
                    sealed=self._vault.seal(row.key, owner, "sealed", json.dumps(held)),
                    version=row.version + 1,
                    touched_at=now,
                    begun_at=(row.begun_at or now) if draft else None,
                    urgent=urgent or (row.urgent and draft),
                    about=about,
                    next_at=now + quiet,
                )
            )
            if saved.rowcount != 1:
                raise ChangedMeanwhileError

    async def end_conversation(self, heard: Event, conversation: Conversation, now: datetime) -> None:
        """Throw the open conversation away, its draft with it."""
        async with self.transaction() as db:
            await note(db, heard, now)
            await close_conversation(db, conversation)

    async def note_question(self, heard: Event, question: Question, now: datetime) -> None:
        """Keep what is kept of a question."""
        async with self.transaction() as db:
            await note(db, heard, now)
            await db.execute(
                insert(t.questions).values(
                    at=now, route=question.route, topic=question.topic, score=round(question.score * 100)
                )
            )

    async def questions_between(self, first: datetime, last: datetime) -> list[tuple[datetime, str, str | None]]:
        """When each question was asked, by which route it was answered, and the page nearest to it: from `first` to before `last`."""
        q = t.questions.c
        asked = select(q.at, q.route, q.topic).where(q.at >= first, q.at < last).order_by(q.id)
        async with self.reading() as db:
            return [(row.at, row.route, row.topic) for row in await db.execute(asked)]

    async def unsent_due(self, now: datetime, at_most: int = 50) -> list[tuple[Unsent, datetime]]:
        """Conversations to look at, with when each was last touched: their reminder or their end may have come."""
        c = t.conversations.c
        async with self.reading() as db:
            rows = (
                await db.execute(select(t.conversations).where(c.next_at <= now).order_by(c.next_at).limit(at_most))
            ).all()
        return [
            (
                Unsent(
                    r.id, r.person, r.begun_at or r.touched_at, r.urgent, r.reminded, r.begun_at is not None, r.about
                ),
                r.touched_at,
            )
            for r in rows
        ]

    async def remind(self, unsent: Unsent, wanted: list[Wanted], next_at: datetime, now: datetime) -> None:
        """Put the reminders in the outbox, and look again at `next_at`."""
        c = t.conversations.c
        async with self.transaction(rings=bool(wanted)) as db:
            moved = await db.execute(
                update(t.conversations)
                .where(c.id == unsent.id, c.reminded == unsent.reminded)
                .values(reminded=unsent.reminded + (1 if wanted else 0), next_at=next_at)
            )
            if moved.rowcount == 1:
                for one in wanted:
                    await enqueue(db, one, now)

    async def began(self, conversation: str) -> Words | None:
        """The name of who began this conversation, or None if it is no longer open."""
        async with self.reading() as db:
            row = (await db.execute(select(t.conversations).where(t.conversations.c.id == conversation))).first()
            if row is None:
                return None
            held = json.loads(self._vault.open(row.key, f"conversations/{row.id}", "sealed", row.sealed))
        return Words(held.get("name", ""))

    async def sweep(self, before: datetime) -> None:
        """Forget events older than `before`: no channel delivers a message again after so long."""
        async with self.transaction() as db:
            await db.execute(delete(t.heard).where(t.heard.c.at < before))

    async def expire(self, unsent: Unsent, touched_before: datetime) -> None:
        """Delete a conversation that was last touched before then."""
        c = t.conversations.c
        async with self.transaction() as db:
            await db.execute(delete(t.conversations).where(c.id == unsent.id, c.touched_at <= touched_before))


async def close_conversation(db: AsyncConnection, conversation: Conversation) -> None:
    """Delete the conversation as it was read, or raise `ChangedMeanwhileError`."""
    c = t.conversations.c
    gone = await db.execute(delete(t.conversations).where(c.id == conversation.id, c.version == conversation.version))
    if gone.rowcount != 1:
        raise ChangedMeanwhileError
