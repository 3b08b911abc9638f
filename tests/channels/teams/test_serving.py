"""`signpost serve` itself, connected to Teams by its settings, and killed when it hurts most."""

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
from tests.channels.school import ACCOUNT, COMMAND, DEADLINE, WORDS, environment
from tests.channels.teams import cards
from tests.channels.teams.client import Teams
from tests.channels.teams.school import ROLES, cast
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


async def test_killed_between_commit_and_response_the_reference_still_comes(teams: Teams, tmp_path: Path) -> None:
    people = cast(teams)
    assert {people[role].account.aad for role in ROLES} == set(ROLES)
    team, port = teams.channel("Safeguarding", people["dsl"]), free_port()
    given = teams.settings()
    serve = Serve(
        {
            "data": tmp_path / "data",
            "content": content(tmp_path / "content"),
            "keys": new_master_key("1"),
            "port": port,
            "teams_app_id": given["app_id"],
            "teams_app_password": given["app_password"],
            "teams_tenant_id": given["tenant_id"],
            "teams_login_url": given["login_url"],
            "teams_openid_url": given["openid_url"],
            "teams_dsl_conversation": team.id,
        },
        tmp_path,
    )
    teams.endpoint = f"http://127.0.0.1:{port}/api/messages"
    sam = people["teacher"]
    await serve.start()
    try:
        await sam.types("log a concern")
        await sam.presses(WORDS.about_pupils)
        await sam.fills(ACCOUNT)
        asked = len(teams.connector.asked)
        teams.connector.hang()
        pressing = asyncio.ensure_future(sam.presses(WORDS.send_button))
        await eventually(lambda: "PUT" in str(teams.connector.asked[asked:]), "the card, after the commit")
        serve.kill()
        await asyncio.gather(pressing, return_exceptions=True)
        assert "TA-" not in sam.sees()
        teams.connector.work()

        await serve.start()

        # The card that was being changed may have been changed all the same: what is owed comes as a message of its own.
        await eventually(lambda: WORDS.interrupted_title in sam.sees(), "the reply that was owed")
        ref = re.search(r"TA-\d{4}-\d{4}", "\n".join(cards.texts(sam.newest().cards())))
        await eventually(lambda: ref[0] in people["dsl"].sees(team), "the alert")
        assert ref[0].endswith("0001")
    finally:
        serve.kill()
