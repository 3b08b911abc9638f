"""The chain that all chronology entries form: each is bound to the one before it by an HMAC under a key of its own.

Whoever changes, removes, reorders or cuts off an entry without that key leaves a break that `verify` points at.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

START = b"\0" * 32


@dataclass(frozen=True, slots=True)
class Link:
    """One chronology entry as it is chained: its place in the chain from 1, and what is bound there."""

    place: int
    reference: str
    concern: str
    number: int
    at: datetime
    what: str
    sealed: bytes
    mac: bytes


@dataclass(frozen=True, slots=True)
class Break:
    """Where the record does not hold: a place in the chain, or 0 for a concern itself. `reference` names the concern,
    where it is known.
    """

    place: int
    reference: str
    what: str

    def __str__(self) -> str:
        """One line for the person who ran the audit."""
        if not self.place:
            return f"{f'concern {self.reference}' if self.reference else 'the record'}: {self.what}"
        return f"entry {self.place}{f' ({self.reference})' if self.reference else ''}: {self.what}"


def mac(key: bytes, before: bytes, link: Link) -> bytes:
    """The HMAC that binds `link` to the mac before it. Every part is written with its length, so none can run into the next."""
    parts = (
        before,
        str(link.place).encode(),
        link.concern.encode(),
        str(link.number).encode(),
        link.at.astimezone(UTC).isoformat(timespec="microseconds").encode(),
        link.what.encode(),
        link.sealed,
    )
    whole = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hmac.digest(key, whole, hashlib.sha256)


def verify(key: bytes, links: Iterable[Link], head: tuple[int, bytes]) -> Iterator[Break]:
    """Every break in `links` (in order of place), ending at `head`: the place and mac of the last entry."""
    before, expected = START, 1
    for link in links:
        if not isinstance(link.place, int):
            yield Break(0, link.reference, "one of its entries has no place in the chain any more")
            continue
        if link.place > expected:
            gone = f"{expected}" if link.place == expected + 1 else f"{expected} to {link.place - 1}"
            yield Break(expected, "", f"removed (entry {gone} is missing before {link.reference})")
            before = b""  # what stood before is gone: only the entry's own successor can vouch for it
        if before and not _holds(key, before, link):
            yield Break(link.place, link.reference, "changed, or moved from another place")
        before, expected = link.mac if isinstance(link.mac, bytes) else b"changed", link.place + 1
    if not isinstance(head[0], int) or not isinstance(head[1], bytes):
        yield Break(0, "", "the head of the chain was changed")
    elif head[0] >= expected:
        yield Break(expected, "", f"cut off (the chain should end at entry {head[0]})")
    elif expected > 1 and (head[0] != expected - 1 or not hmac.compare_digest(head[1], before)):
        yield Break(expected - 1, "", "the head of the chain does not match its last entry")


def _holds(key: bytes, before: bytes, link: Link) -> bool:
    """Whether the entry is the one that was bound here. One with a value of another type, as SQLite lets anybody put it
    there, is not.
    """
    try:
        return hmac.compare_digest(mac(key, before, link), link.mac)
    except (TypeError, AttributeError):
        return False


def fingerprint(place: int, value: bytes) -> str:
    """The head as it is noted outside the database: `17:3fa9c2…`."""
    return f"{place}:{value.hex()[:16] if isinstance(value, bytes) else '?'}"
