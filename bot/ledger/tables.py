"""The ledger's tables. What a person typed is only ever in a `sealed` column, under the key beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    false,
)
from sqlalchemy.types import TypeDecorator

# What a time reads as that is none of ours: unreadable, or of years in which no Signpost ran. It is past, so that nothing
# waits because of it, and not so long past that counting the steps of a clock from it would take for ever.
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_FAR_AHEAD = datetime(2200, 1, 1, tzinfo=UTC)


class Moment(TypeDecorator[datetime]):
    """An aware time, UTC inside. A naive one is refused: nobody could know what it meant.

    SQLite keeps whatever text somebody puts there. One that is no time must not keep whoever reads it from all the
    others, so it reads as `LONG_AGO`; the audit names it.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: in UTC."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database: aware, also where the database keeps no zones."""
        del dialect
        if value is None:
            return None
        value = value.replace(tzinfo=UTC) if value.tzinfo is None else value
        return value.astimezone(UTC) if LONG_AGO <= value < _FAR_AHEAD else LONG_AGO

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """As SQLAlchemy reads a time, but for what is none."""
        read = super().result_processor(dialect, coltype)
        if read is None:
            return None

        def lenient(value: Any) -> datetime | None:
            try:
                return read(value)
            except (ValueError, TypeError):
                return LONG_AGO

        return lenient


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Every event that changed something, so that a retry repeats nothing.
heard = Table(
    "heard",
    metadata,
    Column("event", String(255), primary_key=True),
    Column("at", Moment, nullable=False),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person", String(255), nullable=False, unique=True),
    Column("key", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False),
    Column("touched_at", Moment, nullable=False),
    Column("begun_at", Moment, nullable=True),  # when the form of an unsent concern was first filled
    Column("urgent", Boolean, nullable=False, server_default=false()),
    Column("about", String(16), nullable=True),  # whom the unsent concern is about, once that is known
    Column("reminded", Integer, nullable=False, server_default="0"),  # how many reminders of it went out
    Column("next_at", Moment, nullable=True, index=True),  # when to look at it again
)

