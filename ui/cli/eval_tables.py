"""The results of an evaluation as text for the terminal."""

from collections.abc import Sequence

from rich.table import Table

from assistant import QuestionError
from eval import MORE_IS_NOT_BETTER, Change, Figure

WIDTH = 120
"""Characters a line of a table, so that no figure is cut off."""

_OUTCOMES = {name: name for name in ("kept", "first", "three", "shown", "wanted", "refused", "near", "sound", "unsure")}
_EVIDENCE = {
    "correct": "correct",
    "correct@3": "in first 3",
    "evidence F1": "evidence F1",
    "Success@5": "Success@5",
    "RR@10": "RR@10",
    "nDCG@10": "nDCG@10",
    "Success@5 in document": "Success@5 in document",
}
HEADINGS = _OUTCOMES | _EVIDENCE
"""The measures in tables, with their headings. The run file has all measures."""

_COUNTED = ("kept", "refused", "Success@5 in document")  # every question has exactly one of these

_OVERALL = {
    "verified": "Citations verified",
    "citation recall": "citation recall",
    "citation precision": "precision",
    "AUROC": "AUROC of the confidence",
    "ECE": "its calibration error",
    "AURC": "area under risk and coverage",
}


def figures_tables(figures: dict[str, dict[str, Figure]]) -> list[Table]:
    """Return a table of what became of the questions, and one of what was cited and found: the means by group.

    A measure that no question has gets no column, and a group without any measure of a table no row in it.
    """
    tables = []
    for headings in (_OUTCOMES, _EVIDENCE):
        shown = {name: heading for name, heading in headings.items() if name in figures["all"]}
        table = Table("Questions", "n", *shown.values(), box=None)
        for group, measured in figures.items():
            if shown.keys() & measured.keys():
                means = (f"{measured[name].mean:.3f}" if name in measured else "" for name in shown)
                table.add_row(group, str(questions_in(measured)), *means)
        tables += [table] if shown else []
    return tables


def questions_in(measured: dict[str, Figure]) -> int:
    """Return the number of questions in a group."""
    return sum(measured[name].n for name in _COUNTED if name in measured)


def summary(figures: dict[str, dict[str, Figure]], milliseconds: float) -> str:
    """Return a line with what the table leaves out. `milliseconds` is the median time of a question."""
    overall = figures["all"]
    parts = [f"{heading} {overall[name].mean:.3f}" for name, heading in _OVERALL.items() if name in overall]
    return ", ".join([*parts, f"{milliseconds:.0f} ms a question (median)"]) + "."


def change_lines(changes: Sequence[Change]) -> list[str]:
    """Return a line per changed measure: the difference with its interval, and the questions that have less or more of it."""
    lines = []
    for change in changes:
        if change.less or change.more:
            difference = change.difference
            lines.append(
                f"{change.measure}: {difference.mean:+.3f} ({difference.low:+.3f} to {difference.high:+.3f})"
                + f"; less: {', '.join(change.less)}" * bool(change.less)
                + f"; more: {', '.join(change.more)}" * bool(change.more)
            )
    return lines or ["Nothing changed against the baseline."]


def failures(figures: dict[str, dict[str, Figure]], changes: Sequence[Change], least: Sequence[tuple[str, float]]) -> list[str]:
    """Return a sentence for each reason to stop a release: a drop from the baseline, or a mean under its threshold.

    `least` are pairs of a measure and its threshold; a group may stand before the measure, as in "lang es: first". Raises
    QuestionError for a group or measure that the run doesn't have, and for one of which more is not better.
    """
    failed = [f"{change.measure} dropped from the baseline by more than chance." for change in changes if change.is_drop]
    for name, value in least:
        group, _, measure = name.rpartition(": ")
        measured = figures.get(group or "all", {})
        if measure not in measured:
            known = f"there are {', '.join(measured)}" if measured else f"there are the groups {', '.join(figures)}"
            raise QuestionError(f"--fail-under names '{name}', which was not measured: {known}.")
        if measure in MORE_IS_NOT_BETTER:
            raise QuestionError(
                f"--fail-under can't be used with {measure}, of which more is not better: use another measure, such as AUROC."
            )
        if measured[measure].mean < value:
            failed.append(f"{name} is {measured[measure].mean:.3f}, but has to be at least {value}.")
    return failed
