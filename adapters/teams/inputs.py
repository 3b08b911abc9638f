"""A `Form` as an Adaptive Card: inputs, what is wrong said at each, and the buttons that send it.

Nothing is required and nothing is checked by the card itself: a half-filled form may be sent, and the core says what it
needs. The buttons' data name the fields drawn with them, because Teams leaves out what was left empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from adapters.teams.blocks import Json, Row, body, clean, heading, size, typed, words
from bot import Field, Form

# The buttons of a form and all its inputs stand in one card, because a press sends only what is in its own.
FORM_BYTES = 23_000
SHORT = 40  # characters: what a phone shows of an option beside its circle, or of a button, in one line
BUTTON_FRAME = 5  # characters that a button's frame takes in a row of them

# What goes with a press beside the fields themselves. A field of such a name is drawn under another.
NAMES = frozenset({"form", "press", "fields", "kept", "choice", "page", "msteams"})

KEPT = "What you wrote here is kept, and shown above. To replace it, write it again."

Press = Callable[[str, str, Json, bool], Json]


def field_id(key: str) -> str:
    """The input's id for a field: its key, out of the way of what goes with a press."""
    return f"={key}" if key in NAMES or key.startswith("=") else key


def field_key(id_: str) -> str:
    """The field's key for an input's id."""
    return id_.removeprefix("=")


def form_rows(form: Form, part: int, press: Press) -> Iterator[Row]:
    """The form's title and intro, typed text that is too long for an input, and the inputs with their buttons.

    `press` draws a button: its label, verb and data, and whether it is the main one.
    """
    yield from (Row(block, part) for block in heading(form.title, "Large"))
    yield from (Row(block, part) for block in body(form.intro))
    long = _too_long(form)
    for field in form.fields:
        if field.key in long and field.value is not None:
            yield from (Row(block, part) for block in words(field.asked, spacing="Medium", bold=True))
            yield from (Row(block, part) for block in typed(field.value.reveal()))
    for fields in _shared_out(form.fields, long):
        yield Row(_together(form, fields, long, press), part)


def _too_long(form: Form) -> frozenset[str]:
    """The fields whose typed text is shown rather than held in an input: the longest first, until the rest fits."""
    typed_in = {f.key: len(f.value.reveal()) for f in form.fields if f.value is not None and not f.options}
    long: frozenset[str] = frozenset()
    for key in sorted(typed_in, key=lambda key: -typed_in[key]):
        if sum(_weight(field, long) for field in form.fields) <= FORM_BYTES:
            break
        long |= {key}
    return long


def _weight(field: Field, long: frozenset[str]) -> int:
    return sum(size(block) + 2 for block in (*_name(field), *_field(field, long)))


def _shared_out(fields: Sequence[Field], long: frozenset[str]) -> Iterator[list[Field]]:
    """The fields together, unless there are so many that even without what was typed they need more than one card."""
    group: list[Field] = []
    used = 0
    for field in fields:
        needed = _weight(field, long)
        if group and used + needed > FORM_BYTES:
            yield group
            group, used = [], 0
        group.append(field)
        used += needed
    yield group


def _together(form: Form, fields: Sequence[Field], long: frozenset[str], press: Press) -> Json:
    sent: Json = {"form": form.id, "fields": [field.key for field in fields]}
    kept = [field.key for field in fields if field.key in long]
    data = {**sent, "kept": kept} if kept else sent
    actions = [press(form.submit, "form", {**data, "press": "check"}, True)]
    if form.another_child:
        actions.append(press(form.another_child, "form", {**data, "press": "another-child"}, False))
    items: list[Json] = []
    for before, field in zip((None, *fields), fields, strict=False):
        items += _name(field) if before is None or before.of != field.of else ()
        items += _field(field, long)
    return {"type": "Container", "items": [*items, {"type": "ActionSet", "spacing": "Medium", "actions": actions}]}


def _name(field: Field) -> Iterator[Json]:
    """Whom this field and those after it ask about, where a form asks the same about several people."""
    yield from words(field.of.reveal(), spacing="Large", bold=True)


def _field(field: Field, long: frozenset[str]) -> Iterator[Json]:
    """The input with its label, what is wrong with it, and its hint below."""
    kept = field.key in long
    value = "" if kept or field.value is None else clean(field.value.reveal())
    items = [{**_input(field, value), "spacing": "Medium"}]
    items += words(KEPT, color="Accent") if kept else ()
    items += words(f"⚠ {field.error}", color="Attention", bold=True) if field.error else ()
    items += words(field.hint, isSubtle=True, size="Small") if field.hint else ()
    if field.error:
        yield {"type": "Container", "style": "attention", "spacing": "Medium", "items": items}
    else:
        yield from items


def _input(field: Field, value: str) -> Json:
    """The input for this kind of field. What was typed and is no date, time or option is shown as the text that it is."""
    label = f"{field.label} *" if field.required else field.label
    common: Json = {"id": field_id(field.key), "label": clean(label)}
    if field.options:
        return common | _choices(field, value)
    held: Mapping[str, str] = {"value": value} if value else {}
    if field.kind == "date" and (not value or _is_date(value)):
        return {"type": "Input.Date", **common, **held}
    if field.kind == "time" and (not value or re.fullmatch(r"(?:[01]\d|2[0-3]):[0-5]\d", value, re.ASCII)):
        return {"type": "Input.Time", **common, **held}
    several = field.kind == "text" or "\n" in value
    return {"type": "Input.Text", **common, **({"isMultiline": True} if several else {}), **held}


def _choices(field: Field, value: str) -> Json:
    """One or several of the field's options. A value that is none of them chooses nothing."""
    short = len(field.options) <= 6 and all(len(option.label) <= SHORT for option in field.options)
    keys = [option.key for option in field.options]
    chosen = [key for key in value.split(",") if key in keys] if field.kind == "many_of" else [value]
    held = {"value": ",".join(chosen)} if chosen and chosen[0] in keys else {}
    return {
        "type": "Input.ChoiceSet",
        "style": "expanded" if short else "compact",
        "wrap": True,
        "choices": [{"title": clean(option.label), "value": option.key} for option in field.options],
        **({"isMultiSelect": True} if field.kind == "many_of" else {}),
        **held,
    }


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
