"""Averages the rows of a run by kind and language, and compares two runs question by question."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from assistant import QuestionError
from eval.calibration import Bin, auroc, calibration_error, interval, reliability, risk_area, risk_coverage
from eval.measures import DEPTH, mean_interval
from eval.run import QuestionResult, QuotedRange

LESS_IS_BETTER = ("ECE", "AURC")
"""The measures of which less is better; of all others, more is."""

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
    and one for each kind and language, as in "kind factoid" and "lang en".

    Each measure of the rows is averaged. If a group has both answerable and unanswerable questions, it also has the "AUROC" and
    "ECE" of their confidence, and the "AURC" of those that were answered (see `eval.calibration`).
    """
    groups: dict[str, list[QuestionResult]] = {"all": list(rows)}
    for row in rows:
        names = ("answerable" if row.answerable else "unanswerable", f"kind {row.kind}", f"lang {row.lang}")
        for name in (*names, *(["with history"] if row.history else [])):
            groups.setdefault(name, []).append(row)
    return {name: _means(groups[name]) | _joint_figures(groups[name]) for name in ("all", *sorted(groups.keys() - {"all"}))}


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


@dataclass(frozen=True, slots=True)
class Change:
    """How a measure differs from the baseline: the mean difference per question, and the ids of questions that changed."""

    measure: str
    difference: Figure
    worse: tuple[str, ...]
    better: tuple[str, ...]

    @property
    def is_drop(self) -> bool:
        """Whether the measure dropped by more than chance: the whole interval is below 0."""
        return self.difference.high < 0


def compare(rows: Sequence[QuestionResult], baseline: Sequence[QuestionResult]) -> list[Change]:
    """Return the changes from the baseline by measure, paired by question. A measure counts only for questions that have it in both
    runs.

    Raises QuestionError unless both runs asked the same questions.
    """
    before = {row.id: row for row in baseline}
    differing = sorted({row.id for row in rows} ^ before.keys())
    differing += [row.id for row in rows if row.id in before and before[row.id].question != row.question]
    if differing:
        named = ", ".join(differing[:3])
        raise QuestionError(
            f"The baseline has other questions: {len(differing)} differ ({named}). Compare runs of the same questions."
        )
    names = dict.fromkeys(name for row in rows for name in row.measures)
    changes = []
    for name in names:
        pairs = {
            row.id: row.measures[name] - before[row.id].measures[name]
            for row in rows
            if name in row.measures and name in before[row.id].measures
        }
        if pairs:
            worse = tuple(question for question, difference in pairs.items() if difference < 0)
            better = tuple(question for question, difference in pairs.items() if difference > 0)
            changes.append(Change(name, Figure.of(list(pairs.values())), worse, better))
    return changes


def run_file(rows: Sequence[QuestionResult], figures: dict[str, dict[str, Figure]], meta: dict[str, Any]) -> dict[str, Any]:
    """Return a run as plain values for `json.dump`. Equal runs have equal figures and rows; only `meta` may differ."""
    plain = {group: {name: asdict(figure) for name, figure in measured.items()} for group, measured in figures.items()}
    return {"meta": meta, "figures": plain, "rows": [asdict(row) for row in rows]}


def read_run(path: Path) -> list[QuestionResult]:
    """Return the rows of a run file. Raises QuestionError if it isn't one."""
    try:
        rows = json.loads(path.read_bytes())["rows"]
        return [_row(row) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise QuestionError(f"{path} is not a run that `quipu eval --json` wrote ({type(error).__name__}: {error}).") from None


def _row(values: dict[str, Any]) -> QuestionResult:
    ranges = {name: tuple(QuotedRange(**quoted) for quoted in values[name]) for name in ("cited", "expected")}
    return QuestionResult(**{**values, **ranges, "history": tuple(values["history"])})
