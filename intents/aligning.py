"""A word nobody wrote in a phrase, put beside the words it may have been meant for.

In this order: joined with its neighbour ("pass word"), a word of the same root ("pillow" beside "pillows"), parted ("socialmedia"),
begun ("safeg"), else one or two slips of the keyboard away (rapidfuzz, transpositions counted as one). Several readings may stand: each has a weight,
and the word as typed keeps a share of its own, for it may be right and merely new. A word that a single phrase has, one slip from a common word, is
read both ways.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA

from intents.words import stem

_SIMILAR: Final = 0.7  # edit similarity below which a word is not taken for a slip of another
_SHORTEST: Final = 3  # letters of a word that may be a slip, or be meant by one
_OF_ONE_ROOT: Final = 0.72  # the share of the phrases' word of the same root, beside the word as typed
_RARE: Final = 5  # letters of a word of one phrase that may be a slip of a common one
_LONGEST: Final = 30  # letters of a word that is looked at at all
_MOST: Final = 40  # unknown words looked at in one text
_KEPT: Final = 0.5  # the share a word keeps as itself
_COMMON: Final = 12  # times a word stands in the phrases before it may be what a rare one was meant for
_BEGUN: Final = 4  # letters before a word may be the beginning of another
_READINGS: Final = 3
_ENOUGH: Final = (
    3000  # words that several phrases have, beside which the words of one phrase are not what a slip was meant for
)


class Token(NamedTuple):
    """One reading of a word of the text. `first` is true of the likeliest: it alone stands in pairs with its neighbours. `typed`: as the person wrote it."""

    word: str
    weight: float
    first: bool = True
    typed: bool = True


class _Alike(NamedTuple):
    """Words of like length, sorted, the letters of each, and by how many letters a slip of it may differ at most."""

    words: list[str]
    letters: npt.NDArray[np.uint32]
    most: npt.NDArray[np.uint8]


class Aligner:
    """Knows the words of the phrases, and how often each stands there."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._counts = dict(counts)
        self._of_root = {stem(word): word for word in sorted(counts, key=lambda word: (counts[word], word))}
        self._ordered = sorted(word for word in counts if len(word) >= _BEGUN)
        often = {word: count for word, count in counts.items() if count > 1}
        self._by_length = _by_length(often if len(often) >= _ENOUGH else counts)
        self._common = _by_length({word: count for word, count in counts.items() if count >= _COMMON})
        self.meant = lru_cache(maxsize=4096)(self._meant)

    def read(self, words: Sequence[str]) -> list[Token]:
        """`words` with their readings, in order."""
        found: list[Token] = []
        left, skip = _MOST, False
        for place, word in enumerate(words):
            if skip:
                skip = False
                continue
            if self._counts.get(word, 0) > 1 or not left or word.isdecimal():
                found.append(Token(word, 1.0))
                continue
            left -= 1
            joined = word + words[place + 1] if place + 1 < len(words) else ""
            if word not in self._counts and joined in self._counts:
                skip = True
                found.append(Token(joined, 1.0))
            else:
                found += self.meant(word)
        return found

    def _meant(self, word: str) -> tuple[Token, ...]:
        if word in self._counts:
            return self._rare(word)
        if stem(word) in self._of_root:
            other = self._of_root[stem(word)]
            return (Token(other, _OF_ONE_ROOT, typed=False), Token(word, _KEPT, first=False))
        if not _SHORTEST <= len(word) <= _LONGEST:
            return (Token(word, 1.0),)
        parted = self._parted(word)
        if parted:
            return tuple(Token(part, 1.0) for part in parted)
        near = self._near(word)
        if not near:
            return (Token(word, 1.0),)
        best = near[0][1]
        readings = [
            Token(choice, 0.8 * score * (score / best) ** 4, place == 0, typed=False)
            for place, (choice, score) in enumerate(near)
        ]
        return (*readings, Token(word, _KEPT, first=False))

    def _near(self, word: str) -> list[tuple[str, float]]:
        choices = self._near_in_letters(word)
        slips = process.extract(word, choices, scorer=OSA.normalized_similarity, score_cutoff=_SIMILAR, limit=12)
        begun = [(choice, 0.9) for choice in self._beginning(word)]
        best = dict([*((choice, score) for choice, score, _ in slips), *begun])
        ranked = sorted(best.items(), key=lambda pair: (-round(pair[1], 3), -self._counts[pair[0]], pair[0]))
        return ranked[:_READINGS]

    def _near_in_letters(self, word: str) -> list[str]:
        """The words of like length that a slip could have been meant for."""
        choices, letters, most = self._by_length[len(word)]
        near = np.flatnonzero(np.bitwise_count(letters ^ np.uint32(_letters(word))) <= most)
        return [choices[place] for place in near.tolist()]

    def _rare(self, word: str) -> tuple[Token, ...]:
        """A word of one phrase only: itself, and the common word it may be a slip of."""
        choices = self._common[len(word)].words if _RARE <= len(word) <= _LONGEST else []
        near = process.extract(word, choices, scorer=OSA.distance, score_cutoff=1, limit=3)
        if not near:
            return (Token(word, 1.0),)
        likeliest = min((found for found, _, _ in near), key=lambda found: (-self._counts[found], found))
        return (Token(word, 1.0), Token(likeliest, _KEPT, first=False, typed=False))

    def _parted(self, word: str) -> tuple[str, str] | None:
        halves = [(word[:cut], word[cut:]) for cut in range(3, len(word) - 2)]
        known = [pair for pair in halves if all(self._counts.get(half, 0) > 1 for half in pair)]
        return max(known, key=lambda pair: (min(self._counts[half] for half in pair), pair), default=None)

    def _beginning(self, word: str) -> list[str]:
        if len(word) < _BEGUN:
            return []
        start = bisect_left(self._ordered, word)
        longer = []
        for choice in self._ordered[start : start + 60]:
            if not choice.startswith(word):
                break
            longer.append(choice)
        return sorted(longer, key=lambda choice: (-self._counts[choice], choice))[:2]


def _by_length(counts: Mapping[str, int]) -> dict[int, _Alike]:
    """Length of a word to the words, sorted, that a slip could turn into it."""
    ordered = sorted(word for word in counts if len(word) >= _SHORTEST)
    letters = np.array([_letters(word) for word in ordered], np.uint32)
    lengths = np.array([len(word) for word in ordered], np.int64)
    found = {}
    for length in range(_SHORTEST, _LONGEST + 1):
        places = np.flatnonzero(np.abs(lengths - length) <= _apart(length))
        slips = ((1 - _SIMILAR) * np.maximum(lengths[places], length) + 1e-9).astype(np.int64)
        most = 2 * slips - np.abs(
            lengths[places] - length
        )  # a letter too many or too few changes one letter, any other slip two
        found[length] = _Alike([ordered[place] for place in places.tolist()], letters[places], most.astype(np.uint8))
    return found


def _apart(length: int) -> int:
    """Letters by which a word of that length may differ in length from what it was meant for."""
    return max(1, int(length * (1 - _SIMILAR) + 1e-9))


def _letters(word: str) -> int:
    """The letters of a word, one bit each."""
    bits = 0
    for letter in word:
        bits |= 1 << (ord(letter) & 31)
    return bits
