"""What Slack itself says is wrong, in four parts; and what `serve` refuses to begin with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from adapters.server import utc_now
from bot import new_master_key
from tests.channels.school import COMMAND, DEADLINE, WORDS, environment, signpost
from tests.channels.slack.emulate import BOT
from tests.channels.slack.front import Fault, Front
from tests.channels.slack.office import SECRET, Office, serving

ROOT = Path(__file__).parents[3]
WRONG_CHANNELS = [
    {"is_private": False},
    {"is_ext_shared": True},
    {"is_pending_ext_shared": True},
    {"is_shared": True},
    {"is_archived": True},
    {"is_member": False},
    {"is_im": True},
]


async def test_a_workspace_in_order_has_no_findings_and_one_test_card(quiet: Office) -> None:
    assert await quiet.channel.examine(utc_now()) == []
    assert await quiet.channel.examine(utc_now()) == []

    (post,) = await quiet.posts("dsl")
    assert WORDS.test_card_title in post


@pytest.mark.parametrize("mark", WRONG_CHANNELS, ids=lambda mark: next(iter(mark)))
async def test_a_channel_that_others_could_read_stops_it_and_nothing_is_posted_there(
    quiet: Office, front: Front, mark: dict
) -> None:
    front.channel_marks[front.dsl] = mark

    (finding,) = await quiet.channel.examine(utc_now())

    assert finding.stops
    assert all((finding.what, finding.where, finding.why, finding.hint))
    assert await quiet.posts("dsl") == []


@pytest.mark.parametrize("mark", ["is_restricted", "is_ultra_restricted", "is_stranger"])
async def test_a_guest_in_the_dsl_channel_stops_it(quiet: Office, front: Front, mark: str) -> None:
    await front.as_dsl("conversations.invite", channel=front.dsl, users=front.users["visitor"])
    front.user_marks[front.users["visitor"]] = {mark: True}

    stops = [finding for finding in await quiet.channel.examine(utc_now()) if finding.stops]

    assert [front.users["visitor"] in finding.what for finding in stops] == [True]


async def test_an_empty_dsl_channel_is_said(quiet: Office, front: Front) -> None:
    await front.as_dsl("conversations.leave", channel=front.dsl)

    (finding,) = await quiet.channel.examine(utc_now())

    assert "nobody is in it" in finding.what


async def test_a_revoked_token_is_the_one_finding(quiet: Office, front: Front) -> None:
    front.revoked = True

    (finding,) = await quiet.channel.examine(utc_now())

    assert finding.stops
    assert "token_revoked" in finding.what


async def test_a_slack_that_is_away_does_not_stop_it(quiet: Office, front: Front) -> None:
    front.always("auth.test", Fault("fatal", 503))

    (finding,) = await quiet.channel.examine(utc_now())

    assert not finding.stops, "concerns can be logged and told by the next way meanwhile"


async def test_a_slack_that_never_answers_keeps_nobody_waiting_for_long(front: Front, tmp_path: Path) -> None:
    front.always("*", Fault(hangs=True))

    async with asyncio.timeout(DEADLINE * 3 / 4), serving(front, tmp_path, ringing=False) as office:
        (finding,) = await office.channel.examine(utc_now())

    assert not finding.stops
    assert "no_answer" in finding.what


async def test_a_bot_that_did_not_learn_its_own_name_at_once_is_no_stranger_in_its_channel(
    front: Front, tmp_path: Path
) -> None:
    front.once("auth.test", Fault("fatal", 500))

    async with serving(front, tmp_path, ringing=False) as office:
        assert await office.channel.examine(utc_now()) == []


async def test_a_wrong_app_token_is_said(front: Front, tmp_path: Path) -> None:
    async with serving(front, tmp_path, app_token="xapp-wrong", ringing=False) as office:
        found = await office.channel.examine(utc_now())

    assert ["APP_TOKEN" in finding.where for finding in found] == [True]


@pytest.mark.parametrize(("off", "stops"), [(timedelta(minutes=2), False), (timedelta(minutes=-6), True)])
async def test_a_clock_that_is_off_is_said(quiet: Office, off: timedelta, stops: bool) -> None:
    (finding,) = await quiet.channel.examine(utc_now() + off)

    assert finding.where == "the clock"
    assert finding.stops is stops


async def test_examining_never_raises(quiet: Office, front: Front) -> None:
    methods = (
        "chat.postMessage",
        "auth.test",
        "conversations.info",
        "conversations.members",
        "users.info",
        "chat.update",
    )
    for method in methods:
        for fault in (Fault("fatal", 500), Fault("missing_scope"), Fault("ratelimited", 429, 3)):
            front.mend()
            front.always(method, fault)
            quiet.channel._web._me = None
            assert await quiet.channel.examine(utc_now()), (method, fault)


def school(folder: Path) -> Path:
    """A content folder in which everybody is named."""
    shipped = yaml.safe_load((ROOT / "policy_content" / "school.yaml").read_text(encoding="utf-8"))
    named = {"name": "A Person", "phone": "01632 960001"}
    people = {"dsl": {**named}, "deputies": [{**named}], "head": {**named}, "chair": {**named}}
    agencies = {
        key: {k: str(v) for k, v in agency.items() if v} | ({"stands": "yes"} if agency.get("stands") else {})
        for key, agency in shipped["agencies"].items()
    }
    made = {**shipped, "review_due": str(shipped["review_due"]), "people": people, "agencies": agencies}
    (folder / "school.yaml").write_text(yaml.safe_dump(made), encoding="utf-8")
    return folder


@asynccontextmanager
async def command(name: str, front: Front, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """`signpost serve` or `signpost doctor`, a process of its own."""
    slack = {"slack_bot_token": BOT, "slack_signing_secret": SECRET, "slack_dsl_channel": front.dsl}
    process = await asyncio.create_subprocess_exec(
        COMMAND,
        name,
        env=environment(
            data=folder / "data",
            content=school(folder),
            keys=new_master_key("1"),
            port="0",
            slack_api_url=f"{front.url}/api/",
            **slack,
        ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_serve_begins_with_slack_alone(front: Front, tmp_path: Path) -> None:
    async with command("serve", front, tmp_path) as process:
        assert process.stdout
        line = await asyncio.wait_for(process.stdout.readline(), 2 * DEADLINE)

        assert line.startswith(b"Serving on"), (line, await process.stderr.read())
        assert WORDS.test_card_title in str([message.body for message in front.messages.values()])


async def test_serve_says_at_its_start_that_it_has_other_keys_than_the_record(front: Front, tmp_path: Path) -> None:
    for _ in range(2):  # each with a key of its own
        async with command("serve", front, tmp_path) as process:
            assert process.stdout
            assert process.stderr
            await asyncio.wait_for(process.stdout.readline(), 2 * DEADLINE)
            process.terminate()
            said = await asyncio.wait_for(process.stderr.read(), 2 * DEADLINE)

    (reason,) = [line for line in said.splitlines() if b"not_ready" in line]
    assert b"SIGNPOST_KEYS" in reason
    assert b"database" in reason


async def test_serve_refuses_a_public_channel(front: Front, tmp_path: Path) -> None:
    front.channel_marks[front.dsl] = {"is_private": False}

    async with command("serve", front, tmp_path) as process:
        out, err = await asyncio.wait_for(process.communicate(), 2 * DEADLINE)

    assert process.returncode == 2
    assert b"it is public" in err
    assert out == b""


async def test_doctor_says_what_slack_says(front: Front, tmp_path: Path) -> None:
    front.channel_marks[front.dsl] = {"is_ext_shared": True}

    async with command("doctor", front, tmp_path) as process:
        _, err = await asyncio.wait_for(process.communicate(), 2 * DEADLINE)

    assert process.returncode
    assert b"it is shared with another organisation" in err


async def test_doctor_tries_the_channel_with_a_test_card(front: Front, tmp_path: Path) -> None:
    async with command("doctor", front, tmp_path) as process:
        _, err = await asyncio.wait_for(process.communicate(), 2 * DEADLINE)

    assert b"only one route" in err, "nothing else is wrong"
    assert b"Slack" not in err
    shown = str([message.body for message in front.messages.values()])
    assert WORDS.test_card_title in shown
    assert WORDS.last_proved_title in shown


def test_the_manifest_needs_no_settings() -> None:
    done = signpost("slack", "manifest", "--url", "https://signpost.school.example")

    assert done.returncode == 0, done.stderr
    said = yaml.safe_load(done.stdout)
    assert said["settings"]["event_subscriptions"]["request_url"] == "https://signpost.school.example/slack/events"
    assert signpost("slack", "manifest", "--socket", "--url", "https://x").returncode == 2
    assert "request_url" not in signpost("slack", "manifest", "--socket").stdout
