"""What we send: plain JSON to the connector service of Teams. Knows no SDK.

Throttling and Teams' own passing faults are tried again here, within a few seconds in all; everything else becomes one
`ConnectorError`. Only service addresses that a signed activity or our own record named are ever called.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from adapters.teams.addresses import is_callable
from adapters.teams.tokens import ConnectorError, Tokens, plain_code
from bot import last_look

Look = Callable[[], Awaitable[None]]
_TOTAL = 7.5  # seconds for one thing, however often it is tried: the bell gives a delivery 20
_AGAIN = frozenset({412, 429, 502, 504})  # what Teams asks us to try again
_PASSING = _AGAIN | {408, 409, 425}
_FIRST_WAIT = 0.4  # seconds, doubled each time, less a random part
_PAGE, _PAGES = 500, 40  # members a page, and pages after which somebody is fooling us


class Connector:
    """The outgoing side. Activities go out as they are given and come back as Teams keeps them."""

    def __init__(
        self,
        session: Callable[[], aiohttp.ClientSession],
        tokens: Tokens,
        app_id: str,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._session, self._tokens, self._bot, self._chance = session, tokens, f"28:{app_id}", chance
        self._trusted: set[str] = set()

    def trust(self, service_url: str) -> None:
        """This address was in a signed activity, or in what we kept of one. Raises `ValueError` if it may not be called."""
        if not is_callable(service_url):
            raise ValueError("a service address of Teams must be https, or on this computer")
        self._trusted.add(service_url.rstrip("/"))

    def trusts(self, service_url: str) -> bool:
        """May it be called?"""
        return service_url.rstrip("/") in self._trusted

    async def sign_in(self) -> None:
        """Get a token, if there is none that is good. Raises `ConnectorError`: lasting when the login refuses this app."""
        await self._tokens.get()

    async def send(self, service_url: str, conversation_id: str, activity: dict[str, Any], reply_to: str = "") -> str:
        """Post a new activity, under another if `reply_to` names it. Gives its id."""
        path = ("conversations", conversation_id, "activities", *([reply_to] if reply_to else []))
        return str((await self._ask("POST", service_url, path, activity, look=last_look)).get("id") or "")

    async def update(self, service_url: str, conversation_id: str, activity_id: str, activity: dict[str, Any]) -> None:
        """Put this in the place of what stands there. A `ConnectorError` of status 404 says that it stands there no more."""
        path = ("conversations", conversation_id, "activities", activity_id)
        await self._ask("PUT", service_url, path, {**activity, "id": activity_id})

    async def delete(self, service_url: str, conversation_id: str, activity_id: str) -> None:
        """Take it away."""
        await self._ask("DELETE", service_url, ("conversations", conversation_id, "activities", activity_id))

    async def create_personal(self, service_url: str, tenant_id: str, user_id: str) -> str:
        """The personal chat with somebody who has the app: the same each time. `user_id` is theirs in Teams (29:…) or Entra."""
        wanted = {
            "bot": {"id": self._bot},
            "members": [{"id": user_id}],
            "isGroup": False,
            "tenantId": tenant_id,
            "channelData": {"tenant": {"id": tenant_id}},
        }
        found = (await self._ask("POST", service_url, ("conversations",), wanted)).get("id")
        if not found:
            raise ConnectorError(0, "NoConversation")
        return str(found)

    async def members(self, service_url: str, conversation_id: str) -> list[dict[str, Any]]:
        """Everybody in a conversation, as Teams lists them; the whole roster or a `ConnectorError`, never a part."""
        found: list[dict[str, Any]] = []
        more = ""
        async with _within(_TOTAL):
            for _ in range(_PAGES):
                query = {"pageSize": str(_PAGE)} | ({"continuationToken": more} if more else {})
                page = await self._ask(
                    "GET", service_url, ("conversations", conversation_id, "pagedmembers"), query=query
                )
                found += [each for each in page.get("members") or [] if isinstance(each, dict)]
                more = str(page.get("continuationToken") or "")
                if not more:
                    return found
        raise ConnectorError(0, "RosterWithoutEnd")

    async def member(self, service_url: str, conversation_id: str, user_id: str) -> dict[str, Any] | None:
        """One person of a conversation, or None when Teams says that they are not in it."""
        try:
            return await self._ask("GET", service_url, ("conversations", conversation_id, "members", user_id))
        except ConnectorError as error:
            if error.status != 404:
                raise
            if error.code == "MemberNotFoundInConversation":
                return None
        # Some other 404 may speak of the person or of the conversation: the whole roster tells, or is not there either.
        roster = await self.members(service_url, conversation_id)
        return next((each for each in roster if user_id in {each.get("id"), each.get("aadObjectId")}), None)

    async def _ask(
        self,
        method: str,
        service_url: str,
        path: tuple[str, ...],
        body: dict[str, Any] | None = None,
        query: dict[str, str] | None = None,
        *,
        look: Look | None = None,
    ) -> dict[str, Any]:
        if not self.trusts(service_url):
            raise ConnectorError(0, "UnknownServiceUrl", lasting=True)
        url = URL("/".join([service_url.rstrip("/"), "v3", *(quote(part, safe="") for part in path)]), encoded=True)
        if query:
            url = url.with_query(query)
        async with _within(_TOTAL):
            return await self._until_done(method, url, body, look)

    async def _until_done(
        self, method: str, url: URL, body: dict[str, Any] | None, look: Look | None
    ) -> dict[str, Any]:
        give_up, wait, renewed = time.monotonic() + _TOTAL, _FIRST_WAIT, False
        while True:
            token = await self._tokens.get()
            if look is not None:  # before each try: the token and the waits may have taken seconds
                await look()
            try:
                return await self._once(method, url, body, token)
            except ConnectorError as error:
                if error.status == 401 and token and not renewed:
                    renewed = True
                    self._tokens.forget(token)
                    continue
                if error.status not in _AGAIN:
                    raise
                pause = (error.retry_after or wait) + wait * self._chance() / 2
                if time.monotonic() + pause >= give_up:
                    raise
                wait *= 2
            await asyncio.sleep(pause)

    async def _once(self, method: str, url: URL, body: dict[str, Any] | None, token: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            async with self._session().request(
                method, url, json=body, headers=headers, allow_redirects=False
            ) as response:
                raw = await response.read()
        except (aiohttp.ClientError, OSError):
            # Not tried again here: what was cut off may have arrived. The caller knows whether a repeat does harm.
            raise ConnectorError(0, "Unreachable") from None
        found = _object(raw)
        if 200 <= response.status < 300:
            return found
        fault = found.get("error")
        code = plain_code(fault.get("code")) if isinstance(fault, dict) else ""
        lasting = 300 <= response.status < 500 and response.status not in _PASSING
        raise ConnectorError(
            response.status, code, lasting=lasting, retry_after=_seconds(response.headers.get("Retry-After"))
        )


@asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise ConnectorError(0, "Timeout") from None


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(header: str | None) -> float | None:
    """How long to wait: seconds or a date, as HTTP has it. Nothing if it is neither."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
