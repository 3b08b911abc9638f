"""The trends page as it is looked at: no label is cut, leaves its chart, or reads like another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from selenium import webdriver

from adapters.reports import page
from adapters.reports.page import catalogue
from bot import facts
from bot.learning import Asking, Case, periods, trends
from tests.channels.school import LIBRARY, WORDS

NOW = datetime(2026, 9, 20, 12, tzinfo=UTC)
FIRST = date(2025, 9, 1)
# The lines of each label over a bar, in one chart after the other, joined as somebody reads them.
LABELS = """
return [...document.querySelectorAll("figure")].map((figure) => [
  figure.querySelector("figcaption").textContent,
  [...figure.querySelectorAll("svg text[fill='#1c2429']")].map((label) =>
    [...(label.children.length ? label.children : [label])].map((line) => line.textContent.trim()).join(" ")),
])
"""
OUTSIDE = """
return [...document.querySelectorAll("svg")].flatMap((svg) => {
  const frame = svg.parentElement.getBoundingClientRect();
  return [...svg.querySelectorAll("text")].filter((text) => {
    const box = text.getBoundingClientRect();
    return box.left < frame.left || box.right > frame.right || box.bottom > svg.getBoundingClientRect().bottom + 1;
  }).map((text) => text.textContent);
})
"""
OVER = """
return [...document.querySelectorAll("svg")].flatMap((svg) => {
  const boxes = [...svg.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
  return boxes.flatMap(([words, one], nth) => boxes.slice(nth + 1).filter(([, other]) =>
    one.left < other.right - 1 && other.left < one.right - 1 && one.top < other.bottom - 4 && other.top < one.bottom - 4
  ).map(([others]) => [words, others]));
})
"""


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a school where everything happened everywhere, so that every label there is stands on it."""
    rows = catalogue(LIBRARY)
    kinds, years, steps = tuple(rows["kinds"]), tuple(rows["years"]), timedelta(hours=3)
    cases = [
        Case(
            FIRST,
            False,
            kinds,
            place,
            years,
            9,
            2,
            level,
            tuple(rows["routes"]),
            tuple(rows["review"]),
            steps,
            60 * steps,
        )
        for place, level in zip(rows["places"], rows["levels"] * 3, strict=False)
        for _ in range(5)
    ]
    asked = [Asking(FIRST, "answer", topic) for topic in rows["topics"] for _ in range(5)]
    asked += [Asking(FIRST, "unknown")] * 5
    (span,) = periods(FIRST, date(2026, 8, 31), NOW.date())
    path = tmp_path_factory.mktemp("trends") / "trends.html"
    path.write_text(page(LIBRARY, [trends(cases, asked, rows, *span)], NOW, "edition"), encoding="utf-8")
    return path


@pytest.fixture(params=[360, 1400])
def looked_at(request: pytest.FixtureRequest, driver: webdriver.Chrome, everything: Path) -> Iterator[webdriver.Chrome]:
    """The page on a phone, and on a desk."""
    size = {"width": request.param, "height": 900, "deviceScaleFactor": 1, "mobile": request.param < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.get(everything.as_uri())
    yield driver
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_no_two_bars_of_a_chart_read_alike(looked_at: webdriver.Chrome) -> None:
    drawn = dict(looked_at.execute_script(LABELS))
    kinds, places = facts.kinds(LIBRARY), facts.places(LIBRARY)
    pairs = {
        LIBRARY.say(WORDS.learning.pair, first=kind, second=place)
        for kind in kinds.values()
        for place in places.values()
    }
    assert pairs <= set(drawn[WORDS.learning.charts["repeated"]])
    assert {topic.title for topic in LIBRARY.topics.values()} == set(drawn[WORDS.learning.charts["topics"]])
    for caption, labels in drawn.items():
        assert len(labels) == len(set(labels)), caption
        assert not [label for label in labels if "…" in label]


def test_no_words_leave_their_chart_or_stand_on_others(looked_at: webdriver.Chrome) -> None:
    assert looked_at.execute_script(OUTSIDE) == []
    assert looked_at.execute_script(OVER) == []
    assert looked_at.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")


def test_how_long_it_took_is_said_by_the_chart_as_by_its_table(looked_at: webdriver.Chrome) -> None:
    w = WORDS.learning
    text = looked_at.execute_script("return document.querySelector('figure svg').textContent")
    assert LIBRARY.say(w.speed_both, half=w.bands["h4"], ninth=w.bands["h4"]) in text
    assert w.fewer in text  # of urgent ones there are none
