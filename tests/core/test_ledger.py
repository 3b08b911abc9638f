"""The record: one transaction for each thing that happens, saved whole or not at all, and each event once."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import LedgerDownError, Sent, Words
from bot.concern import Account, Line, NewConcern
from bot.ledger import LEASE, AlreadyHeardError, ChangedMeanwhileError, DecisionDraft, Question
from bot.triage import ABOUT, Answer, Conversation, Observation
from tests.core.stores import BOTH

MARK = "zqmarkqz"
STORES = BOTH
on_sqlite = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """A writer that waits its turn is no fault here, however busy the machine."""
    monkeypatch.setattr("bot.ledger.database._PATIENCE", 60)


@pytest.fixture
def keep(ledger, clock):
    """Begins a conversation for a person and saves it: as it stands after that."""

    async def begin(name="teacher"):
        talk = Conversation(f"c-{name}", f"web:{name}", (Answer("start", "concern"),), {"happened": MARK})
        await ledger.keep_conversation(f"began-{name}", talk, clock.now())
        return replace(talk, version=1)

    return begin


def new(talk, about="pupils", *, urgent=False):
    account = Account(Words(f"Sam {MARK}"), (Line("What happened?", Words(MARK)),), (Observation("Asked", "Answered"),))
    return NewConcern(about, urgent, talk.person, account, talk.id)


async def log(ledger, clock, talk, event="sent", about="pupils"):
    return await ledger.log_concern(event, new(talk, about), talk, ("dsl",), "web", clock.now())


# ---- all or nothing

FAILURES = {
    "the closed conversation": ("refuse", "conversations", "before delete"),
    "the number": ("refuse", "numbers", "before insert"),
    "the concern": ("refuse", "concerns", "before insert"),
    "the chronology": ("refuse", "chronology", "before insert"),
    "the head of the chain": ("refuse", "chain", "before update"),
    "the alert": ("refuse", "alerts", "before insert"),
    "the alert, after it": ("refuse", "alerts", "after insert"),
    "the commit": ("refuse_commit", "alerts", "after insert"),
}


@pytest.mark.parametrize("damage", FAILURES.values(), ids=FAILURES)
async def test_a_concern_is_logged_whole_or_not_at_all(school, ledger, clock, keep, store, damage):
    await log(ledger, clock, await keep("earlier"), "earlier")
    talk = await keep()
    how, table, when = damage
    getattr(store, how)(table, when)
    before = school.everything()
    with pytest.raises(LedgerDownError) as down:
        await log(ledger, clock, talk)
    assert school.everything() == before
    assert MARK not in school.everything_shown(down.value)
    kept, _ = await ledger.conversation("web:teacher")
    assert (kept.id, kept.version, kept.draft) == (talk.id, talk.version, talk.draft)


async def test_without_a_place_to_note_the_event_nothing_is_logged(school, ledger, clock, keep):
    talk = await keep()
    school.alter("drop table heard")
    before = school.everything()
    with pytest.raises(LedgerDownError):
        await log(ledger, clock, talk)
    assert school.everything() == before


@pytest.mark.parametrize("damage", FAILURES.values(), ids=FAILURES)
async def test_what_failed_once_is_logged_once_when_it_is_sent_again(school, ledger, clock, keep, store, damage):
    if damage[1] == "chain":
        await ledger.head()  # begins the chain
    talk = await keep()
    how, table, when = damage
    getattr(store, how)(table, when)
    with pytest.raises(LedgerDownError):
        await log(ledger, clock, talk)
    store.allow(table)
    assert await log(ledger, clock, talk) == "TA-2026-0001"
    assert [school.count(table) for table in ("concerns", "chronology", "alerts", "conversations")] == [1, 1, 1, 0]
    assert (await ledger.audit()).breaks == ()


ACTS = {
    "the concern": ("refuse", "concerns", "before update"),
    "the chronology": ("refuse", "chronology", "before insert"),
    "the head of the chain": ("refuse", "chain", "before update"),
    "the alert to the reporter": ("refuse", "alerts", "before insert"),
    "the alerts to redraw": ("refuse", "alerts", "before update"),
    "the commit": ("refuse_commit", "chronology", "after insert"),
}


@pytest.mark.parametrize("damage", ACTS.values(), ids=ACTS)
async def test_an_acknowledgement_is_recorded_whole_or_not_at_all(school, ledger, clock, keep, store, damage):
    ref = await log(ledger, clock, await keep())
    concern = await ledger.concern(school.id(ref))
    how, table, when = damage
    getattr(store, how)(table, when)
    before = school.everything()
    with pytest.raises(LedgerDownError) as down:
        await ledger.acknowledge("ack", concern, school.person("dsl"), "web", clock.now())
    assert school.everything() == before
    assert MARK not in school.everything_shown(down.value)
    store.allow(table)
    acknowledged = await ledger.acknowledge("ack", concern, school.person("dsl"), "web", clock.now())
    assert acknowledged.stage == "acknowledged"


async def test_a_conversation_that_could_not_be_kept_stands_where_it_stood(school, ledger, clock, keep, store):
    talk = await keep()
    store.refuse("conversations", "before update")
    with pytest.raises(LedgerDownError):
        await ledger.keep_conversation("later", replace(talk, draft={"happened": "changed"}), clock.now())
    kept, _ = await ledger.conversation("web:teacher")
    assert kept.draft == {"happened": MARK}
    assert school.rows("select event from heard") == [("began-teacher",)]


# ---- each event once


async def test_an_event_heard_before_changes_nothing(school, ledger, clock, keep):
    talk = await keep()
    ref = await log(ledger, clock, talk, "one")
    concern = await ledger.concern(school.id(ref))
    again = await keep("other")
    before, now = school.everything(), clock.now()
    for repeated in (
        ledger.log_concern("one", new(again), again, ("dsl",), "web", now),
        ledger.keep_conversation("one", again, now),
        ledger.end_conversation("one", again, now),
        ledger.note_question("one", Question("answer", "banter", 0.5), now),
        ledger.acknowledge("one", concern, school.person("dsl"), "web", now),
        ledger.add("one", concern, school.person(), Words("more"), (), now),
        ledger.decide("one", concern, school.person("dsl"), Words("why"), now),
        ledger.close_concern("one", concern, school.person("dsl"), Words("why"), now),
        ledger.record_opening("one", concern, school.person("dsl"), now),
        ledger.keep_decision_draft("one", concern, DecisionDraft(), {"reasons": "x"}, school.person("dsl"), now),
        ledger.enter_act("one", concern, "noted", school.person("dsl"), Words("x"), (), now),
        ledger.finish_action("one", concern, 1, school.person("dsl"), Words("x"), now),
        ledger.restrict("one", concern, ["web:dsl"], school.person("dsl"), Words("x"), (), now),
        ledger.begin_again("one", concern, "escalated", school.person("dsl"), Words("x"), (), now),
        ledger.note_outsider("one", "web:pupil", "web", now),
    ):
        with pytest.raises(AlreadyHeardError):
            await repeated
    assert school.everything() == before


async def test_two_long_event_ids_that_differ_only_at_the_end_are_two_events(ledger, clock, keep):
    one, other = await keep("one"), await keep("other")
    await log(ledger, clock, one, "e" * 300 + "1")
    assert await log(ledger, clock, other, "e" * 300 + "2") == "TA-2026-0002"


async def test_two_events_at_once_log_one_concern(school, ledger, another_ledger, clock, keep):
    talk = await keep()
    other = await another_ledger()
    results = await asyncio.gather(
        *(log(each, clock, talk, f"sent-{n}") for n, each in enumerate([ledger, other] * 4)), return_exceptions=True
    )
    assert [type(result) for result in results].count(str) == 1
    assert {type(result) for result in results} == {str, ChangedMeanwhileError}
    assert [school.count(table) for table in ("concerns", "chronology", "alerts")] == [1, 1, 1]


async def test_one_event_at_two_desks_at_once_logs_one_concern(school, ledger, another_ledger, clock, keep):
    talk = await keep()
    other = await another_ledger()
    results = await asyncio.gather(log(ledger, clock, talk), log(other, clock, talk), return_exceptions=True)
    assert {type(result) for result in results} == {str, AlreadyHeardError}
    assert school.count("concerns") == 1


async def test_a_conversation_that_moved_meanwhile_is_not_overwritten(ledger, clock, keep):
    talk = await keep()
    await ledger.keep_conversation("second", replace(talk, draft={"happened": "newer"}), clock.now())
    for late in (
        ledger.keep_conversation("third", replace(talk, draft={"happened": "late"}), clock.now()),
        ledger.end_conversation("third", talk, clock.now()),
        log(ledger, clock, talk, "third"),
        ledger.keep_conversation("third", Conversation("c-new", talk.person, talk.answers), clock.now()),
    ):
        with pytest.raises(ChangedMeanwhileError):
            await late
    kept, _ = await ledger.conversation("web:teacher")
    assert (kept.draft, kept.version) == ({"happened": "newer"}, 2)


async def test_two_acknowledgements_at_once_are_one(school, ledger, another_ledger, clock, keep):
    concern = await ledger.concern(school.id(await log(ledger, clock, await keep())))
    other = await another_ledger()
    results = await asyncio.gather(
        *(
            each.acknowledge(f"ack-{n}", concern, school.person(f"dsl-{n}"), "web", clock.now())
            for n, each in enumerate([ledger, other])
        ),
        return_exceptions=True,
    )
    assert [type(result) for result in results].count(ChangedMeanwhileError) == 1
    assert school.entries("TA-2026-0001") == ["logged", "acknowledged"]
    assert school.rows("select count(*) from alerts where kind = 'told'") == [(1,)]


# ---- references


async def test_references_are_unique_and_consecutive_when_twenty_are_logged_at_once(
    ledger, another_ledger, clock, keep
):
    desks = [ledger, await another_ledger()]
    talks = [await keep(f"teacher-{n}") for n in range(20)]
    refs = await asyncio.gather(*(log(desks[n % 2], clock, talk, f"sent-{n}") for n, talk in enumerate(talks)))
    assert sorted(refs) == [f"TA-2026-{n:04d}" for n in range(1, 21)]


async def test_numbers_begin_again_with_the_year(ledger, clock, keep):
    assert await log(ledger, clock, await keep("a"), "1") == "TA-2026-0001"
    clock.forward(days=365)
    assert await log(ledger, clock, await keep("b"), "2") == "TA-2027-0001"
    assert await log(ledger, clock, await keep("c"), "3") == "TA-2027-0002"


async def test_a_concern_that_could_not_be_logged_takes_no_number(ledger, clock, keep, store):
    one, other = await keep("one"), await keep("other")
    await log(ledger, clock, one, "1")
    store.refuse("alerts")
    with pytest.raises(LedgerDownError):
        await log(ledger, clock, other, "2")
    store.allow("alerts")
    assert await log(ledger, clock, other, "3") == "TA-2026-0002"


async def test_the_thousandth_and_the_ten_thousandth_have_references_too(school, ledger, clock, keep):
    await log(ledger, clock, await keep("a"), "1")
    school.alter("update numbers set last = 9998")
    assert await log(ledger, clock, await keep("b"), "2") == "TA-2026-9999"
    assert await log(ledger, clock, await keep("c"), "3") == "TA-2026-10000"


# ---- what the record gives back


async def test_a_concern_is_read_back_as_it_was_logged(school, ledger, another_ledger, clock, keep):
    talk = await keep()
    ref = await log(ledger, clock, talk)
    read = await (await another_ledger()).concern(school.id(ref))
    assert (read.reference, read.about, read.urgent, read.reporter, read.stage) == (
        ref, "pupils", False, "web:teacher", "logged",
    )  # fmt: skip
    assert read.account == new(talk).account
    assert [(entry.what, entry.who, entry.at) for entry in read.chronology] == [
        ("logged", new(talk).account.reporter, clock.now())
    ]
    assert read.reached == {"dsl"}
    assert read.logged_at.utcoffset() == timedelta(0)


async def test_a_conversation_goes_on_after_a_restart(another_ledger, ledger, clock, keep):
    talk = await keep()
    await ledger.close()
    kept, touched = await (await another_ledger()).conversation("web:teacher")
    assert (kept, touched) == (talk, clock.now())


async def test_nothing_is_known_of_what_was_never_there(ledger, clock):
    assert await ledger.concern("nothing") is None
    assert await ledger.conversation("web:nobody") is None
    assert await ledger.sent_as("nothing", "web:nobody") is None
    assert await ledger.lease_due(clock.forward(days=9999)) == []


async def test_a_time_without_a_zone_is_refused(ledger, clock, keep):
    talk = await keep()
    with pytest.raises(LedgerDownError):
        await ledger.end_conversation("e", talk, clock.now().replace(tzinfo=None))
    assert await ledger.conversation("web:teacher")


# ---- the outbox


async def test_an_alert_is_leased_to_one_caller_until_the_lease_lapses(ledger, another_ledger, clock, keep):
    await log(ledger, clock, await keep())
    other = await another_ledger()
    leased = await asyncio.gather(*(each.lease_due(clock.now()) for each in (ledger, other, ledger, other)))
    assert sorted(map(len, leased)) == [0, 0, 0, 1]
    assert await other.lease_due(clock.forward(seconds=LEASE.total_seconds() - 1)) == []
    assert [due.tries for due in await other.lease_due(clock.forward(seconds=1))] == [2]


async def test_no_more_are_leased_than_asked_for_and_the_longest_due_come_first(ledger, clock, keep):
    for n in range(5):
        await log(ledger, clock, await keep(str(n)), f"sent-{n}")
        clock.forward(seconds=1)
    first, second = await ledger.lease_due(clock.now(), 3), await ledger.lease_due(clock.now(), 3)
    assert [due.concern.reference[-1] for due in (*first, *second)] == list("12345")


async def test_someone_outside_staff_is_noted_once_a_day(school, ledger, clock):
    for n in range(3):
        await ledger.note_outsider(f"{n}", "web:pupil", "web", clock.now())
    await ledger.note_outsider("other", "web:another", "web", clock.now())
    assert school.rows("select count(*) from alerts where kind = 'outsider'") == [(2,)]
    await ledger.note_outsider("next day", "web:pupil", "web", clock.forward(days=1))
    assert school.rows("select count(*) from alerts where kind = 'outsider'") == [(3,)]


async def test_two_outsiders_with_long_ids_are_two(school, ledger, clock):
    for n in range(2):
        await ledger.note_outsider(f"{n}", f"teams:29:{'x' * 90}{n}", "web", clock.now())
    assert school.rows("select count(*) from alerts where kind = 'outsider'") == [(2,)]


# ---- what the disk shows


@on_sqlite
async def test_nothing_typed_stands_in_the_file_or_its_log_in_clear(school, ledger, database):
    for about in ABOUT:
        await school.log(about, school.person(about))
    await school.check()
    await school.say(f"what is {school.MARK}?")
    await school.say(f"what is {school.MARK} about?", school.person("another"))
    await school.press("log", school.person("third"))
    await school.say(f"log a concern: {school.MARK}", school.person("fourth"))
    await school.say(school.MARK, school.person("pupil", staff=False))
    await school.hear(school.person("fifth"), form=Sent("form:x", {school.MARK: Words(school.MARK)}))
    school.channels["web"].break_with(RuntimeError(school.MARK))
    await school.ring()
    school.channels["web"].work()
    school.clock.forward(hours=1)
    await school.ring()
    for act in ("open", "ack"):
        await school.press(f"{act}:{school.id('TA-2026-0001')}", school.person("dsl"))
    await school.say("stop")
    written = b"".join(file.read_bytes() for file in database.parent.iterdir())
    await ledger.close()
    with closing(sqlite3.connect(database)) as file:
        dumped = "\n".join(file.iterdump())
    written += b"".join(file.read_bytes() for file in database.parent.iterdir())
    assert b"TA-2026-0004" in written
    assert school.MARK.encode() not in written
    assert school.MARK not in dumped


@on_sqlite
async def test_a_draft_thrown_away_leaves_not_even_its_sealed_bytes(school, ledger, database):
    await school.check()
    (sealed,) = school.rows("select sealed from conversations")[0]
    await school.say("stop")
    await ledger.close()
    written = b"".join(file.read_bytes() for file in database.parent.iterdir())
    assert sealed[:40] not in written
