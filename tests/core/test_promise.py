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
        self.logged, self.seen, self.events = {}, set(), itertools.count()
        self.start()

    def start(self):
        ledger = self.do(open_ledger(f"sqlite+aiosqlite:///{self.file}", self.vault, "TA"))
        self.school = self.new_school(ledger, self.channels, self.file, self.clock)

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
        self.start()

    # ---- what is always true

    @invariant()
    def every_concern_is_acknowledged_delivered_or_due(self):
        rows = self.school.rows("""
            select c.reference, c.stage, sum(a.delivered_at is not null), sum(a.due_at is not null)
            from concerns c left join alerts a on a.concern = c.id and a.kind = 'concern' group by c.id""")
        assert {ref for ref, *_ in rows} == self.logged.keys()
        assert {ref for ref, stage, *_ in rows if stage == "acknowledged"} == self.seen
        assert [ref for ref, stage, delivered, due in rows if stage == "logged" and not delivered and not due] == []

    @invariant()
    def no_alert_is_lost_or_doubled(self):
        rows = self.school.rows("""
            select c.reference, c.about, a.kind, a.told from concerns c left join alerts a on a.concern = c.id""")
        kinds = [(ref, kind) for ref, _, kind, _ in rows]
        assert sorted(kinds) == sorted([(ref, "concern") for ref in self.logged] + [(ref, "told") for ref in self.seen])
        assert all(told == TOLD[about] for _, about, kind, told in rows if kind == "concern")

    def teardown(self):
        """When the chats work again everything arrives: nobody who should know does not."""
        for channel in self.channels:
            channel.work()
        for _ in range(4):
            self.clock.forward(minutes=15)
            self.do(self.school.ring())
        shown = [alert for channel in self.channels for alert in channel.sent]
        self.do(self.school.ledger.close())
        self.runner.close()
        assert self.logged.keys() - self.seen <= {alert.ref for alert in shown if not alert.told.startswith("person:")}
        assert self.seen <= {alert.ref for alert in shown if alert.told.startswith("person:")}
        assert {(a.ref, a.told) for a in shown if not a.told.startswith("person:")} <= {
            (ref, TOLD[about]) for ref, about in self.logged.items()
        }


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
            max_examples=30,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
