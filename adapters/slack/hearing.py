"""From what Slack sends to its acknowledgement: who it is, what the core says, and where that is shown.

Acknowledged is only what is in front of the person or saved as owed to them; anything else is answered 503, so that
Slack delivers it again or says beside the button that it did not work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import structlog

from adapters.port import House
from adapters.slack import read, render, rich
from adapters.slack.heard import Asked, Begun, Closed, Filled, FormWanted, Heard, Opened, Pressed, Turned, Typed
from adapters.slack.people import CannotTellError, People
from adapters.slack.place import Place
from adapters.slack.posting import Posting
from adapters.slack.rich import Json
from adapters.slack.web import SlackError, Web
from adapters.slack.windows import Windows
from bot import Card, Form, LedgerDownError, Message, Person, Reply, Words, cards, notices
from bot.ledger import reply_key

_log = structlog.get_logger("signpost.slack")
_IN_TIME = 2.3  # seconds from hearing to acknowledging: Slack gives three, and the way there and back takes some
_OWING = 0.4  # seconds for the ledger to note a debt, after that
_QUICK = 1.0  # seconds for a word by the side
_OWED_FROM = timedelta(seconds=15)  # a reply that is slow may still arrive by itself

Said = Typed | Asked | Pressed | FormWanted | Turned | Filled | Begun | Closed | Opened


@dataclass(frozen=True, slots=True)
class Ack:
    """The HTTP response, or what stands in for it on a socket."""

    status: int = 200
    body: Json | None = None


_HEARD, _AGAIN, _REFUSED = Ack(), Ack(503), Ack(400)


@dataclass(slots=True)
class Hearing:
    """One Slack workspace and one Signpost, while they are connected."""

    house: House
    web: Web
    people: People
    place: Place
    posting: Posting
    windows: Windows
    _working: dict[str, tuple[asyncio.Task[Ack], asyncio.Event]] = field(default_factory=dict)
    _later: set[asyncio.Task[None]] = field(default_factory=set)

    async def hear(self, body: Mapping[str, Any]) -> Ack:
        """What to answer Slack, once it is safe to. Never raises."""
        try:
            said = _understood(body)
        except read.NotReadableError:
            _log.warning("not_readable", kind=str(body.get("type") or "command")[:40])
            return _REFUSED
        if said is None:
            return _HEARD
        work, saved = self._begun(said)
        done, _ = await asyncio.wait({work}, timeout=_IN_TIME)
        if done:
            return work.result()
        self._keep(work)
        return await self._too_slow(said, saved=saved.is_set())

    def _begun(self, said: Said) -> tuple[asyncio.Task[Ack], asyncio.Event]:
        """What is done about it, and whether that is saved. Delivered again meanwhile, it is the same work."""
        if said.event not in self._working:
            saved = asyncio.Event()
            work = asyncio.create_task(self._dealt_with(said, saved))
            self._working[said.event] = work, saved
            work.add_done_callback(lambda _: self._working.pop(said.event, None))
        return self._working[said.event]

    async def settle(self) -> None:
        """Wait for what goes on after the acknowledgement."""
        while self._later:
            await asyncio.gather(*self._later, return_exceptions=True)

    async def _dealt_with(self, said: Said, saved: asyncio.Event) -> Ack:
        try:
            try:
                who = await self.people.who(said.by)
            except CannotTellError as error:
                _log.warning("cannot_tell_who", why=str(error))
                return await self._cannot_tell(said)
            return await self._reply(said, who, saved)
        except Exception:  # noqa: BLE001 (whatever befell it, it was not heard: Slack is to deliver it again)
            _log.exception("not_heard", event_id=said.event)
            return _AGAIN

    async def _reply(self, said: Said, who: Person, saved: asyncio.Event) -> Ack:
        if isinstance(said, Turned):
            return await self._turned(said)
        if isinstance(said, Opened):
            return await self._home(said, who)
        message = self._message(said, who)
        if message is None:
            return _HEARD
        reply = await self.house.desk.hear(message, self.house.clock())
        saved.set()
        if _changes_home(said) and self.windows.has_home(said.by.user):
            self._afterwards(self._draw_home(who, f"{message.event}:home"))
        if isinstance(said, Filled) and message.carried:
            return Ack(body=self._in_window(said, reply))
        return await self._show(said, message, reply)

    def _message(self, said: Heard | FormWanted | Closed, who: Person) -> Message | None:
        """What the core hears of it. A reply that Slack's own response does not carry is owed."""
        log = self.house.guidance().library.wording.commands.log[0]
        match said:
            case Asked(command="concern") if said.words:
                return Message(said.event, who, words=Words(f"{log}: {said.words.reveal()}"), carried=False)
            case FormWanted():
                return Message(said.event, who, choice=_again(said.form), carried=False)
            case Closed():
                resumed = _again(said.form)
                return Message(said.event, who, choice=resumed, carried=False) if resumed != said.form else None
            case Filled():
                return read.message(said, who, carried=said.sent.press == "check")
            case Begun() if said.channel:
                return read.message(said, who, link=self._link(said))
            case _:
                return read.message(said, who)

    def _link(self, begun: Begun) -> Words:
        url = self.web.known.url if self.web.known else ""
        return Words(f"{url}archives/{begun.channel}/p{begun.ts.replace('.', '')}")

    # ---- where the reply goes

    async def _show(self, said: Heard | FormWanted | Closed, message: Message, reply: Reply) -> Ack:
        """In a window where one is open or wanted; by direct message otherwise, and where the window could not be shown."""
        if reply.repeated and await self.posting.has(reply_key(message.event), f"person:{message.who.id}"):
            return _HEARD
        if isinstance(said, Closed) and not any(isinstance(part, Form) for part in reply.parts):
            reply = replace(reply, parts=())  # nothing was left unfinished by closing it
        if not reply.parts:
            return await self._answered(said, message, reply)
        shown = await self._shown_in_window(said, reply)
        if shown and not _is_sent(said):
            return await self._answered(said, message, Reply())
        if reply.dialog and not shown:
            w = self.house.guidance().library.wording
            late = cards.note(self.house.guidance().library, w.window_late_title, w.window_late)
            return await self._answered(said, message, Reply((late,)))
        return await self._answered(said, message, reply)

    async def _shown_in_window(self, said: Heard | FormWanted | Closed, reply: Reply) -> bool:
        view = getattr(said, "view", None)
        if view and view.kind == "modal" and not isinstance(said, Closed):
            return await self.windows.update(view.id, reply.parts)
        trigger = getattr(said, "trigger", "")
        wanted = reply.dialog or any(isinstance(part, Form) for part in reply.parts) or _wants_window(said)
        return bool(trigger) and wanted and await self.windows.open(trigger, reply.parts)

    async def _answered(self, said: Said, message: Message, reply: Reply) -> Ack:
        """Posted or owed, and then the word by the side; or neither."""
        safe = await self.house.bell.answer(message, reply, self.house.clock())
        if isinstance(said, Asked):
            return Ack(body=self._beside(said, reply) if safe else self._ephemeral(reply))
        if not safe:
            return _AGAIN
        if isinstance(said, Typed) and said.place == "shared" and reply.parts:
            self._afterwards(self._point(said))
        return _HEARD

    def _beside(self, asked: Asked, reply: Reply) -> Json | None:
        """That the answer is in the direct message, for whoever did not ask there."""
        w = self.house.guidance().library.wording
        return render.pointer(w.pointer) if reply.parts and not self.place.is_direct(asked.channel) else None

    def _ephemeral(self, reply: Reply) -> Json:
        """The reply itself, for the asker alone, where it could be neither posted nor saved."""
        bodies = render.messages(reply.parts, wording=self.house.guidance().library.wording)
        return {"response_type": "ephemeral", **bodies[0]} if bodies else render.pointer(self._unknown())

    async def _point(self, typed: Typed) -> None:
        w = self.house.guidance().library.wording
        thread: Json = {"thread_ts": typed.thread} if typed.thread != typed.ts else {}
        try:
            await self.web.call(
                "chat.postEphemeral", channel=typed.channel, user=typed.by.user, text=rich.escaped(w.pointer), **thread
            )
        except SlackError as error:
            _log.info("not_pointed", why=error.code)

    def _in_window(self, filled: Filled, reply: Reply) -> Json:
        """The answer to a form, in its window. Where nothing could be saved, what was typed stays on the screen."""
        failed = [part for part in reply.parts if isinstance(part, Card) and part.tone == "failed"]
        if failed and not any(isinstance(part, Form) for part in reply.parts) and filled.sent.values:
            return _at_first_field(filled, "\n".join(f"{card.title}. {_plain(card.body)}" for card in failed))
        if not reply.parts:
            return {"response_action": "clear"}
        self.windows.remember(filled.view.id, reply.parts)
        return {"response_action": "update", "view": self.windows.draw(reply.parts)}

    async def _turned(self, turned: Turned) -> Ack:
        if await self.windows.turn(turned.view.id, turned.page):
            return _HEARD
        w, library = self.house.guidance().library.wording, self.house.guidance().library
        late = cards.note(library, w.window_late_title, w.window_late)
        return _HEARD if await self.windows.update(turned.view.id, (late,)) else _AGAIN

    # ---- the Home tab

    async def _home(self, opened: Opened, who: Person) -> Ack:
        if opened.tab == "home":
            await self._draw_home(who, opened.event, opened.hash)
        return _HEARD

    async def _draw_home(self, who: Person, event: str, hash_: str = "") -> None:
        if who.staff:
            parts = (await self.house.desk.hear(Message(event, who, choice="front"), self.house.clock())).parts
        else:
            parts = notices.outsider(
                self.house.guidance().library
            )  # to look is not to write: the DSL need not hear of it
        await self.windows.home(who.id.removeprefix("slack:"), parts, hash_)

    # ---- days on which Slack or the time is short

    async def _too_slow(self, said: Said, *, saved: bool) -> Ack:
        """It is still being dealt with. Once it is saved and its reply owed, Slack need not wait for that."""
        slow = self.house.guidance().library.say(self.house.guidance().library.wording.slow)
        _log.warning("slow", event_id=said.event, saved=saved)
        if isinstance(said, Filled) and said.sent.press == "check":
            return Ack(body=_at_first_field(said, slow))
        safe = saved and await self._owed(said)
        if isinstance(said, Asked):
            return Ack(body=render.pointer(slow))
        return _HEARD if safe else _AGAIN

    async def _owed(self, said: Said) -> bool:
        due = self.house.clock() + _OWED_FROM
        try:
            await asyncio.wait_for(self.house.ledger.owe(said.event, f"slack:{said.by.user}", due), _OWING)
        except (LedgerDownError, TimeoutError):
            return False
        return True

    async def _cannot_tell(self, said: Said) -> Ack:
        """Who wrote is not known just now: neither served nor taken for a stranger."""
        if isinstance(said, Typed | Opened | Closed):
            return _AGAIN
        if isinstance(said, Asked):
            return Ack(body=render.pointer(self._unknown()))
        if isinstance(said, Filled) and said.sent.press == "check":
            return Ack(body=_at_first_field(said, self._unknown()))
        url = getattr(said, "response_url", "")
        if url:
            try:
                body = render.pointer(self._unknown()) | {"replace_original": False}
                await self.web.respond(url, body, seconds=_QUICK)
            except SlackError:
                return _AGAIN
            return _HEARD
        w = self.house.guidance().library.wording
        card = Card(w.who_unknown_title, self._unknown(), tone="failed")
        over = getattr(said, "view", None) is not None and said.view.kind == "modal"  # type: ignore[union-attr]
        return _HEARD if await self.windows.open(said.trigger, (card,), over=over) else _AGAIN

    def _unknown(self) -> str:
        library = self.house.guidance().library
        return library.say(library.wording.who_unknown)

    # ---- what goes on after the acknowledgement

    def _afterwards(self, work: Coroutine[Any, Any, None]) -> None:
        self._keep(asyncio.create_task(_quietly(work)))

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._later.add(task)
        task.add_done_callback(self._later.discard)


