"""A Slack that speaks Socket Mode: a WebSocket on loopback that sends envelopes and waits for them to be acknowledged."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.channels.slack.client import Json
from tests.channels.slack.front import Front
from tests.channels.slack.office import Answer

APP_TOKEN = "xapp-1-of-the-app"


@dataclass
class Socket:
    """Slack's end. A link is good for one connection; an envelope that nobody acknowledges is sent again."""

    front: Front
    links: set[str] = field(default_factory=set)
    open: web.WebSocketResponse | None = None
    connections: int = 0
    acks: dict[str, asyncio.Future[Json]] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self.links:
            raise web.HTTPForbidden
        self.links.discard(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.open, self.connections = socket, self.connections + 1
        await socket.send_json({"type": "hello", "num_connections": 1})
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                said = json.loads(frame.data)
                waiting = self.acks.get(said["envelope_id"])
                if waiting and not waiting.done():
                    waiting.set_result(said)
        return socket

    def link(self, host: str) -> str:
        """An address that is good once."""
        ticket = f"t{next(self._numbers)}"
        self.links.add(ticket)
        return f"ws://{host}/link/?ticket={ticket}"

    async def send(self, envelope: Json) -> Answer:
        """Send one thing, and wait for its acknowledgement as Slack does: 503 stands for none within the time."""
        id_ = f"envelope-{next(self._numbers)}"
        self.acks[id_] = asyncio.get_running_loop().create_future()
        assert self.open
        await self.open.send_json({**envelope, "envelope_id": id_, "accepts_response_payload": True})
        try:
            said = await asyncio.wait_for(self.acks[id_], 3.0)
        except TimeoutError:
            return Answer(503)
        return Answer(200, said.get("payload"))

    async def drop(self, *, politely: bool) -> None:
        """Break the connection, after saying so or without a word."""
        assert self.open
        socket, self.open = self.open, None
        if politely:
            await socket.send_json({"type": "disconnect", "reason": "refresh_requested"})
        else:
            await socket.close()


@asynccontextmanager
async def listening(front: Front) -> AsyncIterator[Socket]:
    """Slack's end, served; `apps.connections.open` gives its addresses."""
    slack = Socket(front)
    site = web.Application()
    site.add_routes([web.get("/link/", slack.serve)])
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host = f"127.0.0.1:{runner.addresses[0][1]}"
        front.app_tokens[APP_TOKEN] = lambda: slack.link(host)
        yield slack
    finally:
        await runner.cleanup()
