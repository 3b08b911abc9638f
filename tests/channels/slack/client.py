"""Somebody at a Slack client: reads what was drawn, presses, fills in and sends, as the JSON that Slack makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

Json = dict[str, Any]

_PAYLOADS = Path(__file__).parent / "payloads"
_LONGEST = 3000  # what a person can type in one input


def payload(name: str) -> Any:
    """A payload as Slack documents it."""
    return json.loads((_PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def over_the_wire(value: Any) -> Any:
    """The same, as it arrives."""
    return json.loads(json.dumps(value))


def shown(blocks: Sequence[Json]) -> str:
    """All that a person reads of these blocks, in order."""
    return "\n".join(line for block in blocks for line in _lines(block))


def buttons(blocks: Sequence[Json], name: str) -> list[Json]:
    """The buttons whose action_id begins with this, in order."""
    rows = [block["elements"] for block in blocks if block["type"] == "actions"]
    return [button for row in rows for button in row if button["action_id"].startswith(name)]


def press(button: Json, view: Json | None = None, *, trigger: str = "e") -> Json:
    """`block_actions` of a button in a message, or in a view."""
    body = payload("action_in_modal" if view else "action_in_message")
    body["trigger_id"] = trigger
    body["actions"] = [{**button, "block_id": "rKq", "action_ts": "1763975300.338800"}]
    if view:
        body["view"] = {**body["view"], **view, "state": {"values": Window(view).state}}
    return body


class Window:
    """An open modal. Each input begins as it was drawn."""

    def __init__(self, view: Json) -> None:
        self.view = view
        self.inputs = [block for block in view["blocks"] if block["type"] == "input"]
        self.state: dict[str, dict[str, Json]] = {}
        for block in self.inputs:
            self.state[block["block_id"]] = {block["element"]["action_id"]: _first(block["element"])}

    def types(self, key: str, value: str) -> None:
        """Fills in a field: what does not fit in one input goes on in the next."""
        found = [block for block in self.inputs if block["block_id"].partition("#")[0] == key]
        assert found, "a field that is not drawn cannot be filled in"
        for nth, block in enumerate(found):
            state = self.state[block["block_id"]][block["element"]["action_id"]]
            last = nth == len(found) - 1
            _fill(state, block["element"], value if last else value[:_LONGEST])
            value = value[_LONGEST:]

    def submission(self, *, trigger: str = "e") -> Json:
        """`view_submission`, as Slack sends it."""
        body = payload("view_submission")
        body["trigger_id"] = trigger
        body["view"] = {**body["view"], **self.view, "state": {"values": self.state}}
        return over_the_wire(body)


def options(element: Mapping[str, Any]) -> list[Json]:
    """All options of an element, in order."""
    groups = element.get("option_groups", ())
    return [*element.get("options", ()), *(option for group in groups for option in group["options"])]


def _first(element: Json) -> Json:
    match element["type"]:
        case "plain_text_input":
            return {"type": element["type"], "value": element.get("initial_value")}
        case "datepicker":
            return {"type": element["type"], "selected_date": element.get("initial_date")}
        case "timepicker":
            return {"type": element["type"], "selected_time": element.get("initial_time")}
        case "radio_buttons" | "static_select":
            return {"type": element["type"], "selected_option": element.get("initial_option")}
        case "checkboxes" | "multi_static_select":
            # Slack gives them in the order in which they were ticked.
            return {"type": element["type"], "selected_options": element.get("initial_options", [])[::-1]}
    raise AssertionError(f"no such input: {element['type']}")


def _fill(state: Json, element: Json, value: str) -> None:
    match element["type"]:
        case "plain_text_input":
            state["value"] = value or None
        case "datepicker":
            state["selected_date"] = value or None
        case "timepicker":
            state["selected_time"] = value or None
        case "radio_buttons" | "static_select":
            state["selected_option"] = next((o for o in options(element) if o["value"] == value), None)
        case _:
            state["selected_options"] = [o for o in options(element)[::-1] if o["value"] in value.split(",")]


# ---- reading


def _lines(block: Json) -> Iterator[str]:
    match block["type"]:
        case "header":
            yield block["text"]["text"]
        case "rich_text":
            yield from (line for element in block["elements"] for line in _rich(element))
        case "context":
            yield from (element["text"] for element in block["elements"])
        case "actions":
            yield from (element["text"]["text"] for element in block["elements"])
        case "input":
            yield block["label"]["text"]
            yield from _input(block["element"])
            yield block.get("hint", {}).get("text", "")


def _rich(element: Json) -> Iterator[str]:
    if element["type"] != "rich_text_list":
        yield "".join(piece["text"] for piece in element["elements"])
        return
    for nth, item in enumerate(element["elements"], element.get("offset", 0) + 1):
        mark = f"{nth}. " if element["style"] == "ordered" else "- "
        yield mark + "".join(piece["text"] for piece in item["elements"])


def _input(element: Json) -> Iterator[str]:
    yield from (option["text"]["text"] for option in options(element))
    yield from (element[key] for key in ("initial_value", "initial_date", "initial_time") if key in element)
