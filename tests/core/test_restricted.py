"""Who may not see a concern does not see it: not in a list, a count, a search by reference, an alert or a link."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot import Choice
from policy_content.model import SchoolPerson
from tests.core.casework import act, told
from tests.core.stores import BOTH

STORES = BOTH
WHY = "whywhy"


@pytest.fixture
async def ref(school):
    """A concern that has reached the DSL place, in which there are two."""
    school.channels["web"].places["dsl"] |= {"web:second"}
    ref = await school.log()
    await school.ring()
    return ref


async def seen_by(school, ref, who):
    """Every way in which this person could learn that it is there."""
    id_, person = school.id(ref), school.person(who)
    replies = [await school.press(f"{name}:{id_}", person) for name in ("open", "ack", "decide", "more", "chronology")]
    return "\n".join(school.text(reply) for reply in (*replies, await school.press("list", person)))


def titles(parts):
    return [part.title for part in parts if not isinstance(part, Choice)]


# ---- kept to named people


async def test_kept_to_named_people_it_is_there_for_them_and_for_whoever_did_it(school, ref):
    await act(school, "restrict", ref, text=WHY, who="deputy-1")
    for who in ("dsl", "deputy-1"):
        assert ref in school.text(await school.press(f"open:{school.id(ref)}", school.person(who)))
        assert ref in school.text(await school.press("list", school.person(who)))


@pytest.mark.parametrize("who", ["second", "head", "chair", "somebody"])
async def test_to_everybody_else_it_is_as_if_it_were_not_there(school, ref, who):
    await act(school, "restrict", ref, text=WHY, who="deputy-1")
    shown = await seen_by(school, ref, who)
    assert ref not in shown
    assert school.MARK not in shown
    assert "opened" not in school.entries(ref)


async def test_it_is_not_counted_either(school, ref):
    await school.log(who=school.person("other"))
    await school.ring()
    await act(school, "restrict", ref, text=WHY, who="")
    count = school.library.say(school.wording.list_count, count="1")
    assert count in school.text(await school.press("list", school.person("second")))


async def test_the_alert_in_the_place_says_no_more_than_that(school, ref):
    await act(school, "restrict", ref, text=WHY, who="deputy-1")
    await school.ring()
    card = next(alert for alert in school.channels["web"].screen.values() if alert.told == "dsl")
    assert not [part for part in card.parts if isinstance(part, Choice)]
    assert school.person("teacher").name.reveal() not in school.text(card.parts)


async def test_from_then_on_only_they_are_told(school, ref):
    await act(school, "restrict", ref, text=WHY, who="deputy-1")
    await school.ring()
    school.channels["web"].sent.clear()
    school.clock.forward(days=2)
    await school.ring()
    await school.fill(f"add:{school.id(ref)}", {"text": "more"})
    await school.ring()
    new = [alert for alert in school.channels["web"].sent if alert.receipt is None]
    assert {alert.told for alert in new} <= {"deputy-1", "person:web:dsl", "person:web:teacher"}
    assert {"deputy-1", "person:web:dsl"} <= {alert.told for alert in new}


async def test_whoever_is_named_is_told_that_they_are(school, ref):
    await act(school, "restrict", ref, text=WHY, who="deputy-1")
    await school.ring()
    assert told(school, "kept") == ["deputy-1"]
    assert WHY not in "".join(school.text(alert.parts) for alert in school.channels["web"].sent)


async def test_being_named_is_not_enough_for_whoever_left_the_team(school, ref):
    await act(school, "restrict", ref, "second", text=WHY, who="")
    assert ref in school.text(await school.press(f"open:{school.id(ref)}", school.person("second")))
    school.channels["web"].places["dsl"].discard("web:second")
    assert ref not in await seen_by(school, ref, "second")


async def test_once_kept_to_one_it_can_be_kept_again_by_nobody_else_and_to_nobody_more(school, ref):
    await act(school, "restrict", ref, text=WHY, who="")
    assert ref not in await seen_by(school, ref, "deputy-1")
    await act(school, "restrict", ref, text=WHY, who="")
    shown = school.form(await school.press(f"restrict:{school.id(ref)}", school.person("dsl")))
    assert [option.key for option in shown.fields[0].options] == ["dsl"]


async def test_its_links_and_messages_stay_with_them(school, ref):
    other = await school.log(who=school.person("other"))
    await school.ring()
    await act(school, "restrict", ref, text=WHY, who="")
    reply = await act(school, "link", other, "second", reference=ref, text="same")
    assert school.form(reply).fields[0].error == school.wording.case.link_wrong


async def test_an_escalation_of_it_rings_those_named_alone(school, ref):
    await act(school, "restrict", ref, text=WHY, who="deputy-1")
    await school.ring()
    school.channels["web"].sent.clear()
    await act(school, "escalate", ref, text="worse")
    for _ in range(6):
        await school.ring()
        school.clock.forward(minutes=10)
    new = {alert.told for alert in school.channels["web"].sent if alert.receipt is None}
    assert new == {"deputy-1", "person:web:dsl"}


# ---- kept from whom it is about


async def about_the_deputy(school):
    ref = await school.log("safeguarding", member="deputy-1")
    await school.ring()
    return ref


async def test_a_member_of_the_team_whom_it_names_is_kept_out_whatever_reaches_them(school):
    ref = await about_the_deputy(school)
    school.alter("update alerts set told = 'deputy-1'")  # as if an alert had gone to them
    shown = await seen_by(school, ref, "deputy-1")
    assert ref not in shown


async def test_nobody_can_hand_it_to_them_or_keep_it_to_them(school):
    ref = await about_the_deputy(school)
    for name in ("assign", "restrict"):
        form = school.form(await school.press(f"{name}:{school.id(ref)}", school.person("head")))
        offered = {option.key for field in form.fields for option in field.options}
        assert "deputy-1" not in offered
        assert "dsl" in offered
    reply = await act(school, "assign", ref, "head", who="deputy-1")
    assert school.form(reply).fields[0].error


async def test_in_every_chat_they_are_the_same_person(school):
    ref = await about_the_deputy(school)
    school.alter("update alerts set told = 'deputy-1'")
    elsewhere = school.person("deputy-1", channel="console")
    reply = await school.press(f"open:{school.id(ref)}", elsewhere)
    assert school.titles(reply) == [school.wording.not_yours_title]


async def test_one_who_is_in_the_place_is_kept_out_of_what_reached_the_place(school):
    ref = await school.log("safeguarding", member="dsl")
    await school.ring()
    await act(school, "assign", ref, "head", who="deputy-1")
    school.alter("update alerts set told = 'dsl' where told = 'head'")
    assert ref not in await seen_by(school, ref, "dsl")
    assert ref in school.text(await school.press(f"open:{school.id(ref)}", school.person("deputy-1")))


async def test_if_nobody_is_named_none_of_the_team_is_offered(school):
    ref = await school.log("safeguarding")
    form = school.form(await school.press(f"assign:{school.id(ref)}", school.person("head")))
    assert {option.key for option in form.fields[0].options} == {"head", "chair"}


async def test_a_concern_about_the_head_is_never_handed_to_the_head(school):
    ref = await school.log("head")
    form = school.form(await school.press(f"assign:{school.id(ref)}", school.person("chair")))
    assert "head" not in {option.key for option in form.fields[0].options}


async def test_the_form_asks_which_member_by_name(school):
    form = school.form(await school.begin("safeguarding"))
    field = next(field for field in form.fields if field.key == "member")
    people = school.library.school.people
    assert [option.label for option in field.options][:2] == [people.dsl.name, people.deputies[0].name]


async def test_whoever_had_no_chat_yet_is_known_by_role(school, guidance):
    people = school.library.school.people
    nobody = SchoolPerson(name="New Deputy", phone="01632 960009")
    changed = people.model_copy(update={"deputies": (nobody,)})
    library = guidance.library.model_copy(
        update={"school": guidance.library.school.model_copy(update={"people": changed})}
    )
    school.guide = replace(guidance, library=library)
    ref = await about_the_deputy(school)
    school.guide = guidance  # the deputy has a chat from now on
    school.alter("update alerts set told = 'deputy-1'")
    assert ref not in await seen_by(school, ref, "deputy-1")


# ---- the list


async def test_the_list_begins_with_what_nobody_has_acknowledged(school):
    first = await school.log()
    second = await school.log(who=school.person("other"))
    await school.ring()
    await school.press(f"ack:{school.id(first)}", school.person("dsl"))
    shown = school.titles(await school.press("list", school.person("dsl")))
    order = [title for title in shown if "TA-" in title]
    assert [second in order[0], first in order[1]] == [True, True]


async def test_what_is_not_theirs_never_crowds_out_what_is(school):
    for n in range(3):
        await school.log("head", school.person(f"other-{n}"))
    mine = await school.log()
    found = await school.ledger.open_concerns({"dsl"}, {"web:dsl"}, at_most=1)
    assert [concern.reference for concern in found] == [mine]
