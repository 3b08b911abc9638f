"""The trends page: years of figures to one HTML text that needs nothing else. What is hidden has never reached it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from html import escape
from pathlib import Path

from adapters.reports import charts
from adapters.reports.charts import Bar, Span
from bot import facts
from bot.cards import full
from bot.learning import BANDS, HOURS, STEP, TABLES, Speed, Year, hours_of
from policy_content.case_wording import Review
from policy_content.handing_wording import LearningWords
from policy_content.model import Library

_STYLE = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'"
_UPRIGHT = {"hours", "weekdays"}
_TICKS = ("m5", "h1", "h24", "d7")  # of the bands, named at the foot of their chart: more do not fit
_MOST_NAMED = 12  # hidden rows that are named under a chart; the table names them all


def catalogue(library: Library) -> dict[str, list[str]]:
    """The rows of each table, in the order in which they stand."""
    decision = library.wording.decision
    return {
        "kinds": list(facts.kinds(library)),
        "places": list(facts.places(library)),
        "hours": [hours_of(low) for low, _ in HOURS],
        "weekdays": [str(day) for day in range(7)],
        "years": list(facts.years(library).values()),
        "levels": list(type(decision.levels).model_fields),
        "routes": list(type(decision.routes).model_fields),
        "review": list(Review.model_fields),
        "topics": list(library.topics),
    }


def page(library: Library, years: Sequence[Year], now: datetime, edition: str) -> str:
    """The page. `edition` names the content that it was made with."""
    w, school = library.wording.learning, library.school
    title = escape(library.say(w.title, school=school.name))
    period = library.say(w.period, first=_day(years[0].first), last=_day(years[-1].last)) if years else w.all_hidden
    made = library.say(w.made, when=full(library, now), edition=edition)
    body = "\n".join(_year(library, year) for year in reversed(years))
    return (
        "<!doctype html>\n"
        f'<html lang="en-GB"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f"<style>{_STYLE}</style></head>\n<body><header><h1>{title}</h1><p>{escape(period)}</p></header>\n<main>{body}\n"
        f"<section class=rule><h2>{escape(w.rule_title)}</h2><p>{escape(w.rule)}</p><p>{escape(w.forgotten)}</p></section>"
        f"</main><footer><p>{escape(made)}</p></footer></body></html>\n"
    )


def _year(library: Library, year: Year) -> str:
    w = library.wording.learning
    name = f"{year.first.year}–{year.last.year if year.whole else year.first.year + 1}"
    heading = library.say(w.year, year=name) if year.whole else library.say(w.so_far, year=name, last=_day(year.last))
    tiles = "".join(
        f"<div><dt>{escape(label)}</dt><dd>{escape(_said(w, count))}</dd></div>"
        for label, count in (
            (w.concerns, year.concerns),
            (w.questions, year.questions),
            (w.unanswered, year.unanswered),
        )
    )
    figures = "\n".join(_figure(library, year, table) for table in TABLES)
    return (
        f"<section><h2>{escape(heading)}</h2><dl class=tiles>{tiles}</dl>\n"
        f"<div class=grid>{_speed(library, year)}\n{figures}</div></section>"
    )


def _figure(library: Library, year: Year, table: str) -> str:
    """One table as a figure. Beside the questions by page stands how many found none."""
    w, counts, names = library.wording.learning, year.tables[table], _names(library, table)
    order = list(names) if table in _UPRIGHT else _ordered(library, table, counts)
    bars = [Bar(_name(library, names, row), counts[row], _said(w, counts[row])) for row in order]
    figure = _drawn(library, w.charts[table], bars, upright=table in _UPRIGHT)
    if table != "topics":
        return figure
    both = ((w.questions, year.questions), (w.unanswered, year.unanswered))
    asked = [Bar(label, count, _said(w, count)) for label, count in both]
    return _drawn(library, w.charts["asked"], asked) + figure


def _drawn(library: Library, caption: str, bars: Sequence[Bar], *, upright: bool = False) -> str:
    """Rows as a chart, what is hidden in words, and all of it as a table."""
    w = library.wording.learning
    hidden = [bar.label for bar in bars if bar.low is None]
    shown = [bar for bar in bars if bar.low is not None]
    text = [f"<figure><figcaption>{escape(caption)}</figcaption>"]
    if not shown:
        text.append(f"<p>{escape(w.all_hidden)}</p></figure>")
        return "".join(text)
    text.append(charts.upright([_narrow(bar) for bar in bars]) if upright else charts.across(shown))
    if hidden and not upright:  # there each hidden bar is marked
        named = library.say(w.fewer_list, names="; ".join(hidden)) if len(hidden) <= _MOST_NAMED else w.fewer_others
        text.append(f"<p class=hidden>{escape(named)}</p>")
    rows = [(bar.label, bar.said) for bar in bars]
    text.append(f"{_table(w, (w.column_what, w.column_count), rows)}</figure>")
    return "".join(text)


def _table(w: LearningWords, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A chart's figures once more, in words."""
    top = "".join(f"<th scope=col>{escape(cell)}</th>" for cell in head)
    rest = "".join(
        f"<tr><th scope=row>{escape(label)}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
        for label, *cells in rows
    )
    return f"<details><summary>{escape(w.table)}</summary><table><tr>{top}</tr>{rest}</table></details>"


