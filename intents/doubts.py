"""Phrases that may stand in the wrong file: said twice, read as another topic although they were learnt, or held to their own by a thread.

One pass over all phrases, about half a millisecond each; a phrase never vouches for itself as its own nearest. The shipped phrases raise no doubt,
so each line tells of something new: move the phrase, delete it, or give its topic two or three more that say it in other words.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from intents.match import NEAREST, Matcher

Kind = Literal["said twice", "misread", "nearer to another"]
_SAME: Final = 0.97  # of a phrase's cosine with itself, above which another says the same
_NEAR: Final = 0.6  # cosine below which a phrase of another topic is not near
_NEARER: Final = 0.2  # how much nearer than its own topic's nearest it must be
_THREAD: Final = (
    1.0  # evidence (log-odds) for its own topic over the other, below which what is near another topic is in doubt
)


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
        itself, near[place] = float(near[place]), 0  # less than 1: the commonest words say nothing of nearness
        evidence = matcher.linear(reading) + NEAREST * np.maximum.reduceat(near, starts)
        read_as = int(np.argmax(evidence))
        other = int(np.argmax(near))
        theirs = int(home[other])
        nearer = near[other] >= _NEAR and near[other] - float(near[home == own].max()) >= _NEARER
        if near[other] >= _SAME * itself and other < place:
            yield Doubt("said twice", names[own], phrase, names[theirs], phrases[other])
        elif read_as != own:
            yield Doubt("misread", names[own], phrase, names[read_as], "")
        elif nearer and evidence[own] - evidence[theirs] < _THREAD:
            yield Doubt("nearer to another", names[own], phrase, names[theirs], phrases[other])
