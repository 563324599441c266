"""Measures of the confidence of all answers of a run together: does it tell what can be answered, and does it mean what it says?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """The `n` questions whose confidence lies above `low` and up to `high`: their mean confidence, and the share answerable."""

    low: float
    high: float
    n: int
    confidence: float
    share: float


def auroc(answerable: Sequence[bool], confidence: Sequence[float]) -> float:
    """The chance that an answerable question has the higher confidence of a pair, ties counting half: by the sum of ranks
    (Hanley and McNeil, 1982). There have to be questions of both sorts.

    >>> auroc([True, True, False, False], [0.9, 0.4, 0.4, 0.1])
    0.875
    """
    from scipy.stats import rankdata

    above = np.asarray(answerable, dtype=bool)
    n, others = int(above.sum()), int((~above).sum())
    return float((rankdata(confidence)[above].sum() - n * (n + 1) / 2) / (n * others))


def reliability(answerable: Sequence[bool], confidence: Sequence[float]) -> list[Bin]:
    """The bins, of ten equal widths, that hold a question; a confidence of 0 is in the first (Guo et al., 2017).

    >>> reliability([True, False, True], [0.62, 0.68, 1.0])
    [Bin(low=0.6, high=0.7, n=2, confidence=0.65, share=0.5), Bin(low=0.9, high=1.0, n=1, confidence=1.0, share=1.0)]
    """
    right, sure = np.asarray(answerable, dtype=float), np.asarray(confidence, dtype=float)
    edges = np.linspace(0, 1, BINS + 1)
    numbers = np.searchsorted(edges[1:-1], sure)
    found = []
    for number in np.unique(numbers):
        within = numbers == number
        mean, share = round(float(sure[within].mean()), 6), round(float(right[within].mean()), 6)
        found.append(Bin(round(float(edges[number]), 1), round(float(edges[number + 1]), 1), int(within.sum()), mean, share))
    return found


def calibration_error(answerable: Sequence[bool], confidence: Sequence[float]) -> float:
    """The expected calibration error: how far a bin's confidence is from its share, a question counting one (Guo et al., 2017, but
    of the question's being answerable where they have a prediction's being right). 0 is best.

    >>> round(calibration_error([True, False, True], [0.62, 0.68, 1.0]), 6)
    0.1
    """
    bins = reliability(answerable, confidence)
    return sum(held.n * abs(held.confidence - held.share) for held in bins) / sum(held.n for held in bins)


def risk_coverage(right: Sequence[bool], confidence: Sequence[float], asked: int) -> list[tuple[float, float]]:
    """How much is wrong if only the surest are answered (El-Yaniv and Wiener, 2010): of the answers that were given, those with at
    least some confidence, as a share of all questions `asked` (the coverage), and the share of them that isn't `right` (the risk).

    A point for each confidence that occurs, the highest first.

    >>> risk_coverage([True, False, True], [0.9, 0.5, 0.5], asked=4)
    [(0.25, 0.0), (0.75, 0.3333333333333333)]
    """
    sure = np.asarray(confidence, dtype=float)
    order = np.argsort(-sure, kind="stable")
    wrong = np.cumsum(~np.asarray(right, dtype=bool)[order])
    last = np.flatnonzero(np.diff(sure[order], append=-np.inf))  # of those that share a confidence
    return [(float((place + 1) / asked), float(wrong[place] / (place + 1))) for place in last]


def risk_area(right: Sequence[bool], confidence: Sequence[float]) -> float:
    """The area under the curve of `risk_coverage`, as the mean risk over the answers that were given (AURC; Geifman et al., 2019).

    0 is best. There has to be an answer.

    >>> round(risk_area([True, False, True], [0.9, 0.5, 0.5]), 3)
    0.222
    """
    area, before = 0.0, 0.0
    for coverage, risk in risk_coverage(right, confidence, len(right)):
        area += (coverage - before) * risk
        before = coverage
    return area


def interval(measure: Callable[..., float], *samples: Sequence[float], paired: bool, mirrored: bool = False) -> tuple[float, float]:
    """The 95% bootstrap interval of a measure from 0 to 1 (by `scipy`, 1,000 resamples, always the same ones).

    What is drawn of one sample is drawn of all if they are `paired`. Nothing may change in the measure if each value occurs twice.
    It is of percentiles, or `mirrored` at the measure itself (the "basic" interval) where resamples are biased, as those of the
    calibration error are: chance alone moves bins away from their confidence.
    """
    from scipy.stats import bootstrap

    drawn = [[*sample, *sample] if len(sample) == 1 else sample for sample in samples]  # it takes two values at least
    method = "basic" if mirrored else "percentile"
    found = bootstrap(drawn, measure, paired=paired, vectorized=False, n_resamples=1000, method=method, rng=0)
    low, high = found.confidence_interval
    return max(0.0, float(low)), min(1.0, float(high))
