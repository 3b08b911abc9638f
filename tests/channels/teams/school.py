"""A practice school whose chat is Teams: the real endpoint, desk, ledger and bell, and Teams itself on loopback."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web

from adapters import practice
from adapters.server import Signpost, served, utc_now
from adapters.shelf import Shelf
from adapters.teams.channel import TeamsChannel
from adapters.teams.hosting import Host
from bot import Channel, open_ledger
from policy_content.model import Library, People, SchoolPerson, Staff
from tests.channels.school import ACCOUNT, LIBRARY, WORDS, come_true
from tests.channels.teams import cards
from tests.channels.teams.client import TENANT, Someone, Teams, teams_on_loopback
from tests.channels.teams.connector import Conversation

ROLES = ("dsl", "deputy-1", "head", "chair")  # their Teams ids too


def dress(library: Library) -> Library:
    """Practice people with Teams ids, and a staff domain that is not the pupils'."""
    school = practice.dress(library).school
    named = dict(school.people.everyone())

    def placed(role: str) -> SchoolPerson:
        return named[role].model_copy(update={"chats": {"teams": role}, "email": f"{role}@school.example"})

    people = People(dsl=placed("dsl"), deputies=(placed("deputy-1"),), head=placed("head"), chair=placed("chair"))
    staff = Staff(email_domains=("school.example",))
    return library.model_copy(update={"school": school.model_copy(update={"people": people, "staff": staff})})


@cache
def teams_shelf() -> Shelf:
    """The shipped content with those people, read once."""
    return Shelf(None, None, dress)


@dataclass
class TeamsSchool:
    """One running Signpost in one tenant, and the people of its stories."""

    teams: Teams
    signpost: Signpost
    channel: TeamsChannel
    team: Conversation  # the private team's channel
    staffroom: Conversation  # a channel of all staff
    people: dict[str, Someone] = field(default_factory=dict)

    def __getitem__(self, role: str) -> Someone:
        return self.people[role]

    async def logs(self, who: str = "teacher", values: Mapping[str, str] = ACCOUNT, about: str = "pupils") -> str:
        """Somebody logs a concern in their own chat and sends it. Gives its reference."""
        someone = self[who]
        await someone.types("log a concern")
        await someone.presses(getattr(WORDS, f"about_{about}"))
        await someone.fills(dict(values))
        await someone.presses(WORDS.send_button)
        return next(word for word in someone.sees().split() if word.startswith("TA-"))

    async def is_told(self, who: str, words: str, where: Conversation | None = None) -> str:
        """Wait until this person sees these words."""
        someone = self[who]
        return await come_true(lambda: someone.sees(where) if words in someone.sees(where) else "", f"“{words}”")


def cast(teams: Teams) -> dict[str, Someone]:
    """The people of the stories, the same however often Signpost starts. Everybody has the app."""
    named = dict(practice.dress(LIBRARY).school.people.everyone())
    people = {"teacher": teams.person("Sam Carter")}
    people |= {role: teams.person(named[role].name) for role in ROLES}
    people["visitor"] = teams.person("Jo Pupil", domain="pupils.school.example")
    for role, someone in people.items():
        someone.account.aad, someone.account.installed = role, True
    return people


def kept(teams: Teams, place: Conversation) -> str:
    """What is kept of a conversation that was learnt."""
    about = {"id": place.id, "conversationType": place.kind, "tenantId": TENANT}
    data = {"tenant": {"id": TENANT}, "team": {"id": place.team}}
    return json.dumps(
        {"channelId": "msteams", "serviceUrl": teams.connector.url, "conversation": about, "channelData": data}
    )


