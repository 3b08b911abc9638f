"""The demo, served from a folder of the test's own, with one page open on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.channels.school import Page, School, serving


@pytest.fixture
async def school(tmp_path: Path) -> AsyncIterator[School]:
    async with serving(tmp_path) as running:
        yield running


@pytest.fixture
async def page(school: School) -> AsyncIterator[Page]:
    async with Page.open(school.url) as opened:
        yield opened
