"""A Signpost that serves a Slack workspace, and everybody at their Slack: what they type, press and send goes out signed, as Slack sends it."""

from __future__ import annotations

import hashlib
import hmac
import io
import itertools
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from adapters import practice
from adapters.server import LARGEST_REQUEST, Signpost, served, utc_now
from adapters.shelf import Shelf
from adapters.slack.channel import PATH, SlackChannel
from bot import Channel, Desk, Guidance, open_ledger
from policy_content.model import SchoolPerson
from tests.channels.school import ABOUT_AN_ADULT, ACCOUNT, WORDS, come_true, practice_shelf
from tests.channels.slack.client import Json, Window, buttons, payload, press, shown
from tests.channels.slack.emulate import BOT, BOT_USER, TEAM
from tests.channels.slack.front import Front
from tests.channels.slack.limits import faults

SECRET = "the signing secret of these tests"


@dataclass(frozen=True)
class Answer:
    """What Signpost answered Slack."""

    status: int
    body: Json | None = None


class _Shelf(Shelf):
    """The practice shelf, whose people have these ids in Slack."""

    def __init__(self, users: Mapping[str, str]) -> None:
        guidance, self.trouble = practice_shelf().guidance(), ""
        school = guidance.library.school
        dressed = school.model_copy(update={"people": _people(school.people, users)})
        self._in_use = replace(guidance, library=guidance.library.model_copy(update={"school": dressed}))

    def guidance(self) -> Guidance:
        return self._in_use

    def refresh(self) -> bool:
        return False


def _people(people: Any, users: Mapping[str, str]) -> Any:
    def known(person: SchoolPerson, seat: str) -> SchoolPerson:
        address = f"{seat}@school.example"
        return person.model_copy(update={"chats": {"slack": users[seat]}, "email": address})

    named = {role: known(getattr(people, role), role) for role in ("dsl", "head", "chair")}
    return people.model_copy(update={**named, "deputies": (known(people.deputies[0], "deputy-1"),)})


