"""The kinds of text that stand in wording.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import StringConstraints


@dataclass(frozen=True, slots=True)
class Holds:
    """The braces a sentence must hold, which the bot fills in; people and agencies may stand in any."""

    names: frozenset[str]


def holds(*names: str) -> Holds:
    """The mark of a sentence that must hold these braces."""
    return Holds(frozenset(names))


Say = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=75)]
