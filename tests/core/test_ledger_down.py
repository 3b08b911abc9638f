"""Days on which the database says no: full, locked, deleted, replaced, damaged, or sealed under a key that is gone.

Whoever was logging a concern is told that it was not sent, and whom to ring. Questions are still answered.
"""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event

from bot import LedgerDownError, Vault, Words, new_master_key, open_ledger
from bot.concern import Account, Line, NewConcern
from bot.ledger import DecisionDraft, Question
from bot.triage import ABOUT, Answer, Conversation

TOLD = {"pupils": "dsl", "adult": "head", "head": "chair", "safeguarding": "head"}
URGENT = "he has a knife and is going to stab her now"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """A lock that is not given up is noticed without waiting for it."""
    monkeypatch.setattr("bot.ledger.database._PATIENCE", 0.02)


class Trouble:
    """One way of losing the database. `mend` gives it back, where that is possible."""

    def __init__(self, database):
        self.file = database
        self.mend = None

    def deleted(self):
        self.file.unlink()

    def moved_away_with_its_folder(self):
        folder = self.file.parent
        folder.rename(folder.with_name(f"{folder.name}-elsewhere"))

    def replaced_by_an_older_copy(self):
        copy = self.file.with_name("older.db")
        shutil.copy(self.file, copy)
        copy.replace(self.file)

    def locked(self):
        other = sqlite3.connect(self.file, isolation_level=None)
        other.execute("begin immediate")

        def mend():
            other.close()
            self.mend = None

        self.mend = mend

    def full(self):
        """No file of this process may grow past what has been written: what a disk does when it is full."""
        written = self.file.with_name(self.file.name + "-wal").stat().st_size
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (written, hard))

        def mend():
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            self.mend = None

        self.mend = mend


LASTING = ("deleted", "moved_away_with_its_folder", "replaced_by_an_older_copy")
PASSING = ("locked", "full")
any_trouble = pytest.mark.parametrize("kind", [*LASTING, *PASSING])


@pytest.fixture
def trouble(ledger, database):
    found = Trouble(database)
    yield found
    if found.mend:
        found.mend()


@pytest.fixture
def begin(trouble):
    return lambda kind: getattr(trouble, kind)()


def about_to_send(school, talk="c1"):
    account = Account(Words(school.MARK), (Line("What happened?", Words(school.MARK * 10_000)),))
    return NewConcern("pupils", True, "web:other", account, talk)


# ---- at the ledger's own door


@any_trouble
async def test_everything_the_ledger_cannot_save_is_a_fault_without_words(school, ledger, clock, begin, kind):
    ref = await school.log()
    await school.check(who=school.person("other"))
    talk, _ = await ledger.conversation("web:other")
    concern, now, dsl = await ledger.concern(school.id(ref)), clock.now(), school.person("dsl")
    begin(kind)
    for attempt in (
        lambda: ledger.keep_conversation("e", talk, now),
        lambda: ledger.end_conversation("e", talk, now),
        lambda: ledger.log_concern("e", about_to_send(school, talk.id), talk, ("dsl",), "web", now),
        lambda: ledger.acknowledge("e", concern, dsl, "web", now),
        lambda: ledger.record_opening("e", concern, dsl, now),
        lambda: ledger.keep_decision_draft("e", concern, DecisionDraft(), {"reasons": school.MARK}, dsl, now),
        lambda: ledger.enter_act("e", concern, "noted", dsl, Words(school.MARK), (), now),
        lambda: ledger.finish_action("e", concern, 1, dsl, Words(school.MARK), now),
        lambda: ledger.restrict("e", concern, ["web:dsl"], dsl, Words(school.MARK), (), now),
        lambda: ledger.begin_again("e", concern, "escalated", dsl, Words(school.MARK), (), now),
        lambda: ledger.add("e", concern, dsl, Words(school.MARK), (), now),
        lambda: ledger.decide("e", concern, dsl, Words(school.MARK), now),
        lambda: ledger.close_concern("e", concern, dsl, Words(school.MARK), now),
        lambda: ledger.note_question("e", Question("answer", "banter", 0.5), now),
        lambda: ledger.note_outsider("e", "web:pupil", "web", now),
    ):
        with pytest.raises(LedgerDownError) as down:
            await attempt()
        assert str(down.value)
        assert school.MARK not in school.everything_shown(down.value)


@any_trouble
async def test_a_ledger_that_cannot_be_written_to_is_not_called_well(ledger, begin, kind):
    begin(kind)
    with pytest.raises(LedgerDownError):
        await ledger.ping()


