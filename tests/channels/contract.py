"""What every channel is held to. A channel joins by one entry in `CHANNELS`, in entries.py.

An entry says how to draw parts and how to read what a person did with the drawing (no transport), and how to start the
channel with a real desk, ledger and bell behind it (its real transport). Everything asked of it is in test_contract.py.
"""

from __future__ import annotations

import asyncio
import json
import re
import unicodedata
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from adapters import practice
from adapters.console import read as console_read
from adapters.console import render as console_render
from adapters.console.channel import ConsoleChannel
from adapters.server import Signpost
from adapters.web import read as web_read
from adapters.web import render as web_render
from bot import Channel, Desk, Form, Guidance, Message, Part, Person, Words, cards, intake, notices, open_ledger
from bot.concern import Account, Concern, Entry
from bot.triage import (
    ABOUT,
    Answer,
    AtAbout,
    AtCheck,
    AtForm,
    AtOutcome,
    AtQuestion,
    Conversation,
    Observation,
    Position,
)
from tests.channels import worked
from tests.channels.school import DEADLINE, LIBRARY, Page, come_true, practice_shelf, serving

NOW = datetime(2026, 11, 23, 10, 5, tzinfo=UTC)
SOMEBODY = Person("web:teacher", Words("Sam Carter"), staff=True)


# ---- the channels


class Running(Protocol):
    """A channel with a real desk and ledger behind it and people in front of it."""

    channel: Channel
    desk: Desk

    def person(self, seat: str) -> str:
        """The id by which the core knows whoever sits there."""

    async def says(self, seat: str, words: str, *, shared: bool = False) -> None:
        """Somebody types, in a shared place if the channel has one; done when it has been answered."""

    async def presses(self, seat: str, label: str) -> None:
        """Somebody presses the newest control that says this."""

    async def fills(self, seat: str, values: Mapping[str, str]) -> None:
        """Somebody fills in the form before them (by field key) and sends it."""

    async def seen(self, seat: str) -> str:
        """All that Signpost has put before this person, as text."""

    async def posts(self, seat: str) -> list[str]:
        """What stands before this person now, one text for each post."""

    async def leave(self) -> None:
        """Everybody closes the chat."""


class Entry_(Protocol):  # noqa: N801 (Entry is a chronology's)
    """One channel, as the contract meets it."""

    name: str
    redraws: bool  # can what stands in the chat be changed?
    shared_places: bool  # can staff write where others read?

    def draw(self, parts: Sequence[Part]) -> str:
        """Everything a person can read of these parts, in order."""

    def pressed(self, parts: Sequence[Part], nth: int) -> Message:
        """What the core hears when a person presses the nth choice of the drawing, counted from 0."""

    def sent(self, form: Form, values: Mapping[str, str]) -> Message:
        """What the core hears when a person fills in the form by field key and sends it."""

    def alive(self, parts: Sequence[Part], word: str) -> list[str]:
        """What typed text in the drawing could do but be read. Empty: nothing. Every line of it begins with `word`."""

    def running(self, folder: Path) -> AbstractAsyncContextManager[Running]:
        """The channel, started."""


_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


def unreadable(text: str, but: frozenset[str] = frozenset()) -> list[str]:
    """The characters that do something rather than show: control characters, and marks that turn text round."""
    acting = (c for c in text if c not in "\n\t" and (unicodedata.category(c) == "Cc" or c in _BIDI))
    return [f"U+{ord(c):04X}" for c in acting if c not in but]


