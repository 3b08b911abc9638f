"""The guided decision: it asks what the policy asks, refuses what the policy refuses, and keeps every word of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.channels.school import LIBRARY, WORDS, Drawn, Page, Seat, serving
from tests.stories.deciding import decides, fills_pages, has_form, sends, usually

NUDES = {
    "images": "yes",
    **dict.fromkeys(("nudes_adult", "nudes_coerced", "nudes_young", "nudes_risk"), "no"),
    "nudes_aggravated": "yes",
}


async def concern_of(dsl: Seat, alert: Drawn) -> str:
    return alert.choice(WORDS.open_button).partition(":")[2]


@pytest.fixture
async def concern(teacher: Seat, dsl: Seat) -> str:
    return await concern_of(dsl, await dsl.is_told(await teacher.logs_a_concern()))


async def test_an_aggravated_incident_cannot_be_decided_without_the_police(dsl: Seat, concern: str) -> None:
    refused = await fills_pages(dsl, await dsl.chooses(f"decide:{concern}"), NUDES)

    assert "police" in refused.faults()["routes"]
    assert "0800 131 3126" in refused.faults()["routes"], "it says how the police are reached"

    checked = await fills_pages(dsl, await sends(dsl, refused, {"routes": "d"}), {**NUDES, "d-agency": "mash"})
    assert checked.titles[0].endswith("check the decision")


async def test_violent_behaviour_is_not_decided_before_first_response_or_the_police_were_rung(
    dsl: Seat, concern: str
) -> None:
    page = await fills_pages(
        dsl, await dsl.chooses(f"decide:{concern}"), {"level": "violent", "contact_date": "", "contact_time": ""}
    )

    assert {"contact_date", "contact_time", "contact_agency"} <= set(page.faults())
    assert "never later than" in page.text


async def test_nothing_of_a_decision_is_suggested(dsl: Seat, concern: str) -> None:
    shown = await dsl.chooses(f"decide:{concern}")
    while has_form(shown):
        assert shown.values() == {}
        shown = await sends(dsl, shown, usually(shown, {}))


async def test_a_draft_decision_survives_a_restart(tmp_path: Path) -> None:
    async with serving(tmp_path) as school, Page.open(school.url) as page:
        dsl = page.seat("dsl")
        concern = await concern_of(dsl, await dsl.is_told(await page.seat("teacher").logs_a_concern()))
        first = await dsl.chooses(f"decide:{concern}")
        await sends(dsl, first, {"harmed_safe": "yes", "harmed_done": "Walked to the nurse", "alleged_safe": "unknown"})

    async with serving(tmp_path) as school, Page.open(school.url) as page:
        again = await page.seat("dsl").chooses(f"decide:{concern}")

        assert again.values()["harmed_done"] == "Walked to the nurse", "half a page was kept too"
        assert again.titles[0].endswith(WORDS.decision.pages.safety.title)


async def test_a_decision_that_was_superseded_stays_readable(dsl: Seat, concern: str) -> None:
    await decides(dsl, concern, reasons="It was said once and it stopped")
    await decides(dsl, concern, reasons="It has begun again", changed="Two more saw it", level="problematic")

    opened = await dsl.chooses(f"open:{concern}")
    both = [part["id"] for part in opened.parts if part["kind"] == "choice" and part["id"].startswith("decision:")]
    later, earlier = [await dsl.chooses(each) for each in both]

    assert "It has begun again" in later.text
    assert WORDS.decision.stands in later.text
    assert "It was said once and it stopped" in earlier.text
    assert "Superseded" in earlier.text


async def test_the_reporter_is_told_that_it_was_decided_and_never_what(teacher: Seat, dsl: Seat, concern: str) -> None:
    await decides(dsl, concern, reasons="Because of the brother at home", level="problematic")

    await teacher.is_told("has been dealt with")
    assert "brother" not in teacher.sees
    assert WORDS.decision.levels.problematic not in teacher.sees


async def test_two_who_decide_at_once_do_not_overwrite_each_other(dsl: Seat, concern: str) -> None:
    mine = await dsl.chooses(f"decide:{concern}")
    theirs = await dsl.chooses(f"decide:{concern}")
    await sends(dsl, mine, {"harmed_safe": "yes", "harmed_done": "Typed first"})

    answer = await sends(dsl, theirs, {"harmed_safe": "no", "harmed_done": "Typed second"})

    assert WORDS.decision.stale_typed in answer.titles
    assert "Typed second" in answer.text, "it is shown back"
    assert answer.values()["harmed_done"] == "Typed first", "and what was there is still there"
    assert LIBRARY.school.people.dsl.name in answer.text
