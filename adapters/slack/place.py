"""Where people are found in Slack: the private DSL channel and who is in it, and each person's direct message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from adapters.slack.web import SlackError, Web
from bot import Guidance, RosterUnreadable

_SHARED = ("is_shared", "is_ext_shared", "is_pending_ext_shared", "is_org_shared")

_LOOK_EVERY = 30.0  # seconds
_SECONDS = 2.0  # for Slack to say how the channel is: an alert waits for it


class NobodyError(Exception):
    """There is nobody of that name in Slack. `str()` says what is missing."""


class Place:
    """The DSL channel, and direct messages."""

    def __init__(self, web: Web, dsl: str, guidance: Callable[[], Guidance]) -> None:
        """`dsl` is the id of the private channel."""
        self._web, self.dsl, self._guidance = web, dsl, guidance
        self._looked: float | None = None  # when Slack last said how the DSL channel is, by the event loop's clock
        self._wrong: list[str] = []
        self._direct: dict[str, str] = {}  # a direct conversation keeps its id for ever

    async def of(self, told: str) -> str:
        """The conversation in which these are told. Raises `SlackError` and `NobodyError`."""
        return self.dsl if told == "dsl" else await self.direct(self._user(told))

    async def direct(self, user: str) -> str:
        """The direct message with this person. Raises `SlackError`."""
        if user not in self._direct:
            found = await self._web.call("conversations.open", users=user)
            self._direct[user] = str(found["channel"]["id"])
        return self._direct[user]

    def is_direct(self, channel: str) -> bool:
        """True for a direct message that we have written to."""
        return channel in self._direct.values()

    async def members(self, place: str) -> frozenset[str]:
        """Who is in the DSL channel at this moment, the bot aside. Never remembered. Raises `RosterUnreadable`."""
        if place != "dsl":
            return frozenset()
        try:
            inside = await self.inside()
        except SlackError as error:
            raise RosterUnreadable(str(error)) from None
        return frozenset(f"slack:{user}" for user in inside)

    async def inside(self) -> list[str]:
        """The ids of the DSL channel's members, the bot aside. Raises `SlackError`."""
        own = (await self._web.me()).user
        pages = self._web.pages("conversations.members", "members", channel=self.dsl)
        return [str(user) async for page in pages for user in page if user != own]

    async def described(self) -> Any:
        """What Slack says of the DSL channel. Raises `SlackError`."""
        return (await self._web.call("conversations.info", channel=self.dsl)).get("channel") or {}

    async def wrong_now(self) -> list[str]:
        """Why nothing must be posted in the DSL channel, asked at most every half a minute: somebody may have opened it up.

        Empty too where Slack does not say: an alert that nobody gets is worse, and the channel was private when we began.
        """
        now = asyncio.get_running_loop().time()
        if self._looked is None or now - self._looked >= _LOOK_EVERY:
            try:
                said = await self._web.call("conversations.info", seconds=_SECONDS, channel=self.dsl)
            except SlackError:
                return self._wrong
            self._looked, self._wrong = now, faults(said.get("channel") or {})
        return self._wrong

    def _user(self, told: str) -> str:
        kind, _, rest = told.partition(":")
        if kind == "person":
            if not rest.startswith("slack:") or rest == "slack:":
                raise NobodyError("this person is not known in Slack")
            return rest.removeprefix("slack:")
        person = dict(self._guidance().library.school.people.everyone()).get(told)
        user = person.chats.get("slack", "") if person else ""
        if not user:
            raise NobodyError(f"school.yaml has no Slack id for {kind or 'nobody'}")
        return user


def faults(channel: Any) -> list[str]:
    """Why alerts must not be posted here. Empty for a private channel of this workspace alone, with the bot in it."""
    found = []
    if channel.get("is_im") or channel.get("is_mpim"):
        found.append("it is a direct message, not a channel")
    elif not channel.get("is_private"):
        found.append("it is public")
    if any(channel.get(mark) for mark in _SHARED):
        found.append("it is shared with another organisation")
    if channel.get("is_archived"):
        found.append("it is archived")
    if channel.get("is_member") is False:
        found.append("the bot is not in it")
    return found
