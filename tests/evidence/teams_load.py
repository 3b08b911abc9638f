"""Teams under load: 50 activities a second for a minute, signed, on loopback. None lost; every invoke within what Teams waits.

`make load` runs it after load.py. `signpost serve` is a process of its own; the login, the connector service and the
people are in this one. Questions are messages, answered by a post; the rest are invokes: pages turned by buttons, and
whole concerns from the first button to Send. Exit 1 beyond a target.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from adapters import logs
from tests.channels.school import ACCOUNT, WORDS
from tests.channels.teams import cards
from tests.channels.teams.client import Someone, Teams, teams_on_loopback
from tests.channels.teams.serving import serving
from tests.evidence.processes import folder, quantile, say, table

QUESTIONS = Path(__file__).parents[1] / "matching" / "questions" / "dev.jsonl"
A_SECOND, ASKERS, WRITERS_EACH = 50, 300, 1.25  # activities, people, concerns begun a second
STEPS = 4  # invokes of one concern
INVOKE_S, INVOKE_P999_S, SETTLE_S = 5.0, 1.0, 30


class Minute:
    """What came of it."""

    def __init__(self) -> None:
        self.took: dict[str, list[float]] = {"message": [], "invoke": []}
        self.asked: Counter[str] = Counter()
        self.refused: list[str] = []
        self.sent: list[str] = []
        self.empty: list[float] = []  # what the machine itself takes: a request that asks for nothing
        self.behind = 0.0

    async def act(self, kind: str, due: float, work) -> None:
        """Do this at `due`; whoever presses late themselves counts as slow."""
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        self.behind = max(self.behind, time.perf_counter() - due)
        try:
            await work
        except (AssertionError, OSError) as error:
            self.refused.append(str(error)[:100])
        self.took[kind].append(time.perf_counter() - due)


def posts(teams: Teams, who: Someone) -> int:
    return len(who.chat.by(teams.connector.bot))


async def ask(minute: Minute, who: Someone, text: str) -> None:
    minute.asked[who.account.id] += 1
    await who.types(text)


async def turn(teams: Teams, who: Someone) -> None:
    """Press `Topics` on the card that stands first in the chat."""
    post = who.chat.by(teams.connector.bot)[0]
    action = {"type": "Action.Execute", "verb": "choice", "data": {"choice": "topics"}}
    fields = {"name": "adaptiveCard/action", "value": {"action": action, "trigger": "manual"}, "replyToId": post.id}
    await teams.hears(teams.activity("invoke", who.account, who.chat, **fields))


async def write(minute: Minute, teams: Teams, who: Someone, began: float) -> None:
    """A concern, a step a second."""
    post = who.chat.by(teams.connector.bot)[0]
    steps = (
        lambda: who.presses(WORDS.log_button),
        lambda: who.presses(WORDS.about_pupils),
        lambda: who.fills(dict(ACCOUNT)),
        lambda: who.presses(WORDS.send_button),
    )
    for nth, step in enumerate(steps):
        # Nobody presses what is not there yet: the next step is due when the last has been shown.
        await minute.act("invoke", max(began + nth, time.perf_counter()), step())
    shown = "\n".join(cards.texts(post.cards(who.account.id)))
    minute.sent += [word for word in shown.split() if word.startswith("TA-")]


async def machine(minute: Minute, url: str, began: float, seconds: int) -> None:
    """Beside it all, five times a second, what this machine takes for nothing at all."""
    async with aiohttp.ClientSession() as http:
        for nth in range(seconds * 5):
            due = began + nth / 5
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            async with http.get(url) as answer:
                await answer.read()
            minute.empty.append(time.perf_counter() - due)


async def a_minute(teams: Teams, people: list[Someone], writers: list[Someone], seconds: int) -> Minute:
    asks = [json.loads(line)["text"] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    random.Random(3).shuffle(asks)
    minute, began = Minute(), time.perf_counter() + 0.5
    others = A_SECOND - WRITERS_EACH * STEPS  # a second
    work = [write(minute, teams, who, began + nth / WRITERS_EACH) for nth, who in enumerate(writers)]
    for nth in range(int(others * seconds)):
        who, due = people[nth % len(people)], began + nth / others
        if nth % 5:
            work.append(minute.act("message", due, ask(minute, who, asks[nth % len(asks)])))
        else:
            work.append(minute.act("invoke", due, turn(teams, who)))
    nothing = teams.endpoint.replace("/api/messages", "/healthz")
    await asyncio.gather(machine(minute, nothing, began, seconds), *work)
    return minute


async def run(seconds: int) -> list[str]:
    with folder() as place:
        async with teams_on_loopback() as teams:
            priya = teams.person("Ms Priya Nair")
            team = teams.channel("Safeguarding", priya)
            serve = serving(place, teams, team)
            token = teams.authority.sign(teams.authority.claims(teams.connector.url))
            teams.authority.sign = lambda _claims: token  # what is measured is not how fast a test can sign
            await serve.start()
            try:
                people = [teams.person(f"Staff Number{n}") for n in range(ASKERS)]
                writers = [teams.person(f"Writer Number{n}") for n in range(int(WRITERS_EACH * seconds) - STEPS)]
                for who in (*people, *writers):
                    who.account.installed = True
                    await who.types("help")
                before = {who.account.id: posts(teams, who) for who in people}
                used, own = cpu(serve.process.pid), time.process_time()
                minute = await a_minute(teams, people, writers, seconds)
                used, own = cpu(serve.process.pid) - used, time.process_time() - own
                missing, alerts = await settled(teams, minute, people, before, team)
            finally:
                serve.kill()
    say(f"Signpost used {used / seconds:.0%} of a core; Teams and its people, here, {own / seconds:.0%}")
    return judged(minute, missing, alerts)


async def settled(teams: Teams, minute: Minute, people: list[Someone], before: dict[str, int], team) -> tuple[int, int]:
    """How many questions have no answer, and how many concerns no alert, once there has been time for both."""
    until = time.time() + SETTLE_S
    while True:
        missing = sum(
            max(0, minute.asked[who.account.id] - (posts(teams, who) - before[who.account.id])) for who in people
        )
        told = "\n".join("\n".join(cards.texts(post.cards())) for post in team.posts.values())
        untold = sum(ref not in told for ref in minute.sent)
        if (not missing and not untold) or time.time() > until:
            return missing, untold
        await asyncio.sleep(0.2)


def cpu(pid: int) -> float:
    """Processor seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def judged(minute: Minute, missing: int, untold: int) -> list[str]:
    rows = []
    for kind, took in {**minute.took, "a request for nothing": minute.empty}.items():
        shown = [f"{quantile(took, q) * 1000:.0f} ms" for q in (0.5, 0.99, 0.999)]
        rows.append((kind, len(took), *shown, f"{max(took) * 1000:.0f} ms"))
    table("From when it was due to its answer", ["how many", "p50", "p99", "p99.9", "slowest"], rows)
    say(f"concerns sent {len(minute.sent)}; refused {len(minute.refused)}, questions without an answer {missing}, "
        f"concerns without an alert {untold}; the callers were late by {minute.behind * 1000:.0f} ms at most")  # fmt: skip
    for why in minute.refused[:3]:
        say(f"  refused: {why}")
    invokes = minute.took["invoke"]
    beyond = [f"{missing + untold + len(minute.refused)} were lost"] if missing or untold or minute.refused else []
    if max(invokes) > INVOKE_S:
        beyond.append(f"an invoke took {max(invokes):.1f} s: Teams waits {INVOKE_S:.0f}")
    if quantile(invokes, 0.999) > INVOKE_P999_S:
        beyond.append(f"one invoke in a thousand took {quantile(invokes, 0.999):.2f} s")
    return beyond


async def main(seconds: int) -> int:
    logs.set_up("WARNING")
    say(
        f"Teams: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, load before it {os.getloadavg()[0]:.1f}"
    )
    beyond = await run(seconds)
    for line in beyond:
        say(f"BEYOND  {line}")
    say("every target met" if not beyond else f"{len(beyond)} beyond")
    return 1 if beyond else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=60)
    sys.exit(asyncio.run(main(parser.parse_args().seconds)))
