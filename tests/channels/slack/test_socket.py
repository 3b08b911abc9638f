"""Socket Mode: the same hearing by a socket, acknowledged when it is safe, and a socket that comes back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.slack import socket as ours
from tests.channels.school import ACCOUNT, WORDS, come_true
from tests.channels.slack.front import Fault, Front
from tests.channels.slack.office import Office, serving
from tests.channels.slack.socket import APP_TOKEN, Socket, listening


@pytest.fixture
async def slack(front: Front) -> AsyncIterator[Socket]:
    async with listening(front) as made:
        yield made


@pytest.fixture
async def office(front: Front, slack: Socket, tmp_path: Path) -> AsyncIterator[Office]:
    async with serving(front, tmp_path, app_token=APP_TOKEN) as running:
        await come_true(lambda: slack.open, "a socket")
        running.send = slack.send
        yield running


async def test_a_concern_goes_the_whole_way_by_socket(office: Office) -> None:
    await office.command("teacher", "/concern")
    await office.presses("teacher", WORDS.about_pupils)
    await office.fills("teacher", {"child-1": "Robin"})
    await office.fills("teacher", ACCOUNT)
    await office.presses("teacher", WORDS.send_button)
    await office.eventually("dsl", "TA-")

    await office.presses("dsl", WORDS.acknowledge_button)

    await office.eventually("teacher", "has been seen")


async def test_a_command_by_socket_is_pointed_to(office: Office) -> None:
    answer = await office.command("teacher", "/ask", "what is upskirting")

    assert answer.body == {"response_type": "ephemeral", "text": WORDS.pointer}


async def test_what_was_not_heard_is_not_acknowledged_on_the_socket(office: Office, front: Front) -> None:
    front.always("users.info", Fault("fatal", 500))
    body = await office.typed("teacher", "what is upskirting")

    assert (await office.event(body)).status == 503
    front.mend()
    assert (await office.event(body)).status == 200
    assert len(await office.posts("teacher")) == 1


@pytest.mark.parametrize("politely", [True, False], ids=["asked to", "cut off"])
async def test_a_socket_that_ends_is_made_anew(office: Office, slack: Socket, politely: bool) -> None:
    await slack.drop(politely=politely)

    await come_true(lambda: slack.open and slack.connections == 2, "another socket")
    await office.says("teacher", "what is upskirting")
    assert len(await office.posts("teacher")) == 1


async def test_a_link_that_is_spent_is_not_tried_for_ever(
    front: Front, slack: Socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ours, "_GIVE_UP", 0.5)
    monkeypatch.setattr(ours, "_LOOK", 0.05)
    good = front.app_tokens[APP_TOKEN]
    front.app_tokens[APP_TOKEN] = lambda: f"{good()}-spent"
    async with serving(front, tmp_path, app_token=APP_TOKEN):
        await come_true(lambda: front.calls.count("apps.connections.open") > 1, "another link")
        front.app_tokens[APP_TOKEN] = good

        await come_true(lambda: slack.open, "a socket")


async def test_a_wrong_app_token_leaves_the_rest_at_work(front: Front, tmp_path: Path) -> None:
    async with serving(front, tmp_path, app_token="xapp-wrong") as office:
        await office.says("teacher", "what is upskirting")

        assert len(await office.posts("teacher")) == 1
