"""Urgency by hands never read: how the second opinion is calibrated, and what its limits cost. `python tests/matching/urgent_by_hand.py`, some minutes.

Whole hands are left out, a fold at a time: what was learnt from the others judges them. Hands stand under comment lines, in urgent_examples.yaml and in the
phrases files. The calibration of `intents/opinion.py` and the worth of a rule (`intents/urgent.py`) are what this prints under "all hands"; the figures of
each hand are made with a calibration fitted on the other hands. The hand for which the rules were written is left out, for they know it by heart.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from by_hand import by_hand
from sklearn.linear_model import LogisticRegression

from intents import Intents, load_intents, urgent
from intents.opinion import Opinion
from intents.reading import SHIPPED

FOLDS = 6
LISTS = ("urgent", "harmless", "worrying", "unsorted")
OF_THE_RULES = "the first batch"
LONG = 15  # words of what might be an account
KINDS = ("urgent", "harmless", "worrying", "told")
NEVER = -100.0


@dataclass(frozen=True)
class Heard:
    """A sentence of a hand that was left out: its kind, its words, and what was heard in it."""

    hand: str
    kind: str
    words: int
    whole: float
    loudest: float
    rule: bool


def hands(intents: Intents) -> dict[str, str]:
    """Each phrase and example, and its hand. What stands among the phrases too is of the hand it has there."""
    found = {phrase: hand for shelf in by_hand().values() for hand, phrase in shelf}
    assert intents.examples is not None
    hand, left = OF_THE_RULES, iter(())
    for line in (SHIPPED / "urgent_examples.yaml").read_text(encoding="utf-8").splitlines():
        if line.rstrip(":") in LISTS:
            left = iter(getattr(intents.examples, line.rstrip(":")))
        elif line.startswith("  # "):
            hand = re.split("[,:]", line[4:])[0]
        elif line.startswith("  - "):
            found.setdefault(next(left), hand)
    return found


def kinds(intents: Intents) -> dict[str, str]:
    """Each sentence that may judge, and its kind. "told": a phrase of a topic that needs no alarm."""
    held = intents.examples
    assert held is not None
    found = dict.fromkeys(intents.out_of_scope, "harmless")
    for topic in sorted({*intents.phrases} - {*held.mixed}):
        found.update(dict.fromkeys(intents.phrases[topic], "told"))
    for name in ("worrying", "harmless", "urgent"):
        found.update(dict.fromkeys(getattr(held, name), name))
    return {text: kind for text, kind in found.items() if text not in held.unsorted}


def left_out(intents: Intents) -> Iterator[Heard]:
    """Every sentence, heard by an opinion that has not read its hand."""
    of_kind, of_hand = kinds(intents), hands(intents)
    model = intents.matcher().model
    assert model is not None
    assert intents.examples is not None
    shelves = intents.examples.shelves(intents.phrases, intents.out_of_scope)
    names = sorted({of_hand[text] for text in of_kind})
    for fold in range(FOLDS):
        away = {*names[fold::FOLDS]}
        opinion = Opinion.learn(model, [[text for text in shelf if of_hand[text] not in away] for shelf in shelves])
        for text, kind in of_kind.items():
            if of_hand[text] in away - {OF_THE_RULES}:
                rule = intents.urgency.rule_heard(text) is not None
                yield Heard(of_hand[text], kind, len(text.split()), *opinion.parts(text), rule)


def calibration(heard: Sequence[Heard]) -> tuple[float, float, float, float]:
    """Constant, weight of the whole, of the loudest clause, and of a rule, that make log-odds of what was heard; urgent and calm count the same."""
    known = [one for one in heard if one.whole > NEVER]
    often = {kind: sum(one.kind == kind for one in known) for kind in KINDS}
    features = np.array([[one.whole, one.loudest, one.rule] for one in known])
    weights = [(3 if one.kind == "urgent" else 1) / often[one.kind] for one in known]
    scaled = np.array(weights) * len(known) / sum(weights)
    fitted = LogisticRegression(C=10).fit(features, [one.kind == "urgent" for one in known], sample_weight=scaled)
    return float(fitted.intercept_[0]), *map(float, fitted.coef_[0])


def alarmed(one: Heard, fitted: tuple[float, float, float, float], limit: float) -> bool:
    constant, whole, loudest, rule = fitted
    level = constant + whole * one.whole + loudest * one.loudest
    return (one.rule and level + rule > min(limit, urgent._ALONE)) or (level > limit and one.words >= urgent._FEW_WORDS)


def shares(heard: Sequence[Heard], alarms: Sequence[bool]) -> str:
    said = []
    for kind in KINDS:
        of_kind = [alarm for one, alarm in zip(heard, alarms, strict=True) if one.kind == kind]
        said.append(f"{kind} {sum(of_kind) / len(of_kind):.3f} of {len(of_kind):4}" if of_kind else f"{kind} -")
    return "  ".join(said)


def main() -> None:
    heard = list(left_out(load_intents(None)))
    print("all hands: constant {:.2f}, whole {:.2f}, loudest clause {:.2f}, a rule {:.2f}".format(*calibration(heard)))
    others = {
        name: calibration([one for one in heard if one.hand != name]) for name in sorted({one.hand for one in heard})
    }
    for name, fitted in others.items():
        theirs = [one for one in heard if one.hand == name]
        print(f"{name:20}", shares(theirs, [alarmed(one, fitted, urgent._ALONE) for one in theirs]))
    for title, some in (("questions", heard), ("accounts", [one for one in heard if one.words >= LONG])):
        print(f"\n{title}: alarms, by what a miss costs in false alarms")
        for price in (1 / 27, 1 / 9, 1 / 3, 1, 1.3, 1.5, 2, 4):
            alarms = [alarmed(one, others[one.hand], -math.log(price)) for one in some]
            print(f"  {price:5.2f} ({-math.log(price):5.2f})  {shares(some, alarms)}", flush=True)


if __name__ == "__main__":
    main()
