"""One row that somebody damaged, with any program that can open the file, keeps no other concern waiting."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from bot.ledger import tables as t

REF, OTHER = "TA-2026-0001", "TA-2026-0002"
SEALED = {
    "the entry is text": "update chronology set sealed = 'x' where concern = '{id}'",
    "the account is text": "update concerns set sealed = 'x' where id = '{id}'",
    "the account is gone": "update concerns set sealed = null where id = '{id}'",
    "the account is a number": "update concerns set sealed = 7 where id = '{id}'",
    "the key is text": "update concerns set key = 'x' where id = '{id}'",
}
TIMES = {
    "the entry's time is a word": "update chronology set at = 'hello' where concern = '{id}'",
    "the entry's time has one wrong letter": "update chronology set at = '2026-03-0x 10:00' where concern = '{id}'",
    "the entry's time is no text in UTF-8": "update chronology set at = cast(x'32ff' as text) where concern = '{id}'",
    "the kind of entry is no text in UTF-8": "update chronology set what = cast(x'ff' as text) where concern = '{id}'",
    "the entry's time is a number": "update chronology set at = 7 where concern = '{id}'",
    "the time it was logged is a word": "update concerns set logged_at = 'hello' where id = '{id}'",
    "the time it was logged is bytes": "update concerns set logged_at = x'00' where id = '{id}'",
    "it was logged in the year 26": "update concerns set logged_at = '0026-03-02 10:00:00.000000' where id = '{id}'",
    "it was logged in the year 9999": "update concerns set logged_at = '9999-12-31 23:59:59.000000' where id = '{id}'",
}
STEPS = {
    "its clock's step is a word": "update concerns set seen = 'x' where id = '{id}'",
    "it is urgent and nobody knows since when": "update concerns set urgent = 1, logged_at = '' where id = '{id}'",
}


@pytest.mark.parametrize("damage", [*SEALED.values(), *TIMES.values()], ids=[*SEALED, *TIMES])
async def test_a_concern_of_which_a_value_cannot_be_read_still_rings_is_listed_and_stops_no_other(school, damage):
    await school.log()
    await school.log(who=school.person("other"))
    school.alter(damage.format(id=school.id(REF)))
    await school.ring()
    assert {alert.ref for alert in school.channels["web"].sent} == {REF, OTHER}
    told = len(school.channels["web"].sent)
    school.clock.forward(minutes=61)
    await school.ring()  # nobody has it: the next people are told of both
    assert {alert.ref for alert in school.channels["web"].sent[told:]} == {REF, OTHER}
    shown = school.text(await school.press("list", school.person("dsl")))
    assert REF in shown
    assert OTHER in shown


@pytest.mark.parametrize("damage", SEALED.values(), ids=[*SEALED])
async def test_what_cannot_be_unsealed_is_listed_and_told_without_a_word(school, damage):
    await school.log()
    school.alter(damage.format(id=school.id(REF)))
    await school.ring()
    (sent,) = school.channels["web"].sent
    shown = school.text(await school.press("list", school.person("dsl")))
    assert school.MARK not in school.text(sent.parts) + shown.replace(school.person("dsl").name.reveal(), "")


ENTRIES = {name: damage for name, damage in (SEALED | TIMES).items() if "update chronology" in damage} | {
    "the mac is text": "update chronology set mac = 'x' where concern = '{id}'",
    "the kind is bytes": "update chronology set what = x'00' where concern = '{id}'",
    "the number is a word": "update chronology set number = 'x' where concern = '{id}'",
}


@pytest.mark.parametrize("damage", ENTRIES.values(), ids=[*ENTRIES])
async def test_the_audit_names_an_entry_of_which_a_value_cannot_be_read(school, damage):
    await school.log(who=school.person("other"))
    changed = await school.log()
    school.alter(damage.format(id=school.id(changed)))
    found = (await school.ledger.audit()).breaks
    assert "entry 2 (TA-2026-0002): changed, or moved from another place" in [str(fault) for fault in found]
    assert {fault.reference for fault in found} <= {changed, ""}


@pytest.mark.parametrize("damage", TIMES.values(), ids=[*TIMES])
async def test_the_audit_names_a_concern_whose_time_cannot_be_read(school, damage):
    await school.log()
    school.alter(damage.format(id=school.id(REF)))
    assert REF in [fault.reference for fault in (await school.ledger.audit()).breaks]


@pytest.mark.parametrize(
    "damage", ["link = 'x' where link = 2", "link = x'00' where link = 1"], ids=["a word", "bytes"]
)
async def test_the_audit_names_a_concern_of_which_an_entry_has_no_place_any_more(school, damage):
    for n in range(3):
        await school.log(who=school.person(f"t{n}"))
    school.alter(f"update chronology set {damage}")
    lost = "TA-2026-0002" if damage.endswith("2") else REF
    assert (0, lost) in [(fault.place, fault.reference) for fault in (await school.ledger.audit()).breaks]


@pytest.mark.parametrize("damage", [*SEALED.values(), *TIMES.values()], ids=[*SEALED, *TIMES])
async def test_a_backup_of_a_damaged_row_is_restored_with_everything_else(school, another_ledger, tmp_path, damage):
    await school.log()
    await school.log(who=school.person("other"))
    school.alter(damage.format(id=school.id(REF)))
    await school.ledger.backup(tmp_path / "b")
    restored = await another_ledger(tmp_path / "new.db")
    await restored.restore(tmp_path / "b")
    assert {concern.reference for concern in await restored.all_concerns()} == {REF, OTHER}
    assert (await restored.by_reference(OTHER)).account == (await school.ledger.by_reference(OTHER)).account


@pytest.mark.parametrize("head", ["link = 'x'", "mac = 'x'"])
async def test_the_audit_names_a_head_that_cannot_be_read(school, head):
    await school.log()
    school.alter(f"update chain set {head}")
    assert "the head of the chain was changed" in str((await school.ledger.audit()).breaks[0])


@pytest.mark.parametrize("damage", STEPS.values(), ids=[*STEPS])
async def test_a_clock_that_cannot_be_read_holds_up_no_other_clock(school, damage):
    await school.log()
    await school.ring()
    await school.log(who=school.person("other"))
    school.alter(damage.format(id=school.id(REF)))
    school.alter(f"update concerns set next_at = '2026-01-01 00:00:00.000000' where id = '{school.id(REF)}'")
    for _ in range(3):
        with contextlib.suppress(ValueError):  # raised when the round has done what it can; then it is not ready
            await school.ring()
        school.clock.forward(minutes=61)
    assert {a.told for a in school.channels["web"].sent if a.ref == OTHER and a.kind == "concern"} >= {"dsl", "head"}


@given(st.text() | st.integers() | st.floats() | st.binary() | st.datetimes().map(str))
def test_whatever_stands_where_a_time_should_reads_as_a_moment_to_count_from(value):
    dialect = sqlite.dialect()
    read = t.Moment().dialect_impl(dialect).result_processor(dialect, None)
    assert t.LONG_AGO <= read(value) < datetime(2200, 1, 1, tzinfo=UTC)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2199, 12, 31)))
def test_a_time_that_was_written_reads_as_it_was(value):
    dialect = sqlite.dialect()
    moment = t.Moment().dialect_impl(dialect)
    at = value.replace(tzinfo=UTC)
    assert moment.result_processor(dialect, None)(moment.bind_processor(dialect)(at)) == at
