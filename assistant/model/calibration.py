"""Turns the signals of a question and a sentence into the probability that the question is answered."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Signals:
    """The signals that tell whether a sentence answers a question.

    `answers` and `is_about` are the cross-encoder's logits, None without one. `cosine` is the cosine of the question's and the
    passage's vectors, None for an encoder that wasn't calibrated. `coverage` is the share of the question's words that the
    sentence has, weighted by rarity. `named` is the share of the question's names that occur in the sentence or near it. `fits`
    is 0 if the question asks for a kind of thing, such as a number, that the sentence doesn't have; else 1.
    """

    answers: float | None
    is_about: float | None
    cosine: float | None
    coverage: float
    named: float
    fits: float

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the signals that aren't None, in the order of the fields."""
        return tuple(name for name in _NAMES if getattr(self, name) is not None)

    @property
    def values(self) -> tuple[float, ...]:
        """The signals that aren't None, in the order of `names`."""
        return tuple(getattr(self, name) for name in self.names)


_NAMES = tuple(field.name for field in fields(Signals))


@dataclass(frozen=True, slots=True)
class Calibration:
    """Two logistic models. A weight for each signal and a bias give the logit that a sentence answers; `slope` and `shift` turn the
    logit of the best sentence into the logit that the question is answered (Platt, 1999).
    """

    weights: Mapping[str, float]
    bias: float
    slope: float
    shift: float

    @classmethod
    def of(cls, names: tuple[str, ...]) -> Self:
        """Return the calibration for the signals with these names, as `tools.train` fitted it."""
        return cls(**_fitted()["fits"][" ".join(names)])

    def logit(self, signals: Signals) -> float:
        """Return the logit that a sentence answers: higher is better, comparable between questions."""
        return self.bias + sum(self.weights[name] * value for name, value in zip(signals.names, signals.values, strict=True))

    def probability(self, logit: float) -> float:
        """Return the probability that a question is answered if its best sentence has this logit."""
        return 1 / (1 + math.exp(-(self.slope * logit + self.shift)))


def calibrated_encoder() -> str:
    """Return the fingerprint of the encoder whose cosines the calibration was fitted with."""
    return str(_fitted()["encoder"])


@cache
def _fitted() -> dict[str, Any]:
    """Return the content of `calibration.json`."""
    fitted: dict[str, Any] = json.loads(files("assistant.model").joinpath("calibration.json").read_text(encoding="utf-8"))
    return fitted
