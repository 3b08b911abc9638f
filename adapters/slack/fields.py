"""A form's fields as Slack's inputs, and back. The two halves stand together: what one cuts, the other joins.

Each field is one `input` block: `block_id` the field's key, `action_id` `value`. A text too long for one input is cut over
several (`happened`, `happened#2`, …) whose action ids say which of how many they are (`value-2-of-3`), so that when a
redrawn form needs another number of them, Slack does not keep the old pieces beside the new.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time
from typing import Any

from adapters.slack import rich
from adapters.slack.rich import Json
from bot import Field, Form, Option, Words
from policy_content.wording import Wording

LABEL = 2000  # characters of a label or hint
_INPUT = 3000  # characters of one text input
_OPTION = 75
_FEW, _MANY = 10, 100  # options as buttons to tick, and in a menu
_CHILD = re.compile(r"child-\d+")
_PIECE = re.compile(r"value-(\d+)-of-\d+")


def length(field: Field) -> int:
    """How long Slack might count what was typed in the field."""
    return rich.size(field.value.reveal()) if field.value is not None else 0


def is_cut(field: Field) -> bool:
    """True if what was typed takes more than one input."""
    return not _picks(field) and len(_pieces(field)) > 1


def draw(field: Field, wording: Wording, *, kept: bool = False) -> list[Json]:
    """The field's blocks: what was wrong with it, what is too long for Slack's own parts, and its inputs.

    `kept` draws no input: the value is too long for any form, is not sent back, and so is kept as it is.
    """
    above: list[rich.Atom] = []
    if field.error:
        above += rich.strong(f"⚠️ {field.error}")
    if rich.size(field.label) > LABEL or kept:
        above += rich.strong(field.label)
    if rich.size(field.hint) > LABEL or kept:
        above += rich.body(field.hint)
    if kept:
        above += rich.body(wording.form_too_long_to_draw)
    above += [
        rich.Atom("step", ((option.label, False),), nth)
        for nth, option in enumerate(field.options, 1)
        if any(rich.units(other.label) > _OPTION for other in field.options)
    ]
    inputs = [] if kept else [_input(field, nth, element, wording) for nth, element in enumerate(_elements(field))]
    return [*rich.blocks(above), *inputs]


def begins_group(field: Field) -> bool:
    """True for the first field of a child's block."""
    return bool(_CHILD.fullmatch(field.key))


def in_group(field: Field) -> bool:
    """True for every field of a child's block."""
    return bool(_CHILD.match(field.key))


def errors(form: Form) -> dict[str, str]:
    """What is wrong in the form, by the `block_id` of the field: for `response_action: errors`.

    Only for a view that shows this very form: Slack refuses an error at a block that is not in the view. The form's id
    and what was cut where may have changed since it was drawn, so answering with `update` and `modal` is the safe way.
    """
    return {field.key: field.error for field in form.fields if field.error}


def values(state: Mapping[str, Any], blocks: Sequence[Any] = ()) -> dict[str, Words]:
    """What was filled in, by field key, from a view's `state.values`. `blocks`, the view's, give the order of options.

    Raises `KeyError`, `TypeError` or `ValueError` where it is not of Slack's shape.
    """
    order = {block["block_id"]: block["element"] for block in blocks if block.get("type") == "input"}
    found: dict[str, dict[int, str]] = {}
    for block, actions in state.items():
        for action, typed in actions.items():
            piece = _PIECE.fullmatch(action)
            if not piece and action != "value":
                continue
            nth = int(piece[1]) if piece else 1
            key = block.removesuffix(f"#{nth}") if nth > 1 else block
            found.setdefault(key, {})[nth] = _value(typed, order.get(block, {}))
    return {key: Words("".join(pieces[nth] for nth in sorted(pieces))) for key, pieces in found.items()}


def chosen(field: Field) -> list[Option]:
    """The options that the field's value names, in their order."""
    said = field.value.reveal() if field.value else ""
    keys = set(said.split(",")) if field.kind == "many_of" else {said}
    return [option for option in field.options if option.key in keys]


# ---- drawing


