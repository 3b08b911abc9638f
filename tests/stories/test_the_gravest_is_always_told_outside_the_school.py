"""Abusive or violent behaviour, and nudes that are aggravated: no route and no wording leaves the agencies out."""

from __future__ import annotations

import pytest

from tests.channels.school import LIBRARY, WORDS, School, Seat
from tests.stories.deciding import decides, fills_pages, sends, usually
from tests.stories.passing import Clock
from tests.stories.working import is_logged

RUNG = {
    "contact_agency": "first-response",
    "contact_person": "Duty worker Lee",
    "contact_date": "2026-11-23",
    "contact_time": "09:40",
}
AGGRAVATED = {
    "images": "yes",
    **dict.fromkeys(("nudes_adult", "nudes_young", "nudes_risk", "nudes_aggravated"), "no"),
    "nudes_coerced": "yes",
}


@pytest.fixture
async def concern(clock: Clock, teacher: Seat, dsl: Seat) -> str:
    """Logged at ten on a Monday."""
    return (await is_logged(teacher, dsl))[1]


@pytest.mark.parametrize("level", ["abusive", "violent"])
@pytest.mark.parametrize("route", ["a", "b", "none"])
async def test_the_page_of_the_contact_comes_whatever_the_route_and_shows_the_limit(
    dsl: Seat, concern: str, level: str, route: str
) -> None:
    answers = {"level": level, "routes": route, "b-agency": "advice-service", "contact_time": ""}
    refused = await fills_pages(dsl, await dsl.chooses(f"decide:{concern}"), answers)

    assert set(refused.faults()) == {"contact_time", "contact_agency"}
    assert "10:00 on 24 November" in refused.text, "twenty-four hours from when it was logged"


async def test_who_was_rung_and_when_stands_in_the_record(dsl: Seat, concern: str) -> None:
    await decides(dsl, concern, level="violent", **RUNG)

    shown = (await dsl.chooses(f"chronology:{concern}")).text
    for said in ("Duty worker Lee", "2026-11-23", "09:40"):
        assert said in shown


async def test_ringing_after_the_limit_has_to_say_why(clock: Clock, school: School, dsl: Seat, concern: str) -> None:
    await clock.passes(school, hours=26)
    late = {"level": "violent", **RUNG, "contact_date": "2026-11-24", "contact_time": "11:30", "contact_late": ""}

    refused = await fills_pages(dsl, await dsl.chooses(f"decide:{concern}"), late)

    assert list(refused.faults()) == ["contact_late"]
    assert "10:00 on 24 November" in refused.faults()["contact_late"]


async def test_keeping_it_in_school_asks_which_support_was_lacking_and_which_specialist_advises(
    dsl: Seat, concern: str
) -> None:
    unsaid = {"level": "violent", **RUNG, "a-local": "", "a-specialist": ""}
    refused = await fills_pages(dsl, await dsl.chooses(f"decide:{concern}"), unsaid)
    assert set(refused.faults()) == {"a-local", "a-specialist"}

    said = {**unsaid, "a-local": "No place before May", "a-specialist": "The clinic in Stoke"}
    checked = await fills_pages(dsl, await sends(dsl, refused, usually(refused, said)), said)
    assert WORDS.decision.check in checked.text
    assert "No place before May" in checked.text
    assert "The clinic in Stoke" in checked.text


async def test_what_is_less_grave_may_be_kept_in_school_without_them(dsl: Seat, concern: str) -> None:
    unsaid = {"level": "problematic", "a-local": "", "a-specialist": ""}
    checked = await fills_pages(dsl, await dsl.chooses(f"decide:{concern}"), unsaid)
    assert WORDS.decision.check in checked.text


@pytest.mark.parametrize("routes", ["a", "b", "c", "none"])
async def test_an_aggravated_incident_goes_to_the_police_by_no_other_route(
    dsl: Seat, concern: str, routes: str
) -> None:
    refused = await fills_pages(dsl, await dsl.chooses(f"decide:{concern}"), {**AGGRAVATED, "routes": routes})
    assert refused.faults() == {"routes": LIBRARY.say(WORDS.decision.police_needed)}


async def test_no_other_agency_stands_for_the_police(dsl: Seat, concern: str) -> None:
    elsewhere = {**AGGRAVATED, "routes": "d", "d-agency": "advice-service"}
    refused = await fills_pages(dsl, await dsl.chooses(f"decide:{concern}"), elsewhere)
    assert refused.faults() == {"d-agency": LIBRARY.say(WORDS.decision.police_agency)}

    for agency in ("police", "mash", "first-response"):
        again = await sends(dsl, refused, usually(refused, {**elsewhere, "d-agency": agency}))
        assert WORDS.decision.police_agency not in again.text
