"""Charts as SVG text, drawn by Vega-Lite. The page's style sheet gives their colours, so that they follow light and dark."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import vl_convert

# The colours as drawn; the style sheet of the page replaces each by its own.
SOLID, PALE, INK, MUTED = "#136f7a", "#a9d2d6", "#1c2429", "#5c6870"
_WIDTH = 320  # pixels: a phone's page; wider pages set several beside each other
_FONT = "system-ui, sans-serif"
_SPREAD = 4  # a step of five holds this many more than it says
_STYLE = re.compile(r' style="[^"]*"')
_LINE = 44  # characters of a label that fit the width
_LEAD, _BAR, _GAP = 16, 11, 11  # pixels: a line of a label, the bar under it, and the air before the next


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a chart. `low` is its step; None is hidden."""

    label: str
    low: int | None
    said: str


@dataclass(frozen=True, slots=True)
class Span:
    """One row of `within`: how far half of them and nine in ten reach, in steps of its scale; None where too few to say."""

    label: str
    half: int | None
    ninth: int | None
    said: str


def across(bars: Sequence[Bar]) -> str:
    """Bars that lie, each under the whole of its label: for names of any length. Only those that are shown."""
    rows = [bar for bar in bars if bar.low is not None]
    x = {"type": "quantitative", "axis": None, "scale": {"domain": [0, _most(rows) * 1.25], "nice": False}}
    values, height = _stacked([_lines(bar.label) for bar in rows], _values(rows))
    said = {"x": {"field": "high", **x}, "y": _down("middle", height), "text": {"field": "said"}}
    layer = [*_lying(x, height), _text(MUTED, said, align="left", dx=6)]  # room is left at their ends
    return _svg({"data": {"values": values}, "width": _WIDTH, "height": height, "layer": layer})


def within(spans: Sequence[Span], ticks: Mapping[int, str], most: int) -> str:
    """Bars that lie along a scale of time: solid as far as half reach, pale as far as nine in ten. `ticks` are the steps of
    the scale that are named at its foot, `most` its last step.
    """
    x = {"type": "quantitative", "axis": None, "scale": {"domain": [0, most], "nice": False}}
    rows = [{"low": one.half or 0, "high": one.ninth or one.half or 0, "said": one.said} for one in spans]
    values, above = _stacked([[*_lines(one.label), ""] for one in spans], rows)  # what is said has the line left free
    height = above + _LEAD
    feet = {"values": [{"at": at, "named": named} for at, named in ticks.items()]}
    marks = {"values": [{"at": at, "bar": one["bar"], "foot": one["foot"]} for one in values for at in ticks]}
    rule = {"x": {"field": "at", **x}, "y": _down("bar", height), "y2": {"field": "foot"}}
    foot = {"x": {"field": "at", **x}, "y": {"value": above + _LEAD / 2}, "text": {"field": "named"}}
    said = {"x": {"value": 0}, "y": _down("bar", height), "text": {"field": "said"}}
    layer = [
        {"data": marks, **_mark("rule", PALE, rule)},
        *_lying(x, height),
        _text(MUTED, said, align="left", baseline="bottom", dy=-4),
        {"data": feet, **_text(MUTED, foot, fontSize=11)},
    ]
    return _svg({"data": {"values": values}, "width": _WIDTH, "height": height, "layer": layer})


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
            "label": bar.label,
            "low": bar.low or 0,
            "high": bar.low + _SPREAD if bar.low else 0,
            "said": bar.said,
        }
        for number, bar in enumerate(bars)
    ]


# ---- bars that lie


def _lines(label: str) -> list[str]:
    """A label as lines that fit, of much the same length. Nothing is cut: two that differ at their end alone must not look
    the same.
    """
    lines, width = textwrap.wrap(label, _LINE), _LINE
    while width > 1 and len(narrower := textwrap.wrap(label, width - 1)) == len(lines) > 1:
        lines, width = narrower, width - 1
    return lines or [""]


def _stacked(heads: Sequence[list[str]], rows: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """Rows one below the other, each as high as the lines over its bar need: their data, and the height of all."""
    values, top = [], 0
    for lines, row in zip(heads, rows, strict=True):
        bar = top + _LEAD * len(lines)
        places = {"top": top, "bar": bar, "middle": bar + _BAR / 2, "foot": bar + _BAR}
        values.append({**row, **places, "label": lines})
        top = bar + _BAR + _GAP
    return values, top


def _lying(x: dict[str, Any], height: int) -> list[dict[str, Any]]:
    """The bars, and the lines over each."""
    place = {"y": _down("bar", height), "y2": {"field": "foot"}, "x2": {"datum": 0}}
    head = {"x": {"value": 0}, "y": _down("top", height), "text": {"field": "label"}}
    return [
        _mark("bar", PALE, {"x": {"field": "high", **x}, **place}),
        _mark("bar", SOLID, {"x": {"field": "low", **x}, **place}),
        _text(INK, head, align="left", baseline="top", lineHeight=_LEAD),
    ]


def _down(field: str, height: int) -> dict[str, Any]:
    """Where a row's field says, in pixels from the top."""
    scale = {"domain": [0, height], "reverse": True, "nice": False}
    return {"field": field, "type": "quantitative", "axis": None, "scale": scale}


# ---- what every chart is made of


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
