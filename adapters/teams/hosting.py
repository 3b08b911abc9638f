"""The door of the Teams adapter: authenticated activities in, as raw JSON; answers out. The only module that imports the SDK.

The SDK (Bot Framework, archived) checks the token; everything else it does with an activity loses something or fails, as
the README here lists, and is done in our own `process`. A successor SDK is another file with `Host` in it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import jwt
import structlog
from aiohttp import web
from botbuilder.core import InvokeResponse
from botbuilder.integration.aiohttp import CloudAdapter
from botbuilder.schema import Activity
from botframework.connector.auth import (
    AuthenticateRequestResult,
    AuthenticationConstants,
    JwtTokenExtractor,
    VerifyOptions,
)

from adapters.teams.addresses import is_callable, is_this_computer
from adapters.teams.connector import Connector
from adapters.teams.keys import Keys, KeysUnreachableError, UnknownKeyError
from adapters.teams.shape import MalformedError, activity_in, tenants_of
from adapters.teams.tokens import ConnectorError, Tokens, token_url

__all__ = ["ConnectorError", "Handler", "Host", "HostError", "InvokeAnswer", "KeysUnreachableError"]

LOGIN_URL = "https://login.microsoftonline.com"
OPENID_URL = AuthenticationConstants.TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL

_log = structlog.get_logger("signpost.teams")
_CHANNEL = "msteams"
_ISSUER = AuthenticationConstants.TO_BOT_FROM_CHANNEL_TOKEN_ISSUER
_LEEWAY = 5 * 60  # seconds by which Microsoft's clock and ours may differ
_LARGEST = 2**20  # bytes of a body
_BODY_WITHIN = 10.0  # seconds for a body to arrive
_INVOKE_WITHIN = 4.5  # seconds: Teams gives up on an invoke after five
_TURN_WITHIN = 14.0  # seconds: Teams gives up on anything else after fifteen
_LAST_TURN = 3.0  # seconds that a turn may take to end when Signpost stops
_QUIET = ("botbuilder", "botframework", "msrest", "msal", "azure", "urllib3", "requests_oauthlib", "oauthlib")


class HostError(ValueError):
    """The settings of Teams are not what they must be. `str()` says which, why, and what to do."""


@dataclass(frozen=True, slots=True)
class InvokeAnswer:
    """What an invoke (a pressed button, a dialog) is answered with, as plain JSON."""

    body: Mapping[str, Any] | None = None
    status: int = 200


Handler = Callable[[dict[str, Any]], Awaitable[InvokeAnswer | None]]
"""Hears one activity, raw and whole. None says that there is nothing to answer; to an invoke, that it is not known."""


class Host:
    """One app in one tenant: its route, and by `connector` all that it sends.

    Everything that goes wrong on the way in is an HTTP status with an empty body; only ids and codes are ever logged.
    """

    def __init__(
        self,
        app_id: str,
        app_password: str,
        tenant_id: str,
        *,
        login_url: str = LOGIN_URL,
        openid_url: str = OPENID_URL,
        session: aiohttp.ClientSession | None = None,
        playground: bool = False,
    ) -> None:
        """`playground` is for the Agents Playground on this computer and wants an empty app id: nothing is authenticated,
        and only what was asked and is answered on loopback is heard. Raises `HostError`.
        """
        _check(app_id, app_password, tenant_id, openid_url, playground)
        for name in _QUIET:
            logging.getLogger(name).setLevel(logging.WARNING)
        try:
            tokens = Tokens(self._client, token_url(login_url, tenant_id), app_id, app_password)
        except ValueError as error:
            raise HostError(str(error)) from None
        self._given = session
        self._made: aiohttp.ClientSession | None = None
        self._keys = Keys(self._client, openid_url)
        self.connector = Connector(self._client, tokens, app_id)
        gate = _Playground() if playground else _Gate(app_id, self._keys, openid_url)
        self._adapter = _Adapter(gate, tenant_id, self.connector)
        self._playground = playground

    def route(self, handler: Handler) -> web.RouteDef:
        """`POST /api/messages`, answered by this handler."""

        async def messages(request: web.Request) -> web.Response:
            return await self._adapter.process(request, handler)

        return web.post("/api/messages", messages)

    async def warm(self) -> None:
        """Fetch Microsoft's keys before anybody writes. Raises `KeysUnreachableError`; they are asked for again when needed."""
        if not self._playground:
            await self._keys.warm()

    async def close(self) -> None:
        """Let what has begun end, then let go of every connection."""
        await self._adapter.settle()
        if self._made is not None:
            await self._made.close()
            self._made = None

    def _client(self) -> aiohttp.ClientSession:
        if self._given is not None:
            return self._given
        # Made late: a session belongs to the loop that runs, and there is none while settings are checked.
        if self._made is None:
            self._made = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        return self._made


