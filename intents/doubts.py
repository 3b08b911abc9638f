"""Phrases that may stand in the wrong file: nearer to another topic than to their own, said twice, or misread although they were learnt.

One pass over all phrases, about half a millisecond each. A doubt is for a person to look at; many are right as they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from intents.match import Matcher

Kind = Literal["said twice", "misread", "nearer to another"]
_SAME: Final = 0.93  # cosine above which two phrases say the same
_NEAR: Final = 0.6  # cosine below which a phrase of another topic is not near
_NEARER: Final = 0.2  # how much nearer than its own topic's nearest it must be


@dataclass(frozen=True, slots=True)
class Doubt:
    """A phrase, the file it stands in, and the phrase and file that raise the doubt ("" where no one phrase does)."""

    kind: Kind
    topic: str
    phrase: str
    other_topic: str
    other: str


def doubts(matcher: Matcher) -> Iterator[Doubt]:
    """Every doubt, in the order of the files; at most one for a phrase."""
    model = matcher.model
    if model is None:
        return
    shelves = matcher.shelves
    phrases = [phrase for _, shelf in shelves for phrase in shelf]
    home = np.repeat(np.arange(len(shelves)), [len(shelf) for _, shelf in shelves])
    names = [name for name, _ in shelves]
    starts = np.cumsum([0, *(len(shelf) for _, shelf in shelves)])[:-1]
    for place, phrase in enumerate(phrases):
        reading = model.read(model.reader.bag(phrase))
        if not len(reading.rows):
            continue
        own = int(home[place])
        near = model.nearness(reading)
        read_as = int(np.argmax(matcher.linear(reading) + np.maximum.reduceat(near, starts)))
        near[place] = 0
        other = int(np.argmax(near))
        apart = int(home[other]) != own
        nearest_own = float(near[home == own].max())
        if near[other] >= _SAME and other < place:
            yield Doubt("said twice", names[own], phrase, names[home[other]], phrases[other])
        elif read_as != own:
            yield Doubt("misread", names[own], phrase, names[read_as], "")
        elif apart and near[other] >= _NEAR and near[other] - nearest_own >= _NEARER:
            yield Doubt("nearer to another", names[own], phrase, names[home[other]], phrases[other])
