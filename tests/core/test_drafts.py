"""A concern begun and not sent: its writer is reminded, the DSL hears only who began an urgent one, and a day later it is gone."""

from __future__ import annotations

import pytest

from tests.core.stores import BOTH

STORES = BOTH


@pytest.fixture
def web(school):
    return school.channels["web"]


async def after(school, **by):
    web, school_now = school.channels["web"], school.clock.forward(**by)
    before = len(web.sent)
    await school.ring()
    assert school.clock.now() == school_now
    return [(alert.kind, alert.told) for alert in web.sent[before:]]


async def test_an_unsent_form_reminds_its_writer_after_ten_minutes_and_nobody_else_ever(school):
    await school.check()
    assert await after(school, minutes=9, seconds=59) == []
    assert await after(school, seconds=1) == [("draft", "person:web:teacher")]
    assert await after(school, hours=3) == []


async def test_an_urgent_one_reminds_after_two_and_then_tells_the_dsl_who_began_without_words(school, web):
    await school.check(now="yes")
    assert await after(school, minutes=2) == [("draft", "person:web:teacher")]
    assert await after(school, minutes=2) == [("unsent", "dsl")]
    assert await after(school, hours=3) == []
    shown = school.text(web.sent[-1].parts)
    name = school.person().name.reveal()
    assert name in shown
    assert school.MARK not in shown.replace(name, "")


async def test_a_reminder_carries_on_with_what_was_typed(school, web):
    await school.check()
    await after(school, minutes=10)
    (choice,) = school.choices(web.sent[-1])
    reply = await school.press(choice.id)
    assert school.MARK in school.text(reply)


@pytest.mark.parametrize("now", ["yes", "no"])
async def test_nobody_is_reminded_of_what_has_been_sent(school, now):
    await school.log(now=now)
    await after(school, minutes=0)
    await school.press(f"ack:{school.id('TA-2026-0001')}", school.person("dsl"))
    await school.press(f"open:{school.id('TA-2026-0001')}", school.person("dsl"))
    await after(school, minutes=0)
    assert await after(school, hours=1) == []


async def test_a_reminder_in_the_outbox_is_dropped_when_the_concern_is_sent_first(school, web):
    checked = await school.check(now="yes")
    web.fail()
    await after(school, minutes=2)
    await school.press(school.id_of(checked, ".send"))
    web.work()
    told = await after(school, minutes=1)
    assert "draft" not in {kind for kind, _ in told}


async def test_a_draft_thrown_away_reminds_nobody(school):
    await school.check(now="yes")
    await school.say("stop")
    assert await after(school, hours=1) == []


async def test_an_unsent_form_is_deleted_after_a_day_and_not_before(school):
    await school.check()
    await after(school, minutes=10)
    await after(school, hours=23)
    assert await school.draft() is not None
    await after(school, hours=1)
    assert await school.draft() is None
    assert school.count("conversations") == 0


async def test_going_on_with_it_begins_the_day_again(school):
    checked = await school.check()
    await after(school, hours=23)
    await school.press(school.id_of(checked, ".send").replace(".send", ".resume"))
    await after(school, hours=23)
    assert await school.draft() is not None
    await after(school, hours=2)
    assert await school.draft() is None


async def test_a_triage_that_was_left_reminds_nobody_and_is_deleted_too(school):
    await school.press("triage:nudes")
    assert await after(school, hours=2) == []
    await after(school, hours=23)
    assert school.count("conversations") == 0
