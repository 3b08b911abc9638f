"""A hand never read: the phrases of writers who were left out, judged by a matcher of all the others'. `python tests/matching/by_hand.py [--few]`, some minutes.

The hands stand in the phrases files under comment lines, and an eighth of them is left out at a time. A phrase has one right topic here, so the figures
are lower than those of a labelled file. What `intents/match.py` (is it ours at all, and how sharp) and `intents/routes.py` (the limits) take from here is
printed first and last: fitted again, and what each limit costs at the price said there.
`--few` instead takes ten phrases a topic, no lexicon and nothing out of scope, beside TF-IDF and logistic regression: how the matcher does on any subject.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from intents import Match, Matcher, keeping, load_intents, weigh
from intents.match import OUT_OF_SCOPE
from intents.reading import SHIPPED
from intents.routes import DEFAULT_THRESHOLDS, Thresholds

FOLDS = 8
FIRST = "hand 1"
PRICE = 5  # what a wrong answer costs, in questions asked back that need not have been
STRANGE = 1.4  # what is not ours and is taken for ours, in what is ours and meets silence
HAND = re.compile(r"  # (hand \d+)")


def by_hand() -> dict[str, list[tuple[str, str]]]:
    """Topic to (hand, phrase)."""
    shipped = load_intents(None)
    shelves = {**shipped.phrases, OUT_OF_SCOPE: shipped.out_of_scope}
    found: dict[str, list[tuple[str, str]]] = {}
    for topic, phrases in shelves.items():
        hand, left = "hand 1", iter(phrases)
        for line in (SHIPPED / "phrases" / f"{topic}.yaml").read_text(encoding="utf-8").splitlines():
            heading = HAND.match(line)
            hand = heading[1] if heading else hand
            if line.startswith("  - "):
                found.setdefault(topic, []).append((hand, next(left)))
    return found


@dataclass(frozen=True)
class Asked:
    """A phrase of a hand that was left out: the topic it stands under, how the others' matcher ranked it, and what it weighed."""

    hand: str
    topic: str
    ranked: list[Match]
    behind: dict[str, float]
    signs: Sequence[float]


def left_out(shelves: dict[str, list[tuple[str, str]]]) -> Iterator[Asked]:
    hands = sorted({writer for shelf in shelves.values() for writer, _ in shelf})
    for fold in range(FOLDS):
        away = {*hands[fold::FOLDS]}
        kept = {topic: [phrase for writer, phrase in shelf if writer not in away] for topic, shelf in shelves.items()}
        outside = kept.pop(OUT_OF_SCOPE)
        keeping.forget()
        matcher = Matcher.fit(kept, load_intents(None).lexicon, outside)
        for topic, shelf in shelves.items():
            for writer, phrase in shelf:
                heard = matcher._heard(phrase) if writer in away else None
                if writer in away and heard is None:
                    yield Asked(writer, topic, [], {}, ())
                if heard is not None:
                    behind = dict(zip(matcher._topics, heard.behind.tolist(), strict=True))
                    ranked = [Match(match.topic, match.score) for match in matcher.rank(phrase)]
                    yield Asked(writer, topic, ranked, behind, heard.signs.tolist())


def fitted(asked: list[Asked]) -> str:
    """The sharpness at which the shares are likeliest, and the weights of the signs, where what is not ours counts `STRANGE` times what is."""
    from sklearn.linear_model import LogisticRegression

    asked = [one for one in asked if one.behind]
    ours = [one for one in asked if one.topic != OUT_OF_SCOPE]
    behind = np.array([list(one.behind.values()) for one in ours])
    right = np.array([one.behind[one.topic] for one in ours])
    sharp = np.arange(0.6, 2.0, 0.1)
    likely = [float(np.mean(power * right - np.log(np.exp(power * behind).sum(1)))) for power in sharp]
    inside = [one.topic != OUT_OF_SCOPE for one in asked]
    signs = np.array([one.signs[1:] for one in asked])
    counts = {True: sum(inside), False: len(inside) - sum(inside)}
    weights = {True: len(inside) / 2 / counts[True], False: STRANGE * len(inside) / 2 / counts[False]}
    scope = LogisticRegression(C=10, class_weight=weights).fit(signs, inside)
    told = " ".join(f"{weight:.2f}" for weight in (*scope.intercept_, *scope.coef_[0]))
    return f"fitted again: sharpness {sharp[int(np.argmax(likely))]:.1f}, signs that it is ours {told}"


def figures(asked: list[Asked], thresholds: Thresholds = DEFAULT_THRESHOLDS) -> dict[str, float]:
    """Shares of 0-1; "needless": asked back though the best was right; "stray": answered though out of scope."""
    counts = dict.fromkeys(("top 1", "top 3", "answered", "helped", "misled", "needless", "silent"), 0)
    inside = [one for one in asked if one.topic != OUT_OF_SCOPE]
    strange = [one for one in asked if one.topic == OUT_OF_SCOPE]
    for one in inside:
        route, shown = weigh(one.ranked, thresholds)
        first = one.ranked[:1] != [] and one.ranked[0].topic == one.topic
        counts["top 1"] += first
        counts["top 3"] += one.topic in [match.topic for match in one.ranked[:3]]
        counts["answered"] += route == "answer"
        counts["helped"] += one.topic in shown
        counts["misled"] += route == "answer" and not first
        counts["needless"] += route != "answer" and first
        counts["silent"] += route == "unknown"
    found = {name: count / len(inside) for name, count in counts.items()} if inside else {}
    if strange:
        found["stray"] = sum(weigh(one.ranked, thresholds)[0] == "answer" for one in strange) / len(strange)
    return found


def shown(found: dict[str, float]) -> str:
    return " ".join(f"{name} {value:.3f}" for name, value in found.items())


def few() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    phrases = {topic: shelf[:: max(1, len(shelf) // 10)][:10] for topic, shelf in load_intents(None).phrases.items()}
    matcher = Matcher.fit(phrases)
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    said = [(topic, phrase) for topic, shelf in phrases.items() for phrase in shelf]
    features = vectors.fit_transform([phrase for _, phrase in said])
    learnt = LogisticRegression(C=10, max_iter=500).fit(features, [topic for topic, _ in said])
    lines = (Path(__file__).parent / "questions" / "dev.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [question for question in map(json.loads, lines) if question["accept"]]
    ours = [matcher.rank(question["text"])[:1] for question in asked]
    theirs = learnt.predict(vectors.transform([question["text"] for question in asked]))
    right = [bool(best) and best[0].topic in question["accept"] for best, question in zip(ours, asked, strict=True)]
    baseline = [topic in question["accept"] for topic, question in zip(theirs, asked, strict=True)]
    print(f"ten phrases a topic: ours {sum(right) / len(asked):.3f}, TF-IDF + LR {sum(baseline) / len(asked):.3f}")


def main() -> None:
    asked = list(left_out(by_hand()))
    print(fitted(asked))
    for hand in sorted({one.hand for one in asked}, key=lambda hand: int(hand.split()[1])):
        print(f"{hand:8}", shown(figures([one for one in asked if one.hand == hand])))
    # The first hand is of short words for half the topics: it says little of a new hand.
    every = [one for one in asked if one.hand != FIRST]
    print(f"all but {FIRST}", shown(figures(every)))
    for margin in (0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8):
        found = figures(every, Thresholds(max(margin, DEFAULT_THRESHOLDS.clear_score), margin))
        print(f"  margin {margin:.2f}  {shown(found)}  cost {PRICE * found['misled'] + found['needless']:.3f}")


if __name__ == "__main__":
    few() if "--few" in sys.argv else main()
