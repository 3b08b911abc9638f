"""The ten defects of botbuilder 4.17.1. Each claim is made of the bare SDK, where it must not hold, and of our Host, where it must.

The numbers are those of the table in adapters/teams/README.md. A claim that holds for the bare SDK means that the mend is
no longer needed.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from botframework.connector.auth import ChannelValidation, JwtTokenExtractor

from adapters.teams.hosting import Host, InvokeAnswer
from tests.channels.school import come_true
from tests.channels.teams import bare
from tests.channels.teams.authority import private_key
from tests.channels.teams.client import Answer, Teams
from tests.channels.teams.conftest import Ears, served

NOTED = {"statusCode": 200, "type": bare.MESSAGE, "value": "Noted."}
EXECUTE = {"type": "Action.Execute", "title": "Acknowledge", "verb": "acknowledge", "data": {"choice": "ack:1"}}


@dataclass
class Door:
    """Where activities are posted: the bare SDK, or ours."""

    teams: Teams
    ours: bool
    route: web.RouteDef
    bot: bare.Bot = field(default_factory=bare.Bot)
    ears: Ears = field(default_factory=Ears)
    host: Host | None = None

    def claim(self, holds: bool, what: Any = "") -> None:
        """It holds here if and only if this is ours."""
        assert holds == self.ours, f"{'ours fails' if self.ours else 'the bare SDK no longer fails'}: {what}"

    async def hears(self, activity: Any, **how: Any) -> Answer:
        """Post it and see."""
        return await self.teams.posts(activity, **how)

    @property
    def heard(self) -> list[dict[str, Any]]:
        """What the bot behind it was shown."""
        return self.ears.heard if self.ours else self.bot.saw


@pytest.fixture(params=["bare", "ours"])
async def door(request: pytest.FixtureRequest, teams: Teams) -> AsyncIterator[Door]:
    """`CloudAdapter`, or our Host."""
    async with opened(request.param, bare.cloud_adapter, teams) as made:
        yield made


@pytest.fixture(params=["bare", "ours"])
async def older_door(request: pytest.FixtureRequest, teams: Teams) -> AsyncIterator[Door]:
    """`BotFrameworkHttpAdapter`, which gets past the first defect and so shows the next three; or our Host."""
    async with opened(request.param, bare.http_adapter, teams) as made:
        yield made
    ChannelValidation.open_id_metadata_endpoint = None


@asynccontextmanager
async def opened(which: str, adapter: Callable[[Teams, bare.Bot], web.RouteDef], teams: Teams) -> AsyncIterator[Door]:
    # Keys of another test's server would be found at the same port: the SDK keeps them by address, for the whole process.
    JwtTokenExtractor.metadataCache.clear()
    if which == "ours":
        ears, host = Ears(), Host(**teams.settings())
        made = Door(teams, ours=True, route=host.route(ears), ears=ears, host=host)
    else:
        bot = bare.Bot()
        made = Door(teams, ours=False, route=adapter(teams, bot), bot=bot)
    # The SDK fetches keys on the loop that serves it: in a thread of its own it can block nobody but itself.
    async with in_a_thread(made) as teams.endpoint:
        yield made


@asynccontextmanager
async def in_a_thread(made: Door) -> AsyncIterator[str]:
    """Serve it, and `/alive`, on a loop of their own."""
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    outside, loop, leave = asyncio.get_running_loop(), asyncio.new_event_loop(), asyncio.Event()

    async def alive(_request: web.Request) -> web.Response:
        return web.Response(text="alive")

    async def serve() -> None:
        async with served(made.route, web.get("/alive", alive)) as url:
            outside.call_soon_threadsafe(ready.set_result, url)
            await leave.wait()
        if made.host:
            await made.host.close()
        for _ in range(5):  # connections that were closed are let go of in the loop's next rounds
            await asyncio.sleep(0)

    def run() -> None:
        loop.run_until_complete(serve())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield await ready
    finally:
        made.teams.authority.answer()
        loop.call_soon_threadsafe(leave.set)
        await asyncio.to_thread(thread.join)


def invoke(teams: Teams, name: str, value: Any) -> dict[str, Any]:
    sam = teams.person("Sam Carter")
    return teams.activity("invoke", sam.account, sam.chat, name=name, value=value)


def said(teams: Teams, words: str = "hello") -> dict[str, Any]:
    sam = teams.person("Sam Carter")
    return sam._message(words, sam.chat)


async def test_a_plain_message_is_heard(door: Door) -> None:
    assert (await door.hears(said(door.teams))).status in {200, 201}
    assert [each["text"] for each in door.heard] == ["hello"]


async def test_a_plain_message_is_heard_by_the_older_one(older_door: Door) -> None:
    assert (await older_door.hears(said(older_door.teams))).status in {200, 201}
    assert [each["text"] for each in older_door.heard] == ["hello"]


async def test_1_an_invoke_is_answered(door: Door) -> None:
    door.ears.answer = InvokeAnswer({"task": {"type": "message", "value": "Noted."}})
    answer = await door.hears(invoke(door.teams, "task/fetch", {"data": {}}))
    door.claim((answer.status, answer.body) == (200, {"task": {"type": "message", "value": "Noted."}}), answer)


async def test_2_a_press_can_be_answered_with_a_text(older_door: Door) -> None:
    door = older_door
    door.bot.says, door.ears.answer = "a text", InvokeAnswer(NOTED)
    answer = await door.hears(invoke(door.teams, "adaptiveCard/action", {"action": EXECUTE, "trigger": "manual"}))
    door.claim((answer.status, answer.body) == (200, NOTED), answer)


async def test_3_the_verb_of_a_press_can_be_read(older_door: Door) -> None:
    door = older_door
    door.bot.says, door.ears.answer = "the verb", InvokeAnswer(NOTED)
    answer = await door.hears(invoke(door.teams, "adaptiveCard/action", {"action": EXECUTE, "trigger": "manual"}))
    verbs = [each["value"]["action"]["verb"] for each in door.ears.heard] if door.ours else door.bot.verbs
    door.claim((answer.status, verbs) == (200, ["acknowledge"]), answer)


@pytest.mark.parametrize(
    "value",
    [None, "text", [], {}, {"action": None}, {"action": "ack"}, {"action": {"verb": "ack"}}, {"action": {"type": 1}}],
)
async def test_4_a_malformed_press_is_400(older_door: Door, value: Any) -> None:
    answer = await older_door.hears(invoke(older_door.teams, "adaptiveCard/action", value))
    older_door.claim(answer.status == 400, answer)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"type": "message"', "application/json", 400),
        (b"\xff\xfe\xfa", "application/json", 400),
        (b"", "application/json", 400),
        (b"null", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'"message"', "application/json", 400),
        (b"[" * 200_000, "application/json", 400),
        (None, "", 415),
    ],
    ids=["cut off", "not text", "empty", "null", "array", "text", "deep", "no content type"],
)
async def test_5_what_is_no_activity_is_refused(door: Door, body: bytes | None, kind: str, status: int) -> None:
    headers = {"Content-Type": kind}
    how = {"skip_auto_headers": ["Content-Type"]} if not kind else {}
    if not kind:
        body, headers = b"{}", {}
    header = door.teams.authority.sign(door.teams.authority.claims(door.teams.connector.url))
    async with aiohttp.ClientSession() as session:
        url, authorization = door.teams.endpoint, {"Authorization": header}
        async with session.post(url, data=body, headers=headers | authorization, **how) as response:
            door.claim(response.status == status, response.status)


async def test_5_an_activity_without_a_conversation_is_400(door: Door) -> None:
    activity = said(door.teams)
    del activity["conversation"]
    door.claim((await door.hears(activity)).status == 400)


@pytest.mark.parametrize("kind", ["garbage", "expired", "another key", "HS256", "unknown kid"])
async def test_6_a_token_that_is_not_right_is_401(door: Door, kind: str) -> None:
    authority = door.teams.authority
    good = authority.claims(door.teams.connector.url)
    header = {
        "garbage": lambda: "Bearer !!!.???.***",
        "expired": lambda: authority.sign(good | {"exp": good["exp"] - 4000, "nbf": good["nbf"] - 8000}),
        "another key": lambda: authority.sign(good, key=private_key(99)),
        "HS256": lambda: authority.sign(good, key="a shared secret of thirty-two bytes!", algorithm="HS256"),
        "unknown kid": lambda: authority.sign(good, kid="nobody", key=private_key(99)),
    }[kind]()
    answer = await door.hears(said(door.teams), header=header)
    assert door.heard == []
    door.claim(answer.status == 401, answer)


async def test_7_a_new_key_is_believed_at_once(door: Door) -> None:
    assert (await door.hears(said(door.teams))).status in {200, 201}
    if door.host:
        door.host._keys._tried -= 60  # a minute later
    door.teams.authority.rotate()
    answer = await door.hears(said(door.teams))
    door.claim(answer.status in {200, 201} and len(door.heard) == 2, answer)


async def test_8_while_keys_are_fetched_others_are_served(door: Door) -> None:
    door.teams.authority.hang()
    first = asyncio.create_task(door.hears(said(door.teams)))
    await come_true(lambda: door.teams.authority.waiting, "that the keys are asked for")
    asked = asyncio.create_task(is_alive(door.teams))
    served_meanwhile, _ = await asyncio.wait({asked}, timeout=1)
    door.teams.authority.answer()
    assert (await first).status in {200, 201}
    assert await asked
    door.claim(bool(served_meanwhile))


async def is_alive(teams: Teams) -> bool:
    """Something else that the same process serves."""
    url = teams.endpoint.replace("/api/messages", "/alive")
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status == 200


async def test_9_the_tenant_of_a_conversation_is_kept(door: Door) -> None:
    activity = said(door.teams)
    await door.hears(activity)
    tenants = [each["conversation"].get("tenantId") for each in door.ears.heard] if door.ours else door.bot.tenants
    door.claim(tenants == [activity["conversation"]["tenantId"]], tenants)


async def test_10_who_is_mentioned_is_kept(door: Door) -> None:
    sam = door.teams.person("Sam Carter")
    activity = sam._message("what do I do if", door.teams.channel("General", sam))
    await door.hears(activity)
    (heard,) = door.heard
    door.claim(activity["entities"][-1] in heard["entities"], heard["entities"])
