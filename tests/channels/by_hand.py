"""Presses that nobody was offered: what somebody who knows a concern's id can send by hand, on each channel's own way in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot import Choice
from tests.channels.contract import Running
from tests.channels.slack.client import buttons, press
from tests.channels.slack.entry import messages
from tests.channels.teams import cards
from tests.channels.teams.entry import actions, over_the_wire

LABEL = "Pressed by hand"


async def _web(running: Any, seat: str, choice: str) -> None:
    await running.page.seat(seat).chooses(choice)


async def _console(running: Any, seat: str, choice: str) -> None:
    """As if it had been printed there: a terminal takes numbers alone."""
    running.channel._offered[seat] = [choice]
    await running.says(seat, "1")


async def _slack(running: Any, seat: str, choice: str) -> None:
    front, user = running.front, running.front.users[seat]
    (drawn,) = messages((Choice(LABEL, choice),))
    newest = running._messages(seat)[-1]
    body = press(buttons(drawn["blocks"], "choice")[0], trigger=await front.trigger(user))
    running._by(body, seat)
    body |= {"channel": {"id": newest.channel, "name": "x"}, "response_url": f"{front.url}/respond"}
    body["container"] |= {"channel_id": newest.channel, "message_ts": newest.ts}
    await running.heard(running.interaction(body))
    await running.channel._hearing.settle()


async def _teams(running: Any, seat: str, choice: str) -> None:
    someone = running.school[seat]
    await someone.types("topics")  # a card of its own for each press: the answer takes its place
    (card,) = over_the_wire((Choice(LABEL, choice),))
    (button,) = actions(card)
    await someone._acts(button, card, someone.newest(), someone.chat, {})
    if someone.dialog:  # what it said stays among what they have seen, when it is closed for the next press
        someone.told += cards.texts(someone.dialog.card)
        someone.closes()


_WAYS: dict[str, Callable[[Any, str, str], Awaitable[None]]] = {
    "web": _web,
    "console": _console,
    "slack": _slack,
    "teams": _teams,
}


async def press_by_hand(running: Running, seat: str, choice: str) -> None:
    """Send this press as the person who sits there; done when it has been answered."""
    await _WAYS[running.channel.name](running, seat, choice)
