"""A real Slack Web API for the run, a fresh workspace for each test, and a Signpost that serves it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.channels.slack.emulate import started
from tests.channels.slack.front import Front, workspace
from tests.channels.slack.office import Office, serving


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    """A workspace. Nothing that Slack would refuse may have been sent to it."""
    async with workspace(started()) as made:
        yield made
        assert made.refused == []


@pytest.fixture
async def office(front: Front, tmp_path: Path) -> AsyncIterator[Office]:
    """Signpost as it runs."""
    async with serving(front, tmp_path) as running:
        yield running


@pytest.fixture
async def quiet(front: Front, tmp_path: Path) -> AsyncIterator[Office]:
    """The same, whose bell rings only when the test says."""
    async with serving(front, tmp_path, ringing=False) as running:
        yield running
