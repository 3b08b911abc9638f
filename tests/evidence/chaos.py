"""Never lost, never unheard: 200 concerns a run while processes are killed, the chat misbehaves and PostgreSQL goes away.

`make chaos`, or `python -m tests.evidence.chaos --runs sqlite-find --concerns 20 --seed 7` for a small one. Everything is
on loopback; each run ends within 150 seconds. All clocks of a run go 20 times as fast as real ones, so that a lease (60 s), back-offs and escalations
pass within it; a delivery is given up after 1 s, which is the bell's own 20 s by that clock.
Exit 1 if a promise is broken.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import secrets
import sys
import time
from collections import Counter, defaultdict
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from sqlalchemy import func, select

from bot import Ledger, Vault, new_master_key, open_ledger
from bot.ledger import tables as t
from tests.evidence.people import OutOfTimeError, Town, account
from tests.evidence.processes import (
    Postgres,
    Process,
    a_server,
    a_webhook,
    folder,
    free_port,
    quantile,
    say,
    table,
)
from tests.evidence.server import Clock

FACTOR = 20
START = "2026-11-10T09:00:00+00:00"  # a Tuesday in term: the clocks that wait for school hours run
CONCERNS, REPORTERS = 200, 10
LONGEST, LOGGING, DRAINING = 150, 108, 136  # seconds of a run: the end of all, of the logging, of the draining
KILLS = 6
STOPPED = 6  # seconds that PostgreSQL is away
RUNS = ("sqlite-find", "sqlite-blind", "postgres-find", "postgres-blind")
OF_A_CONCERN = {"concern", "waiting"}  # what nobody should be sent once somebody has it


@dataclass
class Run:
    """One run: its processes, and what its people know."""

    name: str
    seed: int
    folder: Path
    http: aiohttp.ClientSession
    concerns: int = CONCERNS
    began: float = field(default_factory=time.time)
    confirmed: dict[str, str] = field(default_factory=dict)  # marker to reference
    sent_at: dict[str, float] = field(default_factory=dict)  # marker to when Send was first pressed
    acknowledged: dict[str, float] = field(default_factory=dict)  # reference to when the answer came back
    kills: int = 0
    servers: list[Process] = field(default_factory=list)
    met: Counter = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.name}/{self.seed}")
        self.postgres = Postgres(self.folder / "pg") if self.name.startswith("postgres") else None
        self.database = self.postgres.url if self.postgres else f"sqlite:///{self.folder / 'signpost.db'}"
        self.keys = new_master_key("chaos")
        self.clock = Clock(START, self.began, FACTOR)
        self.hook_port = free_port()
        self.hook = f"http://127.0.0.1:{self.hook_port}"
        self.journal = self.folder / "journal.jsonl"
        config = {
            "seed": self.chance.random(),
            "factor": FACTOR,
            "faults": True,
            "port": self.hook_port,
            "journal": str(self.journal),
        }
        self.webhook = a_webhook(config, self.folder / "webhook.log")
        self.town = Town(self.http, [], self.began + LOGGING)

    def server(self) -> Process:
        config = {
            "start": START,
            "real": self.began,
            "factor": FACTOR,
            "database": self.database,
            "keys": self.keys,
            "tombs": str(self.folder / "forgotten"),
            "webhook": self.hook,
            "find": self.name.endswith("find"),
            "second": True,
            "asks": 0.05,
            "acknowledged": str(self.folder / "acknowledged.jsonl"),
            "port": free_port(),
        }
        made = a_server(config, self.folder / "server.log")
        self.servers.append(made)
        return made

    async def ledger(self) -> Ledger:
        return await open_ledger(self.database, Vault.from_text(self.keys), "TA", migrate=True)

    def close(self) -> None:
        for process in (*self.servers, self.webhook):
            process.end()
        if self.postgres:
            self.postgres.close()


# ---- what people do


async def report(run: Run, number: int) -> None:
    """One member of staff logs their share, one concern after the other."""
    chance = random.Random(f"{run.seed}/{number}")
    for count in range(run.concerns // REPORTERS):
        await asyncio.sleep(chance.uniform(0.4, 3.4))
        marker = f"zq{number}x{count}qz"
        about = chance.choices(["pupils", "adult", "head", "safeguarding"], [85, 7, 4, 4])[0]
        values = account(marker, about, urgent=chance.random() < 0.4)
        with suppress(OutOfTimeError):
            run.confirmed[marker] = await run.town.log(
                f"hook:staff-{number}",
                f"{run.seed}-{marker}",
                about,
                values,
                lambda marker=marker: run.sent_at.setdefault(marker, time.time()),
            )


async def acknowledge(run: Run) -> None:
    """Those who are told press Acknowledge on rather more than half of what they see, some of it at once."""
    seen, known, presses = 0, set(), []
    town = Town(run.http, run.town.ports, run.began + DRAINING, run.met)
    try:
        while time.time() < town.until:
            async with run.http.get(f"{run.hook}/journal", params={"since": seen}) as answer:
                lines = await answer.json()
            seen += len(lines)
            for line in lines:
                ack = next((act for act in line.get("acts", ()) if act.startswith("ack:")), None)
                if ack and line["stored"] and line["kind"] == "concern" and line["ref"] not in known:
                    known.add(line["ref"])
                    if run.chance.random() < 0.6:
                        wait = 0 if run.chance.random() < 0.4 else run.chance.uniform(0, 3)
                        presses.append(asyncio.create_task(press(run, town, line, ack, wait)))
            await asyncio.sleep(0.03)
    finally:
        for task in presses:
            task.cancel()
        await asyncio.gather(*presses, return_exceptions=True)


async def press(run: Run, town: Town, line: dict, ack: str, wait: float) -> None:
    await asyncio.sleep(wait)
    who = f"hook:{line['told']}"
    reply = await town.hear(who, f"{run.seed}-{ack}", choice=ack)
    if not reply["parts"]:  # heard before and its answer lost
        reply = await town.hear(who, f"{run.seed}-{ack}-again", choice=ack)
    if "acknowledged" in str(reply["parts"]):
        run.acknowledged[line["ref"]] = time.time()
    else:
        run.met["acknowledgements refused"] += 1
    if run.chance.random() < 0.3:
        await town.hear(who, f"{run.seed}-open-{ack}", choice=ack.replace("ack:", "open:"))


# ---- what goes wrong


async def trouble(run: Run) -> None:
    """Kill servers at random moments, every other one while a delivery is on its way; and stop PostgreSQL once."""
    half = KILLS // 2
    for number in range(KILLS):
        await asyncio.sleep(run.chance.uniform(4, 8))
        alive = [server for server in run.servers if server.child]
        victim = run.chance.choice(alive)
        if number % 2:
            with suppress(TimeoutError, aiohttp.ClientError):
                async with run.http.get(f"{run.hook}/next", timeout=aiohttp.ClientTimeout(total=5)):
                    await asyncio.sleep(run.chance.uniform(0, 0.12))
        victim.kill()
        run.kills += 1
        if len(run.servers) > 1 and number == half:
            run.town.ports.remove(victim.config["port"])  # for good
            continue
        await asyncio.sleep(run.chance.uniform(0, 1))
        await victim.start()
        if run.postgres and number == 1:
            await asyncio.sleep(run.chance.uniform(2, 4))
            await asyncio.to_thread(run.postgres.stop)
            await asyncio.sleep(STOPPED)
            await asyncio.to_thread(run.postgres.start)


async def drained(run: Run) -> None:
    """Wait until each confirmed concern has been shown to somebody and nothing new is overdue, or time is up."""
    waiting, ledger = set(run.confirmed.values()), await run.ledger()
    try:
        while time.time() < run.began + DRAINING:
            shown = {line["ref"] for line in journal(run) if line["kind"] == "concern" and line["stored"]}
            if waiting <= shown and not await unheard(run, ledger):
                return
            await asyncio.sleep(1)
    finally:
        await ledger.close()


async def unheard(run: Run, ledger: Ledger) -> int:
    """Alerts that are due and have never been delivered."""
    a = t.alerts.c
    async with ledger.transaction() as db:
        due = select(func.count()).where(a.due_at <= run.clock.now(), a.receipt.is_(None))
        return int((await db.execute(due)).scalar_one())


def journal(run: Run) -> list[dict]:
    lines = [json.loads(line) for line in run.journal.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if "kind" in line]


async def go(run: Run) -> dict[str, object]:
    await run.webhook.start()
    await (await run.ledger()).close()
    for _ in range(2 if run.postgres else 1):
        await run.server().start()
    run.town.ports += [server.config["port"] for server in run.servers]
    pressing = asyncio.create_task(acknowledge(run))
    await asyncio.gather(trouble(run), *(report(run, number) for number in range(REPORTERS)))
    async with run.http.post(f"{run.hook}/calm"):
        pass
    await drained(run)
    pressing.cancel()
    await asyncio.gather(pressing, return_exceptions=True)
    for server in run.servers:
        server.end()
    return await judged(run)


# ---- what came of it


def committed(run: Run) -> None:
    """An acknowledgement counts from its commit; where the server died before it could note that, from its answer."""
    noted = run.folder / "acknowledged.jsonl"
    for line in noted.read_text(encoding="ascii").splitlines() if noted.exists() else ():
        one = json.loads(line)
        run.acknowledged[one["ref"]] = min(one["at"], run.acknowledged.get(one["ref"], one["at"]))


async def judged(run: Run) -> dict[str, object]:
    """Every figure of the run, from the webhook's own journal and the database."""
    lines = journal(run)
    committed(run)
    new = [line for line in lines if line["receipt"] is None]
    stored_as_new = Counter((line["via"], line["key"]) for line in new if line["stored"])
    ledger = await run.ledger()
    try:
        stored, unstored = await in_the_record(run, ledger)
        audit = await ledger.audit()
        receipts = await believed(ledger)
        due = await unheard(run, ledger)
    finally:
        await ledger.close()
    shown = {line["ref"] for line in lines if line["kind"] == "concern" and line["stored"]}
    late = [
        (line, 1000 * (line["begun"] - run.acknowledged[line["ref"]]))
        for line in new
        if line["kind"] in OF_A_CONCERN and line["begun"] > run.acknowledged.get(line["ref"], float("inf"))
    ]
    for line, by in late:
        say(
            f"  {run.name}: begun {by:.1f} ms after the acknowledgement: {line['key']} via {line['via']}, try {line['tries']}"
        )
    log = (run.folder / "server.log").read_text(encoding="utf-8")
    heard_after = to_be_heard(run, lines)
    searches = [line for line in map(json.loads, run.journal.read_text().splitlines()) if "find" in line]
    return {
        "concerns confirmed": len(run.confirmed),
        "processes killed (SIGKILL)": run.kills,
        "acknowledged during the run": len(run.acknowledged),
        "  presses told of another change": run.met["acknowledgements refused"],
        "requests at the webhook": len(lines),
        "  of them refused, hung or dropped": sum(line["plan"] != "ok" for line in lines),
        "LOST (confirmed, never shown)": len(set(run.confirmed.values()) - shown),
        "CONFIRMED BUT UNSTORED": unstored,
        "SENT AFTER AN ACKNOWLEDGEMENT": len(late),
        "CHAIN BREAKS": len(audit.breaks),
        "stored more than once": stored - len(run.sent_at) if stored > len(run.sent_at) else 0,
        "never confirmed": run.concerns - len(run.confirmed),
        "RECORDED AS SHOWN, BUT NOT THERE": len(receipts - {line.get("id") for line in lines}),
        "keys posted more than once": sum(count > 1 for count in stored_as_new.values()),
        "  messages too many": sum(stored_as_new.values()) - len(stored_as_new),
        "  of them after an answer lost (500, hang, drop)": after_a_lost_answer(new),
        "looked up / found": f"{len(searches)} / {sum(line['found'] for line in searches)}",
        "arrived before Retry-After was over": too_soon(new),
        "new sends that arrived after an acknowledgement": sum(
            line["kind"] in OF_A_CONCERN and line["at"] > run.acknowledged.get(line["ref"], float("inf"))
            for line in new
        ),
        "due and undelivered at the end": due,
        "events sent again by clients": run.town.met["sent again"] + run.met["sent again"],
        "  told “not saved”": run.town.met["told that it is not saved"] + run.met["told that it is not saved"],
        "  HTTP errors from Signpost": sum(
            n for name, n in (run.town.met + run.met).items() if name.startswith("HTTP")
        ),
        "bell stumbled (log)": log.count('"bell_stumbled"'),
        "Send to first shown, s real: p50": f"{quantile(heard_after, 0.5):.2f}",
        "  p99": f"{quantile(heard_after, 0.99):.2f}",
        "  longest": f"{max(heard_after, default=float('nan')):.2f}",
        "seconds": f"{time.time() - run.began:.0f}",
    }


