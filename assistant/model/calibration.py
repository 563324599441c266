"""The probability that a sentence answers a question, from what was seen of both."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Signals:
    """What is seen of a question and a sentence.

    `reader` is the reader's logit, None without it. `cosine` is that of the question and the sentence, None for an encoder whose
    cosines weren't calibrated. `coverage` is the share of the question's words that the sentence has, weighted by rarity. `named`
    is the share of the question's names that stand in the sentence or around it, and `fits` is 1 if the sentence has what kind of
    thing is asked for, such as a number, or nothing of the sort is asked for, and else 0.
    """

    reader: float | None
    cosine: float | None
    coverage: float
    named: float
    fits: float

    @property
    def seen(self) -> tuple[str, ...]:
        """The names of the signals that there are."""
        return tuple(name for name in _NAMES if getattr(self, name) is not None)

    @property
    def values(self) -> tuple[float, ...]:
        """The signals that there are, in the order of `seen`."""
        return tuple(getattr(self, name) for name in self.seen)


_NAMES = tuple(field.name for field in fields(Signals))


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic model of the signals that were seen: a weight for each and a bias give the logit of a sentence's answering; then
    `slope` and `shift` make of the best sentence's the logit of the question's being answered (Platt, 1999).
    """

    weights: Mapping[str, float]
    bias: float
    slope: float
    shift: float

    @classmethod
    def of(cls, seen: tuple[str, ...]) -> Self:
        """The calibration for these signals: `calibration.json`, as `tools.train` fitted it."""
        return cls(**_fitted()["fits"][" ".join(seen)])

    def logit(self, signals: Signals) -> float:
        """How far a sentence answers; higher is better, comparable between questions."""
        return self.bias + sum(self.weights[name] * value for name, value in zip(signals.seen, signals.values, strict=True))

    def probability(self, logit: float) -> float:
        """The probability that a question is answered whose best sentence has this logit."""
        return 1 / (1 + math.exp(-(self.slope * logit + self.shift)))


def calibrated_encoder() -> str:
    """Return the fingerprint of the encoder whose cosines were weighed when the calibration was fitted."""
    return str(_fitted()["encoder"])


@cache
def _fitted() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files("assistant.model").joinpath("calibration.json").read_text(encoding="utf-8"))
    return found
