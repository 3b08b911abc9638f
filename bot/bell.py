"""The promise that an alert is heard. `ring_due(now)` leases what is due, delivers it, and records what came of it.

At least once: a crash between delivery and record lets the lease lapse, and it rings again; the
reference makes a repeat harmless. A failed alert is tried again for ever, and by the next channel too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot import cards
from bot.guidance import Guidance
from bot.ledger import Due, Ledger
from bot.talk import Part

_log = structlog.get_logger("signpost.bell")
_SLOWEST = timedelta(minutes=15)  # between two tries, when it is not urgent
_SLOWEST_URGENT = timedelta(minutes=1)
_OTHER_WAY_AFTER = 3  # tries by one channel before the next is used
DELIVERY_SECONDS = 20  # well inside the lease: a send that hangs is given up before another may begin


@dataclass(frozen=True, slots=True)
class Alert:
    """Something a person must be told. `key` is the same each time it is sent; `receipt` names the
    message to redraw, if it is already there. `told` is dsl, head, chair, or person:<id>.
    """

    key: str
    ref: str
    told: str
    via: str
    tries: int
    lease_until: datetime
    receipt: str | None
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Delivered:
    """It is in front of people. `id` is the channel's own id of the message."""

    id: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not arrive. `reason` is for operators and holds no words a person typed. `lasting`
    says that trying again the same way is no use; `retry_after` is in seconds, if the channel said.
    """

    reason: str
    lasting: bool = False
    retry_after: float | None = None


Receipt = Delivered | Failed


class Channel(Protocol):
    """A way to people. Deliver an alert or say why not; never raise, never wait for a person."""

    @property
    def name(self) -> str:
        """Its short name, which also starts the ids of its people."""
        ...

    async def deliver(self, alert: Alert) -> Receipt:
        """Put the alert in front of those it is for, or redraw it where it stands."""
        ...

    async def members(self, place: str) -> frozenset[str]:
        """The ids of the people in `place` now. Raises `RosterUnreadable`."""
        ...


class Bell:
    """Rings until somebody has it. Keeps nothing itself: what is due is in the ledger."""

    def __init__(self, guidance: Callable[[], Guidance], ledger: Ledger, channels: Mapping[str, Channel]) -> None:
        """`channels` by name, first choice first."""
        self._guidance = guidance
        self._ledger = ledger
        self._channels = dict(channels)

    async def ring_due(self, now: datetime) -> int:
        """Deliver every alert due at `now` (UTC). Returns how many were tried.

        Raises `LedgerDownError` if the ledger cannot be read or written; nothing is lost by that.
        """
        due = await self._ledger.lease_due(now)
        await asyncio.gather(*(self._ring(one, now) for one in due))
        return len(due)

    async def _ring(self, due: Due, now: datetime) -> None:
        receipt = await self._deliver(due, now)
        if isinstance(receipt, Delivered):
            await self._ledger.record_delivery(due, receipt.id, now)
            _log.info("delivered", key=due.key, via=due.via, tries=due.tries)
            return
        again = now + backoff(due, receipt)
        via = self._next_channel(due, receipt)
        await self._ledger.record_failure(due, receipt.reason, via, again)
        _log.warning("not_delivered", key=due.key, via=due.via, tries=due.tries, reason=receipt.reason, next=via)

    async def _deliver(self, due: Due, now: datetime) -> Receipt:
        channel = self._channels.get(due.via)
        if channel is None:
            return Failed("this channel is not connected", lasting=True)
        try:
            return await asyncio.wait_for(channel.deliver(self._alert(due, now)), DELIVERY_SECONDS)
        except TimeoutError:
            return Failed("no answer in time")
        except Exception as error:  # noqa: BLE001 (a channel's fault must not silence the bell; its text may hold words)
            return Failed(f"the channel broke: {type(error).__name__}")

    def _alert(self, due: Due, now: datetime) -> Alert:
        library, concern = self._guidance().library, due.concern
        parts: tuple[Part, ...]
        if concern is None:
            parts = cards.outsider_wrote(library)
        elif due.kind == "told":
            parts = cards.told_reporter(library, concern, now)
        else:
            parts = cards.alert(library, concern, now)
        ref = concern.reference if concern else ""
        return Alert(due.key, ref, due.told, due.via, due.tries, due.lease_until, due.receipt, parts)

    def _next_channel(self, due: Due, failed: Failed) -> str:
        """The same channel, or the next after a lasting failure or the third try. A reporter is only
        known to the channel they wrote from.
        """
        names = list(self._channels)
        if due.kind == "told" or due.via not in names:
            return due.via if due.kind == "told" else names[0]
        if not failed.lasting and due.tries % _OTHER_WAY_AFTER:
            return due.via
        return names[(names.index(due.via) + 1) % len(names)]


def backoff(due: Due, failed: Failed) -> timedelta:
    """How long until the next try: doubling from two seconds, never past a minute while it is urgent or a
    quarter of an hour otherwise, and never sooner than the channel asked for.
    """
    urgent = due.concern is not None and due.concern.urgent
    most = _SLOWEST_URGENT if urgent else _SLOWEST
    own = min(timedelta(seconds=2 ** min(due.tries, 12)), most)
    asked = timedelta(seconds=failed.retry_after or 0)
    return max(own, asked)
