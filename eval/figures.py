"""Averages the rows of a run, by kind and by language."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from eval.confidence import Bin, auroc, calibration_error, interval, reliability, risk_area, risk_coverage
from eval.measures import DEPTH, mean_interval
from eval.run import QuestionResult

MORE_IS_NOT_BETTER = ("unsure", "ECE", "AURC")
"""The measures of which less is better or, for `unsure`, neither; of all others, more is."""

_ANSWER_VERDICTS = ("correct", "refused")  # questions about pages have another verdict, since their answers aren't judged


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure of `n` questions with its 95% interval: the mean of their values, or one value for all of them together."""

    n: int
    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Return the mean of one value per question. There must be at least one."""
        return cls.rounded(len(values), sum(values) / len(values), mean_interval(values))

    @classmethod
    def rounded(cls, n: int, value: float, interval: tuple[float, float]) -> Self:
        """Return the figure rounded to six digits, so that it is the same on every machine."""
        return cls(n, round(value, 6), round(interval[0], 6), round(interval[1], 6))


def figures(rows: Sequence[QuestionResult]) -> dict[str, dict[str, Figure]]:
    """Return the figures by group and measure. The groups are "all", "answerable", "unanswerable", "with history" for follow-ups,
    and one for each report, kind and language, as in "kind factoid" and "lang en".

    Each measure of the rows is averaged. If a group has both answerable and unanswerable questions, it also has the "AUROC" and
    "ECE" of their confidence, and the "AURC" of those that were answered (see `eval.confidence`).
    """
    groups: dict[str, list[QuestionResult]] = {"all": list(rows)}
    for row in rows:
        names = ["answerable" if row.answerable else "unanswerable", f"kind {row.kind}", f"lang {row.lang}"]
        names += ["with history"] if row.history else []
        names += [f"report {row.report}"] if row.report else []
        for name in names:
            groups.setdefault(name, []).append(row)
    ordered = sorted(groups, key=lambda name: (name != "all", not name.startswith("report "), name))
    return {name: _means(groups[name]) | _joint_figures(groups[name]) for name in ordered}


def _means(rows: Sequence[QuestionResult]) -> dict[str, Figure]:
    values: dict[str, list[float]] = {}
    for row in rows:
        for name, value in row.measures.items():
            values.setdefault(name, []).append(value)
    return {name: Figure.of(measured) for name, measured in values.items()}


def _joint_figures(rows: Sequence[QuestionResult]) -> dict[str, Figure]:
    """Return the measures of the confidence, which are defined for several questions together."""
    answerable, confidence = [row.answerable for row in rows], [row.confidence for row in rows]
    if len(set(answerable)) < 2:
        return {}
    positive = [row.confidence for row in rows if row.answerable]
    negative = [row.confidence for row in rows if not row.answerable]
    right, given = _given_answers(rows)

    def area(positive: Sequence[float], negative: Sequence[float]) -> float:
        return auroc([True] * len(positive) + [False] * len(negative), [*positive, *negative])

    joint = {
        "AUROC": Figure.rounded(len(rows), area(positive, negative), interval(area, positive, negative, paired=False)),
        "ECE": Figure.rounded(
            len(rows),
            calibration_error(answerable, confidence),
            interval(calibration_error, answerable, confidence, paired=True, mirrored=True),
        ),
    }
    if right:
        joint["AURC"] = Figure.rounded(len(right), risk_area(right, given), interval(risk_area, right, given, paired=True))
    return joint


def _given_answers(rows: Sequence[QuestionResult]) -> tuple[list[bool], list[float]]:
    """Return whether each answer that was given is right, and its confidence. Questions about pages are left out."""
    given = [row for row in rows if row.cited and row.verdict in _ANSWER_VERDICTS]
    return [row.right for row in given], [row.confidence for row in given]


@dataclass(frozen=True, slots=True)
class Curves:
    """The curves that are drawn of a run. `hits` is, for each k from 1, the share of the questions with gold that have a hit in the
    first k passages.

    `risk` is from `calibration.risk_coverage`. `bins` are from `calibration.reliability`, and empty unless there are both
    answerable and unanswerable questions.
    """

    hits: tuple[float, ...]
    risk: tuple[tuple[float, float], ...]
    bins: tuple[Bin, ...]


def curves(rows: Sequence[QuestionResult]) -> Curves:
    """Return the curves of a run."""
    ranks = [row.measures["RR@10"] for row in rows if "RR@10" in row.measures]  # reciprocal
    hits = [sum(rank >= 1 / k - 1e-6 for rank in ranks) / len(ranks) for k in range(1, DEPTH + 1)] if ranks else []
    right, given = _given_answers(rows)
    answerable = [row.answerable for row in rows]
    bins = reliability(answerable, [row.confidence for row in rows]) if len(set(answerable)) > 1 else []
    asked = sum(row.verdict in _ANSWER_VERDICTS for row in rows)
    return Curves(tuple(hits), tuple(risk_coverage(right, given, asked)) if right else (), tuple(bins))
