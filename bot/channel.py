"""A way to people, as the bell knows it: what it is given to deliver, and what it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from bot.talk import Part


@dataclass(frozen=True, slots=True)
class Alert:
    """Something a person must be told. `key` is the same each time it is sent; `receipt` names the
    message to redraw, if it is already there. `told` is dsl, deputy-1, head, chair, or person:<id>.
    `kind` is the ledger's; `thread` names the message of the concern's own alert that was told to the same, under which
    a reminder belongs.
    """

    key: str
    ref: str
    told: str
    via: str
    tries: int
    lease_until: datetime
    receipt: str | None
    parts: tuple[Part, ...]
    kind: str = "concern"
    thread: str | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """It is in front of people. `id` is the channel's own id of the message."""

    id: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not arrive. `reason` is for operators and holds no words a person typed. `lasting`
    says that trying again the same way is no use; `retry_after` is in seconds, if the channel said.
    `route` says that the way itself is broken (a token revoked, the DSL place gone), not just for this alert.
    """

    reason: str
    lasting: bool = False
    retry_after: float | None = None
    route: bool = False


Receipt = Delivered | Failed


class WithdrawnError(Exception):
    """What was about to be sent is no longer wanted. The bell's own: a channel lets it pass."""


_look: ContextVar[Callable[[], Awaitable[bool]] | None] = ContextVar("last_look", default=None)


@contextmanager
def looked_at(look: Callable[[], Awaitable[bool]]) -> Iterator[None]:
    """What is sent in here is looked at by `look` before it begins."""
    before = _look.set(look)
    try:
        yield
    finally:
        _look.reset(before)


async def last_look() -> None:
    """A channel calls this just before it puts something new in front of people, each time that it tries: after all that
    it had to ask, open or wait for. Raises `WithdrawnError` if an act has stopped it meanwhile.
    """
    look = _look.get()
    if look is not None and not await look():
        raise WithdrawnError


class Channel(Protocol):
    """A way to people. Deliver an alert or say why not; never raise but `WithdrawnError`, never wait for a person."""

    @property
    def name(self) -> str:
        """Its short name, which also starts the ids of its people."""
        ...

    async def deliver(self, alert: Alert) -> Receipt:
        """Put the alert in front of those it is for, after a `last_look`; or redraw it where it stands."""
        ...

    async def members(self, place: str) -> frozenset[str]:
        """The ids of the people in `place` now. Raises `RosterUnreadable`."""
        ...


@runtime_checkable
class Searchable(Protocol):
    """A channel that can say whether an alert is already there."""

    async def find(self, alert: Alert) -> str | None:
        """The channel's id of the message that carries this alert's key, or None."""
        ...


@runtime_checkable
class Provable(Protocol):
    """A channel whose way to the DSL can be proved without disturbing anybody."""

    async def prove(self, parts: tuple[Part, ...], receipt: str | None) -> Receipt:
        """Go the whole way once: edit the standing message, or put it there. For email, as far as the server's greeting."""
        ...
