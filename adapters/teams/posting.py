"""Putting what is drawn into a conversation, and redrawing it there.

A receipt is `conversation;activity`: all that is needed to find a post again.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from adapters.teams.connector import Connector
from adapters.teams.fields import Json
from adapters.teams.places import Spot, in_thread, whole
from adapters.teams.render import activities
from adapters.teams.tokens import ConnectorError, LoginRefusedError
from bot import Delivered, Failed, Part, Receipt

_log = structlog.get_logger("signpost.teams.posting")


def receipt_of(conversation: str, activity: str) -> str:
    """The receipt of a post."""
    return f"{conversation};{activity}"


def where(receipt: str) -> tuple[str, str]:
    """The conversation and the activity of a receipt."""
    conversation, _, activity = receipt.rpartition(";")
    return conversation, activity


class Poster:
    """Posts parts. Every method raises `ConnectorError`."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    async def post(self, spot: Spot, parts: Sequence[Part], *, under: str = "", notify: bool = False) -> str:
        """Post these parts, in as many messages as they need. Gives the receipt of the first.

        `under` is the activity whose thread it belongs in, in a channel. `notify` makes Teams tell people that it came.
        """
        conversation = in_thread(spot.conversation, under) if under and spot.channel else spot.conversation
        return await self.say(spot.service_url, conversation, parts, notify=notify)

    async def say(self, service_url: str, conversation: str, parts: Sequence[Part], *, notify: bool = False) -> str:
        """Post these parts to a conversation, or to a thread in it, as an activity named it."""
        first = ""
        for activity in activities(parts):
            id_ = await self._connector.send(service_url, conversation, _loud(activity) if notify else activity)
            first = first or id_
        return receipt_of(conversation, first)

    async def standing(self, spot: Spot, receipt: str, parts: Sequence[Part]) -> str:
        """Edit the one message that stands there for this, or post it if it is not there (any more)."""
        if receipt and whole(where(receipt)[0]) == spot.conversation and await self.redrawn(spot, receipt, parts):
            return receipt
        return await self.post(spot, parts)

    async def redrawn(self, spot: Spot, receipt: str, parts: Sequence[Part]) -> bool:
        """True if it stands there now; False if there is nothing any more to put it in the place of."""
        try:
            await self.redraw(spot.service_url, receipt, parts)
        except ConnectorError as error:
            if error.status in {403, 404} and error.code != "MessageWritesBlocked":
                _log.info("teams_redraw_finds_nothing", status=error.status, code=error.code)
                return False
            raise
        return True

    async def redraw(self, service_url: str, receipt: str, parts: Sequence[Part]) -> None:
        """Put these in the place of what stands there. What stands there is one message, and so is what takes its place:
        an alert holds no narrative, and never grows to two.
        """
        conversation, activity = where(receipt)
        await self._connector.update(service_url, conversation, activity, activities(parts)[0])


def _loud(activity: Json) -> Json:
    return activity | {"channelData": {"notification": {"alert": True}}}


def failed(error: ConnectorError, *, place: bool = False) -> Failed:
    """Why it did not arrive, as the bell wants it. `place` says that it was for the DSL's: where that is shut, the route is."""
    shut = isinstance(error, LoginRefusedError) or error.status == 401 or (place and error.status in {403, 404})
    return Failed(str(error), lasting=error.lasting, retry_after=error.retry_after, route=error.lasting and shut)


def delivered(receipt: str) -> Receipt:
    """It stands there; unless Teams took it and did not say where."""
    return Delivered(receipt) if where(receipt)[1] else Failed("Teams took it and gave no id for it")
