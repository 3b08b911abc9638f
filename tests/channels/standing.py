"""More people than the contract needs, and how they come into the DSL place and leave it, by each channel's own means."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.console import channel as console
from adapters.web.channel import Seat
from tests.channels.contract import Running
from tests.channels.school import WORDS

COLLEAGUE, OTHER_DSL = "colleague", "other-dsl"
_NAMES = {COLLEAGUE: "Ms Ida Frost", OTHER_DSL: "Ms Ada Lowe"}


class Standing:
    """Who is in the DSL place of a running channel. `come` first: then the two of `_NAMES` are there too, outside it."""

    def __init__(self, running: Any, monkeypatch: pytest.MonkeyPatch):
        self._running, self._patch = running, monkeypatch

    async def come(self) -> None:
        """Both are at work."""

    async def joins(self, seat: str) -> None:
        """They are in the DSL place from now on."""
        raise NotImplementedError

    async def leaves(self, seat: str) -> None:
        """They are not, from now on. What stands on their screen is left there."""
        raise NotImplementedError

    async def presses_what_they_still_have(self, seat: str) -> None:
        """Press Open on the card of the DSL place, as it stood before them."""
        await self._running.presses(seat, WORDS.open_button)


class _Practice(Standing):
    """Practice has one person in its DSL place for good: here others come in and go."""

    async def come(self) -> None:
        name = self._running.channel.name
        self.inside = {f"{name}:dsl"}

        async def members(place: str) -> frozenset[str]:
            return frozenset(self.inside) if place == "dsl" else frozenset()

        self._patch.setattr(self._running.channel, "members", members)

    async def joins(self, seat: str) -> None:
        self.inside.add(self._running.person(seat))

    async def leaves(self, seat: str) -> None:
        self.inside.remove(self._running.person(seat))


class _Web(_Practice):
    async def come(self) -> None:
        await super().come()
        seats = {seat: Seat(seat, name, "Staff", "Their chat", "left") for seat, name in _NAMES.items()}
        self._patch.setattr(self._running.channel, "_seats", self._running.channel._seats | seats)


class _Console(_Practice):
    async def come(self) -> None:
        await super().come()
        self._patch.setattr(console, "HATS", (*console.HATS, *_NAMES))


class _Slack(Standing):
    """Members of a private channel."""

    async def joins(self, seat: str) -> None:
        front = self._running.front
        await front.as_dsl("conversations.invite", channel=front.dsl, users=front.users[seat])
        self._running.inside.add(seat)

    async def leaves(self, seat: str) -> None:
        front = self._running.front
        if seat == "dsl":
            await front.as_dsl("conversations.leave", channel=front.dsl)
        else:
            await front.as_dsl("conversations.kick", channel=front.dsl, user=front.users[seat])


class _Teams(Standing):
    """The roster of a private channel's team."""

    async def come(self) -> None:
        school = self._running.school
        for seat, name in _NAMES.items():
            school.people[seat] = school.teams.person(name)
            school.people[seat].account.aad, school.people[seat].account.installed = seat, True

    async def joins(self, seat: str) -> None:
        school = self._running.school
        school.team.people.append(school[seat].account)

    async def leaves(self, seat: str) -> None:
        school = self._running.school
        school.team.people.remove(school[seat].account)

    async def presses_what_they_still_have(self, seat: str) -> None:
        someone = self._running.school[seat]
        someone.closes()
        await someone.presses(WORDS.open_button, self._running.school.team)
        someone.told += someone.sees().split("\n") if someone.dialog else []


_KINDS: dict[str, type[Standing]] = {"web": _Web, "console": _Console, "slack": _Slack, "teams": _Teams}


async def standing(running: Running, monkeypatch: pytest.MonkeyPatch) -> Standing:
    """The people of this running channel, all at work."""
    made = _KINDS[running.channel.name](running, monkeypatch)
    await made.come()
    return made
