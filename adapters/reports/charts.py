"""Charts as SVG text, drawn by Vega-Lite. The page's style sheet gives their colours, so that they follow light and dark."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import vl_convert

# The colours as drawn; the style sheet of the page replaces each by its own.
SOLID, PALE, INK, MUTED = "#136f7a", "#a9d2d6", "#1c2429", "#5c6870"
_WIDTH = 320  # pixels: a phone's page; wider pages set several beside each other
_FONT = "system-ui, sans-serif"
_SPREAD = 4  # a step of five holds this many more than it says
_STYLE = re.compile(r' style="[^"]*"')
_LINE = 43  # characters of a label that fit the width


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a chart. `low` is its step; None is hidden."""

    label: str
    low: int | None
    said: str


def across(bars: Sequence[Bar]) -> str:
    """Bars that lie, each under its label: for names of any length. Only those that are shown."""
    rows = [bar for bar in bars if bar.low is not None]
    scale = {"domain": [0, _most(rows) * 1.25], "nice": False}  # room for what is said at their ends
    y = {"field": "order", "type": "ordinal", "axis": None, "scale": {"paddingInner": 0.2}}
    x = {"type": "quantitative", "axis": None, "scale": scale}
    return _svg(
        {
            "data": {"values": _values(rows)},
            "width": _WIDTH,
            "height": 40 * len(rows),
            "layer": [
                _mark("bar", PALE, {"x": {"field": "high", **x}, "y": y}, height=11, yOffset=9),
                _mark("bar", SOLID, {"x": {"field": "low", **x}, "y": y}, height=11, yOffset=9),
                _text(INK, {"x": {"datum": 0, **x}, "y": y, "text": {"field": "label"}}, align="left", dy=-8),
                _text(
                    MUTED, {"x": {"field": "high", **x}, "y": y, "text": {"field": "said"}}, align="left", dx=6, dy=10
                ),
            ],
        }
    )


def upright(bars: Sequence[Bar]) -> str:
    """Bars that stand in the order of the clock or the week, hidden ones marked."""
    scale = {"domain": [_most(bars) * -0.12, _most(bars) * 1.12], "nice": False}
    x = {"field": "order", "type": "ordinal", "axis": None, "scale": {"paddingInner": 0.25, "paddingOuter": 0.1}}
    y = {"type": "quantitative", "axis": None, "scale": scale}
    return _svg(
        {
            "data": {"values": _values(bars)},
            "width": _WIDTH,
            "height": 200,
            "layer": [
                _mark("bar", PALE, {"y": {"field": "high", **y}, "x": x, "y2": {"datum": 0}}),
                _mark("bar", SOLID, {"y": {"field": "low", **y}, "x": x, "y2": {"datum": 0}}),
                _text(MUTED, {"y": {"field": "high", **y}, "x": x, "text": {"field": "said"}}, dy=-7, fontSize=11),
                _text(INK, {"y": {"datum": 0, **y}, "x": x, "text": {"field": "label"}}, dy=14, fontSize=11),
            ],
        }
    )


def _most(bars: Sequence[Bar]) -> int:
    return max((bar.low or 0 for bar in bars), default=0) + _SPREAD


def _values(bars: Sequence[Bar]) -> list[dict[str, Any]]:
    return [
        {
            "order": f"{number:03}",
            "label": bar.label if len(bar.label) <= _LINE else f"{bar.label[: _LINE - 1].rstrip()}…",
            "low": bar.low or 0,
            "high": bar.low + _SPREAD if bar.low else 0,
            "said": bar.said,
        }
        for number, bar in enumerate(bars)
    ]


def _mark(kind: str, colour: str, encoding: dict[str, Any], **how: Any) -> dict[str, Any]:
    return {"mark": {"type": kind, "color": colour, "aria": False, **how}, "encoding": encoding}


def _text(colour: str, encoding: dict[str, Any], **how: Any) -> dict[str, Any]:
    return _mark("text", colour, encoding, **{"fontSize": 12, "font": _FONT, "baseline": "middle", **how})


def _svg(spec: dict[str, Any]) -> str:
    """The chart as an SVG element that takes the width it is given. The same figures give the same text."""
    config = {
        "background": None,
        "view": {"stroke": None, "fill": None},
        "aria": False,
        "autosize": "none",
        "padding": 2,
    }
    schema = "https://vega.github.io/schema/vega-lite/v5.json"  # a name, never fetched
    drawn = vl_convert.vegalite_to_svg(
        json.dumps({"$schema": schema, **spec, "config": config}), vl_version="5.21", allowed_base_urls=[]
    )
    return _STYLE.sub("", re.sub(r'<svg [^>]*viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1" aria-hidden="true">', drawn))
