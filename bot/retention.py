"""Which concerns may be forgotten: only what is closed, was handed over, and has not changed since. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bot import case
from bot.concern import Concern
from policy_content.model import School

Refusal = Literal["", "not_open", "not_handed_over", "changed"]
# What adds nothing that the other system would not hold.
_ADDS_NOTHING = case.LOOKS | {"handed_over"}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a concern stands towards being forgotten: why it may not be (nothing if it may), and from when it is due."""

    concern: Concern
    refused: Refusal
    handed_at: datetime | None
    due_at: datetime | None

    def due(self, now: datetime) -> bool:
        """True if the school's days have passed and nothing speaks against it."""
        return not self.refused and self.due_at is not None and self.due_at <= now


def standing(concern: Concern, school: School) -> Standing:
    """How this concern stands."""
    handed = case.handed_over(concern)
    at = handed[0].at if handed else None
    due = at + timedelta(days=school.retention.after_handover_days) if at else None
    return Standing(concern, refused(concern), at, due)


def refused(concern: Concern) -> Refusal:
    """Why it may not be forgotten; nothing if it may."""
    if concern.stage != "closed":
        return "not_open"
    if case.handed_over(concern) is None:
        return "not_handed_over"
    # What a file was made of is what the other system can hold, once it is recorded that it went there; without a file,
    # what was typed there before it was recorded. A file made since may have gone nowhere.
    recorded = max(n for n, entry in enumerate(concern.chronology) if entry.what == "handed_over")
    made = [n for n, entry in enumerate(concern.chronology[:recorded]) if entry.what == "exported"]
    later = concern.chronology[(made or [recorded])[-1] + 1 :]
    return "changed" if any(entry.what not in _ADDS_NOTHING for entry in later) else ""
