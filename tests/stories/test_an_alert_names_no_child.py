"""A DSL's screen may be seen by anybody. What a child said is shown when it is asked for, to one person, and leaves a trace."""

from __future__ import annotations

from tests.channels.school import ACCOUNT, LIBRARY, WORDS, Seat

FULL = {**ACCOUNT, "said": "He took my bag and laughed", "where": "Behind the sports hall", "told": "Nobody yet"}


async def test_an_alert_names_no_child(teacher: Seat, dsl: Seat) -> None:
    reference = await teacher.logs_a_concern(FULL)

    alert = await dsl.is_told(reference)

    for key in ("child-1", "happened", "said", "where", "told"):
        assert FULL[key] not in alert.text
    assert "Sam Carter" in alert.text, "who logged it, so that they can be found"


async def test_it_is_read_in_a_private_dialog_that_leaves_nothing_in_the_channel(teacher: Seat, dsl: Seat) -> None:
    await teacher.logs_a_concern(FULL)
    await dsl.is_told("TA-")

    opened = await dsl.presses(WORDS.open_button)

    assert dsl.page.dialogs == [("dsl", opened)]
    for key in ("child-1", "happened", "said", "where", "told"):
        assert FULL[key] in opened.text
        assert FULL[key] not in dsl.sees


async def test_every_opening_is_on_the_record(teacher: Seat, dsl: Seat) -> None:
    await teacher.logs_a_concern(FULL)
    await dsl.is_told("TA-")
    await dsl.presses(WORDS.open_button)

    again = await dsl.presses(WORDS.open_button)

    trace = [
        (fact["label"].partition(",")[0], fact["value"])
        for fact in [part for part in again.parts if part["kind"] == "card"][-1]["facts"]
    ]
    name = LIBRARY.school.people.dsl.name
    assert trace == [(WORDS.entry_logged, "Sam Carter"), (WORDS.entry_opened, name), (WORDS.entry_opened, name)]
