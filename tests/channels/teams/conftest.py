"""Teams on loopback, and a Host that hears it with an echo for a bot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from adapters.teams import keys
from adapters.teams.hosting import Host, InvokeAnswer
from tests.channels.teams.client import Teams, teams_on_loopback


class Ears:
    """A bot that keeps what it hears and answers what it is told to."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.answer: InvokeAnswer | None = None
        self.fault: Exception | None = None

    async def __call__(self, activity: dict[str, Any]) -> InvokeAnswer | None:
        self.heard.append(activity)
        if self.fault:
            raise self.fault
        return self.answer


@asynccontextmanager
async def served(*routes: web.AbstractRouteDef) -> AsyncIterator[str]:
    """These routes on loopback. Gives the address of `/api/messages` there."""
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/messages"
    finally:
        await runner.cleanup()


@pytest.fixture
async def teams() -> AsyncIterator[Teams]:
    async with teams_on_loopback() as running:
        yield running


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
def hosted(teams: Teams, ears: Ears) -> Any:
    """Opens a Host of this tenant with `ears` behind it, and points Teams at it."""

    @asynccontextmanager
    async def open_host(warm: bool = True, **other: Any) -> AsyncIterator[Host]:
        host = Host(**(teams.settings() | other))
        try:
            async with served(host.route(ears)) as teams.endpoint:
                if warm:
                    await host.warm()
                yield host
        finally:
            await host.close()

    return open_host


@pytest.fixture
async def host(hosted: Any) -> AsyncIterator[Host]:
    """One that has been warmed."""
    async with hosted() as opened:
        yield opened


@pytest.fixture
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys may be fetched again as often as a test likes."""
    monkeypatch.setattr(keys, "_REST", 0.0)