def _input(field: Field, nth: int, element: Json, wording: Wording) -> Json:
    label = field.label if rich.size(field.label) <= LABEL else rich.clip(field.label, LABEL // 6)
    if nth:
        label = f"{rich.clip(label, LABEL // 6)} {wording.form_continued}"
    block: Json = {
        "type": "input",
        "block_id": f"{field.key}#{nth + 1}" if nth else field.key,
        "label": rich.plain(label),
        "element": element,
        "optional": not field.required or nth > 0,
    }
    if field.hint and not nth and rich.size(field.hint) <= LABEL:
        block["hint"] = rich.plain(field.hint)
    return block


def _elements(field: Field) -> Iterator[Json]:
    value = field.value.reveal() if field.value else ""
    match field.kind:
        case "one_of" | "many_of" if field.options:
            yield _choosing(field)
        case "date" if _picks(field):
            yield {"type": "datepicker", "action_id": "value", **({"initial_date": value} if value else {})}
        case "time" if _picks(field):
            yield {"type": "timepicker", "action_id": "value", **({"initial_time": value} if value else {})}
        case _:
            yield from _typing(field)


def _typing(field: Field) -> Iterator[Json]:
    pieces = _pieces(field)
    for nth, piece in enumerate(pieces, 1):
        element: Json = {
            "type": "plain_text_input",
            "action_id": "value" if len(pieces) == 1 else f"value-{nth}-of-{len(pieces)}",
            "multiline": field.kind == "text" or any("\n" in other for other in pieces),
        }
        yield element | ({"initial_value": piece} if piece else {})


def _choosing(field: Field) -> Json:
    drawn = {option.key: _option(option, nth, field) for nth, option in enumerate(field.options, 1)}
    now = [drawn[option.key] for option in chosen(field)]
    one = field.kind == "one_of"
    if len(drawn) <= _FEW:
        element: Json = {"type": "radio_buttons" if one else "checkboxes", "options": list(drawn.values())}
    elif len(drawn) <= _MANY:
        element = {"type": "static_select" if one else "multi_static_select", "options": list(drawn.values())}
    else:
        every = list(drawn.values())
        groups = [
            {"label": rich.plain(f"{at + 1}–{min(at + _MANY, len(every))}"), "options": every[at : at + _MANY]}
            for at in range(0, len(every), _MANY)
        ]
        element = {"type": "static_select" if one else "multi_static_select", "option_groups": groups}
    element["action_id"] = "value"
    if now:
        element |= {"initial_option": now[0]} if one else {"initial_options": now}
    return element


def _option(option: Option, nth: int, field: Field) -> Json:
    long = any(rich.units(other.label) > _OPTION for other in field.options)
    return {
        "text": rich.plain(rich.clip(f"{nth}. {option.label}" if long else option.label, _OPTION)),
        "value": option.key,
    }


def _picks(field: Field) -> bool:
    """True if it is chosen rather than typed. A day or time that no picker could show is typed, as it was."""
    said = field.value.reveal() if field.value else ""
    match field.kind:
        case "one_of" | "many_of":
            return bool(field.options)
        case "date":
            return not said or _is_a_day(said)
        case "time":
            return not said or _is_an_hour(said)
        case _:
            return False


def _is_a_day(said: str) -> bool:
    try:
        return date.fromisoformat(said).isoformat() == said
    except ValueError:
        return False


def _is_an_hour(said: str) -> bool:
    try:
        return f"{time.fromisoformat(said):%H:%M}" == said
    except ValueError:
        return False


def _pieces(field: Field) -> list[str]:
    """The value as it is cut over inputs. A text whose last input is nearly full gets one more, to go on in."""
    value = field.value.reveal() if field.value is not None else ""
    pieces = rich.cut_inside_words(value, _INPUT) or [""]
    room = field.kind == "text" and rich.size(pieces[-1]) > _INPUT * 4 // 5
    return [*pieces, ""] if room else pieces


# ---- reading


def _value(typed: Mapping[str, Any], element: Mapping[str, Any]) -> str:
    match typed["type"]:
        case "plain_text_input":
            value = typed.get("value")
        case "datepicker":
            value = typed.get("selected_date")
        case "timepicker":
            value = typed.get("selected_time")
        case "radio_buttons" | "static_select":
            value = (typed.get("selected_option") or {}).get("value")
        case "checkboxes" | "multi_static_select":
            picked = {option["value"] for option in typed.get("selected_options") or ()}
            offered = [option["value"] for option in _offered(element)]
            value = ",".join([key for key in offered if key in picked] + sorted(picked - set(offered)))
        case _:
            raise ValueError("an input of another kind")
    if not isinstance(value, str | None):
        raise TypeError("not text")
    return value or ""


def _offered(element: Mapping[str, Any]) -> list[Any]:
    return element.get("options") or [
        option for group in element.get("option_groups", ()) for option in group["options"]
    ]
