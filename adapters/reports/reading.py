"""From the ledger to years of figures. What is opened here is counted and let go."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from adapters.reports.page import catalogue
from bot import Ledger
from bot.learning import Year, asked, cases, periods, trends
from policy_content.model import Library


async def read_years(ledger: Ledger, library: Library, first: date, last: date, now: datetime) -> list[Year]:
    """The figures of every school year that these days touch, as far as whole months of it are over. Raises `LedgerDownError`."""
    zone = ZoneInfo(library.school.timezone)
    spans = periods(first, last, now.astimezone(zone).date())
    if not spans:
        return []
    begin = datetime.combine(spans[0][0], time(), zone).astimezone(UTC)
    end = datetime.combine(date.fromordinal(spans[-1][1].toordinal() + 1), time(), zone).astimezone(UTC)
    counted = cases(await ledger.logged_between(begin, end), library.school)
    questions = asked(await ledger.questions_between(begin, end), library.school)
    rows = catalogue(library)
    return [trends(counted, questions, rows, from_, to) for from_, to in spans]
