"""Whatever asks somebody to act stops at once on the act, also when it is already in the outbox; and names its concern."""

from __future__ import annotations

import pytest

from tests.core.casework import act, decide, told
from tests.core.stores import BOTH

STORES = BOTH


@pytest.fixture
def web(school):
    return school.channels["web"]


async def press(school, name, ref):
    return await school.press(f"{name}:{school.id(ref)}", school.person("dsl"))


async def nobody_has_it(school, _ref):
    school.clock.forward(minutes=5)


async def nobody_opened_it(school, ref):
    await press(school, "ack", ref)
    school.clock.forward(minutes=15)


async def nothing_is_decided(school, ref):
    await press(school, "ack", ref)
    await press(school, "open", ref)
    school.clock.forward(hours=4)


async def something_is_due(school, ref):
    await decide(school, ref)
    await act(school, "action", ref, text="ring home", due="2026-03-02")


async def it_is_handed_over(school, ref):
    await act(school, "assign", ref, who="deputy-1")


async def it_is_kept_to_a_few(school, ref):
    await act(school, "restrict", ref, text="why", who="deputy-1")


async def done(school, ref):
    shown = await press(school, "open", ref)
    choice = next(choice for choice in school.choices(shown) if choice.id.startswith("done:"))
    await school.fill(choice.id, {}, school.person("dsl"))


ACTS = {
    "ack": lambda school, ref: press(school, "ack", ref),
    "open": lambda school, ref: press(school, "open", ref),
    "decide": decide,
    "close": lambda school, ref: act(school, "close", ref, text="so"),
    "escalate": lambda school, ref: act(school, "escalate", ref, text="worse"),
    "assign": lambda school, ref: act(school, "assign", ref, who="head"),
    "done": done,
}
ASKED = {
    "concern": (nobody_has_it, "ack", "decide", "close"),
    "waiting": (nobody_has_it, "ack", "decide", "close", "escalate"),
    "quiet": (nobody_opened_it, "open", "decide", "close", "escalate"),
    "decide": (nothing_is_decided, "decide", "close", "escalate"),
    "action": (something_is_due, "done", "close"),
    "assigned": (it_is_handed_over, "assign", "close"),
    "kept": (it_is_kept_to_a_few, "close"),
}
CASES = [(kind, what, by) for kind, (what, *acts) in ASKED.items() for by in acts]


async def asked_in_vain(school, web, what):
    """A concern of which something is asked while the chat is away; its reference."""
    ref = await school.log(now="yes")
    await school.ring()
    web.fail()
    await what(school, ref)
    await school.ring()
    return ref


def waiting(school, kind):
    """To whom it is on its way."""
    rows = "select told from alerts where kind = ? and due_at is not null and receipt is null"
    return [told for (told,) in school.rows(rows, kind)]


@pytest.mark.parametrize(("kind", "what", "by"), CASES)
async def test_it_is_not_sent_once_the_act_is_done(school, web, kind, what, by):
    ref = await asked_in_vain(school, web, what)
    before = waiting(school, kind)
    assert before
    await ACTS[by](school, ref)
    if by == "assign":
        assert waiting(school, kind) == ["head"], "whoever leads now is told, and not who led before"
        return
    assert waiting(school, kind) == []
    web.work()
    school.clock.forward(minutes=1)
    await school.ring()
    assert told(school, kind)[1 if kind == "concern" else 0 :] == []


@pytest.mark.parametrize(("kind", "what"), [(kind, what) for kind, (what, *_) in ASKED.items()])
async def test_it_names_the_reference_and_nobodys_words(school, web, kind, what):
    ref = await asked_in_vain(school, web, what)
    web.work()
    school.clock.forward(minutes=1)
    await school.ring()
    arrived = [school.text(alert.parts) for alert in web.sent if alert.kind == kind]
    assert arrived
    assert all(ref in shown for shown in arrived)
    assert not any(typed in shown for shown in arrived for typed in ("ring home", "why", "worse"))


async def test_what_is_to_be_done_is_not_asked_twice_a_day_because_needs_escalated(school):
    ref = await school.log()
    await school.ring()
    await something_is_due(school, ref)
    await school.ring()
    await act(school, "escalate", ref, text="worse")
    await school.ring()
    assert told(school, "action") == ["dsl"]
    school.clock.forward(days=1)
    await school.ring()
    assert told(school, "action") == ["dsl", "dsl"]
