"""Private windows (modals) and the Home tab. A window that cannot be shown is never a reason to post what was to stand in it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import structlog

from adapters.slack import render
from adapters.slack.rich import Json
from adapters.slack.web import SlackError, Web
from bot import Card, Form, Guidance, Part

_log = structlog.get_logger("signpost.slack")
_SECONDS = 1.5  # a trigger is good for three seconds
_KEPT = 50  # windows of several pages: nobody turns more at once

Parts = tuple[Part, ...]


class Windows:
    """Shows windows, and remembers the parts of those that have several pages."""

    def __init__(self, web: Web, guidance: Callable[[], Guidance]) -> None:
        self._web, self._guidance = web, guidance
        self._paged: OrderedDict[str, Parts] = OrderedDict()
        self._homes: dict[str, str] = {}  # who has looked at Home since we started, and its hash

    def draw(self, parts: Parts, page: int = 1) -> Json:
        """The window as Slack takes it. One with a form says what closing it costs."""
        w = self._guidance().library.wording
        if any(isinstance(part, Form) for part in parts):
            parts = (Card("", w.window_closing), *parts)
        return render.modal(parts, wording=w, page=page)

    async def open(self, trigger: str, parts: Parts, *, over: bool = False) -> bool:
        """Open a window, or one on top of another. False if Slack would not."""
        method = "views.push" if over else "views.open"
        return await self._show(method, parts, trigger_id=trigger)

    async def update(self, view: str, parts: Parts) -> bool:
        """Draw a window anew. False if Slack would not."""
        return await self._show("views.update", parts, view_id=view)

    async def turn(self, view: str, page: int) -> bool:
        """Show another page. False if we do not know any more what stands in it."""
        parts = self._paged.get(view)
        return parts is not None and await self._show("views.update", parts, page, view_id=view)

    async def home(self, user: str, parts: Parts, hash_: str = "") -> None:
        """Draw somebody's Home tab. With `hash_`, only if it has not been drawn anew meanwhile."""
        view = render.home(parts, wording=self._guidance().library.wording)
        try:
            drawn = await self._web.call(
                "views.publish", seconds=_SECONDS, user_id=user, view=view, **({"hash": hash_} if hash_ else {})
            )
        except SlackError as error:
            _log.warning("home_not_drawn", why=error.code)
            return
        self._homes[user] = str((drawn.get("view") or {}).get("hash") or "")

    def has_home(self, user: str) -> bool:
        """True for somebody who has looked at the Home tab since we started."""
        return user in self._homes

    async def _show(self, method: str, parts: Parts, page: int = 1, **where: str) -> bool:
        try:
            answer = await self._web.call(method, seconds=_SECONDS, view=self.draw(parts, page), **where)
        except SlackError as error:
            _log.warning("window_not_shown", method=method, why=error.code)
            return False
        self.remember(str((answer.get("view") or {}).get("id") or where.get("view_id", "")), parts)
        return True

    def remember(self, view: str, parts: Parts) -> None:
        """Keep what stands in a window of several pages, to turn them."""
        self._paged.pop(view, None)
        if render.pages(parts, wording=self._guidance().library.wording) > 1:
            self._paged[view] = parts
        while len(self._paged) > _KEPT:
            self._paged.popitem(last=False)
