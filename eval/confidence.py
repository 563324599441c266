"""Measures how well the confidence of a run's answers separates answerable questions, and how well it is calibrated."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """The `n` questions with a confidence in (low, high]: their mean confidence, and the share of them that is answerable."""

    low: float
    high: float
    n: int
    confidence: float
    share: float


def auroc(answerable: Sequence[bool], confidence: Sequence[float]) -> float:
    """Return the probability that an answerable question has a higher confidence than an unanswerable one, ties counting half
    (Hanley and McNeil, 1982). There must be questions of both kinds.

    >>> auroc([True, True, False, False], [0.9, 0.4, 0.4, 0.1])
    0.875
    """
    from scipy.stats import rankdata

    positive = np.asarray(answerable, dtype=bool)
    n, others = int(positive.sum()), int((~positive).sum())
    return float((rankdata(confidence)[positive].sum() - n * (n + 1) / 2) / (n * others))


def reliability(answerable: Sequence[bool], confidence: Sequence[float]) -> list[Bin]:
    """Return the non-empty bins out of ten of equal width (Guo et al., 2017). A confidence of 0 belongs to the first.

    >>> reliability([True, False, True], [0.62, 0.68, 1.0])
    [Bin(low=0.6, high=0.7, n=2, confidence=0.65, share=0.5), Bin(low=0.9, high=1.0, n=1, confidence=1.0, share=1.0)]
    """
    outcomes, confidences = np.asarray(answerable, dtype=float), np.asarray(confidence, dtype=float)
    edges = np.linspace(0, 1, BINS + 1)
    numbers = np.searchsorted(edges[1:-1], confidences)
    bins = []
    for number in np.unique(numbers):
        within = numbers == number
        mean, share = round(float(confidences[within].mean()), 6), round(float(outcomes[within].mean()), 6)
        bins.append(Bin(round(float(edges[number]), 1), round(float(edges[number + 1]), 1), int(within.sum()), mean, share))
    return bins


def calibration_error(answerable: Sequence[bool], confidence: Sequence[float]) -> float:
    """Return the expected calibration error: the mean distance of a bin's confidence from its share, weighted by its questions (Guo
    et al., 2017, with "the question is answerable" in place of their "the prediction is right"). 0 is best.

    >>> round(calibration_error([True, False, True], [0.62, 0.68, 1.0]), 6)
    0.1
    """
    bins = reliability(answerable, confidence)
    return sum(one.n * abs(one.confidence - one.share) for one in bins) / sum(one.n for one in bins)


def risk_coverage(right: Sequence[bool], confidence: Sequence[float], asked: int) -> list[tuple[float, float]]:
    """Return the risk-coverage curve (El-Yaniv and Wiener, 2010), a point (coverage, risk) for each confidence that occurs, highest
    first.

    If only answers with at least that confidence were given, coverage is their share of all the questions `asked`, and risk is the
    share of them that is wrong. `right` and `confidence` are those of the answers that were given.

    >>> risk_coverage([True, False, True], [0.9, 0.5, 0.5], asked=4)
    [(0.25, 0.0), (0.75, 0.3333333333333333)]
    """
    confidences = np.asarray(confidence, dtype=float)
    order = np.argsort(-confidences, kind="stable")
    wrong = np.cumsum(~np.asarray(right, dtype=bool)[order])
    last = np.flatnonzero(np.diff(confidences[order], append=-np.inf))  # the last answer of each confidence
    return [(float((index + 1) / asked), float(wrong[index] / (index + 1))) for index in last]


def risk_area(right: Sequence[bool], confidence: Sequence[float]) -> float:
    """Return the area under the curve of `risk_coverage` over the answers that were given (AURC; Geifman et al., 2019).

    0 is best. There must be an answer.

    >>> round(risk_area([True, False, True], [0.9, 0.5, 0.5]), 3)
    0.222
    """
    area, previous = 0.0, 0.0
    for coverage, risk in risk_coverage(right, confidence, len(right)):
        area += (coverage - previous) * risk
        previous = coverage
    return area


def interval(measure: Callable[..., float], *samples: Sequence[float], paired: bool, mirrored: bool = False) -> tuple[float, float]:
    """Return the 95% bootstrap interval of a measure between 0 and 1 (by `scipy`, 1,000 resamples with a fixed seed).

    If the samples are `paired`, the same indices are drawn from all of them. The measure must not change if each value occurs
    twice. The interval is the percentile interval, or if `mirrored` the "basic" one, for measures whose resamples are biased. Those
    of the calibration error are: chance alone moves bins away from their confidence.
    """
    from scipy.stats import bootstrap

    drawn = [[*sample, *sample] if len(sample) == 1 else sample for sample in samples]  # scipy needs at least two values
    method = "basic" if mirrored else "percentile"
    result = bootstrap(drawn, measure, paired=paired, vectorized=False, n_resamples=1000, method=method, rng=0)
    low, high = result.confidence_interval
    return max(0.0, float(low)), min(1.0, float(high))
