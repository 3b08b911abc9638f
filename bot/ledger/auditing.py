"""The audit: the chain of all entries, and whether each concern still has what it was logged with. Reads; changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from bot.ledger import chain
from bot.ledger import tables as t
from bot.ledger.database import Database
from bot.ledger.records import chain_head
from bot.vault import Vault


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found: how many entries were checked, every break, and the chain's head as noted outside."""

    checked: int
    breaks: tuple[chain.Break, ...]
    head: str


class Auditing(Database):
    """Whether the record is as Signpost wrote it."""

    _vault: Vault

    async def audit(self) -> Audit:
        """Verify the whole chain, and that every concern has its entries and every entry its concern. Reads all of it.

        Raises `LedgerDownError`, also for wrong master keys.
        """
        c, s = t.concerns.c, t.tombstones.c
        async with self.transaction() as db:
            head = (await db.execute(select(t.chain).with_for_update())).first()
            entries = (await db.execute(select(t.chronology).order_by(t.chronology.c.link))).all()
            concerns = (
                await db.execute(
                    select(c.id, c.reference, c.logged_at, c.key.is_(None).label("no_key"), s.concern.label("tomb"))
                    .join_from(t.concerns, t.tombstones, s.concern == c.id, isouter=True)
                    .order_by(c.reference)
                )
            ).all()
            key = self._vault.open_bytes(head.key, "chain") if head else b""
        names = {row.id: row.reference for row in concerns}
        links = [
            chain.Link(r.link, names.get(r.concern, ""), r.concern, r.number, r.at, r.what, r.sealed, r.mac)
            for r in entries
        ]
        end = (head.link, head.mac) if head else (0, chain.START)
        if head or not links:
            broken = list(chain.verify(key, links, end))
        else:
            broken = [chain.Break(0, "", "the head of the chain is gone, and with it what its entries are verified by")]
        breaks = (*broken, *_without_concern(links), *_of_concerns(concerns, links, frozenset(self._forgotten())))
        return Audit(len(links), breaks, chain.fingerprint(*end))

    async def head(self) -> str:
        """The head of the chain, to be noted outside the database. Raises `LedgerDownError`, also for wrong master keys."""
        async with self.transaction() as db:
            head = await chain_head(db, self._vault)
            self._vault.open_bytes(head.key, "chain")
        return chain.fingerprint(head.link, head.mac)

    def _forgotten(self) -> Sequence[str]:
        """The ids that are noted outside the database as forgotten."""
        raise NotImplementedError


def _without_concern(links: Sequence[chain.Link]) -> Iterator[chain.Break]:
    """Entries that stand while their concern's own row does not."""
    lost: dict[str, list[chain.Link]] = {}
    for link in links:
        if not link.reference:
            lost.setdefault(link.concern, []).append(link)
    for entries in lost.values():
        places = ", ".join(str(link.place) for link in entries)
        yield chain.Break(entries[0].place, "", f"its concern was removed (entries of the same concern: {places})")


def _of_concerns(
    concerns: Sequence[Row[Any]], links: Sequence[chain.Link], noted: frozenset[str]
) -> Iterator[chain.Break]:
    """Concerns that are not as they were logged, or lost their key though nobody forgot them. `noted` are those that
    were forgotten, as it is noted outside the database: a restore by an earlier version left no tombstone.
    """
    first: dict[str, chain.Link] = {}
    for link in links:
        first.setdefault(link.concern, link)
    for row in concerns:
        entry = first.get(row.id)
        if entry is None:
            yield chain.Break(0, row.reference, "none of its entries is left")
        elif entry.number == 1 and entry.at != row.logged_at:
            yield chain.Break(0, row.reference, "the time at which it was logged is not that of its first entry")
        if row.no_key and row.tomb is None and row.id not in noted:
            yield chain.Break(0, row.reference, "its key was destroyed, and no tombstone says that it was forgotten")
