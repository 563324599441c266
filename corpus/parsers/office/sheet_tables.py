"""Finds the tables of a sheet, and the titles, notes, and pairs of a name and a value around them."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, takewhile
from typing import NamedTuple

from corpus.draft import CellText, Draft
from corpus.heartbeat import alive
from corpus.parsers.office.sheet_cells import Area, SheetRow
from corpus.parsers.tables.cell_values import is_number
from corpus.parsers.tables.grid import LONGEST_REPEATED
from corpus.parsers.tables.header_rows import header_row_count
from corpus.structure import Table

_LONGEST_TITLE = 120
_LONGEST_ITEM = 150  # characters of a list's row
_MOST_REPEATED = 200_000  # cells
_SHORTEST_NOTE = 60
_FEWEST_ITEMS = 3
_MOST_PAIRS = 6  # rows of a name and a value that may come right above a table's header
_WIDEST_HEAD = 60  # columns
_MOST_TABLES_ABREAST = 6
_SAMPLE = 200  # rows of a table, by which its numeric columns are known
_NEAR = 3  # a table may continue at most this many rows below its last one
_NOTE = re.compile(r"\W*(?:sources?|fuentes?|notes?|notas?|elabora\w+)\b|[*†‡]|\(?\d\)|\W*$", re.IGNORECASE)
TITLE_LEVEL = 2
"""The heading level of a table's title; the name of its sheet is a level above."""

Names = tuple[tuple[int, int], ...]
"""The ranges of the draft's text that name a column, as (start, end), outermost first."""


class TableHints(NamedTuple):
    """What the file says about its sheet's tables: the areas of tables with a header, the numbers of other header rows, and those
    of rows that are header rows only if they hold no numbers.
    """

    tables: Sequence[Area] = ()
    header_rows: frozenset[int] = frozenset()
    possible_header_rows: frozenset[int] = frozenset()


NO_HINTS = TableHints()


class _TableAbove(NamedTuple):
    """The table above: its columns' names, the output column of each sheet column, those that hold numbers, and its last row."""

    names: tuple[Names, ...]
    positions: Mapping[int, int]
    numeric: frozenset[int]
    last_row: int


def append_rows(draft: Draft, rows: Sequence[SheetRow], merged: Sequence[Area] = (), hints: TableHints = NO_HINTS) -> None:
    """Append the rows of a sheet to the draft, table by table.

    Blank rows separate tables, unless the rows after them continue the one above. A cell merged over rows is repeated in each of
    them. A line above a table is its title; one below it is a note.
    """
    _SheetWriter(draft, merged, rows, hints).append()