def _check(app_id: str, app_password: str, tenant_id: str, openid_url: str, playground: bool) -> None:
    if playground and (app_id or app_password):
        raise HostError("the Agents Playground is tried with an empty app id and secret: nothing would check a token")
    if not playground and not (app_id and app_password and tenant_id):
        raise HostError(
            "Teams needs SIGNPOST_TEAMS_APP_ID, SIGNPOST_TEAMS_APP_PASSWORD and SIGNPOST_TEAMS_TENANT_ID: without all three "
            "anybody could write as anybody. They are on the app's page in Azure."
        )
    if not is_callable(openid_url):
        raise HostError("SIGNPOST_TEAMS_OPENID_URL must be an https address, or one on this computer")


class _Refused(Exception):  # noqa: N818 (an answer on its way out, not a fault of ours)
    """Answer with this status and nothing else. `why` is for the log."""

    def __init__(self, status: int, why: str) -> None:
        self.status, self.why = status, why
        super().__init__(why)


class _Gate:
    """Authentication in the SDK's place for it: its token check, with our keys and our answers.

    The SDK accepts tokens of its emulator and of other bots too. Here one issuer counts, one app, and one service address.
    """

    def __init__(self, app_id: str, keys: Keys, openid_url: str) -> None:
        self._app_id = app_id
        wanted = VerifyOptions(issuer=[_ISSUER], audience=None, clock_tolerance=_LEEWAY, ignore_expiration=False)
        self._tokens = JwtTokenExtractor(wanted, openid_url, AuthenticationConstants.ALLOWED_SIGNING_ALGORITHMS)
        self._tokens.open_id_metadata = keys

    async def authenticate_request(self, activity: Activity, auth_header: str) -> AuthenticateRequestResult:
        """Who signed this. Raises `_Refused` 401, or 503 when nobody can tell."""
        try:
            identity = await self._tokens.get_identity_from_auth_header(auth_header, activity.channel_id, [])
        except KeysUnreachableError:
            raise _Refused(503, "keys-unreachable") from None
        except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError):
            raise _Refused(401, "out-of-date") from None
        except UnknownKeyError:
            raise _Refused(401, "unknown-key") from None
        except Exception as error:  # noqa: BLE001 (the SDK raises anything for a token it cannot read, and all of it means 401)
            raise _Refused(401, f"token-{type(error).__name__}") from None
        if identity is None:
            raise _Refused(401, "no-token")
        if identity.get_claim_value("aud") != self._app_id:
            raise _Refused(401, "wrong-aud")
        # Microsoft writes the name of this claim in both ways.
        named = [value for claim, value in identity.claims.items() if claim.lower() == "serviceurl"]
        if not named or any(value != activity.service_url for value in named):
            raise _Refused(401, "wrong-serviceurl")
        if identity.get_claim_value("exp") is None:
            raise _Refused(401, "no-end")
        result = AuthenticateRequestResult()
        result.claims_identity, result.audience = identity, self._app_id
        return result

    def admit(self, request: web.Request) -> None:
        """From anywhere: the token says who it is."""


class _Playground:
    """No authentication: for the Agents Playground, on this computer alone."""

    async def authenticate_request(self, activity: Activity, auth_header: str) -> AuthenticateRequestResult:
        """Anybody here, who is to be answered here."""
        del auth_header
        if not is_callable(activity.service_url) or activity.service_url.startswith("https:"):
            raise _Refused(403, "playground-answers-elsewhere")
        return AuthenticateRequestResult()

    def admit(self, request: web.Request) -> None:
        """Only from loopback to loopback, and not through anything that passes on."""
        ends = [
            request.transport.get_extra_info(end) if request.transport else None for end in ("sockname", "peername")
        ]
        here = all(end and is_this_computer(str(end[0])) for end in ends)
        if not here or {"Forwarded", "X-Forwarded-For", "X-Forwarded-Host"} & set(request.headers):
            raise _Refused(403, "playground-off-loopback")


