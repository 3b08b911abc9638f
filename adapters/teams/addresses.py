"""Which addresses we may call: https, or this computer itself."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_this_computer(host: str) -> bool:
    """Does this host name or address mean loopback?"""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_callable(url: str) -> bool:
    """Is it https, or http to this computer, with nothing in it but host, port and path?"""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc or parts.query or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_this_computer(host))
