"""The promise, against any story: every concern that was sent is acknowledged, delivered or due. None is ever lost."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from bot import Message, Vault, Words, new_master_key, open_ledger
from bot.ledger import reply_key
from bot.triage import ABOUT
from tests.core import mortal
from tests.core.casework import CLOSED, decide_at_once
from tests.core.stores import BOTH, File

STORES = BOTH
TOLD = {"pupils": "dsl", "adult": "head", "head": "chair", "safeguarding": "head"}
MOODS = {
    "works": lambda channel: channel.work(),
    "fails": lambda channel: channel.fail(),
    "fails for good": lambda channel: channel.fail(lasting=True),
    "asks for time": lambda channel: channel.fail(retry_after=120),
    "breaks": lambda channel: channel.break_with(RuntimeError("broken")),
}
# The point of an act at which the process dies; 0, or past the last: it does not. Low ones are likelier, as most acts
# pass few; a round of the bell passes nearly fifty.
CRASH = st.integers(0, 16) | st.integers(0, 50)
KEPT = timedelta(hours=24)  # how long a form that was filled in and never sent is kept
WHO = st.sampled_from([0, 1])  # which of the two processes


class Signpost(RuleBasedStateMachine):
    """Two processes over one database, through any order of events. What they need is set by the test below."""

    concerns = Bundle("concerns")
    unsent = Bundle("unsent")

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self.store = self.lend()
        self.chats = [self.new_channel("web"), self.new_channel("console")]
        self.clock = self.new_clock()
        vault = Vault.from_text(new_master_key("test"))
        self.logged, self.stage = {}, {}  # by reference: whom it is about, and what was last done
        self.told_of, self.settled, self.asked = set(), set(), {}
        self.refused = False  # a chat has said of somebody that they will never be reached
        self.events = itertools.count()
        make = [mortal.Process(self.new_school, self.store, vault, self.chats, self.clock) for _ in range(2)]
        self.processes = [self.do(process.begin()) for process in make]

    @property
    def school(self):
        return self.processes[0].school

    def do(self, what):
        return self.runner.run(what)

    def take(self, which, at, act):
        """Let this process do `act`, dying at its `at`-th point; and then again, as a chat delivers it again."""
        return self.do(self.processes[which].live_through(act, at))

    def event(self):
        return f"story-{next(self.events)}"

    # ---- what may happen

    @rule(target=unsent, about=st.sampled_from(ABOUT), urgent=st.sampled_from(["yes", "no"]))
    def fill_in(self, about, urgent):
        school, who = self.school, self.school.person(f"t{next(self.events)}")

        async def story():
            begun = await school.press("log", who, event=self.event())
            form = school.form(await school.press(school.id_of(begun, about), who, event=self.event()))
            values = school.account(about) | {"now": urgent}
            return school.id_of(await school.fill(form.id, values, who, event=self.event()), ".send")

        return who, about, self.do(story()), self.clock.now()

    @rule(target=concerns, draft=consumes(unsent), presses=st.integers(1, 3), which=WHO, at=CRASH)
    def send(self, draft, presses, which, at):
        (who, about, choice, filled), refs = draft, set()
        for _ in range(presses):
            event = self.event()
            reply = self.take(which, at, lambda school, event=event: school.press(choice, who, event=event))
            refs.add(self.school.reference(reply) if "TA-" in self.school.text(reply) else None)
        (ref,) = refs
        if ref is None:  # it was left for longer than a draft is kept
            assert self.clock.now() - filled >= KEPT
            return multiple()
        assert ref not in self.logged
        self.logged[ref], self.stage[ref] = about, "logged"
        return ref

    @rule(which=WHO, at=CRASH)
    def ring(self, which, at):
        process = self.processes[which]
        process.fuse.set(at)
        self.do(process.live(lambda school: school.bell.ring_due(self.clock.now())))
        process.fuse.set(0)

    @rule(at=CRASH)
    def ring_at_both(self, at):
        """And one of them may die meanwhile."""

        async def both():
            await asyncio.gather(
                *(one.live(lambda school: school.bell.ring_due(self.clock.now())) for one in self.processes)
            )

        self.processes[0].fuse.set(at)
        self.do(both())
        self.processes[0].fuse.set(0)

    @rule(chat=st.sampled_from([0, 1]), mood=st.sampled_from([*MOODS]))
    def change(self, chat, mood):
        MOODS[mood](self.chats[chat])
        self.refused |= mood == "fails for good"

    @rule(which=WHO, at=CRASH)
    def ask(self, which, at):
        """A question whose answer the chat's own response does not carry."""
        who = self.school.person(f"t{next(self.events)}")
        message = Message(self.event(), who, words=Words("what is banter"), carried=False)

        async def answered(school):
            reply = await school.desk.hear(message, self.clock.now())
            assert await school.bell.answer(message, reply, self.clock.now())

        self.asked[reply_key(message.event)] = f"person:{who.id}"
        self.take(which, at, answered)

    @rule(ref=concerns, which=WHO, at=CRASH, times=st.integers(1, 2))
    def acknowledge(self, ref, which, at, times):
        for _ in range(times):
            event = self.event()
            self.take(which, at, lambda school, event=event: school.press(self.ack(ref), self.told(ref), event=event))
        self.has_seen(ref)

    def has_seen(self, ref):
        if self.stage[ref] == "logged":
            self.stage[ref] = "acknowledged"
            self.told_of.add(ref)

    def ack(self, ref):
        return f"ack:{self.school.id(ref)}"

    def told(self, ref):
        return self.school.person(TOLD[self.logged[ref]])

    @rule(ref=concerns, which=WHO, at=CRASH)
    def decide(self, ref, which, at):
        id_, who, event = self.school.id(ref), self.told(ref), self.event()
        self.take(which, at, lambda school: decide_at_once(school, id_, who, event))
        if self.stage[ref] != "closed":
            self.stage[ref] = "decided"
            self.settled.add(ref)

    @rule(ref=concerns, which=WHO, at=CRASH)
    def close(self, ref, which, at):
        form, event = f"close:{self.school.id(ref)}", self.event()
        self.take(
            which, at, lambda school: school.fill(form, CLOSED | {"text": "because"}, self.told(ref), event=event)
        )
        if self.stage[ref] in {"logged", "acknowledged"}:
            self.settled.add(ref)
        self.stage[ref] = "closed"

    @rule(ref=concerns, which=WHO, at=CRASH, name=st.sampled_from(["escalate", "reopen", "action"]))
    def go_on_with(self, ref, which, at, name):
        form, event = f"{name}:{self.school.id(ref)}", self.event()
        values = {"text": "because", "due": f"{self.clock.now():%Y-%m-%d}"}
        self.take(which, at, lambda school: school.fill(form, values, self.told(ref), event=event))
        closed = self.stage[ref] == "closed"
        if name == "escalate" and not closed:
            self.stage[ref] = "logged"
        if name == "reopen" and closed:
            self.stage[ref] = "acknowledged"

    @rule(ref=concerns)
    def two_acknowledge_at_once(self, ref):
        who = self.told(ref)

        async def both():
            presses = (one.school.press(self.ack(ref), who, event=self.event()) for one in self.processes)
            return await asyncio.gather(*presses)

        done = [any(card.tone == "done" for card in self.school.cards(reply)) for reply in self.do(both())]
        assert done.count(True) == int(self.stage[ref] == "logged")
        self.has_seen(ref)

    @rule(ref=concerns, which=WHO, at=CRASH)
    def open(self, ref, which, at):
        event = self.event()
        self.take(which, at, lambda school: school.press(f"open:{school.id(ref)}", self.told(ref), event=event))

    @rule(ref=concerns)
    def pry(self, ref):
        self.do(self.school.press(self.ack(ref), self.school.person("somebody"), event=self.event()))

    @rule(name=st.sampled_from(["web", "console"]), redraw=st.booleans())
    def come_back(self, name, redraw):
        self.do(self.school.ledger.ring_again(name, self.clock.now(), redraw=redraw))

    @rule(seconds=st.sampled_from([1, 5, 59, 60, 600, 3600, 90_000]))
    def tick(self, seconds):
        self.clock.forward(seconds=seconds)

    # ---- what is always true

    @invariant()
    def every_concern_is_acknowledged_delivered_or_due(self):
        mortal.every_concern_is_acknowledged_delivered_or_due(self.school, self.stage)
        mortal.whoever_has_not_been_reached_is_still_being_tried(self.school)

    @invariant()
    def no_alert_goes_to_whom_it_may_be_about_and_none_is_kept_for_a_closed_concern(self):
        mortal.nobody_hears_who_may_not_and_nothing_waits_that_nobody_wants(self.school)
        told = self.school.rows(
            "select c.reference from concerns c join alerts a on a.concern = c.id where a.kind = 'told'"
        )
        assert sorted(ref for (ref,) in told) == sorted(self.told_of)

    @invariant()
    def the_chain_verifies(self):
        self.do(mortal.the_chain_verifies(self.school.ledger, len(self.logged) + len(self.told_of)))

    def teardown(self):
        """When the chats work again everything arrives: nobody who should know does not."""
        for chat in self.chats:
            chat.work()
        for _ in range(4):
            self.clock.forward(minutes=15)
            self.do(self.school.ring())
        shown = [alert for chat in self.chats for alert in chat.sent]
        still_owed = self.school.rows("select key from alerts where kind = 'reply'")
        for process in self.processes:
            self.do(process.end())
        self.runner.close()
        self.take_back(self.store)
        nobody_has = {ref for ref, stage in self.stage.items() if stage == "logged"}
        assert nobody_has <= {alert.ref for alert in shown if alert.kind == "concern"}
        assert self.told_of <= {alert.ref for alert in shown if alert.kind == "told"}
        assert self.settled <= {alert.ref for alert in shown if alert.kind == "settled"}
        answers = {(alert.key, alert.told) for alert in shown if alert.kind == "reply"}
        assert answers <= self.asked.items(), "never another person's"
        assert still_owed == []
        assert self.refused or answers == self.asked.items()


@pytest.fixture
async def lending(request, store, tmp_path):
    """How to get an empty store, and how to give it back."""
    if store.postgres:
        postgres = request.getfixturevalue("postgres")
        return postgres.lend, postgres.take_back
    model, numbers = tmp_path / "model.db", itertools.count()
    await (await open_ledger(File(model).url, Vault.from_text(new_master_key("test")), "TA")).close()

    def lend():
        return File(shutil.copy(model, tmp_path / f"{next(numbers)}.db"))

    return lend, lambda file: file.path.unlink()


@pytest.fixture
def story(new_school, new_channel, clock, lending):
    """`Signpost` with what it needs to begin."""
    lend, take_back = map(staticmethod, lending)
    needs = {"new_school": staticmethod(new_school), "new_channel": staticmethod(new_channel)}
    return type("Story", (Signpost,), needs | {"new_clock": type(clock), "lend": lend, "take_back": take_back})


def test_every_concern_is_acknowledged_delivered_or_due(story, store):
    run_state_machine_as_test(
        story,
        settings=settings(
            max_examples=50 if store.postgres else 100,  # a new database for each
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
