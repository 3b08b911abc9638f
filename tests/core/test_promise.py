"""The promise, against any story: every concern that was sent is acknowledged, delivered or due. None is ever lost."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test

from bot import Vault, new_master_key, open_ledger
from bot.triage import ABOUT

TOLD = {"pupils": "dsl", "adult": "head", "head": "chair", "safeguarding": "head"}
MAY_HEAR = {
    "pupils": {"dsl", "deputy-1", "head"},
    "adult": {"head", "chair"},
    "head": {"chair"},
    "safeguarding": {"head", "chair"},
}
MOODS = {
    "works": lambda channel: channel.work(),
    "fails": lambda channel: channel.fail(),
    "fails for good": lambda channel: channel.fail(lasting=True),
    "asks for time": lambda channel: channel.fail(retry_after=120),
    "breaks": lambda channel: channel.break_with(RuntimeError("broken")),
}


class Signpost(RuleBasedStateMachine):
    """One Signpost over one file, through any order of events. `new_school` and the rest are set by the test below."""

    concerns = Bundle("concerns")
    unsent = Bundle("unsent")

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self.file = self.folder / f"{next(self.numbers)}.db"
        self.channels = [self.new_channel("web"), self.new_channel("console")]
        self.clock = self.new_clock()
        self.vault = Vault.from_text(new_master_key("test"))
        self.logged, self.seen, self.decided, self.closed = {}, set(), set(), set()
        self.events = itertools.count()
        self.start()

    def start(self):
        ledger = self.do(open_ledger(f"sqlite+aiosqlite:///{self.file}", self.vault, "TA"))
        self.school = self.new_school(ledger, self.channels, self.file, self.clock)
        beside = self.do(open_ledger(f"sqlite+aiosqlite:///{self.file}", self.vault, "TA"))
        self.replica = self.new_school(beside, self.channels, self.file, self.clock)

    def do(self, what):
        return self.runner.run(what)

    def event(self):
        return f"story-{next(self.events)}"

    async def ring_or_die(self):
        """Ring; if the process dies over it, everything else that it had begun dies too."""
        try:
            await self.school.bell.ring_due(self.clock.now())
        except self.channels[0].Crash:
            left = asyncio.all_tasks() - {asyncio.current_task()}
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    # ---- what may happen

    @rule(target=unsent, about=st.sampled_from(ABOUT), urgent=st.sampled_from(["yes", "no"]))
    def fill_in(self, about, urgent):
        school, who = self.school, self.school.person(f"t{next(self.events)}")

        async def story():
            begun = await school.press("log", who, event=self.event())
            form = school.form(await school.press(school.id_of(begun, about), who, event=self.event()))
            values = school.account(about) | {"now": urgent}
            return school.id_of(await school.fill(form.id, values, who, event=self.event()), ".send")

        return who, about, self.do(story())

    @rule(target=concerns, draft=consumes(unsent), presses=st.integers(1, 3))
    def send(self, draft, presses):
        who, about, choice = draft
        replies = [self.do(self.school.press(choice, who, event=self.event())) for _ in range(presses)]
        (ref,) = {self.school.reference(reply) for reply in replies}
        assert ref not in self.logged
        self.logged[ref] = about
        return ref

    @rule()
    def ring(self):
        self.do(self.ring_or_die())

    @rule()
    def ring_at_both(self):
        async def both():
            await asyncio.gather(*(one.bell.ring_due(self.clock.now()) for one in (self.school, self.replica)))

        self.do(both())

    @rule(name=st.sampled_from(["web", "console"]))
    def crash_before_record(self, name):
        channel = self.school.channels[name]
        channel.crash()
        self.do(self.ring_or_die())
        channel.work()
        self.restart()

    @rule(name=st.sampled_from(["web", "console"]), mood=st.sampled_from([*MOODS]))
    def change(self, name, mood):
        MOODS[mood](self.school.channels[name])

    @rule(ref=concerns, times=st.integers(1, 2))
    def acknowledge(self, ref, times):
        who = self.school.person(TOLD[self.logged[ref]])
        for _ in range(times):
            self.do(self.school.press(f"ack:{self.school.id(ref)}", who, event=self.event()))
        if ref not in self.decided | self.closed:
            self.seen.add(ref)

    @rule(ref=concerns, late=st.booleans())
    def decide(self, ref, late):
        self.settle("decide", ref, self.replica if late else self.school)
        if ref not in self.closed:
            self.decided.add(ref)

    @rule(ref=concerns, late=st.booleans())
    def close(self, ref, late):
        self.settle("close", ref, self.replica if late else self.school)
        self.closed.add(ref)

    def settle(self, act, ref, school):
        who, form = school.person(TOLD[self.logged[ref]]), f"{act}:{school.id(ref)}"
        self.do(school.fill(form, {"text": "because"}, who, event=self.event()))

    @rule(ref=concerns)
    def two_acknowledge_at_once(self, ref):
        who = self.school.person(TOLD[self.logged[ref]])

        async def both():
            presses = (
                one.press(f"ack:{one.id(ref)}", who, event=self.event(), desk=one.desk)
                for one in (self.school, self.replica)
            )
            return await asyncio.gather(*presses)

        done = [any(card.tone == "done" for card in self.school.cards(reply)) for reply in self.do(both())]
        assert done.count(True) == (0 if ref in self.seen | self.decided | self.closed else 1)
        if ref not in self.decided | self.closed:
            self.seen.add(ref)

    @rule(ref=concerns)
    def open(self, ref):
        who = self.school.person(TOLD[self.logged[ref]])
        assert self.do(self.school.press(f"open:{self.school.id(ref)}", who, event=self.event())).dialog

    @rule(ref=concerns)
    def pry(self, ref):
        who = self.school.person("somebody")
        self.do(self.school.press(f"ack:{self.school.id(ref)}", who, event=self.event()))

    @rule(name=st.sampled_from(["web", "console"]), redraw=st.booleans())
    def come_back(self, name, redraw):
        self.do(self.school.ledger.ring_again(name, self.clock.now(), redraw=redraw))

    @rule(seconds=st.sampled_from([1, 5, 59, 60, 600, 3600, 90_000]))
    def tick(self, seconds):
        self.clock.forward(seconds=seconds)

    @rule()
    def restart(self):
        self.do(self.school.ledger.close())
        self.do(self.replica.ledger.close())
        self.start()

    # ---- what is always true

    @invariant()
    def every_concern_is_acknowledged_delivered_or_due(self):
        rows = self.school.rows("""
            select c.reference, c.stage, sum(a.delivered_at is not null), sum(a.due_at is not null)
            from concerns c left join alerts a on a.concern = c.id and a.kind = 'concern' group by c.id""")
        stages = dict.fromkeys(self.logged, "logged") | dict.fromkeys(self.seen, "acknowledged")
        stages |= dict.fromkeys(self.decided, "decided") | dict.fromkeys(self.closed, "closed")
        assert {ref: stage for ref, stage, *_ in rows} == stages
        assert [ref for ref, stage, delivered, due in rows if stage == "logged" and not delivered and not due] == []

    @invariant()
    def whoever_has_not_been_reached_is_still_being_tried(self):
        rows = self.school.rows("""
            select c.reference, a.told, sum(a.delivered_at is not null), sum(a.due_at is not null)
            from concerns c join alerts a on a.concern = c.id and a.kind = 'concern'
            where c.stage = 'logged' group by c.id, a.told""")
        assert [(ref, told) for ref, told, delivered, due in rows if not delivered and not due] == []

    @invariant()
    def no_alert_goes_to_whom_it_may_be_about_and_none_is_kept_for_a_closed_concern(self):
        rows = self.school.rows("""
            select c.reference, c.about, c.stage, a.kind, a.told, a.receipt is null and a.due_at is not null
            from concerns c join alerts a on a.concern = c.id""")
        for ref, about, stage, kind, told, waiting in rows:
            assert told in MAY_HEAR[about] or told.startswith("person:"), (ref, kind, told)
            assert not (stage == "closed" and waiting and kind not in {"told", "added"}), (ref, kind, told)
            assert not (stage != "logged" and waiting and kind in {"concern", "waiting"}), (ref, kind, told)
        told = [ref for ref, _, _, kind, *_ in rows if kind == "told"]
        assert sorted(told) == sorted(self.seen)

    @invariant()
    def the_chain_verifies(self):
        audit = self.do(self.school.ledger.audit())
        assert audit.breaks == ()
        assert audit.checked >= len(self.logged) + len(self.seen)

    def teardown(self):
        """When the chats work again everything arrives: nobody who should know does not."""
        for channel in self.channels:
            channel.work()
        for _ in range(4):
            self.clock.forward(minutes=15)
            self.do(self.school.ring())
        shown = [alert for channel in self.channels for alert in channel.sent]
        self.do(self.school.ledger.close())
        self.do(self.replica.ledger.close())
        self.runner.close()
        acted = self.seen | self.decided | self.closed
        assert self.logged.keys() - acted <= {alert.ref for alert in shown if alert.kind == "concern"}
        assert self.seen <= {alert.ref for alert in shown if alert.kind == "told"}


@pytest.fixture
def story(new_school, new_channel, clock, tmp_path):
    """`Signpost` with what it needs to begin."""
    needs = {"new_school": staticmethod(new_school), "new_channel": staticmethod(new_channel)}
    return type(
        "Story", (Signpost,), needs | {"new_clock": type(clock), "folder": tmp_path, "numbers": itertools.count()}
    )


def test_every_concern_is_acknowledged_delivered_or_due(story):
    run_state_machine_as_test(
        story,
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
