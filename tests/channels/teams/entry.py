"""Teams as the contract of all channels meets it: the drawing and the reading here, its transport in `school`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from adapters.teams import read, render
from bot import Form, Message, Part, Person, Words
from tests.channels.contract import Running, unreadable
from tests.channels.teams.schema import inside
from tests.channels.teams.school import for_the_contract

SAM = Person("teams:b130c271-d2eb-45f9-83ab-9eb3fe3788bc", Words("Sam Carter"), staff=True)
PAYLOADS = Path(__file__).parent / "payloads"
READ_ALOUD = ("text", "label", "title", "placeholder")
_LIVING = re.compile(r"\{\{\s*(?:DATE|TIME)", re.IGNORECASE)


@cache
def _payload(name: str) -> str:
    return (PAYLOADS / f"{name}.json").read_text("utf-8")


def payload(name: str, **changes: Any) -> dict[str, Any]:
    """An activity as Teams sends it."""
    return json.loads(_payload(name)) | changes


class Teams:
    """Adaptive Cards."""

    name, redraws, shared_places = "teams", True, True

    def running(self, folder: Path) -> AbstractAsyncContextManager[Running]:
        return for_the_contract(folder)

    def draw(self, parts: Sequence[Part]) -> str:
        # A point has a dot before it where the markup has a dash.
        return "\n".join("-" if text == "•" else text for card in over_the_wire(parts) for text in to_read(card))

    def pressed(self, parts: Sequence[Part], nth: int) -> Message:
        buttons = [b for card in over_the_wire(parts) for b in actions(card) if "choice" in b["data"]]
        return heard(press(buttons[nth]))

    def sent(self, form: Form, values: Mapping[str, str]) -> Message:
        return heard(fill(over_the_wire([form]), values))

    def alive(self, parts: Sequence[Part], word: str) -> list[str]:
        found = [f"{key}: {text}" for card in over_the_wire(parts) for key, text in living(card, word)]
        for activity in json.loads(json.dumps(render.activities(parts))):
            bare = {key: value for key, value in activity.items() if key != "attachments"}
            found += (
                [] if word not in json.dumps(bare) and "text" not in bare and "entities" not in bare else [str(bare)]
            )
        return found


def over_the_wire(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """The cards as Teams gets them."""
    return json.loads(json.dumps(render.card(parts)))


def heard(activity: dict[str, Any]) -> Message:
    """What the core hears of it; the event's id is the activity's own business."""
    found = read.read(json.loads(json.dumps(activity)))
    assert isinstance(found, read.Typed | read.Pressed | read.Filled | read.Fetched | read.Begun), found
    return replace(read.message(found, SAM), event="e")


def to_read(value: Any) -> Iterator[str]:
    """All that a person can read of a card, in order: no ids, no data, and nothing twice for older clients' sake."""
    if isinstance(value, list):
        for inner in value:
            yield from to_read(inner)
    elif isinstance(value, dict):
        yield from (value[key] for key in READ_ALOUD if isinstance(value.get(key), str))
        if value.get("type") in {"Input.Text", "Input.Date", "Input.Time"}:
            yield value.get("value", "")
        for key in ("body", "items", "columns", "inlines", "choices", "actions"):
            yield from to_read(value.get(key))


def living(card: dict[str, Any], word: str) -> Iterator[tuple[str, str]]:
    """Where `word` stands in a place that is more than text, and what acts rather than shows anywhere."""
    for thing in inside(card):
        plain = {"TextRun": "text", "Input.Text": "value", "Input.Date": "value", "Input.Time": "value"}
        for key, value in thing.items():
            if not isinstance(value, str):
                continue
            at_home = plain.get(thing.get("type", "")) == key
            acts = unreadable(value) or (thing.get("type") in {"TextRun", "TextBlock"} and _LIVING.search(value))
            if (word in value and not at_home) or acts or (at_home and "selectAction" in thing):
                yield key, value
        if {"entities", "mentions"} & thing.keys():
            yield "entities", str(thing)


def actions(card: dict[str, Any]) -> list[dict[str, Any]]:
    """The buttons of a card in order; a fallback is not another button."""
    sets = (thing for thing in inside(card) if thing.get("type") == "ActionSet")
    return [action for found in sets for action in found["actions"]]


def press(button: dict[str, Any], **inputs: str) -> dict[str, Any]:
    """The activity that pressing this button in a chat sends."""
    data = {**button["data"], **inputs}
    if button["type"] == "Action.Execute":
        value = {"action": {"type": button["type"], "verb": button["verb"], "data": data}, "trigger": "manual"}
        return payload("card-choice", value=value)
    if data.get("msteams") == {"type": "task/fetch"}:
        return payload("dialog-fetch", conversation=payload("message-personal")["conversation"], value={"data": data})
    return payload("message-choice", value=data)


def fill(
    cards: Sequence[dict[str, Any]], values: Mapping[str, str], *, label: str = "", old: bool = False
) -> dict[str, Any]:
    """The activity when a form's inputs are filled in and its first button, or the one called `label`, is pressed."""
    (card,) = [card for card in cards if any(thing.get("type", "").startswith("Input.") for thing in inside(card))]
    inputs = {one["id"]: one for one in inside(card) if one.get("type", "").startswith("Input.")}
    assert inputs.keys() >= values.keys(), "a field that is not drawn cannot be filled in"
    for key, value in values.items():
        if "choices" in inputs[key]:
            assert set(value.split(",") if value else ()) <= {choice["value"] for choice in inputs[key]["choices"]}
    held = {id_: values.get(id_, one.get("value", "")) for id_, one in inputs.items()}
    button = next(b for b in actions(card) if "form" in b["data"] and label in {"", b["title"]})
    # Teams leaves out what was left empty.
    return press(button["fallback"] if old else button, **{id_: value for id_, value in held.items() if value})
