"""Phrases to weights: what each feature says about each class, learnt from examples. Needs scipy, which a question does not.

A softmax regression over all features, by accelerated steps in a scaled space: no random start, no stopping rule, so the same examples give the same
weights. The steps are longer than what is safe for any data; where they overshoot they are shortened, and counted anew from the best place. Beside it, naive Bayes log-ratios over words and pairs: the two err differently.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import sparse  # type: ignore[import-untyped]  # its stubs are another package

from intents.recipe import Teaching

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

_FLOOR: Final = 1e-5  # of a feature's mean square, in the scale
_SMOOTH: Final = 0.1  # examples a feature is taken to be in though it is in none
_ROUNDS: Final = 12  # of the power method that finds the step


def regression(
    rows: Sequence[tuple[Ints, Floats]], width: int, labels: Ints, times: Floats, classes: int, teaching: Teaching
) -> tuple[Floats, Floats]:
    """Weights (feature by class) and a constant for each class. `rows`: the feature numbers and values of each example; `times`: how often it counts."""
    if not width:
        return np.zeros((0, classes), np.float32), np.zeros(classes, np.float32)
    examples = _matrix(rows, width)
    each = (times / times.sum()).astype(np.float32)
    scale = np.ones(width, np.float32)
    if teaching.scaled:
        longer = 1 / np.sqrt(np.asarray(examples.multiply(examples).T @ each).ravel() + _FLOOR)
        scale = (longer / longer.max()).astype(np.float32)
    scaled = sparse.csr_matrix(examples.multiply(scale[None, :]), dtype=np.float32)
    turned = sparse.csr_matrix(scaled.T)
    ridge = (np.float32(teaching.ridge) * scale**2)[:, None]
    safe = 1 / (0.5 * _largest(scaled, turned, each) + teaching.ridge)
    constant_step = np.float32(teaching.constant)
    weights = np.zeros((width, classes), np.float32)
    ahead, constant, ahead_constant = weights.copy(), np.zeros(classes, np.float32), np.zeros(classes, np.float32)
    stride, run, gone, least = teaching.stride, 0, 0.0, np.inf
    best = ahead, ahead_constant
    while gone < teaching.steps:
        wrong = scaled @ ahead + ahead_constant
        wrong -= wrong.max(1, keepdims=True)
        np.exp(wrong, out=wrong)
        wrong /= wrong.sum(1, keepdims=True)
        missed = -float(each @ np.log(wrong[np.arange(len(rows)), labels] + _FLOOR))
        if not missed <= least and stride > 1:  # too long a stride: back to the best place so far, and half as long
            stride, run, gone, least = max(1.0, stride / 2), 0, 0.0, np.inf
            weights, constant = ahead, ahead_constant = best
            continue
        best, least = (ahead, ahead_constant), missed
        wrong[np.arange(len(rows)), labels] -= 1
        wrong *= each[:, None]
        step = np.float32(stride * safe)
        fresh = turned @ wrong
        fresh += ridge * ahead
        fresh *= -step
        fresh += ahead
        fresh_constant = ahead_constant - constant_step * wrong.sum(0)
        momentum = np.float32(run / (run + 3))
        ahead = fresh + momentum * (fresh - weights)
        ahead_constant = fresh_constant + momentum * (fresh_constant - constant)
        weights, constant = fresh, fresh_constant
        run, gone = run + 1, gone + stride**0.5
    weights *= scale[:, None]
    return weights, constant


def log_ratios(rows: Sequence[tuple[Ints, Floats]], width: int, labels: Ints, times: Floats, classes: int) -> Floats:
    """Feature by class: the log of how much larger a part a feature is of a class than of the classes on average."""
    examples = _matrix(rows, width)
    said = sparse.csr_matrix((times, (np.arange(len(rows)), labels)), shape=(len(rows), classes), dtype=np.float32)
    shares = np.asarray((examples.T @ said).todense()) + np.float32(_SMOOTH)
    shares /= shares.sum(0, keepdims=True)
    ratios: Floats = np.log(shares / shares.mean(1, keepdims=True)).astype(np.float32)
    return ratios


def _matrix(rows: Sequence[tuple[Ints, Floats]], width: int) -> Any:
    starts = np.concatenate([[0], np.cumsum([len(numbers) for numbers, _ in rows])])
    numbers = np.concatenate([numbers for numbers, _ in rows]).astype(np.int32)
    values = np.concatenate([values for _, values in rows]).astype(np.float32)
    return sparse.csr_matrix((values, numbers, starts), shape=(len(rows), width))


def _largest(scaled: Any, turned: Any, each: Floats) -> float:
    """The largest eigenvalue of turned @ scaled, each row weighed, from a fixed start."""
    vector = np.cos(np.arange(scaled.shape[1], dtype=np.float32))
    length = 1.0
    for _ in range(_ROUNDS):
        vector = turned @ (each * (scaled @ (vector / np.float32(length))))
        length = float(np.sqrt(np.add.reduce(vector * vector, dtype=np.float64))) or 1.0
    return length
