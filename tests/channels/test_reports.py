"""The trends page: it needs nothing but itself, says all in words too, and what is hidden never reached it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.reports import POLICY, charts, page
from adapters.reports.page import catalogue
from adapters.reports.serving import trends_route
from bot import Ledger
from bot.learning import Asking, Case, periods, trends
from policy_content.case_wording import Review
from tests.channels.school import LIBRARY, WORDS

NOW = datetime(2026, 9, 20, 12, tzinfo=UTC)
FIRST = date(2025, 9, 1)


@pytest.fixture(scope="module")
def drawn() -> str:
    rows = catalogue(LIBRARY)
    one = Case(
        FIRST,
        kinds=("bullying", "nudes"),
        place="toilets",
        years=("Year 9",),
        hour=10,
        weekday=0,
        level="abusive",
        routes=("d",),
        review=("training",),
    )
    two = Case(FIRST, kinds=("hazing",), place="online", hour=21, weekday=6)
    (span,) = periods(FIRST, date(2026, 8, 31), NOW.date())
    cases = [one] * 13 + [two] * 3
    year = trends(cases, [Asking(FIRST, "answer", "banter")] * 7, rows, *span)
    return page(LIBRARY, [year], NOW, "edition")


def test_it_fetches_and_runs_nothing(drawn: str) -> None:
    assert not re.findall(r"<(?:script|link|img|iframe|object|embed|form|base)\b", drawn)
    assert not re.findall(r"\b(?:src|href|style|on\w+)=", drawn)
    assert "url(" not in drawn
    assert "@import" not in drawn
    assert POLICY.replace("'", "&#x27;") in drawn


def test_each_chart_stands_there_as_a_table_too(drawn: str) -> None:
    figures = re.findall(r"<figure>.*?</figure>", drawn, re.DOTALL)
    with_chart = [figure for figure in figures if "<svg" in figure]
    assert len(with_chart) > 5
    for figure in with_chart:
        assert 'aria-hidden="true"' in figure
        assert "<details>" in figure
    kinds = next(figure for figure in with_chart if WORDS.learning.charts["kinds"] in figure)
    rows = dict(re.findall(r"<th scope=row>([^<]*)</th><td>([^<]*)</td>", kinds))
    assert rows[LIBRARY.topics["bullying"].title.replace("'", "&#x27;")] == "10–14"
    assert rows[WORDS.learning.kind_nudes] == "10–14"
    assert rows[LIBRARY.topics["hazing"].title.replace("'", "&#x27;")] == WORDS.learning.fewer


def test_how_often_each_review_question_was_noted_under_stands_there(drawn: str) -> None:
    figures = re.findall(r"<figure>.*?</figure>", drawn, re.DOTALL)
    noted = next(figure for figure in figures if WORDS.learning.charts["review"] in figure)
    rows = dict(re.findall(r"<th scope=row>([^<]*)</th><td>([^<]*)</td>", noted))
    asked = {key: getattr(WORDS.case.review, key).ask for key in Review.model_fields}
    fewer = dict.fromkeys(asked.values(), WORDS.learning.fewer)
    assert rows == {**fewer, asked["training"]: "10–14"}


def test_no_count_stands_there_but_steps(drawn: str) -> None:
    cells = re.findall(r"<td>([^<]*)</td>|<dd>([^<]*)</dd>", drawn)
    bands = set(WORDS.learning.bands.values())
    for text in (one or other for one, other in cells):
        step = re.fullmatch(r"(\d+)–(\d+)", text)
        assert text in bands | {WORDS.learning.fewer, "–", ""} or (step and int(step[1]) % 5 == 0), text


def test_the_same_figures_give_the_same_page(drawn: str) -> None:
    bars = [charts.Bar("One", 5, "5–9"), charts.Bar("Two", None, "Fewer than 5")]
    assert charts.across(bars) == charts.across(bars)
    assert charts.upright(bars) == charts.upright(bars)
    assert "Two" not in charts.across(bars)


def test_what_stands_beside_a_bar_is_only_text() -> None:
    drawn = charts.across([charts.Bar("<script>&\"'", 5, "5–9")])
    assert "<script>" not in drawn
    assert "&lt;script&gt;" in drawn


async def test_the_demo_serves_it_with_a_policy_of_its_own(ledger: Ledger) -> None:
    app = web.Application()
    app.add_routes([trends_route("/trends", lambda: LIBRARY, ledger, lambda: NOW)])
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        answer = await session.get(server.make_url("/trends"))
        assert answer.status == 200
        assert POLICY in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert WORDS.learning.rule_title in await answer.text()


def test_a_year_has_as_many_months_as_are_over() -> None:
    (span,) = periods(FIRST, FIRST + timedelta(days=60), NOW.date())
    assert span == (FIRST, date(2025, 10, 31))
