"""Processes that can die, or be overtaken, between any two steps that touch the database or a chat; and what must hold
of the record whatever befell them.
"""

from __future__ import annotations

from contextlib import asynccontextmanager

from bot import open_ledger
from tests.conftest import Crash

MAY_HEAR = {
    "pupils": {"dsl", "deputy-1", "head"},
    "adult": {"head", "chair"},
    "head": {"chair"},
    "safeguarding": {"head", "chair"},
}


class Fuse:
    """Counts the points a process passes. At one of them it may die, or something else may happen first."""

    def __init__(self):
        self.dead = False
        self.set(0)

    def set(self, at, then=None):
        """At the `at`-th point from now do `then`, by default die; 0 for never."""
        self.passed, self._at, self._then = [], at, then

    async def point(self, name, *, apart=True):
        """Between two steps. Not `apart` is a point within a step, where nobody else can come in between."""
        if self.dead:  # whatever else this process had begun is dead too
            raise Crash
        if self._then is not None and not apart:
            return
        self.passed.append(name)
        if len(self.passed) == self._at:
            if self._then is None:
                self.dead = True
                raise Crash
            await self._then()


def _fused(ledger, fuse):
    transaction, reading = ledger.transaction, ledger.reading

    @asynccontextmanager
    async def fused_transaction(**how):
        await fuse.point("begin")
        async with transaction(**how) as db:
            yield db
            await fuse.point("commit", apart=False)
        await fuse.point("committed")

    @asynccontextmanager
    async def fused_reading():
        await fuse.point("read")
        async with reading() as db:
            yield db

    async def waited():
        await fuse.point("waited")

    ledger.transaction, ledger.reading, ledger.let_begin = fused_transaction, fused_reading, waited
    return ledger


class Wire:
    """One process's way to a chat that others use too."""

    def __init__(self, chat, fuse):
        self.name, self._chat, self._fuse = chat.name, chat, fuse

    async def deliver(self, alert):
        # What comes between the last look and the send is waited for: tests/core/test_in_hand.py.
        await self._fuse.point("deliver", apart=False)
        receipt = await self._chat.deliver(alert)
        await self._fuse.point("delivered")
        return receipt

    async def members(self, place):
        await self._fuse.point("members")
        return await self._chat.members(place)


class SearchableWire(Wire):
    async def find(self, alert):
        await self._fuse.point("find")
        found = await self._chat.find(alert)
        await self._fuse.point("found")
        return found


class Process:
    """One Signpost over a store that others share. `school` is the way to it; after a crash `begin` starts it anew."""

    def __init__(self, new_school, store, vault, chats, clock):
        self._new_school, self.store, self._vault, self._chats, self.clock = new_school, store, vault, chats, clock

    async def begin(self):
        self.fuse = Fuse()
        wires = [(SearchableWire if hasattr(chat, "find") else Wire)(chat, self.fuse) for chat in self._chats]
        self.ledger = _fused(await open_ledger(self.store.url, self._vault, "TA"), self.fuse)
        self.school = self._new_school(self.ledger, wires, self.store, self.clock)
        return self

    async def end(self):
        await self.ledger.close()

    async def live(self, act):
        """What `act` gives, or, if the process dies over it, None; then it has been started again."""
        try:
            return await act(self.school)
        except Crash:
            await self.end()
            await self.begin()
            return None

    async def live_through(self, act, at):
        """What `act` gives, though the process may die at its `at`-th point: then it is asked again, as chats do."""
        fuse = self.fuse
        fuse.set(at)
        done = await self.live(act)
        if self.fuse is fuse:
            fuse.set(0)
            return done
        return await self.live(act)


# ---- what is always true of the record


def every_concern_is_acknowledged_delivered_or_due(school, stages):
    """`stages` is what was done to each concern, as those who did it were told."""
    rows = school.rows("""
        select c.reference, c.stage, count(a.delivered_at), count(a.due_at)
        from concerns c left join alerts a on a.concern = c.id and a.kind = 'concern' group by c.id""")
    assert {ref: stage for ref, stage, *_ in rows} == stages
    assert [ref for ref, stage, delivered, due in rows if stage == "logged" and not delivered and not due] == []


def whoever_has_not_been_reached_is_still_being_tried(school):
    rows = school.rows("""
        select c.reference, a.told, count(a.delivered_at), count(a.due_at)
        from concerns c join alerts a on a.concern = c.id and a.kind = 'concern'
        where c.stage = 'logged' group by c.id, a.told""")
    assert [(ref, told) for ref, told, delivered, due in rows if not delivered and not due] == []


def nobody_hears_who_may_not_and_nothing_waits_that_nobody_wants(school):
    rows = school.rows("""
        select c.reference, c.about, c.stage, a.kind, a.told, a.receipt is null and a.due_at is not null
        from concerns c join alerts a on a.concern = c.id""")
    for ref, about, stage, kind, told, waiting in rows:
        assert told in MAY_HEAR[about] or told.startswith("person:"), (ref, kind, told)
        assert not (
            stage == "closed" and waiting and kind not in {"told", "added", "settled", "message", "answered"}
        ), (ref, kind, told)
        assert not (stage != "logged" and waiting and kind in {"concern", "waiting"}), (ref, kind, told)
        assert not (stage in {"decided", "closed"} and waiting and kind in {"decide", "quiet"}), (ref, kind, told)


async def the_chain_verifies(ledger, at_least):
    audit = await ledger.audit()
    assert audit.breaks == ()
    assert audit.checked >= at_least
