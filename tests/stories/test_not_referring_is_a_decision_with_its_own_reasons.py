"""Not referring is never what is left over: it is decided, with who was asked, why not, and what would change it."""

from __future__ import annotations

import pytest

from tests.channels.school import WORDS, Seat
from tests.stories.deciding import decides, fills_pages
from tests.stories.working import is_logged

ASKS = WORDS.decision.asks
NOT_REFERRED = {
    "routes": "none",
    "no_names": "The Advice Service, on Friday: keep watching",
    "none_why": "Both families are at it already",
    "none_consulted": "The head of year; the Advice Service without names",
    "none_change": "If it happens again, or she stays away",
}


@pytest.fixture
async def concern(teacher: Seat, dsl: Seat) -> str:
    return (await is_logged(teacher, dsl))[1]


async def test_it_asks_why_not_who_was_consulted_and_what_would_change_it(dsl: Seat, concern: str) -> None:
    empty = dict.fromkeys(("none_why", "none_consulted", "none_change"), "")
    refused = await fills_pages(dsl, await dsl.chooses(f"decide:{concern}"), {**NOT_REFERRED, **empty})

    assert set(refused.faults()) == {"none_why", "none_consulted", "none_change"}
    for asked in (ASKS.none_why, ASKS.none_consulted, ASKS.none_change):
        assert asked.ask in refused.text


async def test_each_of_them_stands_in_the_record_under_its_own_question(dsl: Seat, concern: str) -> None:
    await decides(dsl, concern, **NOT_REFERRED)

    opened = await dsl.chooses(f"open:{concern}")
    (read,) = [part["id"] for part in opened.parts if part.get("id", "").startswith("decision:")]
    shown = await dsl.chooses(read)
    facts = {fact["label"]: fact["value"] for part in shown.parts for fact in part.get("facts", [])}
    for key in ("none_why", "none_consulted", "none_change", "no_names"):
        assert facts[getattr(ASKS, key).ask] == NOT_REFERRED[key]
    assert facts[ASKS.routes.ask] == WORDS.decision.routes.none
    assert facts[ASKS.reasons.ask] == "As agreed", "beside the reasons for the whole"


@pytest.mark.parametrize("referral", ["b", "c", "d"])
async def test_it_is_never_decided_together_with_a_referral(dsl: Seat, concern: str, referral: str) -> None:
    refused = await fills_pages(
        dsl, await dsl.chooses(f"decide:{concern}"), {**NOT_REFERRED, "routes": f"{referral},none"}
    )
    assert refused.faults() == {"routes": WORDS.decision.either_or}


async def test_not_referring_violent_behaviour_still_asks_when_somebody_was_rung(dsl: Seat, concern: str) -> None:
    unrung = {**NOT_REFERRED, "level": "violent", **dict.fromkeys(("contact_date", "contact_time"), "")}
    refused = await fills_pages(dsl, await dsl.chooses(f"decide:{concern}"), unrung)
    assert {"contact_date", "contact_time"} <= set(refused.faults())
