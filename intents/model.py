"""A fitted model: arrays that turn the features of a text into evidence for each class, and how they are made.

Classes are the topics in order and, where there are phrases out of scope, one more for them.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from intents import keeping
from intents.features import BLOCKS, PAIRS, WORDS, Bag, Floats, Keys, Reader, block_of
from intents.recipe import Recipe, Teaching, recipe_for
from intents.words import words

_PAIR_RATIO: Final = np.float32(0.5)  # of pairs beside words in the log-ratios
_TOO_COMMON: Final = 0.12  # share of phrases beyond which a feature says nothing about nearness

_NAME_COUNTS: Final = 0.5  # of a phrase
_FEW: Final = 50  # phrases that may always share a feature
_MOST_CLAUSES: Final = 6
_LEAST_IN_CLAUSE: Final = 12  # characters
_PARTS: Final = re.compile(r"(?<=[.!?;:])\s+|\n+|,\s+(?:and|but|so|because|then)\s+|\s+-\s+|\s+but\s+")

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Arrays:
    """Everything learnt. `keys` is sorted; the first `len(ratios)` of it are words and pairs."""

    keys: Keys
    rarity: Floats
    weights: Floats
    constant: Floats
    ratios: Floats
    starts: npt.NDArray[np.int32]
    phrases: npt.NDArray[np.int32]
    cosines: Floats
    labels: Ints


@dataclass(frozen=True)
class Reading:
    """A text as the model sees it: the features it knows (`rows`), their value in the regression, and in the cosine; the share of its words that topics know, and how many they are."""

    rows: Ints
    values: Floats
    near: Floats
    presence: Floats
    known: float
    length: float


@dataclass(frozen=True)
class Hearing:
    """A text and, if it has several, its clauses."""

    whole: Reading
    clauses: tuple[Reading, ...]


class Model:
    """A reader and what was learnt of its features."""

    def __init__(self, reader: Reader, arrays: Arrays, recipe: Recipe, digest: str) -> None:
        """`digest` names all that was learnt from."""
        self.reader, self.arrays, self.recipe, self.digest = reader, arrays, recipe, digest
        self._examples = len(arrays.labels)
        self._unseen = np.float32(np.log(1 + self._examples) + 1)
        self._lent: dict[str, Reading] = {}  # what was read while learning, for the next who learns of the same texts
        self.hear = lru_cache(maxsize=1)(self._hear)  # the matcher and the opinion on urgency hear the same text

    @classmethod
    def fit(
        cls,
        shelves: Sequence[Sequence[str]],
        lexicon: Mapping[str, Sequence[str]],
        names: Sequence[str] = (),
        cache: Path | None = None,
        *,
        lend: bool = False,
    ) -> Self:
        """A model of `shelves`: one list of examples for each class; out of the folder `cache` if it was learnt before.

        `names`: what the first classes are called ("" where that says nothing). `lend`: keep what was read of the examples until `learn` or `forget_lent`.
        """
        recipe = recipe_for(sum(map(len, shelves)), len(shelves))
        extra = [(name, label) for label, name in enumerate(names) if name and recipe.named]
        held = [list(shelf) for shelf in shelves], {name: list(lexicon[name]) for name in lexicon}
        digest = keeping.digest_of(*held, extra)
        kept = keeping.fetch(cache, "matcher", digest)
        if kept is not None:
            model = cls._restored(kept, lexicon, digest)
            if model is not None:
                return model
        texts = [phrase for shelf in shelves for phrase in shelf] + [name for name, _ in extra]
        labels = np.concatenate([_labels(shelves), np.array([label for _, label in extra], np.int64)])
        counts = Counter(word for text in texts for word in words(text))
        learnt, readings = _learnt(texts, labels, len(extra), Reader(counts, lexicon, recipe), recipe)
        model = cls(Reader(counts, lexicon, recipe), learnt, recipe, digest)
        if lend:
            model._lent = dict(zip(texts, readings, strict=True))
        arrays = {field.name: getattr(model.arrays, field.name) for field in fields(Arrays)}
        keeping.keep(cache, "matcher", digest, {"counts": keeping.as_bytes(json.dumps(counts)), **arrays})
        return model

    @classmethod
    def _restored(cls, kept: keeping.Arrays, lexicon: Mapping[str, Sequence[str]], digest: str) -> Self | None:
        try:
            arrays = Arrays(**{field.name: kept[field.name] for field in fields(Arrays)})
            counts = json.loads(bytes(kept["counts"]).decode())
        except (KeyError, ValueError):
            return None
        whole = len(arrays.keys) == len(arrays.weights) == len(arrays.rarity) == len(arrays.starts) - 1
        recipe = recipe_for(len(arrays.labels), len(arrays.constant))
        return cls(Reader(counts, lexicon, recipe), arrays, recipe, digest) if whole else None

    def _hear(self, text: str) -> Hearing:
        """`text` as the model sees it, whole and by clauses."""
        clauses = [clause for clause in _PARTS.split(text) if len(clause) >= _LEAST_IN_CLAUSE][:_MOST_CLAUSES]
        parts = tuple(self.read(self.reader.bag(clause)) for clause in clauses) if len(clauses) > 1 else ()
        return Hearing(self.read(self.reader.bag(text)), parts)

    def learn(self, shelves: Sequence[Sequence[str]], teaching: Teaching) -> tuple[Floats, Floats, Floats]:
        """Another question put to the same features: weights, constants and log-ratios that tell `shelves` apart, fitted as `teaching` says."""
        counted = [Counter(shelf) for shelf in shelves]
        lent = self._lent
        self.forget_lent()
        readings = [lent.get(text) or self.read(self.reader.bag(text)) for shelf in counted for text in shelf]
        times = np.array([often for shelf in counted for often in shelf.values()], np.float32)
        labels = _labels([tuple(shelf) for shelf in counted])
        return _told_apart(readings, self.arrays.keys, len(self.arrays.ratios), labels, times, teaching)

    def forget_lent(self) -> None:
        """What was read while learning is not needed any more."""
        self._lent = {}

    def read(self, bag: Bag) -> Reading:
        """The features of `bag` that are known, weighed."""
        return _read(bag, self.arrays.keys, self.arrays.rarity, self._unseen, len(self.arrays.ratios), self.recipe)

    def regression(self, reading: Reading) -> Floats:
        """The linear evidence for each class."""
        out: Floats = reading.values @ self.arrays.weights[reading.rows] + self.arrays.constant
        return out

    def ratios(self, reading: Reading) -> Floats:
        """The log-ratios of the words and pairs, damped by how many there are."""
        count = len(reading.presence)
        total: Floats = reading.presence @ self.arrays.ratios[reading.rows[:count]]
        return total / np.float32(np.sqrt(float(reading.presence.sum()) + 1))

    def nearness(self, reading: Reading) -> Floats:
        """The cosine with each phrase, in order."""
        used = np.flatnonzero(reading.near)
        begins = self.arrays.starts[reading.rows[used]]
        many = self.arrays.starts[reading.rows[used] + 1] - begins
        spots = np.repeat(begins - (np.cumsum(many) - many), many) + np.arange(many.sum())
        places = self.arrays.phrases[spots]
        values = self.arrays.cosines[spots] * np.repeat(reading.near[used], many)
        return np.bincount(places, values, self._examples).astype(np.float32)


def _learnt(
    texts: Sequence[str], labels: Ints, names: int, reader: Reader, recipe: Recipe
) -> tuple[Arrays, list[Reading]]:
    """Everything learnt, and the texts as they were read. The last `names` of them are names: they teach, but nothing is near to them."""
    bags = [reader.bag(text) for text in texts]
    phrases = len(texts) - names
    keys, rarity = _vocabulary(bags, recipe)
    unseen = np.float32(np.log(1 + phrases) + 1)
    plain = int(np.searchsorted(block_of(keys), PAIRS, side="right"))
    readings = [_read(bag, keys, rarity, unseen, plain, recipe) for bag in bags]
    times = np.ones(len(texts), np.float32)
    times[phrases:] = _NAME_COUNTS
    weights, constant, ratios = _told_apart(readings, keys, plain, labels, times, recipe.teaching)
    postings = _postings(readings[:phrases], keys)
    return Arrays(keys, rarity, weights, constant, ratios, *postings, labels[:phrases]), readings


def _labels(shelves: Sequence[Sequence[str]]) -> Ints:
    return np.repeat(np.arange(len(shelves)), [len(shelf) for shelf in shelves])


def _told_apart(
    readings: Sequence[Reading], keys: Keys, plain: int, labels: Ints, times: Floats, teaching: Teaching
) -> tuple[Floats, Floats, Floats]:
    from intents.fitting import log_ratios, regression  # noqa: PLC0415  # scipy is for learning: what is kept never loads it

    classes = int(labels.max()) + 1
    valued = [(reading.rows, reading.values) for reading in readings]
    weights, constant = regression(valued, len(keys), labels, times, classes, teaching)
    said = [(reading.rows[: len(reading.presence)], reading.presence) for reading in readings]
    return weights, constant, log_ratios(said, plain, labels, times, classes)


def _vocabulary(bags: Sequence[Bag], recipe: Recipe) -> tuple[Keys, Floats]:
    every = np.concatenate([bag.keys[bag.keys >= 0] for bag in bags] or [np.zeros(0, np.int64)])
    keys, seen = np.unique(every, return_counts=True)
    enough = seen >= recipe.least[block_of(keys)]
    rarity = np.log((1 + len(bags)) / (1 + seen[enough])) + 1
    return keys[enough], rarity.astype(np.float32)


def _read(bag: Bag, keys: Keys, rarity: Floats, unseen: np.float32, plain: int, recipe: Recipe) -> Reading:
    if not len(bag.keys) or not len(keys):
        nothing = np.zeros(0, np.float32)
        return Reading(np.zeros(0, np.int64), nothing, nothing, nothing, 0.0, 0.0)
    place = np.minimum(np.searchsorted(keys, bag.keys), len(keys) - 1)
    known = keys[place] == bag.keys
    blocks = block_of(bag.keys)
    raw = np.where(bag.counts > 1, 1 + np.log(np.maximum(bag.counts, 1)), bag.counts)
    raw = raw * np.where(known, rarity[place], unseen)
    squares = np.bincount(blocks, raw * raw, BLOCKS)
    lengths = np.sqrt(np.where(squares > 0, squares, 1.0)).astype(np.float32)
    near_length = float(np.sqrt(np.sum(recipe.near[squares > 0] ** 2))) or 1.0
    rows, ours, which = place[known], raw[known].astype(np.float32), blocks[known]
    unit = ours / lengths[which]
    of_words = blocks == WORDS
    weight_of_words = float(raw[of_words].sum()) or 1.0
    count = int(np.count_nonzero(rows < plain))
    presence = np.minimum(bag.counts[known][:count], 1) * np.where(which[:count] == WORDS, np.float32(1), _PAIR_RATIO)
    return Reading(
        rows,
        (unit * recipe.weights[which]).astype(np.float32),
        (unit * recipe.near[which] / np.float32(near_length)).astype(np.float32),
        presence.astype(np.float32),
        float(raw[of_words & known].sum()) / weight_of_words,
        float(bag.counts[of_words].sum()),
    )


def _postings(readings: Sequence[Reading], keys: Keys) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], Floats]:
    """For each feature, the phrases that have it and its part of their length: where each feature's list starts, the phrases, the parts."""
    rows = np.concatenate([reading.rows for reading in readings])
    parts = np.concatenate([reading.near for reading in readings])
    phrases = np.repeat(np.arange(len(readings), dtype=np.int32), [len(reading.rows) for reading in readings])
    used = parts > 0
    rows, parts, phrases = rows[used], parts[used], phrases[used]
    seen = np.bincount(rows, minlength=len(keys))
    kept = seen[rows] <= max(_FEW, _TOO_COMMON * len(readings))
    rows, parts, phrases = rows[kept], parts[kept], phrases[kept]
    order = np.argsort(rows, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(keys)))]).astype(np.int32)
    return starts, phrases[order], parts[order].astype(np.float32)
