"""What comes of an activity: who it is, what the core says to it, and how Teams is to show that.

A message's reply is posted, and owed until it is. An invoke's reply is its response, and also stays in the chat where a
card was pressed. The receipt of a concern is owed as well: whoever sent one must have its reference, whatever befell the
response. In a shared place nothing is ever shown but where to go.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import structlog

from adapters.port import House
from adapters.teams import read, render
from adapters.teams.delivery import Delivery
from adapters.teams.hosting import InvokeAnswer
from adapters.teams.learning import Learner
from adapters.teams.people import People, UnknownPersonError
from adapters.teams.places import Places, person_of, whole
from adapters.teams.posting import Poster, receipt_of
from adapters.teams.read import (
    Activity,
    Begun,
    Fetched,
    Filled,
    Ignored,
    Installed,
    MemberAdded,
    Pressed,
    Removed,
    Typed,
)
from adapters.teams.tokens import ConnectorError
from bot import Card, Choice, Fact, Form, Message, Part, Person, Reply
from bot.ledger import looks_like_code, reply_key
from bot.notices import outsider

_log = structlog.get_logger("signpost.teams")
_KEEP_WITHIN = 1.0  # seconds to make a pressed card's successor stay, before the press is answered
_PAGES = 500  # long replies of which the further pages are kept for whoever is reading
_NOT_INSTALLED = frozenset({400, 403, 404})  # what Teams answers of somebody who does not have the app

Act = Pressed | Filled | Fetched | Begun


class Hearing:
    """One running Signpost's ears in Teams."""

    def __init__(
        self, house: House, places: Places, people: People, poster: Poster, delivery: Delivery, learner: Learner
    ) -> None:
        self._house, self._places, self._people = house, places, people
        self._poster, self._delivery, self._learner = poster, delivery, learner
        self._turns: dict[str, asyncio.Task[InvokeAnswer | None]] = {}  # what is being heard now, by event
        self._greeted: set[str] = set()  # conversations that were welcomed: Teams tells of one installation twice
        self._pages: OrderedDict[tuple[str, str], tuple[Part, ...]] = OrderedDict()

    async def hear(self, raw: dict[str, Any]) -> InvokeAnswer | None:
        """The answer to an activity. One that is delivered again while it is being heard gets the same answer."""
        try:
            activity = read.read(raw)
        except read.NotReadableError as error:
            _log.warning("teams_not_readable", missing=error.missing)
            return InvokeAnswer(status=400)
        turn = self._turns.get(activity.event)
        if turn is None:
            turn = self._turns[activity.event] = asyncio.ensure_future(self._turn(activity))
            turn.add_done_callback(lambda _: self._turns.pop(activity.event, None))
        return await turn

    async def _turn(self, activity: Activity) -> InvokeAnswer | None:
        if not isinstance(activity, Ignored | MemberAdded | Removed):
            activity = await self._people.named(activity)
        await self._places.saw(activity)
        match activity:
            case Typed():
                return await self._typed(activity)
            case Pressed() | Filled() | Fetched() | Begun():
                return await self._act(activity)
            case Installed():
                return await self._installed(activity)
            case Removed():
                await self._removed(activity)
        return None

    # ---- messages

    async def _typed(self, activity: Typed) -> InvokeAnswer | None:
        if activity.shared and not activity.mentioned:
            return None  # it reads only what is addressed to it
        try:
            who = await self._who(activity)
        except UnknownPersonError:
            return await self._say_unknown(activity)
        if who.staff and looks_like_code(activity.words.reveal()):
            return await self._learn(activity)
        if activity.shared and not await self._reachable(activity):
            return await self._say_here(activity, self._note("not_installed"))
        answer = await self._answered(read.message(activity, who))
        if activity.shared and self._delivery.was_shut_out(reply_key(activity.event)):
            return await self._say_here(activity, self._note("not_installed"))
        return answer

    async def _answered(self, message: Message) -> InvokeAnswer | None:
        """Hear it, and post the reply to the one who wrote. 503 where it could be neither posted nor owed."""
        now = self._house.clock()
        reply = await self._house.desk.hear(message, now)
        self._house.wake()
        if reply.repeated and not reply.parts:
            return None  # what was done then is drawn from the record
        if reply.dialog:
            reply = replace(reply, parts=(self._note("dialog_needed"),))  # no message may hold what it shows
        heard = await self._house.bell.answer(message, reply, now)
        return None if heard else InvokeAnswer(status=503)

    async def _learn(self, activity: Typed) -> InvokeAnswer | None:
        card = await self._learner.learn(activity, self._house.ledger, self._house.clock())
        self._house.wake()
        return await self._say_here(activity, card) if card else None

    async def _reachable(self, activity: Activity) -> bool:
        """False only if Teams says that this person does not have the app. Asked anew: they may have taken it away."""
        try:
            await self._places.make(person_of(activity), activity.user)
        except ConnectorError as error:
            return error.status not in _NOT_INSTALLED
        return True

    async def _say_here(self, activity: Activity, *card: Part) -> InvokeAnswer | None:
        """Say this where it was written: only ever what others may read too."""
        try:
            await self._poster.say(activity.service_url, activity.conversation, card)
        except ConnectorError as error:
            _log.warning("teams_not_said", status=error.status, code=error.code)
            return None if error.lasting else InvokeAnswer(status=503)
        return None

    async def _say_unknown(self, activity: Activity) -> InvokeAnswer | None:
        """That nobody can tell who they are, to them alone."""
        card = self._note("who_unknown")
        if not activity.shared:
            return await self._say_here(activity, card)
        try:
            spot = await self._places.make(person_of(activity), activity.user)
            await self._poster.post(spot, (card,))
        except ConnectorError as error:
            if error.status in _NOT_INSTALLED:
                return await self._say_here(activity, self._note("not_installed"))
            return InvokeAnswer(status=503)
        return None

    # ---- buttons, forms and dialogs

    async def _act(self, activity: Act) -> InvokeAnswer | None:
        try:
            who = await self._who(activity)
        except UnknownPersonError:
            return await self._act_unknown(activity)
        if isinstance(activity, Pressed) and _needs_dialog(activity):
            return await self._point_to_dialog(activity)
        if isinstance(activity, Fetched) and activity.page and (kept := self._pages.get((who.id, activity.choice))):
            return self._dialog(activity, who, kept)
        message = read.message(activity, who)
        if not message.carried:
            return await self._answered(message)
        if _sends(message):
            message = replace(message, carried=False)
        now = self._house.clock()
        reply = await self._house.desk.hear(message, now)
        if reply.repeated and not reply.parts and isinstance(activity, Fetched):
            # Its first answer was lost on the way: whoever asks to read must read, and each time is entered as an opening.
            again = replace(message, event=f"{message.event}/{secrets.token_hex(4)}")
            reply = await self._house.desk.hear(again, now)
        self._house.wake()
        if isinstance(activity, Pressed | Filled) and activity.via == "card":
            return await self._on_card(activity, message, reply)
        if not message.carried:
            await self._house.bell.answer(message, reply, now)  # a dialog leaves nothing behind, and this must stay
        return self._dialog(activity, who, reply.parts)

    async def _on_card(self, activity: Pressed | Filled, message: Message, reply: Reply) -> InvokeAnswer:
        """The reply to a press on a card in a chat: it takes the card's place, there and for good."""
        if not reply.parts:
            return InvokeAnswer(render.invoke_message(self._say("heard_already")))
        if reply.dialog:
            return InvokeAnswer(render.invoke_card((self._note("dialog_needed"),)))
        alert = isinstance(activity, Pressed) and activity.choice.startswith("ack:")
        if alert and not _leads_on(reply.parts):
            return InvokeAnswer(render.invoke_message(_as_text(reply.parts)))  # the alert and its buttons must stay
        now = self._house.clock()
        if len(render.card(reply.parts)) > 1:
            # A response holds one card. The whole of it goes to their own chat instead, wherever they pressed.
            if await self._house.bell.answer(message, reply, now):
                return InvokeAnswer(render.invoke_message(self._say("in_your_chat")))
        elif not message.carried:
            if not activity.shared and activity.reply_to:
                stands = receipt_of(whole(activity.conversation), activity.reply_to)
                self._delivery.replaces(reply_key(message.event), stands)
            await self._house.bell.answer(message, reply, now)
        elif not activity.shared and not alert:
            await self._make_stay(activity, reply.parts)
        return InvokeAnswer(render.invoke_card(reply.parts))

    async def _make_stay(self, activity: Activity, parts: Sequence[Part]) -> None:
        """A card in a response is gone when the chat is opened again: the message itself is changed too.

        Before the response and for a moment only: a change that came later could take away what is being typed.
        """
        if not activity.reply_to:
            return
        stands = receipt_of(whole(activity.conversation), activity.reply_to)
        try:
            async with asyncio.timeout(_KEEP_WITHIN):
                await self._poster.redraw(activity.service_url, stands, parts)
        except (ConnectorError, TimeoutError) as error:
            _log.info("teams_card_not_kept", reason=str(error) or type(error).__name__)

    def _dialog(self, activity: Act, who: Person, parts: tuple[Part, ...]) -> InvokeAnswer:
        if not parts:
            return InvokeAnswer(render.task_message(self._say("heard_already")))
        again, page = _again(activity, parts), activity.page if isinstance(activity, Fetched) else 0
        if _is_step(again) and len(render.card(parts)) > 1:
            self._pages[who.id, again] = parts
            if len(self._pages) > _PAGES:
                self._pages.popitem(last=False)
        return InvokeAnswer(render.task_module(parts, render.summary(parts), again=again, page=page))

    async def _point_to_dialog(self, activity: Pressed) -> InvokeAnswer | None:
        """Open and decide are shown in a dialog and nowhere else, whatever a client sends."""
        w = self._house.guidance().library.wording
        parts = (self._note("dialog_needed"), Choice(w.open_button, activity.choice, main=True))
        if activity.via == "card":
            return InvokeAnswer(render.invoke_card(parts))
        try:
            await self._poster.say(activity.service_url, activity.conversation, parts)
        except ConnectorError as error:
            _log.warning("teams_not_said", status=error.status, code=error.code)
        return None

    async def _act_unknown(self, activity: Act) -> InvokeAnswer | None:
        """Nobody can tell who they are: nothing is done, the card stays, and what was typed is shown to them again."""
        card = self._note("who_unknown")
        if isinstance(activity, Pressed | Filled) and activity.via == "message":
            return await self._say_unknown(activity)
        if isinstance(activity, Pressed | Filled) and activity.via == "card":
            return InvokeAnswer(render.invoke_message(_as_text((card,))))
        parts: tuple[Part, ...] = (card,)
        if isinstance(activity, Filled):
            label = self._house.guidance().library.wording.unfinished_typed
            typed = tuple(Fact("", value) for value in activity.values.values() if value)
            parts += (Card(label, facts=typed),) if typed else ()
        return InvokeAnswer(render.task_module(parts, card.title))

    # ---- coming and going

    async def _installed(self, activity: Installed) -> InvokeAnswer | None:
        here = whole(activity.conversation)
        if here in self._greeted:
            return None
        self._greeted.add(here)
        answer = await self._welcomed(activity)
        if answer is not None:
            self._greeted.discard(here)  # it could not be said, and Teams tells of it again
        return answer

    async def _welcomed(self, activity: Installed) -> InvokeAnswer | None:
        if activity.shared:
            return await self._say_here(activity, self._note("hello"))
        try:
            who = await self._who(activity)
        except UnknownPersonError:
            return await self._say_unknown(activity)
        if not who.staff:
            # They have not written: an app that was given to everybody must not ring the DSL for each pupil.
            return await self._say_here(activity, *outsider(self._house.guidance().library))
        return await self._answered(Message(activity.event, who, choice="home", carried=False))

    async def _removed(self, activity: Removed) -> None:
        self._greeted.discard(whole(activity.conversation))
        if not activity.shared:
            await self._places.forget_person(person_of(activity))
            return
        dsl = await self._places.dsl()
        if dsl and (whole(activity.conversation) == dsl.conversation or (activity.team and activity.team == dsl.team)):
            _log.error("teams_removed_from_the_dsl_place", conversation=dsl.conversation)
            await self._house.bell.prove_now(self._house.clock())  # it fails, readiness says so, the other routes tell

    # ---- small things

    async def _who(self, activity: Activity) -> Person:
        who = await self._people.who(activity)
        if who.staff and not activity.shared:
            await self._places.keep_person(person_of(activity))
        return who

    def _note(self, name: str) -> Card:
        library = self._house.guidance().library
        title, text = getattr(library.wording, f"{name}_title"), getattr(library.wording, name)
        return Card(title, library.say(text), tone="failed" if name == "who_unknown" else "plain")

    def _say(self, name: str) -> str:
        library = self._house.guidance().library
        return library.say(getattr(library.wording, name))


