"""Adding, listing, deciding and closing: by those who may, once, and on the record."""

from __future__ import annotations

import asyncio

import pytest

from bot import Form, case
from bot.ledger import Proof
from tests.core.casework import CLOSED, decide
from tests.core.stores import BOTH

STORES = BOTH
REF = "TA-2026-0001"
NEWS = "newsnews"


@pytest.fixture
def web(school):
    return school.channels["web"]


async def fill(school, act, text, who="dsl", **how):
    return await school.fill(f"{act}:{school.id(REF)}", CLOSED | {"text": text}, school.person(who), **how)


# ---- my concerns, and adding


async def test_the_reporter_sees_their_own_concerns_with_their_stage_and_nobody_elses(school):
    await school.log()
    await school.log(who=school.person("other"))
    reply = await school.say("my concerns")
    shown = school.text(reply)
    assert REF in shown
    assert "TA-2026-0002" not in shown
    assert [choice.id for choice in school.choices(reply)] == [f"add:{school.id(REF)}"]


async def test_only_the_reporter_adds(school):
    await school.log()
    for who in ("dsl", "head", "other"):
        for reply in (
            await school.press(f"add:{school.id(REF)}", school.person(who)),
            await fill(school, "add", NEWS, who),
        ):
            assert school.titles(reply) == [school.wording.not_yours_title]
    assert school.entries(REF) == ["logged"]


async def test_what_is_added_stands_in_the_chronology_and_those_who_have_it_are_told_without_words(school, web):
    await school.log()
    await school.ring()
    form = school.form(await school.press(f"add:{school.id(REF)}"))
    reply = await school.fill(form.id, {"text": NEWS})
    assert REF in school.titles(reply)[-1]
    await school.ring()
    told = [alert for alert in web.sent if alert.kind == "added"]
    assert [alert.told for alert in told] == ["dsl"]
    assert NEWS not in school.text(told[0].parts)
    opened = await school.press(f"open:{school.id(REF)}", school.person("dsl"))
    assert NEWS in school.text(opened)
    assert school.entries(REF) == ["logged", "added", "opened"]


async def test_nothing_added_is_asked_for_again(school):
    await school.log()
    reply = await fill(school, "add", "  ", "teacher")
    assert school.form(reply).fields[0].error
    assert school.entries(REF) == ["logged"]


async def test_urgent_words_that_are_added_bring_up_whom_to_ring(school):
    await school.log("adult")
    reply = await fill(school, "add", "he has a knife and is going to stab her now", "teacher")
    assert reply.parts[0] == school.ring_now("head")


async def test_an_addition_delivered_twice_is_one(school):
    await school.log()
    for _ in range(2):
        await fill(school, "add", NEWS, "teacher", event="same")
    assert school.entries(REF) == ["logged", "added"]


async def test_a_concern_may_be_added_to_when_it_is_closed_and_the_reply_says_to_go_to_a_person(school):
    await school.log()
    await fill(school, "close", "done")
    reply = await fill(school, "add", NEWS, "teacher")
    assert school.phone("dsl") in school.text(reply)
    assert school.entries(REF) == ["logged", "closed", "added"]


# ---- the open list


async def test_the_open_list_shows_both_clocks_and_the_last_proof_and_no_words(school, ledger):
    await school.log()
    await ledger.claim_proof("web", school.clock.now(), school.clock.now())
    await ledger.record_proof(Proof("web", school.clock.now(), school.clock.now(), "r", None))
    reply = await school.press("list", school.person("dsl"))
    shown = school.text(reply)
    for said in (REF, "10:30", "10:00 on 3 March", "web", "last proved 10:00"):
        assert said in shown
    assert school.MARK not in shown


@pytest.mark.parametrize("who", ["teacher", "somebody"])
async def test_the_list_is_for_those_who_were_told_only(school, who):
    await school.log()
    reply = await school.press("list", school.person(who))
    assert school.titles(reply) == [school.wording.not_yours_title]
    assert REF not in school.text(reply)


async def test_each_role_lists_what_has_reached_it(school):
    await school.log(now="yes")
    await school.log("head", school.person("other"))
    assert REF not in school.text(await school.press("list", school.person("deputy-1")))
    await school.ring()
    school.clock.forward(minutes=5)
    await school.ring()
    seen = {who: school.text(await school.press("list", school.person(who))) for who in ("dsl", "deputy-1", "chair")}
    assert {who: (REF in text, "TA-2026-0002" in text) for who, text in seen.items()} == {
        "dsl": (True, False),
        "deputy-1": (True, False),
        "chair": (False, True),
    }


async def test_when_the_place_cannot_be_read_only_the_named_people_list(school, web):
    await school.log()
    web.readable = False
    assert REF in school.text(await school.press("list", school.person("dsl")))
    web.places["dsl"].add("web:deputy")
    reply = await school.press("list", school.person("deputy"))
    assert school.titles(reply) == [school.wording.no_roster_title]


