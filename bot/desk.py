"""Where a message becomes a reply. `Desk.hear` is the door by which every person comes in.

Urgent words first, always; then an open conversation continues; else the question is ranked.
Answers need no database. Whatever is to be kept is saved before the reply says so; when it cannot
be saved, the reply says that, and whom to ring.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot import cards, casecards, clocks, intake, interview, notices
from bot.cards import RESUME, Parts
from bot.cards import lead as _lead
from bot.casework import ACTS, Casework
from bot.concern import Account, NewConcern
from bot.guidance import Guidance, Route
from bot.handing import ASKS
from bot.ledger import AlreadyHeardError, ChangedMeanwhileError, Ledger, LedgerDownError, Question
from bot.reporting import OWN, Reporting
from bot.talk import Card, Choice, Fact, Message, Person, Reply, Roster, Sent, Words
from bot.triage import (
    ABOUT,
    Answer,
    AtAbout,
    AtCheck,
    AtForm,
    AtOutcome,
    AtQuestion,
    Conversation,
    Position,
    UnknownStartError,
    replay,
)

_LATELY = timedelta(hours=1)  # a concern sent since then may be what an interrupted reply was about
_TRIES = 12  # two events at once are settled by reading again; more than a few in a row is a fault


@dataclass(frozen=True, slots=True)
class _Open:
    """The person's open conversation, where it stands, and whether it has lain idle too long to go on by itself."""

    talk: Conversation
    position: Position
    idle: bool
    writing: bool  # a concern's form had been reached, whatever the content leads to now


