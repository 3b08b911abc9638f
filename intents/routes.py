"""From scores to a route: answer, ask back, or say that nothing is near."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from intents.match import Match

Route = Literal["answer", "clarify", "unknown"]
_MOST_CHOICES: Final = 3


@dataclass(frozen=True)
class Thresholds:
    """Where a sure answer ends and a question back begins; all in units of `Match.score` (0-1).

    `clear_score`: the least a lone answer may score. `clear_margin`: the least it must be ahead of the next.
    `near_score`: when the scores of all topics together are below this, nothing is near.

    Chosen by leaving hands out (`tests/matching/by_hand.py` prints the curve), at the price of five needless questions back for one wrong answer: of the
    questions of a writer the matcher has never read 69 % are answered at once, 95 % helped (answered rightly, or the right topic is among the three offered),
    1.6 % misled, 1 % meet silence; of what is out of scope 1 % is answered. How far the best is ahead says more than how high it scores. `near_score` is low
    because silence for somebody who needs a page is worse than three needless choices for somebody who does not.
    """

    clear_score: float = 0.65
    clear_margin: float = 0.75
    near_score: float = 0.04


DEFAULT_THRESHOLDS: Final = Thresholds()


def weigh(matches: Sequence[Match], thresholds: Thresholds = DEFAULT_THRESHOLDS) -> tuple[Route, list[str]]:
    """What to do with `matches` (best first): the route, and the ids of the topics to show (1 for answer, 2 or 3 for clarify, none for unknown)."""
    if not matches or sum(match.score for match in matches) < thresholds.near_score:
        return "unknown", []
    best = matches[0]
    second = matches[1].score if len(matches) > 1 else 0.0
    if len(matches) == 1 or (best.score >= thresholds.clear_score and best.score - second >= thresholds.clear_margin):
        return "answer", [best.topic]
    return "clarify", [match.topic for match in matches[:_MOST_CHOICES]]
