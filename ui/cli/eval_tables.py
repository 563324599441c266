"""The results of an evaluation as text for the terminal."""

from collections.abc import Sequence

from rich.table import Table

from assistant import QuestionError
from eval import LESS_IS_BETTER, Change, Figure

WIDTH = 110
"""Characters a line of the table, so that no figure is cut off."""

HEADINGS = {
    "answered": "answered",
    "correct": "correct",
    "correct@3": "in first 3",
    "evidence F1": "evidence F1",
    "refused": "refused",
    "Success@5": "Success@5",
    "RR@10": "RR@10",
    "nDCG@10": "nDCG@10",
    "Success@5 in document": "Success@5 in document",
}
"""The measures in a table, with their headings. The run file has all measures."""

_COUNTED = ("answered", "refused", "Success@5 in document")  # every question has exactly one of these

_OVERALL = {
    "verified": "Citations verified",
    "citation recall": "citation recall",
    "citation precision": "precision",
    "AUROC": "AUROC of the confidence",
    "ECE": "its calibration error",
    "AURC": "area under risk and coverage",
}


def figures_table(figures: dict[str, dict[str, Figure]]) -> Table:
    """Return the table of means by group. A measure that no question has gets no column."""
    shown = {name: heading for name, heading in HEADINGS.items() if name in figures["all"]}
    table = Table("Questions", "n", *shown.values(), box=None)
    for group, measured in figures.items():
        table.add_row(
            group, str(questions_in(measured)), *(f"{measured[name].mean:.3f}" if name in measured else "" for name in shown)
        )
    return table


def questions_in(measured: dict[str, Figure]) -> int:
    """Return the number of questions in a group."""
    return sum(measured[name].n for name in _COUNTED if name in measured)


def summary(figures: dict[str, dict[str, Figure]], milliseconds: float) -> str:
    """Return a line with what the table leaves out. `milliseconds` is the median time of a question."""
    overall = figures["all"]
    parts = [f"{heading} {overall[name].mean:.3f}" for name, heading in _OVERALL.items() if name in overall]
    return ", ".join([*parts, f"{milliseconds:.0f} ms a question (median)"]) + "."


def change_lines(changes: Sequence[Change]) -> list[str]:
    """Return a line per changed measure: the difference with its interval, and the questions that got worse and better."""
    lines = []
    for change in changes:
        if change.worse or change.better:
            difference = change.difference
            lines.append(
                f"{change.measure}: {difference.mean:+.3f} ({difference.low:+.3f} to {difference.high:+.3f})"
                + f"; worse: {', '.join(change.worse)}" * bool(change.worse)
                + f"; better: {', '.join(change.better)}" * bool(change.better)
            )
    return lines or ["Nothing changed against the baseline."]


def failures(figures: dict[str, dict[str, Figure]], changes: Sequence[Change], least: Sequence[tuple[str, float]]) -> list[str]:
    """Return a sentence for each reason to stop a release: a drop from the baseline, or a mean under its threshold.

    `least` are pairs of a measure and its threshold. Raises QuestionError for a measure that the run doesn't have, or of which
    lower values are better.
    """
    failed = [f"{change.measure} dropped from the baseline by more than chance." for change in changes if change.is_drop]
    for name, value in least:
        if name not in figures["all"]:
            raise QuestionError(f"--fail-under names '{name}', which was not measured: there are {', '.join(figures['all'])}.")
        if name in LESS_IS_BETTER:
            raise QuestionError(
                f"--fail-under can't be used with {name}, for which lower is better: use another measure, such as AUROC."
            )
        if figures["all"][name].mean < value:
            failed.append(f"{name} is {figures['all'][name].mean:.3f}, but has to be at least {value}.")
    return failed
