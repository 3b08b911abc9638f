"""Which topic is this text about? Words, word pairs, the nearest phrases, and why.

A `Matcher` is fitted from phrases (topic to ways of asking it) and knows nothing else: it can be judged on any subject. Two kinds of evidence are added.
*Nearest phrases*: the cosine between the text and each phrase over IDF-weighted words and word pairs, the best few of each topic averaged.
*Tell-tale words*: how much more often each word and pair is found in a topic's phrases than in the others' (naive Bayes, as log-ratios).
A word no phrase has is aligned to those that phrases have: joined with or split from its neighbour, else by edit distance.
Phrases that must match nothing (`out_of_scope`) are weighed in the same way, and what speaks for them lowers every score.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Self

from rapidfuzz import process
from rapidfuzz.distance import OSA

from intents.words import stem, words

_PAIR_WEIGHT: Final = 0.4  # of word pairs beside single words, before both are squared into the cosine
_CONCEPT_WEIGHT: Final = 0.8  # of a lexicon's concept beside the words themselves
_NEAREST: Final = (
    0.222,
    0.178,
    0.133,
    0.133,
    0.111,
    0.089,
    0.078,
    0.056,
)  # how much each of a topic's nearest phrases counts
_TELLTALE: Final = 0.02  # of the log-ratios beside the cosines
_SMOOTH: Final = 0.1  # phrases a word is taken to be in though it is in none
_MOST_WORDS: Final = 600  # of one text
_MOST_ALIGNED: Final = 40  # unknown words aligned in one text
_SIMILAR: Final = 0.7  # edit similarity below which a word is not taken for a slip of another
_EXPLAINED: Final = 5  # matches that say why
_PHRASES_SHOWN: Final = 3  # phrases in each "why"
_LONGEST_PARTED: Final = 30  # letters of a word that may be two run together
_BLOCKS: Final = tuple(part / math.hypot(1.0, _PAIR_WEIGHT) for part in (1.0, _PAIR_WEIGHT))
_SHORTEST_ALIGNED: Final = 4  # letters of a word that may be a slip
_SHARPNESS: Final = 0.03  # of the shares of topics: evidence this much lower has a share e times smaller
_SCOPE: Final = (
    -8.4,
    18.8,
    -23.7,
    9.0,
)  # of "is this ours at all?": constant, best evidence, evidence against, share of known words
_KEPT: Final = 0.5  # weight an aligned word keeps as itself: it may be right, and merely new to us


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
    because: tuple[Because, ...] = ()


@dataclass(frozen=True)
class Thresholds:
    """Where a sure answer ends and a question back begins; all in units of `Match.score` (0-1).

    Chosen on the 518 labelled questions of tests/matching/questions/dev.jsonl while the phrases were 4,150 and none had been written with an eye
    to those questions: then 61 % of questions in scope were answered at once, 90 % helped (answered rightly, or with the right topic among the three
    offered), 3.0 % misled, 2.8 % met silence, and 4 % of questions out of scope were answered. They lean to asking back: a wrong answer costs more.
    `tests/matching/test_figures.py` prints today's figures.

    `clear_score`: the least a lone answer may score. `clear_margin`: the least it must be ahead of the next.
    `near_score`: below this even the best is nothing near.
    """

    clear_score: float = 0.65
    clear_margin: float = 0.2
    near_score: float = 0.15


DEFAULT_THRESHOLDS: Final = Thresholds()
Route = Literal["answer", "clarify", "unknown"]
Bag = tuple[dict[str, float], dict[str, float]]  # counts of single words, and of pairs


def weigh(matches: Sequence[Match], thresholds: Thresholds = DEFAULT_THRESHOLDS) -> tuple[Route, list[str]]:
    """What to do with `matches` (best first): the route, and the ids of the topics to show (1 for answer, 2 or 3 for clarify, none for unknown)."""
    if not matches or matches[0].score < thresholds.near_score:
        return "unknown", []
    best = matches[0]
    second = matches[1].score if len(matches) > 1 else 0.0
    if len(matches) == 1 or (best.score >= thresholds.clear_score and best.score - second >= thresholds.clear_margin):
        return "answer", [best.topic]
    return "clarify", [match.topic for match in matches[:3]]


class Matcher:
    """A fitted matcher. `Matcher.fit(…)` makes one; `rank(text)` asks it. It never changes, and the same phrases always give the same answers."""

    def __init__(
        self, topics: Sequence[str], shelves: Sequence[Sequence[str]], lexicon: Mapping[str, Sequence[str]]
    ) -> None:
        """`shelves` holds one list of phrases per topic, then one more: the phrases out of scope. Use `fit`."""
        self._topics = tuple(topics)
        self._concepts = _concepts(lexicon)
        self._phrases = [phrase for shelf in shelves for phrase in shelf]
        self._shelves = _spans(shelves)
        bags = [self._bag([(word, 1.0) for word in words(phrase)]) for phrase in self._phrases]
        seen = Counter(feature for bag in bags for block in bag for feature in block)
        self._rarity = {feature: math.log((1 + len(bags)) / (1 + count)) + 1 for feature, count in seen.items()}
        self._unseen = math.log(1 + len(bags)) + 1
        self._ours = {feature for bag in bags[: self._shelves[-1][0]] for feature in bag[0]}
        self._phrase_weights = [self._weighed(bag)[0] for bag in bags]
        self._index = _inverted(self._phrase_weights)
        self._telltale = _telltale(self._phrase_weights, self._shelves)
        self._stems = {stem(word): None for phrase in self._phrases for word in words(phrase)}
        self._by_length = _by_length({word for phrase in self._phrases for word in words(phrase)})

    @classmethod
    def fit(
        cls,
        phrases: Mapping[str, Sequence[str]],
        lexicon: Mapping[str, Sequence[str]] | None = None,
        out_of_scope: Sequence[str] = (),
    ) -> Self:
        """A matcher of `phrases` (topic id to ways of asking it).

        `lexicon` (concept to its names, of one word or several) lets different names of one thing meet.
        `out_of_scope` holds phrases that must match no topic.
        """
        topics = sorted(topic for topic, shelf in phrases.items() if shelf)
        return cls(topics, [*(tuple(phrases[topic]) for topic in topics), tuple(out_of_scope)], lexicon or {})

    def rank(self, text: str) -> list[Match]:
        """Every topic, best first, scored 0-1; the first few say why. An empty list when nothing in `text` speaks for any topic."""
        query, known = self._weighed(self._bag(self._aligned(words(text)[:_MOST_WORDS])))
        if not known:
            return []
        nearness = self._nearness(query)
        evidence = self._evidence(query, nearness)
        scores = _calibrated(evidence[:-1], evidence[-1], known)
        order = sorted(range(len(self._topics)), key=lambda topic: (-scores[topic], self._topics[topic]))
        return [
            Match(
                self._topics[topic], scores[topic], self._because(topic, query, nearness) if place < _EXPLAINED else ()
            )
            for place, topic in enumerate(order)
        ]

    # -- reading a text ------------------------------------------------------------------

    def _bag(self, tokens: Sequence[tuple[str, float]]) -> Bag:
        """Two counts of features, single words (and concepts) and pairs, from (word, weight) tokens.

        A weight below 0 marks another reading of the word before: it counts as a word, and makes no pair.
        """
        singles: dict[str, float] = {}
        pairs: dict[str, float] = {}
        before = "<"
        for word, weight in tokens:
            root = stem(word)
            singles[root] = singles.get(root, 0.0) + abs(weight)
            if weight > 0:
                pairs[f"{before} {root}"] = pairs.get(f"{before} {root}", 0.0) + 1
                before = root
        pairs[f"{before} >"] = 1.0
        for concept in self._named(tokens):
            singles[concept] = singles.get(concept, 0.0) + _CONCEPT_WEIGHT
        return singles, pairs

    def _named(self, tokens: Sequence[tuple[str, float]]) -> Iterable[str]:
        if not self._concepts:
            return
        roots = [stem(word) for word, weight in tokens if weight > 0]
        for start, root in enumerate(roots):
            for name, concept in self._concepts.get(root, ()):
                if tuple(roots[start : start + len(name)]) == name:
                    yield concept

    def _weighed(self, bag: Bag) -> tuple[dict[str, float], float]:
        """The features we know, weighed so that a whole text has length 1, and the share (0-1) of its single-word weight that our topics' phrases know."""
        weighed: dict[str, float] = {}
        known = 0.0
        for block, part in zip(bag, _BLOCKS, strict=True):
            raw = {
                feature: (1 + math.log(count) if count > 1 else count) * self._rarity.get(feature, self._unseen)
                for feature, count in block.items()
            }
            length = math.sqrt(sum(weight * weight for weight in raw.values())) or 1.0
            ours = {feature: weight * part / length for feature, weight in raw.items() if feature in self._rarity}
            if part == _BLOCKS[0]:
                known = sum(raw[feature] for feature in ours if feature in self._ours) / (sum(raw.values()) or 1.0)
            weighed.update(ours)
        return weighed, known

    def _aligned(self, tokens: Sequence[str]) -> list[tuple[str, float]]:
        """`tokens` with weights; where no phrase has a word, the words it may have been meant for are put in its place."""
        found: list[tuple[str, float]] = []
        left = _MOST_ALIGNED
        skip = False
        for place, word in enumerate(tokens):
            if skip:
                skip = False
            elif stem(word) in self._stems or not left or not self._stems:
                found.append((word, 1.0))
            else:
                left -= 1
                joined = word + tokens[place + 1] if place + 1 < len(tokens) else ""
                skip = bool(joined) and stem(joined) in self._stems
                found += [(joined, 1.0)] if skip else self._meant(word)
        return found

    def _meant(self, word: str) -> list[tuple[str, float]]:
        parted = self._parted(word)
        if parted:
            return [(part, 1.0) for part in parted]
        choices = self._by_length.get(len(word), ())
        near = process.extract(word, choices, scorer=OSA.normalized_similarity, score_cutoff=_SIMILAR, limit=3)
        if not near:
            return [(word, 1.0)]
        best = near[0][1]
        meant = [(choice, 0.8 * score * (score / best) ** 4) for choice, score, _ in near]
        return [meant[0], *((choice, -weight) for choice, weight in meant[1:]), (word, -_KEPT)]

    def _parted(self, word: str) -> tuple[str, str] | None:
        halves = [(word[:cut], word[cut:]) for cut in range(3, len(word) - 2)] if len(word) <= _LONGEST_PARTED else []
        known = [pair for pair in halves if all(stem(half) in self._stems for half in pair)]
        return min(known, key=lambda pair: sum(self._rarity[stem(half)] for half in pair), default=None)

    # -- weighing it ---------------------------------------------------------------------

    def _nearness(self, query: Mapping[str, float]) -> list[float]:
        """The cosine (0-1) of `query` with each phrase, in the order of the phrases."""
        near = [0.0] * len(self._phrases)
        for feature, weight in query.items():
            for phrase, theirs in self._index[feature]:
                near[phrase] += weight * theirs
        return near

    def _evidence(self, query: Mapping[str, float], nearness: Sequence[float]) -> list[float]:
        """What speaks for each topic, and last for none of them: the mean cosine of its nearest phrases and its tell-tale words."""
        evidence = []
        for start, end in self._shelves:
            nearest = sorted(nearness[start:end], reverse=True)
            evidence.append(sum(part * cosine for part, cosine in zip(_NEAREST, nearest, strict=False)))
        usual = 0.0
        for feature, weight in query.items():
            mean, ratios = self._telltale[feature]
            usual += weight * mean
            for topic, ratio in ratios:
                evidence[topic] += _TELLTALE * weight * ratio
        return [weight - _TELLTALE * usual for weight in evidence]

    def _because(self, topic: int, query: Mapping[str, float], nearness: Sequence[float]) -> tuple[Because, ...]:
        start, end = self._shelves[topic]
        nearest = sorted(range(start, end), key=lambda phrase: (-nearness[phrase], phrase))[:_PHRASES_SHOWN]
        return tuple(
            Because(self._phrases[phrase], round(nearness[phrase], 4), _shared(query, self._phrase_weights[phrase]))
            for phrase in nearest
            if nearness[phrase] > 0
        )


