"""When somebody is in school: a pure function of the school's calendar. Times are aware; UTC in, UTC out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from policy_content.model import School

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HORIZON = 370  # days looked ahead: past any holiday
_BACK = 50  # days looked back: past the summer


def is_open(school: School, at: datetime) -> bool:
    """True while somebody is in school."""
    day = at.astimezone(ZoneInfo(school.timezone)).date()
    hours = _hours(school, day)
    return hours is not None and hours[0] <= at < hours[1]


def next_opening(school: School, at: datetime) -> datetime | None:
    """When the school next opens, after `at`; None if the calendar has no day in the coming year."""
    return next((opens for opens, _ in _ahead(school, at) if opens > at), None)


def last_opening(school: School, at: datetime) -> datetime | None:
    """When the school last opened, at `at` or before; None if it has not for seven weeks."""
    day = at.astimezone(ZoneInfo(school.timezone)).date()
    found = (_hours(school, day - timedelta(days=back)) for back in range(_BACK))
    return next((hours[0] for hours in found if hours and hours[0] <= at), None)


def opening_today(school: School, at: datetime) -> datetime | None:
    """When the school opened, or opens, on this local day; None if it stays closed."""
    hours = _hours(school, at.astimezone(ZoneInfo(school.timezone)).date())
    return hours[0] if hours else None


def after_open_minutes(school: School, start: datetime, minutes: int) -> datetime | None:
    """The moment when `minutes` of school hours have passed since `start`; None if the calendar runs out."""
    left = timedelta(minutes=minutes)
    for opens, closes in _ahead(school, start):
        begins = max(opens, start)
        if begins >= closes:
            continue
        if begins + left <= closes:
            return begins + left
        left -= closes - begins
    return None


def _ahead(school: School, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    first = start.astimezone(ZoneInfo(school.timezone)).date()
    for number in range(_HORIZON):
        hours = _hours(school, first + timedelta(days=number))
        if hours:
            yield hours


def _hours(school: School, day: date) -> tuple[datetime, datetime] | None:
    """The day's hours in UTC, or None on a day without school. A clock change moves them, as it moves people."""
    calendar, zone = school.calendar, ZoneInfo(school.timezone)
    hours = calendar.hours.get(_DAYS[day.weekday()])  # type: ignore[call-overload]
    in_term = not calendar.terms or any(term.first <= day <= term.last for term in calendar.terms)
    if hours is None or not in_term or day in calendar.closed:
        return None
    opens, closes = (datetime.combine(day, at, zone).astimezone(UTC) for at in (hours.opens, hours.closes))
    return opens, closes
