"""What the people of the safeguarding team do in these stories, and how what they are shown is read."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.channels.school import WORDS, Drawn, School, Seat
from tests.stories.deciding import sends, usually


def sit_in_the_dsl_place(monkeypatch: pytest.MonkeyPatch, school: School, *seats: str) -> set[str]:
    """Who is in the DSL place: these, until somebody is put in or taken out of what this gives."""
    inside = set(seats)

    async def members(place: str) -> frozenset[str]:
        return frozenset(f"web:{seat}" for seat in inside) if place == "dsl" else frozenset()

    monkeypatch.setattr(school.channel, "members", members)
    return inside


async def is_alerted(seat: Seat, reference: str) -> str:
    """Wait until they are told of this concern. Gives its id, as its buttons carry it."""
    return (await seat.is_told(reference)).choice(WORDS.open_button).partition(":")[2]


async def corrects(seat: Seat, reference: str, text: str) -> Drawn:
    """Add to what they sent, as a reporter does: from the list of their own concerns."""
    mine = await seat.says("my concerns")
    form = await seat.chooses(mine.choice(WORDS.add_button.format(reference=reference)))
    return await sends(seat, form, {"text": text})


async def does(seat: Seat, act: str, concern: str, **typed: str) -> Drawn:
    """Open an act's form, fill it in and send it."""
    return await sends(seat, await seat.chooses(f"{act}:{concern}"), typed)


async def finds(seat: Seat, **asked: str) -> Drawn:
    """Search: by `text`, `stage` or `clock`."""
    return await sends(seat, await seat.chooses("find"), asked)


async def keeps_it_to(seat: Seat, concern: str, *names: str, why: str = "A parent works here") -> Drawn:
    """Keep a concern to the people of these names, and to whoever does it."""
    form = await seat.chooses(f"restrict:{concern}")
    offered = {option["label"]: option["key"] for field in form.form["fields"] for option in field["options"]}
    return await sends(seat, form, {"who": ",".join(offered[name] for name in names), "text": why})


async def tries_everything(seat: Seat, screen: Iterable[Drawn]) -> list[Drawn]:
    """Press every button that is on their screen and send every form. Gives all that they are shown for it."""
    shown = []
    for part in [part for drawn in screen for part in drawn.parts]:
        if part["kind"] == "choice":
            shown.append(await seat.chooses(part["id"]))
        if part["kind"] == "form":
            form = Drawn((part,))
            shown.append(await sends(seat, form, usually(form, {})))
    return shown


def fact(shown: Drawn, label: str) -> str:
    """What is shown under this label."""
    facts = [held for part in shown.parts for held in part.get("facts", [])]
    return next(str(held["value"]) for held in facts if held["label"] == label)


def entries(opened: Drawn) -> list[tuple[str, str]]:
    """The chronology of an opened concern: what was done, and by whom with what they wrote."""
    chronology = next(part for part in opened.parts if part.get("title") == WORDS.open_chronology)
    return [(held["label"].partition(",")[0], held["value"]) for held in chronology["facts"]]