def _sends(message: Message) -> bool:
    """Is this the press that sends a concern?"""
    return (message.choice or "").startswith("step:") and (message.choice or "").split(":")[3:4] == [".send"]


def _needs_dialog(activity: Pressed) -> bool:
    return activity.via in {"card", "message"} and activity.choice.startswith(render.OPENS_DIALOG)


def _leads_on(parts: Sequence[Part]) -> bool:
    return any(isinstance(part, Choice | Form) for part in parts)


def _again(activity: Act, parts: Sequence[Part]) -> str:
    """The choice that draws these parts again: of a conversation's step, the one that takes it up where it is; of an
    act's form, the act.
    """
    for part in parts:
        id_ = part.id if isinstance(part, Choice | Form) else ""
        if id_.startswith(("step:", "form:")):
            return ":".join(["step", *id_.split(":")[1:3], ".resume"])
    if isinstance(activity, Pressed | Fetched):
        return activity.choice
    act = ":".join(activity.form.split(":")[:2]) if isinstance(activity, Filled) else ""
    return act if act.startswith(render.OPENS_DIALOG) else "home"


def _is_step(choice: str) -> bool:
    return choice.startswith("step:")


def _as_text(parts: Sequence[Part]) -> str:
    """A card as a sentence or two that pass by: our own words, and who did it."""
    lines = []
    for part in parts:
        if isinstance(part, Card):
            lines += [part.title, part.body.replace("**", ""), *(f"{f.label}: {f.value.reveal()}" for f in part.facts)]
    return "\n".join(line.strip() for line in lines if line.strip())
