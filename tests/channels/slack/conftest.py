"""A real Slack Web API for the run, a fresh workspace for each test, and a Signpost that serves it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.channels.slack.emulate import Emulate, started
from tests.channels.slack.front import Front, workspace
from tests.channels.slack.office import Office, serving


@pytest.fixture(scope="session")
def emulate() -> Iterator[Emulate]:
    running = started()
    yield running
    running.close()


@pytest.fixture
async def front(emulate: Emulate) -> AsyncIterator[Front]:
    """A workspace. Nothing that Slack would refuse may have been sent to it."""
    async with workspace(emulate) as made:
        yield made
        assert made.refused == []


@pytest.fixture
async def office(front: Front, tmp_path: Path) -> AsyncIterator[Office]:
    async with serving(front, tmp_path) as running:
        yield running