@dataclass
class Office:
    """One running Signpost, connected to a workspace. It is what the contract of all channels calls running."""

    front: Front
    channel: SlackChannel
    signpost: Signpost
    url: str
    session: aiohttp.ClientSession
    inside: set[str] = field(default_factory=lambda: {"dsl"})  # the seats in the DSL channel
    answers: list[Answer] = field(default_factory=list)
    send: Callable[[Json], Any] | None = None  # by a socket, in place of HTTP
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def desk(self) -> Desk:
        return self.signpost.desk

    def person(self, seat: str) -> str:
        return f"slack:{self.front.users.get(seat, seat)}"

    # ---- what goes out

    async def post(
        self, body: bytes, kind: str, *, secret: str = SECRET, at: float | None = None, **headers: str
    ) -> Answer:
        """A request as Slack signs it, at this time or now."""
        stamp = str(int(time.time() if at is None else at))
        signed = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        sent = {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={signed}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        async with self.session.post(f"{self.url}{PATH}", data=io.BytesIO(body), headers=sent) as got:
            text = await got.text()
            answer = Answer(got.status, json.loads(text) if text.startswith("{") else None)
        self.answers.append(answer)
        return answer

    async def event(self, body: Json, **how: Any) -> Answer:
        if self.send:
            return await self.send({"type": "events_api", "payload": body})
        return await self.post(json.dumps(body).encode(), "application/json", **how)

    async def interaction(self, body: Json, **how: Any) -> Answer:
        if self.send:
            return await self.send({"type": "interactive", "payload": body})
        form = urlencode({"payload": json.dumps(body)}).encode()
        return await self.post(form, "application/x-www-form-urlencoded", **how)

    async def slash(self, body: Json, **how: Any) -> Answer:
        if self.send:
            return await self.send({"type": "slash_commands", "payload": body})
        return await self.post(urlencode(body).encode(), "application/x-www-form-urlencoded", **how)

    # ---- what people do

    async def typed(self, seat: str, words: str, *, shared: bool = False, **inner: Any) -> Json:
        """The event of a direct message, or of one in the staff room that mentions the bot."""
        user, number = self.front.users[seat], next(self._numbers)
        body = payload("event_app_mention" if shared else "event_message_im")
        text = _escaped(words)
        channel = self.front.staffroom if shared else await self.direct(seat)
        body["event"] |= {
            "user": user,
            "team": TEAM,
            "channel": channel,
            "text": f"<@{BOT_USER}> {text}" if shared else text,
            "ts": f"1763975160.{number:06}",
            **inner,
        }
        body |= {"team_id": TEAM, "event_id": f"Ev{number:08}"}
        body["authorizations"][0] |= {"team_id": TEAM, "user_id": BOT_USER}
        return body

    async def says(self, seat: str, words: str, *, shared: bool = False) -> None:
        await self.heard(self.event(await self.typed(seat, words, shared=shared)))

    async def command(self, seat: str, command: str, text: str = "", *, channel: str = "") -> Answer:
        """A slash command, typed in the staff room unless it is said where."""
        user = self.front.users[seat]
        body = payload("command_ask") | {
            "command": command,
            "text": _escaped(text),
            "user_id": user,
            "team_id": TEAM,
            "channel_id": channel or self.front.staffroom,
            "trigger_id": await self.front.trigger(user),
            "response_url": f"{self.front.url}/respond",
        }
        return await self.heard(self.slash(body))

    async def begins(self, seat: str, *, channel: str = "", ts: str = "") -> Answer:
        """The shortcut to log a concern, from everywhere or from a message."""
        body = payload("shortcut_message" if channel else "shortcut_global")
        self._by(body, seat)
        body["trigger_id"] = await self.front.trigger(self.front.users[seat])
        if channel:
            body |= {"channel": {"id": channel, "name": "x"}, "message_ts": ts}
            body["response_url"] = f"{self.front.url}/respond"
        return await self.heard(self.interaction(body))

    async def looks_at_home(self, seat: str) -> None:
        body = payload("event_app_home_opened") | {"team_id": TEAM, "event_id": f"Ev{next(self._numbers):08}"}
        body["event"] |= {"user": self.front.users[seat], "tab": "home"}
        body["event"].pop("view")
        body["authorizations"][0] |= {"team_id": TEAM, "user_id": BOT_USER}
        await self.heard(self.event(body))

    async def pressing(self, seat: str, label: str, *, old: bool = False) -> Json:
        """The payload of a press on the newest control that says this, or on the oldest."""
        found = [
            (at, button, where)
            for at, where, blocks in self._surfaces(seat)
            for button in buttons(blocks, "")
            if button["text"]["text"] == label
        ]
        assert found, f"no button says “{label}” to {seat}: {await self.seen(seat)}"
        pick = min if old else max
        _, button, where = pick(found, key=lambda one: one[0])
        user, view = self.front.users[seat], where if "blocks" in where and where.get("type") else None
        body = press(button, view, trigger=await self.front.trigger(user, view["id"] if view else ""))
        self._by(body, seat)
        if view is None:
            body |= {"channel": {"id": where["channel"], "name": "x"}, "response_url": f"{self.front.url}/respond"}
            body["container"] |= {"channel_id": where["channel"], "message_ts": where["ts"]}
        return body

    async def presses(self, seat: str, label: str) -> None:
        await self.heard(self.interaction(await self.pressing(seat, label)))

    def filled(self, seat: str, values: Mapping[str, str]) -> Json:
        """The submission of the window before this person."""
        window = Window(self.front.windows[self.front.users[seat]].body)
        for key, value in values.items():
            window.types(key, value)
        body = window.submission()
        self._by(body, seat)
        return body

    async def fills(self, seat: str, values: Mapping[str, str]) -> None:
        await self.submits(seat, self.filled(seat, values))

    async def submits(self, seat: str, body: Json) -> Answer:
        """Send a filled window, and do with it what Slack's response says."""
        answer = await self.heard(self.interaction(body))
        user = self.front.users[seat]
        match (answer.body or {}).get("response_action"):
            case "update":
                view = answer.body["view"]
                self.front.refused += faults(view, "modal")
                before = self.front.windows[user].body
                self.front.show_window(user, {**before, "submit": None, **view})
            case "clear" | None:
                self.front.windows.pop(user, None)
        return answer

    async def closes(self, seat: str) -> Answer:
        """Close the window. Slack says so only where it was asked to."""
        view = self.front.windows.pop(self.front.users[seat]).body
        if not view.get("notify_on_close"):
            return Answer(200)
        body = payload("view_closed")
        self._by(body, seat)
        body["view"] = view
        return await self.heard(self.interaction(body))

    async def writes(self, seat: str = "teacher", about: str = "pupils") -> None:
        """Write a concern as far as check-your-answers."""
        await self.says(seat, "log a concern")
        await self.presses(seat, getattr(WORDS, f"about_{about}"))
        await self.fills(seat, ACCOUNT if about == "pupils" else ABOUT_AN_ADULT)

    async def sends(self, seat: str = "teacher", about: str = "pupils") -> str:
        """Write a concern and send it. Gives its reference."""
        await self.writes(seat, about)
        await self.presses(seat, WORDS.send_button)
        found = re.search(r"TA-\d{4}-\d{4}", self.window(seat))
        assert found, self.window(seat)
        return found[0]

    async def heard(self, request: Any) -> Answer:
        """The answer, which is that it was heard."""
        answer = await request
        assert answer.status == 200, answer
        return answer

    # ---- what people see

    async def posts(self, seat: str) -> list[str]:
        return [shown(one.body["blocks"]) for one in self._messages(seat)]

    async def seen(self, seat: str) -> str:
        user = self.front.users[seat]
        windows = [shown(view["blocks"]) for view in self.front.every.get(user, ())]
        by_the_side = [body["text"] for to, body in self.front.ephemerals if to == user]
        return "\n".join([*await self.posts(seat), *windows, *by_the_side])

    def window(self, seat: str) -> str:
        """What stands in the window before this person."""
        return shown(self.front.windows[self.front.users[seat]].body["blocks"])

    async def direct(self, seat: str) -> str:
        """The direct message with this person."""
        return (await self.front.on("conversations.open", BOT, {"users": self.front.users[seat]}))["channel"]["id"]

    async def eventually(self, seat: str, words: str) -> str:
        """All posts before this person, once these words are in them."""
        await come_true(lambda: any(words in shown(m.body["blocks"]) for m in self._messages(seat)), f"“{words}”")
        return "\n".join(await self.posts(seat))

    async def ring(self, now: datetime) -> None:
        """Let the clocks say what is due at this time, until nothing is."""
        while await self.signpost.bell.ring_due(now):
            pass

    async def leave(self) -> None:
        """A Slack client that is closed changes nothing: what is posted stands there when it is opened again."""

    def _messages(self, seat: str) -> list[Any]:
        user, front = self.front.users[seat], self.front
        return [
            one
            for one in sorted(front.messages.values(), key=lambda one: one.at)
            if front.directs.get(one.channel) == user or (one.channel == front.dsl and seat in self.inside)
        ]

    def _surfaces(self, seat: str) -> Sequence[tuple[int, Json, list[Json]]]:
        user = self.front.users[seat]
        found = [(m.at, {"channel": m.channel, "ts": m.ts}, m.body["blocks"]) for m in self._messages(seat)]
        views = [holder[user] for holder in (self.front.windows, self.front.homes) if user in holder]
        return [*found, *((one.at, one.body, one.body["blocks"]) for one in views)]

    def _by(self, body: Json, seat: str) -> None:
        body["user"] |= {"id": self.front.users[seat], "team_id": TEAM}
        body["team"] |= {"id": TEAM}


def _escaped(words: str) -> str:
    """As Slack sends what was typed."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@asynccontextmanager
async def serving(
    front: Front,
    folder: Path,
    *,
    token: str = BOT,
    app_token: str = "",
    others: Mapping[str, Callable[[Shelf], Channel]] | None = None,
    ringing: bool = True,
) -> AsyncIterator[Office]:
    """Signpost on this folder's record, served on loopback. `others` are further ways to people."""
    shelf = _Shelf(front.users)
    channel = SlackChannel(
        bot_token=token,
        dsl_channel=front.dsl,
        signing_secret=SECRET,
        app_token=app_token,
        api_url=f"{front.url}/api/",
        guidance=shelf.guidance,
        clock=utc_now,
    )
    home = practice.folder(folder)
    ledger = await open_ledger(f"sqlite+aiosqlite:///{home / 'slack.db'}", practice.vault(home), "TA")
    ways: dict[str, Channel] = {"slack": channel, **{name: make(shelf) for name, make in (others or {}).items()}}
    signpost = Signpost.of(shelf, ledger, ways)
    site = web.Application(client_max_size=LARGEST_REQUEST)
    site.add_routes([*signpost.routes(), *channel.routes()])
    async with (
        aiohttp.ClientSession() as session,
        channel.open(signpost.house(), listening=True),
        (served if ringing else _quietly_served)(site, signpost, "127.0.0.1", 0) as port,
    ):
        yield Office(front, channel, signpost, f"http://127.0.0.1:{port}", session)
        front.mend()
        front.released.set()
        await channel._hearing.settle()  # what Slack was no longer waiting for still needs the ledger
        if ringing:
            await come_true(lambda: signpost.rests, "a moment in which the bell rests")


@asynccontextmanager
async def _quietly_served(site: web.Application, signpost: Signpost, host: str, port: int) -> AsyncIterator[int]:
    """The same without the bell: it rings when the test says."""
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
        await signpost.ledger.close()