class _Adapter(CloudAdapter):  # type: ignore[misc]  # the SDK has no types
    """The SDK's adapter, with a `process` of our own: raw JSON to the handler, and every fault its right status."""

    def __init__(self, gate: _Gate | _Playground, tenant_id: str, connector: Connector) -> None:
        super().__init__(gate)
        self._gate, self._tenant, self._connector = gate, tenant_id, connector
        self._turns: set[asyncio.Task[InvokeAnswer | None]] = set()

    async def process(self, request: web.Request, bot: Handler, ws_response: None = None) -> web.Response:
        """Hear one request. Never raises."""
        del ws_response
        try:
            self._gate.admit(request)
            activity = activity_in(await _body(request))
            await self._authenticate(activity, request.headers.get("Authorization", ""))
        except MalformedError as fault:
            _log.warning("teams_refused", status=400, why=fault.field)
            return web.Response(status=400)
        except _Refused as refused:
            _log.warning("teams_refused", status=refused.status, why=refused.why)
            return web.Response(status=refused.status)
        return await self._turn(activity, bot)

    async def settle(self) -> None:
        """Let the turns that have begun end, for a moment."""
        if self._turns:
            _, late = await asyncio.wait(self._turns, timeout=_LAST_TURN)
            for turn in late:
                turn.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _authenticate(self, activity: dict[str, Any], header: str) -> None:
        # The SDK's own model is given the two fields that a token is checked against, and no more.
        signed = Activity(channel_id=activity["channelId"], service_url=activity["serviceUrl"])
        await self._gate.authenticate_request(signed, header)
        if activity["channelId"] != _CHANNEL:
            raise _Refused(403, "another-channel")
        if self._tenant and tenants_of(activity) != {self._tenant.lower()}:
            raise _Refused(403, "another-tenant")
        try:
            self._connector.trust(activity["serviceUrl"])
        except ValueError:
            raise _Refused(401, "service-address") from None

    async def _turn(self, activity: dict[str, Any], handler: Handler) -> web.Response:
        invoke = activity["type"] == "invoke"
        turn = asyncio.ensure_future(handler(activity))
        self._turns.add(turn)
        turn.add_done_callback(self._turns.discard)
        # Not cancelled when it is late: what it is saving must be saved. Teams asks again, and the event id is known.
        await asyncio.wait({turn}, timeout=_INVOKE_WITHIN if invoke else _TURN_WITHIN)
        if not turn.done():
            turn.add_done_callback(_hear_late)
            return _failed(activity, "teams_turn_late", None)
        if turn.cancelled():
            return web.Response(status=503)
        try:
            return _carry(turn.result(), invoke)
        except Exception as error:  # noqa: BLE001 (whatever our fault, Teams gets a status and the log a place)
            return _failed(activity, "teams_turn_failed", error)


def _carry(answer: InvokeAnswer | None, invoke: bool) -> web.Response:
    if answer is None:
        return web.Response(status=501 if invoke else 200)
    # The SDK's shape for it, filled with plain JSON: its own models lose fields and fail on a text.
    carried = InvokeResponse(status=answer.status, body=None if answer.body is None else dict(answer.body))
    if carried.body is None:
        return web.Response(status=carried.status)
    return web.json_response(carried.body, status=carried.status)


def _failed(activity: dict[str, Any], event: str, error: Exception | None) -> web.Response:
    _log.error(
        event,
        activity=activity.get("id"),
        type=activity["type"],
        name=activity.get("name"),
        conversation=activity["conversation"]["id"],
        exc_info=error,
    )
    return web.Response(status=500)


def _hear_late(turn: asyncio.Task[InvokeAnswer | None]) -> None:
    if not turn.cancelled() and (error := turn.exception()) is not None:
        _log.error("teams_late_turn_failed", exc_info=error)


async def _body(request: web.Request) -> bytes:
    """The whole body. Raises `_Refused` 415, 413, 408 or 400."""
    if request.content_type != "application/json":
        raise _Refused(415, "content-type")
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_WITHIN):
            async for piece in request.content.iter_any():
                body += piece
                if len(body) > _LARGEST:
                    raise _Refused(413, "too-large")
    except TimeoutError:
        raise _Refused(408, "too-slow") from None
    except (aiohttp.ClientError, web.RequestPayloadError, OSError):
        raise _Refused(400, "broken-off") from None
    return bytes(body)
