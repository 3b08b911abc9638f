"""Who is staff. Pupils have accounts in the same tenant, so an account alone is nobody: the roster is asked.

Staff are the members of the staff team and the addresses of the staff domains that school.yaml names; guests and accounts
of other tenants never are. The people whom school.yaml names by their Teams id are whom it says, also when no roster answers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import structlog

from adapters.teams.connector import Connector
from adapters.teams.fields import Json, optional
from adapters.teams.places import person_of, whole
from adapters.teams.read import Activity
from adapters.teams.tokens import ConnectorError
from bot import Person, Words
from policy_content.model import School

_log = structlog.get_logger("signpost.teams.people")
_FRESH = 5 * 60.0  # seconds for which an answer of the roster stands
_WITHIN = 2.0  # seconds to find out: an invoke must be answered in five
_MOST = 20_000  # answers kept at once
_NOT_THERE = frozenset({403, 404})  # what Teams answers about a conversation that the app is not in
_MEMBERS = frozenset(
    {"", "user", "member", "owner", "admin"}
)  # what Teams calls those who belong; the rest are visitors


class UnknownPersonError(Exception):
    """Teams cannot say now who this is. `str()` is for operators and holds no names."""


class People:
    """Asks the roster, and believes it for five minutes."""

    def __init__(
        self,
        connector: Connector,
        school: Callable[[], School],
        tenant: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` is in seconds."""
        self._connector, self._school, self._tenant, self._clock = connector, school, tenant.casefold(), clock
        self._known: dict[str, tuple[float, bool]] = {}

    async def who(self, activity: Activity) -> Person:
        """Who did this. Raises `UnknownPersonError` where it cannot be known now."""
        id_ = person_of(activity)
        return Person(f"teams:{id_}", activity.name, await self._staff(id_, activity))

    async def named(self, activity: Activity) -> Activity:
        """The activity with the lasting id of whoever did it: Teams leaves it out of some, and the roster has it.
        As it came where the roster does not tell either.
        """
        if activity.person:
            return activity
        try:
            async with asyncio.timeout(_WITHIN):
                record = await self._record(activity, self._school().staff.teams_team)
        except (ConnectorError, TimeoutError):
            return activity
        return replace(activity, person=aad(record)) if record else activity

    async def strangers(self, members: Sequence[Json], service_url: str) -> int:
        """How many of a roster are not staff. Raises `ConnectorError`."""
        school = self._school()
        doubtful = [each for each in members if not self._certain(each, school)]
        if doubtful and school.staff.teams_team:
            inside = await self._connector.members(service_url, school.staff.teams_team)
            staff = {aad(each) for each in inside if self._belongs(each)} - {""}
            doubtful = [each for each in doubtful if not (self._belongs(each) and aad(each) in staff)]
        return len(doubtful)

    def names(self, members: Sequence[Json]) -> dict[str, Words]:
        """Those of a roster who are full members of our tenant and have a name, by their lasting id."""
        belong = ((aad(each), Words(optional(each, "name"))) for each in members if self._belongs(each))
        return {id_: name for id_, name in belong if id_ and name}

    async def _staff(self, id_: str, activity: Activity) -> bool:
        if id_ in _named(self._school()):
            return True
        known = self._known.get(id_)
        if known and self._clock() - known[0] < _FRESH:
            return known[1]
        try:
            async with asyncio.timeout(_WITHIN):
                staff = await self._asked(activity)
        except TimeoutError:
            raise UnknownPersonError("the roster did not answer in time") from None
        except ConnectorError as error:
            _log.warning("teams_roster_unreadable", status=error.status, code=error.code)
            raise UnknownPersonError(str(error)) from None
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[id_] = (self._clock(), staff)
        return staff

    async def _asked(self, activity: Activity) -> bool:
        """Ask the roster of where they wrote for their address, and then the staff team for them."""
        rules = self._school().staff
        user, url = activity.user, activity.service_url
        record = await self._record(activity, rules.teams_team)
        if record is None or not self._belongs(record) or not _is(record, activity):
            return False
        if _in_domain(record, rules.email_domains):
            return True
        if not rules.teams_team:
            return False
        inside = await self._connector.member(url, rules.teams_team, user)
        return inside is not None and self._belongs(inside)

    async def _record(self, activity: Activity, team: str) -> Json | None:
        """Their record where they wrote. The message extension is also used in chats that Signpost is not in: then
        in their own chat with it or, without one, in the staff team.
        """
        user, url = activity.user, activity.service_url
        try:
            return await self._connector.member(url, whole(activity.conversation), user)
        except ConnectorError as error:
            if error.status not in _NOT_THERE:
                raise
        try:
            own = await self._connector.create_personal(url, self._tenant, user)
        except ConnectorError as error:
            if error.status not in _NOT_THERE or not team:
                raise
            own = team
        return await self._connector.member(url, own, user)

    def _certain(self, record: Json, school: School) -> bool:
        """Staff by what the record itself says."""
        return aad(record) in _named(school) or (
            self._belongs(record) and _in_domain(record, school.staff.email_domains)
        )

    def _belongs(self, record: Json) -> bool:
        """A full member of our tenant: no guest, and nobody of another."""
        if optional(record, "userRole").casefold() not in _MEMBERS:
            return False
        tenant = optional(record, "tenantId").casefold()
        return tenant in {"", self._tenant} and "#ext#" not in optional(record, "userPrincipalName").casefold()


def aad(record: Json) -> str:
    """The lasting id in a roster's record."""
    return optional(record, "aadObjectId") or optional(record, "objectId")


def _is(record: Json, activity: Activity) -> bool:
    """The record is of the one who wrote, not of somebody whom a confused roster put in their place."""
    return not activity.person or aad(record) in {"", activity.person}


def _named(school: School) -> frozenset[str]:
    """Those whom school.yaml names by their Teams id."""
    return frozenset(id_ for _, person in school.people.everyone() if (id_ := person.chats.get("teams")))


def _in_domain(record: Json, domains: Iterable[str]) -> bool:
    """An address of one of these domains, and not of one beneath it."""
    addresses = (optional(record, "userPrincipalName"), optional(record, "email"))
    return any(address.rpartition("@")[2].casefold() in domains for address in addresses if "@" in address)
