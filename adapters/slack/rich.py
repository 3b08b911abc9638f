"""Text to Slack's rich text, in pieces that fit. Rich text is never parsed for markup: what stands in it is only read.

Sizes are counted as Slack might: UTF-16 units, with `&`, `<` and `>` as long as they are once escaped.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]

_PIECE = 2000  # of one text element
_ATOM = 2800  # of one paragraph, item or quotation, as JSON
_BLOCK = 3000  # of one block, as JSON: several must fit in a message
_LINE = 60  # a typed value up to this long stands beside its label
# Marks that turn text round would let typed words rearrange the lines around them.
_TURNERS = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
_KINDS = (
    ("heading", re.compile(r"##\s+(.*)")),
    ("step", re.compile(r"(\d{1,6})\.\s+(.*)")),
    ("point", re.compile(r"-\s+(.*)")),
)

Inline = tuple[str, bool]  # text, bold


@dataclass(frozen=True, slots=True)
class Atom:
    """A paragraph, a list item or a quotation: the least that is kept in one block. `number` is a step's, from 1."""

    kind: Literal["words", "step", "point", "quote"]
    inlines: tuple[Inline, ...]
    number: int = 0


def size(text: str) -> int:
    """How long Slack might count this text."""
    return units(text) + 4 * text.count("&") + 3 * len(re.findall("[<>]", text))


