"""How people of these stories log a concern, work it, and look at what has come of it."""

from __future__ import annotations

from datetime import datetime

from bot import Person, Words
from bot.export import Record
from tests.channels.school import WORDS, Drawn, School, Seat
from tests.stories.deciding import sends


async def is_logged(teacher: Seat, dsl: Seat) -> tuple[str, str]:
    """Log a concern of which the DSL is told: its reference and its id."""
    reference = await teacher.logs_a_concern()
    alert = await dsl.is_told(reference)
    return reference, alert.choice(WORDS.open_button).partition(":")[2]


async def does(seat: Seat, act: str, concern: str, **values: str) -> Drawn:
    """Press an act and fill in its form."""
    return await sends(seat, await seat.chooses(f"{act}:{concern}"), values)


async def chronology(seat: Seat, concern: str) -> list[tuple[str, str]]:
    """The whole chronology as this person reads it: what and when, and by whom."""
    shown = await seat.chooses(f"chronology:{concern}")
    return [(fact["label"], fact["value"]) for fact in shown.parts[0]["facts"]]


async def was_told(seat: Seat, title: str) -> int:
    """How many posts of this title stand in front of this person now."""
    await seat.chooses("home")  # whatever was on its way before this has arrived with it
    return sum(title in shown.titles for shown in seat.pane)


async def takes_out(school: School, seat: Seat, reference: str, now: datetime) -> Record:
    """What this person takes out to a file."""
    who = Person(f"web:{seat.name}", Words(seat.name), staff=True)
    handing, guide = school.signpost.desk.handing, school.signpost.shelf.guidance()
    (record,) = await handing.take(guide, who, [reference], "PDF, JSON", now)
    return record
