"""`Reply` parts to lines of text for a terminal. Nothing a person typed can move the cursor or change direction."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from bot import Card, Choice, Field, Form, Part

_WIDTH = 78  # columns
# Marks that turn text round would let typed words rearrange the lines around them.
_TURNERS = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
_TONES = {"urgent": "!! ", "alert": "** ", "failed": "!! ", "done": "", "plain": ""}


def render(parts: Sequence[Part]) -> str:
    """The parts as text; choices are numbered from 1 in the order they are offered."""
    return "\n".join(_lines(parts))


def choices(parts: Sequence[Part]) -> list[str]:
    """The choices' ids, in the order that `render` numbers them."""
    return [part.id for part in parts if isinstance(part, Choice)]


def question(field: Field) -> str:
    """One field of a form, as it is asked."""
    of = (
        f" ({clean(field.of.reveal())})" if field.of else ""
    )  # after our own words: a line that begins typed would pass for ours
    lines = [f"{field.label}{of}{' *' if field.required else ''}"]
    if field.error:
        lines.append(f"  !! {field.error}")
    if field.hint:
        lines += textwrap.wrap(field.hint, _WIDTH, initial_indent="  ", subsequent_indent="  ")
    lines += [f"  {number}. {option.label}" for number, option in enumerate(field.options, 1)]
    if field.kind == "many_of":
        lines.append("  Several, with commas between: 1,3.")
    if field.value:
        lines.append("  now (press Enter to keep it):")
        lines += [f"    {line}" for line in clean(field.value.reveal()).split("\n")]
    return "\n".join(lines)


def clean(text: str) -> str:
    """Typed text, made harmless to a terminal."""
    return _TURNERS.sub("", text)


def _lines(parts: Sequence[Part]) -> Iterator[str]:
    number = 0
    for part in parts:
        match part:
            case Card():
                yield from _card(part)
            case Choice():
                number += 1
                yield f"  [{number}] {part.label}"
            case Form():
                yield f"\n{part.title}"
                yield from _body(part.intro)


def _card(card: Card) -> Iterator[str]:
    title = f"{_TONES[card.tone]}{card.title}"
    yield ""
    yield title
    yield ("=" if card.tone in {"urgent", "alert", "failed"} else "-") * len(title)
    yield from _body(card.body)
    for fact in card.facts:
        yield from textwrap.wrap(f"{fact.label}:", _WIDTH)
        for line in clean(fact.value.reveal()).split("\n"):
            yield from textwrap.wrap(line, _WIDTH, initial_indent="    ", subsequent_indent="    ") or [""]
    if card.source:
        outside = card.source == "outside"
        yield f"({'Not covered by this policy' if outside else f'From the policy: {card.source}'} · {card.edition})"


def _body(body: str) -> Iterator[str]:
    for line in body.replace("**", "").split("\n"):
        if line.startswith("## "):
            yield line.removeprefix("## ") + ":"
            continue
        hang = re.match(r"(\d+\. |- )?", line)
        indent = " " * len(hang.group(0)) if hang else ""
        yield from textwrap.wrap(line, _WIDTH, subsequent_indent=indent) or [""]
