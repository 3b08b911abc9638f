"""Where people are in Teams: the DSL conversation and everybody's personal chat, learnt from what Teams says and kept.

Each is kept as the raw JSON of an activity from there (without names), because that is what a later message needs. A
service address differs from tenant to tenant and from cloud to cloud, so it is only ever learnt.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from adapters.teams.connector import Connector
from adapters.teams.fields import Json, optional
from adapters.teams.read import Activity, Begun
from adapters.teams.tokens import ConnectorError
from bot import Ledger, LedgerDownError

_log = structlog.get_logger("signpost.teams.places")
DSL, SERVICE = "teams/dsl", "teams/service"
_THREAD = ";messageid="
_BETWEEN_PEOPLE = "@unq.gbl.spaces"  # how the id of a chat of two people ends
_MOST = 20_000  # people remembered at once


@dataclass(frozen=True, slots=True)
class Spot:
    """A conversation that can be posted to. `raw` is what was kept of it."""

    service_url: str
    conversation: str
    channel: bool  # posts there begin threads
    team: str
    raw: str

    @classmethod
    def of(cls, held: Json) -> Spot | None:
        """From what was kept of an activity; None if it does not say where."""
        url, found = optional(held, "serviceUrl"), optional(held, "conversation.id")
        if not url or not found:
            return None
        return cls(
            url,
            whole(found),
            optional(held, "conversation.conversationType") == "channel",
            optional(held, "channelData.team.id"),
            json.dumps(held, ensure_ascii=False),
        )

    @classmethod
    def read(cls, text: str | None) -> Spot | None:
        """From the kept text; None if there is none."""
        try:
            held = json.loads(text) if text else None
        except ValueError:
            return None
        return cls.of(held) if isinstance(held, dict) else None


def whole(conversation: str) -> str:
    """The conversation without the thread in it."""
    return conversation.partition(_THREAD)[0]


def in_thread(conversation: str, activity: str) -> str:
    """The thread that this activity began in a channel."""
    return f"{conversation}{_THREAD}{activity}"


class Places:
    """What is known of places. In memory for speed, in the ledger for the next start and the other replicas."""

    def __init__(self, connector: Connector, tenant: str, configured: str) -> None:
        """`configured` is the DSL conversation's id from the settings, or empty: then it is learnt by code."""
        self._connector, self._tenant, self.configured = connector, tenant, configured
        self._ledger: Ledger | None = None
        self._clock: Callable[[], datetime] | None = None
        self._people: dict[str, Spot] = {}
        self._kept: set[str] = set()  # of those, the ones that are in the ledger as they are here
        self._dsl: Spot | None = None
        self.service_url = ""

    async def open(self, ledger: Ledger, clock: Callable[[], datetime]) -> None:
        """Take up what the ledger has kept."""
        self._ledger, self._clock = ledger, clock
        held = await self._held(SERVICE)
        if held and not self.service_url:
            self._trust(held)
        await self.dsl()

    # ---- learning

    async def saw(self, activity: Activity) -> None:
        """An authenticated activity names the service address, and in a personal chat where that person is."""
        if activity.service_url != self.service_url:
            self._trust(activity.service_url)
            await self._keep(SERVICE, activity.service_url)
        await self._followed(activity)
        spot = None if activity.shared or _elsewhere(activity) else Spot.of(activity.reference)
        if spot and (id_ := person_of(activity)) and not _same(self._people.get(id_), spot):
            self._note(id_, spot)

    async def keep_person(self, person: str) -> None:
        """Keep where a member of staff is, so that they can be told things after a restart."""
        spot = self._people.get(person)
        if spot is None or person in self._kept:
            return
        self._kept.add(person)
        before = Spot.read(await self._held(_person(person)))
        if not _same(before, spot):
            await self._keep(_person(person), spot.raw)

    async def forget_person(self, person: str) -> None:
        """They have taken the app away, or Teams no longer knows the chat."""
        self._people.pop(person, None)
        self._kept.discard(person)
        if await self._held(_person(person)):
            await self._keep(_person(person), "")

    async def keep_thread(self, ref: str, receipt: str) -> None:
        """The alert about this concern stands there: what follows on it belongs beneath."""
        if await self._held(f"teams/thread:{ref}") != receipt:
            await self._keep(f"teams/thread:{ref}", receipt)

    # ---- knowing

    async def dsl(self) -> Spot | None:
        """Where the DSL is told, or None while nobody has said. Asked of the ledger each time: another replica may have learnt it."""
        if self.configured:
            return self._configured()
        found = Spot.read(await self._held(DSL))
        if found:
            self._trust(found.service_url, usual=not self.service_url)
            self._dsl = found
        return self._dsl

    async def keep_test_card(self, receipt: str) -> None:
        """The doctor's test card stands there."""
        await self._keep("teams/test-card", receipt)

    async def test_card(self) -> str:
        """Where it stands, or ""."""
        return await self._held("teams/test-card") or ""

    async def thread(self, ref: str) -> str:
        """Where the alert about this concern stands, or "" where that is not known."""
        return await self._held(f"teams/thread:{ref}") or ""

    async def known(self, person: str) -> Spot | None:
        """Their personal chat, if they have ever written in it."""
        if person not in self._people and (spot := Spot.read(await self._held(_person(person)))):
            self._trust(spot.service_url, usual=False)
            self._note(person, spot)
            self._kept.add(person)
        return self._people.get(person)

    async def make(self, person: str, user: str = "") -> Spot:
        """Their personal chat, asked of Teams. Raises `ConnectorError`: status 403 where they do not have the app."""
        if not self.service_url:
            raise ConnectorError(0, "NoServiceUrlYet", lasting=True)
        made = await self._connector.create_personal(self.service_url, self._tenant, user or person)
        spot = self._spot(made, "personal")
        if not _same(self._people.get(person), spot):
            self._note(person, spot)
        return spot

    # ---- keeping

    async def _followed(self, activity: Activity) -> None:
        """The DSL place has moved to another service address, as a tenant does with its region: it is followed."""
        if not activity.shared or self.configured:
            return
        known, spot = await self.dsl(), Spot.of(activity.reference)
        if known and spot and known.conversation == spot.conversation and not _same(known, spot):
            await self._keep(DSL, spot.raw)
            _log.warning("teams_dsl_place_moved", conversation=spot.conversation)

    def _configured(self) -> Spot | None:
        if not self.service_url:
            return None
        kind = "channel" if self.configured.endswith(("@thread.tacv2", "@thread.skype")) else "groupChat"
        return self._spot(self.configured, kind)

    def _spot(self, conversation: str, kind: str) -> Spot:
        held: Json = {
            "channelId": "msteams",
            "serviceUrl": self.service_url,
            "conversation": {"id": conversation, "conversationType": kind, "tenantId": self._tenant},
            "channelData": {"tenant": {"id": self._tenant}},
        }
        team = {"team": {"id": conversation}} if kind == "channel" else {}
        return Spot(self.service_url, whole(conversation), kind == "channel", "", json.dumps(held | team))

    def _note(self, person: str, spot: Spot) -> None:
        if len(self._people) >= _MOST:
            self._people.clear()
            self._kept.clear()
        self._people[person] = spot
        self._kept.discard(person)

    def _trust(self, url: str, *, usual: bool = True) -> None:
        try:
            self._connector.trust(url)
        except ValueError:
            _log.error("teams_service_address_refused")
            return
        if usual:
            self.service_url = url

    async def _held(self, place: str) -> str | None:
        if self._ledger is None:
            return None
        try:
            return await self._ledger.place(place)
        except LedgerDownError as error:
            _log.warning("teams_place_not_read", place=place, reason=str(error))
            return None

    async def _keep(self, place: str, held: str) -> None:
        if self._ledger is None or self._clock is None:
            return
        try:
            await self._ledger.keep_place(place, held, self._clock())
        except LedgerDownError as error:
            _log.warning("teams_place_not_kept", place=place, reason=str(error))


def person_of(activity: Activity) -> str:
    """Who did it, as the part of our ids after `teams:`."""
    return activity.person or activity.user


def _person(person: str) -> str:
    return f"teams/person:{person}"


def _elsewhere(activity: Activity) -> bool:
    """The message extension is used in people's chats with each other too, and Teams calls those personal as well."""
    extension = isinstance(activity, Begun) or getattr(activity, "via", "") == "extension"
    return extension or activity.conversation.endswith(_BETWEEN_PEOPLE)


def _same(one: Spot | None, other: Spot) -> bool:
    return one is not None and (one.service_url, one.conversation) == (other.service_url, other.conversation)
