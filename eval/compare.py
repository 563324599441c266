"""Compares two runs question by question."""

from collections.abc import Sequence
from dataclasses import dataclass

from assistant import QuestionError
from eval.figures import MORE_IS_NOT_BETTER, Figure
from eval.run import QuestionResult


@dataclass(frozen=True, slots=True)
class Change:
    """How a measure differs from the baseline: the mean difference per question, and the ids of questions with less and more."""

    measure: str
    difference: Figure
    less: tuple[str, ...]
    more: tuple[str, ...]

    @property
    def is_drop(self) -> bool:
        """Whether the measure got worse by more than chance: the whole interval is below 0."""
        return self.measure not in MORE_IS_NOT_BETTER and self.difference.high < 0


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
            less = tuple(question for question, difference in pairs.items() if difference < 0)
            more = tuple(question for question, difference in pairs.items() if difference > 0)
            changes.append(Change(name, Figure.of(list(pairs.values())), less, more))
    return changes
