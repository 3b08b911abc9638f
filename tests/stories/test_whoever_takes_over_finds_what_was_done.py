"""A concern is handed on with everything that was done and noted; who looked and who acted, and when, is on the record."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from adapters.export.files import files
from tests.channels.school import ACCOUNT, LIBRARY, WORDS, Page, School, Seat
from tests.stories.passing import Clock
from tests.stories.working import chronology, does, is_logged, takes_out

NOTED, ANSWERED = "The father rang and was calm", "I have seen Robin; all is well"
DSL, DEPUTY = LIBRARY.school.people.dsl.name, LIBRARY.school.people.deputies[0].name
Case = tuple[str, str]


@pytest.fixture
def deputy(page: Page) -> Seat:
    return page.seat("deputy-1")


@pytest.fixture
async def handed(clock: Clock, school: School, teacher: Seat, dsl: Seat) -> Case:
    """Logged at ten, opened and noted at eleven, handed to the deputy at noon. Its reference and its id."""
    reference, concern = await is_logged(teacher, dsl)
    await dsl.presses(WORDS.acknowledge_button)
    await clock.passes(school, minutes=59)
    await clock.passes(school, minutes=1)
    await dsl.chooses(f"open:{concern}")
    await does(dsl, "note", concern, text=NOTED)
    await clock.passes(school, hours=1)
    await does(dsl, "assign", concern, who="deputy-1")
    return reference, concern


async def test_the_next_one_is_told_and_finds_the_account_the_notes_and_who_leads(handed: Case, deputy: Seat) -> None:
    reference, _ = handed
    alert = await deputy.is_told(LIBRARY.say(WORDS.case.assigned_title, reference=reference))
    assert ACCOUNT["child-1"] not in alert.text

    opened = await deputy.chooses(alert.choice(WORDS.open_button))

    assert ACCOUNT["happened"] in opened.text
    assert f"{DSL}: {NOTED}" in opened.text
    leads = next(part for part in opened.parts if part.get("title") == WORDS.case.actions_open)
    assert {"label": WORDS.case.assigned_to, "value": DEPUTY} in leads["facts"]
    assert reference in (await deputy.chooses("list")).text


async def test_before_that_it_does_not_exist_for_them(clock: Clock, teacher: Seat, dsl: Seat, deputy: Seat) -> None:
    reference, concern = await is_logged(teacher, dsl)
    await does(dsl, "note", concern, text=NOTED)

    for choice in (f"open:{concern}", f"note:{concern}", f"chronology:{concern}", "list"):
        shown = await deputy.chooses(choice)
        assert reference not in shown.text
        assert NOTED not in shown.text


async def test_whoever_handed_it_on_still_has_it_and_reads_what_the_next_one_noted(
    handed: Case, dsl: Seat, deputy: Seat
) -> None:
    _, concern = handed
    await does(deputy, "note", concern, text=ANSWERED)

    assert f"{DEPUTY}: {ANSWERED}" in (await dsl.chooses(f"open:{concern}")).text


async def test_every_opening_and_every_act_is_in_the_chronology_with_who_and_when(
    clock: Clock, school: School, handed: Case, deputy: Seat
) -> None:
    _, concern = handed
    await deputy.chooses(f"open:{concern}")
    await clock.passes(school, days=1)

    teacher = "Sam Carter"
    assert await chronology(deputy, concern) == [
        ("Logged, 10:00 on 23 November 2026", teacher),
        ("Acknowledged, 10:00 on 23 November 2026", DSL),
        ("Opened, 11:00 on 23 November 2026", DSL),
        ("Note, 11:00 on 23 November 2026", f"{DSL}: {NOTED}"),
        ("Handed to, 12:00 on 23 November 2026", f"{DSL}: {DEPUTY}"),
        ("Opened, 12:00 on 23 November 2026", DEPUTY),
        ("Opened, 12:00 on 24 November 2026", DEPUTY),  # this very look
    ]


async def test_the_chronology_prints_whole(clock: Clock, school: School, handed: Case, dsl: Seat, deputy: Seat) -> None:
    reference, concern = handed
    for nth in range(30):
        await does(deputy, "note", concern, text=f"Note {nth} begins. {'It goes on and on. ' * 20}Note {nth} ends.")
    lines = await chronology(dsl, concern)

    record = await takes_out(school, dsl, reference, clock.now())
    ((_, content),) = files(LIBRARY, [record], ("pdf",))
    pages = [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(content)).pages]

    assert len(pages) > 2
    assert all(reference in page for page in pages)
    for nth in range(30):
        assert sum(page.count(f"Note {nth} begins.") for page in pages) == 1
        assert sum(page.count(f"Note {nth} ends.") for page in pages) == 1
    assert [entry.label for entry in record.chronology[:-1]] == [what.partition(",")[0] for what, _ in lines]
