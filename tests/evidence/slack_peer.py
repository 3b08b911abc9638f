"""Slack's Web API for the load run: keeps what was posted and shown, and takes as long to answer as Slack does.

Started as `python -m tests.evidence.slack_peer '<json>'`; it prints `ready` once it serves. It ends when its parent does.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from typing import Any

from aiohttp import web

from tests.evidence.server import with_its_parent

Json = dict[str, Any]
TEAM, BOT = "T0LOAD", "U0BOT"


class Peer:
    """One workspace in which everybody is a full member."""

    def __init__(self, latency: float) -> None:
        self.latency, self.posted, self.shown = latency, set(), set()
        self._numbers = itertools.count(1)

    async def call(self, request: web.Request) -> web.Response:
        fields = await request.post()
        await asyncio.sleep(self.latency)
        method = request.match_info["method"]
        answer = getattr(self, method.replace(".", "_"), lambda _fields: {})(fields)
        return web.json_response({"ok": True, **answer})

    async def seen(self, _request: web.Request) -> web.Response:
        return web.json_response({"posted": sorted(self.posted), "shown": sorted(self.shown)})

    def auth_test(self, _fields: Json) -> Json:
        return {"team_id": TEAM, "user_id": BOT, "bot_id": "B0BOT", "url": "https://load.example/"}

    def users_info(self, fields: Json) -> Json:
        return {"user": {"id": fields["user"], "team_id": TEAM, "name": "sam", "profile": {"real_name": "Sam Carter"}}}

    def conversations_open(self, fields: Json) -> Json:
        return {"channel": {"id": f"D{fields['users']}"}}

    def conversations_info(self, fields: Json) -> Json:
        return {"channel": {"id": fields["channel"], "is_private": True, "is_member": True}}

    def conversations_members(self, _fields: Json) -> Json:
        return {"members": ["U0DSL"]}

    def conversations_history(self, _fields: Json) -> Json:
        return {"messages": []}

    def chat_postMessage(self, fields: Json) -> Json:  # noqa: N802 (Slack's name)
        key = json.loads(fields.get("metadata", "{}")).get("event_payload", {}).get("key", "")
        self.posted.add(key)
        return {"channel": fields["channel"], "ts": f"1763975160.{next(self._numbers):06}"}

    def views_open(self, fields: Json) -> Json:
        self.shown.add(fields["trigger_id"])
        return {"view": {"id": f"V{next(self._numbers)}", "hash": "h"}}


async def main(config: Json) -> None:
    peer = Peer(config["latency"])
    site = web.Application(client_max_size=2**22)
    site.add_routes([web.post("/api/{method}", peer.call), web.get("/seen", peer.seen)])
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", config["port"], backlog=1024).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await with_its_parent(asyncio.Event())
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
