"""Whoever types a DSL's code at the terminal: whose it is, and that the chat it was got in says they are on the team now."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from adapters import needs
from adapters.port import Chat
from adapters.server import Signpost, utc_now
from adapters.shelf import Shelf
from bot import Alert, Channel, Guidance, NotYoursError, Person, Receipt, RosterUnreadable
from bot.settings import Settings, half_connected

Make = Callable[[Settings, Shelf], Mapping[str, Channel]]
_TRIES = 2  # a command that has just started signs in first, which a chat's own limit may not leave time for
_SPENT = "The code is spent: the DSL gets a new one in chat"


@dataclass(frozen=True, slots=True)
class Holder:
    """The DSL whose code this is, in a Signpost whose chats are open. `now` is when the code was used."""

    signpost: Signpost
    guide: Guidance
    who: Person
    passphrase: str
    now: datetime


@asynccontextmanager
async def holder(found: Settings, make: Make, code: str) -> AsyncIterator[Holder]:
    """The one whose code this is. Ends the command, with nothing opened, for anybody else; for whoever is no longer on the
    team; where their chat does not say so; and for `NotYoursError` from within.
    """
    faults: list[str] = half_connected(found)
    shelf = needs.shelf(found, faults)
    if shelf is None or half_connected(found):
        needs.stop("nothing was opened", "Signpost could not begin", f"{needs.bullets(faults)}\nThe code is still good")
    made = make(found, shelf)
    chats = [chat for chat in made.values() if isinstance(chat, Chat)]
    if not chats:
        _not_connected("no chat is connected", "The code is still good")
    ledger = await needs.ledger(found, needs.key(found), shelf.guidance().library.school.short, begin="never")
    async with AsyncExitStack() as opened:
        opened.push_async_callback(ledger.close)
        signpost = Signpost.of(shelf, ledger, {name: _Asked(chat) for name, chat in made.items()})
        for chat in chats:
            await opened.enter_async_context(chat.open(signpost.house(), listening=False))
        now, guide = utc_now(), shelf.guidance()
        known = await signpost.desk.handing.holder(code, now)
        if known is None:
            needs.stop(
                "nothing was opened",
                "that is no DSL's code, or it has been used, or ten minutes have passed, or wrong ones were typed before it",
                "a DSL presses “Code for the terminal” or “Hand over” in chat and reads you a new one",
            )
        try:
            await _still_on_the_team(signpost, guide, known[0])
            yield Holder(signpost, guide, *known, now)
        except NotYoursError as error:
            needs.stop(
                f"{error} was not opened, nor was anything else",
                "there is no such concern, or it is not open to the DSL whose code this is",
                f"check the reference with them. {_SPENT}",
            )
        except _SilentError as error:
            needs.stop(
                f"nothing was opened: {error.chat.capitalize()} did not say who is in the DSL place now",
                f"{error}. A code opens nothing unless the chat says that its DSL is still on the team",
                f"try again when `signpost doctor` finds {error.chat.capitalize()} well. {_SPENT}",
            )


async def _still_on_the_team(signpost: Signpost, guide: Guidance, who: Person) -> None:
    """End the command unless the chat in which they got the code says that they are in the DSL place, or school.yaml names
    them as somebody to whom concerns go on. Which concerns are theirs is asked of each.
    """
    chat = signpost.channels.get(who.id.partition(":")[0])
    if chat is None:
        _not_connected(f"the code was got in {who.id.partition(':')[0].capitalize()}, which is not connected", _SPENT)
    inside = await chat.members("dsl")
    everyone = guide.library.school.people.everyone()
    if who.id not in inside and not any(role != "dsl" and who.id in person.ids() for role, person in everyone):
        needs.stop(
            "nothing was opened: the DSL whose code this is is not in the DSL place",
            f"{chat.name.capitalize()} was asked just now; whoever has left the safeguarding team opens nothing",
            "somebody who is in the DSL place presses “Code for the terminal” there and reads you theirs",
        )


def _not_connected(which: str, code: str) -> NoReturn:
    needs.stop(
        f"nothing was opened: {which} in this shell",
        "only the chat can say whether a DSL is on the team at this moment",
        f"run it with the settings that `signpost serve` has (SIGNPOST_SLACK_… or SIGNPOST_TEAMS_…). {code}",
    )


class _SilentError(Exception):
    """A chat did not say who is on the team. `str()` is why, for operators."""

    def __init__(self, chat: str, why: str) -> None:
        self.chat = chat
        super().__init__(why)


class _Asked:
    """A chat as the terminal has it. Where it cannot say who is on the team nobody is, nor whom school.yaml names: in the
    chat itself it is the chat that says who writes, here it is only a code that may be ten minutes old.
    """

    def __init__(self, chat: Channel) -> None:
        self._chat = chat
        self.name = chat.name

    async def members(self, place: str) -> frozenset[str]:
        """Who is in it now. Raises `_SilentError`, which nothing takes for an answer."""
        for left in reversed(range(_TRIES)):
            try:
                return await self._chat.members(place)
            except RosterUnreadable as error:
                if not left:
                    raise _SilentError(self.name, str(error)) from None
        raise AssertionError("there is at least one try")

    async def deliver(self, alert: Alert) -> Receipt:
        """Never asked: nothing rings from a command."""
        raise NotImplementedError
