"""Slack's Web API: one call at a time, each with a time limit of its own, and what went wrong in a form that can be acted on.

Every argument goes as a form field, JSON where it is not text: the one way that all of Slack's methods take.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot import Failed

Json = dict[str, Any]

SECONDS = 10.0  # for Slack to answer, where nobody waits
_LONGEST_PAGE = 200
_PAGES = 50

# The whole way to Slack is shut: no message gets through to anybody.
_SHUT = frozenset(
    {
        "account_inactive",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "invalid_auth",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
    }
)
# This place or person cannot be reached, or this message cannot be posted, however often it is tried.
GONE = frozenset({"channel_not_found", "is_archived", "is_inactive", "not_in_channel", "restricted_action"})
_NEVER = frozenset(
    {
        "cannot_dm_bot",
        "invalid_blocks",
        "invalid_user",
        "invalid_users",
        "msg_blocks_too_long",
        "msg_too_long",
        "user_disabled",
        "user_not_found",
        "user_not_visible",
        "users_not_found",
    }
)


class SlackError(Exception):
    """Slack did not do it. `code` is Slack's own word, or `no_answer`, `http_500`, `unreadable`; never anything that was sent.

    `retry_after` is in seconds, where Slack said.
    """

    def __init__(self, method: str, code: str, retry_after: float | None = None) -> None:
        self.method, self.code, self.retry_after = method, code, retry_after
        super().__init__(f"Slack did not do {method}: {code}")

    @property
    def shut(self) -> bool:
        """True where nothing at all gets through until somebody mends the app."""
        return self.code in _SHUT

    @property
    def lasting(self) -> bool:
        """True where the same call again is no use."""
        return self.code in _SHUT | GONE | _NEVER

    def failed(self, *, place: bool = False) -> Failed:
        """As the bell takes it. `place` says that it was for the DSL channel: where that is gone, the route is."""
        route = self.shut or (place and self.code in GONE)
        return Failed(str(self), lasting=self.lasting, retry_after=self.retry_after, route=route)


@dataclass(frozen=True, slots=True)
class Me:
    """The bot itself, and the workspace it is installed in. `url` ends with a slash."""

    team: str
    user: str
    bot: str
    url: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What Slack answered, and the headers it came with."""

    body: Json
    headers: Mapping[str, str]


class Web:
    """Calls to one Slack workspace with one token."""

    def __init__(self, token: str, url: str) -> None:
        """`url` is Slack's API, such as https://slack.com/api/."""
        self._token, self._url = token, f"{url.rstrip('/')}/"
        self._session: aiohttp.ClientSession | None = None
        self._me: Me | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Keep connections while inside. A call outside makes one of its own."""
        async with aiohttp.ClientSession() as session:
            self._session = session
            try:
                yield
            finally:
                self._session = None

    async def me(self, *, seconds: float = SECONDS) -> Me:
        """Who the bot is, asked once. Raises `SlackError`."""
        if self._me is None:
            found = await self.call("auth.test", seconds=seconds)
            self._me = Me(*(str(found.get(key) or "") for key in ("team_id", "user_id", "bot_id", "url")))
        return self._me

    @property
    def known(self) -> Me | None:
        """Who the bot is, if Slack has said so yet."""
        return self._me

    async def call(self, method: str, *, seconds: float = SECONDS, **arguments: Any) -> Json:
        """Slack's answer to this call. Raises `SlackError`."""
        return (await self.ask(method, seconds=seconds, **arguments)).body

    async def ask(self, method: str, *, seconds: float = SECONDS, token: str = "", **arguments: Any) -> Answered:
        """The answer with its headers. `token` is used in place of the bot's. Raises `SlackError`."""
        fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in arguments.items()}
        headers = {"Authorization": f"Bearer {token or self._token}"}
        status, got, text = await self._post(method, f"{self._url}{method}", seconds, headers=headers, data=fields)
        body = _read(text)
        code = str(body.get("error") or "unreadable") if body is not None else "unreadable"
        if status == 429 or code in {"ratelimited", "rate_limited"}:
            raise SlackError(method, "ratelimited", _wait(got.get("Retry-After", "")))
        if status >= 500:
            raise SlackError(method, f"http_{status}")
        if body is None or body.get("ok") is not True:
            raise SlackError(method, code)
        return Answered(body, got)

    async def pages(self, method: str, key: str, **arguments: Any) -> AsyncIterator[list[Any]]:
        """Each page of a list, in order. Raises `SlackError`, also where there are more pages than any list of ours has."""
        cursor: dict[str, Any] = {}
        for _ in range(_PAGES):
            found = await self.call(method, limit=_LONGEST_PAGE, **arguments, **cursor)
            yield list(found.get(key) or ())
            after = str((found.get("response_metadata") or {}).get("next_cursor") or "")
            if not after:
                return
            cursor = {"cursor": after}
        raise SlackError(method, "endless")

    async def respond(self, url: str, body: Json, *, seconds: float) -> None:
        """Answer by the address that came with a command or a press. Raises `SlackError`."""
        status, _, _ = await self._post("response_url", url, seconds, json=body)
        if status != 200:
            raise SlackError("response_url", f"http_{status}")

    async def _post(self, method: str, url: str, seconds: float, **request: Any) -> tuple[int, Mapping[str, str], str]:
        limit = aiohttp.ClientTimeout(total=seconds)
        held = nullcontext(self._session) if self._session else aiohttp.ClientSession()
        try:
            async with held as session, session.post(url, timeout=limit, allow_redirects=False, **request) as answer:
                return answer.status, answer.headers, await answer.text()
        except (aiohttp.ClientError, TimeoutError, OSError, UnicodeDecodeError):
            raise SlackError(method, "no_answer") from None


def _read(text: str) -> Json | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _wait(said: str) -> float:
    return float(said) if said.isascii() and said.isdecimal() and len(said) < 7 else 30.0
