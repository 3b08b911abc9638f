"""Taken off the safeguarding team, somebody has lost it at once: also on the cards, dialogs and forms they still have open."""

from __future__ import annotations

import pytest

from bot import NotYoursError
from tests.channels.school import ACCOUNT, LIBRARY, WORDS, Drawn, Page, School, Seat
from tests.stories.deciding import fills_pages
from tests.stories.taking import code_in, taken
from tests.stories.team import does, finds, is_alerted, sit_in_the_dsl_place, tries_everything

ACTS = (
    "open",
    "chronology",
    "more",
    "note",
    "message",
    "assign",
    "action",
    "link",
    "restrict",
    "escalate",
    "close",
    "handover",
    "decide",
    "similar",
)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, school: School) -> set[str]:
    """Who is in the DSL place: the DSL, and a deputy who is there to see what was done."""
    return sit_in_the_dsl_place(monkeypatch, school, "dsl", "deputy-1")


@pytest.fixture
async def concern(place: set[str], teacher: Seat, dsl: Seat) -> str:
    return await is_alerted(dsl, await teacher.logs_a_concern())


async def chronology(deputy: Seat, concern: str) -> list[dict[str, str]]:
    """All that was done but that he himself looked."""
    facts = (await deputy.chooses(f"chronology:{concern}")).parts[0]["facts"]
    return [held for held in facts if held["value"] != LIBRARY.school.people.deputies[0].name]


async def has_open(dsl: Seat, concern: str) -> list[Drawn]:
    """All that can be on somebody's screen about a concern."""
    alert = await dsl.is_told("TA-")
    dialogs = [await dsl.chooses(f"{act}:{concern}") for act in ACTS]
    return [alert, *dialogs, await dsl.chooses("list"), await dsl.chooses("find"), await finds(dsl, text="Robin")]


async def test_every_button_and_form_on_their_screen_is_dead(
    dsl: Seat, page: Page, place: set[str], concern: str
) -> None:
    screen, deputy = await has_open(dsl, concern), page.seat("deputy-1")
    labels = {label for drawn in screen for label in drawn.labels}
    assert {WORDS.acknowledge_button, WORDS.open_button, WORDS.handing.code_button} <= labels
    before = await chronology(deputy, concern)

    place.remove("dsl")

    for shown in await tries_everything(dsl, screen):
        assert shown.titles == [WORDS.not_yours_title], shown.text
    assert await chronology(deputy, concern) == before, "nothing was done, and nothing was read"
    assert WORDS.acknowledge_button in (await deputy.chooses(f"open:{concern}")).labels


async def test_a_decision_they_had_filled_in_to_the_last_page_is_not_recorded(
    dsl: Seat, page: Page, place: set[str], concern: str
) -> None:
    checked = await fills_pages(dsl, await dsl.chooses(f"decide:{concern}"), {})
    place.remove("dsl")

    saved = await dsl.chooses(checked.choice("Save"))

    assert saved.titles == [WORDS.not_yours_title]
    assert WORDS.entry_decided not in (await page.seat("deputy-1").chooses(f"chronology:{concern}")).text


async def test_the_code_they_were_shown_a_second_ago_takes_nothing_out(
    dsl: Seat, page: Page, school: School, place: set[str], concern: str
) -> None:
    shown = await dsl.chooses(f"handover:{concern}")
    reference = shown.titles[0].partition(":")[0]
    place.remove("dsl")

    with pytest.raises(NotYoursError):
        await taken(school, dsl, code_in(shown), reference)

    assert WORDS.entry_exported not in (await page.seat("deputy-1").chooses(f"chronology:{concern}")).text


async def test_what_they_type_in_a_chat_lists_nothing(dsl: Seat, place: set[str], concern: str) -> None:
    place.remove("dsl")

    listed = await dsl.says("open concerns")

    assert listed.titles == [WORDS.not_yours_title]
    assert ACCOUNT["child-1"] not in dsl.sees


async def test_the_rest_of_the_team_goes_on_and_so_do_they_when_they_are_back(
    dsl: Seat, page: Page, place: set[str], concern: str
) -> None:
    place.remove("dsl")
    await does(page.seat("deputy-1"), "note", concern, text="Spoke to her form tutor")
    place.add("dsl")

    assert "Spoke to her form tutor" in (await dsl.chooses(f"open:{concern}")).text
