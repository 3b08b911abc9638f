"""Silence is answered: the next person is told, the reporter hears that nobody has it, and each act stops what asks for it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from adapters.keeping import _begin_drill
from bot import Words, clocks
from tests.core.casework import CLOSED, decide
from tests.core.stores import BOTH

STORES = BOTH

REF = "TA-2026-0001"
REPORTER = "person:web:teacher"


@pytest.fixture
def web(school):
    return school.channels["web"]


def sent(channel, *kinds):
    """What arrived as new, of these kinds."""
    return [alert for alert in channel.sent if alert.receipt is None and (not kinds or alert.kind in kinds)]


async def after(school, **by):
    """Let time pass, ring, and give what arrived in it."""
    web = school.channels["web"]
    before = len(web.sent)
    school.clock.forward(**by)
    await school.ring()
    return [(a.kind, a.told) for a in web.sent[before:] if a.receipt is None]


async def act(school, name, who="dsl", text=None):
    id_ = school.id(REF)
    if text is None:
        return await school.press(f"{name}:{id_}", school.person(who))
    return await school.fill(f"{name}:{id_}", CLOSED | {"text": text}, school.person(who))


async def test_an_urgent_concern_that_nobody_acknowledges_is_told_at_0_5_10_20(school):
    await school.log(now="yes")
    assert await after(school, minutes=0) == [("concern", "dsl")]
    assert await after(school, minutes=4, seconds=59) == []
    assert sorted(await after(school, seconds=1)) == [("concern", "deputy-1"), ("waiting", REPORTER)]
    assert sorted(await after(school, minutes=5)) == [("concern", "head"), ("waiting", REPORTER)]
    everyone = [("concern", "deputy-1"), ("concern", "dsl"), ("concern", "head"), ("waiting", REPORTER)]
    assert sorted(await after(school, minutes=10)) == everyone
    assert sorted(await after(school, minutes=10)) == everyone


async def test_what_was_missed_while_nothing_ran_is_told_at_once_to_everybody_and_only_once(school, web):
    await school.log(now="yes")
    told = await after(school, hours=3)
    assert {who for kind, who in told if kind == "concern"} == {"dsl", "deputy-1", "head"}
    assert told.count(("waiting", REPORTER)) == 1
    assert len(told) == len(set(told))
    assert await after(school, minutes=0) == []


@pytest.mark.parametrize(
    ("at", "number"),
    [((2026, 3, 2, 10), "0800 131 3126"), ((2026, 3, 2, 20), "0845 604 2886"), ((2026, 3, 7, 12), "0845 604 2886")],
)
async def test_the_reporter_is_told_that_nobody_has_it_with_the_number_that_answers_at_that_hour(
    school, web, at, number
):
    school.clock._now = datetime(*at, tzinfo=UTC)
    await school.log(now="yes")
    await after(school, minutes=5)
    (told,) = sent(web, "waiting")
    shown = school.text(told.parts)
    assert told.told == REPORTER
    assert number in shown
    assert ({"0800 131 3126", "0845 604 2886"} - {number}).pop() not in shown
    assert school.phone("dsl") in shown
    assert REF in shown


@pytest.mark.parametrize(("about", "role"), [("adult", "head"), ("head", "chair")])
async def test_whom_the_reporter_is_told_to_ring_is_never_one_it_may_be_about(school, web, about, role):
    await school.log(about, now="yes")
    await after(school, minutes=10)
    shown = school.text(sent(web, "waiting")[0].parts)
    assert school.phone(role) in shown
    assert school.phone("dsl") not in shown


@pytest.mark.parametrize("now", ["yes", "no"])
async def test_acknowledging_stops_the_first_clock_at_once(school, now):
    await school.log(now=now)
    await after(school, minutes=0)
    await act(school, "ack")
    await act(school, "open")
    await school.ring()
    assert await after(school, hours=3) == []


async def test_a_step_that_came_due_with_the_acknowledgement_is_not_told(school):
    await school.log(now="yes")
    await after(school, minutes=0)
    school.clock.forward(minutes=5)
    await act(school, "ack")
    await act(school, "open")
    assert await after(school, minutes=0) == [("told", REPORTER)]


async def test_no_escalation_is_sent_after_an_acknowledgement_though_it_was_in_the_outbox(school, web):
    await school.log(now="yes")
    await after(school, minutes=0)
    school.clock.forward(minutes=5)
    await school.bell._let_clocks_speak(school.clock.now(), [])
    await act(school, "ack")
    await school.ring()
    assert {alert.kind for alert in sent(web)} == {"concern", "told"}
    assert {alert.told for alert in sent(web, "concern")} == {"dsl"}


async def test_the_shown_clock_of_an_earlier_card_moves_with_the_step(school, web):
    await school.log(now="yes")
    await after(school, minutes=0)
    first = sent(web, "concern")[0]
    assert "10:05" in school.text(web.screen[first.key].parts)
    await after(school, minutes=5)
    assert "10:10" in school.text(web.screen[first.key].parts)
    assert web.screen[first.key].receipt


async def test_both_clocks_are_on_the_alert(school, web):
    await school.log()
    await school.ring()
    shown = school.text(sent(web)[0].parts)
    assert "10:30" in shown
    assert "10:00 on 3 March" in shown


# ---- decided and reasoned


async def test_a_decision_is_asked_for_and_the_asking_stops_at_once_when_it_is_made(school, web):
    await school.log()
    await after(school, minutes=0)
    await act(school, "ack")
    await act(school, "open")
    await school.ring()
    assert await after(school, hours=4) == [("decide", "dsl")]
    asked = sent(web, "decide")[0]
    assert REF in school.titles(asked)[0]
    assert "decision" in school.text(asked.parts)
    assert await after(school, hours=16) == [("decide", "dsl")]
    assert sorted(await after(school, hours=4)) == [("decide", "dsl"), ("decide", "head")]
    await decide(school, REF)
    assert await after(school, days=9) == [("settled", REPORTER)], (
        "the reporter hears that it is decided; nobody is asked"
    )


async def test_a_reminder_already_in_the_outbox_is_not_sent_once_it_is_decided(school, web):
    await school.log()
    await after(school, minutes=0)
    await act(school, "ack")
    await act(school, "open")
    await school.ring()
    web.fail()
    await after(school, hours=4)
    await decide(school, REF)
    web.work()
    assert await after(school, hours=1) == [("settled", REPORTER)]


async def test_nothing_is_ever_asked_about_a_closed_concern(school, web):
    await school.log(now="yes")
    web.fail()
    await school.ring()
    await act(school, "close", text="A test")
    web.work()
    assert await after(school, days=30) == [("settled", REPORTER)], "the reporter hears of its end, once"


# ---- acknowledged, and then quiet


async def test_an_urgent_acknowledgement_that_nobody_followed_is_asked_after_and_then_of_the_next_person(school, web):
    await school.log(now="yes")
    await after(school, minutes=0)
    await act(school, "ack")
    await school.ring()
    assert await after(school, minutes=15) == [("quiet", "dsl")]
    assert "open" in school.text(sent(web, "quiet")[0].parts).lower()
    assert await after(school, minutes=15) == [("quiet", "deputy-1")]
    assert await after(school, hours=2) == []


async def test_opening_answers_the_question(school):
    await school.log(now="yes")
    await after(school, minutes=0)
    await act(school, "ack")
    await act(school, "open")
    await school.ring()
    assert await after(school, hours=3) == []


async def test_two_bells_take_each_step_once(school, web, another_ledger, new_school):
    await school.log(now="yes")
    other = new_school(await another_ledger(), list(school.channels.values()))
    for minutes in (0, 5, 5, 10):
        school.clock.forward(minutes=minutes)
        await asyncio.gather(school.ring(), other.ring())
    keys = [alert.key for alert in sent(web)]
    assert len(keys) == len(set(keys)) == 1 + 2 + 2 + 4


async def test_a_step_planned_from_what_has_changed_since_is_not_taken(school, ledger):
    await school.log(now="yes")
    concern = await ledger.concern(school.id(REF))
    plan = clocks.plan(concern, school.library.school, school.clock.forward(minutes=5))
    await ledger.acknowledge("ack", concern, school.person("dsl"), "web", school.clock.now())
    assert not await ledger.take_steps(concern, plan, [], school.clock.now())


async def test_a_drill_rings_people_and_bothers_no_reporter(school, web):
    await _begin_drill(school.ledger, school.library.school, "web", school.clock.now())
    await after(school, minutes=0)
    await after(school, minutes=5)
    assert [alert.told for alert in sent(web)] == ["dsl", "deputy-1"]
    assert all(school.titles(alert)[0].startswith("DRILL") for alert in sent(web))
    await school.press(f"ack:{school.id(REF)}", school.person("dsl"))
    await school.ring()
    assert "told" not in {alert.kind for alert in web.sent}
    assert Words("Signpost drill") == (await school.ledger.by_reference(REF)).account.reporter
