"""Table rows as evidence: which rows a question is about, and how a row is put to the cross-encoder."""

import re
from collections.abc import Collection, Iterable, Iterator

from corpus import CELLS_APART, Document, Row, Table
from index import terms

_CELL_SEPARATOR = ", "
"""Separates the cells of a row for the cross-encoder, which knows sentences. On 40 questions about five tables, it told answered
questions from unanswered ones with an AUROC of .93; with bars between the cells, of .91.
"""

_NUMBER = re.compile(r"\d+")
_YEAR = re.compile(r"(?:19|20)\d\d")


def as_sentence(document: Document, start: int, end: int) -> str:
    """Return a range as the text that the cross-encoder scores: a whole table row as a sentence, anything else as it is shown."""
    cells = ["".join(cell) for cell in _cells(document, start, end)]
    return f"{_CELL_SEPARATOR.join(cells)}." if cells else document.shown(start, end)


def shown_span(span: tuple[int, int] | None, asked: str, document: Document, start: int, end: int) -> tuple[int, int] | None:
    """Return the answer's range in the text that is shown, given its range in `as_sentence` of the same range of the document.

    For a table row, return None unless it lies within one cell. None, too, if some column has a number of the question `asked` in
    its name, such as a year, and this cell's column has only others.
    """
    cells = _cells(document, start, end)
    if span is None or not cells:
        return span
    asked_numbers = set(_NUMBER.findall(asked))
    column_numbers = asked_numbers & {number for name, _ in cells for number in _NUMBER.findall(name)}
    sentence_offset = shown_offset = 0
    for name, text in cells:
        if sentence_offset + len(name) <= span[0] and span[1] <= sentence_offset + len(name) + len(text):
            own_numbers = set(_NUMBER.findall(name))
            if column_numbers and own_numbers and not own_numbers & column_numbers:
                return None
            return span[0] - sentence_offset + shown_offset, span[1] - sentence_offset + shown_offset
        sentence_offset += len(name) + len(text) + len(_CELL_SEPARATOR)
        shown_offset += len(name) + len(text) + len(CELLS_APART)
    return None


def best_matching_rows(document: Document, starts: Iterable[int], asked_words: Collection[frozenset[str]]) -> set[int]:
    """Return the starts of those rows, out of the rows at `starts`, that have the most words of the question, table by table.

    `asked_words` holds for each word of the question the index terms that it may appear as. A word that some rows have and others
    don't tells which row is meant: for "trucks seized in Loreto in 2021", rows of other regions and years are no evidence.
    """
    tables: dict[int, tuple[Table, list[Row]]] = {}
    for start in starts:
        row, table = document.row_at(start), document.table_at(start)
        if row is not None and table is not None:
            tables.setdefault(table.rows[0].start, (table, []))[1].append(row)
    return {start for table, rows in tables.values() for start in _best_matching(document, table, rows, asked_words)}


def _best_matching(document: Document, table: Table, rows: Iterable[Row], asked_words: Collection[frozenset[str]]) -> Iterator[int]:
    """Yield the starts of the best matching rows of one table.

    A number that some row has in its label, as in "Zone 50", is looked for in labels alone. If years of the question name columns,
    a row matches only if it has one of them in its text, or a value in a column with such a name.
    """
    row_terms = {row: _terms(document, row.start, row.end) for row in rows}
    label_terms = {row: _terms(document, row.cells[0].start, row.cells[0].end) for row in row_terms}
    matches = dict.fromkeys(row_terms, 0)
    for forms in asked_words:
        is_label = all(map(str.isdecimal, forms)) and any(forms & label for label in label_terms.values())
        for row, words in (label_terms if is_label else row_terms).items():
            matches[row] += bool(forms & words)
    asked_years = {form for forms in asked_words for form in forms if _YEAR.fullmatch(form)}
    column_years = [
        {year for start, end in names for year in asked_years & set(_NUMBER.findall(document.text[start:end]))}
        for names in table.columns
    ]
    asked_years = set().union(*column_years)
    for row, count in matches.items():
        row_years = row_terms[row].union(*(column_years[cell.column] for cell in row.cells))
        if count == max(matches.values()) and (not asked_years or asked_years & row_years):
            yield row.start


def _terms(document: Document, start: int, end: int) -> set[str]:
    return set(terms(document.plain(start, end), document.language))


def _cells(document: Document, start: int, end: int) -> list[tuple[str, str]]:
    """Return the cells of a whole table row as `Document.cells_shown` does, or an empty list for any other range."""
    row = document.row_at(start)
    return document.cells_shown(start, end) if row is not None and (row.start, row.end) == (start, end) else []
