"""All SQL. One method per thing that happens, one transaction per method.

Every method that follows from a message is told its event and notes it in the same transaction: an event
heard before raises `AlreadyHeardError` and changes nothing.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.ledger.auditing import Audit
from bot.ledger.casebook import Casebook, DecisionDraft
from bot.ledger.conversations import Conversations, Question, Unsent
from bot.ledger.counts import Counting, Counts
from bot.ledger.database import (
    AlreadyHeardError,
    ChangedMeanwhileError,
    LedgerDownError,
    open_engine,
)
from bot.ledger.mentions import Mentions
from bot.ledger.outbox import LEASE, Delivery, Due, Outbox
from bot.ledger.places import Places, looks_like_code
from bot.ledger.records import Wanted, draft_keys, reply_key
from bot.ledger.stopping import LAST_LOOK
from bot.ledger.upkeep import NotABackupError, Proof, Upkeep
from bot.vault import Vault


class Ledger(Conversations, Casebook, Mentions, Outbox, Places, Upkeep, Counting):
    """The school's record: conversations, concerns, their chronologies and the alerts due."""

    def __init__(self, engine: AsyncEngine, vault: Vault, short: str, tombs: Path | None = None) -> None:
        """`short` starts every reference; `tombs` is the file outside the database in which forgetting is noted.
        Use `open_ledger` to get a ledger that is ready.
        """
        super().__init__(engine)
        self._vault, self._short, self._tombs = vault, short, tombs


async def open_ledger(
    url: str, vault: Vault, short: str, *, tombs: Path | None = None, migrate: bool | None = None
) -> Ledger:
    """The ledger at a SQLAlchemy URL (`sqlite:///file`, `postgresql://…`), ready to be written to.

    On SQLite its tables are brought up to date; on PostgreSQL only if `migrate`. Raises `LedgerDownError`.
    """
    ledger = Ledger(await open_engine(url, migrate=migrate), vault, short, tombs)
    try:
        await ledger.ping()
        await ledger.note_tombs()
    except LedgerDownError:
        await ledger.close()
        raise
    return ledger


__all__ = [
    "LAST_LOOK",
    "LEASE",
    "AlreadyHeardError",
    "Audit",
    "ChangedMeanwhileError",
    "Counts",
    "DecisionDraft",
    "Delivery",
    "Due",
    "Ledger",
    "LedgerDownError",
    "NotABackupError",
    "Proof",
    "Question",
    "Unsent",
    "Wanted",
    "draft_keys",
    "looks_like_code",
    "open_ledger",
    "reply_key",
]
