"""The people of the evidence runs: they write over HTTP, and try again with the same event when nobody answers."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter
from dataclasses import dataclass, field

import aiohttp

_REFERENCE = re.compile(r"TA-\d{4}-\d{4,}")
_PATIENCE = aiohttp.ClientTimeout(total=6)


class OutOfTimeError(Exception):
    """The run's time was up before there was an answer."""


@dataclass
class Town:
    """Where the servers are now, and what people have met with."""

    http: aiohttp.ClientSession
    ports: list[int]
    until: float
    met: Counter = field(default_factory=Counter)

    async def hear(self, person: str, event: str, **what) -> dict:
        """The reply to one event, however often it has to be sent; and whatever is said not to be saved is sent again."""
        first = True
        while time.time() < self.until:
            if not first:
                self.met["sent again"] += 1
                await asyncio.sleep(random.uniform(0.1, 0.4))
            first = False
            port = random.choice(self.ports)
            try:
                async with self.http.post(
                    f"http://127.0.0.1:{port}/chaos/hear",
                    json={"event": event, "person": person, **what},
                    timeout=_PATIENCE,
                ) as answer:
                    if answer.status != 200:
                        self.met[f"HTTP {answer.status}"] += 1
                        continue
                    reply = await answer.json()
            except (aiohttp.ClientError, TimeoutError, OSError):
                continue
            if any(part.get("tone") == "failed" for part in reply["parts"]):
                self.met["told that it is not saved"] += 1
                continue
            return reply
        raise OutOfTimeError

    async def log(self, person: str, name: str, about: str, values: dict[str, str], sending=lambda: None) -> str:
        """Log a concern through the whole conversation; its reference. `sending` is called as Send is pressed."""
        doing: dict = {"choice": "log"}
        for number in range(60):
            if str(doing.get("choice")).rpartition(":")[0].endswith(".send"):
                sending()
            reply = await self.hear(person, f"{name}-{number}", **doing)
            if reply["repeated"]:
                self.met["answered as repeated"] += 1
                continue  # heard before and its answer lost: the person presses again, which is a new event
            doing = _next(reply["parts"], about, values)
            if isinstance(doing, str):
                return doing
        raise OutOfTimeError


def _next(parts: list[dict], about: str, values: dict[str, str]) -> dict | str:
    """What to do at the step drawn last, or the reference."""
    for part in parts:
        found = _REFERENCE.search(part.get("title", "") + part.get("body", "")) if part["kind"] == "card" else None
        if found:
            return found[0]
    for part in reversed(parts):
        if part["kind"] == "form":
            return {"form": {"id": part["id"], "values": values}}
        if part["kind"] == "choice" and part["id"].startswith("step:"):
            value = part["id"].split(":")[3]
            if value in {about, ".send", ".resume"}:
                return {"choice": part["id"]}
    return {"choice": "log"}


def account(marker: str, about: str, *, urgent: bool) -> dict[str, str]:
    """What is typed in the form. Nothing in it is urgent by its words."""
    values = {"now": "yes" if urgent else "no", "child-1": "a pupil of year 8", "happened": f"{marker} by the gate"}
    return values | ({"child-1-role": "harmed", "images": "no"} if about == "pupils" else {"adult": "a colleague"})
