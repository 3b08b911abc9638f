"""How the matcher does on any subject: `python tests/matching/bench_csv.py LEARN.csv [ASK.csv]`, beside what people reach for first.

A file holds `text,label` under a heading line (more columns are passed over). With one file: ten sentences of each label are learnt and the others asked,
labels with fewer than twelve left out. With two: ten of each label of the first are learnt, then all of it, and the second is asked.
Ten are drawn three times and the figures are means. What is labelled as out of scope is asked, never learnt. No lexicon. One core.

Slips: one slip of the keyboard in a fifth of the words. AUROC: of the score of the best, in scope against out of it.
Rejected: of what is out of scope, where 95 % of what is in scope is kept.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import csv
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rankers import BESIDE, Phrases, Ranker, ours
from sklearn.metrics import roc_auc_score
from slips import with_slips

OUTSIDE = {"oos", "out_of_scope", "NO_NODES_DETECTED"}
FEW = 10
LEAST = 12
DRAWS = 3
Labelled = list[tuple[str, str]]


def read(path: Path) -> Labelled:
    """Each sentence once, with its label."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        found = {row[0].strip().casefold(): (row[0].strip(), row[1].strip()) for row in rows if len(row) > 1}
    return [pair for pair in found.values() if pair[0]]


def shelves(said: Labelled) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text, label in sorted(said, key=lambda pair: pair[1]):
        found.setdefault(label, []).append(text)
    return {label: shelf for label, shelf in found.items() if label not in OUTSIDE}


def drawn(said: Labelled, draw: int) -> tuple[dict[str, list[str]], Labelled]:
    """Ten of each label, and all others of these labels."""
    chance = random.Random(draw)
    learnt, left = {}, []
    for label, shelf in shelves(said).items():
        mixed = chance.sample(shelf, len(shelf))
        learnt[label] = mixed[:FEW]
        left += [(text, label) for text in mixed[FEW:]]
    return learnt, left


def splits(files: list[Path]) -> dict[str, list[tuple[Phrases, Labelled]]]:
    said = read(files[0])
    strange = [pair for pair in said if pair[1] in OUTSIDE]
    if len(files) > 1:
        asked = read(files[1])
        return {
            "ten a label": [(drawn(said, draw)[0], asked) for draw in range(DRAWS)],
            "all": [(shelves(said), asked)],
        }
    enough = {label for label, shelf in shelves(said).items() if len(shelf) >= LEAST}
    said = [pair for pair in said if pair[1] in enough]
    halves = [drawn(said, draw) for draw in range(DRAWS)]
    return {"ten a label": [(learnt, left + strange) for learnt, left in halves]}


def measured(make: Callable[[Phrases], Ranker], phrases: Phrases, asked: Labelled) -> dict[str, float]:
    began = time.perf_counter()
    rank = make(phrases)
    found = {"fit s": time.perf_counter() - began}
    spent, scores, right, slipped = [], [], [], []
    for text, label in asked:
        began = time.perf_counter()
        best = rank(text)[:1]
        spent.append((time.perf_counter() - began) * 1000)
        scores.append(best[0][1] if best else 0.0)
        if label not in OUTSIDE:
            right.append([topic for topic, _ in best] == [label])
            slipped.append([topic for topic, _ in rank(with_slips(text))[:1]] == [label])
    found |= {"top 1": float(np.mean(right)), "slips": float(np.mean(slipped))}
    inside = np.array([label not in OUTSIDE for _, label in asked])
    if not inside.all():
        sure = np.array(scores)
        found["AUROC"] = float(roc_auc_score(inside, sure))
        found["rejected"] = float(np.mean(sure[~inside] < np.quantile(sure[inside], 0.05)))
    return found | {"p50 ms": float(np.quantile(spent, 0.5)), "p99 ms": float(np.quantile(spent, 0.99))}


def main(files: list[Path]) -> None:
    for name, pairs in splits(files).items():
        phrases, asked = pairs[0]
        print(f"{name}: {sum(map(len, phrases.values()))} sentences of {len(phrases)} labels, {len(asked)} asked")
        for method, make in {"ours": ours, **BESIDE}.items():
            every = [measured(make, *pair) for pair in pairs]
            means = {figure: float(np.mean([one[figure] for one in every])) for figure in every[0]}
            print(f"{method:26}" + "  ".join(f"{figure} {value:.3f}" for figure, value in means.items()), flush=True)


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:3]])