class Desk:
    """Hears messages. Keeps nothing itself: guidance comes from content, everything else from the ledger."""

    def __init__(
        self,
        guidance: Callable[[], Guidance],
        ledger: Ledger,
        rosters: Mapping[str, Roster],
        channels: Sequence[str],
    ) -> None:
        """`guidance` gives today's content; `rosters` say who is in the DSL place, by channel name;
        `channels` are the ways to tell the DSL, first choice first.
        """
        self._guidance = guidance
        self._ledger = ledger
        self._channels = tuple(channels)
        first = next(iter(self._channels), "")  # `doctor` asks after a house that has none
        self._casework = Casework(ledger, rosters, first)
        self._reporting = Reporting(ledger, first)
        self.handing = self._casework.handing

    async def hear(self, message: Message, now: datetime) -> Reply:
        """The reply to a message, after whatever it changed has been saved. Never raises for what a person typed."""
        guide = self._guidance()
        if not message.who.staff:
            return await self._outsider(guide, message, now)
        try:
            try:
                reply = await self._settled(guide, message, now)
            except AlreadyHeardError:
                return Reply(await self._since(guide, message, now), repeated=True)
        except LedgerDownError:
            dialog = message.form is not None and message.form.form.partition(":")[0] in ACTS
            reply = Reply(self._unsaved(guide, message, now), dialog=dialog)
        return replace(reply, parts=self._beside(guide, message, reply.parts)) if reply.parts else reply

    async def standing(self, person: str, now: datetime) -> Parts:
        """How things stand with this person, for a reply that was owed when Signpost stopped. Raises `LedgerDownError`."""
        guide = self._guidance()
        library, w = guide.library, guide.library.wording
        parts: Parts = (cards.note(library, w.interrupted_title, w.interrupted),)
        lately = [c for c in await self._ledger.mine(person, 1) if now - c.logged_at < _LATELY]
        parts += tuple(cards.note(library, w.already_sent_title, w.already_sent, reference=c.reference) for c in lately)
        open_ = await self._open(guide, Person(person, Words(""), staff=True), now)
        if open_ is None:
            return parts
        return parts + (
            cards.unfinished(library, open_.talk, open_.position) if open_.idle else _step(guide, open_, now)
        )

    def _beside(self, guide: Guidance, message: Message, parts: Parts) -> Parts:
        """With what the way it was written calls for: something attached, or written where others read.

        It comes before any answer, but who to ring now comes first, always.
        """
        library, w = guide.library, guide.library.wording
        told: Parts = ()
        if message.files:
            told += (cards.note(library, w.files_title, w.files),)
        if message.place == "shared" and message.words:
            told += (cards.note(library, w.shared_title, w.shared),)
            if not any(isinstance(part, Choice) and part.id == "log" for part in parts):
                told += (Choice(w.log_button, "log"),)
        first = 1 if isinstance(parts[0], Card) and parts[0].title == w.ring_now_title else 0
        return (*parts[:first], *told, *parts[first:])

    async def _settled(self, guide: Guidance, message: Message, now: datetime) -> Reply:
        try:
            heard = await self._ledger.was_heard(message.event)
        except LedgerDownError:
            heard = False  # a page needs no database, and whatever needs one says so itself
        if heard:
            raise AlreadyHeardError
        for _ in range(_TRIES):
            try:
                return await self._turn(guide, message, now)
            except ChangedMeanwhileError:
                continue
        raise LedgerDownError("other changes kept coming first")

    async def _turn(self, guide: Guidance, message: Message, now: datetime) -> Reply:
        if message.form is not None:
            return await self._form(guide, message, message.form, now)
        if message.choice is not None:
            return await self._choice(guide, message, message.choice, now)
        return await self._words(guide, message, message.words or Words(""), now)

    async def _since(self, guide: Guidance, message: Message, now: datetime) -> Parts:
        """The answer to an event heard before: nothing is done again, but its first answer may have been lost
        on the way, and somebody may be waiting for a reference.
        """
        said = message.choice or (message.form.form if message.form else "")
        kind, _, rest = said.partition(":")
        open_ = await self._open(guide, message.who, now)
        if kind in ACTS | OWN:
            return ()  # the card itself is redrawn from the record
        if kind in {"step", "form"}:
            return (await self._old(guide, message.who, open_, rest.partition(":")[0], now)).parts
        if open_ and not open_.idle:
            return _step(guide, open_, now)
        text = message.words.reveal() if message.words else ""
        return _drawn(guide, guide.route(text), now) if text and not _command(guide, text)[0] else ()

    # ---- typed words

    async def _words(self, guide: Guidance, message: Message, words: Words, now: datetime) -> Reply:
        w = guide.library.wording
        if not words:
            # A picture without a word is answered by its refusal, and the ways on.
            return Reply(
                cards.welcome(guide.library, guide.triage_for(None))[1:2]
                if message.files
                else (cards.note(guide.library, w.empty_title, w.empty),)
            )
        text = words.reveal()
        open_ = await self._open(guide, message.who, now)
        command, rest = _command(guide, text)
        if command:
            return await self._commanded(guide, message, open_, command, rest, now)
        if open_ and not open_.idle:
            value = interview.typed_choice(guide.library, open_.position.step, text)
            if value:
                return await self._pressed(guide, message, open_, value, now)
            if isinstance(open_.position.step, AtForm | AtCheck):
                talk = interview.add_words(open_.talk, text)
                kept = cards.note(guide.library, w.form_title, w.form_words_kept)
                told = _first_told(guide, open_.position.step.about)
                return await self._keep(guide, message, talk, now, before=(*_lead(guide, message, told), kept))
        return await self._question(guide, message, open_, text, now)

    async def _question(
        self, guide: Guidance, message: Message, open_: _Open | None, text: str, now: datetime
    ) -> Reply:
        route = guide.route(text)
        best = route.best[0] if route.best else None
        kept = Question(route.kind, best.topic if best else None, best.score if best else 0.0)
        lead = _lead(guide, message, _told(guide, open_.position) if open_ else "dsl")
        drawn = _drawn(guide, route, now)
        if lead and route.kind == "unknown":
            drawn = drawn[1:]  # who to ring is the answer: only the ways on follow, not that no page fits
        parts = lead + drawn
        try:
            await self._ledger.note_question(message.heard, kept, now)
        except LedgerDownError:
            return Reply(parts)  # an answer needs no database
        if open_ and open_.idle:
            parts += cards.unfinished(guide.library, open_.talk, open_.position)
        elif open_ and isinstance(open_.position.step, AtQuestion | AtAbout):
            w = guide.library.wording
            parts += (cards.note(guide.library, w.carried_on, w.not_an_answer), *_step(guide, open_, now))
        return Reply(parts)

    async def _commanded(
        self, guide: Guidance, message: Message, open_: _Open | None, command: str, rest: str, now: datetime
    ) -> Reply:
        library, w = guide.library, guide.library.wording
        match command:
            case "log":
                return await self._begin_concern(guide, message, open_, rest, now)
            case "emergency":
                return Reply(self._emergency(guide, open_, now))
            case "topics":
                return Reply(cards.groups(library))
            case "home":
                return Reply(self._home(guide, open_))
            case "mine":
                return await self._reporting.mine(guide, message.who, now)
            case "open_list":
                return await self._casework.open_list(guide, message.who, now)
            case _ if open_ is None:
                return Reply((cards.note(library, w.nothing_open_title, w.nothing_open),))
            case _:
                return await self._pressed(guide, message, open_, f".{command}", now)

    def _emergency(self, guide: Guidance, open_: _Open | None, now: datetime) -> Parts:
        told = _told(guide, open_.position) if open_ else "dsl"
        lead = (cards.ring_now(guide.library, told),)
        if open_ is None:
            return lead
        w = guide.library.wording
        return (*lead, cards.note(guide.library, w.carried_on, w.emergency_kept), *_step(guide, open_, now))

    def _home(self, guide: Guidance, open_: _Open | None) -> Parts:
        parts = cards.welcome(guide.library, guide.triage_for(None))
        return parts + (cards.unfinished(guide.library, open_.talk, open_.position) if open_ else ())

    async def _overview(self, guide: Guidance, who: Person, kind: str, now: datetime) -> Reply:
        match kind:
            case "mine":
                return await self._reporting.mine(guide, who, now)
            case "list":
                return await self._casework.open_list(guide, who, now)
            case "front":
                return await self._front(guide, who, now)
            case _:
                return Reply(self._home(guide, await self._open(guide, who, now)))

    async def _front(self, guide: Guidance, who: Person, now: datetime) -> Reply:
        """A home page: ways in, numbers to ring, the person's own concerns, and when the alert routes were last proved."""
        open_ = await self._open(guide, who, now)
        mine = notices.mine(guide.library, await self._ledger.mine(who.id), now)
        routes = notices.routes(guide.library, await self._ledger.proofs(), now)
        return Reply((*self._home(guide, open_), cards.numbers(guide.library), *mine, *routes))

    # ---- presses

    async def _choice(self, guide: Guidance, message: Message, choice: str, now: datetime) -> Reply:
        kind, _, rest = choice.partition(":")
        match kind:
            case "step":
                return await self._step_pressed(guide, message, rest, now)
            case _ if kind in ACTS:
                return await self._casework.act(guide, message, kind, rest, None, now)
            case _ if kind in OWN:
                return await self._reporting.act(guide, message, kind, rest, None, now)
            case _ if kind in ASKS:
                return await self._casework.find(guide, message, kind, None, now)
            case "mine" | "list" | "home" | "front":
                return await self._overview(guide, message.who, kind, now)
            case "log":
                return await self._begin_concern(guide, message, await self._open(guide, message.who, now), "", now)
            case "triage" if rest in guide.library.triages:
                return await self._begin_triage(guide, message, rest, now)
            case "emergency":
                return Reply(self._emergency(guide, await self._open(guide, message.who, now), now))
        return Reply(_page(guide, kind, rest, now))

    async def _step_pressed(self, guide: Guidance, message: Message, rest: str, now: datetime) -> Reply:
        id_, _, tail = rest.partition(":")
        version, _, value = tail.partition(":")
        open_ = await self._open(guide, message.who, now)
        if open_ is None or open_.talk.id != id_:
            return await self._old(guide, message.who, open_, id_, now)
        if value.partition(":")[0] == RESUME:
            return await self._keep(guide, message, open_.talk, now)
        if version != str(open_.talk.version):
            return await self._old(guide, message.who, open_, id_, now)
        return await self._pressed(guide, message, open_, value, now)

    async def _pressed(self, guide: Guidance, message: Message, open_: _Open, value: str, now: datetime) -> Reply:
        w = guide.library.wording
        move = interview.press(open_.talk, open_.position, value.removesuffix(f":{_about(open_.position)}"))
        if move is None:
            return await self._old(guide, message.who, open_, open_.talk.id, now)
        if move == "stop":
            await self._ledger.end_conversation(message.heard, open_.talk, now)
            text = w.stopped_draft if any(v.strip() for v in open_.talk.draft.values()) else w.stopped
            return Reply((cards.note(guide.library, w.stopped_title, text),))
        if move == "send":
            return await self._send(guide, message, open_, now)
        return await self._keep(guide, message, move, now)

    async def _old(self, guide: Guidance, who: Person, open_: _Open | None, id_: str, now: datetime) -> Reply:
        """An old button or form: what has happened since, and the step that is open now."""
        library, w = guide.library, guide.library.wording
        ref = await self._ledger.sent_as(id_, who.id)
        if ref:
            note = cards.note(library, w.already_sent_title, w.already_sent, reference=ref)
        else:
            note = cards.note(library, w.old_button_title, w.old_button)
        return Reply((note, *(_step(guide, open_, now) if open_ else ())))

    # ---- conversations

    async def _open(self, guide: Guidance, who: Person, now: datetime) -> _Open | None:
        found = await self._ledger.conversation(who.id)
        if found is None:
            return None
        talk, touched = found
        writing = any(answer.step in {"log", "about"} for answer in talk.answers)
        try:
            position = replay(guide.library, talk.answers)
        except UnknownStartError:
            # Its triage has been removed: what was typed goes on as a concern begun afresh.
            talk = replace(talk, answers=(Answer("start", "concern"),))
            position = replay(guide.library, talk.answers)
        idle = now - touched > timedelta(minutes=guide.library.school.limits.idle)
        return _Open(talk, position, idle, writing)

    async def _begin_concern(
        self, guide: Guidance, message: Message, open_: _Open | None, typed: str, now: datetime
    ) -> Reply:
        if open_ and open_.idle and any(value.strip() for value in open_.talk.draft.values()):
            # It may be about somebody else: what is typed now must not be added to it unasked.
            shown = cards.unfinished(guide.library, open_.talk, open_.position, typed)
            return Reply((*_lead(guide, message, "dsl"), *shown))
        talk = open_.talk if open_ else _new_conversation(message.who, "concern")
        if open_ and isinstance(open_.position.step, AtQuestion | AtOutcome):
            talk = replace(talk, answers=(*open_.position.answers, Answer("log", "")))
        if typed:
            talk = interview.add_words(talk, typed)
        if message.link:
            link = guide.library.say(guide.library.wording.form_link, link=message.link.reveal())
            talk = interview.add_link(talk, link)
        lead = _lead(guide, message, _told(guide, open_.position) if open_ else "dsl")
        return await self._keep(guide, message, talk, now, before=lead)

    async def _begin_triage(self, guide: Guidance, message: Message, name: str, now: datetime) -> Reply:
        open_ = await self._open(guide, message.who, now)
        if open_ and any(value.strip() for value in open_.talk.draft.values()):
            return Reply(cards.unfinished(guide.library, open_.talk, open_.position))
        talk = _new_conversation(message.who, name)
        if open_:
            talk = replace(open_.talk, answers=talk.answers)
        return await self._keep(guide, message, talk, now)

    async def _keep(
        self,
        guide: Guidance,
        message: Message,
        talk: Conversation,
        now: datetime,
        *,
        before: Parts = (),
        faults: Mapping[str, str] | None = None,
    ) -> Reply:
        """Save where the conversation has got to, then draw its step."""
        limits, position = guide.library.school.limits, replay(guide.library, talk.answers)
        typed = "\n".join(talk.draft.values())
        writing = bool(typed.strip())  # whatever step is open, a typed account must not be forgotten
        urgent = writing and (
            position.urgent
            or intake.says_urgent(talk.draft)
            or any(guide.hears_urgent(text, telling=True) for text in talk.draft.values())
        )
        await self._ledger.keep_conversation(
            message.heard,
            talk,
            now,
            name=message.who.name,
            draft=writing,
            urgent=bool(urgent),
            about=_about(position),
            quiet=timedelta(
                minutes=limits.draft_urgent if writing else limits.draft_kept
            ),  # the soonest reminder, or its end
        )
        saved = replace(talk, version=talk.version + 1)
        return Reply(before + cards.step(guide.library, saved, position, now, faults or {}))

    async def _form(self, guide: Guidance, message: Message, sent: Sent, now: datetime) -> Reply:
        kind, _, rest = sent.form.partition(":")
        if kind in OWN:
            return await self._reporting.act(guide, message, kind, rest, sent, now)
        if kind in ACTS:
            return await self._casework.act(guide, message, kind, rest, sent, now)
        if kind == "find":
            return await self._casework.find(guide, message, kind, sent, now)
        id_, _, tail = rest.partition(":")
        open_ = await self._open(guide, message.who, now)
        version, _, about = tail.partition(":")
        if open_ is None or open_.talk.id != id_ or version != str(open_.talk.version):
            old = await self._old(guide, message.who, open_, id_, now)
            return Reply(
                (*_lead(guide, message, _first_told(guide, about)), *old.parts, *_shown_back(guide, about, sent))
            )
        step = open_.position.step
        if not isinstance(step, AtForm | AtCheck) and not open_.writing:
            return await self._old(guide, message.who, open_, id_, now)
        if not isinstance(step, AtForm | AtCheck):
            # The content has changed under the form: what was typed is kept until its questions lead there again.
            kept = cards.note(guide.library, guide.library.wording.form_title, guide.library.wording.form_kept)
            talk = replace(open_.talk, draft=interview.with_values(open_.talk, sent))
            before = (*_lead(guide, message, _first_told(guide, about)), kept)
            return await self._keep(guide, message, talk, now, before=before)
        zone = ZoneInfo(guide.library.school.timezone)
        draft = interview.with_values(open_.talk, sent)
        faults = intake.faults(guide.library, step.about, draft, now, zone) if sent.press == "check" else {}
        talk = interview.fill(open_.talk, open_.position, sent, faults)
        lead = _lead(guide, message, _first_told(guide, step.about))
        return await self._keep(guide, message, talk, now, before=lead, faults=faults)

    async def _send(self, guide: Guidance, message: Message, open_: _Open, now: datetime) -> Reply:
        """Log the concern: after the commit, and only then, the reply says that it was sent."""
        talk, position, library = open_.talk, open_.position, guide.library
        about = _about(position)
        urgent = (
            intake.says_urgent(talk.draft)
            or position.urgent
            or any(guide.hears_urgent(text, telling=True) for text in talk.draft.values())
        )
        account = Account(message.who.name, cards.account_lines(library, about, talk), position.observations)
        avoids = clocks.kept_from(library.school, about, intake.named(library, about, talk.draft))
        new = NewConcern(about, urgent, message.who.id, account, talk.id, avoids=avoids)
        told = clocks.ladder(library.school, about)[0]
        ref = await self._ledger.log_concern(message.heard, new, talk, told, self._channels[0], now)
        return Reply(notices.sent(library, ref, told[0], urgent=urgent))

    # ---- people who are not staff, and days without a database

    async def _outsider(self, guide: Guidance, message: Message, now: datetime) -> Reply:
        try:
            # The plain event: after a crash nobody may take them for staff, and their chat delivers it again.
            await self._ledger.note_outsider(message.event, message.who.id, self._channels[0], now)
        except AlreadyHeardError:
            return Reply(notices.outsider(guide.library), repeated=True)
        except LedgerDownError:
            pass  # the kind reply matters more than that the DSL hears of it
        return Reply(notices.outsider(guide.library))

    def _unsaved(self, guide: Guidance, message: Message, now: datetime) -> Parts:
        """Nothing could be saved. A question still gets its answer; a concern is said not to be sent."""
        library = guide.library
        said = message.choice or (message.form.form if message.form else "")
        told = _first_told(guide, said.rpartition(":")[2])
        lead = _lead(guide, message, told)
        text = message.words.reveal() if message.words else ""
        command = _command(guide, text)[0] if text else ""
        if said == "emergency" or command == "emergency":
            return (cards.ring_now(library, told), notices.not_saved(library))
        sending = interview.plain(text) in {interview.plain(library.wording.send_button), "yes"}
        if message.form is not None and said.partition(":")[0] in ACTS:
            return (notices.not_saved(library), *casecards.typed_back(library, message.form))
        if said.startswith(("add:", "reply:")) or sending:
            return (*lead, notices.not_sent(library, "any"))  # whom it is about stands in what cannot be read now
        if said.startswith(("step:", "form:", "log")) or command == "log":
            return (*lead, notices.not_sent(library, told))
        if not text or command:
            return (*lead, notices.not_saved(library))
        return (*lead, *_drawn(guide, guide.route(text), now), notices.not_saved(library))


