"""The trends page on the demo page: the last year and this one, of practice only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from aiohttp import web

from adapters.reports.page import POLICY, page
from adapters.reports.reading import read_years
from bot import Ledger
from policy_content.model import Library

_BACK = timedelta(days=365)


def trends_route(
    path: str, library: Callable[[], Library], ledger: Ledger, clock: Callable[[], datetime]
) -> web.RouteDef:
    """What the school learns, at `path`. Only for the demo, which shows it to whoever sits at this computer."""

    async def trends(_request: web.Request) -> web.Response:
        now, content = clock(), library()
        years = await read_years(ledger, content, (now - _BACK).date(), now.date(), now)
        headers = {
            "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }
        text = page(content, years, now, content.digest[:8])
        return web.Response(text=text, content_type="text/html", charset="utf-8", headers=headers)

    return web.get(path, trends)
