"""`signpost serve` as a process of its own, connected by its settings to the Teams of a test."""

from __future__ import annotations

import asyncio
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot import new_master_key
from policy_content import load
from tests.channels.school import COMMAND, DEADLINE, environment
from tests.channels.teams.client import Teams
from tests.channels.teams.connector import Conversation
from tests.evidence.processes import free_port


def content(folder: Path) -> Path:
    """A school's own folder: real people, and who its staff are."""
    folder.mkdir()
    shipped = Path(load().school.file)
    text = (shipped if shipped.is_absolute() else Path("policy_content") / shipped).read_text("utf-8")
    people = "\n".join(
        f"  {role}: {{name: {role.title()} Person, phone: 01632 960000, chats: {{teams: {role}}}}}"
        for role in ("dsl", "head", "chair")
    )
    deputies = "  deputies: [{name: Deputy Person, phone: 01632 960000, chats: {teams: deputy-1}}]"
    text = re.sub(r"people:\n.*?\n\n", f"people:\n{people}\n{deputies}\n\n", text, count=1, flags=re.DOTALL)
    text = text.replace("email_domains: []", "email_domains: [school.example]")
    (folder / "school.yaml").write_text(text, "utf-8")
    return folder


async def eventually(condition: Callable[[], Any], what: str) -> Any:
    """What `condition` gives once it is true. A command that starts on a busy machine, and a reply that is owed after a
    quarter of a minute, may take longer than anything else here.
    """
    give_up = time.monotonic() + 3 * DEADLINE
    while not (found := condition()):
        assert time.monotonic() < give_up, f"never came: {what}"
        await asyncio.sleep(0.02)
    return found


@dataclass
class Serve:
    """The command as a process. What it prints is kept in files."""

    settings: dict[str, Any]
    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    async def start(self) -> None:
        with (self.folder / "out").open("wb") as out, (self.folder / "err").open("ab") as err:
            self.process = subprocess.Popen(
                [COMMAND, "serve"], env=environment(**self.settings), stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )
        await eventually(self._serving, "that it serves")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)

    def _serving(self) -> bool:
        assert self.process.poll() is None, f"it ended: {(self.folder / 'err').read_text()}"
        return "Serving on" in (self.folder / "out").read_text()


def serving(folder: Path, teams: Teams, team: Conversation) -> Serve:
    """The command that serves this Teams from this folder, not started yet. Teams is pointed at it."""
    given, port = teams.settings(), free_port()
    teams.endpoint = f"http://127.0.0.1:{port}/api/messages"
    settings = {
        "data": folder / "data",
        "content": content(folder / "content"),
        "keys": new_master_key("1"),
        "port": port,
        "log_level": "WARNING",
        "teams_dsl_conversation": team.id,
    }
    return Serve(settings | {f"teams_{name}": value for name, value in given.items()}, folder)
