"""The machine that Signpost runs on, beside a chat that is connected: a shell with the settings of `serve`, and a DSL in the
chat who asks for codes. What is typed there is a process of its own, which asks the chat itself.
"""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot import Message, Person, Sent, Words, case
from bot.concern import Concern
from policy_content import load
from tests.channels.contract import Running
from tests.channels.planted import found_in
from tests.channels.school import WORDS, signpost
from tests.channels.slack.emulate import BOT, PEOPLE
from tests.channels.slack.front import Fault
from tests.channels.slack.office import SECRET
from tests.channels.teams import cards

_CODE = re.compile(rf"{WORDS.handing.code}\W+([A-Z0-9]{{4}}-[A-Z0-9]{{4}})\b")
_PASSPHRASE = re.compile(rf"{WORDS.handing.passphrase}\W+((?:[a-z0-9]{{4}}-){{3}}[a-z0-9]{{4}})\b")


@dataclass(frozen=True)
class Shown:
    """What a command printed, and how it ended."""

    status: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """All of it."""
        return self.out + self.err


@dataclass
class Machine:
    """The shell, and the chat beside it. `home` is where `running` keeps its record."""

    running: Any
    home: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def chat(self) -> str:
        """The chat's name."""
        return str(self.running.channel.name)

    @property
    def ledger(self) -> Any:
        """The record, as the running Signpost has it."""
        return self.running.desk._ledger

    async def types(self, *arguments: str | Path, typed: str = "", **settings: str) -> Shown:
        """Type `signpost concerns …` there."""
        given = {name: value for name, value in (self.settings | settings).items() if value}
        done = await asyncio.to_thread(signpost, "concerns", *arguments, typed=typed, **given)
        assert "Traceback" not in done.stderr, done.stderr
        return Shown(done.returncode, done.stdout, done.stderr)

    async def code(self, seat: str = "dsl", *, handing_over: bool = False) -> tuple[str, str]:
        """Ask for a code in the chat, beside the list or by Hand over of what stands in the DSL place: the code, and the
        passphrase.
        """
        if handing_over:
            await self._opens(seat)
            await self.running.presses(seat, WORDS.case.more_button)
            await self.running.presses(seat, WORDS.handing.button)
        else:
            await self.running.says(seat, WORDS.commands.open_list[0])
            await self.running.presses(seat, WORDS.handing.code_button)
        window = self._window(seat)
        code, passphrase = _CODE.search(window), _PASSPHRASE.search(window)
        assert code, f"no code before {seat}: {window}"
        assert passphrase, f"no passphrase before {seat}: {window}"
        return code[1], passphrase[1]

    async def concern(self) -> Concern:
        """The first concern, as it stands now."""
        return (await self.ledger.all_concerns(None))[-1]

    async def entries(self) -> list[tuple[str, str]]:
        """What is in its chronology, and who did it."""
        return [(one.what, one.who.reveal()) for one in (await self.concern()).chronology]

    async def restricts(self, seat: str, concern: Concern) -> None:
        """Keep it to this person alone."""
        values = {"text": "why"}
        who = Person(self.running.person(seat), Words(self.name(seat)), staff=True)
        sent = Sent(
            f"restrict:{concern.id}:{case.moves(concern)}", {key: Words(v) for key, v in values.items()}, "save"
        )
        await self.running.desk.hear(Message(f"restrict-{seat}", who, form=sent), datetime.now(UTC))

    def name(self, seat: str) -> str:
        """What the chat calls them."""
        if self.chat == "slack":
            return PEOPLE[seat]
        return str(self.running.school[seat].account.name)

    def spends_ten_minutes(self) -> None:
        """Ten minutes go by for every code there is."""
        self._sql("update codes set ends_at = datetime(ends_at, '-10 minutes')")

    def codes(self) -> int:
        """How many codes are good still."""
        return int(self._sql("select count(*) from codes")[0][0])

    def _sql(self, statement: str) -> list[Any]:
        with closing(sqlite3.connect(self.home / f"{self.chat}.db")) as file, file:
            return file.execute(statement).fetchall()

    async def _opens(self, seat: str) -> None:
        """Press Open on the card in the DSL place."""
        if self.chat == "slack":
            await self.running.presses(seat, WORDS.open_button)
        else:
            await self.running.school[seat].presses(WORDS.open_button, self.running.school.team)

    def _window(self, seat: str) -> str:
        """What stands in the window before them, which is closed when it has been read."""
        if self.chat == "slack":
            shown = str(self.running.window(seat))
            self.running.front.windows.pop(self.running.front.users[seat])
            return shown
        someone = self.running.school[seat]
        assert someone.dialog, f"no dialog is before {seat}: {someone.told[-1:]}"
        drawn = "\n".join(cards.texts(someone.dialog.card))
        someone.closes()
        return drawn


