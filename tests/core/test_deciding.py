"""The guided decision, filled in by people: nothing typed is lost, nobody overwrites another, nothing is overwritten."""

from __future__ import annotations

import asyncio

import pytest

from bot import Form
from bot.ledger import ChangedMeanwhileError, DecisionDraft, LedgerDownError
from bot.talk import Words
from tests.core.casework import ANSWERS, CONTACT, decide, fill_pages, page_of, save_of, told
from tests.core.stores import BOTH

STORES = BOTH
REF = "TA-2026-0001"
OTHERS = "what the other typed"


@pytest.fixture
async def ref(school):
    """A logged concern, with a second DSL in the place."""
    school.channels["web"].places["dsl"].add("web:second")
    return await school.log()


async def begin(school, ref, who="dsl"):
    return await school.press(f"decide:{school.id(ref)}", school.person(who))


async def safety(school, reply, who="dsl", **changes):
    form = school.form(reply)
    return await school.fill(
        form.id, {f.key: ANSWERS.get(f.key, "") for f in form.fields} | changes, school.person(who)
    )


async def test_a_decision_is_recorded_whole_and_the_reporter_is_told_that_it_was_and_not_what(school, ref):
    reply = await decide(school, ref)
    assert reply.dialog
    assert ref in school.titles(reply)[0]
    concern = await school.ledger.by_reference(ref)
    assert concern.stage == "decided"
    assert school.entries(ref) == ["logged", "decided"]
    await school.ring()
    assert told(school, "settled") == ["person:web:teacher"]
    alert = next(alert for alert in school.channels["web"].sent if alert.kind == "settled")
    shown = school.text(alert.parts)
    assert school.MARK not in shown
    assert school.wording.decision.levels.inappropriate not in shown


async def test_it_is_not_recorded_before_save_is_pressed(school, ref):
    checked = await fill_pages(school, ref)
    assert school.titles(checked)[0] == school.library.say(school.wording.decision.check_title, reference=ref)
    assert school.entries(ref) == ["logged"]
    shown = school.text(checked)
    for key, value in ANSWERS.items():
        if school.MARK in value and key != "changed":
            assert value in shown, key


async def test_a_page_is_not_left_while_something_is_missing_and_what_was_typed_is_kept(school, ref):
    reply = await safety(school, await begin(school, ref), harmed_safe="", others=OTHERS)
    assert page_of(school, reply) == "safety"
    assert next(field for field in school.form(reply).fields if field.key == "harmed_safe").error
    assert OTHERS in school.text(await begin(school, ref))


async def test_what_was_typed_is_there_after_a_restart(school, ref, another_ledger, new_school):
    await safety(school, await begin(school, ref), others=OTHERS)
    later = new_school(await another_ledger(), list(school.channels.values()))
    reply = await later.press(f"decide:{later.id(ref)}", later.person("dsl"), event="after")
    assert page_of(later, reply) == "weighing"
    back = next(choice.id for choice in later.choices(reply))
    assert OTHERS in later.text(await later.press(back, later.person("dsl"), event="back"))


async def test_a_draft_is_sealed(school, ref):
    await safety(school, await begin(school, ref), others=OTHERS)
    assert OTHERS.encode() not in b"".join(bytes(row[0]) for row in school.rows("select sealed from decision_drafts"))
    assert OTHERS not in str(school.everything())


async def test_a_second_dsl_goes_on_where_the_first_stopped_and_that_is_an_opening(school, ref):
    await safety(school, await begin(school, ref), others=OTHERS)
    reply = await begin(school, ref, "second")
    assert page_of(school, reply) == "weighing"
    assert school.entries(ref) == ["logged", "opened"]


async def test_a_page_sent_late_overwrites_nothing_and_is_shown_back_with_who_was_first(school, ref):
    first, second = await begin(school, ref), await begin(school, ref, "second")
    await safety(school, first, others="first typed")
    reply = await safety(school, second, "second", others=OTHERS)
    shown = school.text(reply)
    assert school.wording.decision.stale_typed in school.titles(reply)
    for said in (OTHERS, school.person("dsl").name.reveal(), "first typed"):
        assert said in shown
    draft = await school.ledger.decision_draft(school.id(ref))
    assert draft.values["others"] == "first typed"


async def test_two_pages_at_once_keep_one_and_show_the_other_back(school, ref, another_ledger, new_school):
    other = new_school(await another_ledger(), list(school.channels.values()))
    form = school.form(await begin(school, ref))
    values = {field.key: ANSWERS.get(field.key, "") for field in form.fields}
    replies = await asyncio.gather(
        *(
            one.fill(form.id, values | {"others": f"typed by {who}"}, one.person(who), event=f"by-{who}")
            for who, one in (("dsl", school), ("second", other))
        )
    )
    assert sorted(page_of(school, reply) for reply in replies) == ["safety", "weighing"]


async def test_a_page_delivered_twice_is_kept_once(school, ref):
    form = school.form(await begin(school, ref))
    values = {field.key: ANSWERS.get(field.key, "") for field in form.fields}
    for _ in range(2):
        await school.fill(form.id, values, school.person("dsl"), event="same")
    assert (await school.ledger.decision_draft(school.id(ref))).version == 1


