"""Microsoft's login and signing keys, on loopback: an OpenID document, its keys, and tokens for the app's secret.

It signs with RSA keys of its own, rotates them, and can be down, hang, or answer nonsense.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import secrets
import time
from functools import cache
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

ISSUER = "https://api.botframework.com"
SCOPE = "https://api.botframework.com/.default"
CHATS = ["msteams", "skype"]


@cache
def private_key(number: int) -> rsa.RSAPrivateKey:
    """A key pair, made once a run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Authority:
    """The login of one tenant with one registered app."""

    def __init__(self, app_id: str, password: str, tenant_id: str) -> None:
        self.app_id, self.password, self.tenant_id = app_id, password, tenant_id
        self.url = ""
        self.fetched = 0  # how often the keys were
        self.lifetime = 3600  # seconds that a token of the app lives
        self._numbers = itertools.count()
        self._keys: dict[str, tuple[int, list[str]]] = {}
        self._issued: dict[str, float] = {}
        self._gate = asyncio.Event()
        self._nonsense = False
        self.waiting = 0  # requests that are not answered yet
        self._runner: web.AppRunner | None = None
        self._gate.set()
        self.kid = self.add_key()

    # ---- what a test does with it

    def add_key(self, endorsements: list[str] = CHATS) -> str:
        """Publish another key. Gives its id."""
        number = next(self._numbers)
        kid = f"key-{number}"
        self._keys[kid] = (number, endorsements)
        return kid

    def rotate(self) -> None:
        """A new key from now on; the old one is no longer published."""
        self._keys.pop(self.kid)
        self.kid = self.add_key()

    def hang(self) -> None:
        """Take every request and answer none, until `answer()`."""
        self._gate.clear()

    def speak_nonsense(self) -> None:
        """Answer what nobody can read, until `answer()`."""
        self._nonsense = True

    def answer(self) -> None:
        """All is well again."""
        self._nonsense = False
        self._gate.set()

    def revoke(self) -> None:
        """No token of the app's that was given out is good any more."""
        self._issued.clear()

    def claims(self, service_url: str, **other: Any) -> dict[str, Any]:
        """What Teams claims when it writes to the app now."""
        now = int(time.time())
        return {
            "iss": ISSUER,
            "aud": self.app_id,
            "serviceurl": service_url,
            "nbf": now - 60,
            "exp": now + 3600,
        } | other

    def sign(
        self,
        claims: dict[str, Any],
        *,
        kid: str | None = None,
        key: rsa.RSAPrivateKey | str | None = None,
        algorithm: str = "RS256",
    ) -> str:
        """An Authorization header for these claims. An empty `kid` names no key."""
        kid = self.kid if kid is None else kid
        key = key or private_key(self._keys[kid][0])
        return f"Bearer {jwt.encode(claims, key, algorithm=algorithm, headers={'kid': kid} if kid else {})}"

    def forge_with_nothing(self, claims: dict[str, Any]) -> str:
        """A header whose token says that it needs no signature."""
        parts = ({"alg": "none", "typ": "JWT", "kid": self.kid}, claims)
        return "Bearer " + ".".join([*(base64url(json.dumps(part).encode()) for part in parts), ""])

    @property
    def issued(self) -> int:
        """How many tokens of the app are good."""
        return len(self._issued)

    def accepts(self, header: str) -> bool:
        """Is this Authorization header one of the app's own, not yet ended?"""
        scheme, _, token = header.partition(" ")
        return scheme == "Bearer" and self._issued.get(token, 0) > time.time()

    # ---- what it serves

    @property
    def openid_url(self) -> str:
        """Where its OpenID document is."""
        return f"{self.url}/v1/.well-known/openidconfiguration"

    async def start(self) -> None:
        """Be there, on the port it had before if it was there before."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/v1/.well-known/openidconfiguration", self._document),
                web.get("/v1/.well-known/keys", self._published),
                web.post("/{tenant}/oauth2/v2.0/token", self._token),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        port = int(self.url.rsplit(":", 1)[1]) if self.url else 0
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Be gone: connections are refused."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _document(self, _request: web.Request) -> web.Response:
        self.waiting += 1
        await self._gate.wait()
        self.waiting -= 1
        if self._nonsense:
            return web.Response(text="<html>Sign in to the guest network</html>", content_type="text/html")
        return web.json_response(
            {
                "issuer": ISSUER,
                "jwks_uri": f"{self.url}/v1/.well-known/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    async def _published(self, _request: web.Request) -> web.Response:
        await self._gate.wait()
        self.fetched += 1
        return web.json_response({"keys": [self._public(kid) for kid in self._keys]})

    def _public(self, kid: str) -> dict[str, Any]:
        number, endorsements = self._keys[kid]
        public = jwt.algorithms.RSAAlgorithm.to_jwk(private_key(number).public_key(), as_dict=True)
        return public | {"kid": kid, "use": "sig", "endorsements": endorsements}

    async def _token(self, request: web.Request) -> web.Response:
        await self._gate.wait()
        form = await request.post()
        right = {
            "grant_type": "client_credentials",
            "client_id": self.app_id,
            "client_secret": self.password,
            "scope": SCOPE,
        }
        if request.match_info["tenant"] != self.tenant_id:
            return web.json_response({"error": "invalid_request", "error_description": "no tenant"}, status=400)
        if dict(form) != right:
            return web.json_response({"error": "invalid_client", "error_description": "no"}, status=401)
        token = secrets.token_urlsafe(24)
        self._issued[token] = time.time() + self.lifetime
        return web.json_response({"token_type": "Bearer", "expires_in": self.lifetime, "access_token": token})


def base64url(raw: bytes) -> str:
    """As tokens have it."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
