"""The checker of Slack's limits is proved: what is whole passes, and each of these broken payloads does not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from tests.channels.slack.limits import faults

Json = dict[str, Any]


def text(said: str) -> Json:
    return {"type": "plain_text", "text": said}


def rich(*said: str) -> Json:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": one} for one in said]}
    return {"type": "rich_text", "elements": [section]}


def button(**changes: Any) -> Json:
    return {"type": "button", "action_id": "choice-1", "text": text("Yes"), "value": "v", **changes}


def options(count: int) -> list[Json]:
    return [{"text": text(f"o{n}"), "value": f"v{n}"} for n in range(count)]


def field(element: Json, **changes: Any) -> Json:
    return {"type": "input", "block_id": "where", "label": text("Where?"), "element": element, **changes}


LINE = {"type": "plain_text_input", "action_id": "value"}
RADIO = {"type": "radio_buttons", "action_id": "value", "options": options(2)}
MENU = {"type": "static_select", "action_id": "value", "options": options(100)}
MESSAGE: Json = {
    "text": "New concern",
    "unfurl_links": False,
    "metadata": {"event_type": "signpost_alert", "event_payload": {"key": "k"}},
    "blocks": [
        {"type": "header", "text": text("New concern")},
        rich("Logged by"),
        {"type": "context", "elements": [text("source")]},
        {"type": "section", "text": text("x")},
        {"type": "actions", "elements": [button(), button(action_id="choice-2", style="primary")]},
    ],
}
MODAL: Json = {
    "type": "modal",
    "callback_id": "form",
    "title": text("Log a concern"),
    "close": text("Close"),
    "submit": text("Check"),
    "private_metadata": "",
    "blocks": [
        {"type": "divider", "block_id": "form=1"},
        field(LINE),
        field(RADIO, block_id="now", optional=True, hint=text("h")),
        field(MENU, block_id="role"),
        field({"type": "datepicker", "action_id": "value", "initial_date": "2026-11-22"}, block_id="date"),
        field({"type": "timepicker", "action_id": "value", "initial_time": "13:45"}, block_id="time"),
    ],
}
HOME: Json = {"type": "home", "blocks": [rich("hello")]}
WHOLE = {"message": MESSAGE, "modal": MODAL, "home": HOME}


def replacing(block: int, **changes: Any) -> Callable[[Json], None]:
    return lambda body: body["blocks"][block].update(changes)


def setting(**changes: Any) -> Callable[[Json], None]:
    return lambda body: body.update(changes)


def dropping(key: str) -> Callable[[Json], None]:
    return lambda body: body.pop(key)


BROKEN: dict[str, tuple[str, Callable[[Json], None]]] = {
    "no fallback text": ("message", dropping("text")),
    "no blocks at all": ("message", setting(blocks=[])),
    "fifty-one blocks": ("message", setting(blocks=[{"type": "divider"}] * 51)),
    "an input in a message": ("message", setting(blocks=[field(LINE)])),
    "too many characters in all": ("message", setting(blocks=[rich("x" * 2900) for _ in range(5)])),
    "a header too long": ("message", replacing(0, text=text("x" * 151))),
    "a header in mrkdwn": ("message", replacing(0, text={"type": "mrkdwn", "text": "x"})),
    "an empty header": ("message", replacing(0, text=text(""))),
    "an astral header": ("message", replacing(0, text=text("😀" * 76))),
    "empty rich text": ("message", replacing(1, elements=[])),
    "an empty text in rich text": ("message", setting(blocks=[rich("")])),
    "a mention in rich text": (
        "message",
        replacing(1, elements=[{"type": "rich_text_section", "elements": [{"type": "broadcast", "range": "channel"}]}]),
    ),
    "a list of no kind": ("message", replacing(1, elements=[{"type": "rich_text_list", "elements": []}])),
    "eleven in a context": ("message", replacing(2, elements=[text("x")] * 11)),
    "a section too long": ("message", replacing(3, text=text("x" * 3001))),
    "a block of no kind": ("message", replacing(3, type="markup")),
    "an unknown key": ("message", replacing(3, colour="red")),
    "twenty-six buttons": ("message", replacing(4, elements=[button(action_id=f"c{n}") for n in range(26)])),
    "two buttons of one action_id": ("message", replacing(4, elements=[button(), button()])),
    "a button that says too much": ("message", replacing(4, elements=[button(text=text("x" * 76))])),
    "a button's value too long": ("message", replacing(4, elements=[button(value="x" * 2001)])),
    "a button of no style": ("message", replacing(4, elements=[button(style="default")])),
    "metadata that nests": ("message", setting(metadata={"event_type": "a", "event_payload": {"key": {}}})),
    "no title": ("modal", dropping("title")),
    "a title too long": ("modal", setting(title=text("x" * 25))),
    "an input and no submit": ("modal", dropping("submit")),
    "a submit too long": ("modal", setting(submit=text("x" * 25))),
    "private metadata too long": ("modal", setting(private_metadata="x" * 3001)),
    "a callback id too long": ("modal", setting(callback_id="x" * 256)),
    "a hundred and one blocks": ("modal", setting(blocks=[{"type": "divider"}] * 101)),
    "a view too large": ("modal", setting(blocks=[rich(*["x" * 2900] * 9) for _ in range(10)])),
    "one block_id twice": ("modal", replacing(2, block_id="where")),
    "a block_id too long": ("modal", replacing(1, block_id="x" * 256)),
    "a label too long": ("modal", replacing(1, label=text("x" * 2001))),
    "a hint too long": ("modal", replacing(1, hint=text("x" * 2001))),
    "an initial value too long": ("modal", replacing(1, element={**LINE, "initial_value": "x" * 3001})),
    "two lines in a line": ("modal", replacing(1, element={**LINE, "initial_value": "a\nb"})),
    "a button as an input": ("modal", replacing(1, element=button())),
    "no action_id": ("modal", replacing(1, element={"type": "plain_text_input"})),
    "eleven radio buttons": ("modal", replacing(2, element={**RADIO, "options": options(11)})),
    "a hundred and one options": ("modal", replacing(3, element={**MENU, "options": options(101)})),
    "no options": ("modal", replacing(2, element={**RADIO, "options": []})),
    "an option too long": (
        "modal",
        replacing(2, element={**RADIO, "options": [{"text": text("x" * 76), "value": "v"}]}),
    ),
    "an option's value twice": ("modal", replacing(2, element={**RADIO, "options": options(1) * 2})),
    "a first option of none": (
        "modal",
        replacing(2, element={**RADIO, "initial_option": {"text": text("o"), "value": "v0"}}),
    ),
    "a day that is none": ("modal", replacing(4, element={**LINE, "type": "datepicker", "initial_date": "2026-02-30"})),
    "an hour that is none": ("modal", replacing(5, element={**LINE, "type": "timepicker", "initial_time": "25:00"})),
    "a home of another type": ("home", setting(type="modal")),
    "a home with a title": ("home", setting(title=text("x"))),
}


@pytest.mark.parametrize("surface", WHOLE)
def test_what_is_whole_passes(surface: str) -> None:
    assert faults(WHOLE[surface], surface) == []


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_refused(name: str) -> None:
    surface, break_it = BROKEN[name]
    body = copy.deepcopy(WHOLE[surface])
    break_it(body)

    assert faults(body, surface) != []


def test_the_whole_ones_are_what_slacks_own_models_take() -> None:
    View(**MODAL).validate_json()
    for block in MESSAGE["blocks"]:
        parsed = Block.parse(block)
        assert parsed is not None
        parsed.validate_json()
