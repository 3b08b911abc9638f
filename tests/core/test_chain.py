"""Whoever touches the chronology outside Signpost leaves a break that the audit points at."""

from __future__ import annotations

import pytest

from tests.core.stores import BOTH

STORES = BOTH


@pytest.fixture
async def five(school):
    """Five entries about three concerns."""
    for n in range(3):
        await school.log(who=school.person(f"t{n}"))
    for act in ("open", "ack"):
        await school.press(f"{act}:{school.id('TA-2026-0002')}", school.person("dsl"))
    return school


NONE_LEFT = [(0, f"TA-2026-000{n}", "none") for n in (1, 2, 3)]


async def found(school):
    return [
        (fault.place, fault.reference, fault.what.split(" ")[0].strip(","))
        for fault in (await school.ledger.audit()).breaks
    ]


async def test_what_nobody_touched_verifies(five):
    audit = await five.ledger.audit()
    assert (audit.checked, audit.breaks) == (5, ())
    assert audit.head == await five.ledger.head()
    assert audit.head.startswith("5:")


CHANGES = {
    "its words": "update chronology set sealed = (select sealed from chronology where link = 3) where link = 2",
    "its kind": "update chronology set what = 'opened' where link = 2",
    "its time": "update chronology set at = (select at from chronology where link = 2) where link = 4",
    "its concern": "update chronology set concern = (select concern from chronology where link = 1), number = 9 where link = 2",
    "its number": "update chronology set number = 7 where link = 2",
    "its mac": "update chronology set mac = (select mac from chronology where link = 1) where link = 2",
}


@pytest.mark.parametrize(
    "change", [c for name, c in CHANGES.items() if name not in {"its time", "its mac", "its concern"}]
)
async def test_a_changed_entry_is_pointed_at(five, change):
    five.alter(change)
    assert await found(five) == [(2, "TA-2026-0002", "changed")]


async def test_an_entry_moved_to_another_concern_is_pointed_at(five):
    five.alter(CHANGES["its concern"])
    assert await found(five) == [(2, "TA-2026-0001", "changed")]


async def test_a_changed_time_is_pointed_at(five):
    five.clock.forward(minutes=1)
    await five.press(f"open:{five.id('TA-2026-0003')}", five.person("dsl"))
    five.alter("update chronology set at = (select at from chronology where link = 1) where link = 6")
    assert await found(five) == [(6, "TA-2026-0003", "changed")]


async def test_a_changed_mac_breaks_its_entry_and_the_next(five):
    five.alter(CHANGES["its mac"])
    assert await found(five) == [(2, "TA-2026-0002", "changed"), (3, "TA-2026-0003", "changed")]


@pytest.mark.parametrize("place", [1, 3])
async def test_a_removed_entry_is_pointed_at(five, place):
    five.alter(f"delete from chronology where link = {place}")
    (at, _, what), *rest = await found(five)
    assert (at, what) == (place, "removed")
    assert rest == [(0, f"TA-2026-000{place}", "none")]  # it was the only one of its concern


async def test_two_entries_that_changed_places_are_pointed_at(five):
    five.alter("""
        update chronology set link = -2 where link = 2; update chronology set link = 2 where link = 3;
        update chronology set link = 3 where link = -2""")
    assert [place for place, _, what in await found(five) if what == "changed"][:2] == [2, 3]


async def test_entries_cut_off_the_end_are_noticed(five):
    five.alter("delete from chronology where link >= 4")
    assert await found(five) == [(4, "", "cut")]


async def test_entries_cut_off_with_their_head_are_seen_in_the_head_noted_outside(five):
    noted = await five.ledger.head()
    five.alter("""
        update chain set link = 3, mac = (select mac from chronology where link = 3);
        delete from chronology where link >= 4""")
    audit = await five.ledger.audit()
    assert audit.breaks == ()  # the database alone cannot know: that is why the head is noted each day
    assert audit.head != noted


async def test_an_entry_added_by_hand_is_pointed_at(five):
    five.alter("""
        insert into chronology (id, concern, number, at, what, sealed, link, mac)
        select 99, concern, 9, at, what, sealed, 6, mac from chronology where link = 5""")
    assert 6 in [place for place, *_ in await found(five)]


async def test_all_entries_gone_is_noticed(five):
    five.alter("delete from chronology")
    assert await found(five) == [(1, "", "cut"), *NONE_LEFT]


async def test_all_entries_gone_and_the_head_with_them_is_noticed(five):
    five.alter("delete from chronology; delete from chain")
    assert await found(five) == NONE_LEFT
    assert five.count("chain") == 0  # an audit begins no new chain


async def test_a_head_that_is_gone_is_noticed(five):
    five.alter("delete from chain")
    assert [what for _, _, what in await found(five)] == ["the"]


async def test_a_concern_removed_while_its_entries_stand_is_noticed(five):
    id_ = five.id("TA-2026-0002")
    if five.store.postgres:
        five.alter("""do $$ declare one record; begin for one in select conrelid::regclass as place, conname from pg_constraint
            where contype = 'f' loop execute format('alter table %s drop constraint %I', one.place, one.conname);
            end loop; end $$""")
    five.alter(f"delete from concerns where id = '{id_}'")
    (gone,) = (await five.ledger.audit()).breaks
    assert str(gone) == "entry 2: its concern was removed (entries of the same concern: 2, 4, 5)"


async def test_a_key_that_nobody_destroyed_by_forgetting_is_missed(five):
    five.alter("update concerns set key = null, sealed = null where reference = 'TA-2026-0003'")
    assert await found(five) == [(0, "TA-2026-0003", "its")]


async def test_a_time_of_logging_that_is_not_that_of_the_first_entry_is_noticed(five):
    five.alter("update concerns set logged_at = '2026-01-01 00:00:00' where reference = 'TA-2026-0003'")
    assert await found(five) == [(0, "TA-2026-0003", "the")]


async def test_two_breaks_are_both_named(five):
    five.alter("update chronology set what = 'closed' where link in (1, 4)")
    assert [place for place, *_ in await found(five)] == [1, 4]


async def test_the_chain_grows_on_in_another_process(five, another_ledger, new_school):
    other = new_school(await another_ledger())
    await other.press(f"open:{other.id('TA-2026-0003')}", other.person("dsl"), event="elsewhere")
    await five.press(f"open:{five.id('TA-2026-0001')}", five.person("dsl"))
    assert (await five.ledger.audit()).checked == 7
    assert await found(five) == []