@pytest.mark.parametrize("kind", LASTING)
async def test_a_ledger_that_is_gone_is_not_read_from(school, ledger, clock, begin, kind):
    ref = await school.log()
    id_ = school.id(ref)
    begin(kind)
    for attempt in (
        lambda: ledger.concern(id_),
        lambda: ledger.conversation("web:teacher"),
        lambda: ledger.sent_as("c1", "web:other"),
        lambda: ledger.lease_due(clock.now()),
    ):
        with pytest.raises(LedgerDownError):
            await attempt()


@pytest.mark.parametrize("kind", PASSING)
async def test_a_ledger_that_cannot_be_written_to_is_read_from_and_leases_nothing(school, ledger, clock, begin, kind):
    id_ = school.id(await school.log())
    begin(kind)
    assert (await ledger.concern(id_)).stage == "logged"
    with pytest.raises(LedgerDownError):
        await ledger.lease_due(clock.now())


@pytest.mark.parametrize("kind", PASSING)
async def test_what_failed_leaves_nothing_behind_and_is_saved_once_when_it_can_be(
    school, ledger, clock, trouble, begin, kind
):
    talk = Conversation("c1", "web:other", (Answer("start", "concern"),), {"happened": school.MARK})
    await ledger.keep_conversation("began", talk, clock.now())
    talk = replace(talk, version=1)
    begin(kind)
    for _ in range(3):
        with pytest.raises(LedgerDownError):
            await ledger.log_concern("sent", about_to_send(school), talk, ("dsl",), "web", clock.now())
    trouble.mend()
    assert (school.count("concerns"), school.count("alerts")) == (0, 0)
    assert await ledger.log_concern("sent", about_to_send(school), talk, ("dsl",), "web", clock.now()) == "TA-2026-0001"


async def test_a_file_that_may_grow_no_further_saves_nothing_of_a_concern(school, ledger, clock):
    talk = Conversation("c1", "web:other", (Answer("start", "concern"),))
    await ledger.keep_conversation("began", talk, clock.now())
    talk, pages = replace(talk, version=1), school.rows("pragma page_count")[0][0]
    limit = lambda connection: connection.exec_driver_sql(f"pragma max_page_count = {pages}")  # noqa: E731
    event.listen(ledger._engine.sync_engine, "begin", limit)
    with pytest.raises(LedgerDownError, match="full") as down:
        await ledger.log_concern("sent", about_to_send(school), talk, ("dsl",), "web", clock.now())
    assert school.MARK not in school.everything_shown(down.value)
    assert [school.count(table) for table in ("concerns", "chronology", "alerts", "numbers")] == [0, 0, 0, 0]
    assert await ledger.conversation("web:other")
    reply = await school.fill(school.form(await school.begin()).id, school.account() | {"said": "x" * 50_000})
    assert school.titles(reply)[-1] == school.wording.not_sent_title


# ---- as the person hears it


@any_trouble
@pytest.mark.parametrize("about", ABOUT)
async def test_send_says_that_it_has_not_been_sent_and_whom_to_ring(school, begin, kind, about):
    send = school.id_of(await school.check(about), ".send")
    begin(kind)
    reply = await school.press(send)
    assert [card.tone for card in school.cards(reply)] == ["failed"]
    assert school.titles(reply) == [school.wording.not_sent_title]
    shown = school.text(reply)
    told = TOLD[about]
    assert school.library.say(getattr(school.wording, f"ring_{told}")) in shown
    assert (school.phone("dsl") in shown) == (told == "dsl")
    assert "TA-2026" not in shown


@any_trouble
@pytest.mark.parametrize("about", ABOUT)
async def test_the_form_says_that_it_has_not_been_sent_and_whom_to_ring(school, begin, kind, about):
    form = school.form(await school.begin(about))
    begin(kind)
    shown = school.text(await school.fill(form.id, school.account(about)))
    assert school.wording.not_sent_title in shown
    assert school.phone(TOLD[about]) in shown
    assert (school.phone("dsl") in shown) == (about == "pupils")


@any_trouble
@pytest.mark.parametrize("about", ABOUT)
async def test_urgent_words_in_a_form_that_cannot_be_saved_name_nobody_left_out(school, begin, kind, about):
    form = school.form(await school.begin(about))
    begin(kind)
    reply = await school.fill(form.id, school.account(about) | {"happened": URGENT})
    assert reply.parts[0] == school.ring_now(TOLD[about])
    assert (school.phone("dsl") in school.text(reply)) == (about == "pupils")


@any_trouble
async def test_send_when_typed_says_so_too(school, begin, kind):
    await school.check()
    begin(kind)
    reply = await school.say("Send")
    assert school.wording.not_sent_title in school.titles(reply)
    assert school.phone("dsl") in school.text(reply)


