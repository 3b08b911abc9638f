"""A line typed in the terminal to `Message`: a number is a choice that was offered, anything else is words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot import Field, Message, Person, Sent, Words


def message(event: str, who: Person, line: str, offered: Sequence[str]) -> Message:
    """The line as the core hears it. `offered` are the ids of the numbered choices on screen."""
    typed = line.strip()
    if typed.isascii() and typed.isdecimal() and len(typed) <= 3 and 1 <= int(typed) <= len(offered):
        return Message(event, who, choice=offered[int(typed) - 1])
    return Message(event, who, words=Words(line))


def value(field: Field, line: str) -> Words:
    """What was typed for one field: an option by number or name, empty to keep what was there."""
    typed = line.strip()
    if not typed and field.value is not None:
        return field.value
    if field.kind == "many_of":
        return _several(field, typed)
    chosen = _option(field, typed)
    return Words(chosen) if chosen in {option.key for option in field.options} else Words(line)


def _several(field: Field, typed: str) -> Words:
    """Options by number or name, with commas between; `none` for none of them. What is no option is kept as typed."""
    if typed.casefold() in {"none", "-"} and "none" not in {option.key for option in field.options}:
        return Words("")
    chosen = [_option(field, piece.strip()) for piece in typed.split(",") if piece.strip()]
    order = [option.key for option in field.options]
    return Words(
        ",".join(sorted(dict.fromkeys(chosen), key=lambda key: order.index(key) if key in order else len(order)))
    )


def _option(field: Field, typed: str) -> str:
    if typed.isascii() and typed.isdecimal() and 1 <= int(typed[:4]) <= len(field.options):
        return field.options[int(typed) - 1].key
    named = (o.key for o in field.options if typed.casefold() in {o.key.casefold(), o.label.casefold()})
    return next(named, typed)


def sent(event: str, who: Person, form: str, values: Mapping[str, Words]) -> Message:
    """A filled-in form as the core hears it."""
    return Message(event, who, form=Sent(form, values))
