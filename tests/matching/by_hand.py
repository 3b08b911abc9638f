"""A hand never read: the phrases of each writer, judged by a matcher of all the others'. `python tests/matching/by_hand.py [--few]`, some minutes.

The hands stand in the phrases files under comment lines. A phrase has one right topic here, so the figures are lower than those of a labelled file.
Last, for all hands together, what each limit of `intents/routes.py` would cost: the one shipped is the least at the price said there.
`--few` instead takes ten phrases a topic, no lexicon and nothing out of scope, beside TF-IDF and logistic regression: how the matcher does on any subject.
"""

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from intents import Match, Matcher, keeping, load_intents, weigh
from intents.match import OUT_OF_SCOPE
from intents.reading import SHIPPED
from intents.routes import DEFAULT_THRESHOLDS, Thresholds

FIRST = "hand 1"
PRICE = 5  # what a wrong answer costs, in questions asked back that need not have been
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
    """A phrase of a hand that was left out: the topic it stands under, and how the others' matcher ranked it."""

    topic: str
    ranked: list[Match]


def leave_out(hand: str, shelves: dict[str, list[tuple[str, str]]]) -> list[Asked]:
    keeping.forget()
    kept = {topic: [phrase for writer, phrase in shelf if writer != hand] for topic, shelf in shelves.items()}
    matcher = Matcher.fit(kept, load_intents(None).lexicon, kept.pop(OUT_OF_SCOPE))
    return [
        Asked(topic, matcher.rank(phrase))
        for topic, shelf in shelves.items()
        for writer, phrase in shelf
        if writer == hand
    ]


def figures(asked: list[Asked], thresholds: Thresholds = DEFAULT_THRESHOLDS) -> dict[str, float]:
    """Shares of 0-1; "stray": answered though out of scope."""
    counts = dict.fromkeys(("top 1", "top 3", "answered", "helped", "misled", "silent"), 0)
    inside = [one for one in asked if one.topic != OUT_OF_SCOPE]
    strange = [one for one in asked if one.topic == OUT_OF_SCOPE]
    for one in inside:
        route, shown = weigh(one.ranked, thresholds)
        counts["top 1"] += bool(one.ranked) and one.ranked[0].topic == one.topic
        counts["top 3"] += one.topic in [match.topic for match in one.ranked[:3]]
        counts["answered"] += route == "answer"
        counts["helped"] += one.topic in shown
        counts["misled"] += route == "answer" and shown != [one.topic]
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
    shelves = by_hand()
    every: list[Asked] = []
    for hand in sorted({writer for shelf in shelves.values() for writer, _ in shelf}):
        asked = leave_out(hand, shelves)
        print(f"{hand:8}", shown(figures(asked)), flush=True)
        if (
            hand != FIRST
        ):  # of short words for half the topics, and the others without it are half as many: it says little of a new hand
            every += asked
    print(f"all but {FIRST}", shown(figures(every)))
    for score in (0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9):
        for margin in (0.3, 0.5, 0.7):
            found = figures(every, Thresholds(score, margin))
            cost = PRICE * found["misled"] + 1 - found["answered"]
            print(f"  clear score {score:.2f} margin {margin:.1f}  {shown(found)}  cost {cost:.3f}", flush=True)


if __name__ == "__main__":
    few() if "--few" in sys.argv else main()