class Web:
    """The demo page. What it makes of the JSON is proved in test_page.py, in a browser."""

    name, redraws, shared_places = "web", True, False

    def draw(self, parts: Sequence[Part]) -> str:
        return "\n".join(_strings(self._over_the_wire(parts)))

    def pressed(self, parts: Sequence[Part], nth: int) -> Message:
        choices = [part for part in self._over_the_wire(parts) if part["kind"] == "choice"]
        return self._read({"type": "choose", "choice": choices[nth]["id"]})

    def sent(self, form: Form, values: Mapping[str, str]) -> Message:
        drawn = self._over_the_wire([form])[0]
        keys = {field["key"] for field in drawn["fields"]}
        assert keys >= set(values), "a field that is not drawn cannot be filled in"
        return self._read({"type": "send", "form": drawn["id"], "values": dict(values)})

    def alive(self, parts: Sequence[Part], word: str) -> list[str]:
        # Only a `value`, and whom a field asks about, are shown by the page as plain text: everywhere else it reads markup, or a key.
        found = _keyed(self._over_the_wire(parts))
        return [
            f"{key}: {text}"
            for key, text in found
            if (word in text and key not in {"value", "of"}) or unreadable(text, but=_BIDI)
        ]

    @asynccontextmanager
    async def running(self, folder: Path) -> AsyncIterator[Running]:
        async with serving(folder) as school, Page.open(school.url) as page:
            yield _WebRunning(school.channel, school.signpost.desk, page)

    def _over_the_wire(self, parts: Sequence[Part]) -> Any:
        return json.loads(json.dumps(web_render.render(parts)))

    def _read(self, frame: dict[str, Any]) -> Message:
        return web_read.message(web_read.read(json.dumps({"seat": "teacher", "event": "e", **frame})), SOMEBODY)


@dataclass
class _WebRunning:
    channel: Channel
    desk: Desk
    page: Page

    def person(self, seat: str) -> str:
        return f"{self.channel.name}:{seat}"

    async def says(self, seat: str, words: str, *, shared: bool = False) -> None:
        await self.page.seat(seat).says(words)

    async def presses(self, seat: str, label: str) -> None:
        await self.page.seat(seat).presses(label)

    async def fills(self, seat: str, values: Mapping[str, str]) -> None:
        await self.page.seat(seat).fills(dict(values))

    async def seen(self, seat: str) -> str:
        await self._catch_up()
        shown = [drawn.text for drawn in self.page.seat(seat).pane if drawn.by == "signpost"]
        return "\n".join([*shown, *(drawn.text for to, drawn in self.page.dialogs if to == seat)])

    async def posts(self, seat: str) -> list[str]:
        await self._catch_up()
        return [drawn.text for drawn in self.page.seat(seat).pane if drawn.by == "signpost"]

    async def leave(self) -> None:
        await self.page.socket.close()
        await come_true(lambda: not self.channel._page.sockets, "that the page was closed")

    async def _catch_up(self) -> None:
        """Frames come in order: once this has been heard, all that was sent before it is here. An empty message keeps nothing."""
        if not self.page.socket.closed:
            event = f"catch-up-{len(self.page.heard)}"
            await self.page.send({"type": "choose", "seat": "chair", "event": event, "choice": "catch-up"})
            await self.page.until(lambda: event in self.page.heard, "that it was heard")
            self.page.posts.get("chair", {}).pop(f"re-{event}", None)


class Console:
    """The terminal."""

    name, redraws, shared_places = "console", False, False

    def draw(self, parts: Sequence[Part]) -> str:
        forms = [part for part in parts if isinstance(part, Form)]
        return "\n".join(
            [console_render.render(parts), *(console_render.question(f) for form in forms for f in form.fields)]
        )

    def pressed(self, parts: Sequence[Part], nth: int) -> Message:
        return console_read.message("e", SOMEBODY, str(nth + 1), console_render.choices(parts))

    def sent(self, form: Form, values: Mapping[str, str]) -> Message:
        read = {field.key: console_read.value(field, values.get(field.key, "")) for field in form.fields}
        return console_read.sent("e", SOMEBODY, form.id, {key: value for key, value in read.items() if key in values})

    def alive(self, parts: Sequence[Part], word: str) -> list[str]:
        drawn = self.draw(parts)
        # Signpost's own lines begin at the margin; a typed one there would pass for one of them.
        return unreadable(drawn) + [line for line in drawn.split("\n") if line.startswith(word)]

    @asynccontextmanager
    async def running(self, folder: Path) -> AsyncIterator[Running]:
        home, shelf, terminal = practice.folder(folder), practice_shelf(), _Terminal()
        channel = ConsoleChannel(shelf.guidance, terminal.ask, terminal.tell, lambda: datetime.now(UTC))
        ledger = await open_ledger(
            f"sqlite+aiosqlite:///{home / 'chat.db'}", practice.vault(home), LIBRARY.school.short
        )
        parts = Signpost.of(shelf, ledger, {channel.name: channel})
        ringing = asyncio.create_task(parts.ring_for_ever())
        talking = asyncio.create_task(channel.run(parts.desk, parts.wake))
        await terminal.answered()
        try:
            yield _ConsoleRunning(channel, parts.desk, terminal)
        finally:
            if not terminal.prompt.startswith(f"{terminal.hat}> "):  # a form is before them, and asks on
                await terminal.type("/stop")
            await terminal.type("/quit", last=True)
            await talking
            await come_true(lambda: parts.rests, "a moment in which the bell rests")
            ringing.cancel()
            await asyncio.gather(ringing, return_exceptions=True)
            await ledger.close()


