"""`make bench`: ours beside what people reach for first, on the same questions in the same run. One core: BLAS is kept to one thread.

Files to ask may be named; else dev.jsonl and the unseen split. Only the questions in scope are ranked. Last, long tales full of slips, for their time alone.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rankers import BESIDE, Ranker
from slips import with_slips

from intents import Intents, load_intents

HERE = Path(__file__).parent
FILES = [HERE / "questions" / f"{name}.jsonl" for name in ("dev", "unseen-ordinary", "unseen-hard", "unseen-fresh")]


def ours(intents: Intents) -> Ranker:
    matcher = intents.matcher()
    urgency = intents.hearing(matcher)

    def rank(text: str) -> list[tuple[str, float]]:
        urgency.hears(text)
        return [(match.topic, match.score) for match in matcher.rank(text)]

    return rank


METHODS: dict[str, Callable[[Intents], Ranker]] = {
    "ours (urgent rules too)": ours,
    **{name: lambda intents, make=make: make(intents.phrases) for name, make in BESIDE.items()},
}


def measured(rank: Ranker, questions: list[tuple[str, list[str]]]) -> tuple[float, float, float, float]:
    """Top 1 and top 3 (0-1), and p50 and p99 in milliseconds."""
    for text, _ in questions[:10]:
        rank(text)
    spent, first, three = [], 0, 0
    for text, accept in questions:
        began = time.perf_counter()
        ranked = [topic for topic, _ in rank(text)]
        spent.append((time.perf_counter() - began) * 1000)
        first += ranked[:1] != [] and ranked[0] in accept
        three += any(topic in accept for topic in ranked[:3])
    spent.sort()
    count = len(questions)
    return first / count, three / count, spent[count // 2], spent[count * 99 // 100]


def main(files: list[Path]) -> None:
    intents = load_intents(None)
    rankers = {}
    for name, make in METHODS.items():
        began = time.perf_counter()
        rankers[name] = make(intents)
        print(f"{name:26} fitted in {time.perf_counter() - began:5.1f} s", flush=True)
    for file in files:
        asked = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        questions = [(question["text"], question["accept"]) for question in asked if question["accept"]]
        print(
            f"\n{file.name}: {len(questions)} questions in scope\n{'':26} top 1  top 3   p50 ms   p99 ms   time beside ours"
        )
        base = 0.0
        for name, rank in rankers.items():
            top_1, top_3, p50, p99 = measured(rank, questions)
            base = base or p50
            print(f"{name:26} {top_1:.3f}  {top_3:.3f} {p50:8.2f} {p99:8.2f}   {p50 / base:8.1f}", flush=True)
    tales(rankers)


def tales(rankers: dict[str, Ranker]) -> None:
    """Six questions of dev.jsonl in one, with a slip in a fifth of the words: the longest that anybody types, and every slip is new."""
    asked = [json.loads(line)["text"] for line in FILES[0].read_text(encoding="utf-8").splitlines()]
    texts = [with_slips(". ".join(asked[start : start + 6])) for start in range(0, len(asked), 6)]
    count = sum(len(text.split()) for text in texts) / len(texts)
    print(f"\nlong tales: {len(texts)} of {count:.0f} words\n{'':26} p50 ms   p99 ms   p99 beside ours")
    base = 0.0
    for name, rank in rankers.items():
        _, _, p50, p99 = measured(rank, [(text, []) for text in texts])
        base = base or p99
        print(f"{name:26} {p50:6.2f} {p99:8.2f}   {p99 / base:8.1f}", flush=True)


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]] or FILES)
