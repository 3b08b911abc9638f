"""The real peer: `emulate` from npm as a process of its own, one for a test run, with a fresh workspace for each test."""

from __future__ import annotations

import atexit
import json
import shutil
import socket
import subprocess
import threading
from functools import cache
from pathlib import Path
from queue import Empty, Queue

import pytest

from adapters.slack.manifest import SCOPES
from tests.channels.school import DEADLINE

BOT, NARROW, ADMIN, DSL = "xoxb-of-the-bot", "xoxb-with-less", "xoxp-of-an-admin", "xoxp-of-the-dsl"  # tokens
APP, BOT_ID, BOT_USER = "A0SIGNPOST", "B0SIGNPOST", "U0SIGNPOST"
TEAM = "T000000001"  # emulate's own
PEOPLE = {
    "teacher": "Sam Carter",
    "visitor": "Jo",
    "dsl": "Ms Priya Nair",
    "deputy-1": "Mr Owen Hughes",
    "head": "Mrs Ruth Adeyemi",
    "chair": "Mr Colin Marsh",
    "other-dsl": "Ms Ada Lowe",
    "colleague": "Ms Ida Frost",
}

_FOLDER = Path(__file__).parent
_PACKAGE = _FOLDER.parents[2] / "node_modules" / "emulate"


def missing() -> str:
    """Why the real peer cannot be started here, or nothing."""
    if not shutil.which("node"):
        return "node is not installed: Debian's package nodejs"
    return "" if _PACKAGE.is_dir() else "npm ci has not been run here"


def seed() -> dict[str, object]:
    """The workspace as it begins. Membership and guests are arranged by the tests."""
    token = {"type": "bot", "user_id": BOT_USER, "app_id": APP, "bot_id": BOT_ID, "bot_user_id": BOT_USER}
    return {
        "team": {"name": "The school", "domain": "school"},
        "users": [{"name": name, "real_name": real} for name, real in PEOPLE.items()],
        "channels": [{"name": "staffroom"}],
        "oauth_apps": [
            {
                "app_id": APP,
                "client_id": "1.2",
                "client_secret": "unused",
                "name": "Signpost",
                "redirect_uris": [],
                "scopes": sorted(SCOPES),
                "bot_id": BOT_ID,
                "bot_user_id": BOT_USER,
                "bot_name": "signpost",
            }
        ],
        "tokens": [
            {"token": BOT, "scopes": sorted(SCOPES), **token},
            {"token": NARROW, "scopes": sorted(set(SCOPES) - {"chat:write"}), **token},
            {"token": ADMIN, "user": "admin"},
            {"token": DSL, "user": "dsl"},
        ],
        "strict_scopes": True,
    }


class Emulate:
    """The process."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process = subprocess.Popen(
            ["node", str(_FOLDER / "emulate.mjs"), json.dumps(seed()), str(self.port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._said: Queue[str] = Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self._next()
        self.url = f"http://127.0.0.1:{self.port}/api/"

    def fresh(self) -> None:
        """Forget everything that happened, and begin the workspace anew."""
        assert self._process.stdin
        self._process.stdin.write("again\n")
        self._process.stdin.flush()
        self._next()

    def close(self) -> None:
        self._process.kill()
        self._process.wait(DEADLINE)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def _next(self) -> str:
        try:
            return self._said.get(timeout=DEADLINE)
        except Empty:
            raise AssertionError("emulate never answered") from None

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._said.put(line)


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def started() -> Emulate:
    """The process of this run, or a skip that says why there is none."""
    why = missing()
    if why:
        pytest.skip(why)
    return _running()


@cache
def _running() -> Emulate:
    made = Emulate()
    atexit.register(made.close)
    return made
