"""The children of a concern whom a decision asks about one by one. Pure.

Their names are what the reporter typed, so they travel as `Words`; a field's key holds a child's number and never the name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from bot.concern import Concern
from bot.intake import MOST_CHILDREN
from bot.talk import Words
from policy_content.model import Library

NUMBERS = frozenset(str(number) for number in range(1, MOST_CHILDREN + 1))
_LONGEST = 60  # characters of a name beside each question: the whole of it stands in the concern


@dataclass(frozen=True, slots=True)
class Child:
    """One child as the concern form has them: `number` is that of their fields there, which never changes."""

    number: int
    name: Words


def children(library: Library, concern: Concern, role: str) -> tuple[Child, ...]:
    """The children in this role, `harmed`, `alleged` or `witness`, in the form's order.

    One whose part nobody knew is among the harmed: they may have been, and nobody's safety is to go unasked.
    """
    found = tuple(_in(library, concern, role))
    same = Counter(child.name for child in found)
    return tuple(
        Child(child.number, Words(f"{child.name.reveal()} ({child.number})")) if same[child.name] > 1 else child
        for child in found
    )


def _in(library: Library, concern: Concern, role: str) -> Iterator[Child]:
    w = library.wording
    apart = {"alleged": w.form_role_alleged, "witness": w.form_role_witness}
    for number in range(1, MOST_CHILDREN + 1):
        name = " ".join(concern.account.said(f"child-{number}").reveal().split())
        said = concern.account.said(f"child-{number}-role").reveal()
        part = next((part for part, label in apart.items() if label == said), "harmed")
        if name and part == role:
            yield Child(number, Words(name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"))
