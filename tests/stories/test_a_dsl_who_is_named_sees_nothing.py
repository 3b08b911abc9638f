"""A concern that names a member of the safeguarding team is not there for that person, wherever they look."""

from __future__ import annotations

from tests.channels.school import ABOUT_AN_ADULT, LIBRARY, WORDS, Page, Seat
from tests.stories.deciding import sends

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
