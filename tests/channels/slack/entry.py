"""Slack, as the contract of all channels meets it: what is drawn, what comes back of it, and a Signpost that serves a workspace."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from adapters.slack import read, render
from bot import Form, Message, Part, Person, Words
from tests.channels.contract import unreadable
from tests.channels.school import WORDS
from tests.channels.slack.client import Json, Window, buttons, over_the_wire, press, shown
from tests.channels.slack.emulate import started
from tests.channels.slack.front import workspace
from tests.channels.slack.office import Office, serving

SOMEBODY = Person("slack:U061F7AUR", Words("Sam Carter"), staff=True)


def messages(parts: Sequence[Part]) -> list[Json]:
    return over_the_wire(render.messages(parts, wording=WORDS, key="concern/1"))


def windows(parts: Sequence[Part]) -> list[Json]:
    """The window, all its pages."""
    count = render.pages(parts, wording=WORDS)
    return over_the_wire([render.modal(parts, wording=WORDS, private="p", page=n) for n in range(1, count + 1)])


def home(parts: Sequence[Part]) -> Json:
    return over_the_wire(render.home(parts, wording=WORDS))


class Slack:
    """Messages; a form is a window."""

    name, redraws, shared_places = "slack", True, True

    def draw(self, parts: Sequence[Part]) -> str:
        return "\n".join(shown(drawn["blocks"]) for drawn in self._drawn(parts))

    def pressed(self, parts: Sequence[Part], nth: int) -> Message:
        found = [(button, drawn) for drawn in self._drawn(parts) for button in buttons(drawn["blocks"], "choice")]
        button, drawn = found[nth]
        heard = read.action(over_the_wire(press(button, drawn if drawn.get("type") == "modal" else None)))
        assert isinstance(heard, read.Pressed)
        return read.message(heard, SOMEBODY, carried=True)

    def sent(self, form: Form, values: Mapping[str, str]) -> Message:
        (view,) = windows([form])
        window = Window(view)
        for key, value in values.items():
            window.types(key, value)
        return read.message(read.submission(window.submission()), SOMEBODY, carried=True)

    def alive(self, parts: Sequence[Part], word: str) -> list[str]:
        drawn = [*messages(parts), *windows(parts), home(parts)]
        return [line for one in drawn for line in acting(one, word)]

    @asynccontextmanager
    async def running(self, folder: Path) -> AsyncIterator[Office]:
        async with workspace(started()) as front, serving(front, folder) as office:
            yield office
            assert front.refused == []

    def _drawn(self, parts: Sequence[Part]) -> list[Json]:
        return windows(parts) if any(isinstance(part, Form) for part in parts) else messages(parts)


def acting(value: Any, word: str, *, within: str = "", key: str = "") -> Iterator[str]:
    """Typed text anywhere but in a rich text element or as the start of what stands in an input; and marks that act."""
    if isinstance(value, str):
        shown_only = (within, key) == ("rich text", "text")
        if word in value and not shown_only and key != "initial_value":
            yield f"{key}: {value}"
        # In an input stands what the person typed, as they typed it: it turns round nothing but itself.
        yield from unreadable(value) if key != "initial_value" else ()
    elif isinstance(value, dict):
        if value.get("type") in {"text", "link", "user", "usergroup", "broadcast", "emoji", "channel", "date"}:
            within = "rich text" if value["type"] == "text" else ""
        elif "type" in value and value["type"] != "text":
            within = ""
        for name, inner in value.items():
            yield from acting(name, word)
            yield from acting(inner, word, within=within, key=name)
    elif isinstance(value, list):
        for inner in value:
            yield from acting(inner, word, within=within, key=key)
