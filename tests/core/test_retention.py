"""Only what is closed, handed over and unchanged since can be forgotten; and what is forgotten is gone from everywhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot import retention
from tests.core.casework import act, decide
from tests.core.handed import closed_and_handed, find, forget, hand, take
from tests.core.stores import BOTH

STORES = BOTH


@pytest.fixture
async def ref(school):
    ref = await school.log(**{"child-1": "Zoë Brown"})
    await school.ring()
    return ref


async def offered(school, ref):
    """Does More offer to forget it?"""
    reply = await school.press(f"more:{school.id(ref)}", school.person("dsl"))
    return f"forget:{school.id(ref)}" in [choice.id for choice in school.choices(reply)]


async def gone(school, ref):
    return await school.ledger.by_reference(ref) is None


async def test_handed_over_and_closed_it_is_offered_and_goes_when_its_reference_is_typed(school, ref):
    await closed_and_handed(school, ref)
    assert await offered(school, ref)
    await forget(school, ref, reference="TA-2026-9999")
    assert not await gone(school, ref)
    await forget(school, ref)
    assert await gone(school, ref)
    ((why, who),) = school.rows("select why, who from tombstones")
    assert (why, who) == ("it is in the other system", "web:dsl")


async def test_an_open_one_is_not_offered_and_not_forgotten(school, ref):
    await hand(school, ref)
    assert not await offered(school, ref)
    shown = school.text(await forget(school, ref))
    assert school.wording.handing.not_open in shown
    assert not await gone(school, ref)


async def test_one_that_was_not_handed_over_is_not_forgotten(school, ref):
    await decide(school, ref)
    await act(school, "close", ref, text="settled")
    assert not await offered(school, ref)
    await forget(school, ref)
    assert not await gone(school, ref)


@pytest.mark.parametrize("what", ["note", "add"])
async def test_one_that_has_changed_since_is_not_forgotten_until_it_is_handed_over_again(school, ref, what):
    await closed_and_handed(school, ref)
    who = school.person("teacher" if what == "add" else "dsl")
    await school.fill(f"{what}:{school.id(ref)}", {"text": "something new"}, who)
    await forget(school, ref)
    assert not await gone(school, ref)
    await hand(school, ref)
    await forget(school, ref)
    assert await gone(school, ref)


async def test_what_came_after_the_file_was_made_is_not_forgotten_though_it_was_said_to_be_elsewhere(school, ref):
    await decide(school, ref)
    await take(school, ref)
    await act(school, "note", ref, text="in no file yet")
    await act(school, "close", ref, text="settled")
    await hand(school, ref)
    assert not await offered(school, ref)
    assert school.wording.handing.changed in school.text(await forget(school, ref))
    assert not await gone(school, ref)
    await take(school, ref)
    await hand(school, ref)
    await forget(school, ref)
    assert await gone(school, ref)


async def test_a_file_made_anew_is_nowhere_until_it_is_recorded_where_it_went(school, ref):
    await closed_and_handed(school, ref)
    await act(school, "note", ref, text="in no other system")
    await take(school, ref)
    assert not await offered(school, ref)
    assert school.wording.handing.changed in school.text(await forget(school, ref))
    found = await school.ledger.by_reference(ref)
    assert not retention.standing(found, school.library.school).due(school.clock.now() + timedelta(days=999))
    await hand(school, ref)
    await forget(school, ref)
    assert await gone(school, ref)


async def test_one_that_was_reopened_since_is_open_again(school, ref):
    await closed_and_handed(school, ref)
    await act(school, "reopen", ref, text="it happened again")
    await forget(school, ref)
    assert not await gone(school, ref)


async def test_that_it_was_looked_at_or_taken_out_again_changes_nothing(school, ref):
    await closed_and_handed(school, ref)
    await take(school, ref)
    await school.press(f"open:{school.id(ref)}", school.person("dsl"))
    assert await offered(school, ref)


@pytest.mark.parametrize("who", ["teacher", "second", "head"])
async def test_nobody_forgets_what_they_may_not_open(school, ref, who):
    await closed_and_handed(school, ref)
    await forget(school, ref, who)
    assert not await gone(school, ref)


async def test_linked_ones_are_named_before_it_goes(school, ref):
    other = await school.log()
    await school.ring()
    await act(school, "link", ref, reference=other, text="the same group")
    await closed_and_handed(school, ref)
    shown = await school.press(f"forget:{school.id(ref)}", school.person("dsl"))
    assert other in school.form(shown).intro
    assert str(school.library.school.retention.after_handover_days) in school.form(shown).intro


async def linked_and_forgotten(school, ref, **kept):
    """Another concern, linked with this one, that is then kept to somebody or not, and forgotten."""
    other = await school.log()
    await school.ring()
    await act(school, "link", ref, reference=other, text="the same group")
    if kept:
        await act(school, "restrict", other, text="why", **kept)
    await closed_and_handed(school, other)
    await forget(school, other)
    assert await gone(school, other)
    return other


async def test_a_linked_one_goes_on_naming_what_was_forgotten(school, ref):
    other = await linked_and_forgotten(school, ref)
    for choice in ("open", "chronology"):
        assert other in school.text(await school.press(f"{choice}:{school.id(ref)}", school.person("dsl")))
    (taken,) = await take(school, ref)
    assert [link.reference for link in taken.links] == [other]
    shown = await school.press(f"forget:{school.id(ref)}", school.person("dsl"))
    assert other not in school.text(shown), "what is forgotten does not stay as it is"


async def test_what_was_kept_to_named_people_is_named_to_nobody_once_forgotten(school, ref):
    school.channels["web"].places["dsl"].add("web:second")
    other = await linked_and_forgotten(school, ref, who="")
    for who in ("dsl", "second"):
        assert other not in school.text(await school.press(f"chronology:{school.id(ref)}", school.person(who)))


async def test_nothing_of_a_forgotten_one_is_left_but_its_tombstone_and_the_chain(school, ref):
    id_ = school.id(ref)
    await closed_and_handed(school, ref)
    assert ref in await find(school, "brown")
    await forget(school, ref)
    assert ref not in await find(school, "brown")
    assert ref not in await find(school, ref)
    for table, column in (("mentions", "concern"), ("restrictions", "concern")):
        assert school.rows(f"select * from {table} where {column} = ?", id_) == []
    assert school.rows("select key, sealed from concerns where id = ?", id_) == [(None, None)]
    assert school.rows("select sealed from decision_drafts where concern = ?", id_) == [(None,)]
    assert (await school.ledger.audit()).breaks == ()


async def test_pressed_twice_it_is_forgotten_once_and_the_second_finds_nothing(school, ref):
    await closed_and_handed(school, ref)
    await forget(school, ref)
    assert school.titles(await school.press(f"forget:{'0' * 32}", school.person("dsl"))) == [
        school.wording.not_yours_title
    ]
    assert school.count("tombstones") == 1


# ---- in bulk


async def test_in_bulk_only_what_is_due_goes_and_what_changed_meanwhile_stays(school, ref):
    later = await school.log()
    await school.ring()
    await closed_and_handed(school, ref)
    school.clock.forward(days=10)
    await closed_and_handed(school, later)
    concerns = [await school.ledger.by_reference(one) for one in (ref, later)]
    now = school.clock.forward(days=25)
    await school.fill(f"note:{school.id(ref)}", {"text": "new"}, school.person("dsl"))
    assert await bulk(school, concerns, now) == ([], [])
    await hand(school, ref)
    now = school.clock.forward(days=30)
    assert await bulk(school, concerns, now) == ([ref, later], [])


async def test_in_bulk_what_is_not_theirs_is_named_and_kept(school, ref):
    await closed_and_handed(school, ref)
    concern = await school.ledger.by_reference(ref)
    assert await bulk(school, [concern], school.clock.forward(days=31), "head") == ([], [ref])
    assert not await gone(school, ref)


async def bulk(school, concerns, now, who="dsl"):
    return await school.desk.handing.forget_due(school.guide, school.person(who), concerns, now)


async def test_it_is_due_when_the_schools_days_have_passed_since_the_last_hand_over(school, ref):
    await closed_and_handed(school, ref)
    at = school.clock.now()
    standing = retention.standing(await school.ledger.by_reference(ref), school.library.school)
    days = timedelta(days=school.library.school.retention.after_handover_days)
    assert standing.due_at == at + days
    assert not standing.due(at + days - timedelta(seconds=1))
    assert standing.due(at + days)


async def test_by_itself_nothing_is_forgotten_unless_the_school_says_so_and_then_only_what_is_due(school, ref):
    later = await school.log()
    await school.ring()
    await closed_and_handed(school, ref)
    now = school.clock.forward(days=31)
    assert await school.desk.handing.forget_by_rule(school.guide, now) == []
    rule = school.library.school.retention.model_copy(update={"automatic": True})
    its = school.library.school.model_copy(update={"retention": rule})
    guide = replace(school.guide, library=school.library.model_copy(update={"school": its}))
    assert await school.desk.handing.forget_by_rule(guide, now) == [ref]
    assert await gone(school, ref)
    assert not await gone(school, later)


async def test_a_backup_made_before_forgets_it_again_when_it_is_restored(new_school, another_ledger, tmp_path):
    noted = tmp_path / "forgotten"
    school = new_school(await another_ledger(tombs=noted))
    ref = await school.log(**{"child-1": "Zoë Brown"})
    await school.ring()
    await closed_and_handed(school, ref)
    await school.ledger.backup(tmp_path / "before")
    await forget(school, ref)
    unknowing = await another_ledger(tmp_path / "without.db")
    await unknowing.restore(tmp_path / "before")
    assert await unknowing.mentioning({"brown"})  # the file beside the database is what remembers
    restored = await another_ledger(tmp_path / "with.db", tombs=noted)
    await restored.restore(tmp_path / "before")
    assert await restored.by_reference(ref) is None
    assert await restored.mentioning({"brown"}) == []
