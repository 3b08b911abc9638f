"""Alerts in Slack: posted once, redrawn, found again, threaded; and the next way used where Slack is shut."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from adapters.email.channel import EmailChannel
from adapters.server import utc_now
from adapters.shelf import Shelf
from bot import Alert, Card, Choice, Delivered, Failed, Message, Person, Words
from tests.channels.school import WORDS
from tests.channels.slack.emulate import NARROW, free_port
from tests.channels.slack.front import Fault, Front
from tests.channels.slack.office import Office, serving

NOW = utc_now()
PARTS = (Card("An alert", "Nobody is named here."), Choice("Acknowledge", "ack:1", main=True))
SHUT = ["invalid_auth", "account_inactive", "token_revoked", "missing_scope"]
GONE = ["channel_not_found", "is_archived", "not_in_channel"]


def alert(key: str = "concern/1", told: str = "dsl", **more: object) -> Alert:
    made = Alert(key, "TA-2026-0042", told, "slack", 1, NOW + timedelta(minutes=1), None, PARTS)
    return replace(made, **more)


async def test_an_alert_is_looked_up_by_its_key_before_it_is_sent_again(quiet: Office, front: Front) -> None:
    front.once("chat.postMessage", Fault("fatal", 500, after=True))
    await quiet.signpost.desk.hear(Message("e", Person("slack:x", Words("x"), staff=False), words=Words("x")), NOW)

    await quiet.ring(NOW)
    await quiet.ring(NOW + timedelta(minutes=2))

    assert len(await quiet.posts("dsl")) == 1
    assert "conversations.history" in front.calls


async def test_only_the_bots_own_message_counts_as_the_alert(quiet: Office, front: Front) -> None:
    forged = {"event_type": "signpost_alert", "event_payload": {"key": "concern/1"}}
    await front.as_dsl("chat.postMessage", channel=front.dsl, text="not an alert", metadata=forged)
    assert await quiet.channel.find(alert()) is None

    posted = await quiet.channel.deliver(alert())

    assert isinstance(posted, Delivered)
    assert await quiet.channel.find(alert()) == posted.id
    assert await quiet.channel.find(alert("concern/2")) is None


async def test_an_alert_is_found_behind_a_hundred_others(quiet: Office) -> None:
    posted = await quiet.channel.deliver(alert())
    for number in range(2, 130):
        await quiet.channel.deliver(alert(f"concern/{number}"))

    assert isinstance(posted, Delivered)
    assert await quiet.channel.find(alert()) == posted.id


async def test_a_person_is_told_by_direct_message(quiet: Office, front: Front) -> None:
    for told, seat in (("deputy-1", "deputy-1"), ("head", "head"), ("chair", "chair")):
        posted = await quiet.channel.deliver(alert(f"k/{told}", told))

        assert isinstance(posted, Delivered)
        assert front.directs[posted.id.partition(":")[0]] == front.users[seat]
        assert await quiet.channel.find(alert(f"k/{told}", told)) == posted.id


async def test_one_that_was_deleted_is_posted_anew_when_it_is_redrawn(quiet: Office, front: Front) -> None:
    posted = await quiet.channel.deliver(alert())
    assert isinstance(posted, Delivered)
    channel, _, ts = posted.id.partition(":")
    await front.on("chat.delete", "xoxb-of-the-bot", {"channel": channel, "ts": ts})

    again = await quiet.channel.deliver(alert(receipt=posted.id))

    assert isinstance(again, Delivered)
    assert again != posted
    assert (
        len(await front.history(front.dsl)) - len([m for m in await front.history(front.dsl) if m.get("subtype")]) == 1
    )


@pytest.mark.parametrize("code", SHUT + GONE)
async def test_what_no_repeat_can_mend_is_lasting(quiet: Office, front: Front, code: str) -> None:
    front.always("chat.postMessage", Fault(code))

    receipt = await quiet.channel.deliver(alert())

    assert isinstance(receipt, Failed)
    assert receipt.lasting
    assert receipt.route, "nothing gets to the DSL that way until somebody mends it"
    assert code in receipt.reason


async def test_a_person_who_is_gone_breaks_no_route(quiet: Office, front: Front) -> None:
    front.always("chat.postMessage", Fault("channel_not_found"))

    receipt = await quiet.channel.deliver(alert("k/head", "head"))

    assert isinstance(receipt, Failed)
    assert receipt.lasting
    assert not receipt.route


@pytest.mark.parametrize("fault", [Fault("fatal", 500), Fault("internal_error"), Fault("x", 502), Fault("unheard_of")])
async def test_what_may_pass_is_not_lasting(quiet: Office, front: Front, fault: Fault) -> None:
    front.always("chat.postMessage", fault)

    receipt = await quiet.channel.deliver(alert())

    assert isinstance(receipt, Failed)
    assert not receipt.lasting


async def test_slack_says_for_how_long_to_wait(quiet: Office, front: Front) -> None:
    front.once("chat.postMessage", Fault("ratelimited", 429, retry_after=17))

    assert await quiet.channel.deliver(alert()) == Failed(
        "Slack did not do chat.postMessage: ratelimited", retry_after=17.0
    )


async def test_a_slack_that_is_not_there_is_not_lasting(quiet: Office) -> None:
    quiet.channel._web._url = "http://127.0.0.1:9/api/"

    receipt = await quiet.channel.deliver(alert())

    assert isinstance(receipt, Failed)
    assert not receipt.lasting


async def test_a_token_without_the_scope_posts_nothing_and_says_which(front: Front, tmp_path: Path) -> None:
    async with serving(front, tmp_path, token=NARROW, ringing=False) as narrow:
        receipt = await narrow.channel.deliver(alert())
        found = await narrow.channel.examine(NOW)

    assert isinstance(receipt, Failed)
    assert "missing_scope" in receipt.reason
    assert any("chat:write" in str(finding) for finding in found)


# ---- reminders


async def test_reminders_stand_in_the_alerts_thread_and_in_the_channel(quiet: Office, front: Front) -> None:
    await quiet.sends()
    now = utc_now()
    await quiet.ring(now)
    await quiet.presses("dsl", WORDS.acknowledge_button)
    await quiet.ring(now + timedelta(seconds=1))
    first = next(m for m in front.messages.values() if m.channel == front.dsl)

    await quiet.ring(now + timedelta(days=2))

    later = [m for m in front.messages.values() if m.channel == front.dsl and m is not first]
    assert later, "a reminder was due"
    assert {m.thread for m in later} == {first.ts}
    assert front.broadcast >= {m.ts for m in later}, "nobody follows the thread of a card"


async def test_a_reminder_is_found_again_in_its_thread(quiet: Office, front: Front) -> None:
    posted = await quiet.channel.deliver(alert())
    assert isinstance(posted, Delivered)
    reminder = alert("decide/1", kind="decide", thread=posted.id)
    told = await quiet.channel.deliver(reminder)

    assert isinstance(told, Delivered)
    assert await quiet.channel.find(reminder) == told.id


# ---- proofs, and the next way


async def test_the_route_is_proved_by_editing_one_message(quiet: Office, front: Front) -> None:
    first = await quiet.channel.prove(PARTS, None)
    assert isinstance(first, Delivered)

    assert await quiet.channel.prove((Card("Proved again"),), first.id) == first

    assert await quiet.posts("dsl") == ["Proved again"]


@pytest.mark.parametrize(
    "mark", [{"is_archived": True}, {"is_private": False}, {"is_ext_shared": True}, {"is_member": False}]
)
async def test_a_channel_that_has_changed_is_no_proved_route(quiet: Office, front: Front, mark: dict) -> None:
    front.channel_marks[front.dsl] = mark

    receipt = await quiet.channel.prove(PARTS, None)

    assert isinstance(receipt, Failed)
    assert receipt.lasting
    assert await quiet.posts("dsl") == []


async def test_nothing_is_posted_in_a_channel_that_was_opened_up_while_we_serve(quiet: Office, front: Front) -> None:
    front.channel_marks[front.dsl] = {"is_private": False}

    receipt = await quiet.channel.deliver(alert())

    assert isinstance(receipt, Failed)
    assert receipt.route, "the next way is used, and readiness says so"
    assert "public" in receipt.reason
    assert await quiet.posts("dsl") == []


async def test_an_alert_goes_out_though_slack_does_not_say_how_its_channel_is(quiet: Office, front: Front) -> None:
    front.always("conversations.info", Fault("fatal", 500))

    assert isinstance(await quiet.channel.deliver(alert()), Delivered)


class Inbox:
    """What the mail server took in."""

    def __init__(self) -> None:
        self.to: list[str] = []
        self.text = ""

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 (aiosmtpd's name)
        self.to += envelope.rcpt_tos
        self.text += envelope.content.decode()
        return "250 OK"


@pytest.fixture
async def inbox() -> AsyncIterator[tuple[Inbox, int]]:
    held = Inbox()
    server = Controller(held, hostname="127.0.0.1", port=free_port())
    server.start()
    yield held, server.port
    server.stop()


@pytest.mark.parametrize("code", ["token_revoked", "is_archived"])
async def test_when_slack_is_shut_email_is_used_and_readiness_says_so(
    front: Front, tmp_path: Path, inbox: tuple[Inbox, int], code: str
) -> None:
    held, port = inbox

    def email(shelf: Shelf) -> EmailChannel:
        return EmailChannel(f"smtp://127.0.0.1:{port}?from=signpost@school.example", shelf.guidance, utc_now)

    async with serving(front, tmp_path, others={"email": email}, ringing=False) as office:
        reference = await office.sends()
        if code == "token_revoked":
            front.revoked = True
        else:
            front.channel_marks[front.dsl] = {"is_archived": True}

        for seconds in (0, 1, 2):
            await office.ring(utc_now() + timedelta(seconds=seconds))

        assert "dsl@school.example" in held.to
        assert reference in held.text
        assert "Ashdown" not in held.text
        async with office.session.get(f"{office.url}/readyz") as ready:
            said = await ready.json()
        assert code in said["wrong"]["route slack"] or "archived" in said["wrong"]["route slack"]
