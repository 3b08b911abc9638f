"""Which topic is this text about, how sure is that, and why?

A `Matcher` is fitted from phrases (topic to ways of asking it) and knows nothing else: it can be judged on any subject. Three kinds of evidence are added:
a regression over words, pairs, groups of letters and named concepts; the log-ratios of words and pairs; and the nearest phrase of each topic.
For a text of several clauses each clause is heard by itself too: what matters is often one of them.
Phrases that must match nothing (`out_of_scope`) are one more class, and what speaks for it lowers every score.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, Self, overload

import numpy as np
import numpy.typing as npt

from intents.features import Floats
from intents.model import Hearing, Model, Reading

OUT_OF_SCOPE: Final = "_out_of_scope"
NEAREST: Final = np.float32(2.0)  # of the nearest phrase's cosine
_CLAUSES: Final = np.float32(0.4)  # of the mean of the clauses beside the whole
# Below: fitted by leaving hands out (the phrases of some writers judged by a matcher of all the others'); those without anything out of scope, on public sets.
_SHARPNESS: Final = 1.1  # of the shares: so sharp that they are right as often as they say
_SCOPE: Final = np.array(
    [-9.4, 0.77, 3.75, 1.93]
)  # is it ours at all? constant, lead over what is not, known words, log of the words (a long tale is full of ordinary life, ours too): as `tests/matching/by_hand.py` fits them
_SCOPE_ALONE: Final = np.array(
    [-0.2, -1.0, 1.0, 0.7, 3.0]
)  # the same where nothing is known to be out of scope: constant, reserve, lead over the mean of the other topics, log of the words (one word seldom tells), cosine
_PARTS: Final = re.compile(r"[^\W_]+")  # of an id
_MIXED: Final = re.compile(r"\d[^\W\d]|[^\W\d]\d")  # letters and digits in one part: a number of something, or chance
_WORDS: Final = re.compile(r"[^\W\d_]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])")  # of a part, however they are joined
_WORD: Final = 3  # letters
_EXPLAINED: Final = 5  # matches that say why
_PHRASES_SHOWN: Final = 3  # phrases in each "why"


@dataclass(frozen=True)
class Because:
    """One phrase that spoke for a topic: its cosine with the text (0-1), and the words they share, each with its part of that cosine, largest first."""

    phrase: str
    score: float
    words: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Match:
    """A topic, how sure the matcher is of it (0-1, of all topics together at most 1), and the phrases and words that say so, nearest first."""

    topic: str
    score: float
    because: Sequence[Because] = field(default=())


class Reasons(Sequence[Because]):
    """The phrases that spoke for a topic, looked up when somebody asks: a question is answered before it is explained."""

    def __init__(self, matcher: "Matcher", topic: int, reading: Reading, nearness: Floats) -> None:
        self._asked = (matcher, topic, reading, nearness)

    @cached_property
    def _told(self) -> tuple[Because, ...]:
        matcher, topic, reading, nearness = self._asked
        return matcher.because(topic, reading, nearness)

    @overload
    def __getitem__(self, place: int) -> Because: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Because]: ...
    def __getitem__(self, place: int | slice) -> Because | Sequence[Because]:
        return self._told[place]

    def __len__(self) -> int:
        return len(self._told)

    def __iter__(self) -> Iterator[Because]:
        return iter(self._told)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._told == tuple(other)

    def __hash__(self) -> int:
        return hash(self._told)

    def __repr__(self) -> str:
        return repr(self._told)


@dataclass(frozen=True)
class _Heard:
    """A text before it is weighed. `behind`: how far each topic is behind the best; `signs` that it is in scope at all, as `_SCOPE` or `_SCOPE_ALONE` weighs them."""

    reading: Reading
    nearness: Floats
    behind: npt.NDArray[np.float64]
    signs: npt.NDArray[np.float64]


class Matcher:
    """A fitted matcher. `Matcher.fit(…)` makes one; `rank(text)` asks it. It never changes, and the same phrases always give the same answers."""

    def __init__(self, topics: Sequence[str], shelves: Sequence[Sequence[str]], model: Model | None) -> None:
        """`shelves` holds one list of phrases per topic, then, if there are any, the phrases out of scope. Use `fit`."""
        self._topics = tuple(topics)
        self._phrases = [phrase for shelf in shelves for phrase in shelf]
        self._starts = np.cumsum([0, *(len(shelf) for shelf in shelves)])
        self._alone = len(shelves) == len(topics)
        self._model = model

    @classmethod
    def fit(
        cls,
        phrases: Mapping[str, Sequence[str]],
        lexicon: Mapping[str, Sequence[str]] | None = None,
        out_of_scope: Sequence[str] = (),
        *,
        cache: Path | None = None,
        lend: bool = False,
    ) -> Self:
        """A matcher of `phrases` (topic id to ways of asking it).

        `lexicon` (concept to its names, of one word or several) lets different names of one thing meet.
        `out_of_scope` holds phrases that must match no topic.
        Where there are few phrases, the words of a topic's id ("card-arrival", "cardArrival") count as half a phrase more, though never as a reason.
        `cache` is a folder where what was learnt is kept: the same phrases then load at once.
        `lend` keeps what was read of the phrases (some 4 kB each) until somebody has learnt more from it.
        """
        topics = sorted(topic for topic, shelf in phrases.items() if shelf)
        shelves = [*(tuple(phrases[topic]) for topic in topics), *([tuple(out_of_scope)] if out_of_scope else [])]
        if not topics:
            return cls((), shelves, None)
        return cls(topics, shelves, Model.fit(shelves, lexicon or {}, _names_in(topics), cache, lend=lend))

    @property
    def shelves(self) -> list[tuple[str, Sequence[str]]]:
        """The phrases it was fitted from, topic by topic; last, if there are any, those out of scope, under `OUT_OF_SCOPE`."""
        names = [*self._topics, *([] if self._alone else [OUT_OF_SCOPE])]
        spans = zip(self._starts, self._starts[1:], strict=False)
        return [(name, self._phrases[start:end]) for name, (start, end) in zip(names, spans, strict=True)]

    @property
    def model(self) -> Model | None:
        """What was learnt, for others who ask of the same features; None if there were no phrases."""
        return self._model

    def rank(self, text: str) -> list[Match]:
        """Every topic, best first, scored 0-1; the first few say why. An empty list when nothing in `text` speaks for any topic."""
        heard = self._heard(text)
        if heard is None:
            return []
        scores = self._scores(heard)
        order = sorted(range(len(self._topics)), key=lambda topic: (-scores[topic], self._topics[topic]))
        return [
            Match(
                self._topics[topic],
                scores[topic],
                Reasons(self, topic, heard.reading, heard.nearness) if place < _EXPLAINED else (),
            )
            for place, topic in enumerate(order)
        ]

    def because(self, topic: int, reading: Reading, nearness: Floats) -> tuple[Because, ...]:
        """The phrases of the topic of that number nearest to a text, nearest first."""
        start, end = self._starts[topic], self._starts[topic + 1]
        nearest = sorted(range(start, end), key=lambda phrase: (-nearness[phrase], phrase))[:_PHRASES_SHOWN]
        return tuple(
            Because(
                self._phrases[phrase], round(float(nearness[phrase]), 4), self._shared(reading, self._phrases[phrase])
            )
            for phrase in nearest
            if nearness[phrase] > 0
        )

    def linear(self, reading: Reading) -> Floats:
        """What the words themselves say for each class: the regression and the log-ratios."""
        assert self._model is not None
        said: Floats = self._model.regression(reading) + self._model.recipe.ratios * self._model.ratios(reading)
        return said

    def _evidence(self, hearing: Hearing) -> Floats:
        """What speaks for each class in the whole text, and in its clauses."""
        whole = self.linear(hearing.whole)
        if not hearing.clauses:
            return whole
        mean: Floats = np.mean([self.linear(clause) for clause in hearing.clauses], axis=0)
        heard: Floats = whole + _CLAUSES * (mean - mean.max())
        return heard

    def _heard(self, text: str) -> "_Heard | None":
        """What `text` says, before it is weighed; None where it says nothing."""
        if self._model is None:
            return None
        hearing = self._model.hear(text)
        reading = hearing.whole
        nothing_known = not self._alone and reading.known == 0  # not a word of it, nor one it may be a slip of
        if not len(reading.rows) or nothing_known:
            return None
        nearness = self._model.nearness(reading)
        nearest = np.maximum.reduceat(nearness, self._starts[:-1])
        evidence = (self._evidence(hearing) + NEAREST * nearest).astype(np.float64)
        ours = evidence[: len(self._topics)]
        best = float(ours.max())
        if self._alone:
            others = float(np.delete(ours, int(ours.argmax())).mean()) if len(ours) > 1 else 0.0
            reserve = self._model.recipe.reserve + float(np.log(len(ours)))
            signs = [1.0, reserve, best - others, float(np.log1p(reading.length)), float(nearest.max())]
        else:
            lead = best + float(np.log(np.exp(ours - best).sum())) - float(evidence[-1])
            signs = [1.0, lead, reading.known, float(np.log1p(reading.length))]
        return _Heard(reading, nearness, ours - best, np.array(signs))

    def _scores(self, heard: "_Heard") -> list[float]:
        """Shares of 0-1 of what speaks for each topic, lowered by what speaks for none of them."""
        leaning = float((_SCOPE_ALONE if self._alone else _SCOPE) @ heard.signs)
        scope = 1 / (1 + np.exp(-max(-50.0, min(50.0, leaning))))
        shares = np.exp(_SHARPNESS * heard.behind)
        return [round(float(share), 6) for share in scope * shares / shares.sum()]

    def _shared(self, reading: Reading, phrase: str) -> tuple[tuple[str, float], ...]:
        assert self._model is not None
        theirs = self._model.read(self._model.reader.bag(phrase))
        rows, mine, other = np.intersect1d(reading.rows, theirs.rows, assume_unique=True, return_indices=True)
        counted = (
            self._model.arrays.starts[rows + 1] > self._model.arrays.starts[rows]
        )  # the commonest features are left out of nearness
        parts = reading.near[mine] * theirs.near[other] * counted
        named = [
            (self._model.reader.name(int(self._model.arrays.keys[row])), round(float(part), 4))
            for row, part in zip(rows, parts, strict=True)
            if part > 0
        ]
        return tuple(sorted(named, key=lambda pair: (-pair[1], pair[0])))


def _names_in(topics: Sequence[str]) -> list[str]:
    """The words of each topic's id that tell it from the others: of three letters or more, and not in most ids ("faq-keys", "faq-purse"). Numbers are names of nothing."""
    said = [
        [word.casefold() for part in _PARTS.findall(topic) if not _MIXED.search(part) for word in _WORDS.findall(part)]
        for topic in topics
    ]
    often = Counter(word for name in said for word in {*name})
    return [" ".join(word for word in name if len(word) >= _WORD and often[word] * 2 <= len(topics)) for name in said]
