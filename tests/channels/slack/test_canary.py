"""Words are before the people they are for, and nowhere else: no log of ours or of any library, however talkative."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from adapters.server import utc_now
from tests.channels.school import ACCOUNT, WORDS, come_true
from tests.channels.slack.front import Fault, Front
from tests.channels.slack.office import Office, serving
from tests.channels.slack.socket import APP_TOKEN, listening
from tests.channels.test_logs import MARK, holds_mark

TYPED = f"{MARK} said it to Sir"


async def one_of_everything(office: Office) -> None:
    """The marker wherever a person can write."""
    front = office.front
    await office.says("teacher", TYPED)
    await office.says("teacher", TYPED, shared=True)
    await office.says("visitor", TYPED)
    await office.command("teacher", "/ask", TYPED)
    await office.command("teacher", "/concern", TYPED)
    await office.presses("teacher", WORDS.about_pupils)
    await office.fills("teacher", {"child-1": MARK})
    await office.closes("teacher")
    await office.presses("teacher", WORDS.form_button)
    await office.fills("teacher", {**ACCOUNT, "child-1": MARK, "happened": TYPED, "said": TYPED})
    await office.presses("teacher", WORDS.send_button)
    await office.looks_at_home("teacher")
    await office.ring(utc_now())
    await office.presses("dsl", WORDS.open_button)
    await office.presses("dsl", WORDS.acknowledge_button)
    for fault in (Fault("fatal", 500), Fault("invalid_blocks"), Fault("ratelimited", 429, 1)):
        front.always("*", fault)
        await office.event(await office.typed("teacher", TYPED))
    front.mend()
    await office.ring(utc_now() + timedelta(days=1))


def stands_only_where_it_may(front: Front) -> None:
    """In direct messages with the one who wrote, and in windows: in no message to anybody else, and in no notification."""
    for message in front.messages.values():
        assert not holds_mark(message.body["text"].encode())
        if front.directs.get(message.channel) != front.users["teacher"]:
            assert not holds_mark(str(message.body).encode()), message.body
    assert not holds_mark(str(front.ephemerals).encode())
    assert not holds_mark(str(front.responses).encode())


async def test_words_are_in_no_log_by_http(front: Front, tmp_path: Path, talkative: Callable[[], str]) -> None:
    async with serving(front, tmp_path, ringing=False) as office:
        await one_of_everything(office)
        await office.event(await office.typed("teacher", TYPED), secret="another")
        await office.post(f"{{{TYPED}".encode(), "application/json")

    assert "delivered" in talkative()
    assert not holds_mark(talkative().encode())
    stands_only_where_it_may(front)


async def test_words_are_in_no_log_by_socket(front: Front, tmp_path: Path, talkative: Callable[[], str]) -> None:
    async with listening(front) as slack, serving(front, tmp_path, app_token=APP_TOKEN, ringing=False) as office:
        await come_true(lambda: slack.open, "a socket")
        office.send = slack.send
        await office.says("teacher", TYPED)
        await office.command("teacher", "/concern", TYPED)
        await come_true(lambda: "socket_connected" in talkative(), "that it is logged at all")

    assert not holds_mark(talkative().encode())