def _drawn(guide: Guidance, route: Route, now: datetime) -> Parts:
    library = guide.library
    match route.kind:
        case "answer":
            topic = library.topics[route.shown[0]]
            return cards.answer(library, topic, guide.triage_for(topic), now)
        case "clarify":
            return cards.clarify(library, route.shown)
        case _:
            return cards.unknown(library, guide.triage_for(None))


def _page(guide: Guidance, kind: str, rest: str, now: datetime) -> Parts:
    """The choices that need no memory: pages and lists. An id that leads nowhere is an old button."""
    library = guide.library
    match kind:
        case "topics":
            return cards.groups(library)
        case "group" if rest in library.wording.groups:
            return cards.group(library, rest)
        case "topic" if rest in library.topics:
            topic = library.topics[rest]
            return cards.answer(library, topic, guide.triage_for(topic), now)
        case "none":
            return cards.unknown(library, guide.triage_for(None))
    return (cards.note(library, library.wording.old_button_title, library.wording.old_button),)


def _shown_back(guide: Guidance, about: str, sent: Sent) -> Parts:
    """What was typed in a form that came too late: it was not kept, so the person must at least see it again."""
    draft = {key: value.reveal() for key, value in sent.values.items()}
    lines = intake.lines(guide.library, about if about in ABOUT else "pupils", draft)
    facts = tuple(Fact(line.label, line.value) for line in lines)
    return (Card(guide.library.wording.unfinished_typed, facts=facts),) if facts else ()