@dataclass
class _Terminal:
    """A keyboard and a screen. What is printed is sorted by whose place the channel said it was in."""

    lines: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    prompt: str = ""
    hat: str = "teacher"
    place: str = ""  # of the next thing printed, once it has been said
    printed: list[tuple[str, str]] = field(default_factory=list)

    async def ask(self, prompt: str) -> str:
        self.prompt = prompt
        self.waiting.set()
        return await self.lines.get()

    def tell(self, text: str) -> None:
        said = re.match(r"\n>>> in the place of: (\S*)", text)
        if said:
            self.place = said[1]
            return
        if text.startswith("You are now: "):
            return
        self.printed.append((self.place or self.hat, text))
        self.place = ""

    async def answered(self) -> None:
        """The terminal asks for the next line: the last one has been dealt with."""
        async with asyncio.timeout(DEADLINE):
            await self.waiting.wait()

    async def type(self, line: str, *, last: bool = False) -> None:
        self.waiting.clear()
        self.lines.put_nowait(line)
        if not last:
            await self.answered()

    async def wear(self, hat: str) -> None:
        if hat != self.hat:
            self.hat = hat
            await self.type(f"/as {hat}")


@dataclass
class _ConsoleRunning:
    channel: Channel
    desk: Desk
    terminal: _Terminal

    def person(self, seat: str) -> str:
        return f"{self.channel.name}:{seat}"

    async def says(self, seat: str, words: str, *, shared: bool = False) -> None:
        await self.terminal.wear(seat)
        await self.terminal.type(words)

    async def presses(self, seat: str, label: str) -> None:
        """The number beside the label, as it was last printed in this place."""
        found = [
            number
            for place, text in self.terminal.printed
            if place == seat
            for number in re.findall(rf"^  \[(\d+)\] {re.escape(label)}$", text, flags=re.MULTILINE)
        ]
        await self.says(seat, found[-1])

    async def fills(self, seat: str, values: Mapping[str, str]) -> None:
        labels = {field.label: field.key for about in ABOUT for field in intake.fields(LIBRARY, about, {}, {})}
        while not self.terminal.prompt.startswith(f"{seat}> "):
            label = self.terminal.prompt.split("\n")[0].removesuffix(" *")
            await self.terminal.type(values.get(labels[label], ""))

    async def seen(self, seat: str) -> str:
        return "\n".join(await self.posts(seat))

    async def posts(self, seat: str) -> list[str]:
        return [text for place, text in self.terminal.printed if place == seat]

    async def leave(self) -> None:
        """A terminal is there as long as its channel is."""


# ---- every drawing the product can make, shortest to longest


@dataclass(frozen=True)
class Drawing:
    """One reply or alert as the core makes it. `typed` is what in it came from a person."""

    name: str
    parts: tuple[Part, ...]

    def __repr__(self) -> str:
        return self.name


