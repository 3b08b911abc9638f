"""Fonts for whatever a person may type. Those that come with Signpost draw Latin, Greek, Cyrillic, Arabic, Hebrew,
Devanagari, Thai, Georgian and most symbols; for other scripts the machine's own fonts are asked. What none of them holds is
written by its number, so that nobody takes a box, or nothing, for what was typed.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import pymupdf_fonts
from fontTools.ttLib import TTFont, TTLibError

_OURS = {"body": "figo", "wide": "notos", "symbols": "symbol2", "signs": "symbol1", "maths": "math"}
_BOLD = "figbo"
_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
)
_MOST_READ = 400  # font files looked into, at most
_LEFT_OUT = {"Cf", "Cc"}  # marks without a shape of their own


@dataclass(frozen=True, slots=True)
class Face:
    """A font file, and what it can draw."""

    name: str
    path: Path
    drawn: frozenset[int]


def ours(folder: Path) -> tuple[list[Face], Path]:
    """The fonts that come with Signpost, written into `folder`, the one for most text first; and its bold."""
    faces = []
    for name, key in _OURS.items():
        path = folder / f"{name}.ttf"
        path.write_bytes(pymupdf_fonts.myfont(key))
        faces.append(Face(name, path, _drawn(path)))
    bold = folder / "bold.ttf"
    bold.write_bytes(pymupdf_fonts.myfont(_BOLD))
    return faces, bold


def of_machine(wanted: Collection[int]) -> list[Face]:
    """Fonts of this machine that draw some of what is wanted; as few as are found first."""
    left, found = set(wanted), list[Face]()
    for number, path in enumerate(_files()):
        if not left or number >= _MOST_READ:
            break
        drawn = _drawn(path)
        if drawn & left:
            found.append(Face(f"machine-{number}", path, drawn))
            left -= drawn
    return found


def visible(text: str, drawn: Collection[int]) -> str:
    """The text with everything that cannot be drawn written by its number."""
    return "".join(_shown(c, drawn) for c in text)


def missing(text: str, drawn: Collection[int]) -> set[int]:
    """What of this text cannot be drawn. Marks without a shape of their own are not missed."""
    return {
        ord(c) for c in text if ord(c) not in drawn and c not in "\n\t" and unicodedata.category(c) not in _LEFT_OUT
    }


def _shown(c: str, drawn: Collection[int]) -> str:
    if ord(c) in drawn or c == "\n":
        return c
    if c == "\t":
        return "    "
    # A combining mark that no font has changes the letter before it: that must be seen. A direction mark need not be.
    return "" if unicodedata.category(c) in {"Cf", "Cc"} or 0xFE00 <= ord(c) <= 0xFE0F else f"[U+{ord(c):04X}]"


def _files() -> Iterator[Path]:
    for folder in _FOLDERS:
        for base, _, names in os.walk(Path(folder).expanduser()):
            yield from (Path(base) / name for name in sorted(names) if name.lower().endswith((".ttf", ".otf", ".ttc")))


def _drawn(path: Path) -> frozenset[int]:
    try:
        with TTFont(path, fontNumber=0, lazy=True) as font:
            if "glyf" not in font and "CFF " not in font:
                return frozenset()  # pictures instead of shapes: a PDF cannot be sure to draw them
            return frozenset(font.getBestCmap() or ())
    except (TTLibError, OSError, KeyError, ValueError, AssertionError):
        return frozenset()  # a damaged font of the machine must not keep a record from being printed
