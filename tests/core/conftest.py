"""A school to tell stories about: a desk, a bell and two channels over one real ledger, and the people who write."""

from __future__ import annotations

import itertools
import re
import traceback
from pathlib import Path

import pytest

from bot import Bell, Card, Choice, Desk, Form, Message, Person, Sent, Words
from tests.core.stores import File
from tests.core.terminal import terminal as new_terminal

MARK = "zqmarkqz"  # stands in everything that anybody types here; nowhere else


def pytest_generate_tests(metafunc):
    """A module with `STORES` runs each of its tests that touch the ledger on all of these."""
    stores = getattr(metafunc.module, "STORES", None)
    own = any("store" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if stores and "store" in metafunc.fixturenames and not own:
        metafunc.parametrize("store", stores, indirect=True)


class School:
    """One Signpost as the core knows it. `hear` and its shorthands give the reply; every event is a new one."""

    MARK = MARK

    def __init__(self, guidance, clock, ledger, channels, store):
        self.guide, self.clock, self.ledger, self.store = guidance, clock, ledger, store
        self.channels = {channel.name: channel for channel in channels}
        self.desk = Desk(lambda: self.guide, ledger, self.channels, list(self.channels))
        self.bell = Bell(lambda: self.guide, ledger, self.channels, standing=self.desk.standing)
        self._events = itertools.count(1)

    @property
    def library(self):
        return self.guide.library

    @property
    def wording(self):
        return self.guide.library.wording

    # ---- people, and what they do

    @staticmethod
    def person(name="teacher", *, channel="web", staff=True):
        return Person(f"{channel}:{name}", Words(f"{name} {MARK}"), staff)

    async def hear(self, who=None, *, event=None, desk=None, **what):
        message = Message(event or f"event-{next(self._events)}", who or self.person(), **what)
        return await (desk or self.desk).hear(message, self.clock.now())

    async def say(self, text, who=None):
        return await self.hear(who, words=Words(text))

    async def press(self, choice, who=None, **how):
        return await self.hear(who, choice=choice, **how)

    async def fill(self, form, values, who=None, *, press="check", **how):
        values = {key: Words(value) for key, value in values.items()}
        return await self.hear(who, form=Sent(form, values, press), **how)

    async def ring(self):
        """Ring until nothing more is due at this moment; how many were tried."""
        rung = 0
        while now := await self.bell.ring_due(self.clock.now()):
            rung += now
        return rung

    # ---- ways to a step

    async def walk(self, answers, who=None):
        """Begin a triage and answer it: `answers` as `bot.triage` keeps them."""
        reply = await self.press(f"triage:{answers[0].value}", who)
        for answer in answers[1:]:
            reply = await self.press(self.id_of(reply, answer.value or ".log"), who)
        return reply

    async def begin(self, about="pupils", who=None):
        """As far as the empty form."""
        reply = await self.press("log", who)
        return await self.press(self.id_of(reply, about), who)

    async def check(self, about="pupils", who=None, **values):
        """As far as check-your-answers."""
        form = self.form(await self.begin(about, who))
        return await self.fill(form.id, {**self.account(about), **values}, who)

    async def log(self, about="pupils", who=None, **values):
        """Log a whole concern; its reference."""
        checked = await self.check(about, who, **values)
        return self.reference(await self.press(self.id_of(checked, ".send"), who))

    @staticmethod
    def account(about="pupils"):
        """Something in every field of the form, marked wherever a person types freely. Nothing in it is urgent."""
        typed = ("child-1", "happened", "said", "where", "known", "done", "told")
        values = {key: f"{key} {MARK}" for key in typed} | {"now": "no", "images": "no"}
        values |= {"date": "2026-03-01", "time": "09:15"}
        return values | ({"child-1-role": "harmed"} if about == "pupils" else {"adult": f"adult {MARK}"})

    # ---- reading a reply

    @staticmethod
    def form(reply):
        return next(part for part in reply.parts if isinstance(part, Form))

    @staticmethod
    def cards(reply):
        return [part for part in reply.parts if isinstance(part, Card)]

    @classmethod
    def titles(cls, reply):
        return [card.title for card in cls.cards(reply)]

    @staticmethod
    def choices(reply):
        return [part for part in reply.parts if isinstance(part, Choice)]

    @classmethod
    def id_of(cls, reply, value):
        """The id of the choice that gives this answer at the step shown."""
        ids = [choice.id for choice in cls.choices(reply)]
        return next(id_ for id_ in ids if id_.startswith("step:") and id_.split(":")[3] == value)

    @staticmethod
    def text(parts):
        """Everything that these parts show."""
        shown = []
        for part in getattr(parts, "parts", parts):
            if isinstance(part, Card):
                shown += [part.title, part.body, part.source, part.edition]
                shown += [text for fact in part.facts for text in (fact.label, fact.value.reveal())]
            elif isinstance(part, Choice):
                shown += [part.label, part.id]
            else:
                shown += [part.id, part.title, part.intro]
                for field in part.fields:
                    shown += [field.key, field.label, field.hint, field.error, (field.value or Words("")).reveal()]
        return "\n".join(shown)

    @classmethod
    def reference(cls, reply):
        return re.search(r"TA-\d{4}-\d{4,}", cls.text(reply))[0]

    @staticmethod
    def everything_shown(error):
        """All that a log could show of an error, those behind it included."""
        shown = "".join(traceback.format_exception(error))
        while error is not None:
            shown += f"{error!r} {error}"
            error = error.__cause__ or error.__context__
        return shown

    def ring_now(self, told="dsl"):
        """The card that leads when words are urgent."""
        ring = self.library.say(getattr(self.wording, f"ring_{told}"))
        return Card(self.wording.ring_now_title, self.library.say(self.wording.ring_now, ring=ring), tone="urgent")

    def phone(self, role):
        return getattr(self.library.school.people, role).phone

    # ---- reading the record, as any other program could

    @property
    def database(self):
        return self.store.path

    def rows(self, sql, *values):
        return self.store.rows(sql, *values)

    def alter(self, sql):
        self.store.alter(sql)

    def everything(self):
        """Every row there is, by table: to claim that nothing changed."""
        return {table: self.rows(f"select * from {table}") for table in self.store.tables()}

    def count(self, table):
        return self.rows(f"select count(*) from {table}")[0][0]

    def id(self, reference):
        return self.rows("select id from concerns where reference = ?", reference)[0][0]

    def entries(self, reference):
        """The kinds of the concern's chronology, in order."""
        found = self.rows("select what from chronology where concern = ? order by number", self.id(reference))
        return [what for (what,) in found]

    async def draft(self, who=None):
        """What is kept of the person's open conversation: its draft, or None if nothing is open."""
        found = await self.ledger.conversation((who or self.person()).id)
        return found and dict(found[0].draft)


@pytest.fixture
def new_school(guidance, clock, new_channel, store):
    """Makes a `School` over a ledger: by itself, or as a second process beside the first."""

    def make(ledger, channels=None, file=None, clock=clock):
        where = store if file is None else File(file) if isinstance(file, Path) else file
        return School(guidance, clock, ledger, channels or (new_channel("web"), new_channel("console")), where)

    return make


@pytest.fixture
def school(new_school, ledger):
    return new_school(ledger)


@pytest.fixture
def searchable(new_channel):
    """A channel that can say what stands on its screen."""

    class Searchable(new_channel):
        def __init__(self, name="web"):
            super().__init__(name)
            self.looked, self.before_answer = [], None

        async def find(self, alert):
            self.looked.append(alert.key)
            if self.before_answer:
                await self.before_answer()
            return f"found-{alert.key}" if alert.key in self.screen else None

    return Searchable


@pytest.fixture
def terminal(tmp_path):
    return new_terminal(tmp_path)
