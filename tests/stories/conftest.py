"""Each story has a practice school of its own, with one page open on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.channels.conftest import talkative  # noqa: F401 (a fixture, for the stories about what is logged)
from tests.channels.school import Page, School, Seat, serving
from tests.stories.passing import Clock
from tests.stories.team import is_alerted


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of this story's school, for a story in which time passes. To be asked for before the school."""
    clock = Clock()
    for where in ("adapters.server", "adapters.web.channel"):
        monkeypatch.setattr(f"{where}.datetime", clock)
    return clock


@pytest.fixture
async def school(tmp_path: Path) -> AsyncIterator[School]:
    async with serving(tmp_path) as running:
        yield running


@pytest.fixture
async def page(school: School) -> AsyncIterator[Page]:
    async with Page.open(school.url) as opened:
        yield opened


@pytest.fixture
def teacher(page: Page) -> Seat:
    return page.seat("teacher")


@pytest.fixture
def dsl(page: Page) -> Seat:
    return page.seat("dsl")


@pytest.fixture
def head(page: Page) -> Seat:
    return page.seat("head")


@pytest.fixture
def chair(page: Page) -> Seat:
    return page.seat("chair")


@pytest.fixture
def visitor(page: Page) -> Seat:
    return page.seat("visitor")


@pytest.fixture
async def reference(teacher: Seat, dsl: Seat) -> str:
    """A concern that the DSL has on her screen."""
    reference = await teacher.logs_a_concern()
    await is_alerted(dsl, reference)
    return reference
