"""Kept to named people, a concern is gone for the rest of the team at once: from every list, and from their own screen."""

from __future__ import annotations

import pytest

from bot import NotYoursError
from tests.channels.school import ACCOUNT, LIBRARY, WORDS, Drawn, Page, School, Seat
from tests.stories.deciding import sends
from tests.stories.taking import code_in, taken
from tests.stories.team import (
    corrects,
    does,
    finds,
    is_alerted,
    keeps_it_to,
    sit_in_the_dsl_place,
    tries_everything,
)

HEAD = LIBRARY.school.people.head.name
SAID = "Her aunt is on the team"
WHY = "A parent works here"
NOTHING_FOUND = LIBRARY.say(WORDS.handing.found_none)


@pytest.fixture
def deputy(monkeypatch: pytest.MonkeyPatch, school: School, page: Page) -> Seat:
    """Who keeps it to himself and the head. He sits in the DSL place, as the DSL does."""
    sit_in_the_dsl_place(monkeypatch, school, "dsl", "deputy-1")
    return page.seat("deputy-1")


async def screen(dsl: Seat, reference: str) -> list[Drawn]:
    """What the DSL has open: the alert, the list, the concern, what she found, and forms half filled in."""
    alert = await dsl.is_told(reference)
    concern = await is_alerted(dsl, reference)
    acts = ("open", "more", "note", "message", "assign", "link", "restrict", "escalate", "close", "handover", "decide")
    opened = [await dsl.chooses(f"{act}:{concern}") for act in acts]
    return [alert, await dsl.chooses("list"), await finds(dsl, text="Robin"), *opened]


def gives_away(shown: Drawn, reference: str) -> bool:
    return any(secret in shown.text for secret in (reference, ACCOUNT["child-1"], ACCOUNT["happened"], SAID, WHY))


async def test_the_two_have_it_and_she_who_had_it_has_no_more_than_a_line(
    dsl: Seat, head: Seat, deputy: Seat, reference: str
) -> None:
    concern = await is_alerted(dsl, reference)

    await keeps_it_to(deputy, concern, HEAD, why=WHY)

    told = await head.is_told(WORDS.case.kept)
    for one in (head, deputy):
        assert ACCOUNT["happened"] in (await one.chooses(told.choice(WORDS.open_button))).text
        assert reference in (await one.chooses("list")).text
    left = await dsl.is_told(WORDS.case.restricted_alert)
    assert [drawn for drawn in dsl.pane if drawn.labels and reference in drawn.text] == [], "her card has no buttons"
    assert "Sam Carter" not in left.text
    assert WHY not in dsl.sees + head.sees


async def test_on_what_is_still_on_her_screen_nothing_works_any_more(dsl: Seat, deputy: Seat, reference: str) -> None:
    concern = await is_alerted(dsl, reference)
    before = await screen(dsl, reference)
    await keeps_it_to(deputy, concern, HEAD, why=WHY)
    chronology = (await deputy.chooses(f"chronology:{concern}")).parts[0]["facts"]

    for shown in await tries_everything(dsl, before):
        assert not gives_away(shown, reference), shown.text

    after = (await deputy.chooses(f"chronology:{concern}")).parts[0]["facts"]
    assert after[:-1] == chronology, "nothing was entered, not even that she looked; but for his own look"


async def test_no_list_no_count_no_search_and_no_file_has_it(
    dsl: Seat, deputy: Seat, teacher: Seat, school: School, reference: str
) -> None:
    other = await teacher.logs_a_concern()
    concern, own = await is_alerted(dsl, reference), await is_alerted(dsl, other)
    await keeps_it_to(deputy, concern, HEAD, why=WHY)

    listed = await dsl.chooses("list")
    assert LIBRARY.say(WORDS.list_count, count="1") in listed.text
    assert LIBRARY.say(WORDS.list_count, count="2") in (await deputy.chooses("list")).text
    for found in (listed, await finds(dsl, text="Robin Ashdown"), await finds(dsl, stage="logged")):
        assert other in found.text
        assert reference not in found.text
    for found in (await finds(dsl, text=reference), await dsl.chooses(f"similar:{own}")):
        assert NOTHING_FOUND in found.text
    linked = await does(dsl, "link", own, reference=reference, text="The same girl")
    assert linked.faults() == {"reference": WORDS.case.link_wrong}
    with pytest.raises(NotYoursError):
        await taken(school, dsl, code_in(await dsl.chooses("code")), reference)


async def test_what_is_said_of_it_from_then_on_pings_those_two_alone(
    teacher: Seat, dsl: Seat, head: Seat, deputy: Seat, reference: str
) -> None:
    concern = await is_alerted(dsl, reference)
    await keeps_it_to(deputy, concern, HEAD, why=WHY)
    await dsl.is_told(WORDS.case.restricted_alert)
    before = dsl.sees

    await corrects(teacher, reference, SAID)
    await does(deputy, "message", concern, text="Come and see me")
    await sends(teacher, await teacher.chooses(f"read:{concern}"), {"text": SAID})
    await does(deputy, "escalate", concern, text=SAID)
    for one in (head, deputy):
        await one.is_told(WORDS.added_alert_title.format(reference=reference))
        await one.is_told(WORDS.case.answered_title.format(reference=reference))
        await one.is_told(WORDS.alert_title_urgent.format(reference=reference))

    other = await teacher.logs_a_concern()
    await dsl.is_told(other)  # whatever else was due has been shown by now
    assert dsl.sees.startswith(before)
    assert not gives_away(Drawn(words=dsl.sees.removeprefix(before)), reference)
