"""Where people are to be found in a chat, and the one-time codes that somebody types to prove that they may say so."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.ledger import tables as t
from bot.ledger.database import Database
from bot.ledger.records import note, short
from bot.talk import Event
from bot.vault import Vault

_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # none that is taken for another
_LENGTH = 8  # letters: one in 650 thousand million for each try
_TRIES = 5  # wrong tries, and the code is spent
GOOD_FOR = timedelta(minutes=10)


class Places(Database):
    """Places that a chat has learnt, and codes."""

    _vault: Vault

    async def place(self, id_: str) -> str | None:
        """What was kept of a place (`teams/dsl`, `teams/person:<id>`), as the chat's own text, or None."""
        async with self.reading() as db:
            return await self._place(db, short(id_, 255))

    async def keep_place(self, id_: str, held: str, now: datetime) -> None:
        """Keep where a place is, in place of what was known."""
        async with self.transaction() as db:
            await self._keep_place(db, short(id_, 255), held, now)

    async def offer_code(self, purpose: str, now: datetime) -> str:
        """A fresh code for one purpose (`place:teams`), good once and for ten minutes. An older one is spent."""
        letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
        code = f"{letters[:4]}-{letters[4:]}"
        async with self.transaction() as db:
            await db.execute(delete(t.codes).where(t.codes.c.purpose == purpose))
            values = {"purpose": purpose, "digest": _digest(code), "ends_at": now + GOOD_FOR}
            await db.execute(insert(t.codes).values(values))
        return code

    async def use_code(self, purpose: str, typed: str, now: datetime) -> bool:
        """True if this is the purpose's code, which is spent by it. A few wrong tries spend it too."""
        async with self.transaction() as db:
            return await _use(db, purpose, typed, now)

    async def whose_code(self, prefix: str, typed: str, now: datetime) -> str | None:
        """Whose code this is, of all whose purpose begins with `prefix` (`desk:`): the rest of the purpose. It is spent.
        None if it is nobody's, which counts as a wrong try of each.
        """
        c = t.codes.c
        async with self.transaction() as db:
            found = await db.execute(select(t.codes).where(c.purpose.startswith(prefix, autoescape=True)))
            offered = found.all()
            for row in offered:
                if hmac.compare_digest(row.digest, _digest(typed)):
                    good = await _use(db, row.purpose, typed, now)
                    return str(row.purpose).removeprefix(prefix) if good else None
            for row in offered:
                await _use(db, row.purpose, typed, now)
        return None

    async def learn_place(self, heard: Event, id_: str, held: str, code: tuple[str, str], now: datetime) -> str | None:
        """Learn a place from somebody who typed its code there: `code` is its purpose and what was typed.

        Returns what was known of the place before ("" if nothing was), or None if the code is wrong: then nothing changed.
        """
        id_ = short(id_, 255)
        async with self.transaction() as db:
            if not await _use(db, *code, now):
                return None
            await note(db, heard, now)
            before = await self._place(db, id_)
            await self._keep_place(db, id_, held, now)
        return before or ""

    async def _place(self, db: AsyncConnection, id_: str) -> str | None:
        row = (await db.execute(select(t.places).where(t.places.c.id == id_))).first()
        return self._vault.open(row.key, f"places/{id_}", "held", row.sealed) if row else None

    async def _keep_place(self, db: AsyncConnection, id_: str, held: str, now: datetime) -> None:
        owner = f"places/{id_}"
        key = self._vault.new_data_key(owner)
        await db.execute(delete(t.places).where(t.places.c.id == id_))
        values = {"id": id_, "key": key, "sealed": self._vault.seal(key, owner, "held", held), "learnt_at": now}
        await db.execute(insert(t.places).values(values))


def looks_like_code(text: str) -> bool:
    """True if the whole text could be a one-time code."""
    return len(_plain(text)) == _LENGTH and set(_plain(text)) <= set(_LETTERS) and "-" in text


async def _use(db: AsyncConnection, purpose: str, typed: str, now: datetime) -> bool:
    c = t.codes.c
    row = (await db.execute(select(t.codes).where(c.purpose == purpose).with_for_update())).first()
    if row is None or now >= row.ends_at or row.tries >= _TRIES:
        return False
    if hmac.compare_digest(row.digest, _digest(typed)):
        await db.execute(delete(t.codes).where(c.purpose == purpose))
        return True
    await db.execute(update(t.codes).where(c.purpose == purpose).values(tries=row.tries + 1))
    return False


def _plain(typed: str) -> str:
    return "".join(typed.upper().split()).replace("-", "")


def _digest(code: str) -> bytes:
    return hashlib.sha256(_plain(code).encode()).digest()
