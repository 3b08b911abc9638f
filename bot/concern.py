"""A concern: what it is, its chronology, its stages, and whom it is told to.

Pure: no clock, no storage. Times are aware and in UTC.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.talk import NOTHING, Words
from bot.triage import Observation

About = Literal["pupils", "adult", "head", "safeguarding"]
Stage = Literal["logged", "acknowledged", "decided", "closed"]
AGAIN = frozenset({"escalated", "reopened"})  # the entries with which the clocks begin again


@dataclass(frozen=True, slots=True)
class Line:
    """One field of the concern form as it was sent: the label as shown, what was typed, and the field's key
    (`child-1`, `happened`). Concerns sent before keys were kept have none.
    """

    label: str
    value: Words
    key: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """What the reporter said. This is the part that is sealed."""

    reporter: Words
    lines: tuple[Line, ...]
    observations: tuple[Observation, ...] = ()

    def to_text(self) -> str:
        """The account as JSON, only ever handed to the vault."""
        return json.dumps(
            {
                "reporter": self.reporter.reveal(),
                "lines": [[line.label, line.value.reveal(), line.key] for line in self.lines],
                "observations": [[o.asked, o.answered] for o in self.observations],
            }
        )

    def said(self, key: str) -> Words:
        """What was typed in the field of this key; nothing if it was left empty."""
        return next((line.value for line in self.lines if line.key == key), NOTHING)

    def children(self) -> tuple[tuple[Words, Words], ...]:
        """The children as the reporter named them, each with the role they gave."""
        keys = [line.key for line in self.lines if line.key.startswith("child-") and not line.key.endswith("-role")]
        return tuple((self.said(key), self.said(f"{key}-role")) for key in keys)

    @classmethod
    def from_text(cls, text: str) -> Account:
        """The account from the vault's text."""
        held = json.loads(text)
        return cls(
            Words(held["reporter"]),
            tuple(Line(label, Words(value), *key) for label, value, *key in held["lines"]),
            tuple(Observation(asked, answered) for asked, answered in held["observations"]),
        )


@dataclass(frozen=True, slots=True)
class NewConcern:
    """A concern about to be logged: all but what the ledger gives it (id, reference, version)."""

    about: str
    urgent: bool
    reporter: str
    account: Account
    conversation: str
    drill: bool = False
    avoids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a chronology: append-only. `what` is a fixed word: logged, opened, acknowledged, added, decided,
    closed, or one of those that `bot.case` reads. `text` is what the person wrote with it, if anything.
    """

    at: datetime
    who: Words
    what: str
    text: Words = NOTHING


@dataclass(frozen=True, slots=True)
class Concern:
    """A logged concern as the record has it. `version` counts its changes.

    `reached` holds the roles and places it has been told to (dsl, deputy-1, head, chair): only they may open it.
    `seen`, `decide` and `quiet` count the steps its clocks have taken; steps below `unheard` were due early,
    because nobody before could be reached. `avoids` are the ids of those it must be kept from, whatever else they
    may see; `kept_to`, unless it is empty, the ids of the only people who may see it.
    """

    id: str
    reference: str
    about: str
    urgent: bool
    stage: Stage
    version: int
    reporter: str
    logged_at: datetime
    account: Account
    chronology: tuple[Entry, ...]
    reached: frozenset[str]
    drill: bool = False
    seen: int = 1
    decide: int = 0
    quiet: int = 0
    unheard: int = 0
    avoids: frozenset[str] = frozenset()
    kept_to: frozenset[str] = frozenset()

    @property
    def round(self) -> int:
        """How often its clocks have begun again, because needs escalated or it was reopened."""
        return sum(entry.what in AGAIN for entry in self.chronology)

    @property
    def since(self) -> datetime:
        """When its clocks last began."""
        return next((e.at for e in reversed(self.chronology) if e.what in AGAIN), self.logged_at)

    def entry(self, what: str) -> Entry | None:
        """The first entry of this kind since its clocks last began, if there is one."""
        found = None
        for entry in reversed(self.chronology):
            if entry.what == what:
                found = entry
            if entry.what in AGAIN:
                break
        return found

    def latest(self, what: str) -> Entry | None:
        """The last entry of this kind, if there is one."""
        return next((entry for entry in reversed(self.chronology) if entry.what == what), None)


def reference(short: str, year: int, number: int) -> str:
    """A concern's reference: `TA-2026-0042`."""
    return f"{short}-{year}-{number:04d}"


def is_reference(text: str) -> bool:
    """True if this is written as a reference is, whether or not there is such a concern."""
    return re.fullmatch(r"[A-Z]{2,5}-[0-9]{4}-[0-9]{4,}", text) is not None