def cost(value: Any) -> int:
    """How long Slack might count this JSON."""
    return size(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def weight(value: Any) -> int:
    """The same in bytes of UTF-8, as Slack counts a whole view: most letters that are not Latin take two or three."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return size(text) - units(text) + len(text.encode("utf-8", "surrogatepass"))


def clip(text: str, most: int) -> str:
    """`text`, or as much of it as fits in `most` UTF-16 units with a mark that there is more."""
    if units(text) <= most:
        return text
    short = text[: most - 1]
    while units(short) > most - 1:
        short = short[:-1]
    space = short.rfind(" ")
    return (short[:space] if space > most // 2 else short).rstrip() + "…"


def cut(text: str, most: int) -> list[str]:
    """`text` in pieces of at most `most`, between words where it can be. Joined, they are the text."""
    return list(_cut(text, most, re.compile(r"\s(?=\S)")))


def cut_inside_words(text: str, most: int) -> list[str]:
    """The same, but never beside white space, where it can be helped: Slack may trim what is typed in a field."""
    return list(_cut(text, most, re.compile(r"\S(?=\S)")))


def units(text: str) -> int:
    """How many UTF-16 units a text has: what a limit of so many characters means."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def plain(text: str) -> Json:
    """A `plain_text` object: read as it is, with no emoji codes."""
    return {"type": "plain_text", "text": text, "emoji": False}


def clean(text: str) -> str:
    """Typed text without the marks that turn the text around it."""
    return _TURNERS.sub("", text)


def escaped(text: str) -> str:
    """Text for the one place that Slack reads for markup: nothing in it becomes a link, a mention or an escape."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def body(text: str) -> list[Atom]:
    """Our own text, in the content's small markup."""
    atoms: list[Atom] = []
    fresh, headed = True, True  # does the next line begin something new, and is it the first under a heading?
    for raw in text.split("\n"):
        line = raw.strip()
        if not line:
            fresh = True
            continue
        kind, number, said = _read(line)
        if kind == "words" and not fresh and atoms:
            last = atoms[-1]
            atoms[-1] = Atom(last.kind, (*last.inlines, ("\n", False), *_inlines(said)), last.number)
        elif kind in {"step", "point"}:
            atoms.append(Atom("step" if kind == "step" else "point", _inlines(said), number))
        else:
            before = [] if headed else [("\n", False)]
            atoms.append(Atom("words", (*before, *([(said, True)] if kind == "heading" else _inlines(said)))))
        fresh = headed = kind == "heading"
    return atoms


def strong(text: str) -> list[Atom]:
    """A line that stands out."""
    return [Atom("words", ((text, True),))]


def fact(label: str, typed: str, *, apart: bool = False) -> list[Atom]:
    """Our label, and what a person typed: beside it if it is short, else as a quotation. `apart` leaves a line above."""
    value = clean(typed)
    lead = (("\n", False),) if apart else ()
    if len(value) <= _LINE and "\n" not in value:
        return [Atom("words", (*lead, (f"{label}: ", True), (value, False)))]
    return [Atom("words", (*lead, (f"{label}:", True))), Atom("quote", ((value, False),))]


def blocks(atoms: Iterable[Atom]) -> list[Json]:
    """The atoms as `rich_text` blocks, each small enough for any surface."""
    found: list[list[Json]] = []
    for element in (_element(piece) for atom in atoms for piece in _pieces(atom)):
        joined = _joined(found[-1][-1], element) if found else None
        if joined and cost([*found[-1][:-1], joined]) <= _BLOCK:
            found[-1][-1] = joined
        elif found and cost([*found[-1], element]) <= _BLOCK:
            found[-1].append(element)
        else:
            found.append([element])
    return [{"type": "rich_text", "elements": elements} for elements in found]


def _read(line: str) -> tuple[str, int, str]:
    for kind, pattern in _KINDS:
        match = pattern.fullmatch(line)
        if match:
            return kind, int(match[1]) if kind == "step" else 0, match[match.lastindex or 1]
    return "words", 0, line


def _inlines(text: str) -> tuple[Inline, ...]:
    pieces = re.split(r"\*\*(.+?)\*\*", text)
    return tuple((piece, bool(nth % 2)) for nth, piece in enumerate(pieces) if piece)


def _pieces(atom: Atom) -> Iterator[Atom]:
    """The atom, in several if it is too long; what follows a first step or point is plain words."""
    held: list[Inline] = []
    kind, number, spent = atom.kind, atom.number, 0
    for text, bold in atom.inlines:
        for piece in cut(text, _PIECE):
            price = cost(_text(piece, bold=bold)) + 1
            if held and spent + price > _ATOM:
                yield Atom(kind, tuple(held), number)
                held, spent, kind = [], 0, "quote" if atom.kind == "quote" else "words"
            held.append((piece, bold))
            spent += price
    if held:
        yield Atom(kind, tuple(held), number)


def _element(atom: Atom) -> Json:
    merged: list[Inline] = []
    for text, bold in atom.inlines:
        if merged and merged[-1][1] == bold and len(merged[-1][0]) + len(text) <= _PIECE:
            merged[-1] = (merged[-1][0] + text, bold)
        else:
            merged.append((text, bold))
    texts = [_text(text, bold=bold) for text, bold in merged]
    if atom.kind == "quote":
        return {"type": "rich_text_quote", "elements": texts}
    section = {"type": "rich_text_section", "elements": texts}
    if atom.kind == "words":
        return section
    listed: Json = {"type": "rich_text_list", "style": "bullet", "elements": [section]}
    if atom.kind == "step":
        listed |= {"style": "ordered"} | ({"offset": atom.number - 1} if atom.number > 1 else {})
    return listed


def _joined(last: Json, new: Json) -> Json | None:
    """The list with the new one's item in it, if it goes on where the list ends; or the two paragraphs as one."""
    if last["type"] != new["type"] or last["type"] == "rich_text_quote":
        return None
    if last["type"] == "rich_text_section":
        return {**last, "elements": [*last["elements"], _text("\n", bold=False), *new["elements"]]}
    follows = last["style"] == "bullet" or new.get("offset", 0) == last.get("offset", 0) + len(last["elements"])
    if last["style"] != new["style"] or not follows:
        return None
    return {**last, "elements": [*last["elements"], *new["elements"]]}


def _text(text: str, *, bold: bool) -> Json:
    return {"type": "text", "text": text, **({"style": {"bold": True}} if bold else {})}


def _cut(text: str, most: int, between: re.Pattern[str]) -> Iterator[str]:
    while len(text) > most or _over(text, most) > 0:
        fits = bisect_right(range(1, most + 1), 0, key=lambda end: _over(text[:end], most))
        end = max(fits, 1)
        places = [found.end() for found in between.finditer(text, end * 3 // 4, end + 1) if found.end() <= end]
        end = places[-1] if places else end
        yield text[:end]
        text = text[end:]
    if text:
        yield text


def _over(text: str, most: int) -> int:
    """By how much the text is too long, as it is or as JSON (which may take a quarter more)."""
    return max(size(text) - most, cost(text) - most * 5 // 4)
