"""Text to features: numbers that stand for words, pairs, letter groups and concepts, each with how much of it there is.

A feature is one 64-bit integer: its block in the top bits, what it is made of below. So a vocabulary is a sorted array,
small on disk and ready at once, and looking up a whole question is one search.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from intents.aligning import Aligner, Token
from intents.recipe import Recipe
from intents.words import stem, words

Keys = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

WORDS, PAIRS, SKIPS, LETTERS, CONCEPTS, MEETINGS, CONTEXTS = range(7)
BLOCKS: Final = 7
_SHIFT: Final = 52  # bits below the block
_ROOM: Final = 20  # bits of one root or concept
_UNKNOWN: Final = (1 << _ROOM) - 1
_START, _END = _UNKNOWN - 1, _UNKNOWN - 2
_REACH: Final = 12  # words apart that two concepts may meet
_NAMED: Final = 2  # times a word of the lexicon counts as said, at least: it is no slip
_MOST_WORDS: Final = 400  # of one text; the rest is not weighed
_MOST_MEETINGS: Final = 40  # named concepts of one text that are paired


@dataclass(frozen=True, slots=True)
class Bag:
    """The features of one text, each once, in order of key, and how much of each there is."""

    keys: Keys
    counts: Floats


class Reader:
    """Reads texts to bags. The roots it knows come from the phrases, in sorted order; the same phrases make the same reader."""

    def __init__(self, counts: Mapping[str, int], lexicon: Mapping[str, Sequence[str]], recipe: Recipe) -> None:
        """`counts`: word to how often the phrases have it."""
        said = {word for names in lexicon.values() for name in names for word in words(name)}
        self._aligner = Aligner({**counts, **{word: max(_NAMED, counts.get(word, 0)) for word in sorted(said)}})
        roots = sorted({stem(word) for word in (*counts, *said)})
        self.roots = roots[: _END - 1]
        self.concepts = sorted(lexicon)
        self._root_ids = {root: number for number, root in enumerate(self.roots)}
        self._named_by = self._numbered(lexicon)
        self._guesses = recipe.guesses
        self._letters = lru_cache(maxsize=8192)(lambda word: _letters(word, recipe.grams))
        self._number = lru_cache(maxsize=8192)(lambda word: self._root_ids.get(stem(word), _UNKNOWN))

    def bag(self, text: str) -> Bag:
        """The features of `text`."""
        return self.bag_of(self.tokens(text))

    def tokens(self, text: str) -> list[Token]:
        """The words of `text`, slips put beside what they may have been meant for."""
        return self._aligner.read(words(text)[:_MOST_WORDS])

    def bag_of(self, tokens: Sequence[Token]) -> Bag:
        """The features of words already read."""
        if not tokens:
            return Bag(np.zeros(0, np.int64), np.zeros(0, np.float32))
        keys: list[int] = []
        weights: list[float] = []
        line: list[int] = []  # the likeliest reading, as root numbers
        for token in tokens:
            number = self._number(token.word)
            keys.append(number if number != _UNKNOWN else -1 - len(keys))
            weights.append(token.weight)
            if token.first:
                line.append(number)
        more = [*_pairs(line), *_skips(line), *self._named(line)]
        spelt = [token for token in tokens if token.typed or self._guesses]
        letters = [self._letters(token.word) for token in spelt]
        whole = np.concatenate([np.array(keys + more, np.int64), *letters])
        amounts = np.ones(len(whole), np.float64)
        amounts[: len(weights)] = weights
        if self._guesses:
            amounts[len(keys) + len(more) :] = np.repeat([token.weight for token in spelt], [*map(len, letters)])
        unique, place = np.unique(whole, return_inverse=True)
        return Bag(unique, np.bincount(place, amounts, len(unique)).astype(np.float32))

    def _named(self, line: Sequence[int]) -> list[int]:
        """Concepts; the concepts that meet; and each with the words beside it."""
        found: list[tuple[int, int]] = []
        for place, number in enumerate(line):
            for name, concepts in self._named_by.get(number, ()):
                if len(name) == 1 or tuple(line[place : place + len(name)]) == name:
                    found += [(place, concept) for concept in concepts]
        met = {
            (first, second) if first < second else (second, first)
            for number, (place, first) in enumerate(found[:_MOST_MEETINGS])
            for other, second in found[number + 1 : _MOST_MEETINGS]
            if first != second and other - place <= _REACH
        }
        beside = {
            line[near] << _ROOM + 1 | concept << 1 | (near > place)
            for place, concept in found
            for near in (place - 2, place - 1, place + 1, place + 2)
            if 0 <= near < len(line)
        }
        return [
            *(CONCEPTS << _SHIFT | concept for _, concept in found),
            *(MEETINGS << _SHIFT | first << _ROOM | second for first, second in met),
            *(CONTEXTS << _SHIFT | key for key in beside),
        ]

    def _numbered(self, lexicon: Mapping[str, Sequence[str]]) -> dict[int, list[tuple[tuple[int, ...], list[int]]]]:
        """First root of a name, as a number, to (the roots of the name, the concepts it names)."""
        concepts: dict[tuple[str, ...], set[str]] = {}
        for concept, names in lexicon.items():
            for name in names:
                concepts.setdefault(tuple(stem(word) for word in words(name)), set()).add(concept)
        found: dict[int, list[tuple[tuple[int, ...], list[int]]]] = {}
        for roots in sorted(roots for roots in concepts if roots and self._root_ids.keys() >= {*roots}):
            numbers = tuple(self._root_ids[root] for root in roots)
            named = [number for number, concept in enumerate(self.concepts) if concept in concepts[roots]]
            found.setdefault(numbers[0], []).append((numbers, named))
        return found

    def name(self, key: int) -> str:
        """What a feature stands for, for people: "knife", "a knife", "=weapon"."""
        block, rest = key >> _SHIFT, key & (1 << _SHIFT) - 1
        if block == WORDS:
            return self._root(rest)
        if block in (PAIRS, SKIPS):
            between = " " if block == PAIRS else " … "
            return f"{self._root(rest >> _ROOM)}{between}{self._root(rest & _UNKNOWN)}"
        if block == LETTERS:
            return "".join(chr(rest >> shift & 0xFF) for shift in range(32, -1, -8)).strip("\0")
        if block == CONCEPTS:
            return f"={self.concepts[rest]}"
        if block == MEETINGS:
            return f"={self.concepts[rest >> _ROOM]} ={self.concepts[rest & _UNKNOWN]}"
        return f"{self._root(rest >> _ROOM + 1)} ={self.concepts[(rest & _UNKNOWN) >> 1]}"

    def _root(self, number: int) -> str:
        return {_START: "<", _END: ">"}.get(number) or (self.roots[number] if number < len(self.roots) else "?")


def block_of(keys: Keys) -> Keys:
    """The block of each key. Words no phrase has, which have numbers below none, are of the block of words."""
    blocks: Keys = np.maximum(keys >> _SHIFT, 0)
    return blocks


def _pairs(line: Sequence[int]) -> list[int]:
    whole = (_START, *line, _END)
    return [PAIRS << _SHIFT | first << _ROOM | second for first, second in pairwise(whole)]


def _skips(line: Sequence[int]) -> list[int]:
    return [SKIPS << _SHIFT | first << _ROOM | second for first, second in zip(line, line[2:], strict=False)]


def _letters(word: str, sizes: tuple[int, int]) -> Keys:
    """The groups of letters in a word, from the shortest to the longest of `sizes`, its ends marked."""
    codes = [ord("#"), *(ord(letter) & 0xFF for letter in word[:30]), ord("#")]
    keys = []
    shortest, longest = sizes
    for start in range(len(codes)):
        packed = 0
        for size, code in enumerate(codes[start : start + longest], 1):
            packed = packed << 8 | code
            if size >= shortest:
                keys.append(LETTERS << _SHIFT | packed)
    return np.array(keys, np.int64)
