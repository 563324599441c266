"""Means of rows, by kind and by language, and the comparison of two runs question by question."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from assistant import QuestionError
from eval.calibration import Bin, auroc, calibration_error, interval, reliability, risk_area, risk_coverage
from eval.measures import DEPTH, mean_interval
from eval.run import GoldPlace, QuestionResult

LESS_IS_BETTER = ("ECE", "AURC")
"""Of all other measures, more is better."""

_ANSWERS = ("correct", "refused")  # what an answer is judged by; where pages are sought, none is


@dataclass(frozen=True, slots=True)
class Figure:
    """The mean of a measure over the `n` questions that it is defined for, or what they give together; with its 95% interval."""

    n: int
    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """The figure of one value per question; at least one."""
        return cls.rounded(len(values), sum(values) / len(values), mean_interval(values))

    @classmethod
    def rounded(cls, n: int, value: float, interval: tuple[float, float]) -> Self:
        """The figure with six digits, which are the same on every machine."""
        return cls(n, round(value, 6), round(interval[0], 6), round(interval[1], 6))


def figures(rows: Sequence[QuestionResult]) -> dict[str, dict[str, Figure]]:
    """By group ("all", "answerable", "unanswerable", "with history" for follow-ups, "kind factoid", "lang en", ...) and by measure.

    The measures of the rows as means, and where a group has questions of both sorts, "AUROC" and "ECE" of the confidence over all
    of them, and "AURC" over those that were answered (see `eval.calibration`).
    """
    groups: dict[str, list[QuestionResult]] = {"all": list(rows)}
    for row in rows:
        names = ("answerable" if row.answerable else "unanswerable", f"kind {row.kind}", f"lang {row.lang}")
        for name in (*names, *(["with history"] if row.history else [])):
            groups.setdefault(name, []).append(row)
    return {name: _means(groups[name]) | _together(groups[name]) for name in ("all", *sorted(groups.keys() - {"all"}))}


def _means(rows: Sequence[QuestionResult]) -> dict[str, Figure]:
    values: dict[str, list[float]] = {}
    for row in rows:
        for name, value in row.measures.items():
            values.setdefault(name, []).append(value)
    return {name: Figure.of(measured) for name, measured in values.items()}


def _together(rows: Sequence[QuestionResult]) -> dict[str, Figure]:
    answerable, confidence = [row.answerable for row in rows], [row.confidence for row in rows]
    if len(set(answerable)) < 2:
        return {}
    sure = [row.confidence for row in rows if row.answerable]
    unsure = [row.confidence for row in rows if not row.answerable]
    right, given = _given(rows)

    def area(sure: Sequence[float], unsure: Sequence[float]) -> float:
        return auroc([True] * len(sure) + [False] * len(unsure), [*sure, *unsure])

    found = {
        "AUROC": Figure.rounded(len(rows), area(sure, unsure), interval(area, sure, unsure, paired=False)),
        "ECE": Figure.rounded(
            len(rows),
            calibration_error(answerable, confidence),
            interval(calibration_error, answerable, confidence, paired=True, mirrored=True),
        ),
    }
    if right:
        found["AURC"] = Figure.rounded(len(right), risk_area(right, given), interval(risk_area, right, given, paired=True))
    return found


def _given(rows: Sequence[QuestionResult]) -> tuple[list[bool], list[float]]:
    """Whether each answer that was given is right, and its confidence; where pages are sought, none is."""
    given = [row for row in rows if row.cited and row.verdict in _ANSWERS]
    return [row.right for row in given], [row.confidence for row in given]


@dataclass(frozen=True, slots=True)
class Curves:
    """What is drawn of a run. `hits` is the share of the questions with gold that have a hit among the first k, for k from 1.

    `risk` is of `calibration.risk_coverage`, and `bins` are of `calibration.reliability`, empty unless there are questions of both
    sorts.
    """

    hits: tuple[float, ...]
    risk: tuple[tuple[float, float], ...]
    bins: tuple[Bin, ...]


def curves(rows: Sequence[QuestionResult]) -> Curves:
    """The curves of a run."""
    first = [row.measures["RR@10"] for row in rows if "RR@10" in row.measures]
    hits = [sum(value >= 1 / k - 1e-6 for value in first) / len(first) for k in range(1, DEPTH + 1)] if first else []
    right, given = _given(rows)
    answerable = [row.answerable for row in rows]
    bins = reliability(answerable, [row.confidence for row in rows]) if len(set(answerable)) > 1 else []
    asked = sum(row.verdict in _ANSWERS for row in rows)
    return Curves(tuple(hits), tuple(risk_coverage(right, given, asked)) if right else (), tuple(bins))


@dataclass(frozen=True, slots=True)
class Change:
    """How a measure differs from the baseline: the mean of the differences per question, and which got worse or better."""

    measure: str
    difference: Figure
    worse: tuple[str, ...]
    better: tuple[str, ...]

    @property
    def is_drop(self) -> bool:
        """Whether it is lower by more than chance: the whole interval is below 0."""
        return self.difference.high < 0


def compare(rows: Sequence[QuestionResult], baseline: Sequence[QuestionResult]) -> list[Change]:
    """The changes from the baseline, measure by measure, paired by question; a measure that only one of a pair has is left out.

    Raises QuestionError unless both runs asked the same questions.
    """
    before = {row.id: row for row in baseline}
    differing = sorted({row.id for row in rows} ^ before.keys())
    differing += [row.id for row in rows if row.id in before and before[row.id].question != row.question]
    if differing:
        named = ", ".join(differing[:3])
        raise QuestionError(f"The baseline is of other questions: {len(differing)} differ ({named}). Compare runs of one set.")
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


def run_file(rows: Sequence[QuestionResult], found: dict[str, dict[str, Figure]], meta: dict[str, Any]) -> dict[str, Any]:
    """A run as plain values for `json.dump`: its figures and rows are equal for equal runs, and `meta` is all that may differ."""
    plain = {group: {name: asdict(figure) for name, figure in measured.items()} for group, measured in found.items()}
    return {"meta": meta, "figures": plain, "rows": [asdict(row) for row in rows]}


def read_run(path: Path) -> list[QuestionResult]:
    """The rows of a run file. Raises QuestionError if it is none."""
    try:
        rows = json.loads(path.read_bytes())["rows"]
        return [_row(row) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise QuestionError(f"{path} is no run of `quipu eval --json` ({type(error).__name__}: {error}).") from None


def _row(values: dict[str, Any]) -> QuestionResult:
    places = {name: tuple(GoldPlace(**place) for place in values[name]) for name in ("cited", "expected")}
    return QuestionResult(**{**values, **places, "history": tuple(values["history"])})