def gallery(guidance: Guidance, typed: str = "Robin said “stop”.\nThen the bell rang.") -> Iterator[Drawing]:
    """Every card, choice and form, from today's content; wherever a person's words are shown, `typed` is shown."""
    yield from _pages(guidance)
    yield from _triage(guidance)
    yield from _forms(typed)
    yield from _concerns(typed)


def _pages(guidance: Guidance) -> Iterator[Drawing]:
    lib, w = guidance.library, guidance.library.wording
    for topic in lib.topics.values():
        yield Drawing(f"topic {topic.id}", cards.answer(lib, topic, guidance.triage_for(topic), NOW))
    by_length = sorted(lib.topics, key=lambda name: len(lib.topics[name].title))
    yield Drawing("clarify, shortest", cards.clarify(lib, by_length[:2]))
    yield Drawing("clarify, longest", cards.clarify(lib, by_length[-3:]))
    yield Drawing("unknown", cards.unknown(lib, guidance.triage_for(None)))
    yield Drawing("topics", cards.groups(lib))
    for group in w.groups:
        yield Drawing(f"group {group}", cards.group(lib, group))
    yield Drawing("welcome", cards.welcome(lib, guidance.triage_for(None)))
    for told in ("dsl", "head", "chair"):
        yield Drawing(f"ring now, {told}", (cards.ring_now(lib, told),))
        yield Drawing(f"not sent, {told}", (notices.not_sent(lib, told),))
    yield Drawing("not saved", (notices.not_saved(lib),))
    for key in ("empty", "stopped", "nothing_open", "old_button", "already_sent", "not_yours", "no_roster"):
        title, text = getattr(w, f"{key}_title"), getattr(w, key)
        yield Drawing(f"note {key}", (cards.note(lib, title, text, reference="TA-2026-0042"),))
    yield Drawing("outsider", notices.outsider(lib))
    yield Drawing("outsider wrote", notices.outsider_wrote(lib))


def _triage(guidance: Guidance) -> Iterator[Drawing]:
    lib = guidance.library
    for triage in lib.triages.values():
        talk = Conversation("c0", "web:teacher", (Answer("start", triage.id), Answer("x", "y")), {}, 3)
        for name, question in triage.questions.items():
            at = Position(AtQuestion(triage, name, question), talk.answers)
            yield Drawing(f"question {triage.id} {name}", cards.step(lib, talk, at, NOW, {}))
        for name, outcome in triage.outcomes.items():
            at = Position(AtOutcome(triage, outcome), talk.answers)
            yield Drawing(f"outcome {triage.id} {name}", cards.step(lib, talk, at, NOW, {}))
            yield Drawing(f"unfinished {triage.id} {name}", cards.unfinished(lib, talk, at))


def _forms(typed: str) -> Iterator[Drawing]:
    talk = Conversation("c0", "web:teacher", (Answer("start", "concern"), Answer("about", "x")), {}, 3)
    yield Drawing("about", cards.step(LIBRARY, talk, Position(AtAbout(), talk.answers), NOW, {}))
    for about in ABOUT:
        form, check = Position(AtForm(about), talk.answers), Position(AtCheck(about), talk.answers, _seen())
        yield Drawing(f"form {about}, blank", cards.step(LIBRARY, talk, form, NOW, {}))
        for name, draft in (("wrong", _wrong(about, typed)), ("full", _full(about, typed))):
            faults = intake.faults(LIBRARY, about, draft, NOW, UTC)
            assert bool(faults) == (name == "wrong"), faults
            filled = replace(talk, draft=draft)
            yield Drawing(f"form {about}, {name}", cards.step(LIBRARY, filled, form, NOW, faults))
        yield Drawing(f"check {about}", cards.step(LIBRARY, replace(talk, draft=_full(about, typed)), check, NOW, {}))


