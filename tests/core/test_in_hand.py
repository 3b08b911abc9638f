"""An alert that is just being sent when an act stops it: the send begins before the act is saved, or never."""

from __future__ import annotations

import asyncio

import pytest

from bot import bell, last_look
from bot.ledger import stopping
from tests.core.stores import BOTH
from tests.core.test_reminders_stop import ACTS, CASES, asked_in_vain, waiting

STORES = BOTH


@pytest.fixture
async def two(new_school, another_ledger, store, clock, searchable):
    """Two processes over one database: one rings, the other is pressed. `gate` is how long an act waits."""
    chat = searchable("web")
    ringing, pressed = [new_school(await another_ledger(), [chat], store, clock) for _ in range(2)]
    pressed.gate, pressed.waits = asyncio.Event(), asyncio.Event()

    async def let_begin():
        pressed.waits.set()
        await pressed.gate.wait()

    pressed.ledger.let_begin = let_begin
    return ringing, pressed, chat


def acknowledge(school, ref):
    return school.press(f"ack:{school.id(ref)}", school.person("dsl"), event="acknowledged")


def stage(school, ref):
    ((stage,),) = school.rows("select stage from concerns where reference = ?", ref)
    return stage


def just_before_sending(school, then):
    """Let `then` happen between the last look at the ledger and the send."""
    still_wanted = school.ledger.still_wanted

    async def looked(due):
        wanted = await still_wanted(due)
        await then()
        return wanted

    school.ledger.still_wanted = looked


async def test_an_acknowledgement_is_saved_only_after_a_send_that_was_allowed_has_begun(two):
    ringing, pressed, chat = two
    ref = await ringing.log()
    presses, stages = [], []

    async def pressed_meanwhile():
        if not presses:
            press = acknowledge(pressed, ref)
            presses.append(asyncio.create_task(press))
            await pressed.waits.wait()

    deliver = chat.deliver

    async def delivered(alert):
        if alert.receipt is None and alert.kind == "concern":
            stages.append(stage(ringing, ref))
            pressed.gate.set()
        return await deliver(alert)

    chat.deliver = delivered
    just_before_sending(ringing, pressed_meanwhile)
    await ringing.ring()
    assert "done" in {card.tone for card in pressed.cards(await presses[0])}
    assert stages == ["logged"], "begun before it was saved"
    await ringing.ring()
    assert len(chat.screen) == 2  # the alert, redrawn, and what the reporter is told
    assert stage(ringing, ref) == "acknowledged"


async def test_what_was_not_looked_at_yet_is_not_sent_at_all(two):
    ringing, pressed, chat = two
    ref = await ringing.log()
    pressed.gate.set()

    async def pressed_first():
        chat.before_answer = None
        await acknowledge(pressed, ref)

    chat.fail()
    await ringing.ring()  # a first try, so that the second asks the chat before it looks
    chat.work()
    chat.before_answer = pressed_first
    ringing.clock.forward(seconds=10)
    tried = len(chat.tried)
    await ringing.ring()
    assert chat.looked
    assert [alert.kind for alert in chat.tried[tried:]] == ["told"]


async def test_if_the_act_never_comes_it_rings_all_the_same(two):
    ringing, pressed, chat = two
    ref = await ringing.log()

    async def dies(*_args, **_how):
        raise ConnectionError

    async def pressed_by_who_dies():
        pressed.ledger.let_begin = dies
        with pytest.raises(ConnectionError):
            await acknowledge(pressed, ref)

    chat.fail()
    await ringing.ring()
    chat.work()
    chat.before_answer = pressed_by_who_dies
    ringing.clock.forward(seconds=10)
    await ringing.ring()
    assert chat.sent == []
    chat.before_answer = None
    ringing.clock.forward(seconds=25)
    await ringing.ring()
    assert [(alert.kind, alert.ref) for alert in chat.sent] == [("concern", ref)]
    assert stage(ringing, ref) == "logged"


async def test_a_look_that_has_grown_old_is_taken_again(two, monkeypatch):
    ringing, pressed, chat = two
    monkeypatch.setattr(bell, "LAST_LOOK", 0)  # every look is
    ref = await ringing.log()
    pressed.gate.set()
    looks = []

    async def pressed_at_the_second():
        looks.append(ref)
        if len(looks) == 1:
            await acknowledge(pressed, ref)

    just_before_sending(ringing, pressed_at_the_second)
    await ringing.ring()
    assert [alert.kind for alert in chat.tried] == ["told"]


async def test_a_slow_ledger_keeps_no_alert_from_people(two, monkeypatch):
    ringing, _, chat = two
    monkeypatch.setattr(bell, "LAST_LOOK", 0)
    ref = await ringing.log()
    await ringing.ring()
    assert [alert.ref for alert in chat.sent] == [ref]


@pytest.mark.parametrize(("kind", "what", "by"), CASES)
async def test_what_asks_for_an_act_is_waited_out_by_each_act_that_stops_it(school, kind, what, by):
    """In hand when the act comes: the act is saved only when what was allowed had time to begin."""
    ref = await asked_in_vain(school, school.channels["web"], what)
    before, waited = stage(school, ref), []

    async def let_begin():
        waited.append(stage(school, ref))

    school.ledger.let_begin = let_begin
    school.alter(
        f"update alerts set lease_until = '2099-01-01 00:00:00.000000' where kind = '{kind}' and due_at is not null"
    )
    await ACTS[by](school, ref)
    assert waited[:1] == [before]
    assert waiting(school, kind) == (["head"] if by == "assign" else [])


async def test_a_form_sent_while_its_reminder_is_looked_up_is_not_called_unsent(two):
    ringing, pressed, chat = two
    pressed.gate.set()
    send = ringing.id_of(await ringing.check(), ".send")

    async def sent_meanwhile():
        chat.before_answer = None
        reply = await pressed.press(send, event="sent")
        assert "TA-2026-0001" in pressed.text(reply)

    chat.fail()
    ringing.clock.forward(minutes=10)
    await ringing.ring()
    chat.work()
    chat.before_answer = sent_meanwhile
    ringing.clock.forward(minutes=1)
    await ringing.ring()
    assert [alert.kind for alert in chat.sent if alert.kind == "draft"] == []


async def test_the_wait_outlasts_the_last_look(ledger, monkeypatch):
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setattr(stopping.asyncio, "sleep", sleep)
    await ledger.let_begin()
    assert sum(slept) >= 2 * stopping.LAST_LOOK


async def test_a_channel_that_asks_much_before_it_sends_looks_once_more(two):
    """It opened a conversation, or fetched a token, for longer than an act waits."""
    ringing, pressed, chat = two
    ref = await ringing.log()
    pressed.gate.set()
    deliver = chat.deliver

    async def asked_first(alert):
        if alert.kind == "concern" and alert.receipt is None:
            await acknowledge(pressed, ref)
            await last_look()
        return await deliver(alert)

    chat.deliver = asked_first
    await ringing.ring()
    assert [alert.kind for alert in chat.tried] == ["told"]
