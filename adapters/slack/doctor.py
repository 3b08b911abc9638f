"""What Slack itself says of our tokens, our permissions and the DSL channel."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from adapters.port import Finding
from adapters.slack import place as places
from adapters.slack import render
from adapters.slack.manifest import SCOPES
from adapters.slack.people import is_staff
from adapters.slack.place import Place
from adapters.slack.posting import Posting
from adapters.slack.web import Answered, SlackError, Web
from bot import Card, Guidance

_SKEW, _WINDOW = 60.0, 300.0  # seconds: worth saying, and Slack's own limit for a signature
_PATIENCE = 4.0  # seconds for Slack's first answer: `serve` looks before it begins, and staff are waiting for that
_TEST = "signpost/test-card"
_MEND = {
    "missing_scope": "install the app again with the manifest that `signpost slack manifest` prints",
    "no_answer": "look at this machine's way to the internet and at status.slack.com, then run this again",
    "channel_not_found": "copy the channel's id (View channel details, at the bottom) and invite the bot there: /invite @Signpost",
}
_INSTALL_AGAIN = "on api.slack.com/apps open the app, OAuth & Permissions, install it again and set the new token"


@dataclass(frozen=True, slots=True)
class Doctor:
    """Asks; changes nothing but its own test card."""

    web: Web
    place: Place
    posting: Posting
    guidance: Callable[[], Guidance]
    app_token: str

    async def examine(self, now: datetime) -> Sequence[Finding]:
        """Everything that is wrong. Empty when all is well. Never raises."""
        return [finding async for finding in self._findings(now)]

    async def _findings(self, now: datetime) -> AsyncIterator[Finding]:
        try:
            who = await self.web.ask("auth.test", seconds=_PATIENCE)
        except SlackError as error:
            yield _refused(error, "SIGNPOST_SLACK_BOT_TOKEN", "nobody can be answered or told by Slack")
            return
        for finding in (*_scopes(who), *_clock(who, now)):
            yield finding
        if self.app_token:
            async for finding in self._socket():
                yield finding
        async for finding in self._channel(str(who.body.get("team_id")), now):
            yield finding

    async def _socket(self) -> AsyncIterator[Finding]:
        try:
            await self.web.ask("apps.connections.open", token=self.app_token)
        except SlackError as error:
            yield _refused(error, "SIGNPOST_SLACK_APP_TOKEN", "nothing that staff do in Slack would reach Signpost")

    async def _channel(self, team: str, now: datetime) -> AsyncIterator[Finding]:
        try:
            wrong = places.faults(await self.place.described())
        except SlackError as error:
            yield _refused(
                error, f"SIGNPOST_SLACK_DSL_CHANNEL {self.place.dsl}", "alerts cannot reach the DSL by Slack"
            )
            return
        if wrong:
            yield Finding(
                f"the DSL channel cannot be used: {', '.join(wrong)}",
                f"SIGNPOST_SLACK_DSL_CHANNEL {self.place.dsl}",
                "alerts there could be read by others than the safeguarding team, or by nobody",
                "make a new private channel, invite the safeguarding team and the bot, and set its id",
                stops=True,
            )
            return
        async for finding in self._members(team):
            yield finding
        async for finding in self._test_card(now):
            yield finding

    async def _members(self, team: str) -> AsyncIterator[Finding]:
        where = f"the DSL channel {self.place.dsl}"
        try:
            inside = await self.place.inside()
            outside = [user for user in inside if not await self._is_staff(user, team)]
        except SlackError as error:
            yield _refused(error, where, "who may open a concern cannot be checked")
            return
        if outside:
            yield Finding(
                f"{len(outside)} in it are not full members of the school's Slack: {', '.join(outside)}",
                where,
                "whoever is in it may open concerns",
                "remove them from the channel, then run this again",
                stops=True,
            )
        if len(inside) == len(outside):
            yield Finding("nobody is in it", where, "alerts would be read by nobody", "invite the safeguarding team")

    async def _is_staff(self, user: str, team: str) -> bool:
        said = (await self.web.call("users.info", user=user)).get("user") or {}
        return is_staff(said, team)

    async def _test_card(self, now: datetime) -> AsyncIterator[Finding]:
        """One card, edited each time: posting is tried, and nobody is rung."""
        library = self.guidance().library
        local = now.astimezone(ZoneInfo(library.school.timezone))
        tried = library.say(library.wording.test_card, when=f"{local:%H:%M} on {local.day} {local:%B}")
        card = Card(library.wording.test_card_title, tried)
        (body, *_) = render.messages((card,), wording=library.wording, key=_TEST)
        try:
            await self.posting.standing(body, await self.posting.look(self.place.dsl, _TEST))
        except SlackError as error:
            yield _refused(error, f"the DSL channel {self.place.dsl}", "a test card could not be posted")


def _scopes(who: Answered) -> Sequence[Finding]:
    """Slack names what the token may do in a header of each answer."""
    said = who.headers.get("x-oauth-scopes")
    if said is None:
        return ()
    missing = sorted(set(SCOPES) - {scope.strip() for scope in said.split(",")})
    return [
        Finding(
            f"the app may not {SCOPES[scope].removeprefix('to ')}",
            f"scope {scope}",
            "the token was given without it",
            _MEND["missing_scope"],
        )
        for scope in missing
    ]


def _clock(who: Answered, now: datetime) -> Sequence[Finding]:
    try:
        theirs = parsedate_to_datetime(who.headers.get("Date", ""))
        skew = abs((now - theirs).total_seconds())
    except (TypeError, ValueError):
        return ()
    if skew < _SKEW:
        return ()
    why = "Slack signs each request with the time, and one more than five minutes off is refused"
    hint = "set this machine's clock by the network"
    return [Finding(f"this machine's clock is {skew:.0f} s from Slack's", "the clock", why, hint, stops=skew > _WINDOW)]


def _refused(error: SlackError, where: str, why: str) -> Finding:
    hint = _MEND.get(error.code) or (_INSTALL_AGAIN if error.shut else "run this again in a few minutes")
    return Finding(str(error), where, why, hint, stops=error.lasting)