@any_trouble
@pytest.mark.parametrize("typed", ["1", "and then he left"])
async def test_words_for_the_open_form_that_cannot_be_kept_are_said_not_to_be(school, begin, kind, typed):
    await school.check()
    begin(kind)
    reply = await school.say(typed)
    assert reply.parts[-1].tone == "failed"
    assert school.phone("dsl") in school.text(reply)


@any_trouble
async def test_who_begins_a_concern_is_told_at_once_that_it_cannot_be_logged(school, begin, kind):
    begin(kind)
    pressed = await school.press("log")
    typed = await school.say(f"log a concern: {school.MARK}")
    for reply in (pressed, typed):
        assert reply.parts[-1].tone == "failed"
        assert school.phone("dsl") in school.text(reply)


@any_trouble
async def test_a_plain_question_is_still_answered(school, begin, kind):
    begin(kind)
    reply = await school.say("Can I promise to keep it secret?")
    assert reply.parts[0].title == school.library.topics["child-discloses"].title
    assert school.titles(reply)[1:] in ([], [school.wording.not_saved_title])


@any_trouble
async def test_a_plain_question_is_still_answered_in_the_middle_of_a_triage(school, begin, kind):
    await school.press("triage:nudes")
    begin(kind)
    reply = await school.say("Can I promise to keep it secret?")
    assert reply.parts[0].title == school.library.topics["child-discloses"].title


@any_trouble
async def test_urgent_words_still_lead(school, begin, kind):
    begin(kind)
    assert (await school.say(URGENT)).parts[0] == school.ring_now()


@any_trouble
async def test_emergency_needs_no_database(school, begin, kind):
    begin(kind)
    assert (await school.say("emergency")).parts[0] == school.ring_now()
    assert (await school.press("emergency")).parts[0] == school.ring_now()


@any_trouble
async def test_pages_and_lists_need_no_database(school, begin, kind):
    begin(kind)
    for choice in ("topics", "group:act", "topic:banter", "none"):
        reply = await school.press(choice)
        assert [card.tone for card in school.cards(reply)] == ["plain"]


@any_trouble
async def test_someone_outside_staff_still_gets_the_kind_reply(school, begin, kind):
    begin(kind)
    reply = await school.say(school.MARK, school.person("pupil", staff=False))
    assert school.titles(reply) == [school.wording.outsider_title]


@any_trouble
@pytest.mark.parametrize("act", ["open", "ack"])
async def test_nothing_is_opened_and_nothing_is_called_acknowledged(school, begin, kind, act):
    id_ = school.id(await school.log())
    begin(kind)
    reply = await school.press(f"{act}:{id_}", school.person("dsl"))
    assert not reply.dialog
    assert school.MARK not in school.text(reply)
    assert [card.tone for card in school.cards(reply)] == ["failed"]


@pytest.mark.parametrize("kind", PASSING)
async def test_the_same_press_sends_it_once_the_database_is_back(school, trouble, begin, kind):
    send = school.id_of(await school.check(), ".send")
    begin(kind)
    for _ in range(3):
        assert school.titles(await school.press(send)) == [school.wording.not_sent_title]
    trouble.mend()
    assert await school.draft() is not None
    assert school.reference(await school.press(send)) == "TA-2026-0001"
    assert [school.count(table) for table in ("concerns", "alerts", "conversations")] == [1, 1, 0]


@pytest.mark.parametrize("kind", PASSING)
async def test_an_alert_waits_out_the_trouble(school, trouble, begin, kind):
    await school.log()
    begin(kind)
    with pytest.raises(LedgerDownError):
        await school.ring()
    trouble.mend()
    school.clock.forward(minutes=2)
    assert await school.ring() == 1
    assert [alert.ref for alert in school.channels["web"].sent] == ["TA-2026-0001"]


@pytest.mark.parametrize("kind", PASSING)
async def test_an_alert_delivered_but_not_written_down_is_delivered_again(school, trouble, begin, kind):
    await school.log()
    web = school.channels["web"]
    web.hang()
    ringing = asyncio.create_task(school.ring())
    await web.entered.wait()
    begin(kind)
    web.work()
    with pytest.raises(LedgerDownError):
        await ringing
    trouble.mend()
    school.clock.forward(minutes=2)
    assert await school.ring() == 1
    assert [alert.key for alert in web.sent] == [next(iter(web.screen))] * 2


# ---- the wrong master key


@pytest.fixture
async def rekeyed(school, another_ledger, new_school):
    """Signpost started again with a key that opens nothing of what is there."""

    async def start():
        return new_school(await another_ledger(keys=Vault.from_text(new_master_key("test"))))

    return start


async def test_an_open_conversation_under_a_lost_key_is_a_fault_without_words(school, rekeyed):
    await school.check()
    other = await rekeyed()
    with pytest.raises(LedgerDownError) as down:
        await other.ledger.conversation("web:teacher")
    assert school.MARK not in school.everything_shown(down.value)


