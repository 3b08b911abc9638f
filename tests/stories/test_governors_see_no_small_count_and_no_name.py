"""What governors are shown: a year of practice, in which no name, no reference, no word typed and no count under five is."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from adapters import practice
from adapters.reports import page, read_years
from bot import Vault, new_master_key, open_ledger
from bot.learning import Year
from policy_content import load
from tests.core.attacker import Attacker, cells
from tests.evidence.year import fill

LIBRARY = practice.dress(load())
UNTIL = datetime(2026, 9, 20, 12, tzinfo=UTC)
ASKED_FOR = (date(2025, 9, 1), date(2026, 8, 31))


@pytest.fixture
async def shown(tmp_path: Path) -> tuple[str, list[Year]]:
    """The page, and its figures month by month."""
    vault = Vault.from_text(new_master_key("practice"))
    ledger = await open_ledger(f"sqlite+aiosqlite:///{tmp_path / 'year.db'}", vault, LIBRARY.school.short)
    await fill(ledger, LIBRARY, UNTIL, concerns=36)
    whole = await read_years(ledger, LIBRARY, *ASKED_FOR, UNTIL)
    ends = (date(2025 + (month > 12), (month - 1) % 12 + 1, 15) for month in range(9, 21))
    months = [(await read_years(ledger, LIBRARY, ASKED_FOR[0], end, UNTIL))[0] for end in ends]
    await ledger.close()
    return page(LIBRARY, whole, UNTIL, "practice"), months


async def test_the_page_names_nobody_and_counts_nothing_under_five(shown: tuple[str, list[Year]]) -> None:
    text, _ = shown
    for secret in (
        "Practice Pupil",
        "Sam Carter",
        "Priya Nair",
        f"{LIBRARY.school.short}-2026",
        "made up for practice",
    ):
        assert secret not in text
    figures = re.findall(r"<dd>([^<]*)</dd>", text)
    assert figures
    counts = [*figures, *re.findall(r"</th><td>(\d[^<]*–[^<]*)</td>", text)]
    assert all(count == LIBRARY.wording.learning.fewer or int(count.partition("–")[0]) % 5 == 0 for count in counts)
    assert not [count for count in counts if re.fullmatch(r"[0-4](–\d+)?", count)]


async def test_whoever_has_every_months_page_still_knows_no_small_count(shown: tuple[str, list[Year]]) -> None:
    _, months = shown
    attacker = Attacker(months)
    hidden = [(when, cell) for when, year in enumerate(months) for cell, step in cells(year) if step is None]
    assert len(hidden) > 100
    assert {attacker.knows(when, cell) for when, cell in hidden} == {(0, 4)}
