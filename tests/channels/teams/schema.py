"""The official schema of Adaptive Cards 1.5, and Teams' own limits, as one list of faults."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft6Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

LIMIT = 26_000  # bytes; Teams' own is 28 KB


@cache
def _schema() -> dict[str, Any]:
    spec = importlib.util.find_spec("adaptive_cards")
    assert spec
    assert spec.origin
    return json.loads((Path(spec.origin).parent / "schemas" / "schema-1.5.json").read_text("utf-8"))


def _any_of(validator: Any, branches: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """`anyOf` by the instance's `type` where the branches are the kinds of element: each has one. Trying them all
    at every level of a card takes minutes, and says nothing of what was wrong with the one that was meant.
    """
    kinds = {}
    for branch in branches:
        refs = branch.get("allOf", [])
        if len(refs) == 1 and "$ref" in refs[0]:
            kinds[refs[0]["$ref"].removeprefix("#/definitions/")] = branch
    kind = instance.get("type") if isinstance(instance, dict) else None
    if len(kinds) != len(branches) or not isinstance(kind, str):
        yield from Draft6Validator.VALIDATORS["anyOf"](validator, branches, instance, schema)
    elif kind not in kinds:
        yield ValidationError(f"no element of type {kind} may stand here")
    else:
        yield from validator.descend(instance, kinds[kind])


@cache
def _validator() -> Any:
    return extend(Draft6Validator, {"anyOf": _any_of})(_schema())


def faults(card: dict[str, Any]) -> list[str]:
    """What is wrong with a card. Empty: nothing."""
    bare = {key: value for key, value in card.items() if key != "msteams"}
    found = [f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in _validator().iter_errors(bare)]
    if bare.get("type") != "AdaptiveCard" or bare.get("version") != "1.5":
        found.append("the root is no AdaptiveCard of version 1.5")
    weight = max(len(json.dumps(card)), len(json.dumps(card, ensure_ascii=False).encode()))
    if weight > LIMIT:
        found.append(f"{weight} bytes")
    ids = [thing["id"] for thing in inside(card) if "id" in thing]
    if len(ids) != len(set(ids)):
        found.append("an id is used twice")
    for thing in inside(card):
        if isinstance(thing.get("fallback"), dict):  # the schema lets any object pass here
            meant = {"$ref": f"#/definitions/{thing['fallback'].get('type')}"}
            found += [f"fallback: {error.message[:200]}" for error in _validator().descend(thing["fallback"], meant)]
        if thing.get("type") == "ActionSet" and not 1 <= len(thing["actions"]) <= 6:
            found.append(f"{len(thing['actions'])} actions in one set")
    return found


def inside(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a card, outside in and in order."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from inside(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from inside(inner)
