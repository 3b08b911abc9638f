"""A reporter is never left to guess: they hear it when a person has it, and who."""

from __future__ import annotations

from tests.channels.school import LIBRARY, WORDS, Page, School, Seat


async def test_the_reporter_is_told_when_a_person_has_seen_it(teacher: Seat, dsl: Seat) -> None:
    reference = await teacher.logs_a_concern()
    await dsl.is_told(reference)
    assert "has been seen" not in teacher.sees, "an alert that arrived is not a person who has read it"

    await dsl.presses(WORDS.acknowledge_button)

    told = await teacher.is_told("has been seen")
    assert reference in told.text
    assert LIBRARY.school.people.dsl.name in told.text


async def test_opening_it_is_not_acknowledging_it(teacher: Seat, dsl: Seat) -> None:
    reference = await teacher.logs_a_concern()
    await dsl.is_told(reference)

    await dsl.presses(WORDS.open_button)

    assert "has been seen" not in teacher.sees
    assert WORDS.acknowledge_button in (await dsl.is_told(reference)).labels


async def test_the_alert_says_who_has_it_and_stops_asking(teacher: Seat, dsl: Seat) -> None:
    reference = await teacher.logs_a_concern()
    await dsl.is_told(reference)

    await dsl.presses(WORDS.acknowledge_button)

    alert = await dsl.is_told(WORDS.alert_acknowledged_by)
    assert alert.titles == [WORDS.alert_title.format(reference=reference)]
    assert LIBRARY.school.people.dsl.name in alert.text
    assert WORDS.acknowledge_button not in alert.labels


async def test_a_second_press_says_who_was_first_and_changes_nothing(teacher: Seat, dsl: Seat) -> None:
    reference = await teacher.logs_a_concern()
    alert = await dsl.is_told(reference)
    await dsl.presses(WORDS.acknowledge_button)

    again = await dsl.chooses(alert.choice(WORDS.acknowledge_button))

    assert again.titles == [WORDS.already_acknowledged_title.format(reference=reference)]
    assert LIBRARY.school.people.dsl.name in again.text
    await teacher.is_told("has been seen")
    assert teacher.sees.count("has been seen") == 1


async def test_the_reporter_is_told_although_they_had_closed_the_page(school: School) -> None:
    async with Page.open(school.url) as first:
        reference = await first.seat("teacher").logs_a_concern()
    async with Page.open(school.url) as second:
        await second.seat("dsl").is_told(reference)
        await second.seat("dsl").presses(WORDS.acknowledge_button)
    async with Page.open(school.url) as third:
        assert reference in (await third.seat("teacher").is_told("has been seen")).text
