"""Fields of decoded JSON from outside, by path. What is missing is named; what was sent is never quoted."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class NotReadableError(ValueError):
    """An activity that is not as Teams makes them. `missing` says what it lacks, in words of our own."""

    def __init__(self, missing: str) -> None:
        super().__init__(f"not an activity that can be read: it has no {missing}")
        self.missing = missing


def at(body: Json, path: str) -> object:
    """What stands at a dotted path, or None."""
    found: object = body
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found


def required(body: Json, path: str) -> str:
    """The text at a dotted path. Raises `NotReadableError` where there is none."""
    found = at(body, path)
    if not isinstance(found, str) or not found:
        raise NotReadableError(path)
    return found


def optional(body: Json, path: str) -> str:
    """The text at a dotted path; empty where there is none."""
    found = at(body, path)
    return found if isinstance(found, str) else ""


def mapping(found: object, what: str) -> Json:
    """An object. Raises `NotReadableError` where it is none."""
    if not isinstance(found, dict):
        raise NotReadableError(f"object in {what}")
    return found


def entries(body: Json, key: str) -> list[Json]:
    """The objects in a list, which may be missing."""
    found = body.get(key)
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
