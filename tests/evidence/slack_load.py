"""Slack's three seconds, kept under load.

Part of `make load`. One process on SQLite; 50 signed requests a second for a minute, asked whether or not the last was
answered: questions by direct message, `/ask`, presses, and `/concern`, which opens a window and begins a conversation.
Slack's own answers take a tenth of a second each. Lost is what was acknowledged and then neither posted nor shown.
Everything is on loopback. Exit 1 beyond a target.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import os
import random
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot import new_master_key
from bot.ledger import reply_key
from tests.evidence import slack_peer, slack_server
from tests.evidence.load import QUESTIONS
from tests.evidence.processes import Process, folder, free_port, quantile, say, table
from tests.evidence.slack_peer import BOT, TEAM

A_SECOND, LATENCY, PEOPLE = 50, 0.1, 200
P999, LONGEST = 1.0, 3.0  # the targets, in seconds
SECRET = "the load run's"
SETTLING = 10.0  # seconds for what was acknowledged to be in front of its person
MIX = (("question", 50), ("ask", 20), ("press", 20), ("concern", 10))


class Office:
    """Everybody at their Slack."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self.http, self.url = http, url
        self.took: dict[str, list[float]] = {kind: [] for kind, _ in MIX}
        self.due: dict[str, str] = {}  # what must be posted or shown, and its kind
        self.refused = 0
        self.behind = 0.0

    async def send(self, kind: str, number: int, text: str, due: float) -> None:
        """Send one at `due`; a client that is late itself counts as slow."""
        await asyncio.sleep(max(0, due - time.perf_counter()))
        self.behind = max(self.behind, time.perf_counter() - due)
        body, type_, event = made(kind, number, text)
        stamp = str(int(time.time()))
        signed = hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": type_,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={signed}",
        }
        try:
            async with self.http.post(self.url, data=body, headers=headers) as answer:
                await answer.read()
                heard = answer.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            heard = False
        self.took[kind].append(time.perf_counter() - due)
        if heard:
            self.due[event] = kind
        else:
            self.refused += 1


def made(kind: str, number: int, text: str) -> tuple[bytes, str, str]:
    """A request's body and type, and by what its reply is known: the reply's key, or the trigger of a window."""
    user, id_ = f"U{number % PEOPLE:04}", f"x{number}"
    form = "application/x-www-form-urlencoded"
    if kind == "question":
        inner = {"type": "message", "channel_type": "im", "user": user, "team": TEAM, "text": text, "ts": f"{number}.1"}
        event = {
            "type": "event_callback",
            "team_id": TEAM,
            "event_id": id_,
            "event": {**inner, "channel": f"D{user}"},
            "authorizations": [{"user_id": BOT, "team_id": TEAM}],
        }
        return json.dumps(event).encode(), "application/json", reply_key(id_)
    if kind == "press":
        button = {"type": "button", "action_id": "choice-1", "value": "topics", "block_id": "b"}
        pressed: dict[str, Any] = {
            "type": "block_actions",
            "user": {"id": user, "team_id": TEAM},
            "team": {"id": TEAM},
            "trigger_id": id_,
            "channel": {"id": f"D{user}"},
            "container": {"type": "message", "message_ts": "1.1"},
            "actions": [button],
        }
        return urlencode({"payload": json.dumps(pressed)}).encode(), form, reply_key(id_)
    # Each concern is somebody else's, as at a school: nobody begins fifty of them in a minute.
    writer = f"W{number:05}" if kind == "concern" else user
    asked = {"command": f"/{kind}", "text": text if kind == "ask" else "", "user_id": writer, "trigger_id": id_}
    where = {"team_id": TEAM, "channel_id": "C0STAFF", "response_url": ""}
    return urlencode({**asked, **where}).encode(), form, id_ if kind == "concern" else reply_key(id_)


async def minute(seconds: int) -> list[str]:
    asks = [json.loads(line)["text"] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    chance = random.Random(5)
    chance.shuffle(asks)
    kinds = chance.choices([kind for kind, _ in MIX], [share for _, share in MIX], k=A_SECOND * seconds)
    with folder() as place, ExitStack() as stack:
        peer_port, port = free_port(), free_port()
        peer = Process(slack_peer, {"port": peer_port, "latency": LATENCY}, place / "peer.log")
        config = {
            "port": port,
            "secret": SECRET,
            "slack": f"http://127.0.0.1:{peer_port}/api/",
            "database": f"sqlite:///{place / 'signpost.db'}",
            "keys": new_master_key("load"),
        }
        server = Process(slack_server, config, place / "server.log")
        for process in (peer, server):
            stack.callback(process.end)
            await process.start()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
            office = Office(http, f"http://127.0.0.1:{port}/slack/events")
            began, used = time.perf_counter() + 0.5, server.cpu()
            await asyncio.gather(
                *(
                    office.send(kind, number, asks[number % len(asks)], began + number / A_SECOND)
                    for number, kind in enumerate(kinds)
                )
            )
            used, took = server.cpu() - used, time.perf_counter() - began
            lost = await missing(http, peer_port, office)
    return judged(office, lost, used / took)


async def missing(http: aiohttp.ClientSession, peer: int, office: Office) -> int:
    """How many were acknowledged, and are in front of nobody when there has been time enough."""
    until = time.perf_counter() + SETTLING
    while True:
        async with http.get(f"http://127.0.0.1:{peer}/seen") as answer:
            seen = await answer.json()
        lost = set(office.due) - set(seen["posted"]) - set(seen["shown"])
        if not lost or time.perf_counter() > until:
            return len(lost)
        await asyncio.sleep(0.2)


def judged(office: Office, lost: int, cpu: float) -> list[str]:
    every = [took for some in office.took.values() for took in some]
    shares = (0.5, 0.99, 0.999, 1)
    rows = [
        (kind, len(some), *(f"{1000 * quantile(some, share):.0f}" for share in shares))
        for kind, some in {**office.took, "all": every}.items()
    ]
    table("SLACK, from when it was due to its acknowledgement: ms", ["count", "p50", "p99", "p99.9", "longest"], rows)
    say(
        f"refused {office.refused}; acknowledged and lost {lost}; targets: p99.9 < {P999:.0f} s, never over {LONGEST:.0f} s"
    )
    say(f"server's processor {100 * cpu:.0f} % of a core; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    say(f"asked {1000 * office.behind:.0f} ms late at most (the client's own lateness, counted above)")
    beyond = []
    if not quantile(every, 0.999) < P999:
        beyond.append(f"p99.9 of an acknowledgement is {quantile(every, 0.999):.2f} s")
    if not max(every) < LONGEST:
        beyond.append(f"the longest acknowledgement took {max(every):.2f} s")
    if lost or office.refused:
        beyond.append(f"{lost} lost, {office.refused} refused")
    return beyond


async def main(seconds: int) -> int:
    say(f"slack: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}")
    beyond = await minute(seconds)
    for line in beyond:
        say(f"BEYOND  {line}")
    say("every target met" if not beyond else f"{len(beyond)} beyond")
    return 1 if beyond else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=60)
    sys.exit(asyncio.run(main(parser.parse_args().seconds)))
