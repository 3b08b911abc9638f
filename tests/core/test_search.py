"""A DSL finds concerns by stage and by clock as well as by words. What is not open to them is neither shown nor counted."""

from __future__ import annotations

import pytest

from bot import handcards
from tests.core.casework import act, decide
from tests.core.stores import BOTH

STORES = BOTH
EVERY = {"logged", "acknowledged", "decided", "closed"}


@pytest.fixture
async def refs(school):
    """Four concerns, by the stage each has reached."""
    found = {stage: await school.log(**{"child-1": f"Ada {stage.title()}"}) for stage in sorted(EVERY)}
    await school.ring()
    for stage in ("acknowledged", "decided", "closed"):
        await school.press(f"ack:{school.id(found[stage])}", school.person("dsl"))
    for stage in ("decided", "closed"):
        await decide(school, found[stage])
    await act(school, "close", found["closed"], text="settled")
    return found


async def look(school, who="dsl", **asked):
    return await school.fill("find", asked, school.person(who))


async def stages_found(school, refs, **asked):
    shown = school.text(await look(school, **asked))
    return {stage for stage, ref in refs.items() if ref in shown}


@pytest.mark.parametrize("stage", sorted(EVERY))
async def test_a_stage_finds_what_stands_there_and_nothing_else(school, refs, stage):
    assert await stages_found(school, refs, stage=stage) == {stage}
    assert await stages_found(school, refs, stage=stage, clock="any", text="") == {stage}


async def test_words_and_stage_must_both_fit(school, refs):
    assert await stages_found(school, refs, text="ada") == EVERY
    assert await stages_found(school, refs, text="ada", stage="any", clock="any") == EVERY
    assert await stages_found(school, refs, text="ada", stage="decided") == {"decided"}
    assert await stages_found(school, refs, text=refs["decided"], stage="decided") == {"decided"}
    assert await stages_found(school, refs, text=refs["decided"], stage="logged") == set()
    assert await stages_found(school, refs, text="brown", stage="decided") == set()


async def test_not_acknowledged_in_time_is_what_went_on_to_the_next_person(school, refs):
    limits = school.library.school.limits
    assert await stages_found(school, refs, clock="seen") == set()
    school.clock.forward(minutes=limits.second - 1)
    assert await stages_found(school, refs, clock="seen") == set()
    school.clock.forward(minutes=1)
    assert await stages_found(school, refs, clock="seen") == {"logged"}
    assert await stages_found(school, refs, clock="seen", stage="acknowledged") == set()


async def test_a_decision_is_due_from_the_day_of_its_limit(school, refs):
    assert await stages_found(school, refs, clock="decide") == set()
    school.clock.forward(days=1)
    assert await stages_found(school, refs, clock="decide") == {"logged", "acknowledged"}
    school.clock.forward(days=30)
    assert await stages_found(school, refs, clock="decide", stage="acknowledged") == {"acknowledged"}


async def test_an_action_is_due_from_its_day_until_it_is_done(school, refs):
    ref = refs["decided"]
    await act(school, "action", ref, text="ring home", due="2026-03-03")
    assert await stages_found(school, refs, clock="action") == set()
    school.clock.forward(days=1)
    assert await stages_found(school, refs, clock="action") == {"decided"}
    number = len(school.entries(ref))
    await school.fill(f"done:{school.id(ref)}:{number}", {"text": ""}, school.person("dsl"))
    assert await stages_found(school, refs, clock="action") == set()


async def test_what_is_closed_runs_by_no_clock(school, refs):
    await act(school, "action", refs["decided"], text="ring home", due="2026-03-03")
    await act(school, "close", refs["decided"], text="settled")
    school.clock.forward(days=3)
    assert await stages_found(school, refs, clock="action") == set()
    assert await stages_found(school, refs, clock="action", stage="closed") == set()


@pytest.mark.parametrize("asked", [{}, {"text": " "}, {"stage": "any", "clock": "any"}])
async def test_something_must_be_asked(school, refs, asked):
    fields = {field.key: field for field in school.form(await look(school, **asked)).fields}
    assert fields["text"].error == school.library.say(school.wording.handing.find_nothing)


@pytest.mark.parametrize("asked", [{"stage": "lost"}, {"clock": "anything"}, {"text": "ada", "stage": "logged' or 1"}])
async def test_what_is_no_choice_of_the_form_finds_nothing_and_says_so(school, refs, asked):
    reply = await look(school, **asked)
    wrong = [field.key for field in school.form(reply).fields if field.error]
    assert wrong == [key for key in asked if key != "text"]
    assert not any(ref in school.text(reply) for ref in refs.values())


async def test_what_was_asked_stands_in_the_form_that_comes_back(school, refs):
    reply = await look(school, text="ada", stage="closed", clock="lost")
    values = {field.key: field.value.reveal() for field in school.form(reply).fields}
    assert values == {"text": "ada", "stage": "closed", "clock": "lost"}


@pytest.mark.parametrize("asked", [{"stage": "logged"}, {"clock": "decide"}, {"clock": "seen"}, {"clock": "action"}])
async def test_what_is_not_open_to_them_is_neither_shown_nor_counted(school, asked):
    school.channels["web"].places["dsl"] |= {"web:second"}
    kept, open_ = await school.log(), await school.log()
    await school.ring()
    for ref in (kept, open_):
        await act(school, "action", ref, text="ring home", due="2026-03-02")
    await act(school, "restrict", kept, text="why", who="")
    school.clock.forward(days=2)
    assert kept in school.text(await look(school, **asked))
    shown = await look(school, "second", **asked)
    assert open_ in school.text(shown)
    assert kept not in school.text(shown)
    assert school.cards(shown)[0].body == school.library.say(school.wording.handing.found, count="1")
    for who in ("teacher", "somebody"):
        assert school.titles(await look(school, who, **asked)) == [school.wording.not_yours_title]


async def test_of_many_the_newest_are_shown_and_that_there_are_more(school, monkeypatch):
    monkeypatch.setattr(handcards, "MOST", 2)
    refs = [await school.log() for _ in range(3)]
    await school.ring()
    everything = await look(school, stage="logged")
    assert school.cards(everything)[0].body == school.library.say(school.wording.handing.found_more, count="2")
    assert sum(ref in school.text(everything) for ref in refs) == 2
    await school.press(f"ack:{school.id(refs[0])}", school.person("dsl"))
    two = await look(school, stage="logged")
    assert school.cards(two)[0].body == school.library.say(school.wording.handing.found, count="2")


async def test_what_was_forgotten_is_not_found_by_its_stage(school, refs):
    ref = refs["closed"]
    await school.fill(f"handed:{school.id(ref)}", {"system": "Other", "reference": "1"}, school.person("dsl"))
    await school.fill(f"forget:{school.id(ref)}", {"reference": ref, "text": "held there"}, school.person("dsl"))
    assert await stages_found(school, refs, stage="closed") == set()
