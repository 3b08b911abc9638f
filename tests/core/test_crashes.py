"""A crash between every two steps of a concern's life, and an act that comes in between: the promise holds all the same.

One life of a concern, led by two processes in turn over one database. It is led once for each point at which a process
passes from one step to the next (a transaction begun, about to commit, committed; something read; a chat asked or
answering): the process dies there and is started again, and what it was doing is asked of it again, as chats do.
"""

from __future__ import annotations

import itertools

import pytest

from tests.core import mortal
from tests.core.casework import CLOSED, decide_at_once
from tests.core.stores import BOTH

STORES = BOTH


class World:
    """Two processes, and a chat that outlives them."""

    def __init__(self, processes, chat, clock):
        self.processes, self.chat, self.clock = processes, chat, clock
        self.stages = {}
        self._numbers = itertools.count(1)

    def life(self):
        return Life(self, next(self._numbers))


class Life:
    """One concern's, from the form to the end. `acts` are its steps: which process takes it, what it does, how much later."""

    def __init__(self, world, number):
        a, b = world.processes
        self.world, self._number, self.ref = world, number, None
        self.overtaken = False  # somebody had it before the deputies were told
        self.teacher, self.dsl = b.school.person(f"t{number}"), b.school.person("dsl")
        self.acts = {
            "begin": (a, self.begin, 0),
            "say whom it is about": (b, self.say_whom, 0),
            "fill in": (a, self.fill_in, 0),
            "send": (b, self.send, 0),
            "ring": (a, self.ring, 0),
            "ring for the deputies": (b, self.ring, 5),
            "acknowledge": (b, self.acknowledge, 0),
            "tell the reporter": (a, self.ring, 0),
            "open": (a, self.open, 0),
            "decide": (b, self.decide, 0),
            "close": (a, self.close, 0),
            "draw it for the last time": (b, self.ring, 0),
        }

    def event(self, name):
        return f"{self._number}-{name}"

    async def begin(self, school):
        begun = await school.press("log", self.teacher, event=self.event("log"))
        self.next = school.id_of(begun, "pupils")

    async def say_whom(self, school):
        asked = await school.press(self.next, self.teacher, event=self.event("about"))
        self.next = school.form(asked).id

    async def fill_in(self, school):
        values = school.account() | {"now": "yes"}
        checked = await school.fill(self.next, values, self.teacher, event=self.event("form"))
        self.next = school.id_of(checked, ".send")

    async def send(self, school):
        self.ref = school.reference(await school.press(self.next, self.teacher, event=self.event("send")))

    async def ring(self, school):
        await school.ring()

    async def acknowledge(self, school):
        await school.press(f"ack:{school.id(self.ref)}", self.dsl, event=self.event("ack"))

    async def open(self, school):
        await school.press(f"open:{school.id(self.ref)}", self.dsl, event=self.event("open"))

    async def decide(self, school):
        await decide_at_once(school, school.id(self.ref), self.dsl, self.event("decide"))

    async def close(self, school):
        await school.fill(f"close:{school.id(self.ref)}", CLOSED | {"text": "so"}, self.dsl, event=self.event("close"))

    async def lead(self, befalls=None, at=0, then=None):
        """All of it. In the act named `befalls`, at its point `at`, the process dies or `then` happens.
        The points which that act passed.
        """
        passed = []
        for name, (process, act, later) in self.acts.items():
            self.world.clock.forward(minutes=later)
            fuse = process.fuse
            fuse.set(at if name == befalls else 0, then)
            await process.live(act)
            if name == befalls:
                passed = fuse.passed
                fuse.set(0)
            if process.fuse is not fuse:
                self.holds()
                self.world.clock.forward(seconds=61)  # its leases lapse meanwhile
                await process.live(act)
            self.holds()
        await self.ended_well()
        return passed

    def holds(self):
        """What is true whenever one looks."""
        school = self.world.processes[1].school
        found = school.rows("select reference, stage from concerns where reporter = ?", self.teacher.id)
        self.world.stages |= dict(found)
        mortal.every_concern_is_acknowledged_delivered_or_due(school, self.world.stages)
        mortal.whoever_has_not_been_reached_is_still_being_tried(school)
        mortal.nobody_hears_who_may_not_and_nothing_waits_that_nobody_wants(school)

    async def ended_well(self):
        """Everybody was told whom it concerned, nothing stands twice in a chat that can be searched, nothing is left to do."""
        school = self.world.processes[1].school
        told = [(a.kind, a.told) for a in self.world.chat.sent if a.ref == self.ref and a.receipt is None]
        wanted = {("told", f"person:{self.teacher.id}")}
        if not self.overtaken:
            wanted |= {("concern", "dsl"), ("concern", "deputy-1")}
        assert wanted <= set(told)
        assert len(told) == len(set(told))
        assert school.entries(self.ref) == ["logged", "acknowledged", "opened", "decided", "closed"]
        assert await school.ring() == 0
        assert school.rows("select key from alerts where due_at is not null") == []


ACTS = (
    "begin",
    "say whom it is about",
    "fill in",
    "send",
    "ring",
    "ring for the deputies",
    "acknowledge",
    "tell the reporter",
    "open",
    "decide",
    "close",
    "draw it for the last time",
)


@pytest.fixture
async def world(new_school, searchable, clock, vault, store):
    chat = searchable("web")
    processes = [await mortal.Process(new_school, store, vault, [chat], clock).begin() for _ in range(2)]
    yield World(processes, chat, clock)
    for process in processes:
        await process.end()


def test_every_act_of_a_life_is_named(world):
    assert tuple(world.life().acts) == ACTS


@pytest.mark.parametrize("act", ACTS)
async def test_a_crash_at_any_point_of(world, store, act):
    passed = await world.life().lead(act)
    # Dying before something is only read is dying after what came before it: on the slower store once is enough.
    points = [at for at, name in enumerate(passed, 1) if not (store.postgres and name in {"read", "begin", "find"})]
    assert len(points) >= 2
    for at in points:
        await world.life().lead(act, at)
    await mortal.the_chain_verifies(world.processes[0].ledger, 5 * (len(points) + 1))


@pytest.mark.parametrize("act", ["ring", "ring for the deputies"])
async def test_nothing_is_begun_to_be_sent_once_somebody_has_it(world, act):
    """At each point of one process's ringing, the other takes an acknowledgement."""
    points = len(await world.life().lead(act, 0, do_nothing))
    assert points >= 5
    for at in range(1, points + 1):
        life, begun = world.life(), []

        async def acknowledged(life=life, begun=begun):
            await life.acknowledge(world.processes[1 if act == "ring" else 0].school)
            begun += world.chat.tried

        life.overtaken = True
        await life.lead(act, at, acknowledged)
        asking = [alert for alert in world.chat.tried[len(begun) :] if alert.receipt is None and alert.ref == life.ref]
        assert {alert.kind for alert in asking} <= {"told", "settled"}, at


async def do_nothing():
    """Only to count the points at which something could come in between."""
