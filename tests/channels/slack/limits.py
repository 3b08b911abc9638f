"""What Slack would refuse: a recursive check of any message, window or Home tab. Proved by broken payloads in test_limits.py.

Written from Slack's reference and from what has been seen to be refused, apart from the code that draws.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

MESSAGE, VIEW_SIZE = 13_200, 250_000
SURFACES = {
    "message": (50, {"header", "rich_text", "section", "context", "actions", "divider", "image"}),
    "modal": (100, {"header", "rich_text", "section", "context", "actions", "divider", "image", "input"}),
    "home": (100, {"header", "rich_text", "section", "context", "actions", "divider", "image", "input"}),
}
BODY = {
    "message": ({"text", "blocks"}, {"metadata", "unfurl_links", "unfurl_media", "channel", "thread_ts"}),
    "modal": (
        {"type", "title", "blocks"},
        {"submit", "close", "callback_id", "private_metadata", "notify_on_close", "clear_on_close", "external_id"},
    ),
    "home": ({"type", "blocks"}, {"callback_id", "private_metadata", "external_id"}),
}
BLOCKS = {
    "header": ({"text"}, set()),
    "rich_text": ({"elements"}, set()),
    "section": (set(), {"text", "fields", "accessory"}),
    "context": ({"elements"}, set()),
    "actions": ({"elements"}, set()),
    "divider": (set(), set()),
    "input": ({"label", "element"}, {"hint", "optional", "dispatch_action"}),
}
_CHOOSING = {"options", "option_groups", "placeholder", "focus_on_load"}
ELEMENTS = {
    "button": ({"text", "action_id"}, {"value", "style", "url"}),
    "plain_text_input": (
        {"action_id"},
        {"initial_value", "multiline", "min_length", "max_length", "placeholder", "focus_on_load"},
    ),
    "datepicker": ({"action_id"}, {"initial_date", "placeholder"}),
    "timepicker": ({"action_id"}, {"initial_time", "placeholder", "timezone"}),
    "radio_buttons": ({"action_id", "options"}, {"initial_option"}),
    "checkboxes": ({"action_id", "options"}, {"initial_options"}),
    "static_select": ({"action_id"}, {"initial_option", *_CHOOSING}),
    "multi_static_select": ({"action_id"}, {"initial_options", "max_selected_items", *_CHOOSING}),
}
INPUTS = set(ELEMENTS) - {"button"}
RICH = {
    "rich_text_section": ({"elements"}, set()),
    "rich_text_quote": ({"elements"}, {"border"}),
    "rich_text_preformatted": ({"elements"}, {"border"}),
    "rich_text_list": ({"elements", "style"}, {"indent", "offset", "border"}),
}


def faults(payload: Any, surface: str) -> list[str]:
    """Everything Slack would refuse. `surface` is message, modal or home."""
    return list(_body(payload, surface))


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _body(payload: Any, surface: str) -> Iterator[str]:
    yield from _keys(payload, *BODY[surface], surface)
    blocks = payload.get("blocks")
    most, allowed = SURFACES[surface]
    if not isinstance(blocks, list) or not 1 <= len(blocks) <= most:
        yield f"a {surface} has 1 to {most} blocks"
        return
    for block in blocks:
        if not isinstance(block, dict) or block.get("type") not in allowed:
            yield f"a {surface} cannot hold this block"
            continue
        yield from _block(block)
    yield from _unique((b["block_id"] for b in blocks if isinstance(b, dict) and "block_id" in b), "block_id")
    yield from {"message": _message, "modal": _modal, "home": _home}[surface](payload)


def _message(payload: Any) -> Iterator[str]:
    text = payload.get("text")
    if not isinstance(text, str) or not text or units(text) > 4000:
        yield "text is needed, and at most 4000"
    if len(json.dumps(payload["blocks"], ensure_ascii=False, separators=(",", ":"))) > MESSAGE:
        yield "msg_blocks_too_long"
    metadata = payload.get("metadata")
    if metadata is not None:
        yield from _keys(metadata, {"event_type", "event_payload"}, set(), "metadata")
        if not re.fullmatch(r"[A-Za-z0-9_.\-]+", str(metadata.get("event_type"))):
            yield "metadata: event_type"
        payload_ = metadata.get("event_payload")
        if not isinstance(payload_, dict) or not all(isinstance(v, str | int | bool) for v in payload_.values()):
            yield "metadata: event_payload"


def _modal(payload: Any) -> Iterator[str]:
    for key in ("title", "submit", "close"):
        if key in payload:
            yield from _plain(payload[key], 24, key)
    if any(block.get("type") == "input" for block in payload["blocks"]) and "submit" not in payload:
        yield "submit is needed with an input"
    if payload.get("type") != "modal":
        yield "type is modal"
    yield from _view(payload)


def _home(payload: Any) -> Iterator[str]:
    if payload.get("type") != "home":
        yield "type is home"
    yield from _view(payload)


def _view(payload: Any) -> Iterator[str]:
    if len(json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()) > VIEW_SIZE:
        yield "view_too_large"
    yield from _text(payload.get("private_metadata", ""), 3000, "private_metadata", least=0)
    yield from _text(payload.get("callback_id", "x"), 255, "callback_id")


# ---- blocks


def _block(block: Any) -> Iterator[str]:
    kind = block["type"]
    yield from _keys(block, {"type", *BLOCKS[kind][0]}, {"block_id", *BLOCKS[kind][1]}, kind)
    yield from _text(block.get("block_id", "x"), 255, "block_id")
    yield from {
        "header": lambda: _plain(block.get("text"), 150, "header"),
        "section": lambda: _section(block),
        "context": lambda: _many(block.get("elements"), 10, "context", _context),
        "actions": lambda: _actions(block.get("elements")),
        "rich_text": lambda: _many(block.get("elements"), 100, "rich_text", _rich),
        "input": lambda: _input(block),
        "divider": lambda: iter(()),
    }[kind]()


def _section(block: Any) -> Iterator[str]:
    if "text" not in block and "fields" not in block:
        yield "section: text or fields"
    if "text" in block:
        yield from _any_text(block["text"], 3000, "section")
    if "fields" in block:
        yield from _many(block["fields"], 10, "fields", lambda text: _any_text(text, 2000, "field"))


def _context(element: Any) -> Iterator[str]:
    yield from _any_text(element, 2000, "context")


def _actions(elements: Any) -> Iterator[str]:
    yield from _many(elements, 25, "actions", lambda one: _element(one, {"button", *INPUTS} - {"plain_text_input"}))
    if isinstance(elements, list):
        yield from _unique((one.get("action_id") for one in elements if isinstance(one, dict)), "action_id")


def _input(block: Any) -> Iterator[str]:
    yield from _plain(block.get("label"), 2000, "label")
    if "hint" in block:
        yield from _plain(block["hint"], 2000, "hint")
    if not isinstance(block.get("optional", False), bool):
        yield "optional is yes or no"
    yield from _element(block.get("element"), INPUTS)


def _element(element: Any, allowed: set[str]) -> Iterator[str]:
    kind = element.get("type") if isinstance(element, dict) else None
    if kind not in allowed:
        yield "an element that cannot stand here"
        return
    yield from _keys(element, {"type", *ELEMENTS[kind][0]}, ELEMENTS[kind][1], kind)
    yield from _text(element.get("action_id"), 255, "action_id")
    if kind == "button":
        yield from _plain(element.get("text"), 75, "button")
        yield from _text(element.get("value", "x"), 2000, "value")
        if element.get("style", "primary") not in {"primary", "danger"}:
            yield "style"
    elif kind == "plain_text_input":
        yield from _text(element.get("initial_value", "x"), 3000, "initial_value")
        if "\n" in element.get("initial_value", "") and not element.get("multiline"):
            yield "a line holds no line ends"
        if not 1 <= element.get("max_length", 3000) <= 3000:
            yield "max_length"
    elif kind == "datepicker":
        yield from _when(element.get("initial_date", "2026-11-22"), r"\d{4}-\d\d-\d\d", date.fromisoformat)
    elif kind == "timepicker":
        yield from _when(element.get("initial_time", "10:00"), r"([01]\d|2[0-3]):[0-5]\d", str)
    else:
        yield from _choosing(element, few=kind in {"radio_buttons", "checkboxes"})


def _choosing(element: Any, *, few: bool) -> Iterator[str]:
    if ("options" in element) == ("option_groups" in element):
        yield "options or option_groups: one of them"
        return
    options = element.get("options")
    if options is None:
        groups = element["option_groups"]
        yield from _many(groups, 100, "option_groups", lambda g: _plain(g.get("label"), 75, "group"))
        options = [option for group in groups for option in group.get("options", [])]
        if any(not 1 <= len(group.get("options", [])) <= 100 for group in groups):
            yield "1 to 100 options a group"
    elif not isinstance(options, list) or not 1 <= len(options) <= (10 if few else 100):
        yield "too many options, or none"
        return
    for option in options:
        yield from _keys(option, {"text", "value"}, {"description"}, "option")
        yield from _plain(option.get("text"), 75, "option")
        yield from _text(option.get("value"), 150, "option value")
    yield from _unique((option.get("value") for option in options), "option value")
    first = [element["initial_option"]] if "initial_option" in element else element.get("initial_options", options[:1])
    if not first or any(one not in options for one in first):
        yield "initial_option is not one of the options"


# ---- rich text


def _rich(element: Any) -> Iterator[str]:
    kind = element.get("type") if isinstance(element, dict) else None
    if kind not in RICH:
        yield "not an element of rich text"
        return
    yield from _keys(element, {"type", *RICH[kind][0]}, RICH[kind][1], kind)
    if kind == "rich_text_list":
        if element.get("style") not in {"bullet", "ordered"} or element.get("offset", 0) < 0:
            yield "a list is bullet or ordered"
        yield from _many(element.get("elements"), 200, kind, _rich)
    else:
        yield from _many(element.get("elements"), 200, kind, _rich_text)


def _rich_text(element: Any) -> Iterator[str]:
    yield from _keys(element, {"type", "text"}, {"style"}, "text")
    if element.get("type") != "text":
        yield "only text: no link, mention or emoji"
    yield from _text(element.get("text"), 3000, "rich text")
    style = element.get("style", {"bold": True})
    if not style or set(style) - {"bold", "italic", "strike", "code"}:
        yield "style"


# ---- small things


def _keys(holder: Any, needed: set[str], other: set[str], name: str) -> Iterator[str]:
    if not isinstance(holder, dict):
        yield f"{name}: not an object"
        return
    yield from (f"{name}: {key} is missing" for key in sorted(needed - set(holder)))
    yield from (f"{name}: {key} is unknown" for key in sorted(set(holder) - needed - other))


def _text(value: Any, most: int, name: str, *, least: int = 1) -> Iterator[str]:
    if not isinstance(value, str) or not least <= units(value) <= most:
        yield f"{name}: text of {least} to {most}"


def _plain(value: Any, most: int, name: str) -> Iterator[str]:
    yield from _keys(value, {"type", "text"}, {"emoji"}, name)
    if isinstance(value, dict):
        if value.get("type") != "plain_text":
            yield f"{name}: plain_text only"
        yield from _text(value.get("text"), most, name)


def _any_text(value: Any, most: int, name: str) -> Iterator[str]:
    if isinstance(value, dict) and value.get("type") == "mrkdwn":
        yield from _keys(value, {"type", "text"}, {"verbatim"}, name)
        yield from _text(value.get("text"), most, name)
    else:
        yield from _plain(value, most, name)


def _many(values: Any, most: int, name: str, check: Callable[[Any], Iterator[str]]) -> Iterator[str]:
    if not isinstance(values, list) or not 1 <= len(values) <= most:
        yield f"{name}: 1 to {most}"
        return
    for value in values:
        yield from check(value)


def _unique(values: Iterator[Any], name: str) -> Iterator[str]:
    held = list(values)
    if len(held) != len({str(value) for value in held}):
        yield f"{name} twice"


def _when(value: Any, pattern: str, read: Callable[[str], Any]) -> Iterator[str]:
    try:
        right = re.fullmatch(pattern, value) and read(value)
    except (TypeError, ValueError):
        right = None
    if not right:
        yield "no such day or time"