def _step(guide: Guidance, open_: _Open, now: datetime) -> Parts:
    return cards.step(guide.library, open_.talk, open_.position, now, {})


def _about(position: Position) -> str:
    return position.step.about if isinstance(position.step, AtForm | AtCheck) else ""


def _told(guide: Guidance, position: Position) -> str:
    """Whom the open conversation goes to first, as far as it is known."""
    if isinstance(position.step, AtOutcome):
        return _first_told(guide, position.step.outcome.about)
    return _first_told(guide, _about(position))


def _first_told(guide: Guidance, about: str) -> str:
    """Whom a concern about this is told to first; the DSL while that is not known."""
    return clocks.ladder(guide.library.school, about)[0][0] if about in ABOUT else "dsl"


def _new_conversation(who: Person, start: str) -> Conversation:
    return Conversation(secrets.token_hex(8), who.id, (Answer("start", start),))


def _command(guide: Guidance, text: str) -> tuple[str, str]:
    """The command that is the whole message, and for `log a concern: …` what follows it."""
    commands = guide.library.wording.commands
    said = interview.plain(text[:200])
    for name in ("back", "again", "stop", "emergency", "log", "topics", "mine", "open_list", "home"):
        if len(text) <= 200 and said in {interview.plain(word) for word in getattr(commands, name)}:
            return name, ""
    for phrase in commands.log:
        if text.casefold().lstrip().startswith((phrase.casefold() + ":", phrase.casefold() + " -")):
            return "log", text.lstrip()[len(phrase) :].lstrip(" :-\n")
    return "", ""