def _ordered(library: Library, table: str, counts: Mapping[str, int | None]) -> list[str]:
    """The rows as they come, by step and catalogue; pairs of one step place by place."""
    if table != "repeated":
        return list(counts)
    known = [*facts.places(library), *facts.years(library).values(), *facts.kinds(library)]
    nth = {key: number for number, key in enumerate(known)}

    def by(row: str) -> tuple[int, int, int]:
        first, _, place = row.partition("\t")
        return -(counts[row] or 0), nth.get(place, len(nth)), nth.get(first, len(nth))

    return sorted(counts, key=by)


def _narrow(bar: Bar) -> Bar:
    """What stands under and on a narrow bar: `Mon`, `8–10`; a hidden one has a sign that the words beneath explain."""
    low, dash, high = bar.label.replace(":00", "").partition("–")
    label = f"{int(low)}{dash}{int(high)}" if dash else bar.label[:3]
    return Bar(label, bar.low, bar.said if bar.low else f"<{STEP}")


def _speed(library: Library, year: Year) -> str:
    """The bands as a chart and as a table. The chart says what the table says: exact times have never reached it."""
    w, order = library.wording.learning, [*BANDS, "more"]
    spans = [
        Span(w.speed[key], _nth(order, one.half), _nth(order, one.ninth), _paced(library, one))
        for key, one in year.speed.items()
    ]
    ticks = {order.index(band) + 1: w.bands[band] for band in _TICKS}
    rows = [
        (w.speed[key], w.bands[one.half] if one.half else w.fewer, w.bands[one.ninth] if one.ninth else "–")
        for key, one in year.speed.items()
    ]
    table = _table(w, (w.column_what, w.median, w.ninth), rows)
    chart = charts.within(spans, ticks, len(order))
    return f"<figure><figcaption>{escape(w.speed_title)}</figcaption>{chart}{table}</figure>"


def _nth(order: Sequence[str], band: str | None) -> int | None:
    return order.index(band) + 1 if band else None


def _paced(library: Library, one: Speed) -> str:
    w = library.wording.learning
    if one.half is None:
        return w.fewer
    if one.ninth is None:
        return library.say(w.speed_half, half=w.bands[one.half])
    return library.say(w.speed_both, half=w.bands[one.half], ninth=w.bands[one.ninth])


def _names(library: Library, table: str) -> dict[str, str]:
    w, decision = library.wording.learning, library.wording.decision
    match table:
        case "kinds":
            return facts.kinds(library)
        case "places":
            return facts.places(library)
        case "levels":
            return {key: getattr(decision.levels, key) for key in type(decision.levels).model_fields}
        case "routes":
            return {key: getattr(decision.routes, key) for key in type(decision.routes).model_fields}
        case "review":
            return {key: getattr(library.wording.case.review, key).ask for key in Review.model_fields}
        case "weekdays":
            return {str(number): name for number, name in enumerate(w.weekdays)}
        case "hours":
            return {hours_of(low): hours_of(low) for low, _ in HOURS}
        case "topics":
            return {key: topic.title for key, topic in library.topics.items()}
        case "repeated":
            return facts.kinds(library) | facts.places(library)
        case _:
            return {}


def _name(library: Library, names: Mapping[str, str], row: str) -> str:
    first, tab, second = row.partition("\t")
    if not tab:
        return names.get(row, row)
    pair = library.wording.learning.pair
    return library.say(pair, first=names.get(first, first), second=names.get(second, second))


def _said(w: LearningWords, count: int | None) -> str:
    if count is None:
        return w.fewer
    return w.about.replace("{low}", str(count)).replace("{high}", str(count + STEP - 1))


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
