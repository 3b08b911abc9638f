"""Two concerns about the same child name each other, and neither gives the other away to somebody who may not open it."""

from __future__ import annotations

import pytest

from tests.channels.school import ACCOUNT, WORDS, Drawn, Page, School, Seat
from tests.stories.deciding import sends
from tests.stories.taking import code_in, printed, taken
from tests.stories.team import does, is_alerted, keeps_it_to, sit_in_the_dsl_place

WHY = "The same girl, twice in a week"
NOT_THERE = "TA-2001-9999"


@pytest.fixture
async def first(teacher: Seat, dsl: Seat) -> str:
    """The reference of a concern that the DSL has been told of."""
    return await logged(teacher, dsl)


@pytest.fixture
async def second(first: str, teacher: Seat, dsl: Seat) -> str:
    """Another, about the same child."""
    return await logged(teacher, dsl)


async def logged(teacher: Seat, dsl: Seat) -> str:
    reference = await teacher.logs_a_concern()
    await is_alerted(dsl, reference)
    return reference


async def test_the_other_concern_is_found_from_the_one_and_each_then_names_the_other(
    dsl: Seat, first: str, second: str
) -> None:
    one, other = await is_alerted(dsl, first), await is_alerted(dsl, second)
    assert second in (await dsl.chooses(f"similar:{one}")).text

    await does(dsl, "link", one, reference=second.lower(), text=WHY)

    for concern, names in ((one, second), (other, first)):
        opened = await dsl.chooses(f"open:{concern}")
        assert {"label": WORDS.case.linked, "value": names} in opened.parts[0]["facts"]
        assert f"{names}: {WHY}" in opened.text, "and the chronology says why, and who linked them"
    assert WHY not in dsl.sees


async def test_the_reporter_is_not_told_that_they_are_linked(teacher: Seat, dsl: Seat, first: str, second: str) -> None:
    before = teacher.sees
    await does(dsl, "link", await is_alerted(dsl, first), reference=second, text=WHY)

    await teacher.says("my concerns")
    await teacher.logs_a_concern()  # whatever else was due has been shown by now

    assert before in teacher.sees
    assert WHY not in teacher.sees
    assert "link" not in teacher.sees.casefold()


class TestKeptFromSomebody:
    """The second is kept to the deputy: the DSL may open the first alone."""

    @pytest.fixture
    async def deputy(self, monkeypatch: pytest.MonkeyPatch, school: School, page: Page, dsl: Seat, second: str) -> Seat:
        sit_in_the_dsl_place(monkeypatch, school, "dsl", "deputy-1")
        deputy = page.seat("deputy-1")
        await keeps_it_to(deputy, await is_alerted(dsl, second))
        return deputy

    async def test_the_link_is_there_for_the_one_and_not_for_the_other(
        self, dsl: Seat, deputy: Seat, school: School, first: str, second: str
    ) -> None:
        one = next(drawn for drawn in dsl.pane if first in drawn.text).choice(WORDS.open_button).partition(":")[2]
        await does(deputy, "link", one, reference=second, text=WHY)

        for choice in (f"open:{one}", f"chronology:{one}"):
            assert WHY in (await deputy.chooses(choice)).text
            assert neither(await dsl.chooses(choice), second), choice
        assert second not in (await dsl.chooses(f"similar:{one}")).text
        (record,) = await taken(school, dsl, code_in(await dsl.chooses("code")), first)
        assert ACCOUNT["child-1"] in printed(record)
        assert second not in printed(record)
        assert WHY not in printed(record)

    async def test_it_cannot_be_linked_nor_told_from_one_that_is_not_there(
        self, dsl: Seat, deputy: Seat, first: str, second: str
    ) -> None:
        one = await is_alerted(dsl, first)
        refused = [await does(dsl, "link", one, reference=typed, text=WHY) for typed in (second, NOT_THERE)]
        assert [shown.faults() for shown in refused] == [{"reference": WORDS.case.link_wrong}] * 2

    async def test_a_form_that_was_already_open_does_not_say_that_a_link_was_made(
        self, dsl: Seat, deputy: Seat, first: str, second: str
    ) -> None:
        one = await is_alerted(dsl, first)
        form = await dsl.chooses(f"escalate:{one}")
        await does(deputy, "link", one, reference=second, text=WHY)

        sent = await sends(dsl, form, {"text": "He was followed home"})

        assert WORDS.entry_linked not in sent.text
        assert sent.titles[0] == WORDS.case.saved_title.format(reference=first), (
            "nothing that they may see has happened"
        )


def neither(shown: Drawn, second: str) -> bool:
    """Neither which concern it is nor what links them."""
    return second not in shown.text and WHY not in shown.text and WORDS.case.linked not in shown.text
