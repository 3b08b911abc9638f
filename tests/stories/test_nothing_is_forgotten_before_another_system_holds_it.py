"""Signpost forgets only what another system holds, when somebody says so; then nothing but its tombstone is left, ever."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.channels.school import ACCOUNT, LIBRARY, WORDS, Drawn, Page, School, Seat, serving
from tests.stories.deciding import decides, sends
from tests.stories.machine import Machine
from tests.stories.taking import code_in
from tests.stories.team import does, finds, is_alerted

HANDING = WORDS.handing
NOTHING_FOUND = LIBRARY.say(HANDING.found_none)


async def closed(dsl: Seat, reference: str) -> str:
    """Decide and close it; its id."""
    concern = await is_alerted(dsl, reference)
    await decides(dsl, concern)
    await does(dsl, "close", concern, text="Settled")
    return concern


async def handed_over(dsl: Seat, reference: str) -> str:
    """Close it and record where it went; its id."""
    concern = await closed(dsl, reference)
    shown = await dsl.chooses(f"handover:{concern}")
    await sends(dsl, shown, {"system": "The other system", "reference": "4711"})
    return concern


async def forgets(dsl: Seat, concern: str, reference: str) -> Drawn:
    return await does(dsl, "forget", concern, reference=reference, text="It is there")


async def test_it_is_offered_when_another_system_holds_it_and_not_before(dsl: Seat, reference: str) -> None:
    concern = await is_alerted(dsl, reference)
    assert await refused(dsl, concern) == HANDING.not_open

    await closed(dsl, reference)
    assert await refused(dsl, concern) == HANDING.not_handed_over

    shown = await dsl.chooses(f"handover:{concern}")
    await sends(dsl, shown, {"system": "The other system", "reference": "4711"})
    assert HANDING.forget_button in (await dsl.chooses(f"more:{concern}")).labels


async def refused(dsl: Seat, concern: str) -> str:
    """Why it is not forgotten, to somebody who has the button from elsewhere: More does not offer it."""
    assert HANDING.forget_button not in (await dsl.chooses(f"more:{concern}")).labels
    return str((await dsl.chooses(f"forget:{concern}")).parts[0]["body"])


async def test_however_long_it_lies_it_is_never_forgotten_by_itself(dsl: Seat, school: School, reference: str) -> None:
    concern = await handed_over(dsl, reference)
    handing, guide = school.signpost.desk.handing, school.signpost.shelf.guidance()

    assert await handing.forget_by_rule(guide, datetime.now(UTC) + timedelta(days=3650)) == []

    assert ACCOUNT["happened"] in (await dsl.chooses(f"open:{concern}")).text


async def test_in_bulk_it_is_first_only_said_what_would_go(
    teacher: Seat, dsl: Seat, school: School, tmp_path: Path, reference: str
) -> None:
    machine = Machine.of(school, tmp_path, days=0)
    still_open = await teacher.logs_a_concern()
    concern = await handed_over(dsl, reference)

    _, said = await machine.types("concerns", "retention")
    assert f"{reference}  logged" in said
    assert "WOULD BE FORGOTTEN" in said
    assert "Nothing was changed" in said
    assert ACCOUNT["happened"] in (await dsl.chooses(f"open:{concern}")).text

    status, _ = await machine.types("concerns", "retention", "--do", "--code", "AAAA-AAAA")
    assert status == 2
    assert ACCOUNT["happened"] in (await dsl.chooses(f"open:{concern}")).text

    code = code_in(await dsl.chooses("code"))
    _, said = await machine.types("concerns", "retention", "--do", "--code", code)
    assert f"{reference}  forgotten" in said
    assert (await dsl.chooses(f"open:{concern}")).titles == [WORDS.not_yours_title]
    assert still_open in (await finds(dsl, text="Robin Ashdown")).text


async def test_what_is_left_of_it_is_a_tombstone(dsl: Seat, school: School, tmp_path: Path, reference: str) -> None:
    machine = Machine.of(school, tmp_path, days=30)
    concern = await handed_over(dsl, reference)
    assert reference in (await finds(dsl, text="Robin Ashdown")).text

    assert (await forgets(dsl, concern, reference)).titles == [HANDING.forgotten_title.format(reference=reference)]

    for asked in ({"text": "Robin Ashdown"}, {"text": reference}, {"stage": "closed"}):
        assert NOTHING_FOUND in (await finds(dsl, **asked)).text
    for choice in (f"open:{concern}", f"chronology:{concern}", f"handover:{concern}"):
        assert (await dsl.chooses(choice)).titles == [WORDS.not_yours_title]
    assert "0 breaks" in (await machine.types("audit"))[1], "the chain of all that was done still verifies"
    _, listed = await machine.types("concerns")
    assert reference not in listed
    assert rows(school.database, "select reference, who, why from tombstones") == [
        (reference, "web:dsl", "It is there")
    ]
    assert rows(school.database, "select key, sealed from concerns") == [(None, None)]
    assert rows(school.database, "select * from mentions") == []


async def test_a_backup_from_before_does_not_bring_it_back(tmp_path: Path) -> None:
    before, anew = tmp_path / "before.backup", tmp_path / "practice" / "anew.db"
    async with serving(tmp_path) as school, Page.open(school.url) as page:
        machine, dsl = Machine.of(school, tmp_path, days=30), page.seat("dsl")
        gone = await page.seat("teacher").logs_a_concern()
        stays = await page.seat("teacher").logs_a_concern()
        concern = await handed_over(dsl, gone)
        await machine.types("db", "backup", str(before))
        await forgets(dsl, concern, gone)
        await machine.types("audit")  # as `signpost serve` does, it notes beside the database what was forgotten

    status, said = await machine.types("db", "restore", str(before), database=anew)
    assert (status, "0 breaks" in said) == (0, True), said

    async with serving(tmp_path, f"sqlite+aiosqlite:///{anew}") as school, Page.open(school.url) as page:
        dsl = page.seat("dsl")
        found = (await finds(dsl, text="Robin Ashdown")).text
        assert stays in found, "it is the backup"
        assert gone not in found
        assert NOTHING_FOUND in (await finds(dsl, text=gone)).text
        assert (await dsl.chooses(f"open:{concern}")).titles == [WORDS.not_yours_title]


def rows(database: Path, sql: str) -> list[tuple[object, ...]]:
    """What any other program could read there."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        return db.execute(sql).fetchall()
