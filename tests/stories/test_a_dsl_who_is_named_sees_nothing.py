"""A concern that names a member of the safeguarding team is not there for that person, wherever they look."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot import NotYoursError
from policy_content.model import SchoolPerson
from tests.channels.school import ABOUT_AN_ADULT, LIBRARY, WORDS, Page, School, Seat
from tests.stories.deciding import sends
from tests.stories.taking import code_in, taken
from tests.stories.team import corrects, does, finds, is_alerted, sit_in_the_dsl_place

NAMED = {**ABOUT_AN_ADULT, "member": "deputy-1"}


async def test_whoever_it_names_gets_no_alert_no_list_and_no_way_in(teacher: Seat, head: Seat, page: Page) -> None:
    deputy = page.seat("deputy-1")
    reference = await teacher.logs_a_concern(NAMED, about="safeguarding")
    alert = await head.is_told(reference)
    concern = alert.choice(WORDS.open_button).partition(":")[2]

    for choice in (f"open:{concern}", f"decide:{concern}", f"chronology:{concern}", f"more:{concern}", "list"):
        shown = await deputy.chooses(choice)
        assert reference not in shown.text, choice
        assert ABOUT_AN_ADULT["adult"] not in shown.text, choice
    assert reference not in deputy.sees


async def test_the_head_can_hand_it_to_the_dsl_and_never_to_whoever_it_names(
    teacher: Seat, head: Seat, dsl: Seat
) -> None:
    reference = await teacher.logs_a_concern(NAMED, about="safeguarding")
    alert = await head.is_told(reference)
    concern = alert.choice(WORDS.open_button).partition(":")[2]

    form = await head.chooses(f"assign:{concern}")
    offered = [option["label"] for option in form.form["fields"][0]["options"]]
    assert LIBRARY.school.people.deputies[0].name not in offered
    await sends(head, form, {"who": "dsl"})

    await dsl.is_told(WORDS.case.assigned_title.format(reference=reference))
    assert ABOUT_AN_ADULT["adult"] in (await dsl.chooses(f"open:{concern}")).text


async def test_kept_to_named_people_it_is_gone_from_the_dsl_place(
    teacher: Seat, head: Seat, dsl: Seat, page: Page
) -> None:
    reference = await teacher.logs_a_concern()
    concern = (await dsl.is_told(reference)).choice(WORDS.open_button).partition(":")[2]

    form = await dsl.chooses(f"restrict:{concern}")
    await sends(dsl, form, {"who": "deputy-1", "text": "A parent works here"})

    await page.seat("deputy-1").is_told(WORDS.case.restricted_title.format(reference=reference))
    await dsl.is_told(WORDS.case.restricted_alert)
    assert reference not in (await head.chooses("list")).text


async def test_though_they_sit_in_the_dsl_place_they_find_link_count_and_take_nothing_of_it(
    teacher: Seat, head: Seat, dsl: Seat, page: Page, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    sit_in_the_dsl_place(monkeypatch, school, "dsl", "deputy-1")
    deputy = page.seat("deputy-1")
    about_them, other = await teacher.logs_a_concern(NAMED, about="safeguarding"), await teacher.logs_a_concern()
    concern, theirs = await is_alerted(head, about_them), await is_alerted(dsl, other)
    await does(head, "assign", concern, who="dsl")
    await dsl.is_told(WORDS.case.assigned_title.format(reference=about_them))
    nothing = LIBRARY.say(WORDS.handing.found_none)

    for text in (about_them, "Casey Thornbury"):
        assert nothing in (await finds(deputy, text=text)).text, text
    assert about_them in (await finds(dsl, text=about_them)).text, "the DSL, whom it does not name, finds it"
    assert about_them not in (await finds(deputy, stage="logged")).text
    assert LIBRARY.say(WORDS.list_count, count="1") in (await deputy.chooses("list")).text
    linked = await does(deputy, "link", theirs, reference=about_them, text="The same coach")
    assert linked.faults() == {"reference": WORDS.case.link_wrong}
    with pytest.raises(NotYoursError):
        await taken(school, deputy, code_in(await deputy.chooses("code")), about_them)


async def test_no_message_and_no_ping_of_it_reaches_them(teacher: Seat, head: Seat, page: Page) -> None:
    reference = await teacher.logs_a_concern(NAMED, about="safeguarding")
    concern = await is_alerted(head, reference)
    await corrects(teacher, reference, "It was before lunch")
    await does(head, "message", concern, text="Come and see me")
    await sends(teacher, await teacher.chooses(f"read:{concern}"), {"text": "At once"})
    await does(head, "escalate", concern, text="It happened again")
    await head.is_told(WORDS.alert_title_urgent.format(reference=reference))

    assert page.seat("deputy-1").pane == []
    for act in ("message", "read", "note", "escalate"):
        shown = await page.seat("deputy-1").chooses(f"{act}:{concern}")
        assert shown.titles == [WORDS.not_yours_title]


async def test_though_they_stand_in_for_the_head_tomorrow_it_is_not_theirs(
    teacher: Seat, head: Seat, page: Page, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    deputy = page.seat("deputy-1")
    about_them = await teacher.logs_a_concern(NAMED, about="safeguarding")
    other = await teacher.logs_a_concern(ABOUT_AN_ADULT, about="adult")
    concern, theirs = await is_alerted(head, about_them), await is_alerted(head, other)

    stands_in_for_the_head(monkeypatch, school, LIBRARY.school.people.deputies[0])

    assert ABOUT_AN_ADULT["adult"] in (await deputy.chooses(f"open:{theirs}")).text, "whatever else reaches the head"
    assert (await deputy.chooses(f"open:{concern}")).titles == [WORDS.not_yours_title]
    for shown in (await deputy.chooses("list"), await finds(deputy, stage="logged")):
        assert other in shown.text
        assert about_them not in shown.text
    assert LIBRARY.say(WORDS.list_count, count="1") in (await deputy.chooses("list")).text


def stands_in_for_the_head(monkeypatch: pytest.MonkeyPatch, school: School, person: SchoolPerson) -> None:
    """As if school.yaml had been changed: this person is the head now."""
    shelf = school.signpost.shelf
    guide = shelf.guidance()
    its = guide.library.school
    its = its.model_copy(update={"people": its.people.model_copy(update={"head": person})})
    monkeypatch.setattr(shelf, "_guidance", replace(guide, library=guide.library.model_copy(update={"school": its})))
