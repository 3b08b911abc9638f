"""What a chat adapter is given, and what it gives: the same for every chat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from aiohttp import web

from bot import Bell, Channel, Desk, Guidance, Ledger


@dataclass(frozen=True, slots=True)
class House:
    """The parts of one running Signpost that a chat talks to."""

    guidance: Callable[[], Guidance]
    desk: Desk
    bell: Bell
    ledger: Ledger
    wake: Callable[[], None]  # something may be due now
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it must be, in four parts. `stops` says that serving would break a promise to somebody."""

    what: str
    where: str
    why: str
    hint: str
    stops: bool = False

    def __str__(self) -> str:
        return f"{self.what} ({self.where}): {self.why}. {self.hint}"


@runtime_checkable
class Chat(Channel, Protocol):
    """A channel that people write to. Main opens it, serves its routes, and asks it whether all is well."""

    def routes(self) -> Sequence[web.RouteDef]:
        """What it serves. Requests come only while it is open."""
        ...

    def open(self, house: House, *, listening: bool) -> AbstractAsyncContextManager[None]:
        """Connect, and with `listening` begin to hear people where no route brings them (a socket). `doctor` does not listen."""
        ...

    async def examine(self, now: datetime) -> Sequence[Finding]:
        """Ask the chat itself about tokens, permissions and the DSL place. Everything that is wrong; empty when all is well.

        Called while open, by `doctor` and before `serve` begins. Never raises.
        """
        ...
