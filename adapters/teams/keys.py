"""The keys that Microsoft signs with: fetched off the critical path, kept, and fetched again when they have been changed.

The SDK fetches them with a blocking call that has no timeout, in the middle of a request, and fails for up to a day after
a rotation. This stands in its place and answers the one question that the SDK asks of it: `get(kid)`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import structlog
from jwt import PyJWK, PyJWTError

from adapters.teams.addresses import is_callable

_log = structlog.get_logger("signpost.teams.keys")
_TIMEOUT = 3.0  # seconds for the OpenID document and the keys together: an invoke must be answered in five
_FRESH = 12 * 3600.0  # seconds after which they are fetched again
_OLD = 24 * 3600.0  # seconds for which they still serve when they cannot be fetched again
_REST = 5.0  # seconds between two fetches, whatever a forger names as the key


class KeysUnreachableError(Exception):
    """Nobody can tell now who signed: the OpenID server does not answer as it must. It says nothing about the token."""


class UnknownKeyError(Exception):
    """Microsoft does not sign with this key."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key, and the chats whose messages it may sign."""

    public_key: Any
    endorsements: list[str]


class Keys:
    """The keys behind one OpenID document."""

    def __init__(
        self, session: Callable[[], aiohttp.ClientSession], url: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._session, self._url, self._clock = session, url, clock
        self._keys: dict[str, Key] = {}
        self._fetched = -_OLD * 2 + clock()
        self._tried = -_REST + clock()
        self._why: KeysUnreachableError | None = None
        self._fetching: asyncio.Task[None] | None = None

    async def warm(self) -> None:
        """Fetch them now. Raises `KeysUnreachableError`."""
        await self._fetch()

    async def get(self, kid: str | None) -> Key:
        """The key of this id. Raises `UnknownKeyError`, or `KeysUnreachableError` if that cannot be known."""
        known = self._keys.get(kid or "")
        age = self._clock() - self._fetched
        if known is None or age > _FRESH:
            try:
                await self._fetch_again()
            except KeysUnreachableError:
                if known is None or age > _OLD:
                    raise
            known = self._keys.get(kid or "")
        if known is None:
            raise UnknownKeyError
        return known

    async def _fetch_again(self) -> None:
        """One fetch for all who wait for it, and a rest between two."""
        if self._fetching is None:
            if self._clock() - self._tried < _REST:
                if self._why is not None:
                    raise self._why
                return
            self._tried = self._clock()
            self._fetching = asyncio.create_task(self._fetch())
            self._fetching.add_done_callback(self._ended)
        await asyncio.shield(self._fetching)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._fetching = None
        if not task.cancelled():
            task.exception()  # whoever waited has had it; if they have gone, nobody need hear of it

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(_TIMEOUT):
                document = await self._json(self._url)
                self._keys = _read((await self._json(document["jwks_uri"]))["keys"])
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError, TypeError, LookupError) as error:
            self._why = KeysUnreachableError(f"the OpenID server does not answer as it must: {type(error).__name__}")
            _log.error("teams_keys_unreachable", error=type(error).__name__)
            raise self._why from None
        self._why, self._fetched = None, self._clock()

    async def _json(self, url: str) -> Any:
        if not is_callable(url):
            raise ValueError("the address of the keys is neither https nor this computer")
        async with self._session().get(url, allow_redirects=False) as response:
            response.raise_for_status()
            return json.loads(await response.read())


def _read(found: list[dict[str, Any]]) -> dict[str, Key]:
    """The RSA keys among these. One that cannot be read is left out; none at all is an error."""
    keys = {}
    for each in found:
        kid, endorsements = each.get("kid"), each.get("endorsements") or []
        if isinstance(kid, str) and each.get("kty") == "RSA" and isinstance(endorsements, list):
            try:
                keys[kid] = Key(PyJWK(each, algorithm="RS256").key, endorsements)
            except PyJWTError:
                continue
    if not keys:
        raise ValueError("no key among the keys")
    return keys
