"""Who may look at how Signpost fares: whoever holds the monitor's token; without one, this computer alone."""

from __future__ import annotations

import hmac
from ipaddress import IPv6Address, ip_address

from aiohttp import web

_BY_PROXY = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


def may_look(request: web.Request, token: str) -> bool:
    """Whether this request may see figures and reasons. A proxy on this computer speaks for somebody elsewhere."""
    if token:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), f"Bearer {token}".encode())
    return from_here(request.remote) and not any(name in request.headers for name in _BY_PROXY)


def from_here(address: str | None) -> bool:
    """Whether this is an address of loopback."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return (mapped or found).is_loopback


def not_without_token(token: str) -> web.Response:
    """What anybody else is told."""
    hint = (
        "send “Authorization: Bearer …” with the token in SIGNPOST_MONITOR_TOKEN"
        if token
        else "set SIGNPOST_MONITOR_TOKEN, and send it as “Authorization: Bearer …”"
    )
    text = f"No figures: asked from another computer, or without the right token. What to do: {hint}.\n"
    return web.Response(status=401, text=text, headers={"WWW-Authenticate": 'Bearer realm="signpost"'})
