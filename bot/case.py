"""What a concern's chronology says the case has come to: who leads, what is to be done, what it is linked with. Pure.

Nothing of this is stored anywhere else. An entry whose text is structured holds JSON; one that cannot be read as such,
because it is older or still sealed, says nothing here and is shown as it stands.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.concern import Concern, Entry
from bot.talk import Words
from policy_content.case_wording import Review

# What is written for the record alone, and what merely says that somebody looked.
LOOKS = frozenset({"opened", "read", "exported"})


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do. `number` is its place in the chronology, counted from 1; `nth` its place among the actions."""

    number: int
    nth: int
    what: Words
    due: date
    done: bool


@dataclass(frozen=True, slots=True)
class Assigned:
    """Who leads: `to` as alerts tell people, and their name."""

    to: tuple[str, ...]
    name: Words


@dataclass(frozen=True, slots=True)
class Link:
    """Another concern about the same child, group or place."""

    id: str
    reference: str
    why: Words


def actions(concern: Concern) -> tuple[Action, ...]:
    """Everything that was to be done, in order."""
    done = {held.get("action") for held in _all(concern, "done")}
    found: list[Action] = []
    for number, entry in enumerate(concern.chronology, 1):
        held = _held(entry) if entry.what == "action" else None
        if held is not None:
            due = date.fromisoformat(held["due"])
            found.append(Action(number, len(found) + 1, Words(held["what"]), due, number in done))
    return tuple(found)


def assigned(concern: Concern) -> Assigned | None:
    """Who leads on it now, if anybody was named."""
    named = [Assigned(tuple(held["to"]), Words(held["name"])) for held in _all(concern, "assigned")]
    return named[-1] if named else None


def links(concern: Concern) -> tuple[Link, ...]:
    """The concerns that it is linked with. Not everybody who may open this one may open those."""
    return tuple(link for entry in concern.chronology for link in links_in(entry))


def links_in(entry: Entry) -> tuple[Link, ...]:
    """The link that an entry records, if it does."""
    held = _held(entry) if entry.what == "linked" else None
    return (Link(held["id"], held["reference"], Words(held["why"])),) if held else ()


def shown(entries: Iterable[Entry], seen: Collection[str]) -> tuple[Entry, ...]:
    """Those of the entries that may be shown to somebody who may open the linked concerns `seen`. That one is linked with
    any other is not said.
    """
    return tuple(entry for entry in entries if all(link.id in seen for link in links_in(entry)))


def decisions(concern: Concern) -> tuple[tuple[int, Entry], ...]:
    """Every decision with its place in the chronology, counted from 1. The last one stands."""
    return tuple((n, entry) for n, entry in enumerate(concern.chronology, 1) if entry.what == "decided")


def messages(concern: Concern) -> tuple[Entry, ...]:
    """What went between those who have it and the reporter, in order."""
    return tuple(entry for entry in concern.chronology if entry.what in {"messaged", "answered"})


def moves(concern: Concern) -> int:
    """How often something was done with it, not counting that somebody looked. A form carries it as its version."""
    return sum(entry.what not in LOOKS for entry in concern.chronology)


def since(concern: Concern, version: int) -> tuple[Entry, ...]:
    """What was done with it since it was at this version."""
    return tuple(entry for entry in concern.chronology if entry.what not in LOOKS)[version:]


def review(concern: Concern) -> dict[str, tuple[str, Words]]:
    """The review questions answered at closing, in their order: key to the question as asked, and its answer. Closed more
    than once, each question's last answer: whoever closes again need not write again what stands there.
    """
    found = {key: given for held in _all(concern, "reviewed") for key, given in held["review"].items()}
    return {key: (found[key][0], Words(found[key][1])) for key in Review.model_fields if key in found}


def handed_over(concern: Concern) -> tuple[Entry, Words, Words] | None:
    """Where it was last handed over to: the entry, the other system and the reference there; None if nowhere."""
    entry = concern.latest("handed_over")
    held = _held(entry) if entry else None
    return (entry, Words(held["system"]), Words(held["reference"])) if entry and held else None


def facts(concern: Concern) -> dict[str, tuple[str, ...]]:
    """What was chosen at the last closing for the school's figures: `kinds`, `place` and `years`, as keys."""
    entry = concern.latest("reviewed")
    held = _held(entry) if entry else None
    return {key: tuple(chosen) for key, chosen in (held or {}).get("facts", {}).items()}


def counts(concern: Concern) -> bool:
    """False while it stands closed as no concern of its own: logged by mistake or as a trial, or held by another."""
    entry = concern.latest("closed") if concern.stage == "closed" else None
    held = _undecided(entry) if entry else None
    return held is None or held["undecided"] not in {"mistake", "double"}


def said(entry: Entry) -> Words:
    """What an entry says, in words, whether or not its text is structured."""
    if entry.what == "closed":
        why = _undecided(entry)
        return Words(f"{why['said']}.\n{why['text']}") if why else entry.text
    held = _held(entry) if entry.what in _PLAINLY else None
    return Words(_PLAINLY[entry.what](held)) if held else entry.text


def _undecided(entry: Entry) -> dict[str, Any] | None:
    """How an entry says that it was closed without a decision. What was typed for any other closing stands there plainly,
    and may look like anything.
    """
    held = _held(entry)
    return held if held is not None and held.keys() == {"undecided", "said", "text"} else None


def _reviewed(held: dict[str, Any]) -> str:
    return "\n".join(f"{asked} {answer}" for asked, answer in held["review"].values())


_PLAINLY: dict[str, Callable[[dict[str, Any]], str]] = {
    "action": lambda held: f"{held['what']} ({held['due']})",
    "done": lambda held: f"{held['nth']}. {held['text']}".strip(),
    "assigned": lambda held: held["name"],
    "linked": lambda held: f"{held['reference']}: {held['why']}",
    "restricted": lambda held: f"{', '.join(held['names'])}: {held['why']}",
    "reviewed": _reviewed,
    "handed_over": lambda held: f"{held['system']}: {held['reference']}",
}


def _all(concern: Concern, what: str) -> Iterator[dict[str, Any]]:
    for entry in concern.chronology:
        held = _held(entry) if entry.what == what else None
        if held is not None:
            yield held


def _held(entry: Entry) -> dict[str, Any] | None:
    """The structure in an entry's text, or None."""
    try:
        held = json.loads(entry.text.reveal() or "null")
    except ValueError:
        return None
    return held if isinstance(held, dict) else None
