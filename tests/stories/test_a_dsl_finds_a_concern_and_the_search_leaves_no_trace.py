"""A DSL finds a concern by its reference, a child, its stage or its clock; nobody else can look, and no name is left lying."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot import Words
from bot.concern import Account, Line, NewConcern
from tests.channels.planted import found_in
from tests.channels.school import ACCOUNT, LIBRARY, WORDS, Page, School, Seat, serving
from tests.stories.deciding import decides, sends
from tests.stories.team import does, finds, is_alerted

NOTHING_FOUND = LIBRARY.say(WORDS.handing.found_none)


@pytest.mark.parametrize("typed", ["the reference", "THE REFERENCE", "Robin Ashdown", "ashdown", "ROBIN"])
async def test_it_is_found_by_its_reference_or_the_child_however_that_is_typed(
    dsl: Seat, reference: str, typed: str
) -> None:
    asked = {"the reference": reference.lower(), "THE REFERENCE": reference}.get(typed, typed)

    found = await finds(dsl, text=asked)

    assert found.titles[0] == WORDS.handing.found_title
    assert reference in found.text
    assert "Robin" not in found.text, "it is opened to be read, and that is recorded"
    opened = await dsl.chooses(found.choice(WORDS.open_button))
    assert ACCOUNT["child-1"] in opened.text


@pytest.mark.parametrize("typed", ["Robin Brown", "8B", "bag", "TA-2001-9999"])
async def test_what_names_no_child_of_it_does_not_find_it(dsl: Seat, reference: str, typed: str) -> None:
    assert NOTHING_FOUND in (await finds(dsl, text=typed)).text


async def test_it_is_found_where_it_stands_and_no_longer_where_it_stood(dsl: Seat, reference: str) -> None:
    concern = await is_alerted(dsl, reference)
    steps = {
        "logged": lambda: dsl.chooses(f"ack:{concern}"),
        "acknowledged": lambda: decides(dsl, concern),
        "decided": lambda: does(dsl, "close", concern, text="Settled"),
        "closed": lambda: does(dsl, "reopen", concern, text="It happened again"),
    }
    for stage, goes_on in steps.items():
        assert reference in (await finds(dsl, stage=stage)).text, stage
        await goes_on()
        for asked in ({"stage": stage}, {"stage": stage, "text": "Robin"}, {"stage": stage, "text": reference}):
            assert NOTHING_FOUND in (await finds(dsl, **asked)).text, asked


async def test_what_nobody_has_seen_or_decided_in_time_is_found_by_its_clock(
    dsl: Seat, school: School, reference: str
) -> None:
    left = await logged_before(school, timedelta(days=4))
    await dsl.is_told(left)

    for clock in ("seen", "decide"):
        found = (await finds(dsl, clock=clock)).text
        assert left in found, clock
        assert reference not in found, "it is not late"


async def test_what_is_to_be_done_today_is_found_by_its_clock_until_it_is_done(dsl: Seat, reference: str) -> None:
    concern = await is_alerted(dsl, reference)
    today = datetime.now(ZoneInfo(LIBRARY.school.timezone)).date()
    saved = await does(dsl, "action", concern, text="Ring home", due=today.isoformat())
    assert reference in (await finds(dsl, clock="action")).text

    done = saved.choice(LIBRARY.say(WORDS.case.done_button, number="1"))
    await sends(dsl, await dsl.chooses(done), {"text": "She will come in"})

    assert NOTHING_FOUND in (await finds(dsl, clock="action")).text


@pytest.mark.parametrize(("who", "told"), [("teacher", WORDS.not_yours_title), ("visitor", WORDS.outsider_title)])
async def test_nobody_else_can_look(page: Page, reference: str, who: str, told: str) -> None:
    assert (await page.seat(who).chooses("find")).titles == [told]
    for asked in ({"text": "Robin Ashdown"}, {"text": reference}, {"stage": "logged"}):
        by_hand = await page.does(who, type="send", form="find", values=asked)
        assert by_hand.titles == [told]


async def test_the_head_may_look_and_finds_only_what_has_reached_them(head: Seat, reference: str) -> None:
    for asked in ({"text": "Robin Ashdown"}, {"text": reference}, {"stage": "logged"}):
        assert NOTHING_FOUND in (await finds(head, **asked)).text


async def test_no_name_is_readable_in_the_database_or_in_a_log(tmp_path: Path, talkative: Callable[[], str]) -> None:
    typed = {
        "child": "Ashdown",
        "first name": "Robin",
        "looked for": "Sorrelditch",
        "what happened": "somebody had taken",
    }
    async with serving(tmp_path) as school, Page.open(school.url) as page:
        dsl = page.seat("dsl")
        reference = await page.seat("teacher").logs_a_concern()
        await is_alerted(dsl, reference)
        assert reference in (await finds(dsl, text="Ashdown")).text
        assert NOTHING_FOUND in (await finds(dsl, text="Sorrelditch")).text
        await page.does("teacher", type="send", form="find", values={"text": "Sorrelditch"})

    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert found_in(kept, {"the reference": reference}), "these are the right files"
    assert found_in(kept, typed) == set()
    assert "delivered" in talkative()
    assert found_in(talkative(), typed) == set()


async def logged_before(school: School, ago: timedelta) -> str:
    """A concern that was sent so long ago, and that nobody has touched since."""
    account = Account(Words("Sam Carter"), (Line("Child 1", Words("Alex Marlow"), "child-1"),))
    new = NewConcern("pupils", urgent=False, reporter="web:teacher", account=account, conversation="before")
    return await school.signpost.ledger.log_concern("before", new, None, ("dsl",), "web", datetime.now(UTC) - ago)
