"""Putting alerts and replies in front of people: to which conversation, in which thread, or in the place of what stands there."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from adapters.teams.connector import Connector
from adapters.teams.places import Places, Spot, whole
from adapters.teams.posting import Poster, delivered, failed, where
from adapters.teams.tokens import ConnectorError
from bot import Alert, Delivered, Failed, Part, Receipt
from policy_content.model import School

_REMEMBERED = 2_000  # posts of this process that are not posted a second time


class _NobodyError(Exception):
    """There is nobody of that name here, or nobody has said where they are. `str()` is for operators."""


class Delivery:
    """Delivers. Never raises for what Teams answers."""

    def __init__(self, connector: Connector, places: Places, school: Callable[[], School]) -> None:
        self._places, self._school, self._poster = places, school, Poster(connector)
        self._posted: OrderedDict[str, str] = OrderedDict()  # by an alert's key: its receipt
        self._instead: dict[str, str] = {}  # by a reply's key: the pressed card that it is to replace
        self._shut_out: set[str] = set()  # keys of replies that Teams refused: that person does not have the app

    def replaces(self, key: str, receipt: str) -> None:
        """The reply of this key belongs in the place of the card that was pressed."""
        self._instead[key] = receipt

    def was_shut_out(self, key: str) -> bool:
        """Did Teams refuse the reply of this key, because whoever it is for does not have the app? Said once."""
        known = key in self._shut_out
        self._shut_out.discard(key)
        return known

    async def deliver(self, alert: Alert) -> Receipt:
        """Show it, or redraw it where it stands."""
        place = alert.told == "dsl"
        try:
            receipt = await self._shown(alert)
        except _NobodyError as error:
            return Failed(str(error), lasting=True, route=place)
        except ConnectorError as error:
            if error.status in {403, 404} and alert.kind == "reply" and len(self._shut_out) < _REMEMBERED:
                self._shut_out.add(alert.key)
            return failed(error, place=place)
        self._posted[alert.key] = receipt
        if len(self._posted) > _REMEMBERED:
            self._posted.popitem(last=False)
        # A reply is never redrawn: that Teams took it is enough, and once more would be once too often.
        return Delivered(receipt) if alert.kind == "reply" else delivered(receipt)

    async def prove(self, parts: tuple[Part, ...], receipt: str | None) -> Receipt:
        """Edit the standing message in the DSL place, or put it there."""
        try:
            spot = await self._place("dsl")
            return delivered(await self._poster.standing(spot, receipt or "", parts))
        except _NobodyError as error:
            return Failed(str(error), lasting=True, route=True)
        except ConnectorError as error:
            return failed(error, place=True)

    async def _shown(self, alert: Alert) -> str:
        before = self._posted.get(alert.key)
        reply = alert.kind == "reply"
        if reply and before:
            return before  # heard twice, answered once
        stands = self._instead.pop(alert.key, "") if reply else alert.receipt or before
        if alert.told.startswith("person:"):
            return await self._to_person(alert, stands)
        spot = await self._place(alert.told)
        if stands and await self._poster.redrawn(spot, stands, alert.parts):
            return stands
        under = await self._thread(alert, spot)
        receipt = await self._poster.post(spot, alert.parts, under=under, notify=True)
        if (
            alert.told == "dsl"
            and alert.kind == "concern"
            and spot.channel
            and not await self._places.thread(alert.ref)
        ):
            await self._places.keep_thread(alert.ref, receipt)
        return receipt

    async def _to_person(self, alert: Alert, stands: str | None) -> str:
        """To a personal chat. One that we knew and Teams no longer does is asked for again, once."""
        channel, _, person = alert.told.removeprefix("person:").partition(":")
        if channel != "teams" or not person:
            raise _NobodyError("nobody of that name is in Teams")
        known = await self._places.known(person)
        spot = known or await self._places.make(person)
        try:
            return await self._put(spot, alert, stands)
        except ConnectorError as error:
            if known is None or error.status not in {403, 404} or error.code == "MessageWritesBlocked":
                raise
            again = await self._places.make(person)
            if again.conversation == known.conversation:
                raise
            return await self._put(again, alert, "")

    async def _put(self, spot: Spot, alert: Alert, stands: str | None) -> str:
        if stands and await self._poster.redrawn(spot, stands, alert.parts):
            return stands
        return await self._poster.post(spot, alert.parts, notify=alert.kind != "reply")

    async def _place(self, told: str) -> Spot:
        """Where this role is told. Raises `_NobodyError`."""
        if told == "dsl":
            spot = await self._places.dsl()
            if spot is None:
                raise _NobodyError(
                    "no DSL conversation is known in Teams: run `signpost doctor` and type its code there"
                    if not self._places.configured
                    else "nobody has written to Signpost in Teams yet, so its service address is not known"
                )
            return spot
        person = next((person for role, person in self._school().people.everyone() if role == told), None)
        id_ = person.chats.get("teams") if person else None
        if not id_:
            raise _NobodyError(f"school.yaml has no Teams id for “{told}”: put it under chats: {{teams: …}}")
        return await self._places.known(id_) or await self._places.make(id_)

    async def _thread(self, alert: Alert, spot: Spot) -> str:
        """The concern's own alert in this channel, if what follows on it is being told and it is known."""
        if alert.told != "dsl" or alert.kind == "concern" or not alert.ref or not spot.channel:
            return ""
        conversation, activity = where(await self._places.thread(alert.ref))
        return activity if whole(conversation) == spot.conversation else ""