@asynccontextmanager
async def running(
    folder: Path,
    teams: Teams,
    *,
    shelf: Shelf | None = None,
    learnt: bool = True,
    configured: str = "",
    beside: Mapping[str, Channel] | None = None,
    listening: bool = True,
    **host: Any,
) -> AsyncIterator[TeamsSchool]:
    """Signpost in this folder, hearing this Teams. `learnt` says that the DSL place is known; `beside` are other routes."""
    shelf = shelf or teams_shelf()
    home = practice.folder(folder)
    ledger = await open_ledger(f"sqlite+aiosqlite:///{home / 'teams.db'}", practice.vault(home), LIBRARY.school.short)
    people, team, staffroom = _tenant(teams)
    if learnt and await ledger.place("teams/dsl") is None:
        await ledger.keep_place("teams/dsl", kept(teams, team), utc_now())
    settings = teams.settings() | host
    channel = TeamsChannel(Host(**settings), shelf.guidance, settings["tenant_id"], configured)
    signpost = Signpost.of(shelf, ledger, {"teams": channel, **(beside or {})})
    site = web.Application(client_max_size=2**20)
    site.add_routes([*signpost.routes(), *channel.routes()])
    async with (
        channel.open(signpost.house(), listening=listening),
        served(site, signpost, "127.0.0.1", 0) as port,
    ):
        teams.endpoint = f"http://127.0.0.1:{port}/api/messages"
        yield TeamsSchool(teams, signpost, channel, team, staffroom, people)
        await come_true(lambda: signpost.rests, "a moment in which the bell rests")


def _tenant(teams: Teams) -> tuple[dict[str, Someone], Conversation, Conversation]:
    people = cast(teams)
    found = {each.name: each for each in teams.connector.conversations.values()}
    team = found.get("Safeguarding") or teams.channel("Safeguarding", people["dsl"])
    staffroom = found.get("Staffroom") or teams.channel("Staffroom", *people.values())
    return people, team, staffroom


# ---- as the contract of all channels meets it


@asynccontextmanager
async def for_the_contract(folder: Path) -> AsyncIterator[TeamsRunning]:
    """Teams, with everybody in front of it."""
    async with teams_on_loopback() as teams, running(folder, teams) as school:
        yield TeamsRunning(school)


@dataclass
class TeamsRunning:
    """Seats are people; the DSL's also sees the safeguarding team's channel."""

    school: TeamsSchool

    @property
    def channel(self) -> TeamsChannel:
        return self.school.channel

    @property
    def desk(self) -> Any:
        return self.school.signpost.desk

    def person(self, seat: str) -> str:
        return f"{self.channel.name}:{seat}"

    async def says(self, seat: str, words: str, *, shared: bool = False) -> None:
        await self.school[seat].types(words, self.school.staffroom if shared else None)

    async def presses(self, seat: str, label: str) -> None:
        someone = self.school[seat]
        if someone.dialog is not None:
            await someone.presses(label)
            return
        shown = [(int(post.id), where) for where in self._places(seat) for post in self._posts(seat, where)
                 if any(cards.action(card, label) for card in post.cards(someone.account.id))]  # fmt: skip
        _, where = max(shown, key=lambda found: found[0])
        await someone.presses(label, where)

    async def fills(self, seat: str, values: Mapping[str, str]) -> None:
        await self.school[seat].fills(dict(values))

    async def seen(self, seat: str) -> str:
        someone = self.school[seat]
        dialog = cards.texts(someone.dialog.card) if someone.dialog else ()
        return "\n".join([*await self.posts(seat), *dialog, *someone.told])

    async def posts(self, seat: str) -> list[str]:
        viewer = self.school[seat].account.id
        return [
            "\n".join(cards.texts(post.cards(viewer)))
            for where in self._places(seat)
            for post in self._posts(seat, where)
        ]

    async def leave(self) -> None:
        """Teams is there whether or not anybody has it open."""

    def _places(self, seat: str) -> list[Conversation]:
        account = self.school[seat].account
        found = self.school.teams.connector.conversations.values()
        return [each for each in found if account in each.people]

    def _posts(self, seat: str, where: Conversation) -> list[Any]:
        return where.by(self.school.teams.connector.bot)
