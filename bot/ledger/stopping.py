"""An act stops what nobody has been told yet, and nothing of it is begun once the act is saved.

Whoever sends an alert looks just before whether it is still wanted. Between that look and the send lies a moment that
no look can close; so an act that finds an alert in somebody's hand takes it back, waits that moment out, and is saved
then. What was taken back stays due: if the act never comes, it rings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import and_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.ledger import tables as t
from bot.ledger.database import ChangedMeanwhileError, Database

LAST_LOOK = 0.2  # seconds: a send begins within this of the look that allowed it, or looks again
_GRACE = 0.5  # seconds from taking back to saving: the last look, and as much again for a machine that is busy
_BACK = timedelta(seconds=25)  # until what was taken back rings after all: longer than a send that had begun may hang
_TRIES = 4


class InHandError(Exception):
    """Some of what is to be stopped is being sent at this moment. Never leaves the ledger."""

    def __init__(self, keys: Sequence[str], now: datetime) -> None:
        super().__init__(keys, now)
        self.keys, self.now = keys, now


class Stopping(Database):
    """A ledger whose acts stop alerts."""

    async def let_begin(self) -> None:
        """Wait until whatever was allowed to be sent has begun."""
        await asyncio.sleep(_GRACE)

    async def take_back(self, keys: Sequence[str], now: datetime) -> None:
        """End the leases of these alerts, and let them ring a little later."""
        a = t.alerts.c
        in_hand = and_(a.key.in_(keys), a.receipt.is_(None), a.due_at.is_not(None), a.lease_until > now)
        async with self.transaction() as db:
            await db.execute(update(t.alerts).where(in_hand).values(lease_until=None, due_at=now + _BACK))


_Ledger = TypeVar("_Ledger", bound=Stopping)
_P = ParamSpec("_P")
_R = TypeVar("_R")


async def stop(db: AsyncConnection, which: Any, now: datetime) -> None:
    """Nobody is told any more of these alerts, if they have not been. Inside an act that `waits_out` what is in hand."""
    a = t.alerts.c
    open_ = and_(which, a.receipt.is_(None), a.due_at.is_not(None))
    stopped = await db.execute(update(t.alerts).where(open_).values(due_at=None).returning(a.key, a.lease_until))
    in_hand = [key for key, until in stopped if until is not None and until > now]
    if in_hand:
        raise InHandError(in_hand, now)


def waits_out(
    act: Callable[Concatenate[_Ledger, _P], Coroutine[Any, Any, _R]],
) -> Callable[Concatenate[_Ledger, _P], Coroutine[Any, Any, _R]]:
    """An act of the ledger that is done over, a moment later, when an alert that it stops was being sent."""

    @wraps(act)
    async def waited(ledger: _Ledger, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        for _ in range(_TRIES):
            try:
                return await act(ledger, *args, **kwargs)
            except InHandError as sending:
                await ledger.take_back(sending.keys, sending.now)
                await ledger.let_begin()
        raise ChangedMeanwhileError

    return waited
