"""Sealing and opening of what is sensitive.

Envelope encryption with AES-256-GCM: each concern and each draft has a data key of its own,
wrapped by a master key. A ciphertext is bound to its owner and its place, so that one moved
elsewhere does not open. Destroying the wrapped key forgets everything sealed under it.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12  # bytes, as AES-GCM expects
_KEY = 32  # bytes: AES-256
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


class SealBrokenError(Exception):
    """What was sealed does not open: wrong key, moved or changed. `str()` names the owner, never the content."""


class KeyTextError(ValueError):
    """SIGNPOST_KEYS is not what it must be. `str()` says how, without showing a key."""


class Vault:
    """Seals text under data keys that are themselves sealed under the school's master keys."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """`keys` by id, newest first; the newest wraps, all open."""
        if not keys:
            raise KeyTextError("no master key: nothing can be sealed")
        self._masters = dict(keys)
        self._newest = next(iter(keys))

    @classmethod
    def from_text(cls, text: str) -> Vault:
        """The vault for `id:base64url-of-32-bytes`, comma-separated, newest first. Raises `KeyTextError`."""
        keys: dict[str, bytes] = {}
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            name, colon, encoded = part.partition(":")
            try:
                key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
            except (binascii.Error, ValueError):
                key = b""
            if not _NAME.fullmatch(name) or not colon or len(key) != _KEY:
                raise KeyTextError("each key is written id:base64url of 32 bytes, with commas between keys")
            if name in keys:
                raise KeyTextError(f"the key id “{name}” is there twice")
            keys[name] = key
        return cls(keys)

    def new_data_key(self, owner: str) -> bytes:
        """A fresh data key for `owner` (table and row id), wrapped for storage beside the row."""
        return self._wrap(self._newest, os.urandom(_KEY), owner)

    def open_bytes(self, wrapped: bytes, owner: str) -> bytes:
        """The data key itself, for an HMAC under it. Raises `SealBrokenError`."""
        return self._unwrap(wrapped, owner)

    def rewrap(self, wrapped: bytes, owner: str) -> bytes | None:
        """The data key wrapped by the newest master key, or None if it is already. Raises `SealBrokenError`."""
        if isinstance(wrapped, bytes) and wrapped[1 : 1 + (wrapped or b"\0")[0]] == self._newest.encode():
            return None
        return self._wrap(self._newest, self._unwrap(wrapped, owner), owner)

    def seal(self, wrapped: bytes, owner: str, place: str, text: str) -> bytes:
        """`text` sealed under `owner`'s data key, bound to `owner` and `place` (column or entry)."""
        return _encrypt(self._unwrap(wrapped, owner), text.encode(), f"{owner}/{place}")

    def open(self, wrapped: bytes, owner: str, place: str, sealed: bytes) -> str:
        """The text that was sealed for this owner and place. Raises `SealBrokenError`, also for what is no bytes at all:
        SQLite lets anybody put text, or nothing, where bytes were.
        """
        return _decrypt(self._unwrap(wrapped, owner), sealed, f"{owner}/{place}").decode()

    def _wrap(self, master: str, key: bytes, owner: str) -> bytes:
        name = master.encode()
        return bytes([len(name)]) + name + _encrypt(self._masters[master], key, f"{owner}/key")

    def _unwrap(self, wrapped: bytes, owner: str) -> bytes:
        if not isinstance(wrapped, bytes):
            raise SealBrokenError(f"{owner}: its key was changed")
        size = wrapped[0] if wrapped else 0
        master = self._masters.get(wrapped[1 : 1 + size].decode(errors="replace"))
        if master is None:
            raise SealBrokenError(f"{owner}: its master key is not among SIGNPOST_KEYS")
        return _decrypt(master, wrapped[1 + size :], f"{owner}/key")


def new_master_key(name: str) -> str:
    """A new master key as SIGNPOST_KEYS takes it: `name:base64url`. Raises `KeyTextError` for a name it does not take."""
    if not _NAME.fullmatch(name):
        raise KeyTextError("a key's id is letters, digits, dots, dashes and underscores, 64 at most")
    return f"{name}:{base64.urlsafe_b64encode(os.urandom(_KEY)).decode().rstrip('=')}"


def _encrypt(key: bytes, plain: bytes, bound_to: str) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to.encode())


def _decrypt(key: bytes, sealed: bytes, bound_to: str) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound_to.encode())
    except (InvalidTag, ValueError, TypeError):  # of the wrong type: text, or nothing, stands where bytes were
        raise SealBrokenError(f"{bound_to}: it does not open with SIGNPOST_KEYS, or was changed") from None
