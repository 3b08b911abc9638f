"""To whom a concern can be kept: everybody who is in the DSL place now, and those of school.yaml, each of them once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot import Words, casecards
from tests.core.casework import act, told
from tests.core.stores import BOTH

STORES = BOTH
WHY = "whywhy"


@pytest.fixture
async def ref(school):
    """A concern that has reached the DSL place: in one chat the DSL and another, in the second chat a third person."""
    school.channels["web"].places["dsl"] = {"web:dsl", "web:second"}
    school.channels["console"].places["dsl"] = {"console:third"}
    ref = await school.log()
    await school.ring()
    return ref


async def offered(school, ref, by="dsl"):
    form = school.form(await school.press(f"restrict:{school.id(ref)}", school.person(by)))
    return {option.key: option.label for field in form.fields for option in field.options}


async def sees(school, ref, who, channel="web"):
    person = school.person(who, channel=channel)
    opened = school.text(await school.press(f"open:{school.id(ref)}", person))
    return ref in opened and ref in school.text(await school.press("list", person))


# ---- that somebody can always open it


async def test_it_is_never_kept_only_to_those_whom_the_place_alone_knows(school, ref):
    """They may leave it: then nobody could open the concern, and no alert about it would be heard."""
    form = school.form(await school.press(f"restrict:{school.id(ref)}", school.person("second")))
    for who in ("", "console:third"):
        refused = school.form(await school.fill(form.id, {"who": who, "text": WHY}, school.person("second")))
        assert school.wording.case.restrict_nobody_stays in [field.error for field in refused.fields]
        assert WHY in [field.value.reveal() for field in refused.fields]
    assert await sees(school, ref, "dsl")
    saved = await school.fill(form.id, {"who": "dsl,console:third", "text": WHY}, school.person("second"))
    assert school.wording.case.restricted in school.text(saved)


# ---- who is offered


async def test_whoever_is_in_the_place_in_any_chat_is_offered_by_the_name_the_chat_gives(school, ref):
    school.channels["web"].called["web:second"] = "Ms Ada\u202e  Lowe"
    shown = await offered(school, ref)
    assert shown["web:second"] == "Ms Ada Lowe"
    assert shown["console:third"] == "called console:third"
    people = dict(school.library.school.people.everyone())
    assert {role for role in shown if ":" not in role} == set(people)


async def test_whom_school_yaml_names_is_offered_once_and_whoever_does_it_not_as_somebody_else(school, ref):
    school.channels["web"].places["dsl"].add("web:deputy-1")
    assert {key for key in await offered(school, ref) if ":" in key} == {"web:second", "console:third"}
    assert "web:second" not in await offered(school, ref, by="second")


async def test_whoever_has_left_the_place_is_offered_no_more_and_cannot_be_chosen(school, ref):
    form = school.form(await school.press(f"restrict:{school.id(ref)}", school.person("dsl")))
    school.channels["web"].places["dsl"].discard("web:second")
    reply = await school.fill(form.id, {"who": "web:second", "text": WHY}, school.person("dsl"))
    assert school.form(reply).fields[0].error
    assert "restricted" not in school.entries(ref)


async def test_two_of_the_same_name_are_told_apart(school, ref):
    school.channels["web"].called["web:second"] = school.channels["console"].called["console:third"] = "Ada Lowe"
    shown = await offered(school, ref)
    assert shown["web:second"] != shown["console:third"]
    assert all(shown[key].startswith("Ada Lowe") for key in ("web:second", "console:third"))


async def test_one_of_the_same_name_as_somebody_in_school_yaml_is_told_apart_too(school, ref):
    deputy = school.library.school.people.deputies[0].name
    school.channels["web"].called["web:second"] = deputy
    shown = await offered(school, ref)
    assert shown["deputy-1"] == deputy
    assert shown["web:second"] == f"{deputy} (web:second)"


async def test_a_chat_that_cannot_say_who_is_there_keeps_nobody_else_from_being_offered(school, ref):
    school.channels["console"].readable = False
    shown = await offered(school, ref)
    assert "web:second" in shown
    assert "console:third" not in shown


@pytest.mark.parametrize(("about", "member"), [("safeguarding", "deputy-1"), ("safeguarding", ""), ("adult", "")])
async def test_nobody_of_the_place_is_offered_what_went_round_the_place(school, about, member):
    school.channels["web"].places["dsl"] |= {"web:second", "web:deputy-1"}
    ref = await school.log(about, **({"member": member} if member else {}))
    await school.ring()
    assert not [key for key in await offered(school, ref, by="head") if ":" in key]


async def test_one_whom_it_must_be_kept_from_is_not_offered_under_any_id(school, ref):
    concern = replace(await school.ledger.by_reference(ref), avoids=frozenset({"web:second"}))
    inside = {"web:second": Words("Ms Ada Lowe"), "web:fourth": Words("Ms Ida Frost")}
    assert {key for key in casecards.keepable(school.library, concern, inside) if ":" in key} == {"web:fourth"}


# ---- what comes of it


async def test_kept_to_one_of_the_place_it_is_there_for_them_and_for_nobody_else(school, ref):
    await act(school, "restrict", ref, text=WHY, who="web:second")
    await school.ring()
    assert await sees(school, ref, "second")
    assert await sees(school, ref, "dsl")
    assert not await sees(school, ref, "third", "console")
    assert not await sees(school, ref, "deputy-1")
    assert told(school, "kept") == ["person:web:second"]


async def test_the_chronology_names_them_as_the_chat_did(school, ref):
    school.channels["web"].called["web:second"] = "Ms Ada Lowe"
    await act(school, "restrict", ref, text=WHY, who="web:second")
    assert "Ms Ada Lowe" in school.text(await school.press(f"chronology:{school.id(ref)}", school.person("dsl")))


async def test_being_chosen_is_not_enough_for_whoever_left_the_place_since(school, ref):
    await act(school, "restrict", ref, text=WHY, who="web:second")
    school.channels["web"].places["dsl"].discard("web:second")
    assert not await sees(school, ref, "second")


async def test_the_same_name_in_another_chat_is_another_person(school, ref):
    school.channels["console"].places["dsl"].add("console:second")
    await act(school, "restrict", ref, text=WHY, who="web:second")
    assert not await sees(school, ref, "second", "console")


async def test_once_kept_it_is_offered_to_nobody_beyond(school, ref):
    await act(school, "restrict", ref, text=WHY, who="web:second")
    assert set(await offered(school, ref)) == {"dsl", "web:second"}
