"""A fake chat: takes alerts at `/hook`, is searched at `/find`, and by plan answers 429 or 500, hangs or drops the connection.

A process of its own that nothing kills, so that its journal (one JSON line for each request) is the truth about what arrived.
Of each trouble there are two kinds: before the message was posted, and after, when only the answer is lost.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import sys
import time
from pathlib import Path

from aiohttp import web

from tests.evidence.server import with_its_parent

TROUBLES = {  # shares of all requests, while the faults are on
    "429": 0.08,
    "500": 0.06,
    "500 after": 0.04,
    "hang": 0.04,
    "hang after": 0.04,
    "drop": 0.05,
    "drop after": 0.04,
}
FIND_TROUBLES = {"500": 0.08, "hang": 0.05}


class Webhook:
    def __init__(self, config: dict) -> None:
        self.chance = random.Random(config["seed"])
        self.factor = config["factor"]
        self.faults = config["faults"]
        self.posted: dict[tuple[str, str], str] = {}
        self.numbers = itertools.count(1)
        self.lines: list[dict] = []
        self.file = Path(config["journal"]).open("a", encoding="utf-8", buffering=1)  # noqa: SIM115 (as long as the process)
        self.busy = asyncio.Event()

    def plan(self, troubles: dict[str, float]) -> str:
        if not self.faults:
            return "ok"
        names = ["ok", *troubles]
        return self.chance.choices(names, [1 - sum(troubles.values()), *troubles.values()])[0]

    async def slow(self, most: float) -> None:
        if self.faults:
            await asyncio.sleep(self.chance.uniform(0, most))

    def write(self, entry: dict) -> None:
        self.lines.append(entry)
        self.file.write(json.dumps(entry) + "\n")

    async def hook(self, request: web.Request) -> web.Response:
        at, plan = time.time(), self.plan(TROUBLES)
        body = await request.json()
        self.busy.set()
        self.busy.clear()
        await self.slow(0.12)
        entry = {**body, "at": at, "plan": plan, "stored": False}
        if plan == "ok" or plan.endswith("after"):
            entry |= {"stored": True, "stored_at": time.time(), "id": body["receipt"] or f"m{next(self.numbers)}"}
            self.posted[body["via"], body["key"]] = entry["id"]
        if plan == "429":
            entry["retry_after"] = self.chance.randint(2, 20)
            entry["answered_at"] = time.time()
        self.write(entry)
        await self.slow(0.05)
        return await self.answer(request, entry)

    async def answer(self, request: web.Request, entry: dict) -> web.Response:
        match entry["plan"].split()[0]:
            case "429":
                return web.Response(status=429, headers={"Retry-After": str(entry["retry_after"])})
            case "500":
                return web.Response(status=500)
            case "hang":
                await asyncio.sleep(60 / self.factor)
                return web.Response(status=500)
            case "drop":
                if request.transport is not None:
                    request.transport.abort()
                return web.Response(status=500)
        return web.json_response({"id": entry["id"]})

    async def find(self, request: web.Request) -> web.Response:
        plan = self.plan(FIND_TROUBLES)
        await self.slow(0.3)
        if plan == "hang":
            await asyncio.sleep(60 / self.factor)
        if plan != "ok":
            return web.Response(status=500)
        found = self.posted.get((request.query["via"], request.query["key"]))
        self.write({"find": request.query["key"], "found": found is not None, "at": time.time()})
        return web.json_response({"id": found}) if found else web.Response(status=404)

    async def journal(self, request: web.Request) -> web.Response:
        return web.json_response(self.lines[int(request.query.get("since", 0)) :])

    async def next(self, _request: web.Request) -> web.Response:
        """Answer when the next alert is on its way in: a good moment for a kill."""
        await self.busy.wait()
        return web.Response()

    async def calm(self, _request: web.Request) -> web.Response:
        self.faults = False
        return web.Response()


async def main(config: dict) -> None:
    hook = Webhook(config)
    app = web.Application()
    app.add_routes(
        [
            web.post("/hook", hook.hook),
            web.get("/find", hook.find),
            web.get("/journal", hook.journal),
            web.get("/next", hook.next),
            web.post("/calm", hook.calm),
        ]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", config["port"]).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await with_its_parent(asyncio.Event())
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
