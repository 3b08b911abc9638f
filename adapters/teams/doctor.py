"""What is not as it must be in Teams, asked of Teams itself, in words for whoever installs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from adapters.port import Finding
from adapters.teams.connector import Connector
from adapters.teams.fields import Json
from adapters.teams.hosting import Host, KeysUnreachableError
from adapters.teams.learning import PURPOSE
from adapters.teams.people import People
from adapters.teams.places import Places, Spot
from adapters.teams.posting import Poster
from adapters.teams.tokens import ConnectorError
from bot import Card, Ledger, LedgerDownError
from policy_content.model import Library

_APP = "SIGNPOST_TEAMS_APP_ID, SIGNPOST_TEAMS_APP_PASSWORD, SIGNPOST_TEAMS_TENANT_ID"


class Doctor:
    """Looks at everything, in the order in which it is mended."""

    def __init__(self, host: Host, places: Places, people: People, library: Callable[[], Library]) -> None:
        self._host, self._places, self._people, self._library = host, places, people, library
        self._poster = Poster(host.connector)

    @property
    def _connector(self) -> Connector:
        return self._host.connector

    async def examine(self, ledger: Ledger, now: datetime) -> list[Finding]:
        """Everything that is wrong, in four parts each."""
        found = [*self._staff(), *await self._keys()]
        login = await self._login()
        if login:
            return [*found, *login]  # nothing else can be asked without it
        return [*found, *await self._place(ledger, now)]

    def _staff(self) -> list[Finding]:
        if self._library().school.staff.known:
            return []
        return [
            Finding(
                "nobody in Teams is known to be staff",
                "school.yaml, staff:",
                "pupils have accounts in the same Teams, so only those whom you name are served",
                "Give `email_domains` (what stands behind the @ of staff and of no pupil) or `teams_team`, then run this again.",
                stops=True,
            )
        ]

    async def _keys(self) -> list[Finding]:
        try:
            await self._host.warm()
        except KeysUnreachableError as error:
            return [
                Finding(
                    "Microsoft's signing keys cannot be fetched",
                    "SIGNPOST_TEAMS_OPENID_URL",
                    f"{error}, so nothing that is written in Teams can be believed or answered",
                    "Let this machine reach that address by HTTPS; remove the setting unless you know why it is there.",
                )
            ]
        return []

    async def _login(self) -> list[Finding]:
        try:
            await self._connector.sign_in()
        except ConnectorError as error:
            if not error.lasting:
                return [
                    Finding(
                        "Microsoft's login cannot be reached",
                        "SIGNPOST_TEAMS_LOGIN_URL",
                        f"{error}, so nothing can be sent to Teams",
                        "Let this machine reach that address by HTTPS, then run this again.",
                    )
                ]
            return [
                Finding(
                    "Microsoft's login refuses this app",
                    _APP,
                    f"{error}: the id, the secret or the tenant is wrong, or the secret has ended",
                    "Compare all three with the app's page in Azure, make a new secret there, then run this again.",
                    stops=True,
                )
            ]
        return []

    # ---- the DSL place

    async def _place(self, ledger: Ledger, now: datetime) -> list[Finding]:
        spot = await self._places.dsl()
        if spot is None:
            return [await self._unknown_place(ledger, now)]
        try:
            members = await self._connector.members(spot.service_url, spot.conversation)
        except ConnectorError as error:
            return [
                Finding(
                    "the DSL place in Teams cannot be read",
                    spot.conversation,
                    f"{error}, so alerts may not arrive there, and nobody can be let in to open one",
                    "Add Signpost to that team or group chat. If alerts are to go elsewhere: remove SIGNPOST_TEAMS_DSL_CONVERSATION "
                    f"if it is set, and type a new code there. {await self._code_hint(ledger, now)}",
                )
            ]
        return [*await self._members(spot, members), *await self._test(spot, now)]

    async def _unknown_place(self, ledger: Ledger, now: datetime) -> Finding:
        if self._places.configured:
            return Finding(
                "Teams' service address is not known yet",
                "SIGNPOST_TEAMS_DSL_CONVERSATION",
                "it is only ever learnt from what Teams sends, and nobody has written to Signpost yet, so alerts cannot go there",
                "Start `signpost serve`, write “help” to Signpost in Teams, then run this again.",
            )
        return Finding(
            "no DSL place is known in Teams",
            "the private team or group chat of the safeguarding team",
            "nobody has said where alerts go, so none can arrive in Teams",
            f"Add Signpost there while `signpost serve` runs. {await self._code_hint(ledger, now)}",
        )

    async def _code_hint(self, ledger: Ledger, now: datetime) -> str:
        if self._places.configured:
            return ""
        try:
            code = await ledger.offer_code(PURPOSE, now)
        except LedgerDownError:
            return "No code could be made: the database cannot be written."
        return f"Then type this there within ten minutes: @Signpost {code}"

    async def _members(self, spot: Spot, members: Sequence[Json]) -> list[Finding]:
        if not members:
            why, count = "nobody is in it, so nobody would see an alert", 0
        else:
            try:
                count = await self._people.strangers(members, spot.service_url)
            except ConnectorError as error:
                return [
                    Finding(
                        "the staff team cannot be read",
                        "school.yaml, staff: teams_team",
                        f"{error}, so nobody can tell who in the DSL place is staff",
                        "Add Signpost to the staff team, or correct its id, then run this again.",
                    )
                ]
            why = f"{count} of the {len(members)} people in it are not staff, and could read alerts and open concerns"
        if members and not count:
            return []
        return [
            Finding(
                "the DSL place in Teams is not what it must be",
                spot.conversation,
                why,
                "Put only the safeguarding team in it, with staff accounts, then run this again.",
                stops=bool(members),
            )
        ]

    async def _test(self, spot: Spot, now: datetime) -> list[Finding]:
        """One card, edited each time: posting is tried, and nobody is rung."""
        library, w = self._library(), self._library().wording
        local = now.astimezone(ZoneInfo(library.school.timezone))
        tried = library.say(w.test_card, when=f"{local:%H:%M} on {local.day} {local:%B}")
        try:
            before = await self._places.test_card()
            receipt = await self._poster.standing(spot, before, (Card(w.test_card_title, tried),))
        except ConnectorError as error:
            return [
                Finding(
                    "a test card could not be posted in the DSL place",
                    spot.conversation,
                    f"{error}, so alerts would not arrive there",
                    "Let apps post there (a standard channel of a private team, or a group chat), then run this again.",
                )
            ]
        if receipt != before:
            await self._places.keep_test_card(receipt)
        return []