concerns = Table(
    "concerns",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("reference", String(32), nullable=False, unique=True),
    Column("conversation", String(32), nullable=False, unique=True),
    Column("about", String(16), nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("stage", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("reporter", String(255), nullable=False, index=True),
    Column("logged_at", Moment, nullable=False),
    Column("key", LargeBinary, nullable=True),  # null once it has been forgotten
    Column("sealed", LargeBinary, nullable=True),
    Column("drill", Boolean, nullable=False, server_default=false()),
    Column("seen", Integer, nullable=False, server_default="1"),  # steps taken of the first clock
    Column("decide", Integer, nullable=False, server_default="0"),  # of the second
    Column("quiet", Integer, nullable=False, server_default="0"),  # askings after a quiet acknowledgement
    Column(
        "unheard", Integer, nullable=False, server_default="0"
    ),  # steps taken early, because nobody could be reached
    Column("next_at", Moment, nullable=True, index=True),  # when its clocks next ask for something
)

# A decision that is being written: one for each concern, whoever writes it. It is sealed under the concern's own key.
# The row stays when the decision is recorded, so that its version never comes again.
decision_drafts = Table(
    "decision_drafts",
    metadata,
    Column("concern", String(32), ForeignKey(concerns.c.id), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=True),  # null: nothing is being written
    Column("touched_at", Moment, nullable=False),
)

# Who may not see a concern whatever else they may, and who alone may: by their ids, never by name.
restrictions = Table(
    "restrictions",
    metadata,
    Column("concern", String(32), ForeignKey(concerns.c.id), primary_key=True),
    Column("kind", String(8), primary_key=True),  # avoids, or kept
    Column("person", String(255), primary_key=True),
)

# What is left of a forgotten concern: reference, dates, route, who and why.
tombstones = Table(
    "tombstones",
    metadata,
    Column("concern", String(32), ForeignKey(concerns.c.id), primary_key=True),
    Column("reference", String(32), nullable=False),
    Column("logged_at", Moment, nullable=False),
    Column("forgotten_at", Moment, nullable=False),
    Column("who", String(255), nullable=False),  # the person's id
    Column("why", String(255), nullable=False),
)

# Append-only: rows are added with their concern's change, never updated, never removed.
chronology = Table(
    "chronology",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("concern", String(32), ForeignKey(concerns.c.id), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("what", String(32), nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # who, and what they wrote
    Column("link", Integer, nullable=False, unique=True),  # its place in the ledger-wide chain, from 1
    Column("mac", LargeBinary, nullable=False),  # HMAC over this entry and its predecessor's mac
    UniqueConstraint("concern", "number"),
)

# The head of the chain, and the chain's own key, wrapped. One row.
chain = Table(
    "chain",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("link", Integer, nullable=False),
    Column("mac", LargeBinary, nullable=False),
    Column("key", LargeBinary, nullable=False),
)

# The outbox: what a person must be told, in the same database as what it is about.
alerts = Table(
    "alerts",
    metadata,
    Column("key", String(96), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("concern", String(32), ForeignKey(concerns.c.id), nullable=True, index=True),
    Column("told", String(255), nullable=False),  # dsl, head, chair, or person:<id>
    Column("via", String(16), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due_at", Moment, nullable=True),  # null: nothing to do
    Column("lease_until", Moment, nullable=True),
    Column("receipt", String(255), nullable=True),  # the channel's id of the message, once delivered
    Column("drawn", Integer, nullable=False),  # the concern's version that the message shows
    Column("delivered_at", Moment, nullable=True),  # the first time
    Column("last_failure", String(255), nullable=True),
    Column("step", Integer, nullable=False, server_default="0"),  # of the clock that asked for it
    Index("ix_alerts_due_at", "due_at"),
)

# What became of each try to deliver an alert.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("alert", String(96), ForeignKey(alerts.c.key), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("via", String(16), nullable=False),
    Column("outcome", String(255), nullable=False),  # delivered, redrawn, found, or why not
)

# When each route to people was last proved to work.
proofs = Table(
    "proofs",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("tried_at", Moment, nullable=False),
    Column("proved_at", Moment, nullable=True),
    Column("receipt", String(255), nullable=True),  # the standing message that is edited each time
    Column("failure", String(255), nullable=True),
)

# Where people are to be found, as a chat learnt it: a conversation's own JSON, sealed.
places = Table(
    "places",
    metadata,
    Column("id", String(255), primary_key=True),  # teams/dsl, teams/person:teams:29…
    Column("key", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("learnt_at", Moment, nullable=False),
)

# One-time codes, as digests: each is good for one thing, for a few minutes and a few tries.
codes = Table(
    "codes",
    metadata,
    Column("purpose", String(255), primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
)

# Which concerns name somebody: a word of a name, as an HMAC under the index's own key. Nothing can be read from it; the
# rows go when the concern is forgotten.
mentions = Table(
    "mentions",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("concern", String(32), ForeignKey(concerns.c.id), primary_key=True, index=True),
)

# The index's own key, wrapped. One row.
index_key = Table(
    "index_key",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", LargeBinary, nullable=False),
)

# Written to by each readiness check, because a full disk still reads.
pulse = Table("pulse", metadata, Column("id", Integer, primary_key=True), Column("beats", Integer, nullable=False))

# What is kept of a question: topic, score, route. Never the words.
questions = Table(
    "questions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("route", String(16), nullable=False),
    Column("topic", String(64), nullable=True),
    Column("score", Integer, nullable=False),  # hundredths
)

# The last number given to a concern in each year.
numbers = Table(
    "numbers",
    metadata,
    Column("year", Integer, primary_key=True),
    Column("last", Integer, nullable=False),
)
