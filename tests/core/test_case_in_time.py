"""What time does to a case: things to do are reminded of, a closed one is reopened, needs that escalate ring again."""

from __future__ import annotations

import asyncio

import pytest

from bot import Form, case
from tests.core.casework import CLOSED, act, decide, told
from tests.core.stores import BOTH

STORES = BOTH
NEWS = "newsnews"


@pytest.fixture
async def ref(school):
    """A concern that was logged, told and acknowledged."""
    ref = await school.log()
    await school.ring()
    await school.press(f"ack:{school.id(ref)}", school.person("dsl"))
    await school.ring()
    return ref


async def opened(school, ref, who="dsl"):
    return await school.press(f"open:{school.id(ref)}", school.person(who))


# ---- things to do


async def test_something_to_do_is_reminded_of_from_its_day_without_saying_what(school, ref):
    await decide(school, ref)
    await act(school, "action", ref, text=NEWS, due="2026-03-04")
    school.clock.forward(days=1)
    await school.ring()
    assert told(school, "action") == []
    for day in (1, 2):
        school.clock.forward(days=1)
        await school.ring()
        assert told(school, "action") == ["dsl"] * day
    alert = next(alert for alert in school.channels["web"].sent if alert.kind == "action")
    shown = school.text(alert.parts)
    assert ref in shown
    assert "4 March" in shown
    assert NEWS not in shown


async def test_its_reminder_waits_for_a_school_day(school, ref):
    await decide(school, ref)
    await act(school, "action", ref, text=NEWS, due="2026-03-07")  # a Saturday
    school.clock.forward(days=6)
    await school.ring()
    assert told(school, "action") == []
    school.clock.forward(days=1)
    await school.ring()
    assert told(school, "action") == ["dsl"]


async def test_whoever_leads_is_the_one_reminded(school, ref):
    await decide(school, ref)
    await act(school, "assign", ref, who="deputy-1")
    await act(school, "action", ref, text=NEWS, due="2026-03-02")
    await school.ring()
    assert told(school, "action") == ["deputy-1"]


async def test_done_stops_its_reminders_and_no_others(school, ref):
    await decide(school, ref)
    for text in ("thingone", "thingtwo"):
        await act(school, "action", ref, text=text, due="2026-03-03")
    done = next(c for c in school.choices(await opened(school, ref)) if c.id.startswith("done:"))
    reply = await school.fill(
        school.form(await school.press(done.id, school.person("dsl"))).id, {}, school.person("dsl")
    )
    assert school.entries(ref)[-1] == "done"
    left = [action for action in case.actions(await school.ledger.by_reference(ref)) if not action.done]
    assert [action.what.reveal() for action in left] == ["thingtwo"]
    assert "thingone" not in school.text(reply)
    school.clock.forward(days=1)
    await school.ring()
    assert told(school, "action") == ["dsl"]


async def test_done_twice_is_done_once(school, ref):
    await act(school, "action", ref, text="one", due="2026-03-03")
    done = next(c for c in school.choices(await opened(school, ref)) if c.id.startswith("done:"))
    for _ in range(2):
        reply = await school.fill(done.id, {}, school.person("dsl"))
    assert school.entries(ref).count("done") == 1
    assert school.wording.case.done_already in school.text(reply)


async def test_a_reminder_that_is_on_its_way_is_not_sent_once_it_is_done(school, ref):
    await decide(school, ref)
    await act(school, "action", ref, text="one", due="2026-03-02")
    school.channels["web"].fail(retry_after=1)
    await school.ring()
    done = next(c for c in school.choices(await opened(school, ref)) if c.id.startswith("done:"))
    await school.fill(done.id, {}, school.person("dsl"))
    school.channels["web"].work()
    school.clock.forward(hours=1)
    await school.ring()
    assert told(school, "action") == []


async def test_the_reminder_of_one_thing_never_silences_that_of_another(school, ref):
    await decide(school, ref)
    for name, due in (("late", "2026-03-03"), ("later", "2026-03-04")):
        await act(school, "action", ref, text=name, due=due)
    school.channels["web"].fail()
    school.clock.forward(days=2)
    await school.ring()
    school.channels["web"].work()
    school.clock.forward(hours=1)
    await school.ring()
    assert told(school, "action") == ["dsl", "dsl"]


async def test_nothing_is_due_of_a_closed_concern(school, ref):
    await act(school, "action", ref, text="one", due="2026-03-03")
    await act(school, "close", ref, text="done")
    school.clock.forward(days=2)
    await school.ring()
    assert told(school, "action") == []


async def test_a_day_that_is_past_is_refused(school, ref):
    reply = await act(school, "action", ref, text="one", due="2026-03-01")
    assert next(field.error for field in school.form(reply).fields if field.key == "due")
    assert "action" not in school.entries(ref)


# ---- closing and after


