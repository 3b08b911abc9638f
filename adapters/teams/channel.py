"""Microsoft Teams as a chat: the parts of this folder put together, and who is in the DSL place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import structlog
from aiohttp import web

from adapters.port import Finding, House
from adapters.teams.delivery import Delivery
from adapters.teams.doctor import Doctor
from adapters.teams.fields import Json
from adapters.teams.hearing import Hearing
from adapters.teams.hosting import Host, InvokeAnswer, KeysUnreachableError
from adapters.teams.learning import Learner
from adapters.teams.people import People, aad
from adapters.teams.places import Places
from adapters.teams.posting import Poster
from adapters.teams.tokens import ConnectorError
from bot import Alert, Failed, Guidance, Part, Receipt, RosterUnreadable, Words

_log = structlog.get_logger("signpost.teams")
_ROSTER_WITHIN = 2.0  # seconds: an invoke must be answered in five


class TeamsChannel:
    """One school's Teams. What it knows of places is in the ledger; it is nothing until it is opened."""

    name = "teams"

    def __init__(
        self, host: Host, guidance: Callable[[], Guidance], tenant_id: str, dsl_conversation: str = ""
    ) -> None:
        """`dsl_conversation` is where the DSL is told, if the settings say so; else it is learnt by a code."""
        self._host, self._guidance = host, guidance
        connector = host.connector
        self._places = Places(connector, tenant_id, dsl_conversation)
        self._people = People(connector, lambda: guidance().library.school, tenant_id)
        self._delivery = Delivery(connector, self._places, lambda: guidance().library.school)
        self._doctor = Doctor(host, self._places, self._people, lambda: guidance().library)
        self._hearing: Hearing | None = None
        self._house: House | None = None

    # ---- what the core asks of it

    async def deliver(self, alert: Alert) -> Receipt:
        """Put the alert in front of those it is for, or redraw it where it stands."""
        if self._house is None:
            return Failed("Teams is not open yet", retry_after=1)
        return await self._delivery.deliver(alert)

    async def members(self, place: str) -> frozenset[str]:
        """Who is in the DSL place at this moment, as Teams says it now. Raises `RosterUnreadable`."""
        return frozenset(f"{self.name}:{id_}" for each in await self._roster(place) if (id_ := aad(each)))

    async def names(self, place: str) -> Mapping[str, Words]:
        """The full members of our tenant who are there, by name. Raises `RosterUnreadable`."""
        found = self._people.names(await self._roster(place))
        return {f"{self.name}:{id_}": name for id_, name in found.items()}

    async def _roster(self, place: str) -> list[Json]:
        if place != "dsl":
            return []
        spot = await self._places.dsl()
        if spot is None:
            raise RosterUnreadable("no DSL conversation is known in Teams")
        try:
            async with asyncio.timeout(_ROSTER_WITHIN):
                return await self._host.connector.members(spot.service_url, spot.conversation)
        except TimeoutError:
            raise RosterUnreadable("Teams did not say in time who is in the DSL place") from None
        except ConnectorError as error:
            raise RosterUnreadable(str(error)) from None

    async def prove(self, parts: tuple[Part, ...], receipt: str | None) -> Receipt:
        """Edit the standing message in the DSL place, or put it there."""
        if self._house is None:
            return Failed("Teams is not open yet", retry_after=1)
        return await self._delivery.prove(parts, receipt)

    # ---- what main asks of it

    def routes(self) -> Sequence[web.RouteDef]:
        """`POST /api/messages`."""
        return [self._host.route(self._hear)]

    @asynccontextmanager
    async def open(self, house: House, *, listening: bool) -> AsyncIterator[None]:
        """Take up what is known of places. With `listening`, have Microsoft's keys before anybody writes."""
        self._house = house
        learner = Learner(self._host.connector, self._places, self._people, lambda: house.guidance().library)
        poster = Poster(self._host.connector)
        self._hearing = Hearing(house, self._places, self._people, poster, self._delivery, learner)
        await self._places.open(house.ledger, house.clock)
        if listening:
            try:
                await self._host.warm()
            except KeysUnreachableError as error:
                _log.error(
                    "teams_keys_not_warmed", reason=str(error)
                )  # they are asked for again with the first message
        try:
            yield
        finally:
            await self._host.close()
            self._hearing = self._house = None

    async def examine(self, now: datetime) -> Sequence[Finding]:
        """Everything that is wrong: login, keys, staff, the DSL place and who is in it."""
        if self._house is None:
            return [Finding("Teams was not looked at", "adapters/teams", "it is not open", "Open it first.")]
        return await self._doctor.examine(self._house.ledger, now)

    async def _hear(self, raw: dict[str, Any]) -> InvokeAnswer | None:
        if self._hearing is None:
            return InvokeAnswer(status=503)
        return await self._hearing.hear(raw)
