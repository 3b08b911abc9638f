"""The bot gathers and checks that nothing is missing. What it amounts to is the DSL's to judge, and nothing leans on it."""

from __future__ import annotations

import re

import pytest

from tests.channels.school import WORDS, Drawn, Seat
from tests.stories.deciding import fills_pages, has_form, sends, usually
from tests.stories.working import is_logged

WEIGHED = ("victimised", "coerced", "imbalance", "misuse", "accepted")
WORST = {"repeated": "repeated", **dict.fromkeys(WEIGHED, "yes")}
MILDEST = {"repeated": "once", **dict.fromkeys(WEIGHED, "no")}
LEVELS = list(WORDS.decision.levels.model_dump().values())


@pytest.fixture
async def concern(teacher: Seat, dsl: Seat) -> str:
    return (await is_logged(teacher, dsl))[1]


async def goes_on(dsl: Seat, shown: Drawn, answers: dict[str, str]) -> Drawn:
    """The page that follows one that is filled in whole."""
    shown = await sends(dsl, shown, usually(shown, answers))
    assert not (has_form(shown) and shown.faults())
    return shown


async def at_the_level(dsl: Seat, concern: str, answers: dict[str, str]) -> Drawn:
    """The page that asks for the level, after these answers."""
    shown = await dsl.chooses(f"decide:{concern}")
    while "level" not in (field["key"] for field in shown.form["fields"]):
        shown = await goes_on(dsl, shown, answers)
    return shown


def as_read(shown: Drawn) -> str:
    return re.sub(r"[A-Z]+-\d{4}-\d{4}", "", shown.text)


async def test_whatever_was_weighed_the_page_of_the_level_is_the_same(teacher: Seat, dsl: Seat) -> None:
    mild, worst = [await at_the_level(dsl, (await is_logged(teacher, dsl))[1], answers) for answers in (MILDEST, WORST)]

    assert as_read(mild) == as_read(worst)
    for shown in (mild, worst):
        field = next(field for field in shown.form["fields"] if field["key"] == "level")
        assert field["value"] == ""
        assert [option["label"] for option in field["options"]] == LEVELS, "all five, always in the policy's order"


async def test_no_page_before_it_speaks_of_a_level(dsl: Seat, concern: str) -> None:
    shown = await dsl.chooses(f"decide:{concern}")
    while "level" not in (field["key"] for field in shown.form["fields"]):
        assert not [level for level in LEVELS if re.search(rf"\b{level}\b", shown.text, re.IGNORECASE)]
        shown = await goes_on(dsl, shown, WORST)


async def test_a_decision_without_a_level_is_not_given_one(dsl: Seat, concern: str) -> None:
    refused = await fills_pages(dsl, await dsl.chooses(f"decide:{concern}"), {"level": ""})

    assert list(refused.faults()) == ["level"]
    assert refused.values()["level_why"] == "As agreed", "what was typed is kept"


async def test_what_is_missing_is_asked_for_again_with_everything_that_was_typed(dsl: Seat, concern: str) -> None:
    shown = await dsl.chooses(f"decide:{concern}")
    while has_form(shown):
        for missing in [field["key"] for field in shown.form["fields"] if field["required"]]:
            given = {**usually(shown, {}), missing: ""}
            shown = await sends(dsl, shown, given)
            assert list(shown.faults()) == [missing]
            assert shown.values() == {key: value for key, value in given.items() if value}
        shown = await goes_on(dsl, shown, {})


async def test_nothing_is_recorded_by_saving_before_it_is_complete(dsl: Seat, concern: str) -> None:
    shown = await goes_on(dsl, await dsl.chooses(f"decide:{concern}"), {})
    version = shown.form["id"].rpartition(":")[2]

    refused = await dsl.chooses(f"decide:{concern}:save:{version}")

    assert WORDS.decision.missing in refused.text
    assert refused.faults()
    assert WORDS.entry_decided not in (await dsl.chooses(f"chronology:{concern}")).text
