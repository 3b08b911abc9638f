"""Who somebody is: full members of this workspace are staff; guests, bots and people of other organisations are not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from adapters.slack.heard import Caller
from adapters.slack.web import SlackError, Web
from bot import Person, Words

_KEPT = timedelta(minutes=5)
_MOST_KEPT = 5000
_SECONDS = 1.2  # that a message waits for this: Slack waits with it
_NOBODY = frozenset({"user_not_found", "user_not_visible"})
_OUTSIDE = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger", "is_app_user")


class CannotTellError(Exception):
    """Slack cannot be asked who this is just now: neither staff nor a stranger."""


class People:
    """Asks Slack about people, and remembers each answer for five minutes."""

    def __init__(self, web: Web, clock: Callable[[], datetime]) -> None:
        self._web, self._clock = web, clock
        self._known: dict[str, tuple[datetime, Person]] = {}
        self._asking: dict[str, asyncio.Task[Person]] = {}

    async def who(self, caller: Caller) -> Person:
        """The person, and whether they are staff. Raises `CannotTellError`."""
        person = await self.person(caller.user)
        # What comes from a channel shared with another organisation may name theirs as the place it came by.
        here = (self._web.known.team if self._web.known else "") or caller.here
        return person if caller.team == here else Person(person.id, person.name, staff=False)

    async def person(self, user: str) -> Person:
        """The same, by their id. Raises `CannotTellError`."""
        now = self._clock()
        at, known = self._known.get(user, (None, None))
        if known and at and timedelta(0) <= now - at < _KEPT:
            return known
        asking = self._asking.get(user) or self._begin_to_ask(user)
        done, _ = await asyncio.wait({asking}, timeout=_SECONDS)
        if not done:
            raise CannotTellError("Slack is slow to say who it is")
        try:
            return asking.result()
        except SlackError as error:
            raise CannotTellError(str(error)) from None

    async def names(self, users: Iterable[str]) -> dict[str, Words]:
        """Those of them who are staff and have a name, by the ids that we know them by. Whom Slack does not tell of now
        is left out.
        """
        found = await asyncio.gather(*map(self.person, users), return_exceptions=True)
        for failed in found:
            if isinstance(failed, BaseException) and not isinstance(failed, CannotTellError):
                raise failed
        known = [one for one in found if isinstance(one, Person)]
        return {one.id: one.name for one in known if one.staff and one.name}

    async def close(self) -> None:
        """Ask no further."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    def _begin_to_ask(self, user: str) -> asyncio.Task[Person]:
        """Asked once for all who wait, and to the end: an answer too late for this message is there when it comes again."""
        asking = self._asking[user] = asyncio.create_task(self._ask_and_remember(user))
        asking.add_done_callback(lambda done: (self._asking.pop(user, None), done.cancelled() or done.exception()))
        return asking

    async def _ask_and_remember(self, user: str) -> Person:
        found = await self._ask(user)
        if len(self._known) >= _MOST_KEPT:
            self._known.clear()
        self._known[user] = (self._clock(), found)
        return found

    async def _ask(self, user: str) -> Person:
        me = await self._web.me()
        try:
            said = (await self._web.call("users.info", user=user)).get("user") or {}
        except SlackError as error:
            if error.code not in _NOBODY:
                raise
            return Person(f"slack:{user}", Words(""), staff=False)
        return Person(f"slack:{user}", Words(_name(said)), staff=is_staff(said, me.team))


def is_staff(user: Any, team: str) -> bool:
    """True for a full member of this workspace, as `users.info` describes one."""
    home = user.get("team_id") or (user.get("profile") or {}).get("team") or team
    return bool(home == team and not any(user.get(mark) for mark in _OUTSIDE))


def _name(user: Any) -> str:
    profile = user.get("profile") or {}
    names = (profile.get("real_name"), user.get("real_name"), profile.get("display_name"), user.get("name"))
    return next((str(name) for name in names if name), "")
