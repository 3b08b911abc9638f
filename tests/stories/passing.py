"""Time in a story: it stands still on a school morning until the story says that some has passed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from tests.channels.school import School, come_true

BEGINS = datetime(2026, 11, 23, 10, tzinfo=UTC)  # a Monday, at ten


class Clock:
    """The clock that the page and the bell look at."""

    def __init__(self) -> None:
        self._now = BEGINS

    def now(self, zone: tzinfo = UTC) -> datetime:
        """What it says."""
        return self._now.astimezone(zone)

    async def passes(self, school: School, **by: float) -> None:
        """So many `minutes`, `hours` or `days` go by; then everybody has been told what came due."""
        await come_true(lambda: school.signpost.rests, "a moment in which the bell rests")
        self._now += timedelta(**by)
        school.signpost.wake()
        await come_true(lambda: school.signpost.rests, "that all that had come due was told")
