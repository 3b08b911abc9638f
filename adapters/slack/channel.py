"""Slack as a channel: bolt verifies what comes, `hearing` deals with it, `posting` puts alerts and replies in front of people."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from adapters.port import Finding, House
from adapters.slack.doctor import Doctor
from adapters.slack.hearing import Ack, Hearing
from adapters.slack.people import People
from adapters.slack.place import Place
from adapters.slack.posting import Posting
from adapters.slack.socket import connected
from adapters.slack.web import SlackError, Web
from adapters.slack.windows import Windows
from bot import Alert, Guidance, Part, Receipt, Words

PATH = "/slack/events"
_AT_THE_START = 2.0  # seconds for Slack to say who we are: what staff write meanwhile finds nobody
_log = structlog.get_logger("signpost.slack")
# Bolt and its SDK log whole bodies: on a bad signature, at DEBUG, with an error. None of that may ever be written.
_SILENT = logging.Logger("signpost.slack.silent")  # noqa: LOG001 (apart from the tree, so that no setting reaches it)
_SILENT.disabled = True
_SILENT.setLevel(logging.CRITICAL + 1)


class SlackChannel:
    """One workspace, by one app that is installed there."""

    name = "slack"

    def __init__(
        self,
        *,
        bot_token: str,
        dsl_channel: str,
        guidance: Callable[[], Guidance],
        clock: Callable[[], datetime],
        signing_secret: str = "",
        app_token: str = "",
        api_url: str = "https://slack.com/api/",
    ) -> None:
        """With `signing_secret` Slack calls `PATH`; with `app_token` it is called (Socket Mode). One of them is needed."""
        self._web = Web(bot_token, api_url)
        self._place = Place(self._web, dsl_channel, guidance)
        self._posting = Posting(self._web, self._place, guidance)
        self._windows = Windows(self._web, guidance)
        self._people = People(self._web, clock)
        self._doctor = Doctor(self._web, self._place, self._posting, guidance, app_token)
        self._secret, self._app_token = signing_secret, app_token
        self._hearing: Hearing | None = None
        self._app = self._bolt(bot_token, api_url)

    # ---- what the core asks of it

    async def deliver(self, alert: Alert) -> Receipt:
        """Post an alert or a reply, or redraw it where it stands."""
        return await self._posting.deliver(alert)

    async def find(self, alert: Alert) -> str | None:
        """The message that carries this alert's key, if it arrived. Raises `SlackError`."""
        return await self._posting.find(alert)

    async def prove(self, parts: tuple[Part, ...], receipt: str | None) -> Receipt:
        """Edit the standing message of the DSL channel."""
        return await self._posting.prove(parts, receipt)

    async def members(self, place: str) -> frozenset[str]:
        """Who is in the DSL channel now. Raises `RosterUnreadable`."""
        return await self._place.members(place)

    async def names(self, place: str) -> Mapping[str, Words]:
        """The staff in the DSL channel now, by name. Raises `RosterUnreadable`."""
        inside = [id_.removeprefix("slack:") for id_ in await self._place.members(place)]
        return await self._people.names(inside)

    # ---- what main asks of it

    def routes(self) -> Sequence[web.RouteDef]:
        """`POST /slack/events`, where Slack calls us."""
        return [web.post(PATH, self._called)] if self._secret else []

    @asynccontextmanager
    async def open(self, house: House, *, listening: bool) -> AsyncIterator[None]:
        """Hold connections to Slack, and with `listening` a socket by which it speaks, where there is an app token."""
        async with AsyncExitStack() as opened:
            await opened.enter_async_context(self._web.open())
            try:
                await self._web.me(seconds=_AT_THE_START)
            except SlackError as error:
                _log.warning("not_introduced", why=error.code)  # asked again when it is needed
            hearing = Hearing(house, self._web, self._people, self._place, self._posting, self._windows)
            opened.push_async_callback(self._people.close)
            opened.push_async_callback(hearing.settle)
            self._hearing = hearing
            if listening and self._app_token:
                await opened.enter_async_context(connected(self._app, self._app_token))
            try:
                yield
            finally:
                self._hearing = None

    async def examine(self, now: datetime) -> Sequence[Finding]:
        """What Slack says is wrong with tokens, permissions and the DSL channel."""
        return await self._doctor.examine(now)

    # ---- by bolt

    async def _called(self, request: web.Request) -> web.Response:
        try:
            asked = await to_bolt_request(request)
        except Exception:  # noqa: BLE001 (bolt reads before it verifies, and trips over what is not of Slack's shape)
            return web.Response(status=400)
        if not _looks_signed(request):
            return web.Response(status=401)
        return await to_aiohttp_response(await self._app.async_dispatch(asked))

    async def _heard(self, request: AsyncBoltRequest) -> Ack:
        return await self._hearing.hear(request.body) if self._hearing else Ack(503)

    def _bolt(self, token: str, api_url: str) -> AsyncApp:
        """Bolt's own checks first: signature, time, the address check. Then ours, which answers before bolt could."""

        async def authorize() -> AuthorizeResult:
            me = self._web.known
            return AuthorizeResult(
                enterprise_id=None,
                team_id=me.team if me else None,
                bot_user_id=me.user if me else None,
                bot_id=me.bot if me else None,
                bot_token="unused",  # noqa: S106 (our own client has the token)
            )

        async def stumbled(error: Exception) -> BoltResponse:
            _log.error("bolt_stumbled", exc_info=error)
            return BoltResponse(status=503)

        app = AsyncApp(
            name="signpost.slack.silent.bolt",
            logger=_SILENT,
            signing_secret=self._secret or "none: only the socket is used",
            authorize=authorize,
            client=AsyncWebClient(token=token, base_url=f"{api_url.rstrip('/')}/", logger=_SILENT),
        )
        app.error(stumbled)
        app.use(_Dispatch(self._heard))
        return app


def _looks_signed(request: web.Request) -> bool:
    """False for what bolt's own check of the signature would trip over: a time that is no number, a signature not ASCII."""
    stamp, signature = (request.headers.get(f"X-Slack-{name}", "") for name in ("Request-Timestamp", "Signature"))
    return stamp.isascii() and stamp.isdecimal() and signature.isascii()


class _Dispatch(AsyncMiddleware):
    """The last of bolt's middleware. It always answers, so that none of bolt's listeners or their traps come after."""

    def __init__(self, heard: Callable[[AsyncBoltRequest], Awaitable[Ack]]) -> None:
        self._heard = heard

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 (bolt's own name for it)
    ) -> BoltResponse:
        """Slack's response, once what it brought is saved."""
        del resp, next
        ack = await self._heard(req)
        return BoltResponse(status=ack.status, body=ack.body if ack.body is not None else "")
