"""A concern leaves Signpost only to somebody it has reached, by a code from chat; whoever it names takes nothing of it."""

from __future__ import annotations

import pytest

from bot import NotYoursError, Words
from tests.channels.school import ABOUT_AN_ADULT, ACCOUNT, LIBRARY, WORDS, Page, School, Seat
from tests.stories.deciding import decides, sends
from tests.stories.taking import code_in, printed, taken

NAMED = {**ABOUT_AN_ADULT, "member": "deputy-1"}
HANDING = WORDS.handing


async def test_the_dsl_hands_it_over_and_it_is_forgotten_here(teacher: Seat, dsl: Seat, school: School) -> None:
    reference = await teacher.logs_a_concern()
    concern = (await dsl.is_told(reference)).choice(WORDS.open_button).partition(":")[2]
    await decides(dsl, concern)
    await sends(dsl, await dsl.chooses(f"close:{concern}"), {"text": "Dealt with", "undecided": "double"})

    shown = await dsl.chooses(f"handover:{concern}")
    (record,) = await taken(school, dsl, code_in(shown), reference)
    assert ACCOUNT["child-1"] in printed(record)

    await sends(dsl, shown, {"system": "The other system", "reference": "4711"})
    again = await sends(dsl, await dsl.chooses(f"forget:{concern}"), {"reference": reference, "text": "It is there"})
    assert again.titles == [HANDING.forgotten_title.format(reference=reference)]

    for typed in (reference, "Robin", "Ashdown"):
        found = await sends(dsl, await dsl.chooses("find"), {"text": typed})
        assert reference not in found.text
    assert reference not in (await dsl.chooses("list")).text
    assert ACCOUNT["child-1"] not in (await dsl.chooses(f"open:{concern}")).text


async def test_whoever_it_names_exports_and_finds_nothing_of_it(
    teacher: Seat, head: Seat, dsl: Seat, page: Page, school: School
) -> None:
    deputy = page.seat("deputy-1")
    reference = await teacher.logs_a_concern(NAMED, about="safeguarding")
    concern = (await head.is_told(reference)).choice(WORDS.open_button).partition(":")[2]

    for choice in (f"handover:{concern}", f"similar:{concern}", f"forget:{concern}"):
        shown = await deputy.chooses(choice)
        assert reference not in shown.text
        assert HANDING.code not in shown.text
    code = code_in(await deputy.chooses("code"))
    with pytest.raises(NotYoursError):
        await taken(school, deputy, code, reference)
    found = await sends(deputy, await deputy.chooses("find"), {"text": reference})
    assert LIBRARY.say(HANDING.found_none) in found.text

    (record,) = await taken(school, head, code_in(await head.chooses("code")), reference)
    assert Words(ABOUT_AN_ADULT["adult"]) in [line.value for line in record.account]
    assert "exported" in [entry.what for entry in record.chronology]
