"""The demo, served from a folder of the test's own, with one page open on it; and everything that anybody logs."""

from __future__ import annotations

import io
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import structlog

from adapters import logs
from tests.channels.school import Page, School, serving


@pytest.fixture
async def school(tmp_path: Path) -> AsyncIterator[School]:
    async with serving(tmp_path) as running:
        yield running


@pytest.fixture
async def page(school: School) -> AsyncIterator[Page]:
    async with Page.open(school.url) as opened:
        yield opened


@pytest.fixture
def talkative() -> Iterator[Callable[[], str]]:
    """Everything logged at DEBUG, by anybody."""
    root, before = logging.getLogger(), (logging.getLogger().handlers[:], logging.getLogger().level)
    said = io.StringIO()
    logs.set_up("DEBUG")
    for handler in root.handlers:
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(said)
    yield said.getvalue
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.reset_defaults()
