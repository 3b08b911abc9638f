"""Our own token for the connector: the app's secret exchanged at the tenant's login, kept until shortly before it ends.

A plain form posted without blocking: the SDK does the same through msal in a thread that no timeout can stop.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from urllib.parse import quote

import aiohttp

from adapters.teams.addresses import is_callable

_SCOPE = "https://api.botframework.com/.default"
_TIMEOUT = 4.0  # seconds
_EARLY = 300.0  # seconds before its end at which the next is fetched
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,80}\Z")


class ConnectorError(Exception):
    """Teams did not do it, or cannot be asked. `status` 0 means that no answer came.

    `code` is Teams' own word for it (`MessageWritesBlocked`, `BotNotInConversationRoster`) or ours for what has no answer
    (`Unreachable`, `Timeout`, `UnknownServiceUrl`). `lasting` says that trying again is no use; `retry_after` is in seconds.
    """

    def __init__(self, status: int, code: str, *, lasting: bool = False, retry_after: float | None = None) -> None:
        self.status, self.code, self.lasting, self.retry_after = status, code, lasting, retry_after
        super().__init__(f"Teams answered {status} {code}".rstrip() if status else f"Teams did not answer: {code}")


class LoginRefusedError(ConnectorError):
    """The login does not take this app: nothing at all gets through until its id, secret or tenant is mended."""


def plain_code(found: object) -> str:
    """An error code as it was sent, if it is nothing but a code."""
    return found if isinstance(found, str) and _CODE.match(found) else ""


class Tokens:
    """One app's tokens. With an empty app id there are none, and nothing is sent with one."""

    def __init__(
        self,
        session: Callable[[], aiohttp.ClientSession],
        url: str,
        app_id: str,
        password: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`url` is the tenant's own token endpoint (`token_url`)."""
        self._session, self._url, self._clock = session, url, clock
        self._app_id, self._password = app_id, password
        self._token, self._until = "", 0.0
        self._one = asyncio.Lock()

    async def get(self) -> str:
        """A token that is good now. Raises `ConnectorError`: lasting when the login refuses the app id or secret."""
        if not self._app_id:
            return ""
        async with self._one:
            left = self._until - self._clock()
            if not self._token or left < _EARLY:
                try:
                    await self._fetch()
                except ConnectorError:
                    if not self._token or left <= 0:
                        raise
            return self._token

    def forget(self, token: str) -> None:
        """It was refused: fetch another next time."""
        if token == self._token:
            self._token = ""

    async def _fetch(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._app_id,
            "client_secret": self._password,
            "scope": _SCOPE,
        }
        try:
            timeout = aiohttp.ClientTimeout(total=_TIMEOUT)
            async with self._session().post(self._url, data=form, timeout=timeout, allow_redirects=False) as response:
                status, body = response.status, json.loads(await response.read())
                if status == 200:
                    self._token = str(body["access_token"])
                    self._until = self._clock() + float(body["expires_in"])
                    return
                code = plain_code(body.get("error"))
        except TimeoutError:
            raise ConnectorError(0, "LoginTimeout") from None
        except (aiohttp.ClientError, OSError, ValueError, TypeError, LookupError, AttributeError):
            raise ConnectorError(0, "LoginUnreachable") from None
        if status in {400, 401, 403}:
            raise LoginRefusedError(status, code, lasting=True)
        raise ConnectorError(status, code)


def token_url(login_url: str, tenant_id: str) -> str:
    """Where this tenant's apps get their tokens. Raises `ValueError` unless it is https or this computer."""
    if not is_callable(login_url):
        raise ValueError("SIGNPOST_TEAMS_LOGIN_URL must be an https address, or one on this computer")
    return f"{login_url.rstrip('/')}/{quote(tenant_id, safe='')}/oauth2/v2.0/token"
