"""Shows what an evaluation gave."""

from collections.abc import Sequence

from rich.table import Table

from assistant import Assistant
from eval import TestQuestion, answer_rows, page_rows


def evaluation_table(assistant: Assistant, questions: Sequence[TestQuestion]) -> Table:
    """The questions with gold quotes by kind, or those with gold pages; a file holds the one or the other."""
    if any(question.doc is not None for question in questions):
        return _pages(assistant, questions)
    return _answers(assistant, questions)


def _answers(assistant: Assistant, questions: Sequence[TestQuestion]) -> Table:
    rows = list(answer_rows(assistant, questions))
    table = Table("Kind", "Language", "n", "Gold in 1st citation", "in first 3", "Refused", box=None)
    groups = sorted({(not row.question.answerable, row.question.kind, row.question.lang) for row in rows})
    groups += [
        (unanswerable, "all", lang) for unanswerable in (False, True) for lang in sorted({row.question.lang for row in rows})
    ]
    for unanswerable, kind, lang in groups:
        group = [
            row
            for row in rows
            if (not row.question.answerable, row.question.lang) == (unanswerable, lang) and kind in ("all", row.question.kind)
        ]
        name = f"{kind} unanswerable" if unanswerable and kind == "all" else f"{kind} answerable" if kind == "all" else kind
        found = ("", "") if unanswerable else (sum(row.first for row in group), sum(row.first_three for row in group))
        table.add_row(name, lang, *map(str, (len(group), *found, sum(row.refused for row in group))))
    return table


def _pages(assistant: Assistant, questions: Sequence[TestQuestion]) -> Table:
    rows = list(page_rows(assistant.index(), questions))
    table = Table("Searched", "n", "Page found at 5", "at 10", box=None)
    for name, ranks in (
        ("the question's document", [row.in_document for row in rows]),
        ("all documents", [row.in_library for row in rows]),
    ):
        table.add_row(name, *map(str, (len(rows), *(sum(rank is not None and rank <= k for rank in ranks) for k in (5, 10)))))
    return table
