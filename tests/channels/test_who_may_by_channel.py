"""On every channel: whoever a concern has not reached sends the id of every act by hand, and sees nothing of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from bot import Choice, Field, Form, Message, Person, Words
from bot.casework import ACTS
from bot.handing import ASKS
from bot.reporting import OWN
from tests.channels.by_hand import press_by_hand
from tests.channels.contract import Entry_, Running, without_layout
from tests.channels.entries import CHANNELS
from tests.channels.school import ACCOUNT, WORDS
from tests.channels.test_contract import eventually_seen, log
from tests.core.who_may import REPORTER, TYPED

OUTSIDE = ("head", "chair", "visitor")  # of a concern about pupils that was logged a moment ago
NOW = datetime(2026, 11, 23, 10, 5, tzinfo=UTC)


@pytest.mark.parametrize("entry", CHANNELS, ids=lambda entry: entry.name)
async def test_nobody_outside_sees_or_does_anything_with_it_by_hand(entry: Entry_, tmp_path: Path) -> None:
    async with entry.running(tmp_path) as running:
        await log(running, "pupils")
        await eventually_seen(running, "dsl", "TA-")
        (concern,) = await running.desk._ledger.all_concerns()
        secrets = (concern.reference, "Robin", without_layout(ACCOUNT["happened"]))
        for seat in (*OUTSIDE, "teacher", "dsl"):
            await running.says(seat, "topics")  # so that something stands before them that can be pressed

        for seat in OUTSIDE:
            for act in sorted(ACTS | OWN):
                told = WORDS.outsider_title if seat == "visitor" else WORDS.not_yours_title
                before = (await running.seen(seat)).count(told)
                await press_by_hand(running, seat, f"{act}:{concern.id}")
                assert (await running.seen(seat)).count(told) > before, f"{seat} {act}: the press was not answered"
            await press_by_hand(running, seat, "list")
            await _nothing_shown(running, seat, secrets)
        before = await running.seen("teacher")
        for choice in (*(f"{act}:{concern.id}" for act in sorted(ACTS)), *sorted(ASKS), "list"):
            await press_by_hand(running, "teacher", choice)  # who sent it may add to it, and no more
        assert (await running.seen("teacher")).count(concern.reference) <= before.count(concern.reference)

        for seat in OUTSIDE:
            await _forms_by_hand(entry, running, seat, concern.id, secrets)
        assert await running.desk._ledger.concern(concern.id) == concern

        await press_by_hand(running, "dsl", f"chronology:{concern.id}")  # or a hand's press would prove nothing
        assert WORDS.entry_opened in await running.seen("dsl")


async def _nothing_shown(running: Running, seat: str, secrets: tuple[str, ...]) -> None:
    shown = without_layout(await running.seen(seat))
    for secret in secrets:
        assert secret not in shown, f"{seat} saw: {secret}"


_numbers = count(1)


async def _forms_by_hand(entry: Entry_, running: Running, seat: str, id_: str, secrets: tuple[str, ...]) -> None:
    """Every form of an act, filled in, read as the channel reads it, and sent as this person; what comes back, as drawn."""
    who = Person(running.person(seat), Words("Somebody"), staff=seat != "visitor")
    for act, typed in {**TYPED, **REPORTER}.items():
        fields = tuple(Field(key, key, "text") for key in typed)
        form = Form(f"{act}:{id_}", act, "", fields, "Send")
        sent: Message = entry.sent(form, dict.fromkeys(typed, "typed")) if typed else _pressed(entry, form.id)
        reply = await running.desk.hear(replace(sent, who=who, event=f"by-hand-{next(_numbers)}"), NOW)
        shown = without_layout(entry.draw(reply.parts))
        assert without_layout(WORDS.not_yours_title if who.staff else WORDS.outsider_title) in shown
        assert not [secret for secret in secrets if secret in shown]


def _pressed(entry: Entry_, choice: str) -> Message:
    return entry.pressed((Choice("Press", choice),), 0)
