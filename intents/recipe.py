"""What is weighed how, which depends on how much there is to learn from.

With ten phrases a topic most of what is asked was never said: rare words, short groups of letters and words of the same root must carry, and how often
a word is said in a topic is chance. With a hundred, what was said once is chance, and how often is knowledge. Both were fitted by trial: the few on
public sets of other subjects, the many on two of those and on our own phrases, leaving hands out.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_MANY_EACH: Final = 60  # phrases a topic, on average, from which there are many
_NO_CHANCE: Final = (10, 40)  # phrases a topic at which how often a word is said begins to count, and counts in full
_RATIOS: Final = (0.6, 0.9)  # of the log-ratios beside the regression, of few phrases and of many
_RESERVE: Final = (
    2.0  # at ten phrases a topic, and as much again at a hundred: evidence grows with them, for what is strange too
)
_MANY: Final = 5000  # phrases in all, beyond which a feature must be said more often: as good, and a third smaller
_NEVER: Final = 1 << 40  # texts that no feature is in


@dataclass(frozen=True)
class Teaching:
    """How the regression is fitted: at least so many `steps` that are safe whatever the data, or fewer that are `stride` times as long: nine times as long lead three times as far.

    `scaled`: the rarer a feature, the longer its steps. `constant`: the step of the constants, 0 for none.
    """

    steps: int
    stride: float
    ridge: float
    scaled: bool
    constant: float


@dataclass(frozen=True, eq=False)
class Recipe:
    """One weight, or one least count, per block of features, in the order of `features.WORDS` and on.

    `least`: texts that must have a feature of the block. `near`: weights in the cosine with a phrase. `grams`: letters in a group, least and most.
    `guesses`: whether the letters of what a word may have been meant for count too. `ratios`: of the log-ratios beside the regression.
    `reserve`: log-odds against a text being in scope at all before anything speaks for it, where no phrase says what is not.
    `named`: whether the name of a class is learnt as a text of it.
    """

    weights: Floats
    least: npt.NDArray[np.int64]
    near: Floats
    grams: tuple[int, int]
    guesses: bool
    ratios: np.float32
    reserve: float
    named: bool
    teaching: Teaching


def recipe_for(phrases: int, classes: int) -> Recipe:
    """The recipe for so many phrases of so many classes."""
    each = phrases / max(1, classes)
    begins, full = _NO_CHANCE
    few, many = _RATIOS
    counted = min(1.0, max(0.0, (each - begins) / (full - begins)))
    reserve = _RESERVE * (1 + float(np.clip(np.log10(max(1.0, each) / 10), 0, 1)))
    if each < _MANY_EACH:
        return Recipe(
            weights=np.array([1.0, 0.5, 0.0, 1.0, 0.8, 0.5, 0.5], np.float32),
            least=np.array([1, 1, _NEVER, 1, 1, 1, 1]),
            near=np.array([1.0, 0.5, 0.0, 0.5, 0.8, 0.0, 0.0], np.float32),
            grams=(2, 4),
            guesses=True,
            ratios=np.float32(few * counted),
            reserve=reserve,
            named=True,
            teaching=Teaching(steps=60, stride=1.0, ridge=0.1 / max(1, phrases), scaled=False, constant=0.0),
        )
    return Recipe(
        weights=np.array([1.0, 0.7, 0.5, 1.0, 0.8, 0.5, 0.5], np.float32),
        least=np.array([1, 2, 3, 3, 1, 3, 3] if phrases >= _MANY else [1, 2, 2, 2, 1, 2, 2]),
        near=np.array([1.0, 0.4, 0.0, 0.0, 0.8, 0.0, 0.0], np.float32),
        grams=(3, 5),
        guesses=False,
        ratios=np.float32(many),
        reserve=reserve,
        named=False,
        teaching=Teaching(steps=60, stride=9.0, ridge=0.1 / max(1, phrases), scaled=True, constant=0.2),
    )