def _understood(body: Mapping[str, Any]) -> Said | None:
    """What somebody did, or None for what is not for us. Raises `NotReadableError`."""
    if "command" in body:
        return read.command(body)
    match body.get("type"):
        case "event_callback":
            return read.event(body)
        case "block_actions":
            return read.action(body)
        case "view_submission":
            return read.submission(body)
        case "view_closed":
            return read.closed(body)
        case "shortcut" | "message_action":
            return read.shortcut(body)
        case _:
            return None


def _again(form: str) -> str:
    """The choice that draws this form as it is now: an open conversation is gone on with, any other form is begun anew."""
    kind, _, rest = form.partition(":")
    if kind != "form" or rest.count(":") < 2:
        return form
    id_, version, about = rest.split(":", 2)
    return f"step:{id_}:{version}:{cards.RESUME}:{about}"


def _wants_window(said: Said) -> bool:
    """True for what begins a concern, and for a press on the Home tab, where a message would not be seen."""
    match said:
        case Asked():
            return said.command == "concern"
        case Pressed():
            return said.choice == "log" or (said.view is not None and said.view.kind == "home")
        case _:
            return isinstance(said, Begun | FormWanted)


def _is_sent(said: Said) -> bool:
    """True for the press that sends a concern: its receipt is to be found again when the window is closed."""
    return isinstance(said, Pressed) and said.choice.split(":")[3:4] == [cards.SEND]


def _changes_home(said: Said) -> bool:
    return isinstance(said, Filled) or _is_sent(said) or (isinstance(said, Pressed) and said.choice.startswith("ack:"))


def _at_first_field(filled: Filled, text: str) -> Json:
    return {"response_action": "errors", "errors": {next(iter(filled.sent.values), "text"): text}}


def _plain(text: str) -> str:
    return " ".join(text.replace("**", "").split())


async def _quietly(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:  # noqa: BLE001 (it was only a kindness; what was owed has been seen to)
        _log.exception("afterwards_stumbled")
