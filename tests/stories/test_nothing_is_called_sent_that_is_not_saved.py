"""“Sent” is said after the record is safe, and never otherwise. When it is not, whom to ring is said instead."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.channels.school import ABOUT_AN_ADULT, ACCOUNT, LIBRARY, WORDS, School, Seat, reference_in

PEOPLE = LIBRARY.school.people


@contextmanager
def without(database: Path) -> Iterator[None]:
    """The disk is gone; afterwards it is back."""
    away = database.with_suffix(".away")
    database.rename(away)
    yield
    away.rename(database)


async def test_nothing_is_called_sent_that_is_not_saved(school: School, teacher: Seat, dsl: Seat) -> None:
    await teacher.writes_a_concern()

    with without(school.database):
        reply = await teacher.presses(WORDS.send_button)

    assert reply.titles == [WORDS.not_sent_title]
    assert "Sent." not in teacher.sees
    assert "TA-" not in teacher.sees
    assert PEOPLE.dsl.phone in reply.text
    assert "999" in reply.text
    assert dsl.pane == []


async def test_it_can_still_be_sent_when_the_disk_is_back(school: School, teacher: Seat, dsl: Seat) -> None:
    await teacher.writes_a_concern()
    with without(school.database):
        await teacher.presses(WORDS.send_button)

    sent = await teacher.presses(WORDS.send_button)

    assert sent.titles[0].startswith("Sent.")
    await dsl.is_told(reference_in(sent))


@pytest.mark.parametrize("table", ["concerns", "chronology", "alerts", "numbers", "heard"])
async def test_it_is_saved_whole_or_not_at_all(school: School, teacher: Seat, dsl: Seat, table: str) -> None:
    await teacher.writes_a_concern()
    disk = sqlite3.connect(school.database, isolation_level=None, check_same_thread=False)
    full = f"CREATE TRIGGER full BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    await asyncio.to_thread(disk.execute, full)  # in the loop it would wait for a write that only the loop can end

    refused = await teacher.presses(WORDS.send_button)

    if table != "heard":  # the one refusal that can also mean “heard before”
        assert refused.titles == [WORDS.not_sent_title]
    assert "Sent." not in teacher.sees
    kept = {
        name: disk.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
        for name in ("concerns", "chronology", "alerts")
    }
    assert kept == {"concerns": 0, "chronology": 0, "alerts": 0}

    await asyncio.to_thread(disk.execute, "DROP TRIGGER full")
    disk.close()
    sent = await teacher.presses(WORDS.send_button)
    assert reference_in(sent).endswith("-0001"), "what was written was kept, and no number was lost"
    await dsl.is_told(reference_in(sent))


@pytest.mark.parametrize(("about", "ring"), [("adult", "head"), ("head", "chair"), ("safeguarding", "head")])
async def test_even_then_nobody_is_sent_to_the_person_it_is_about(
    school: School, teacher: Seat, about: str, ring: str
) -> None:
    await teacher.writes_a_concern(ABOUT_AN_ADULT, about)

    with without(school.database):
        reply = await teacher.presses(WORDS.send_button)

    assert getattr(PEOPLE, ring).phone in reply.text
    for other in {"dsl", "head", "chair"} - {ring}:
        assert getattr(PEOPLE, other).phone not in reply.text


async def test_a_form_that_could_not_be_kept_says_so(school: School, teacher: Seat) -> None:
    await teacher.says("log a concern")
    await teacher.presses(WORDS.about_pupils)

    with without(school.database):
        reply = await teacher.fills(ACCOUNT)

    assert reply.titles == [WORDS.not_sent_title]


async def test_questions_are_still_answered_while_nothing_can_be_saved(school: School, teacher: Seat) -> None:
    with without(school.database):
        reply = await teacher.says("its only banter")

    assert reply.titles[0] == LIBRARY.topics["banter"].title


async def test_check_your_answers_says_that_it_is_not_sent(teacher: Seat, dsl: Seat) -> None:
    check = await teacher.writes_a_concern()

    assert "not sent yet" in check.text
    assert dsl.pane == []


async def test_pressing_send_twice_sends_it_once(teacher: Seat, dsl: Seat) -> None:
    check = await teacher.writes_a_concern()
    first = await teacher.chooses(check.choice(WORDS.send_button))

    second = await teacher.chooses(check.choice(WORDS.send_button))

    assert second.titles == [WORDS.already_sent_title]
    assert reference_in(first) in second.text
    await dsl.is_told(reference_in(first))
    assert len(dsl.pane) == 1
