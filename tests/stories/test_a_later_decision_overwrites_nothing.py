"""Nothing that was decided is ever overwritten: a later decision supersedes it, and both stay readable wherever one looks."""

from __future__ import annotations

import io
import json

import pytest
from pypdf import PdfReader

from adapters.export.files import files
from tests.channels.school import LIBRARY, WORDS, School, Seat
from tests.stories.deciding import decides, fills_pages
from tests.stories.passing import Clock
from tests.stories.working import does, is_logged, takes_out

FIRST, LATER = "It was said once and it stopped", "It has begun again, every day"
LEVELS = WORDS.decision.levels
SUPERSEDED = LIBRARY.say(WORDS.decision.superseded, when="11:00 on 23 November 2026")

Case = tuple[str, str]


@pytest.fixture
async def case(clock: Clock, school: School, teacher: Seat, dsl: Seat) -> Case:
    """Decided at ten, and again at eleven. Its reference and its id."""
    reference, concern = await is_logged(teacher, dsl)
    await decides(dsl, concern, reasons=FIRST)
    await clock.passes(school, hours=1)
    await decides(dsl, concern, reasons=LATER, changed="Two more saw it", level="problematic")
    return reference, concern


async def test_the_case_card_says_who_decided_what_and_when_both_times(case: Case, dsl: Seat) -> None:
    opened = await dsl.chooses(f"open:{case[1]}")

    card = next(part for part in opened.parts if part.get("title") == WORDS.open_chronology)
    decided = [fact for fact in card["facts"] if fact["label"].startswith(WORDS.entry_decided)]
    assert [fact["label"] for fact in decided] == ["Decided, 10:00", "Decided, 11:00"]
    assert all(LIBRARY.school.people.dsl.name in fact["value"] for fact in decided)
    assert [LEVELS.inappropriate in fact["value"] for fact in decided] == [True, False]
    assert [LEVELS.problematic in fact["value"] for fact in decided] == [False, True]


async def test_the_whole_chronology_tells_both_decisions_and_which_one_stands(case: Case, dsl: Seat) -> None:
    shown = (await dsl.chooses(f"chronology:{case[1]}")).text

    assert shown.index(SUPERSEDED) < shown.index(FIRST) < shown.index(WORDS.decision.stands) < shown.index(LATER)
    assert shown.count(WORDS.decision.stands) == 1


async def test_the_pdf_tells_both_decisions(clock: Clock, case: Case, school: School, dsl: Seat) -> None:
    record = await takes_out(school, dsl, case[0], clock.now())

    ((_, content),) = files(LIBRARY, [record], ("pdf",))
    paper = " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())
    assert paper.index(SUPERSEDED) < paper.index(FIRST) < paper.index(LATER)
    assert paper.count(SUPERSEDED) == 1


async def test_the_json_holds_both_decisions(clock: Clock, case: Case, school: School, dsl: Seat) -> None:
    record = await takes_out(school, dsl, case[0], clock.now())

    ((_, content),) = files(LIBRARY, [record], ("json",))
    earlier, later = json.loads(content)["decisions"]
    assert (earlier["level"], later["level"]) == (LEVELS.inappropriate, LEVELS.problematic)
    assert FIRST in json.dumps(earlier["pages"])
    assert LATER in json.dumps(later["pages"])
    assert earlier["superseded_at"] == later["at"]
    assert later["superseded_at"] is None


async def test_a_later_decision_is_not_recorded_before_it_says_what_has_changed(case: Case, dsl: Seat) -> None:
    refused = await fills_pages(dsl, await dsl.chooses(f"decide:{case[1]}"), {"changed": "", "reasons": "A third time"})

    assert list(refused.faults()) == ["changed"]
    assert "A third time" not in (await dsl.chooses(f"chronology:{case[1]}")).text


async def test_closing_and_reopening_takes_no_decision_away(case: Case, dsl: Seat) -> None:
    _, concern = case
    await does(dsl, "close", concern, text="It has ended")
    await does(dsl, "reopen", concern, text="It has not")
    await decides(dsl, concern, reasons="Now the parents know", changed="They were told")

    shown = (await dsl.chooses(f"chronology:{concern}")).text
    assert shown.index(FIRST) < shown.index(LATER) < shown.index("Now the parents know")
