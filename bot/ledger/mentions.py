"""The blind index of names, by which past concerns about the same child are found.

Only digests are stored, under a key of the index's own, so that neither the database nor a data key gives a name away,
and so that forgetting a concern can remove its rows.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.concern import Concern
from bot.ledger import tables as t
from bot.ledger.database import Database
from bot.ledger.records import concern_or_sealed
from bot.vault import Vault

OWNER = "mentions"
_ROW = 1


class Mentions(Database):
    """Which concerns name somebody. Who may see what is found is not asked here."""

    _vault: Vault

    async def mentioning(self, words: Collection[str], at_most: int = 200) -> list[Concern]:
        """The concerns that name somebody by every one of these words (`bot.naming`), newest first."""
        if not words:
            return []
        m, c = t.mentions.c, t.concerns.c
        async with self.reading() as db:
            row = (await db.execute(select(t.index_key).where(t.index_key.c.id == _ROW))).first()
            if row is None:
                return []
            wanted = _digests(self._vault.open_bytes(row.key, OWNER), words)
            all_words = (
                select(m.concern)
                .where(m.digest.in_(wanted))
                .group_by(m.concern)
                .having(func.count() == len(wanted))
                .scalar_subquery()
            )
            found = select(c.id).where(c.id.in_(all_words), c.key.is_not(None)).order_by(c.logged_at.desc())
            ids = (await db.execute(found.limit(at_most))).scalars().all()
            concerns = [await concern_or_sealed(db, self._vault, id_) for id_ in ids]
        return [concern for concern in concerns if concern is not None]


async def mention(db: AsyncConnection, vault: Vault, concern: str, words: Collection[str]) -> None:
    """Enter in the index, within the caller's transaction, that this concern names somebody by these words."""
    if not words:
        return
    upsert = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    begun = upsert(t.index_key).values(id=_ROW, key=vault.new_data_key(OWNER))
    await db.execute(begun.on_conflict_do_nothing(index_elements=["id"]))
    wrapped = (await db.execute(select(t.index_key.c.key).where(t.index_key.c.id == _ROW))).scalar_one()
    rows = [{"digest": d, "concern": concern} for d in _digests(vault.open_bytes(wrapped, OWNER), words)]
    await db.execute(upsert(t.mentions).on_conflict_do_nothing(index_elements=["digest", "concern"]), rows)


def _digests(key: bytes, words: Collection[str]) -> list[bytes]:
    return sorted({hmac.digest(key, word.encode(), hashlib.sha256) for word in words})