async def test_save_pressed_twice_or_by_two_records_one_and_tells_the_other(school, ref):
    save = save_of(school, await fill_pages(school, ref))
    await school.press(save, school.person("dsl"))
    school.clock.forward(minutes=5)
    before = school.everything()
    reply = await school.press(save, school.person("second"))
    assert "10:00" in school.text(reply)
    assert school.person("dsl").name.reveal() in school.text(reply)
    assert not any(isinstance(part, Form) for part in reply.parts)
    assert school.everything() == before


async def test_a_page_from_before_the_decision_is_old_for_ever(school, ref):
    form = school.form(await begin(school, ref))
    await decide(school, ref)
    reply = await safety(school, type("Old", (), {"parts": (form,)})(), others=OTHERS)
    assert OTHERS in school.text(reply)
    assert (await school.ledger.decision_draft(school.id(ref))).values == {}


async def test_a_later_decision_supersedes_and_both_stay_readable(school, ref):
    await decide(school, ref, reasons="the first reasons")
    school.clock.forward(hours=1)
    again = await begin(school, ref)
    assert "10:00" in school.text(again)
    await decide(school, ref, reasons="the second reasons", level="problematic")
    concern = await school.ledger.by_reference(ref)
    numbers = [number for number, entry in enumerate(concern.chronology, 1) if entry.what == "decided"]
    first, second = [
        school.text(await school.press(f"decision:{concern.id}:{number}", school.person("dsl"))) for number in numbers
    ]
    assert "the first reasons" in first
    assert "11:00" in first, "it says which superseded it"
    assert "the second reasons" in second
    assert school.wording.decision.stands in second
    assert (await school.ledger.audit()).breaks == ()


async def test_a_later_decision_begins_with_what_the_one_before_said(school, ref):
    await decide(school, ref)
    reply = await begin(school, ref)
    assert ANSWERS["harmed_done"] in school.text(reply)
    assert school.entries(ref)[-1] == "opened"


async def test_a_later_decision_has_no_level_before_somebody_chooses_one(school, ref):
    await decide(school, ref, level="problematic")
    reply = await begin(school, ref)
    for _ in range(2):
        form = school.form(reply)
        held = {field.key: (field.value or Words("")).reveal() for field in form.fields}
        reply = await school.fill(form.id, held, school.person("dsl"))
    form = school.form(reply)
    assert page_of(school, reply) == "level"
    held = {field.key: (field.value or Words("")).reveal() for field in form.fields}
    assert held == {"level": "", "level_why": ANSWERS["level_why"], "wider": "", "images": "no"}
    stuck = await school.fill(form.id, held, school.person("dsl"))
    assert [field.key for field in school.form(stuck).fields if field.error] == ["level"]


async def test_why_there_are_no_images_after_all_is_asked_where_it_comes_up_and_stays_in_the_chronology(school):
    ref = await school.log(images="yes")
    stuck = await fill_pages(school, ref)
    assert page_of(school, stuck) == "level"
    assert [field.key for field in school.form(stuck).fields if field.error] == ["images_why"]
    await decide(school, ref, images_why="it was a drawing")
    assert "it was a drawing" in school.text(await school.press(f"chronology:{school.id(ref)}", school.person("dsl")))


async def test_a_decision_from_before_there_was_a_guide_stays_readable(school, ref):
    concern = await school.ledger.by_reference(ref)
    await school.ledger.decide("old", concern, school.person("dsl"), Words("rang them, because"), school.clock.now())
    shown = school.text(await school.press(f"open:{concern.id}", school.person("dsl")))
    assert "rang them, because" in shown
    assert "rang them, because" in school.text(await school.press(f"decision:{concern.id}:2", school.person("dsl")))
    assert page_of(school, await begin(school, ref)) == "safety"


async def test_deciding_stops_both_clocks(school, ref):
    await school.ring()
    await decide(school, ref)
    school.clock.forward(days=3)
    await school.ring()
    assert set(told(school, "concern")) == {"dsl"}
    assert told(school, "decide") == []
    assert told(school, "waiting") == []


async def test_the_reporter_is_told_of_a_decision_once_however_often_it_is_made(school, ref):
    for _ in range(2):
        await decide(school, ref)
        await school.ring()
    assert told(school, "settled") == ["person:web:teacher"]


async def test_an_abusive_decision_without_a_contact_does_not_reach_the_check(school, ref):
    stuck = await fill_pages(school, ref, level="abusive", **{"a-local": "none", "a-specialist": "one"})
    assert page_of(school, stuck) == "contact"
    assert "10:00 on 3 March" in school.text(stuck)
    checked = await fill_pages(school, ref, level="abusive", **{"a-local": "none", "a-specialist": "one"}, **CONTACT)
    assert save_of(school, checked)