def _concepts(lexicon: Mapping[str, Sequence[str]]) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    """First root of a name to (the name's roots, its concept's feature)."""
    concepts: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for concept, names in lexicon.items():
        for roots in (tuple(stem(word) for word in words(name)) for name in names):
            if roots:
                concepts.setdefault(roots[0], []).append((roots, f"={concept}"))
    return concepts


def _spans(shelves: Sequence[Sequence[str]]) -> list[tuple[int, int]]:
    spans, start = [], 0
    for shelf in shelves:
        spans.append((start, start + len(shelf)))
        start += len(shelf)
    return spans


def _inverted(phrase_weights: Sequence[Mapping[str, float]]) -> dict[str, list[tuple[int, float]]]:
    index: dict[str, list[tuple[int, float]]] = {}
    for phrase, weights in enumerate(phrase_weights):
        for feature, weight in weights.items():
            index.setdefault(feature, []).append((phrase, weight))
    return index


def _telltale(
    phrase_weights: Sequence[Mapping[str, float]], shelves: Sequence[tuple[int, int]]
) -> dict[str, tuple[float, list[tuple[int, float]]]]:
    """Feature to its mean log-ratio over the shelves, and to (shelf, log of how often its phrases have it beside never) for those that have it."""
    usual = len(phrase_weights) / (sum(end > start for start, end in shelves) or 1)
    ratios: dict[str, list[tuple[int, float]]] = {}
    for shelf, (start, end) in enumerate(shelves):
        counts = Counter(feature for weights in phrase_weights[start:end] for feature in weights)
        for feature, count in counts.items():
            ratios.setdefault(feature, []).append((shelf, math.log1p(count * usual / (end - start) / _SMOOTH)))
    return {feature: (sum(ratio for _, ratio in found) / len(shelves), found) for feature, found in ratios.items()}


