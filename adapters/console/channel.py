"""The terminal's channel: one person wearing several hats, told apart by `/as`.

Alerts are printed as they arrive, marked with whose place they are in.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from adapters.console import read, render
from bot import (
    Alert,
    Delivered,
    Desk,
    Failed,
    Form,
    Guidance,
    Message,
    Part,
    Person,
    Receipt,
    Reply,
    Words,
    last_look,
)

HATS = ("teacher", "dsl", "deputy-1", "head", "chair", "visitor")
Ask = Callable[[str], Awaitable[str | None]]  # prompt to the line typed; None at the end of input
Tell = Callable[[str], None]


class ConsoleChannel:
    """Signpost in a terminal. `ask` reads a line, `tell` prints one."""

    name = "console"

    def __init__(self, guidance: Callable[[], Guidance], ask: Ask, tell: Tell, clock: Callable[[], datetime]) -> None:
        """`guidance` for the practice people's names."""
        self._guidance, self._ask, self._tell, self._clock = guidance, ask, tell, clock
        self._hat = "teacher"
        self._offered: dict[str, list[str]] = {}

    async def members(self, place: str) -> frozenset[str]:
        """Practice has one person in the DSL place."""
        return frozenset({"console:dsl"}) if place == "dsl" else frozenset()

    async def names(self, place: str) -> Mapping[str, Words]:
        """The same, by the names of those who wear the hats."""
        inside = await self.members(place)
        return {one.id: one.name for one in map(self._wearer, HATS) if one.staff and one.id in inside}

    async def deliver(self, alert: Alert) -> Receipt:
        """Print it, marked with whose it is."""
        place = alert.told.removeprefix("person:console:")
        if place not in HATS:
            return Failed("nobody of that name wears a hat here", lasting=True)
        await last_look()
        self._show(place, alert.parts)
        return Delivered(alert.key)

    async def run(self, desk: Desk, wake: Callable[[], None]) -> None:
        """Talk until the input ends or somebody types /quit. `wake` after anything that may ring."""
        self._tell(self._guidance().library.wording.practice)
        self._tell(f"Type in your own words. A number chooses. /as {'|'.join(HATS)} changes hats; /quit ends.")
        await self._say(desk, read.message(_event(), self._person(), "home", ()), wake)
        while (line := await self._ask(f"{self._hat}> ")) is not None:
            command, _, rest = line.strip().partition(" ")
            if command == "/quit":
                return
            if command == "/as":
                self._change_hat(rest.strip())
                continue
            offered = self._offered.get(self._hat, [])
            await self._say(desk, read.message(_event(), self._person(), line, offered), wake)

    def _change_hat(self, hat: str) -> None:
        if hat in HATS:
            self._hat = hat
            self._tell(f"You are now: {hat}")
        else:
            self._tell(f"There is no such hat. Choose one of {', '.join(HATS)}.")

    async def _say(self, desk: Desk, heard: Message, wake: Callable[[], None]) -> None:
        reply: Reply | None = await desk.hear(heard, self._clock())
        while reply is not None:
            self._show(self._hat, reply.parts)
            wake()
            reply = await self._fill(desk, reply)

    async def _fill(self, desk: Desk, reply: Reply) -> Reply | None:
        """Ask a form's fields one by one, and send it."""
        form = next((part for part in reply.parts if isinstance(part, Form)), None)
        if form is None:
            return None
        self._tell("(Enter skips a line. /stop leaves the form without sending.)")
        values: dict[str, Words] = {}
        for field in form.fields:
            line = await self._ask(render.question(field) + "\n> ")
            if line is None or line.strip() == "/stop":
                self._tell("The form is not sent. Type: stop, to throw it away; log a concern, to go on.")
                return None
            values[field.key] = read.value(field, line)
        return await desk.hear(read.sent(_event(), self._person(), form.id, values), self._clock())

    def _show(self, place: str, parts: tuple[Part, ...]) -> None:
        if place != self._hat:
            self._tell(f"\n>>> in the place of: {place}   (type /as {place} to answer)")
        self._tell(render.render(parts))
        offered = render.choices(parts)
        if offered:
            self._offered[place] = offered

    def _person(self) -> Person:
        return self._wearer(self._hat)

    def _wearer(self, hat: str) -> Person:
        names = {role: person.name for role, person in self._guidance().library.school.people.everyone()}
        return Person(f"console:{hat}", Words(names.get(hat, "Sam Carter")), staff=hat != "visitor")


def _event() -> str:
    return f"console-{secrets.token_hex(8)}"