class _SheetWriter:
    """Appends the rows of one sheet to the draft."""

    def __init__(self, draft: Draft, merged: Sequence[Area], rows: Sequence[SheetRow], hints: TableHints) -> None:
        self.draft = draft
        self.marked_headers = hints.header_rows | {table.top for table in hints.tables}
        self.marked_headers |= {row.number for row in rows if row.number in hints.possible_header_rows and not _has_number(row)}
        self.cuts = {table.top for table in hints.tables} | {table.bottom + 1 for table in hints.tables}
        self.repeated: dict[int, list[tuple[int, CellText]]] = {}  # by row number: (number of the cell's first row, cell)
        self.rows = self._with_merged(rows, merged)
        self.above: _TableAbove | None = None

    def append(self) -> None:
        """Append all rows, region by region."""
        start = 0
        for index, row in enumerate(self.rows):
            if index and (row.number > self.rows[index - 1].number + 1 or row.number in self.cuts):
                self._append_region(self.rows[start:index])
                start = index
        self._append_region(self.rows[start:])

    def _with_merged(self, rows: Sequence[SheetRow], merged: Sequence[Area]) -> list[SheetRow]:
        """Return the rows with merged cells at their full width. Fills `repeated` with the cells that span several rows."""
        if not merged:
            return list(rows)
        areas = {(area.top, area.left): area for area in merged}
        numbers = [row.number for row in rows]
        widened, count = [], 0
        for row in rows:
            cells = []
            for cell in row.cells:
                area = areas.get((row.number, cell.column))
                wide = CellText(cell.column, cell.text, area.right - area.left + 1) if area else cell
                cells.append(wide)
                if area is None or len(cell.text) > LONGEST_REPEATED:
                    continue
                first, last = bisect_right(numbers, row.number), bisect_left(numbers, area.bottom + 1)
                below = numbers[first : min(last, first + _MOST_REPEATED - count)]
                count += len(below)
                for number in below:
                    self.repeated.setdefault(number, []).append((row.number, wide))
            widened.append(SheetRow(row.number, cells, row.is_bold))
        return widened

    def _append_region(self, rows: Sequence[SheetRow]) -> None:
        """Append consecutive rows, with no blank row between them."""
        single = [len(row.cells) == 1 for row in rows]
        if all(single):
            self._append_lines(rows)
            return
        first = sum(takewhile(bool, single))
        last = len(rows) - sum(takewhile(bool, (len(row.cells) == 1 and _is_note(_line(row)) for row in reversed(rows))))
        self._append_titles(rows[:first])
        body, below = rows[first:last], rows[last:]
        skipped, header_rows = self._find_header(body)
        if skipped:
            self._append_table(body[:skipped], 0)
        self._append_body(body[skipped:], header_rows)
        for row in below:
            self.draft.block(_line(row))

    def _append_lines(self, rows: Sequence[SheetRow]) -> None:
        """Append rows of one cell each: a list, or lines of text."""
        is_list = len(rows) >= _FEWEST_ITEMS and all(len(_line(row)) <= _LONGEST_ITEM for row in rows)
        if is_list or any(row.number in self.marked_headers for row in rows[:1]):
            self._append_table(rows, int(rows[0].number in self.marked_headers))
        else:
            self._append_titles(rows)

    def _append_titles(self, rows: Sequence[SheetRow]) -> None:
        """Append rows of one cell as blocks, the first one as a heading if it looks like a title."""
        for index, row in enumerate(rows):
            self.draft.block(_line(row), TITLE_LEVEL if index == 0 and _is_title(_line(row)) else 0)

    def _find_header(self, rows: Sequence[SheetRow]) -> tuple[int, int]:
        """Return how many rows precede the header rows, and how many header rows there are."""
        cells = [row.cells for row in rows]
        marked = [index for index, row in enumerate(rows[:-1]) if row.number in self.marked_headers]
        if marked:
            last = marked[-1] if marked[-1] - marked[0] == len(marked) - 1 else marked[0]
            for index in range(max(0, last - _MOST_PAIRS), last + 1):
                if header_row_count(cells[index:]) == last - index + 1:
                    return index, last - index + 1
            return last, 1
        for index in range(min(_MOST_PAIRS, len(rows))):
            if index and (len(cells[index - 1]) > 2 or len(cells[index]) <= 2):
                continue
            if header_rows := header_row_count(cells[index:]):
                return index, header_rows
        is_bold = len(rows) > 1 and rows[0].is_bold and not any(row.is_bold for row in rows[1:3])
        return 0, int(is_bold and not _has_number(rows[0]))

    def _append_body(self, rows: Sequence[SheetRow], header_rows: int) -> None:
        """Append a table, or several side by side."""
        if not header_rows and self._continues(rows):
            self._append_table(rows, 0, self.above)
            return
        parts = [part for part in _side_by_side(rows) if part]
        counts = [header_row_count([row.cells for row in part]) for part in parts]
        if not all(counts) and len({part[-1].number for part in parts}) > 1 and all(_is_named(part, header_rows) for part in parts):
            counts = [header_rows] * len(parts)
        if len(parts) > 1 and all(counts) and all(map(_has_labels, parts, counts)):
            for part, count in zip(parts, counts, strict=True):
                self._append_table(part, count)
            self.above = None
        else:
            self._append_table(rows, header_rows)

    def _continues(self, rows: Sequence[SheetRow]) -> bool:
        """Return whether rows without a header continue the table above: the same several columns hold numbers in both."""
        above = self.above
        if above is None or rows[0].number > above.last_row + _NEAR or any(row.number in self.marked_headers for row in rows):
            return False
        columns = _texts_by_column(rows)
        numeric = above.numeric & columns.keys()
        is_within = all(cell.column in above.positions for row in rows for cell in row.cells)
        return is_within and len(numeric) > 1 and _numeric_columns(columns) == numeric

    def _append_table(self, rows: Sequence[SheetRow], header_rows: int, above: _TableAbove | None = None) -> None:
        """Append a table of the columns in use. Its first `header_rows` rows name them, or else the table `above`."""
        first = rows[header_rows].number if header_rows < len(rows) else rows[-1].number
        full = [row.cells if row.number < first else self._with_repeated(row, first) for row in rows]
        used = sorted({cell.column for cells in full for cell in cells})
        positions = above.positions if above else {column: index for index, column in enumerate(used)}

        def dense(cell: CellText) -> CellText:
            """Return the cell at its place among the columns in use."""
            if cell.span == 1:
                return cell if positions[cell.column] == cell.column else CellText(positions[cell.column], cell.text)
            span = bisect_left(used, cell.column + cell.span) - bisect_left(used, cell.column)
            return CellText(positions[cell.column], cell.text, 1 if above else span)

        tables_before = len(self.draft.tables)
        numbers = [row.number for row in rows]
        self.draft.table(((number, list(map(dense, cells))) for number, cells in zip(numbers, full, strict=True)), header_rows)
        if len(self.draft.tables) == tables_before:
            return
        if above:
            self.draft.tables[-1] = Table(above.names, self.draft.tables[-1].rows)
            self.above = above._replace(last_row=rows[-1].number)
        else:
            names = self.draft.tables[-1].columns
            sample = rows[header_rows : header_rows + _SAMPLE]
            self.above = (
                _TableAbove(names, positions, _numeric_columns(_texts_by_column(sample)), rows[-1].number) if header_rows else None
            )

    def _with_repeated(self, row: SheetRow, first: int) -> Sequence[CellText]:
        """Return the row's cells, with those merged into it from rows that are not before row `first`."""
        alive()
        own = {cell.column: cell for cell in row.cells}
        for origin, cell in self.repeated.get(row.number, ()):
            if origin >= first:
                own.setdefault(cell.column, cell)
        return [cell for _, cell in sorted(own.items())]


