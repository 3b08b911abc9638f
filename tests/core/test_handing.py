"""Whoever may open a concern may take it out, find it and record where it went; to everybody else it is not there."""

from __future__ import annotations

import pytest

from bot import NotYoursError, RosterUnreadable
from tests.core.casework import act
from tests.core.handed import SYSTEM, THERE, code_and_passphrase, find, hand, take
from tests.core.stores import BOTH

STORES = BOTH


@pytest.fixture
async def ref(school):
    ref = await school.log(**{"child-1": "Zoë O'Neill-Smith (7B)"})
    await school.ring()
    return ref


# ---- the code


async def test_the_code_of_hand_over_stands_for_the_dsl_who_asked_once(school, ref):
    code, passphrase = await code_and_passphrase(school, ref)
    holder = await school.desk.handing.holder(code.lower(), school.clock.now())
    assert holder == (school.person("dsl"), passphrase)
    assert await school.desk.handing.holder(code, school.clock.now()) is None


async def test_after_ten_minutes_or_five_wrong_tries_it_opens_nothing(school, ref):
    code, _ = await code_and_passphrase(school)
    assert await school.desk.handing.holder(code, school.clock.forward(minutes=10)) is None
    code, _ = await code_and_passphrase(school)
    for _ in range(5):
        assert await school.desk.handing.holder("AAAA-AAAA", school.clock.now()) is None
    assert await school.desk.handing.holder(code, school.clock.now()) is None


@pytest.mark.parametrize("who", ["teacher", "somebody"])
async def test_nobody_else_gets_a_code_or_a_search(school, ref, who):
    for choice in ("code", "find", f"handover:{school.id(ref)}"):
        assert school.titles(await school.press(choice, school.person(who))) == [school.wording.not_yours_title]
    assert ref not in await find(school, "Zoë", who)
    assert school.count("codes") == 0


async def test_neither_code_nor_passphrase_nor_name_is_stored_readably(school, ref):
    code, passphrase = await code_and_passphrase(school, ref)
    kept = str(school.everything())
    for secret in (code, code.replace("-", ""), passphrase, school.MARK, "neill", "zoe"):
        assert secret not in kept


# ---- out


async def test_what_leaves_is_in_the_chronology_first_by_whom_and_how(school, ref):
    (record,) = await take(school, ref, how="PDF, CSV")
    assert school.entries(ref)[-1] == "exported"
    last = record.chronology[-1]
    assert (last.what, last.who, last.said.reveal()) == ("exported", school.person("dsl").name, "PDF, CSV")
    assert record.children[0][0].reveal() == "Zoë O'Neill-Smith (7B)"


@pytest.mark.parametrize("who", ["teacher", "somebody", "deputy-1", "head", "chair"])
async def test_whomever_it_has_not_reached_takes_nothing(school, ref, who):
    with pytest.raises(NotYoursError):
        await take(school, ref, who=who)
    assert "exported" not in school.entries(ref)


async def test_a_deputy_whom_it_has_reached_takes_it(school, ref):
    school.clock.forward(days=1)
    await school.ring()
    assert (await take(school, ref, who="deputy-1"))[0].reference == ref


async def test_whoever_was_removed_from_the_place_a_second_ago_takes_nothing(school, ref):
    school.channels["web"].places["dsl"] |= {"web:second"}
    assert await take(school, ref, who="second")
    school.channels["web"].places["dsl"] -= {"web:second"}
    with pytest.raises(NotYoursError):
        await take(school, ref, who="second")


async def test_if_nobody_can_say_who_is_on_the_team_nothing_leaves(school, ref):
    school.channels["web"].readable = False
    with pytest.raises(RosterUnreadable):
        await take(school, ref, who="somebody")
    assert "exported" not in school.entries(ref)


async def test_one_that_is_not_theirs_keeps_all_of_them_back(school, ref):
    other = await school.log()
    await school.ring()
    school.channels["web"].places["dsl"] |= {"web:second"}
    await act(school, "restrict", other, text="why", who="")
    with pytest.raises(NotYoursError, match=other):
        await take(school, ref, other, who="second")
    assert "exported" not in school.entries(ref) + school.entries(other)


async def test_a_link_to_what_is_not_theirs_does_not_leave_with_it(school, ref):
    school.channels["web"].places["dsl"] |= {"web:second"}
    other = await school.log()
    await school.ring()
    await act(school, "link", ref, reference=other, text="the same corridor")
    await act(school, "restrict", other, text="why", who="")
    (theirs,) = await take(school, ref)
    assert [link.reference for link in theirs.links] == [other]
    (record,) = await take(school, ref, who="second")
    assert record.links == ()
    assert other not in str([entry.said.reveal() for entry in record.chronology])


# ---- where it went


async def test_where_it_went_is_in_the_chronology(school, ref):
    await hand(school, ref)
    shown = school.text(await school.press(f"open:{school.id(ref)}", school.person("dsl")))
    assert f"{SYSTEM}: {THERE}" in shown


async def test_both_parts_of_where_it_went_are_needed(school, ref):
    reply = await school.fill(f"handed:{school.id(ref)}", {"system": SYSTEM, "reference": " "}, school.person("dsl"))
    assert [field.key for field in school.form(reply).fields if field.error] == ["reference"]
    assert "handed_over" not in school.entries(ref)


# ---- found


@pytest.mark.parametrize("typed", ["zoe", "ZOË", "O’Neill-Smith", "oneillsmith zoe", "TA-2026-0001", "ta-2026-0001"])
async def test_a_name_is_found_however_it_is_typed(school, ref, typed):
    assert ref in await find(school, typed)


@pytest.mark.parametrize("typed", ["Zoë Brown", "Smyth", "7B", "the", "happened", "…", "TA-2026-0009"])
async def test_what_no_name_in_it_says_is_not_found(school, ref, typed):
    assert ref not in await find(school, typed)


async def test_a_search_shows_references_and_no_names(school, ref):
    shown = await find(school, "zoe")
    assert "Neill" not in shown
    assert school.MARK not in shown


async def test_a_name_that_the_reporter_adds_later_is_found_too(school, ref):
    await school.fill(f"add:{school.id(ref)}", {"text": "He said that Jörg was there"})
    assert ref in await find(school, "jorg")
    assert ref not in await find(school, "was")


async def test_what_may_not_be_opened_is_neither_found_nor_counted(school, ref):
    school.channels["web"].places["dsl"] |= {"web:second"}
    await act(school, "restrict", ref, text="why", who="")
    shown = await find(school, "zoe", "second")
    assert ref not in shown
    assert school.library.say(school.wording.handing.found_none) in shown


async def test_others_about_the_same_child_are_found_from_the_concern_itself(school, ref):
    same = await school.log(**{"child-1": "zoe oneillsmith"})
    other = await school.log(**{"child-1": "Zoë Brown"})
    await school.ring()
    shown = school.text(await school.press(f"similar:{school.id(ref)}", school.person("dsl")))
    assert same in shown
    assert other not in shown
    assert f"open:{school.id(ref)}" not in shown
