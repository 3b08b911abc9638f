"""One server of the evidence runs: the real Signpost on real HTTP, with a channel that only these runs register.

Started as `python -m tests.evidence.server '<json>'`; it prints `ready` once it serves. It ends when its parent does.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from adapters import logs, practice
from adapters.server import Signpost, served
from adapters.shelf import Shelf
from adapters.web.render import render
from bot import (
    Alert,
    Choice,
    Delivered,
    Failed,
    Ledger,
    Message,
    Person,
    Receipt,
    Sent,
    Vault,
    Words,
    last_look,
    open_ledger,
)
from bot.concern import Concern
from bot.talk import Event
from policy_content.model import Library

SECONDS = 20  # what the bell allows one delivery, by the clock of the run


class Clock:
    """Real time from `real`, run `factor` times as fast from `start`. The same in every process that is given the same."""

    def __init__(self, start: str, real: float, factor: float) -> None:
        self._start, self._real, self._factor = datetime.fromisoformat(start).astimezone(UTC), real, factor

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(time.time() - self._real) * self._factor)


class HookChannel:
    """Alerts go to a webhook with their key. People write by JSON to `/chaos/hear`."""

    def __init__(self, name: str, url: str, http: aiohttp.ClientSession, patience: float, asks: float = 0) -> None:
        """`asks`: for up to so many seconds it is busy before it sends, as chats are that open a conversation first."""
        self.name, self._url, self._http, self._asks = name, url, http, asks
        self._patience = aiohttp.ClientTimeout(total=patience)

    async def members(self, place: str) -> frozenset[str]:
        return frozenset({"hook:dsl"}) if place == "dsl" else frozenset()

    async def deliver(self, alert: Alert) -> Receipt:
        await asyncio.sleep(self._asks * random.random())
        await last_look()
        begun = time.time()
        body = {
            "key": alert.key,
            "ref": alert.ref,
            "told": alert.told,
            "via": alert.via,
            "kind": alert.kind,
            "tries": alert.tries,
            "receipt": alert.receipt,
            "acts": [part.id for part in alert.parts if isinstance(part, Choice)],
            "begun": begun,
        }
        try:
            async with self._http.post(f"{self._url}/hook", json=body, timeout=self._patience) as answer:
                if answer.status == 200:
                    return Delivered((await answer.json())["id"])
                asked = answer.headers.get("Retry-After")
                return Failed(f"HTTP {answer.status}", retry_after=float(asked) if asked else None)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Failed(type(error).__name__)


class SearchableHook(HookChannel):
    """The same, where the webhook can say whether it has a key already."""

    async def find(self, alert: Alert) -> str | None:
        query = {"key": alert.key, "via": alert.via}
        async with self._http.get(f"{self._url}/find", params=query, timeout=self._patience) as answer:
            if answer.status == 404:
                return None
            answer.raise_for_status()
            return str((await answer.json())["id"])


def noting(ledger: Ledger, file: Path) -> None:
    """Write down when an acknowledgement was committed: its client hears of it later, or never."""
    acknowledge = ledger.acknowledge

    async def noted(heard: Event, concern: Concern, *rest: Any) -> Concern:
        taken = await acknowledge(heard, concern, *rest)
        with file.open("a", encoding="ascii") as out:
            out.write(json.dumps({"ref": concern.reference, "at": time.time()}) + "\n")
        return taken

    ledger.acknowledge = noted


class Hastened(Signpost):
    """Signpost whose bell rings by the clock of the run."""

    hasten = None

    async def ring_for_ever(self, clock=None) -> None:
        await super().ring_for_ever(type(self).hasten or clock)


def message(body: dict) -> Message:
    who = Person(body["person"], Words(body["person"].partition(":")[2]), staff=True)
    if "words" in body:
        return Message(body["event"], who, words=Words(body["words"]))
    if "choice" in body:
        return Message(body["event"], who, choice=body["choice"])
    form = body["form"]
    values = {key: Words(value) for key, value in form["values"].items()}
    return Message(body["event"], who, form=Sent(form["id"], values))


def routes(signpost: Signpost, clock: Clock) -> list[web.RouteDef]:
    took: list[float] = []

    async def hear(request: web.Request) -> web.Response:
        heard = message(await request.json())
        began = time.perf_counter()
        reply = await signpost.desk.hear(heard, clock.now())
        if heard.words is not None:
            took.append(time.perf_counter() - began)
        return web.json_response({"repeated": reply.repeated, "parts": render(reply.parts)})

    async def timings(_request: web.Request) -> web.Response:
        return web.json_response(took)

    return [web.post("/chaos/hear", hear), web.get("/chaos/timings", timings)]


def dress(library: Library) -> Library:
    """The library with practice people, who write by the hook."""
    people = practice.dress(library).school.people

    def hooked(person):
        return person.model_copy(update={"chats": {"hook": person.chats["web"]}})

    named = {role: hooked(getattr(people, role)) for role in ("dsl", "head", "chair")}
    named["deputies"] = tuple(hooked(deputy) for deputy in people.deputies)
    people = people.model_copy(update=named)
    return library.model_copy(update={"school": library.school.model_copy(update={"people": people})})


async def with_its_parent(stop: asyncio.Event) -> None:
    """Nothing of a run outlives it, also when the harness itself is killed."""
    parent = os.getppid()
    with suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    while os.getppid() == parent and not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 1)
    stop.set()


async def main(config: dict) -> None:
    logs.set_up(config.get("log", "INFO"))
    clock = Clock(config["start"], config["real"], config["factor"])
    shelf = Shelf(None, None, dress)
    ledger = await open_ledger(config["database"], Vault.from_text(config["keys"]), "TA", tombs=Path(config["tombs"]))
    patience = SECONDS / config["factor"]
    connector = aiohttp.TCPConnector(force_close=True, limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        first = SearchableHook if config["find"] else HookChannel
        ways = [first("hook", config["webhook"], http, patience, config.get("asks", 0))]
        if config["second"]:
            ways.append(HookChannel("second", config["webhook"], http, patience, config.get("asks", 0)))
        if "acknowledged" in config:
            noting(ledger, Path(config["acknowledged"]))
        signpost = Hastened.of(shelf, ledger, {way.name: way for way in ways})
        Hastened.hasten = clock.now
        site = web.Application(client_max_size=2**20)
        site.add_routes([*signpost.routes(), *routes(signpost, clock)])
        stop = asyncio.Event()
        async with served(site, signpost, "127.0.0.1", config["port"]):
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            await with_its_parent(stop)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