PROMISES = (
    "LOST (confirmed, never shown)",
    "CONFIRMED BUT UNSTORED",
    "SENT AFTER AN ACKNOWLEDGEMENT",
    "CHAIN BREAKS",
    "RECORDED AS SHOWN, BUT NOT THERE",
    "stored more than once",
    "never confirmed",
    "bell stumbled (log)",
    "  HTTP errors from Signpost",
)


async def in_the_record(run: Run, ledger: Ledger) -> tuple[int, int]:
    """How many concerns are stored, and how many confirmed ones are not there with the words that were typed."""
    wrong = 0
    for marker, ref in run.confirmed.items():
        concern = await ledger.by_reference(ref)
        typed = " ".join(line.value.reveal() for line in concern.account.lines) if concern else ""
        wrong += marker not in typed
    async with ledger.transaction() as db:
        return int((await db.execute(select(func.count()).select_from(t.concerns))).scalar_one()), wrong


async def believed(ledger: Ledger) -> set[str]:
    """The receipts that the ledger holds."""
    a = t.alerts.c
    async with ledger.transaction() as db:
        return set((await db.execute(select(a.receipt).where(a.receipt.is_not(None)))).scalars())


def to_be_heard(run: Run, lines: list[dict]) -> list[float]:
    """Real seconds from the first press of Send to the first time anybody was shown the concern."""
    first: dict[str, float] = {}
    for line in lines:
        if line["kind"] == "concern" and line["stored"]:
            first.setdefault(line["ref"], line["stored_at"])
    return [first[ref] - run.sent_at[marker] for marker, ref in run.confirmed.items() if ref in first]