def _line(row: SheetRow) -> str:
    """Return the text of a row's only cell, on one line."""
    return " ".join(row.cells[0].text.split())


def _has_number(row: SheetRow) -> bool:
    return any(is_number(cell.text) for cell in row.cells)


def _is_title(text: str) -> bool:
    return len(text) <= _LONGEST_TITLE and text[-1] not in ".;:," and any(map(str.isalpha, text)) and not _NOTE.match(text)


def _is_note(text: str) -> bool:
    return _NOTE.match(text) is not None or len(text) >= _SHORTEST_NOTE or (text.endswith(".") and " " in text)


def _texts_by_column(rows: Sequence[SheetRow]) -> dict[int, list[str]]:
    """Return the texts by column, of the rows with more than one cell."""
    columns: dict[int, list[str]] = {}
    for row in rows:
        for cell in row.cells if len(row.cells) > 1 else ():
            columns.setdefault(cell.column, []).append(cell.text)
    return columns


def _numeric_columns(columns: Mapping[int, Sequence[str]]) -> frozenset[int]:
    """Return the columns of which more than half the cells hold numbers."""
    return frozenset(column for column, texts in columns.items() if 2 * sum(map(is_number, texts)) > len(texts))


def _has_labels(rows: Sequence[SheetRow], header_rows: int) -> bool:
    """Return whether the first column holds labels: one of numbers would belong to labels further to the left."""
    columns = _texts_by_column(rows[header_rows:])
    return bool(columns) and min(columns) not in _numeric_columns(columns)


def _is_named(rows: Sequence[SheetRow], header_rows: int) -> bool:
    """Return whether the last header row names each of several columns, some of which hold numbers."""
    columns = _texts_by_column(rows[header_rows:])
    named = {cell.column for cell in rows[header_rows - 1].cells} if 0 < header_rows < len(rows) else set()
    return len(columns) > 1 and columns.keys() <= named and bool(_numeric_columns(columns))


def _side_by_side(rows: Sequence[SheetRow]) -> Iterator[list[SheetRow]]:
    """Yield the parts of the rows that an empty column separates; none if there are too many."""
    cells = (cell for row in rows for cell in row.cells)
    filled = sorted({column for cell in cells for column in range(cell.column, cell.column + min(cell.span, _WIDEST_HEAD))})
    groups = [[column for _, column in group] for _, group in groupby(enumerate(filled), key=lambda item: item[1] - item[0])]
    if len(groups) > _MOST_TABLES_ABREAST:
        return
    for group in groups:
        part = [(row, [cell for cell in row.cells if group[0] <= cell.column <= group[-1]]) for row in rows]
        yield [SheetRow(row.number, cells, row.is_bold) for row, cells in part if cells]
