"""The bell rings until somebody has it: across crashes, failures, silence and another bell beside it; and says nothing it must not."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest
import structlog

from bot import Vault, new_master_key
from bot.bell import DELIVERY_SECONDS
from bot.ledger import LEASE
from tests.core.stores import BOTH

STORES = BOTH

REF = "TA-2026-0001"


@pytest.fixture
def web(school):
    return school.channels["web"]


@pytest.fixture
def console(school):
    return school.channels["console"]


async def acknowledge(school, ref=REF, who="dsl"):
    return await school.press(f"ack:{school.id(ref)}", school.person(who))


async def seconds(school, count):
    """Ring each second, as a running bell does: what follows from a failure is due a moment after it."""
    for _ in range(count):
        await school.bell.ring_due(school.clock.now())
        school.clock.forward(seconds=1)


def alert_row(school, kind="concern"):
    (row,) = school.rows("select tries, due_at, receipt, last_failure from alerts where kind = ?", kind)
    return dict(zip(("tries", "due_at", "receipt", "last_failure"), row, strict=True))


# ---- heard


async def test_a_logged_concern_is_in_front_of_the_dsl_at_the_next_ring(school, web):
    await school.log()
    assert await school.bell.ring_due(school.clock.now()) == 1
    assert [alert.ref for alert in web.sent] == [REF]
    assert "New concern" in school.titles(web.sent[0])[0]


async def test_what_was_delivered_is_not_delivered_again_while_no_clock_asks_for_it(school, web):
    await school.log()
    for _ in range(5):
        await school.ring()
        school.clock.forward(minutes=7)
    assert [alert.told for alert in web.tried if alert.receipt is None].count("dsl") == 1


async def test_no_message_that_arrived_is_ever_sent_again_as_new(school, web):
    await school.log()
    for _ in range(20):
        await school.ring()
        school.clock.forward(hours=5)
    new = [alert.key for alert in web.tried if alert.receipt is None]
    assert len(new) == len(set(new))


async def test_an_urgent_concern_says_so(school, web):
    await school.log(now="unsure")
    await school.ring()
    assert school.titles(web.sent[0]) == [f"URGENT concern {REF}"]


async def test_with_nothing_due_nothing_is_rung(school, web):
    assert await school.bell.ring_due(school.clock.now()) == 0
    assert web.tried == []


async def test_more_than_one_round_of_alerts_all_ring(school, web):
    for n in range(25):
        await school.log(who=school.person(f"t{n}"))
    assert await school.ring() == 25
    assert {alert.ref for alert in web.sent} == {f"TA-2026-{n:04d}" for n in range(1, 26)}


# ---- at least once


async def test_a_crash_between_delivery_and_record_rings_again(school, web):
    await school.log()
    web.crash()
    with pytest.raises(web.Crash):
        await school.ring()
    web.work()
    school.clock.forward(seconds=LEASE.total_seconds())
    assert await school.ring() == 1
    assert [alert.ref for alert in web.sent] == [REF, REF]


async def test_what_rings_twice_has_the_same_key_so_that_a_channel_can_show_it_once(school, web):
    await school.log()
    web.crash()
    with pytest.raises(web.Crash):
        await school.ring()
    web.work()
    school.clock.forward(minutes=2)
    await school.ring()
    assert len({alert.key for alert in web.sent}) == 1
    assert len(web.screen) == 1


async def test_a_bell_killed_while_it_waits_for_a_channel_rings_again(school, web):
    await school.log()
    web.hang()
    ringing = asyncio.create_task(school.ring())
    await web.entered.wait()
    ringing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ringing
    web.work()
    school.clock.forward(minutes=2)
    assert await school.ring() == 1
    assert [alert.ref for alert in web.sent] == [REF]


async def test_a_restart_loses_no_alert(school, web, another_ledger, new_school):
    await school.log()
    web.crash()
    with pytest.raises(web.Crash):
        await school.ring()
    web.work()
    await school.ledger.close()
    school.clock.forward(minutes=2)
    after = new_school(await another_ledger())
    assert await after.ring() == 1
    assert [alert.ref for alert in after.channels["web"].sent] == [REF]


async def test_a_second_bell_leaves_alone_what_the_first_has_in_hand(school, web, another_ledger, new_school):
    await school.log()
    other = new_school(await another_ledger())
    web.hang()
    ringing = asyncio.create_task(school.ring())
    await web.entered.wait()
    assert await other.ring() == 0
    school.clock.forward(seconds=LEASE.total_seconds() - 1)
    assert await other.ring() == 0
    school.clock.forward(seconds=1)
    assert await other.ring() == 1
    web.work()
    await ringing
    assert len(web.sent) + len(other.channels["web"].sent) == 2


async def test_two_bells_at_once_share_the_work(school, web, another_ledger, new_school):
    for n in range(10):
        await school.log(who=school.person(f"t{n}"))
    other = new_school(await another_ledger())
    await asyncio.gather(school.ring(), other.ring())
    assert sorted(alert.ref for one in (web, other.channels["web"]) for alert in one.sent) == [
        f"TA-2026-{n:04d}" for n in range(1, 11)
    ]


def test_a_channel_is_given_up_before_another_bell_may_take_over():
    assert timedelta(seconds=DELIVERY_SECONDS) < LEASE


# ---- failures


@pytest.mark.parametrize(("now", "most"), [("no", 15), ("yes", 1)])
async def test_whom_it_cannot_reach_the_bell_tries_again_for_ever_at_most_so_many_minutes_apart(
    school, web, console, now, most
):
    await school.log(now=now)
    for channel in (web, console):
        channel.fail()
    for _ in range(60):
        before = len(web.tried)
        await school.ring()
        assert "dsl" in {alert.told for alert in web.tried[before:]}
        school.clock.forward(minutes=most)
    for channel in (web, console):
        channel.work()
    await school.ring()
    assert {"dsl", "deputy-1", "head"} <= {alert.told for alert in web.sent}


async def test_an_outage_of_many_steps_ends_in_one_message_for_each_person_and_route(school, web, console):
    await school.log(now="yes")
    for channel in (web, console):
        channel.fail()
    for _ in range(30):
        await school.ring()
        school.clock.forward(minutes=5)
    assert len(school.rows("select key from alerts where due_at is not null")) <= 8
    for channel in (web, console):
        channel.work()
    await school.ring()
    for channel in (web, console):
        told = [alert.told for alert in channel.sent]
        assert len(told) == len(set(told))


async def test_a_route_that_can_never_work_does_not_make_the_clocks_race(school, web, console):
    await school.log(now="yes")
    for channel in (web, console):
        channel.fail("no such place", lasting=True)
    await seconds(school, 50)
    assert school.rows("select max(step) from alerts") == [(2,)]


async def test_the_first_tries_come_soon_after_one_another(school, web):
    await school.log()
    web.fail()
    await school.ring()
    school.clock.forward(seconds=2)
    assert await school.ring() == 1
    school.clock.forward(seconds=2)
    assert await school.ring() == 0
    school.clock.forward(seconds=2)
    assert await school.ring() == 1


async def test_a_channel_that_asks_for_time_is_given_it(school, web):
    await school.log(now="yes")
    web.fail("too many requests", retry_after=45)
    await school.ring()
    school.clock.forward(seconds=44)
    assert await school.ring() == 0
    school.clock.forward(seconds=2)  # the time it took to answer counts from the answer
    assert await school.ring() == 1


async def test_time_asked_for_by_one_channel_does_not_hold_up_the_next(school, web, console):
    await school.log(now="yes")
    web.fail()
    await school.ring()
    school.clock.forward(minutes=1)
    await school.ring()
    school.clock.forward(minutes=1)
    web.fail("too many requests", retry_after=86_400)
    await school.ring()
    school.clock.forward(minutes=1)
    await school.ring()
    assert [alert.ref for alert in console.sent] == [REF]


@pytest.mark.parametrize("asked", [-5, 0, 0.25, 1e9, 1e15, float("inf"), float("nan")])
async def test_whatever_time_a_channel_asks_for_the_bell_goes_on(school, web, asked):
    await school.log()
    await school.log(who=school.person("other"))
    web.fail(retry_after=asked, only=REF)
    await school.ring()
    assert {alert.ref for alert in web.sent} == {"TA-2026-0002"}
    assert alert_row_of(school, REF)["due_at"]
    assert alert_row_of(school, REF)["last_failure"]


def alert_row_of(school, ref):
    ((due_at, failure),) = school.rows(
        "select due_at, last_failure from alerts where concern = ? and key like 'concern/%/0/dsl'", school.id(ref)
    )
    return {"due_at": due_at, "last_failure": failure}


async def test_a_lasting_failure_uses_the_next_channel_at_once_and_keeps_its_own(school, web, console):
    await school.log()
    web.fail(lasting=True, only=REF)
    await seconds(school, 2)
    assert [alert.told for alert in console.sent if alert.told == "dsl"] == ["dsl"]
    tried = len(web.tried)
    web.work()
    school.clock.forward(minutes=1)
    await school.ring()
    assert len(web.tried) > tried
    assert "dsl" in {alert.told for alert in web.sent}


async def test_a_third_failure_uses_the_next_channel_as_well(school, web, console):
    await school.log()
    web.fail()
    for tried, reached in ((1, 0), (2, 0), (3, 1)):
        await seconds(school, 2)
        assert ([alert.told for alert in web.tried].count("dsl"), len(console.sent)) == (tried, reached)
        school.clock.forward(seconds=6)
    key = console.sent[0].key
    assert key.partition("@")[0] in {alert.key for alert in web.tried}
    web.work()
    school.clock.forward(minutes=2)  # its rest is over
    await school.ring()
    assert key.partition("@")[0] in web.screen


async def test_what_the_next_channel_carries_is_an_alert_of_its_own(school, web, console):
    await school.log()
    web.fail(lasting=True)
    await seconds(school, 2)
    (row,) = school.rows("select via, step, kind from alerts where key like '%/0/dsl@console'")
    assert row == ("console", 0, "concern")


async def test_when_nobody_can_be_reached_the_next_person_is_told_at_once_and_so_on(school, web, console):
    await school.log()
    web.fail(lasting=True, only=REF)
    await seconds(school, 6)
    assert {alert.told for alert in console.sent} >= {"dsl", "deputy-1", "head"}


async def test_that_the_next_person_is_told_early_skips_and_repeats_no_step(school, web, console):
    await school.log(now="yes")
    web.fail(lasting=True)
    await seconds(school, 8)
    rung = [(alert.told, alert.key) for alert in console.sent]
    assert len(rung) == len(set(rung))
    keys = {key.split("/")[2] for _, key in rung}
    assert keys == {str(n) for n in range(len(keys))}


async def test_channels_go_on_for_as_long_as_all_of_them_fail(school, web, console):
    await school.log()
    web.fail()
    console.fail(lasting=True)
    for _ in range(9):
        await school.ring()
        school.clock.forward(minutes=15)
    assert len(web.tried) >= 5
    assert len(console.tried) >= 2


async def test_a_channel_that_is_no_longer_connected_is_passed_over(school, console, another_ledger, new_school):
    await school.log()
    after = new_school(await another_ledger(), [console])
    await seconds(after, 2)
    assert [(alert.ref, alert.told) for alert in console.sent if alert.told == "dsl"] == [(REF, "dsl")]


async def test_with_one_channel_only_that_one_is_tried_again(school, another_ledger, new_school, new_channel):
    await school.log()
    alone = new_channel("web")
    after = new_school(await another_ledger(), [alone])
    alone.fail(lasting=True)
    for _ in range(5):
        await after.bell.ring_due(after.clock.now())
        after.clock.forward(minutes=15)
    assert [alert.key.split("/")[2:] for alert in alone.tried].count(["0", "dsl"]) == 5


async def test_a_reporter_is_only_ever_written_to_where_they_wrote_from(school, web, console):
    await school.log()
    await school.ring()
    await acknowledge(school)
    web.fail(lasting=True)
    for _ in range(7):
        await school.ring()
        school.clock.forward(minutes=15)
    assert {alert.told for alert in console.tried} <= {"dsl"}
    web.work()
    await school.ring()
    assert [alert.told for alert in web.sent].count("person:web:teacher") == 1


async def test_a_hanging_channel_is_given_up_and_silences_nobody(school, web, monkeypatch):
    monkeypatch.setattr("bot.bell.DELIVERY_SECONDS", 0.05)
    await school.log()
    await school.log(who=school.person("other"))
    web.hang(only=REF)
    assert await school.ring() == 2
    assert [alert.ref for alert in web.sent] == ["TA-2026-0002"]
    web.work()
    school.clock.forward(minutes=15)
    assert await school.ring() == 1
    assert [alert.ref for alert in web.sent] == ["TA-2026-0002", REF]


@pytest.mark.parametrize("error", [RuntimeError, ValueError, KeyError, OSError, TimeoutError, AssertionError])
async def test_a_channel_that_breaks_silences_nobody_and_is_tried_again(school, web, error):
    await school.log()
    await school.log(who=school.person("other"))
    web.break_with(error("broken"), only=REF)
    assert await school.ring() == 2
    assert [alert.ref for alert in web.sent] == ["TA-2026-0002"]
    web.work()
    school.clock.forward(minutes=15)
    await school.ring()
    assert [alert.ref for alert in web.sent] == ["TA-2026-0002", REF]


async def test_what_a_broken_channel_said_reaches_no_log_and_no_record(school, web, caplog, capsys):
    await school.log()
    web.break_with(RuntimeError(f"could not post “{school.MARK}”"))
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as logged:
        await school.ring()
    await school.ring()
    printed = capsys.readouterr()
    assert [entry["event"] for entry in logged] == ["not_delivered"]
    assert school.MARK not in f"{logged}{caplog.text}{printed.out}{printed.err}"
    assert "RuntimeError" in alert_row(school)["last_failure"]
    assert school.MARK not in str(school.rows("select last_failure from alerts"))


async def test_a_whole_story_logs_ids_and_never_words(school, web, caplog, capsys):
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as logged:
        await school.log(now="yes")
        web.fail("the chat is away", retry_after=1)
        await school.ring()
        web.work()
        school.clock.forward(minutes=1)
        await school.ring()
        await school.press(f"open:{school.id(REF)}", school.person("dsl"))
        await acknowledge(school)
        await school.ring()
        await school.say(school.MARK, school.person("pupil", staff=False))
    printed = capsys.readouterr()
    assert {"delivered", "not_delivered"} <= {entry["event"] for entry in logged}
    assert school.MARK not in f"{logged}{caplog.text}{printed.out}{printed.err}"


# ---- what an alert may say


@pytest.mark.parametrize("about", ["pupils", "adult", "head", "safeguarding"])
async def test_an_alert_holds_no_field_of_the_account_except_the_reporter(school, web, about):
    values = {
        key: f"secret-{key} {school.MARK}" for key, value in school.account(about).items() if school.MARK in value
    }
    await school.log(about, **values)
    await school.ring()
    await acknowledge(school, who={"pupils": "dsl", "head": "chair"}.get(about, "head"))
    await school.ring()
    assert len(web.sent) == 3
    for alert in web.sent:
        shown = f"{school.text(alert.parts)} {alert!r}"
        assert "secret-" not in shown
        names = {school.person(name).name.reveal() for name in ("teacher", "dsl", "head", "chair")}
        for name in names:
            shown = shown.replace(name, "")
        assert school.MARK not in shown
    assert school.person().name.reveal() in school.text(web.sent[0].parts)


async def test_an_alert_has_the_answers_of_no_triage_either(school, web):
    reply = await school.press("triage:nudes")
    reply = await school.press(school.id_of(reply, "unsure"))
    reply = await school.press(school.id_of(reply, ".log"))
    reply = await school.press(school.id_of(reply, "pupils"))
    reply = await school.fill(school.form(reply).id, school.account())
    await school.press(school.id_of(reply, ".send"))
    await school.ring()
    danger = school.library.triages["nudes"].questions["danger"]
    shown = school.text(web.sent[0].parts)
    assert danger.ask not in shown
    assert danger.options["unsure"].label not in shown


async def test_an_alert_offers_acknowledge_and_open_and_nothing_else(school, web):
    await school.log()
    await school.ring()
    assert [choice.id for choice in school.choices(web.sent[0])] == [f"{a}:{school.id(REF)}" for a in ("ack", "open")]


# ---- a concern that cannot be unsealed


@pytest.mark.parametrize(
    "damage",
    [
        "update concerns set sealed = {0}".format,
        "update concerns set key = {1}".format,
        "update chronology set sealed = {2}".format,
        "update concerns set sealed = (select sealed from chronology limit 1)".format,
    ],
    ids=["short", "no key", "zeros", "another's"],
)
async def test_a_concern_that_cannot_be_unsealed_still_rings_and_stops_no_other(school, web, damage):
    await school.log(now="yes")
    school.alter(damage(*map(school.store.blob, (1, 0, 60))))
    await school.log(who=school.person("other"))
    assert await school.ring() == 2
    assert {alert.ref for alert in web.sent} == {REF, "TA-2026-0002"}
    broken = next(alert for alert in web.sent if alert.ref == REF)
    assert school.titles(broken) == [f"URGENT concern {REF}"]
    assert school.MARK not in school.text(broken.parts)


async def test_alerts_ring_under_a_lost_key(school, another_ledger, new_school):
    await school.log()
    after = new_school(await another_ledger(keys=Vault.from_text(new_master_key("test"))))
    assert await after.ring() == 1
    assert [alert.ref for alert in after.channels["web"].sent] == [REF]


# ---- acknowledged


async def test_a_concern_acknowledged_before_its_first_delivery_is_not_sent_as_new(school, web):
    await school.log()
    await acknowledge(school)
    for _ in range(3):
        await school.ring()
        school.clock.forward(minutes=19)
    assert [alert.told for alert in web.sent] == ["person:web:teacher"]
    school.clock.forward(days=2)
    await school.ring()
    assert {alert.kind for alert in web.sent} == {"told", "quiet", "decide"}


async def test_a_concern_acknowledged_while_it_waits_for_another_try_is_not_sent_as_new(school, web):
    await school.log()
    web.fail()
    await school.ring()
    await acknowledge(school)
    web.work()
    school.clock.forward(minutes=15)
    await school.ring()
    assert [alert.told for alert in web.sent] == ["person:web:teacher"]


async def test_an_acknowledged_card_is_redrawn_in_its_place(school, web):
    await school.log()
    await school.ring()
    first = web.sent[0]
    school.clock.forward(minutes=7)
    await acknowledge(school)
    await school.ring()
    again = web.screen[first.key]
    assert (again.key, again.receipt) == (first.key, f"web-{first.key}")
    shown = school.text(again.parts)
    assert "Acknowledged at 10:07" in shown
    assert school.person("dsl").name.reveal() in shown
    assert school.wording.acknowledge_button not in [choice.label for choice in school.choices(again)]


async def test_an_acknowledgement_during_the_delivery_is_drawn_afterwards(school, web):
    await school.log()
    web.hang()
    ringing = asyncio.create_task(school.bell.ring_due(school.clock.now()))
    await web.entered.wait()
    await acknowledge(school)
    web.work()
    await ringing
    await school.ring()
    card = next(alert for alert in web.screen.values() if alert.told == "dsl")
    assert "Acknowledged at" in school.text(card.parts)


async def test_a_redrawing_that_fails_is_tried_until_the_card_is_true(school, web, console):
    await school.log()
    await school.ring()
    await acknowledge(school)
    web.fail()
    console.fail()
    for _ in range(8):
        await school.ring()
        school.clock.forward(minutes=15)
    web.work()
    console.work()
    for _ in range(4):
        await school.ring()
        school.clock.forward(minutes=15)
    shown = [alert for channel in (web, console) for alert in channel.screen.values() if alert.told == "dsl"]
    assert any("Acknowledged at" in school.text(alert.parts) for alert in shown)


async def test_a_message_of_one_channel_is_redrawn_by_that_channel(school, web, console):
    await school.log()
    await school.ring()
    await acknowledge(school)
    web.fail()
    for _ in range(8):
        await school.ring()
        school.clock.forward(minutes=15)
    assert {alert.receipt for alert in console.tried} <= {None}
    web.work()
    for _ in range(8):
        await school.ring()
        school.clock.forward(minutes=15)
    card = next(alert for alert in web.screen.values() if alert.told == "dsl")
    assert "Acknowledged at" in school.text(card.parts)


async def test_opening_redraws_nothing_as_new(school, web):
    await school.log()
    await school.ring()
    await school.press(f"open:{school.id(REF)}", school.person("dsl"))
    await school.ring()
    assert len(web.screen) == 1
    assert {alert.receipt for alert in web.sent[1:]} <= {f"web-{web.sent[0].key}"}


# ---- a channel that comes back


async def test_what_waits_for_a_channel_rings_when_it_comes_back(school, web):
    await school.log()
    web.fail(retry_after=600)
    await school.ring()
    web.work()
    await school.ledger.ring_again("web", school.clock.now(), redraw=False)
    assert await school.ring() == 1
    assert [alert.ref for alert in web.sent] == [REF]


async def test_a_channel_that_lost_its_screen_gets_every_concern_again(school, web):
    for n in range(3):
        await school.log(who=school.person(f"t{n}"))
    await school.ring()
    await acknowledge(school)
    await school.ring()
    web.screen.clear()
    await school.ledger.ring_again("web", school.clock.now(), redraw=True)
    await school.ring()
    assert {alert.ref for alert in web.screen.values()} == {f"TA-2026-{n:04d}" for n in (1, 2, 3)}


async def test_an_acknowledged_concern_never_shown_is_not_shown_when_a_channel_comes_back(school, web):
    await school.log()
    await acknowledge(school)
    await school.ring()
    await school.ledger.ring_again("web", school.clock.now(), redraw=True)
    await school.ring()
    assert "dsl" not in {alert.told for alert in web.sent}