def _concerns(typed: str) -> Iterator[Drawing]:
    for told in ("dsl", "head", "chair"):
        for urgent in (False, True):
            yield Drawing(f"sent, {told} {urgent}", notices.sent(LIBRARY, "TA-2026-0042", told, urgent=urgent))
    for about in ABOUT:
        for urgent in (False, True):
            new = a_concern(about, typed, urgent=urgent)
            seen = replace(new, stage="acknowledged", chronology=(*new.chronology, _entry("acknowledged", typed)))
            for name, concern in (("new", new), ("seen", seen)):
                yield Drawing(f"alert {about} {urgent}, {name}", notices.alert(LIBRARY, concern, NOW))
                yield Drawing(f"opened {about} {urgent}, {name}", notices.opened(LIBRARY, concern, NOW))
            yield Drawing(f"acknowledged {about} {urgent}", notices.acknowledged(LIBRARY, seen))
            yield Drawing(f"already acknowledged {about} {urgent}", notices.already_acknowledged(LIBRARY, seen, NOW))
            yield Drawing(f"told {about} {urgent}", notices.told_reporter(LIBRARY, seen, NOW))
        for name, parts in worked.drawings(a_concern(about, typed), typed, NOW):
            yield Drawing(name, parts)


def a_concern(about: str, typed: str, *, urgent: bool = False) -> Concern:
    """A concern with `typed` in every field that takes it, logged yesterday and opened once by somebody so named."""
    draft = _full(about, typed)
    lines = intake.lines(LIBRARY, about, draft)
    return Concern(
        id="0123456789abcdef",
        reference="TA-2026-0042",
        about=about,
        urgent=urgent,
        stage="logged",
        version=2,
        reporter="web:teacher",
        logged_at=NOW - timedelta(days=1),
        account=Account(Words(typed), lines, _seen()),
        chronology=(_entry("logged", typed), _entry("opened", typed)),
        reached=frozenset({"dsl"}),
    )


def _entry(what: str, who: str) -> Entry:
    return Entry(NOW - timedelta(hours=1), Words(who), what)


def _seen() -> tuple[Observation, ...]:
    """Every question with its longest answer, as triage passes them on."""
    questions = [question for triage in LIBRARY.triages.values() for question in triage.questions.values()]
    return tuple(
        Observation(q.passes_on or q.ask, max((o.label for o in q.options.values()), key=len)) for q in questions
    )


def _full(about: str, typed: str) -> dict[str, str]:
    """Every field of the largest form, filled in as it should be, with `typed` wherever it can be typed."""
    draft = {intake.MORE: str(intake.MOST_CHILDREN)}
    for one in intake.fields(LIBRARY, about, draft, {}):
        right = {"date": "2026-11-22", "time": "13:45", "one_of": one.options[-1].key if one.options else ""}
        draft[one.key] = right.get(one.kind, typed)
    return draft


def _wrong(about: str, typed: str) -> dict[str, str]:
    """A form with something wrong in every field that can be wrong."""
    wrong = {"date": "2099-01-01", "time": "half past", "one_of": "perhaps", "text": typed, "line": ""}
    draft = {intake.MORE: "2"}
    return draft | {one.key: wrong[one.kind] for one in intake.fields(LIBRARY, about, draft, {})}


# ---- comparing what was made with what was drawn


def without_layout(text: str) -> str:
    """Text as compared: however lines were broken, and without the content's own marks for bold and headings."""
    return "".join(re.sub(r"^## ", "", text, flags=re.MULTILINE).replace("**", "").split())


def everything_to_read(part: Part) -> Iterator[str]:
    """Every text of a part that a person must be able to read."""
    match part:
        case Form():
            yield from (part.title, *part.intro.split("\n"))
            for one in part.fields:
                yield from (one.of.reveal(), one.label, one.hint, one.error, *(option.label for option in one.options))
                if one.value and not one.options:
                    yield from one.value.reveal().split("\n")
        case cards.Card():
            yield from (part.title, *part.body.split("\n"), part.edition)
            if part.source != "outside":
                yield part.source
            for fact in part.facts:
                yield from (fact.label, *fact.value.reveal().split("\n"))
        case _:
            yield part.label


def _strings(value: Any) -> Iterator[str]:
    return (text for _, text in _keyed(value))


def _keyed(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name, name
            yield from _keyed(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _keyed(inner, key)