def after_a_lost_answer(new: list[dict]) -> int:
    """Messages too many whose key had been posted before without Signpost being told so; the rest follow from kills."""
    last: dict[tuple[str, str], str] = {}
    lost = 0
    for line in sorted((line for line in new if line["stored"]), key=lambda line: line["stored_at"]):
        one = line["via"], line["key"]
        lost += last.get(one, "ok") != "ok"
        last[one] = line["plan"]
    return lost


def too_soon(new: list[dict]) -> str:
    """Sends of a key that came before the wait that the webhook had asked for was over, and by how much at most."""
    asked: dict[tuple[str, str], float] = defaultdict(float)
    early = []
    for line in sorted(new, key=lambda line: line["at"]):
        one = line["via"], line["key"]
        if line["begun"] < asked[one]:
            early.append(asked[one] - line["begun"])
        if line["plan"] == "429":
            asked[one] = line["answered_at"] + line["retry_after"] / FACTOR
    return f"{len(early)} (by {1000 * max(early):.0f} ms)" if early else "0"


async def main(names: list[str], seed: int, concerns: int) -> int:
    say(f"chaos: seed {seed}, clocks ×{FACTOR}, {concerns} concerns a run, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
    columns: dict[str, dict[str, object]] = {}
    for name in names:
        say(f"{name} …")
        with folder() as place, ExitStack() as stack:
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True, limit=0)) as http:
                run = Run(name, seed, place, http, concerns)
                stack.callback(run.close)
                async with asyncio.timeout(LONGEST):
                    columns[name] = await go(run)
    rows = [(figure, *(column[figure] for column in columns.values())) for figure in next(iter(columns.values()))]
    table("CHAOS (a figure in CAPITALS must be 0)", list(columns), rows)
    broken = [
        f"{run}: {figure.strip()} = {column[figure]}"
        for run, column in columns.items()
        for figure in PROMISES
        if column[figure]
    ]
    broken += [
        f"{run}: fewer than five kills" for run, column in columns.items() if column["processes killed (SIGKILL)"] < 5
    ]
    for line in broken:
        say(f"BROKEN  {line}")
    say("every promise kept" if not broken else f"{len(broken)} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", nargs="+", choices=RUNS, default=list(RUNS))
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--concerns", type=int, default=CONCERNS, help=f"of each run, in steps of {REPORTERS}")
    arguments = parser.parse_args()
    each = max(1, arguments.concerns // REPORTERS) * REPORTERS
    sys.exit(asyncio.run(main(arguments.runs, arguments.seed, each)))