class SlackDown:
    """What Slack can do instead of saying who is in the DSL channel."""

    def __init__(self, machine: Machine) -> None:
        self.front = machine.running.front

    def roster(self) -> None:
        """Everything but the list of members."""
        self.front.always("conversations.members", Fault(status=500))

    def all(self) -> None:
        """Nothing works."""
        self.front.always("*", Fault(status=503))


class TeamsDown:
    """The same of Teams."""

    def __init__(self, machine: Machine) -> None:
        self.school = machine.running.school

    def roster(self) -> None:
        """The app has been taken out of the DSL place."""
        self.school.team.installed = False

    def all(self) -> None:
        """Nothing is answered any more, the login included."""
        self.school.teams.connector.hang()
        self.school.teams.authority.hang()


def down(machine: Machine) -> SlackDown | TeamsDown:
    """How this chat breaks."""
    return SlackDown(machine) if machine.chat == "slack" else TeamsDown(machine)


def outgoing(running: Running) -> list[str]:
    """Every request that any Signpost has made of this chat, whole."""
    found: list[str] = running.front.sent if running.channel.name == "slack" else running.school.teams.connector.sent  # type: ignore[attr-defined]
    return found


def holding(requests: list[str], **secrets: str) -> list[str]:
    """Those requests in which one of these stands, plainly or wrapped."""
    return [request for request in requests if found_in(request, secrets)]


def machine(running: Any, folder: Path) -> Machine:
    """The machine of this running chat, whose record is in this folder."""
    home = folder / "practice"
    settings = {
        "data": str(home),
        "database_url": f"sqlite+aiosqlite:///{home / running.channel.name}.db",
        "keys_file": str(home / "practice.key"),
        "content": str(_content(folder / "content", running)),
        **_connected(running),
    }
    return Machine(running, home, settings)


def _connected(running: Any) -> dict[str, str]:
    if running.channel.name == "slack":
        front = running.front
        return {
            "slack_bot_token": BOT,
            "slack_dsl_channel": front.dsl,
            "slack_signing_secret": SECRET,
            "slack_api_url": f"{front.url}/api/",
        }
    return {f"teams_{name}": value for name, value in running.school.teams.settings().items()}


def _content(folder: Path, running: Any) -> Path:
    """The school's own folder, in which the people of the running chat are named by their ids there."""
    folder.mkdir()
    shipped = Path(load().school.file)
    text = (shipped if shipped.is_absolute() else Path("policy_content") / shipped).read_text("utf-8")
    name = running.channel.name

    def known(role: str) -> str:
        id_ = running.person(role).partition(":")[2]
        return f"{{name: {role.title()} Person, phone: 01632 960000, chats: {{{name}: {json.dumps(id_)}}}}}"

    named = "\n".join(f"  {role}: {known(role)}" for role in ("dsl", "head", "chair"))
    people = f"people:\n{named}\n  deputies: [{known('deputy-1')}]\n\n"
    (folder / "school.yaml").write_text(re.sub(r"people:\n.*?\n\n", people, text, count=1, flags=re.DOTALL), "utf-8")
    return folder
