"""What Slack sends is heard once, by whom it may be, and acknowledged only when it is safe."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.server import utc_now
from adapters.slack.hearing import _IN_TIME
from bot import LedgerDownError
from tests.channels.school import WORDS, come_true
from tests.channels.slack.client import payload
from tests.channels.slack.emulate import BOT_USER
from tests.channels.slack.front import Fault, Front
from tests.channels.slack.office import Answer, Office, serving

QUESTION, TITLE = "what is upskirting", "pskirting"


async def test_a_bad_signature_is_refused_and_nothing_is_heard(quiet: Office, front: Front) -> None:
    body = await quiet.typed("teacher", QUESTION)

    for refused in (
        await quiet.event(body, secret="another secret"),
        await quiet.event(body, X_Slack_Signature="v0=00"),
        await quiet.event(body, X_Slack_Signature=""),
        await quiet.event(body, X_Slack_Signature="v0=é"),
        await quiet.event(body, X_Slack_Request_Timestamp="soon"),
        await quiet.event(body, X_Slack_Request_Timestamp=""),
    ):
        assert refused.status == 401, refused
    assert await quiet.posts("teacher") == []
    assert "users.info" not in front.calls


@pytest.mark.parametrize("seconds", [-301, 301])
async def test_a_request_is_refused_five_minutes_from_when_it_was_signed(quiet: Office, seconds: int) -> None:
    body = await quiet.typed("teacher", QUESTION)

    assert (await quiet.event(body, at=time.time() + seconds + seconds // 100)).status == 401
    assert await quiet.posts("teacher") == []


async def test_a_request_is_heard_four_minutes_after_it_was_signed(quiet: Office) -> None:
    assert (await quiet.event(await quiet.typed("teacher", QUESTION), at=time.time() - 240)).status == 200
    assert len(await quiet.posts("teacher")) == 1


async def test_slack_is_told_its_own_challenge(quiet: Office) -> None:
    answer = await quiet.event({"type": "url_verification", "challenge": "abc", "token": "t"})

    assert answer.status == 200
    assert answer.body == {"challenge": "abc"}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"{}", "application/json; charset=nonsense"),
        (b'{"type":"event_callback"}', "application/json"),
        (b"payload=%7B", "application/x-www-form-urlencoded"),
        (b"command=%2Fask", "application/x-www-form-urlencoded"),
    ],
)
async def test_what_slack_never_sends_is_refused_and_breaks_nothing(quiet: Office, body: bytes, kind: str) -> None:
    assert (await quiet.post(body, kind)).status in {200, 400}
    await quiet.says("teacher", QUESTION)
    assert len(await quiet.posts("teacher")) == 1


async def test_a_redelivery_is_answered_once(quiet: Office) -> None:
    body = await quiet.typed("teacher", QUESTION)

    for retry in ("0", "1", "2", "3"):
        answer = await quiet.event(body, X_Slack_Retry_Num=retry, X_Slack_Retry_Reason="http_timeout")
        assert answer.status == 200

    assert len(await quiet.posts("teacher")) == 1


async def test_two_deliveries_at_once_are_answered_once(quiet: Office) -> None:
    body = await quiet.typed("teacher", "log a concern")

    answers = await asyncio.gather(*(quiet.event(body) for _ in range(4)))

    assert {answer.status for answer in answers} == {200}
    assert len(await quiet.posts("teacher")) == 1


async def test_a_double_click_on_send_sends_one_concern(quiet: Office) -> None:
    await quiet.writes()
    press = await quiet.pressing("teacher", WORDS.send_button)

    first, second = await asyncio.gather(quiet.interaction(press), quiet.interaction({**press, "trigger_id": "other"}))

    assert {first.status, second.status} == {200}
    assert len(await quiet.signpost.ledger.all_concerns()) == 1


@pytest.mark.parametrize("subtype", ["message_changed", "message_deleted", "bot_message", "channel_join"])
async def test_what_is_not_addressed_to_the_bot_by_a_person_is_not_heard(quiet: Office, subtype: str) -> None:
    body = await quiet.typed("teacher", QUESTION, subtype=subtype)

    assert (await quiet.event(body)).status == 200
    body = await quiet.typed("teacher", QUESTION, channel=quiet.front.staffroom, channel_type="channel")
    assert (await quiet.event(body)).status == 200

    assert await quiet.posts("teacher") == []


# ---- days on which Slack does not answer


@pytest.mark.parametrize(
    "fault",
    [Fault("ratelimited", 429, retry_after=1), Fault("fatal", 500), Fault("internal_error"), Fault(hangs=True)],
    ids=["429", "500", "internal", "hangs"],
)
async def test_a_reply_that_could_not_be_posted_is_owed_and_comes(quiet: Office, front: Front, fault: Fault) -> None:
    front.always("chat.postMessage", fault)
    began = time.monotonic()

    await quiet.says("teacher", QUESTION)

    assert time.monotonic() - began < 3.0, "Slack waits no longer"
    assert await quiet.posts("teacher") == []
    front.mend()
    await quiet.ring(utc_now() + timedelta(seconds=60))
    assert [TITLE in post for post in await quiet.posts("teacher")] == [True]
    await quiet.ring(utc_now() + timedelta(hours=1))
    assert len(await quiet.posts("teacher")) == 1


async def test_a_reply_owed_while_the_token_is_revoked_comes_when_it_is_mended(quiet: Office, front: Front) -> None:
    await quiet.says("teacher", "hello")
    front.rules["*"] = Fault("token_revoked")

    await quiet.says("teacher", QUESTION)
    for minutes in range(1, 10):
        await quiet.ring(utc_now() + timedelta(minutes=minutes))
    front.mend()
    await quiet.ring(utc_now() + timedelta(days=1))

    assert TITLE in (await quiet.posts("teacher"))[-1]


async def test_a_reply_whose_posting_slack_did_and_denied_comes_once(quiet: Office, front: Front) -> None:
    front.once("chat.postMessage", Fault("fatal", 500, after=True))

    await quiet.says("teacher", QUESTION)
    await quiet.ring(utc_now() + timedelta(seconds=60))

    assert [TITLE in post for post in await quiet.posts("teacher")] == [True]


async def test_a_crash_after_the_commit_swallows_no_reply(front: Front, tmp_path: Path) -> None:
    front.always("chat.postMessage", Fault(hangs=True))
    async with serving(front, tmp_path, ringing=False) as dying:
        asked = asyncio.ensure_future(dying.event(await dying.typed("teacher", "log a concern")))
        await come_true(lambda: "chat.postMessage" in front.calls, "that it was being posted")
        assert not asked.done()
        asked.cancel()
        for task in asyncio.all_tasks():
            if "_dealt_with" in repr(task.get_coro()):
                task.cancel()
    assert await dying.posts("teacher") == []

    front.released.clear()
    async with serving(front, tmp_path, ringing=False) as again:
        await again.ring(utc_now() + timedelta(seconds=20))

        (post,) = await again.posts("teacher")
        assert WORDS.interrupted_title in post
        assert WORDS.about_title in post, "and the step that was open"


async def test_a_reply_posted_just_before_a_crash_is_not_posted_again_for_the_redelivery(
    front: Front, tmp_path: Path
) -> None:
    async with serving(front, tmp_path, ringing=False) as dying:
        body = await dying.typed("teacher", QUESTION)
        await dying.event(body)

    async with serving(front, tmp_path, ringing=False) as again:
        answer = await again.event(body, X_Slack_Retry_Num="1", X_Slack_Retry_Reason="http_error")

        assert answer.status == 200
        assert len(await again.posts("teacher")) == 1


async def test_neither_posted_nor_owed_is_not_acknowledged(quiet: Office, front: Front, monkeypatch) -> None:
    front.always("chat.postMessage", Fault("fatal", 500))
    body = await quiet.typed("teacher", QUESTION)

    async def down(*_: object, **__: object) -> None:
        raise LedgerDownError("the disk is full")

    monkeypatch.setattr(quiet.signpost.ledger, "owe", down)

    assert (await quiet.event(body)).status == 503
    front.mend()
    assert (await quiet.event(body, X_Slack_Retry_Num="1")).status == 200
    assert [TITLE in post for post in await quiet.posts("teacher")] == [True]


async def test_a_command_that_can_be_neither_posted_nor_owed_is_answered_beside(
    quiet: Office, front: Front, monkeypatch
) -> None:
    front.always("chat.postMessage", Fault("fatal", 500))

    async def down(*_: object, **__: object) -> None:
        raise LedgerDownError("the disk is full")

    monkeypatch.setattr(quiet.signpost.ledger, "owe", down)
    answer = await quiet.command("teacher", "/ask", QUESTION)

    assert answer.body
    assert answer.body["response_type"] == "ephemeral"
    assert TITLE in json.dumps(answer.body["blocks"])


async def test_a_core_that_takes_too_long_is_not_acknowledged_unless_it_is_saved(quiet: Office, monkeypatch) -> None:
    body, gate = await quiet.typed("teacher", QUESTION), asyncio.Event()
    hear = quiet.signpost.desk.hear

    async def slowly(*args: object) -> object:
        await gate.wait()
        return await hear(*args)

    monkeypatch.setattr(type(quiet.signpost.desk), "hear", lambda _self, *args: slowly(*args))

    assert (await quiet.event(body)).status == 503
    gate.set()
    assert (await quiet.event(body, X_Slack_Retry_Num="1")).status == 200
    assert len(await quiet.posts("teacher")) == 1
    assert _IN_TIME < 3.0


async def test_who_cannot_be_told_is_neither_served_nor_taken_for_a_stranger(quiet: Office, front: Front) -> None:
    front.always("users.info", Fault("internal_error", 500))
    body = await quiet.typed("teacher", QUESTION)

    assert (await quiet.event(body)).status == 503
    told = await quiet.command("teacher", "/ask", QUESTION)
    assert told.body
    assert "Nothing was saved" in told.body["text"]
    await quiet.ring(utc_now())
    assert await quiet.posts("teacher") == []
    assert await quiet.posts("dsl") == []

    front.mend()
    assert (await quiet.event(body, X_Slack_Retry_Num="1")).status == 200
    assert len(await quiet.posts("teacher")) == 1


async def test_who_was_told_too_late_is_known_when_the_message_comes_again(quiet: Office, front: Front) -> None:
    front.once("users.info", Fault(late=True))
    body = await quiet.typed("teacher", QUESTION)
    assert (await quiet.event(body)).status == 503

    front.released.set()

    assert (await quiet.event(body, X_Slack_Retry_Num="1")).status == 200
    assert len(await quiet.posts("teacher")) == 1
    assert front.calls.count("users.info") == 1


async def test_a_mention_in_a_direct_message_that_comes_twice_over_is_answered_once(
    quiet: Office, front: Front
) -> None:
    body = await quiet.typed("teacher", f"<@{BOT_USER}> {QUESTION}")
    body["event"]["text"] = f"<@{BOT_USER}> {QUESTION}"
    mention = {**body, "event_id": "Ev0MENTION", "event": {**body["event"], "type": "app_mention"}}
    del mention["event"]["channel_type"]

    for delivered in (body, mention):
        assert (await quiet.event(delivered)).status == 200
    await quiet.channel._hearing.settle()

    assert len(await quiet.posts("teacher")) == 1
    assert front.ephemerals == []


async def test_a_form_is_left_on_the_screen_while_it_cannot_be_told_who_sends_it(quiet: Office, front: Front) -> None:
    await quiet.says("teacher", "log a concern")
    await quiet.presses("teacher", WORDS.about_pupils)
    quiet.channel._people._known.clear()
    front.always("users.info", Fault(hangs=True))

    sent = quiet.filled("teacher", {"child-1": "Robin"})
    answer: Answer = await quiet.interaction(sent)

    assert answer.body
    assert answer.body["response_action"] == "errors"
    assert set(answer.body["errors"]) <= set(sent["view"]["state"]["values"])


async def test_a_press_is_answered_by_its_side_while_it_cannot_be_told_whose_it_is(quiet: Office, front: Front) -> None:
    await quiet.says("teacher", "topics")
    quiet.channel._people._known.clear()
    front.always("users.info", Fault("internal_error", 500))

    await quiet.presses("teacher", WORDS.groups["kinds"])

    (said,) = front.responses
    assert said["response_type"] == "ephemeral"
    assert "Nothing was saved" in said["text"]


async def test_an_event_of_another_kind_is_acknowledged_and_left(quiet: Office, front: Front) -> None:
    body = payload("event_channel_join")

    assert (await quiet.event(body)).status == 200
    assert "users.info" not in front.calls
