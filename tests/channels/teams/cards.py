"""An Adaptive Card as a person meets it: what can be read, filled in and pressed. Refuses what the real client would not let by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_READ = ("text", "title", "label", "value", "placeholder", "errorMessage", "altText")
_ACTIONS = ("actions", "inlineAction", "selectAction")


def texts(card: Any, *, hidden: bool = False) -> Iterator[str]:
    """Every word of it that can be read, in order. Facts and prefilled inputs too; what is hidden only if asked for."""
    if isinstance(card, list):
        for each in card:
            yield from texts(each, hidden=hidden)
        return
    if not isinstance(card, dict) or (card.get("isVisible") is False and not hidden):
        return
    for key, value in card.items():
        if key in _READ and isinstance(value, str):
            yield value
        elif key not in {"data", "msteams", "fallback"}:
            yield from texts(value, hidden=hidden)


def inputs(card: Any) -> list[dict[str, Any]]:
    """Its inputs, in order."""
    return [each for each in _elements(card) if str(each.get("type", "")).startswith("Input.")]


def actions(card: Any) -> list[dict[str, Any]]:
    """All that can be pressed, in order."""
    return [each for each in _elements(card) if str(each.get("type", "")).startswith("Action.")]


def action(card: Any, label: str) -> dict[str, Any] | None:
    """What says this and can be pressed."""
    return next((each for each in actions(card) if each.get("title") == label), None)


def filled(card: Any, values: dict[str, str]) -> dict[str, str]:
    """What the client sends of its inputs: what was typed, else what stood there; an empty one is left out."""
    found = {each["id"]: each for each in inputs(card)}
    assert set(values) <= set(found), f"no such input: {sorted(set(values) - set(found))} among {sorted(found)}"
    sent = {key: values.get(key, str(each.get("value", ""))) for key, each in found.items()}
    for key, each in found.items():
        _check(key, each, sent[key])
    return {key: value for key, value in sent.items() if value}


def _check(key: str, element: dict[str, Any], value: str) -> None:
    assert value or not element.get("isRequired"), f"the client does not send: {key} is required"
    assert len(value) <= element.get("maxLength", len(value)), (
        f"the client takes no more than {element['maxLength']} in {key}"
    )
    if element["type"] == "Input.ChoiceSet" and value and element.get("style") != "filtered":
        offered = {choice["value"] for choice in element["choices"]}
        chosen = set(value.split(",")) if element.get("isMultiSelect") else {value}
        assert chosen <= offered, f"{key} offers {sorted(offered)}, not {sorted(chosen - offered)}"
    if element["type"] == "Input.Toggle":
        offered = {element.get("valueOn", "true"), element.get("valueOff", "false"), ""}
        assert value in offered, f"{key} is a toggle"


def _elements(card: Any) -> Iterator[dict[str, Any]]:
    if isinstance(card, list):
        for each in card:
            yield from _elements(each)
    elif isinstance(card, dict):
        if card.get("isVisible") is False:
            return
        yield card
        for key, value in card.items():
            if key not in {"data", "fallback", "msteams"}:
                yield from _elements(value)