async def test_who_sends_under_a_lost_key_is_told_that_it_was_not_sent(school, rekeyed):
    send = school.id_of(await school.check("adult"), ".send")
    other = await rekeyed()
    reply = await other.press(send, event="fresh")
    assert school.titles(reply) == [school.wording.not_sent_title]
    assert school.phone("head") in school.text(reply)
    assert school.count("concerns") == 0


async def test_a_question_under_a_lost_key_is_still_answered(school, rekeyed):
    await school.check()
    reply = await (await rekeyed()).say("Can I promise to keep it secret?")
    assert reply.parts[0].title == school.library.topics["child-discloses"].title


@pytest.mark.parametrize("act", ["open", "ack"])
async def test_a_concern_under_a_lost_key_is_neither_opened_nor_acknowledged(school, rekeyed, act):
    id_ = school.id(await school.log())
    other = await rekeyed()
    with pytest.raises(LedgerDownError) as down:
        await other.ledger.concern(id_)
    assert school.MARK not in school.everything_shown(down.value)
    reply = await other.press(f"{act}:{id_}", school.person("dsl"), event="fresh")
    assert [card.tone for card in school.cards(reply)] == ["failed"]
    assert school.entries("TA-2026-0001") == ["logged"]


async def test_a_new_key_beside_the_old_one_opens_everything(school, another_ledger, vault, new_school):
    old, fresh = new_master_key("old"), new_master_key("new")
    file = school.database.with_name("rotated.db")
    before = new_school(await another_ledger(file, Vault.from_text(old)), file=file)
    ref = await before.log()
    await before.check()
    after = new_school(await another_ledger(file, Vault.from_text(f"{fresh},{old}")), file=file)
    reply = await after.press(f"open:{after.id(ref)}", after.person("dsl"), event="a")
    assert after.MARK in after.text(reply)
    assert after.reference(await after.hear(event="b", words=Words("send"))) == "TA-2026-0002"


# ---- at the start


async def refused(database, vault):
    """Claim that this file cannot be opened; what is said of it."""
    before = set(threading.enumerate())
    with pytest.raises(LedgerDownError) as down:
        await open_ledger(f"sqlite+aiosqlite:///{database}", vault, "TA")
    for driver in set(threading.enumerate()) - before:
        driver.join(10)  # the driver's own thread has a last word to say to this loop
    return str(down.value)


@pytest.mark.parametrize("content", [b"\0" * 8192, b"not a database at all " * 500, b"SQLite format 3\0" + b"x" * 5000])
async def test_a_file_that_is_no_database_is_refused(database, vault, content):
    database.write_bytes(content)
    assert await refused(database, vault)
    assert database.read_bytes() == content


async def test_a_database_cut_in_half_is_refused_or_says_so_at_once(school, ledger, database, vault):
    await school.log()
    await ledger.close()
    whole = database.read_bytes()
    database.write_bytes(whole[: len(whole) // 2])
    assert await refused(database, vault)


async def test_a_database_of_a_later_signpost_is_refused(school, database, vault):
    school.alter("update alembic_version set version_num = '9999'")
    assert await refused(database, vault)


async def test_a_folder_that_is_not_there_is_refused(tmp_path, vault):
    assert await refused(tmp_path / "nowhere" / "signpost.db", vault)


async def test_a_folder_in_the_files_place_is_refused(database, vault):
    database.mkdir()
    assert await refused(database, vault)


async def test_a_folder_that_may_only_be_read_is_refused(tmp_path, vault):
    folder = tmp_path / "read-only"
    folder.mkdir(mode=0o500)
    if os.access(folder, os.W_OK):
        folder = Path("/proc/self")  # we are root, who may write anywhere but here
    assert await refused(folder / "signpost.db", vault)


# ---- many at once


@pytest.mark.parametrize("staff", [150])
async def test_a_burst_from_the_whole_staff_is_logged_whole(another_ledger, clock, database, monkeypatch, staff):
    monkeypatch.setattr("bot.ledger.database._PATIENCE", 1.5)  # as shipped
    ledger = await another_ledger()
    talks = [Conversation(f"c{n}", f"web:{n}", (Answer("start", "concern"),)) for n in range(staff)]
    for talk in talks:
        await ledger.keep_conversation(f"began-{talk.id}", talk, clock.now())
    account = Account(Words("Sam"), ())
    logged = await asyncio.gather(
        *(
            ledger.log_concern(
                f"sent-{talk.id}",
                NewConcern("pupils", False, talk.person, account, talk.id),
                replace(talk, version=1),
                ["dsl"],
                "web",
                clock.now(),
            )
            for talk in talks
        ),
        return_exceptions=True,
    )
    assert [one for one in logged if not isinstance(one, str)] == []
