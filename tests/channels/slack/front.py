"""What stands between Signpost and emulate: Slack's Web API as the product meets it.

Everything goes on to emulate, which keeps the state. What emulate has not got is here, and keeps its state too: limits of
blocks, pages of members, guests, shared channels, metadata only for who asks, scopes in a header, revoked tokens, faults to
order, sockets; and a record of what stands on everybody's screen.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from adapters.slack.manifest import SCOPES
from tests.channels.slack.emulate import ADMIN, BOT, BOT_USER, DSL, NARROW, PEOPLE, Emulate
from tests.channels.slack.limits import faults

Json = dict[str, Any]
_PAGE = 2  # members on a page: what is read from the first alone is wrong
_SURFACE = {"views.publish": "home", "views.open": "modal", "views.push": "modal", "views.update": "modal"}
_ARCHIVED = {"chat.postMessage", "chat.update", "chat.postEphemeral"}


@dataclass(frozen=True)
class Fault:
    """What Slack answers in place of doing it. `hangs` answers nothing; `after` does it first, and then says it did not;
    `late` does it and says so, but only when it is released.
    """

    error: str = ""
    status: int = 200
    retry_after: int = 0
    hangs: bool = False
    after: bool = False
    late: bool = False


@dataclass
class Shown:
    """Something on a screen. `at` counts every change that anybody could see."""

    at: int
    body: Json
    ts: str = ""
    channel: str = ""
    thread: str = ""


@dataclass
class Front:
    """One workspace."""

    emulate: Emulate
    url: str = ""
    users: dict[str, str] = field(default_factory=dict)  # seat to user id
    dsl: str = ""
    staffroom: str = ""
    directs: dict[str, str] = field(default_factory=dict)  # channel to user
    messages: dict[tuple[str, str], Shown] = field(default_factory=dict)
    windows: dict[str, Shown] = field(default_factory=dict)  # by user
    homes: dict[str, Shown] = field(default_factory=dict)
    ephemerals: list[tuple[str, Json]] = field(default_factory=list)
    responses: list[Json] = field(default_factory=list)
    every: dict[str, list[Json]] = field(default_factory=dict)  # all that each user has ever been shown in a window
    calls: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)  # every request with all that it said, by whichever Signpost
    refused: list[str] = field(default_factory=list)
    user_marks: dict[str, Json] = field(default_factory=dict)
    channel_marks: dict[str, Json] = field(default_factory=dict)
    broadcast: set[str] = field(default_factory=set)  # what of a thread also stands in its channel
    revoked: bool = False
    triggers: dict[str, str] = field(default_factory=dict)  # who each was given to
    app_tokens: dict[str, Callable[[], str]] = field(default_factory=dict)  # app token to a fresh address of its socket
    orders: dict[str, list[Fault]] = field(default_factory=dict)
    rules: dict[str, Fault] = field(default_factory=dict)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    _clock: Any = field(default_factory=lambda: itertools.count(1))

    # ---- what a test arranges

    def once(self, method: str, *faults_: Fault) -> None:
        """The next calls of this method go like this."""
        self.orders.setdefault(method, []).extend(faults_)

    def always(self, method: str, fault: Fault) -> None:
        """Every call of this method goes like this, until `mend`."""
        self.rules[method] = fault

    def mend(self) -> None:
        """All goes well again."""
        self.rules.clear()
        self.orders.clear()

    async def as_admin(self, method: str, **fields: Any) -> Json:
        """Somebody who runs the workspace does this."""
        answer = await self.on(method, ADMIN, fields)
        assert answer.get("ok"), (method, answer)
        return answer

    async def as_dsl(self, method: str, **fields: Any) -> Json:
        """The DSL does this."""
        answer = await self.on(method, DSL, fields)
        assert answer.get("ok"), (method, answer)
        return answer

    async def on(self, method: str, token: str, fields: Json) -> Json:
        """What emulate itself answers."""
        text = {key: value if isinstance(value, str) else json.dumps(value) for key, value in fields.items()}
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.emulate.url}{method}", data=text, headers=headers) as answer,
        ):
            return await answer.json()

    async def arrange(self) -> None:
        """People, the private DSL channel with the DSLs and the bot in it, and the staff room."""
        found = (await self.as_admin("users.list", limit=100))["members"]
        self.users = {user["name"]: user["id"] for user in found if user["name"] in PEOPLE}
        self.dsl = (await self.as_admin("conversations.create", name="dsl", is_private=True))["channel"]["id"]
        await self.as_admin("conversations.invite", channel=self.dsl, users=f"{BOT_USER},{self.users['dsl']}")
        await self.as_admin("conversations.leave", channel=self.dsl)
        channels = (await self.as_admin("conversations.list", types="public_channel", limit=100))["channels"]
        self.staffroom = next(channel["id"] for channel in channels if channel["name"] == "staffroom")
        await self.as_admin("conversations.invite", channel=self.staffroom, users=BOT_USER)
        self.user_marks[self.users["visitor"]] = {"is_restricted": True}

    async def trigger(self, user: str, view: str = "") -> str:
        """A trigger as Slack gives one with each press: good once, for three seconds."""
        fields = {"user_id": user} | ({"view_id": view} if view else {})
        given: str = (await self.on("views.generateTriggerId", BOT, fields))["trigger_id"]
        self.triggers[given] = user
        return given

    async def history(self, channel: str) -> list[Json]:
        """What emulate holds of a conversation, newest first."""
        token = ADMIN if channel == self.staffroom else BOT
        return (await self.on("conversations.history", token, {"channel": channel, "limit": 1000}))["messages"]

    # ---- what Signpost meets

    async def called(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        fields: Json = {key: str(value) for key, value in (await request.post()).items()}
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.calls.append(method)
        self.sent.append(f"{method} {json.dumps(fields, ensure_ascii=False)}")
        fault = self.orders[method].pop(0) if self.orders.get(method) else self.rules.get(method) or self.rules.get("*")
        if fault and (fault.hangs or fault.late):
            await self.released.wait()
        if fault and fault.late:
            fault = None
        if fault and fault.after:
            await self._done(method, token, fields)
        if fault:
            headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after else {}
            return web.json_response({"ok": False, "error": fault.error}, status=fault.status, headers=headers)
        answer = await self._done(method, token, fields)
        return web.json_response(answer, headers={"x-oauth-scopes": self._scopes(token)})

    async def responded(self, request: web.Request) -> web.Response:
        """A `response_url`."""
        if fault := self.rules.get("response_url"):
            if fault.hangs:
                await self.released.wait()
            return web.Response(status=fault.status)
        self.responses.append(await request.json())
        self.sent.append(f"response_url {json.dumps(self.responses[-1], ensure_ascii=False)}")
        return web.Response(text="ok")

    async def _done(self, method: str, token: str, fields: Json) -> Json:
        if self.revoked:
            return {"ok": False, "error": "token_revoked"}
        if method == "apps.connections.open":
            give = self.app_tokens.get(token)
            return {"ok": True, "url": give()} if give else {"ok": False, "error": "invalid_auth"}
        if token not in {BOT, NARROW}:
            return {"ok": False, "error": "invalid_auth"}
        wrong = self._wrong(method, fields)
        if wrong:
            return {"ok": False, "error": wrong}
        answer = await self.on(method, token, fields)
        return self._noted(method, fields, answer) if answer.get("ok") else answer

    def _wrong(self, method: str, fields: Json) -> str:
        if method in _ARCHIVED and self.channel_marks.get(fields.get("channel", ""), {}).get("is_archived"):
            return "is_archived"
        if method in {"chat.postMessage", "chat.update"}:
            found = faults(_message(fields), "message")
        elif method in _SURFACE:
            view = json.loads(fields["view"])
            found = faults(view, _SURFACE[method])
        else:
            return ""
        self.refused += found
        return "invalid_blocks" if found else ""

    def _noted(self, method: str, fields: Json, answer: Json) -> Json:
        """What is on whose screen now."""
        match method:
            case "chat.postMessage" | "chat.update":
                self._posted(fields, answer)
            case "chat.postEphemeral":
                self.ephemerals.append((fields["user"], fields))
            case "views.open" | "views.push":
                self.show_window(self.triggers[fields["trigger_id"]], answer["view"])
            case "views.update":
                owner = next(user for user, shown in self.windows.items() if shown.body["id"] == fields["view_id"])
                self.show_window(owner, answer["view"])
            case "views.publish":
                self.homes[fields["user_id"]] = Shown(next(self._clock), answer["view"])
        return self._in_other_words(method, fields, answer)

    def _in_other_words(self, method: str, fields: Json, answer: Json) -> Json:
        """What Slack says that emulate does not, and what it says only to who asks."""
        match method:
            case "conversations.open":
                self.directs[answer["channel"]["id"]] = fields["users"]
            case "conversations.members":
                return _page(answer, fields)
            case "conversations.info":
                answer["channel"] |= self.channel_marks.get(fields["channel"], {})
            case "users.info":
                answer["user"] |= {"team_id": answer["user"].get("team_id"), **self.user_marks.get(fields["user"], {})}
            case "conversations.history" | "conversations.replies" if fields.get("include_all_metadata") != "true":
                for message in answer["messages"]:
                    message.pop("metadata", None)
        return answer

    def show_window(self, user: str, view: Json) -> None:
        """A window on somebody's screen, as it is now."""
        self.windows[user] = Shown(next(self._clock), view)
        self.every.setdefault(user, []).append(view)

    def _posted(self, fields: Json, answer: Json) -> None:
        where = (answer["channel"], answer["ts"])
        thread = fields.get("thread_ts") or (self.messages[where].thread if where in self.messages else "")
        if fields.get("reply_broadcast") == "true":
            self.broadcast.add(answer["ts"])
        at = self.messages[where].at if where in self.messages else next(self._clock)
        self.messages[where] = Shown(at, _message(fields), answer["ts"], answer["channel"], thread)

    def _scopes(self, token: str) -> str:
        return ",".join(sorted(set(SCOPES) - ({"chat:write"} if token == NARROW else set())))


def _message(fields: Json) -> Json:
    body: Json = {key: value for key, value in fields.items() if key in {"text", "thread_ts", "channel"}}
    for key in ("blocks", "metadata"):
        if key in fields:
            body[key] = json.loads(fields[key])
    return body


def _page(answer: Json, fields: Json) -> Json:
    begin = int(fields.get("cursor") or 0)
    some = answer["members"][begin : begin + _PAGE]
    after = str(begin + _PAGE) if begin + _PAGE < len(answer["members"]) else ""
    return {"ok": True, "members": some, "response_metadata": {"next_cursor": after}}


@asynccontextmanager
async def workspace(emulate: Emulate) -> AsyncIterator[Front]:
    """A fresh workspace, served on loopback."""
    emulate.fresh()
    front = Front(emulate)
    await front.arrange()
    site = web.Application(client_max_size=2**22)
    site.add_routes([web.post("/api/{method}", front.called), web.post("/respond", front.responded)])
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        front.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield front
    finally:
        front.released.set()
        await runner.cleanup()
