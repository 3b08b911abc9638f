"""Socket Mode: Slack is called, so a school needs no public address. The same hearing, acknowledged on the socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp

_log = structlog.get_logger("signpost.slack")
_LOOK = 1.0  # seconds between looks whether it is connected
_GIVE_UP = 20.0  # seconds without a connection before everything about it is made anew
_PING = 5.0


@asynccontextmanager
async def connected(app: AsyncApp, token: str) -> AsyncIterator[None]:
    """Hold a socket to Slack while inside, made anew whenever it cannot be mended.

    The library mends a broken socket itself, but tries the same address for ever, and Slack's are good once.
    """
    holding = asyncio.create_task(_hold(app, token))
    try:
        yield
    finally:
        holding.cancel()
        with suppress(asyncio.CancelledError):
            await holding


async def _hold(app: AsyncApp, token: str) -> None:
    while True:
        handler = AsyncSocketModeHandler(app, token, logger=app.logger, ping_interval=_PING)
        connecting = asyncio.create_task(handler.connect_async())  # type: ignore[no-untyped-call]  # bolt's own
        try:
            await _while_connected(handler)
            _log.warning("socket_lost")
        finally:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
            await handler.close_async()  # type: ignore[no-untyped-call]  # bolt's own


async def _while_connected(handler: AsyncSocketModeHandler) -> None:
    """Returns when there has been no connection for a while."""
    loop = asyncio.get_running_loop()
    last, was = loop.time(), False
    while loop.time() - last < _GIVE_UP:
        now = await handler.client.is_connected()
        if now and not was:
            _log.info("socket_connected")
        last, was = (loop.time() if now else last), now
        await asyncio.sleep(_LOOK)