def _by_length(vocabulary: Iterable[str]) -> dict[int, list[str]]:
    """Length of a word to the words, sorted, that a slip could turn into it."""
    ordered = sorted(vocabulary)
    longest = max(map(len, ordered), default=0)
    return {
        length: [
            word
            for word in ordered
            if len(word) >= _SHORTEST_ALIGNED and abs(len(word) - length) <= length * (1 - _SIMILAR) + 1
        ]
        for length in range(_SHORTEST_ALIGNED, min(longest, _LONGEST_PARTED) + 3)
    }


def _shared(query: Mapping[str, float], phrase: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    parts = ((feature, round(weight * phrase[feature], 4)) for feature, weight in query.items() if feature in phrase)
    return tuple(sorted(parts, key=lambda part: (-part[1], part[0])))


def _calibrated(evidence: Sequence[float], against: float, known: float) -> list[float]:
    """`evidence` for each topic as scores of 0-1, lowered by what speaks for none of them and by words we do not know."""
    best = max(evidence)
    shares = [math.exp((weight - best) / _SHARPNESS) for weight in evidence]
    total = sum(shares)
    leaning = _SCOPE[0] + _SCOPE[1] * best + _SCOPE[2] * against + _SCOPE[3] * known
    scope = 1 / (1 + math.exp(-max(-50.0, min(50.0, leaning))))
    return [round(scope * share / total, 6) for share in shares]