# ---- closing


async def test_closing_asks_why_and_is_recorded_with_it(school):
    await school.log()
    form = await school.press(f"close:{school.id(REF)}", school.person("dsl"))
    assert form.dialog
    silent = await school.fill(school.form(form).id, {"text": NEWS}, school.person("dsl"))
    assert [field.key for field in school.form(silent).fields if field.error] == ["undecided"]
    reply = await school.fill(school.form(form).id, CLOSED | {"text": NEWS}, school.person("dsl"))
    assert REF in school.titles(reply)[0]
    assert school.entries(REF) == ["logged", "closed"]
    concern = await school.ledger.by_reference(REF)
    assert concern.stage == "closed"
    assert case.said(concern.entry("closed")).reveal() == f"{school.wording.close_mistake}.\n{NEWS}"
    assert NEWS in school.text(await school.press(f"open:{school.id(REF)}", school.person("dsl")))


async def test_a_second_is_told_when_and_by_whom_it_was_done_and_changes_nothing(school):
    await school.log()
    await fill(school, "close", NEWS)
    before = school.everything()
    school.clock.forward(minutes=3)
    school.channels["web"].places["dsl"].add("web:deputy")
    for reply in (
        await fill(school, "close", "otherwise", "deputy"),
        await school.press(f"close:{school.id(REF)}", school.person("deputy")),
    ):
        assert "10:00" in school.text(reply)
        assert school.person("dsl").name.reveal() in school.text(reply)
    assert school.everything() == before


async def test_two_at_once_are_one_and_the_other_is_told(school, another_ledger, new_school):
    await school.log()
    school.channels["web"].places["dsl"].add("web:deputy")
    other = new_school(await another_ledger(), list(school.channels.values()))
    replies = await asyncio.gather(
        *(
            fill(school, "close", f"{NEWS} {who}", who, event=f"by-{who}", desk=one.desk)
            for who, one in (("dsl", school), ("deputy", other))
        )
    )
    assert sorted(any(card.tone == "done" for card in school.cards(reply)) for reply in replies) == [False, True]
    assert school.entries(REF) == ["logged", "closed"]


async def test_who_was_not_told_does_not_close_it_nor_learns_that_it_is_there(school):
    await school.log()
    known = await fill(school, "close", NEWS, "somebody")
    unknown = await school.fill("close:nothing", {"text": NEWS}, school.person("somebody"))
    assert known.parts == unknown.parts
    assert school.entries(REF) == ["logged"]


async def test_a_decision_may_be_closed_and_a_closed_concern_not_decided(school):
    await school.log()
    await decide(school, REF)
    await fill(school, "close", NEWS)
    reply = await school.press(f"decide:{school.id(REF)}", school.person("dsl"))
    assert not any(isinstance(part, Form) for part in reply.parts)
    assert school.entries(REF) == ["logged", "decided", "closed"]


async def test_a_closed_concern_can_still_be_opened_and_the_chain_holds(school):
    await school.log()
    await fill(school, "close", NEWS)
    reply = await school.press(f"open:{school.id(REF)}", school.person("dsl"))
    assert reply.dialog
    audit = await school.ledger.audit()
    assert (audit.checked, audit.breaks) == (3, ())


async def test_the_reporter_of_a_concern_closed_undecided_is_told_so_and_what_to_do_if_that_is_wrong(school):
    await school.log()
    await fill(school, "close", NEWS)
    await school.ring()
    shown = [school.text(alert.parts) for alert in school.channels["web"].sent if alert.kind == "settled"]
    assert len(shown) == 1
    assert school.library.say(school.wording.case.settled_undecided_title, reference=REF) in shown[0]
    assert NEWS not in shown[0]


async def test_what_is_decided_is_closed_without_being_asked_why_it_is_not(school):
    await school.log()
    await decide(school, REF)
    form = school.form(await school.press(f"close:{school.id(REF)}", school.person("dsl")))
    assert "undecided" not in {field.key for field in form.fields}
    await school.fill(form.id, {"text": NEWS}, school.person("dsl"))
    assert (await school.ledger.by_reference(REF)).entry("closed").text.reveal() == NEWS


async def test_reopened_it_may_be_closed_because_what_was_decided_still_holds(school):
    await school.log()
    await decide(school, REF)
    await fill(school, "close", NEWS)
    await school.fill(f"reopen:{school.id(REF)}", {"text": "a question"}, school.person("dsl"))
    form = school.form(await school.press(f"close:{school.id(REF)}", school.person("dsl")))
    (why,) = [field for field in form.fields if field.key == "undecided"]
    assert [option.key for option in why.options] == ["mistake", "double", "stands"]
    await school.fill(form.id, {"text": NEWS, "undecided": "stands"}, school.person("dsl"))
    assert school.entries(REF)[-1] == "closed"
