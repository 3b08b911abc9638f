"""The app's two icons, drawn here: a signpost with two arms. PNG by hand, because one drawing needs no library."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache

ACCENT = "#1F5A4A"
_INK, _PAPER = (0x1F, 0x5A, 0x4A), (255, 255, 255)
_FINE = 3  # samples a pixel and direction, so that edges are smooth

# In a square of side 1, y downwards. The post, and two arms that end in a point.
_POST = ((0.46, 0.12), (0.54, 0.12), (0.54, 0.90), (0.46, 0.90))
_RIGHT = ((0.30, 0.20), (0.70, 0.20), (0.82, 0.30), (0.70, 0.40), (0.30, 0.40))
_LEFT = ((0.70, 0.48), (0.30, 0.48), (0.18, 0.58), (0.30, 0.68), (0.70, 0.68))
_SIGNPOST = (_POST, _RIGHT, _LEFT)


@cache
def colour_icon() -> bytes:
    """192 by 192: the signpost in white on the school green."""

    def pixel(share: float) -> tuple[int, int, int, int]:
        red, green, blue = (round(ink + (paper - ink) * share) for ink, paper in zip(_INK, _PAPER, strict=True))
        return red, green, blue, 255

    return _png(192, pixel, margin=0.10)


@cache
def outline_icon() -> bytes:
    """32 by 32: the signpost in white on nothing."""
    return _png(32, lambda share: (*_PAPER, round(255 * share)), margin=0.0)


def _png(side: int, pixel: Callable[[float], tuple[int, int, int, int]], margin: float) -> bytes:
    rows = b"".join(
        b"\0" + b"".join(bytes(pixel(_share(x, y, side, margin))) for x in range(side)) for y in range(side)
    )
    header = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)  # 8 bits each of red, green, blue and alpha
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _share(x: int, y: int, side: int, margin: float) -> float:
    """How much of this pixel the signpost covers, from 0 to 1."""
    return sum(_covered(*point) for point in _points(x, y, side, margin)) / _FINE**2


def _points(x: int, y: int, side: int, margin: float) -> Iterator[tuple[float, float]]:
    for down in range(_FINE):
        for across in range(_FINE):
            at = (x + (across + 0.5) / _FINE) / side, (y + (down + 0.5) / _FINE) / side
            yield (at[0] - margin) / (1 - 2 * margin), (at[1] - margin) / (1 - 2 * margin)


def _covered(x: float, y: float) -> bool:
    return any(_inside(x, y, shape) for shape in _SIGNPOST)


def _inside(x: float, y: float, shape: tuple[tuple[float, float], ...]) -> bool:
    """Is the point inside the polygon? Counts the edges to its right."""
    found = False
    for (x1, y1), (x2, y2) in zip(shape, (*shape[1:], shape[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            found = not found
    return found