async def test_a_page_changed_from_the_check_leads_back_to_it(school, ref):
    checked = await fill_pages(school, ref)
    change = next(choice.id for choice in school.choices(checked) if ":weighing:" in choice.id)
    form = school.form(await school.press(change, school.person("dsl")))
    values = {field.key: (field.value or Words("")).reveal() for field in form.fields} | {"coerced-how": OTHERS}
    again = await school.fill(form.id, values, school.person("dsl"))
    assert OTHERS in school.text(again)
    assert save_of(school, again)


async def test_what_a_change_makes_missing_is_found_at_save(school, ref):
    checked = await fill_pages(school, ref)
    change = next(choice.id for choice in school.choices(checked) if ":level:" in choice.id)
    form = school.form(await school.press(change, school.person("dsl")))
    values = {field.key: (field.value or Words("")).reveal() for field in form.fields} | {"level": "violent"}
    await school.fill(form.id, values, school.person("dsl"))
    draft = await school.ledger.decision_draft(school.id(ref))
    reply = await school.press(f"decide:{school.id(ref)}:save:{draft.version}", school.person("dsl"))
    assert page_of(school, reply) == "route_a"
    assert school.entries(ref) == ["logged"]


@pytest.mark.parametrize("tail", ["", ":safety:0", ":save:0", ":check:0", ":nonsense:0", ":safety:x", ":"])
async def test_who_was_not_told_neither_decides_nor_learns_that_it_is_there(school, ref, tail):
    for known, unknown in (
        (
            await school.press(f"decide:{school.id(ref)}{tail}", school.person("somebody")),
            await school.press(f"decide:nothing{tail}", school.person("somebody")),
        ),
        (
            await school.fill(f"decide:{school.id(ref)}{tail}", {"reasons": OTHERS}, school.person("somebody")),
            await school.fill(f"decide:nothing{tail}", {"reasons": OTHERS}, school.person("somebody")),
        ),
    ):
        assert known.parts == unknown.parts
        assert school.titles(known) == [school.wording.not_yours_title]
    assert school.count("decision_drafts") == 0


@pytest.mark.parametrize("tail", [":nonsense:0", ":safety:x", ":", ":save:9", ":route_d:0"])
async def test_an_id_that_leads_nowhere_is_an_old_page(school, ref, tail):
    reply = await school.fill(f"decide:{school.id(ref)}{tail}", {"reasons": OTHERS}, school.person("dsl"))
    assert OTHERS in school.text(reply)
    assert school.count("decision_drafts") == 0


async def test_a_field_that_the_page_does_not_have_is_not_taken(school, ref):
    await safety(school, await begin(school, ref), reasons="from elsewhere", **{"d-person": "x"})
    draft = await school.ledger.decision_draft(school.id(ref))
    assert not {"reasons", "d-person"} & set(draft.values)


async def test_a_page_that_cannot_be_saved_is_shown_back(school, ref):
    form = school.form(await begin(school, ref))
    school.store.refuse("decision_drafts")
    reply = await school.fill(form.id, {"others": OTHERS}, school.person("dsl"))
    assert reply.dialog
    assert school.wording.not_saved_title in school.titles(reply)
    assert OTHERS in school.text(reply)


async def test_a_decision_that_could_not_be_saved_leaves_the_draft(school, ref):
    save = save_of(school, await fill_pages(school, ref))
    school.store.refuse_commit("chronology")
    reply = await school.press(save, school.person("dsl"))
    assert school.wording.not_saved_title in school.titles(reply)
    school.store.allow("chronology")
    await school.press(save, school.person("dsl"))
    assert school.entries(ref) == ["logged", "decided"]


async def test_a_draft_of_a_forgotten_concern_is_gone(school, ref):
    await safety(school, await begin(school, ref), others=OTHERS)
    concern = await school.ledger.by_reference(ref)
    await school.ledger.forget(concern, school.person("dsl"), "why", school.clock.now())
    assert (await school.ledger.decision_draft(concern.id)).values == {}
    with pytest.raises(ChangedMeanwhileError):
        await school.ledger.keep_decision_draft(
            "e", concern, DecisionDraft(1), {}, school.person("dsl"), school.clock.now()
        )


async def test_what_the_ledger_cannot_save_is_a_fault_without_words(school, ref):
    concern = await school.ledger.by_reference(ref)
    school.store.refuse("decision_drafts")
    with pytest.raises(LedgerDownError) as down:
        await school.ledger.keep_decision_draft(
            "e", concern, DecisionDraft(), {"others": OTHERS}, school.person("dsl"), school.clock.now()
        )
    assert OTHERS not in school.everything_shown(down.value)


@pytest.mark.parametrize("about", ["adult", "head", "safeguarding"])
async def test_a_concern_about_staff_is_decided_by_those_it_went_to(school, about):
    who = "chair" if about == "head" else "head"
    ref = await school.log(about)
    await decide(
        school, ref, who, adult_done="sent home", routes="lado", **{f"lado-{k}": v for k, v in _REFERRED.items()}
    )
    assert school.entries(ref) == ["logged", "decided"]


_REFERRED = {"agency": "other", "other": "LADO", "person": "x", "date": "2026-03-02", "time": "09:00", "agreed": "y"}
