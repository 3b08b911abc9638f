"""The demo page's channel: its seats, its sockets, and delivery to whoever has the page open.

What the page shows is kept in memory only. When Signpost starts again the alerts are redrawn from the record.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from aiohttp import WSMsgType, web

from adapters.web.read import Choose, Frame, NotAFrameError, Say, message, read
from adapters.web.render import render
from bot import (
    Alert,
    Delivered,
    Desk,
    Failed,
    Guidance,
    Ledger,
    LedgerDownError,
    Message,
    Person,
    Receipt,
    Words,
    last_look,
)

_log = structlog.get_logger("signpost.web")
_PAGE = Path(__file__).parent / "page"
TRENDS = "/trends"  # where the demo serves what the school learns
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Seat:
    """One person at the page: who they are, what their pane is called, on which side it is."""

    id: str
    name: str
    role: str
    place: str
    side: str
    staff: bool = True

    def person(self) -> Person:
        """The person in this seat."""
        return Person(f"web:{self.id}", Words(self.name), self.staff)


def seats(guidance: Guidance) -> tuple[Seat, ...]:
    """The seats of a practice school, with its practice people."""
    people = guidance.library.school.people
    return (
        Seat("teacher", "Sam Carter", "Teacher", "Your chat with Signpost", "left"),
        Seat("visitor", "Jo", "Not staff: a pupil, say", "Someone who is not staff", "left", staff=False),
        Seat("dsl", people.dsl.name, "Designated Safeguarding Lead", "DSL channel", "right"),
        Seat("deputy-1", people.deputies[0].name, "Deputy DSL", "The deputy's own chat", "right"),
        Seat("head", people.head.name, "Head", "The head's own chat", "right"),
        Seat("chair", people.chair.name, "Chair of governors", "The chair of governors' own chat", "right"),
    )


@dataclass(slots=True)
class _Page:
    """What is on the page: posts by seat in order, and the sockets that show them."""

    posts: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    sockets: set[web.WebSocketResponse] = field(default_factory=set)


class WebChannel:
    """The demo page as a channel. It delivers only while somebody has the page open."""

    name = "web"

    def __init__(self, guidance: Callable[[], Guidance]) -> None:
        """`guidance` for the school's name and its practice people."""
        self._guidance = guidance
        self._page = _Page()
        self._seats = {seat.id: seat for seat in seats(guidance())}
        self._drawn = False
        self._run = secrets.token_hex(8)  # a page that saw another run begins afresh

    async def members(self, place: str) -> frozenset[str]:
        """Practice has one person in the DSL place."""
        return frozenset({"web:dsl"}) if place == "dsl" else frozenset()

    async def names(self, place: str) -> Mapping[str, Words]:
        """The same, by the names of their seats."""
        people = [seat.person() for seat in self._seats.values()]
        inside = await self.members(place)
        return {one.id: one.name for one in people if one.staff and one.id in inside}

    async def deliver(self, alert: Alert) -> Receipt:
        """Show it in its pane, in place of itself if it is there already."""
        seat = alert.told.removeprefix("person:web:")
        if seat not in self._seats:
            return Failed("nobody of that name has a seat here", lasting=True)
        if not self._page.sockets:
            return Failed("no page is open", retry_after=1)
        await last_look()
        await self._post(seat, alert.key, "signpost", "", render(alert.parts))
        return Delivered(alert.key)

    def routes(self, desk: Desk, ledger: Ledger, wake: Callable[[], None]) -> list[web.RouteDef]:
        """The page and its socket. `wake` is called after anything that may have made an alert due."""

        async def talk(request: web.Request) -> web.WebSocketResponse:
            return await self._talk(request, desk, ledger, wake)

        return [
            web.get("/", _file("index.html")),
            web.get("/page/style.css", _file("style.css")),
            web.get("/page/app.js", _file("app.js")),
            web.get("/talk", talk),
        ]

    # ---- one socket

    async def _talk(
        self, request: web.Request, desk: Desk, ledger: Ledger, wake: Callable[[], None]
    ) -> web.WebSocketResponse:
        if request.headers.get("Origin") not in {None, f"http://{request.host}"}:
            raise web.HTTPForbidden(text="This page only talks to itself.")
        socket = web.WebSocketResponse(heartbeat=20)
        await socket.prepare(request)
        await self._welcome(socket, desk)
        try:
            await ledger.ring_again(self.name, datetime.now(UTC), redraw=not self._drawn)
            self._drawn = True
        except LedgerDownError as error:
            _log.error("ledger_down", reason=str(error))
        wake()
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    await self._hear(socket, frame.data, desk)
                    wake()
        finally:
            self._page.sockets.discard(socket)
        return socket

    async def _welcome(self, socket: web.WebSocketResponse, desk: Desk) -> None:
        library = self._guidance().library
        await socket.send_json(
            {
                "type": "hello",
                "run": self._run,
                "school": library.school.name,
                "practice": library.wording.practice,
                "seats": [
                    {
                        "id": s.id,
                        "name": s.name,
                        "role": s.role,
                        "place": s.place,
                        "side": s.side,
                        "links": self._links(s),
                    }
                    for s in self._seats.values()
                ],
                "suggestions": list(library.wording.suggestions),
                "commands": [
                    library.wording.commands.log[0],
                    library.wording.commands.emergency[0],
                    library.wording.commands.topics[0],
                ],
            }
        )
        if "teacher" not in self._page.posts:
            # Whatever was open before a restart is offered again.
            asked = Message("web-home", self._seats["teacher"].person(), choice="home")
            reply = await desk.hear(asked, datetime.now(UTC))
            await self._post("teacher", "welcome", "signpost", "", render(reply.parts))
        # From here on every new post reaches this socket too; one that comes twice is the same post.
        self._page.sockets.add(socket)
        for post in [post for posts in self._page.posts.values() for post in posts.values()]:
            await socket.send_json(post)

    async def _hear(self, socket: web.WebSocketResponse, text: str, desk: Desk) -> None:
        try:
            frame = read(text)
        except NotAFrameError:
            _log.warning("frame_refused")
            return
        seat = self._seats.get(frame.seat)
        if seat is None:
            _log.warning("frame_refused")
            return
        said = self._said(seat.id, frame)
        if said:
            await self._post(seat.id, f"you-{frame.event}", "you", said, [])
        reply = await desk.hear(message(frame, seat.person()), datetime.now(UTC))
        if reply.dialog:
            await socket.send_json({"type": "dialog", "seat": seat.id, "parts": render(reply.parts)})
        elif reply.parts and not (reply.repeated and f"re-{frame.event}" in self._page.posts.get(seat.id, {})):
            await self._post(seat.id, f"re-{frame.event}", "signpost", "", render(reply.parts))
        await socket.send_json({"type": "heard", "event": frame.event})

    def _links(self, seat: Seat) -> list[dict[str, str]]:
        """Pages that belong to a seat: what the school learns is the DSL's."""
        label = self._guidance().library.wording.learning.link
        return [{"label": label, "href": TRENDS}] if seat.id == "dsl" else []

    def _said(self, seat: str, frame: Frame) -> str:
        """What the person did, as their own side of the conversation shows it."""
        if isinstance(frame, Say):
            return frame.words
        if not isinstance(frame, Choose):
            return ""
        parts = (part for post in self._page.posts.get(seat, {}).values() for part in post["parts"])
        return next((str(part["label"]) for part in parts if part.get("id") == frame.choice and "label" in part), "")

    async def _post(self, seat: str, id_: str, by: str, words: str, parts: list[dict[str, Any]]) -> None:
        zone = ZoneInfo(self._guidance().library.school.timezone)
        shown = {
            "type": "post",
            "seat": seat,
            "id": id_,
            "by": by,
            "words": words,
            "parts": parts,
            "at": f"{datetime.now(UTC).astimezone(zone):%H:%M}",
        }
        self._page.posts.setdefault(seat, {})[id_] = shown
        text = json.dumps(shown)
        for socket in list(self._page.sockets):
            try:
                await socket.send_str(text)
            except ConnectionError:
                self._page.sockets.discard(socket)


def _file(name: str) -> Callable[[web.Request], Any]:
    async def serve(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(_PAGE / name, headers=_HEADERS)

    return serve


@web.middleware
async def only_this_computer(request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
    """Refuse a page on the internet that got a browser to ask us under another name."""
    if request.url.host not in {"127.0.0.1", "localhost", "::1"}:
        raise web.HTTPMisdirectedRequest(text="Open the address that `signpost demo` printed.")
    response: web.StreamResponse = await handler(request)
    return response
