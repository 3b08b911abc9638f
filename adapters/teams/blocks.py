"""The pieces of an Adaptive Card: text that cannot come alive, and cards that Teams will take.

A TextBlock reads markdown, so nothing that a person typed is ever put into one: it goes into TextRuns, which do not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

# Teams refuses cards over 28 KB. Sizes here are of JSON with every character beyond ASCII escaped, which no
# encoding of the same card exceeds, and what is left of the limit is for the card's own frame.
CARD_BYTES = 25_000
PIECE_BYTES = 6_000  # the most that one block of text takes, so that any text can be shared out over cards

# Marks that turn text round would let typed words rearrange what stands beside them.
_TURNERS = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Clients replace {{DATE(…)}} and {{TIME(…)}} even in a TextRun: the two braces are never left in one run.
_FUNCTION = re.compile(r"(?<=\{)(?=\{\s*(?:DATE|TIME))", re.IGNORECASE)
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_ITEM = re.compile(r"(\d{1,3}\.|-) (.*)")
_MARKDOWN = re.compile(r"[_*\[\]{}<>`~#\\|]|&#?\w+;|://|^\s*(?:[-+>]|\d+[.)])\s")


@dataclass(frozen=True, slots=True)
class Run:
    """Some text in one weight."""

    text: str
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One block of a card. Rows of the same `part` that follow each other stand in one container of this `style`."""

    item: Json
    part: int = 0
    style: str = ""


def size(value: object) -> int:
    """Bytes that this takes in a card, at most."""
    return len(json.dumps(value))


def clean(text: str) -> str:
    """Text without the characters that do something rather than show."""
    return _CONTROLS.sub("", _TURNERS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


# ---- text


def typed(text: str) -> Iterator[Json]:
    """What a person typed, line by line, as nothing but text. An empty line becomes space before the next."""
    gap = False
    for line in clean(text).split("\n"):
        if line.strip():
            yield from _rich([Run(line)], "Medium" if gap else "None", {})
        gap = not line.strip()


def words(text: str, *, spacing: str = "Small", bold: bool = False, **look: object) -> Iterator[Json]:
    """Our own words, without markup: each line a block. `look` is a TextRun's: color, isSubtle, size."""
    for line in clean(text).split("\n"):
        if line.strip():
            yield from _rich([Run(line, bold)], spacing, look)


def heading(text: str, look: str = "Medium") -> Iterator[Json]:
    """A heading, which screen readers announce as one where its text holds no markdown to go wrong."""
    text = " ".join(clean(text).split())
    plain = {"type": "TextBlock", "text": text, "wrap": True, "size": look, "weight": "Bolder", "style": "heading"}
    if text and not _MARKDOWN.search(text) and size(plain) <= PIECE_BYTES:
        yield plain
    else:
        yield from words(text, bold=True, size=look)


def body(markup: str) -> Iterator[Json]:
    """Our own text in the content's small markup, as blocks."""
    gap = False
    for line in clean(markup).split("\n"):
        item = _ITEM.fullmatch(line)
        if line.startswith("## "):
            yield from (block | {"spacing": "Medium"} for block in heading(line.removeprefix("## "), "Default"))
        elif item and item[2].strip():
            yield from _item(item[1], item[2], "Default" if gap else "Small")
        elif line.strip():
            yield from _rich(_runs(line), "Default" if gap else "Small", {})
        gap = not line.strip()


def _item(mark: str, text: str, spacing: str) -> Iterator[Json]:
    """A step or a point: the mark in a column of its own, so that lines below each other begin below each other."""
    for block in _rich(_runs(text), "None", {}):
        sign = {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "•" if mark == "-" else mark}]}
        columns = (
            {"type": "Column", "width": "auto", "items": [sign]},
            {"type": "Column", "width": "stretch", "items": [block], "spacing": "Small"},
        )
        yield {"type": "ColumnSet", "spacing": spacing, "columns": list(columns)}
        mark, spacing = "\u00a0\u00a0", "None"  # what did not fit in one block goes on below, without a mark


def _runs(line: str) -> list[Run]:
    """A line of markup as runs: every second piece stood between `**`."""
    return [Run(text, bold=bool(nth % 2)) for nth, text in enumerate(_BOLD.split(line)) if text]


def _rich(runs: Sequence[Run], spacing: str, look: Json) -> Iterator[Json]:
    """Runs as RichTextBlocks of at most `PIECE_BYTES`, cut between words where there are any."""
    block = {"type": "RichTextBlock", "spacing": spacing, "inlines": [i for run in runs for i in _inlines(run, look)]}
    if size(block) <= PIECE_BYTES:
        yield block
        return
    if len(runs) > 1:
        halves = (runs[: len(runs) // 2], runs[len(runs) // 2 :])
    else:
        text, bold = runs[0].text, runs[0].bold
        at = text.rfind(" ", 1, len(text) // 2) + 1 or len(text) // 2
        halves = ([Run(text[:at], bold)], [Run(text[at:], bold)])
    yield from _rich(halves[0], spacing, look)
    yield from _rich(halves[1], "None", look)


def _inlines(run: Run, look: Json) -> Iterator[Json]:
    for text in _FUNCTION.split(run.text):
        yield {"type": "TextRun", "text": text, **({"weight": "Bolder"} if run.bold else {}), **look}


# ---- cards


def pack(rows: Iterable[Row]) -> list[list[Json]]:
    """The rows in order, as the bodies of as few cards as will hold them. No row may be over `CARD_BYTES` by itself."""
    cards: list[list[Row]] = []
    used = CARD_BYTES
    for row in rows:
        frame = 140 if not cards or not cards[-1] or cards[-1][-1].part != row.part else 2
        needed = size(row.item) + frame
        if used + needed > CARD_BYTES:
            cards.append([])
            used, needed = 0, size(row.item) + 140
        cards[-1].append(row)
        used += needed
    return [_contained(rows) for rows in cards]


def _contained(rows: Sequence[Row]) -> list[Json]:
    body_: list[Json] = []
    last = None
    for row in rows:
        if row.part == last and row.style:
            body_[-1]["items"].append(row.item)
        elif row.style:
            body_.append({"type": "Container", "style": row.style, "items": [row.item]})
        else:
            body_.append(row.item)
        last = row.part
    return body_