async def test_what_the_school_learns_is_asked_at_closing_and_kept_apart(school, ref):
    await decide(school, ref)
    await act(school, "close", ref, text="done", place="behind the bus shelter", earlier="yes")
    concern = await school.ledger.by_reference(ref)
    assert concern.stage == "closed"
    assert concern.latest("closed").text.reveal() == "done"
    learnt = case.review(concern)
    assert {key: said.reveal() for key, (_, said) in learnt.items()} == {
        "place": "behind the bus shelter",
        "earlier": "yes",
    }
    assert "behind the bus shelter" in school.text(await opened(school, ref))


async def test_closing_without_an_answer_to_the_review_is_closing(school, ref):
    await act(school, "close", ref, text="done")
    assert school.entries(ref)[-1] == "closed"


@pytest.mark.parametrize("name", ["assign", "action", "escalate", "decide"])
async def test_a_closed_concern_is_reopened_before_anything_is_done_with_it(school, ref, name):
    await act(school, "close", ref, text="done")
    reply = await school.press(f"{name}:{school.id(ref)}", school.person("dsl"))
    assert not any(isinstance(part, Form) for part in reply.parts)
    assert school.entries(ref)[-1] == "closed"


async def test_reopened_it_waits_for_a_new_decision(school, ref):
    await decide(school, ref)
    await act(school, "close", ref, text="done")
    school.clock.forward(days=10)
    await act(school, "reopen", ref, text="it began again")
    concern = await school.ledger.by_reference(ref)
    assert (concern.stage, concern.round) == ("acknowledged", 1)
    await school.ring()
    assert told(school, "decide") == []
    school.clock.forward(hours=4)
    await school.ring()
    assert told(school, "decide") == ["dsl"]
    assert told(school, "concern") == ["dsl"], "nobody is asked to acknowledge what somebody has"


async def test_an_open_concern_is_not_reopened(school, ref):
    reply = await school.press(f"reopen:{school.id(ref)}", school.person("dsl"))
    assert school.wording.case.not_closed in school.text(reply)


async def test_two_who_close_at_once_close_it_once(school, ref, another_ledger, new_school):
    school.channels["web"].places["dsl"].add("web:second")
    other = new_school(await another_ledger(), list(school.channels.values()))
    form = school.form(await school.press(f"close:{school.id(ref)}", school.person("dsl")))
    await asyncio.gather(
        *(
            one.fill(form.id, CLOSED | {"text": NEWS}, one.person(who), event=f"by-{who}")
            for who, one in (("dsl", school), ("second", other))
        )
    )
    assert school.entries(ref).count("closed") == 1


# ---- needs that escalate


async def test_escalated_it_is_urgent_and_told_from_the_first_again_until_somebody_has_it(school, ref):
    await decide(school, ref)
    school.clock.forward(days=2)
    await school.ring()
    school.channels["web"].sent.clear()
    await act(school, "escalate", ref, text=NEWS)
    await school.ring()
    assert told(school, "concern").count("dsl") >= 1
    school.clock.forward(minutes=5)
    await school.ring()
    assert "deputy-1" in told(school, "concern")
    school.clock.forward(minutes=5)
    await school.ring()
    assert "head" in told(school, "concern")
    concern = await school.ledger.by_reference(ref)
    assert concern.urgent
    assert concern.stage == "logged"
    assert told(school, "waiting") == [], "whoever escalated it is at it; the reporter is not asked to run"
    await school.press(f"ack:{concern.id}", school.person("dsl"))
    school.channels["web"].sent.clear()
    school.clock.forward(minutes=30)
    await school.ring()
    assert "concern" not in {alert.kind for alert in school.channels["web"].sent if alert.receipt is None}


async def test_the_second_clock_begins_again_too(school, ref):
    await decide(school, ref)
    school.clock.forward(days=5)
    await act(school, "escalate", ref, text=NEWS)
    shown = school.text(await school.press("list", school.person("dsl")))
    assert "10:00 on 8 March" in shown


async def test_what_changed_is_not_in_the_alert(school, ref):
    await act(school, "escalate", ref, text=NEWS)
    await school.ring()
    assert NEWS not in "".join(school.text(alert.parts) for alert in school.channels["web"].sent)
    assert NEWS in school.text(await opened(school, ref))


# ---- the reporter hears of an end that nobody acknowledged


@pytest.mark.parametrize("how", ["decide", "close"])
async def test_the_reporter_is_told_when_nobody_acknowledged_and_it_was_dealt_with(school, how):
    ref = await school.log()
    await school.ring()
    if how == "decide":
        await decide(school, ref)
    else:
        await act(school, "close", ref, text=NEWS)
    await school.ring()
    shown = [school.text(a.parts) for a in school.channels["web"].sent if a.told == "person:web:teacher"]
    assert len(shown) == 1
    assert ref in shown[0]
    assert NEWS not in shown[0]


async def test_closing_what_was_decided_says_nothing_new_to_the_reporter(school, ref):
    await decide(school, ref)
    await school.ring()
    await act(school, "close", ref, text=NEWS)
    await school.ring()
    assert told(school, "settled") == ["person:web:teacher"]
