"""A hand never read: the phrases of each writer, judged by a matcher of all the others'. `python tests/matching/by_hand.py [--few]`, some minutes.

The hands stand in the phrases files under comment lines. A phrase has one right topic here, so the figures are lower than those of a labelled file.
`--few` instead takes ten phrases a topic, no lexicon and nothing out of scope, beside TF-IDF and logistic regression: how the matcher does on any subject.
"""

import json
import re
import sys
from pathlib import Path

from intents import Matcher, keeping, load_intents, weigh
from intents.reading import SHIPPED

HAND = re.compile(r"  # (hand \d+)")


def by_hand() -> dict[str, list[tuple[str, str]]]:
    """Topic to (hand, phrase)."""
    shipped = load_intents(None)
    shelves = {**shipped.phrases, "_out_of_scope": shipped.out_of_scope}
    found: dict[str, list[tuple[str, str]]] = {}
    for topic, phrases in shelves.items():
        hand, left = "hand 1", iter(phrases)
        for line in (SHIPPED / "phrases" / f"{topic}.yaml").read_text(encoding="utf-8").splitlines():
            heading = HAND.match(line)
            hand = heading[1] if heading else hand
            if line.startswith("  - "):
                found.setdefault(topic, []).append((hand, next(left)))
    return found


def leave_out(hand: str, shelves: dict[str, list[tuple[str, str]]]) -> dict[str, float]:
    keeping.forget()
    kept = {topic: [phrase for writer, phrase in shelf if writer != hand] for topic, shelf in shelves.items()}
    asked = [(phrase, topic) for topic, shelf in shelves.items() for writer, phrase in shelf if writer == hand]
    strange = [phrase for phrase, topic in asked if topic == "_out_of_scope"]
    matcher = Matcher.fit(kept, load_intents(None).lexicon, kept.pop("_out_of_scope"))
    counts = dict.fromkeys(("top 1", "top 3", "answered", "helped", "misled", "silent"), 0)
    inside = [(phrase, topic) for phrase, topic in asked if topic != "_out_of_scope"]
    for phrase, topic in inside:
        ranked = matcher.rank(phrase)
        route, shown = weigh(ranked)
        counts["top 1"] += bool(ranked) and ranked[0].topic == topic
        counts["top 3"] += topic in [match.topic for match in ranked[:3]]
        counts["answered"] += route == "answer"
        counts["helped"] += topic in shown
        counts["misled"] += route == "answer" and shown != [topic]
        counts["silent"] += route == "unknown"
    figures = {name: count / len(inside) for name, count in counts.items()} if inside else {}
    if strange:
        figures["stray"] = sum(weigh(matcher.rank(phrase))[0] == "answer" for phrase in strange) / len(strange)
    return figures


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
    for hand in sorted({writer for shelf in shelves.values() for writer, _ in shelf}):
        print(hand, " ".join(f"{name} {value:.3f}" for name, value in leave_out(hand, shelves).items()), flush=True)


if __name__ == "__main__":
    few() if "--few" in sys.argv else main()
