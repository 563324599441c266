"""Means of rows, by kind and by language, and the comparison of two runs question by question."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from corpus import QuestionError
from eval.measures import auroc, interval
from eval.run import Row


@dataclass(frozen=True, slots=True)
class Figure:
    """The mean of a measure over the `n` questions that it is defined for, with its 95% interval (see `measures.interval`)."""

    n: int
    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """The figure of one value per question; at least one."""
        low, high = interval(values)
        return cls(len(values), round(sum(values) / len(values), 6), round(low, 6), round(high, 6))


def figures(rows: Sequence[Row]) -> dict[str, dict[str, Figure]]:
    """By group ("all", "answerable", "unanswerable", "kind factoid", "lang en", ...) and by measure.

    "AUROC" of the group "all" says how well the confidence tells answerable questions from others; it has no interval.
    """
    groups: dict[str, list[Row]] = {"all": list(rows)}
    for row in rows:
        names = ("answerable" if row.answerable else "unanswerable", f"kind {row.kind}", f"lang {row.lang}")
        for name in names:
            groups.setdefault(name, []).append(row)
    found = {name: _means(groups[name]) for name in ("all", *sorted(groups.keys() - {"all"}))}
    area = auroc([row.answerable for row in rows], [row.confidence for row in rows])
    if area is not None:
        found["all"]["AUROC"] = Figure(len(rows), round(area, 6), round(area, 6), round(area, 6))
    return found


def _means(rows: Sequence[Row]) -> dict[str, Figure]:
    values: dict[str, list[float]] = {}
    for row in rows:
        for name, value in row.measures.items():
            values.setdefault(name, []).append(value)
    return {name: Figure.of(measured) for name, measured in values.items()}


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


def compare(rows: Sequence[Row], baseline: Sequence[Row]) -> list[Change]:
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


def run_file(rows: Sequence[Row], meta: dict[str, Any]) -> dict[str, Any]:
    """A run as plain values for `json.dump`: `figures` and `rows` are equal for equal runs, and `meta` is all that may differ."""
    found = {group: {name: asdict(figure) for name, figure in measured.items()} for group, measured in figures(rows).items()}
    return {"meta": meta, "figures": found, "rows": [asdict(row) for row in rows]}


def read_run(path: Path) -> list[Row]:
    """The rows of a run file. Raises QuestionError if it is none."""
    try:
        rows = json.loads(path.read_bytes())["rows"]
        return [Row(**{**row, "cited": tuple(row["cited"]), "expected": tuple(row["expected"])}) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise QuestionError(f"{path} is no run of `quipu eval --json` ({type(error).__name__}: {error}).") from None
