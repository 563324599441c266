"""Shows what an evaluation gave."""

from collections.abc import Sequence

from rich.table import Table

from assistant import QuestionError
from eval import LESS_IS_BETTER, Change, Figure

WIDTH = 110
"""Characters of the table's lines, so that no figure is cut short."""

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
"""The measures that a table shows, with their headings; the run file has them all."""

_COUNTED = ("answered", "refused", "Success@5 in document")  # every question has just one of these

_OVERALL = {
    "verified": "Citations verified",
    "citation recall": "citation recall",
    "citation precision": "precision",
    "AUROC": "AUROC of the confidence",
    "ECE": "its calibration error",
    "AURC": "area under risk and coverage",
}


def figures_table(figures: dict[str, dict[str, Figure]]) -> Table:
    """The means by group. A measure that no question has gets no column."""
    shown = {name: heading for name, heading in HEADINGS.items() if name in figures["all"]}
    table = Table("Questions", "n", *shown.values(), box=None)
    for group, measured in figures.items():
        table.add_row(
            group, str(questions_in(measured)), *(f"{measured[name].mean:.3f}" if name in measured else "" for name in shown)
        )
    return table


def questions_in(measured: dict[str, Figure]) -> int:
    """How many questions a group has."""
    return sum(measured[name].n for name in _COUNTED if name in measured)


def summary(figures: dict[str, dict[str, Figure]], milliseconds: float) -> str:
    """What the table leaves out, in a line. `milliseconds` is the median of a question."""
    overall = figures["all"]
    parts = [f"{heading} {overall[name].mean:.3f}" for name, heading in _OVERALL.items() if name in overall]
    return ", ".join([*parts, f"{milliseconds:.0f} ms a question (median)"]) + "."


def change_lines(changes: Sequence[Change]) -> list[str]:
    """A line for each measure that changed: by how much, surely or not, and which questions got worse and better."""
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
    """A sentence for each reason to stop a release: a drop against the baseline, or a mean under its least value.

    Raises QuestionError for a measure that isn't there.
    """
    failed = [f"{change.measure} dropped against the baseline, by more than chance." for change in changes if change.is_drop]
    for name, value in least:
        if name not in figures["all"]:
            raise QuestionError(f"--fail-under names '{name}', which is not measured here: there are {', '.join(figures['all'])}.")
        if name in LESS_IS_BETTER:
            raise QuestionError(f"--fail-under can't name {name}, of which less is better: name AUROC or another measure.")
        if figures["all"][name].mean < value:
            failed.append(f"{name} is {figures['all'][name].mean:.3f}, and has to be at least {value}.")
    return failed
