"""A second opinion on urgency, learnt from examples: rules know the words their writer thought of, this knows what urgent words are like.

A regression and log-ratios over the matcher's own features, four classes (urgent; worrying; what topics are asked; harmless), for the whole text and for each clause:
in a long tale one clause may be all that matters. What the two say together is calibrated on writers it had not read, for left to itself it is
too sure, above all of calm accounts. It says which words moved it.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from intents import keeping
from intents.features import CONCEPTS, PAIRS, Floats, block_of
from intents.model import Model, Reading
from intents.recipe import Teaching

_RATIOS: Final = np.float32(0.5)  # of the log-ratios beside the regression
_CALIBRATION: Final = (
    0.89,
    0.66,
    0.17,
)  # constant, whole, loudest clause: fitted by `tests/matching/urgent_by_hand.py`
_WORDS_SHOWN: Final = 5
_WORTH_TELLING: Final = -3.0  # log-odds below which nobody asks which words moved it
_NOTHING: Final = -100.0  # log-odds of a text without a known word
_URGENT_COUNTS: Final = 2
_HARMLESS_COUNTS: Final = 3
_WORRYING_COUNTS: Final = 2
_TEACHING: Final = Teaching(steps=75, stride=2.0, ridge=3e-6, scaled=True, constant=0.2)

Texts = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]


class Examples(BaseModel):
    """What urgent_examples.yaml may hold; its first lines say what each list is for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    urgent: Texts
    harmless: Texts
    worrying: tuple[str, ...] = ()
    mixed: tuple[str, ...] = ()
    unsorted: tuple[str, ...] = ()

    def shelves(self, phrases: Mapping[str, Sequence[str]], out_of_scope: Sequence[str]) -> list[list[str]]:
        """The examples of each class: urgent, harmless, worrying, and what the topics are asked. What was written for this counts more than what was written for the topics."""
        taken = {*self.urgent, *self.harmless, *self.worrying, *self.unsorted}
        told = [
            phrase for topic in sorted({*phrases} - {*self.mixed}) for phrase in phrases[topic] if phrase not in taken
        ]
        return [
            [*self.urgent] * _URGENT_COUNTS,
            [*self.harmless, *out_of_scope] * _HARMLESS_COUNTS,
            [*self.worrying] * _WORRYING_COUNTS,
            told,
        ]


class Opinion:
    """How urgent a text sounds. It never changes."""

    def __init__(self, model: Model, weights: Floats, constant: Floats, ratios: Floats) -> None:
        """Use `learn`."""
        self._model = model
        self._weights, self._constant, self._ratios = weights, constant, ratios

    @classmethod
    def learn(cls, model: Model, shelves: Sequence[Sequence[str]], cache: Path | None = None) -> Self:
        """From the examples of each class, the urgent ones first; the empty ones are left out. `cache` as for a matcher, whose `model` lends its features."""
        shelves = [shelf for shelf in shelves if shelf]
        digest = keeping.digest_of(model.digest, [list(shelf) for shelf in shelves])
        arrays = keeping.fetch(cache, "urgent", digest)
        if arrays is None or not _fits(arrays, model, len(shelves)):
            weights, constant, ratios = model.learn(shelves, _TEACHING)
            arrays = {"weights": weights, "constant": constant, "ratios": ratios}
            keeping.keep(cache, "urgent", digest, arrays)
        model.forget_lent()
        return cls(model, arrays["weights"], arrays["constant"], arrays["ratios"])

    def level(self, text: str) -> tuple[float, str]:
        """How urgent `text` is, as log-odds where as many texts are urgent as are not (0: as likely as not); and, as a text, the words that say so."""
        whole, loudest = self.parts(text)
        constant, of_whole, of_loudest = _CALIBRATION
        level = constant + of_whole * whole + of_loudest * loudest
        return level, self._moved(self._loudest(text)) if level > _WORTH_TELLING else ""

    def parts(self, text: str) -> tuple[float, float]:
        """What `level` is made of, uncalibrated: the log-odds of the whole, and of the loudest clause (of the whole again, where there is but one)."""
        hearing = self._model.hear(text)
        whole = self._odds(hearing.whole)
        return whole, max((self._odds(clause) for clause in hearing.clauses), default=whole)

    def _loudest(self, text: str) -> Reading:
        hearing = self._model.hear(text)
        return max((hearing.whole, *hearing.clauses), key=self._odds)

    def _odds(self, reading: Reading) -> float:
        if not len(reading.rows):
            return _NOTHING
        count = len(reading.presence)
        heard = reading.values @ self._weights[reading.rows] + self._constant
        ratios = (
            reading.presence
            @ self._ratios[reading.rows[:count]]
            / np.float32(np.sqrt(float(reading.presence.sum()) + 1))
        )
        classes = (heard + _RATIOS * ratios).astype(np.float64)
        rest = classes[1:].max()
        return float(classes[0] - rest - np.log(np.exp(classes[1:] - rest).sum()))

    def _moved(self, reading: Reading) -> str:
        """The words, pairs and concepts that spoke loudest for urgency."""
        keys = self._model.arrays.keys[reading.rows]
        weights = self._weights[reading.rows]
        moved = reading.values * (weights[:, 0] - weights[:, 1:].max(1))
        blocks = block_of(keys)
        moved[(blocks > PAIRS) & (blocks != CONCEPTS)] = 0
        loudest = np.argsort(-moved, kind="stable")[:_WORDS_SHOWN]
        return ", ".join(self._model.reader.name(int(keys[place])) for place in loudest if moved[place] > 0)


def _fits(arrays: keeping.Arrays, model: Model, classes: int) -> bool:
    shapes = {name: array.shape for name, array in arrays.items()}
    return json.dumps([shapes.get("weights"), shapes.get("constant"), shapes.get("ratios")]) == json.dumps(
        [(len(model.arrays.keys), classes), (classes,), (len(model.arrays.ratios), classes)]
    )
