"""A table's cells in place, including those that span several rows or columns, and its header rows."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import NamedTuple

from corpus.draft import CellText, Draft
from corpus.parsers.tables.header_rows import header_row_count

_MOST_COLUMNS = 1000  # HTML's limit on colspan; cells further right are joined to the last column
_MOST_REPEATED = 1_000_000  # characters and columns repeated by one table; no honest table needs as many
LONGEST_REPEATED = 300
"""The most characters of a cell that is repeated in each row that it spans."""


class _Placed(NamedTuple):
    """A cell in its place."""

    cell: CellText
    origin: int  # index of the row that it begins in
    is_header_cell: bool


@dataclass(slots=True)
class _Row:
    """A row being built: its cells by their first column, including those that span it from rows above."""

    is_header: bool
    placed: dict[int, _Placed] = field(default_factory=dict)

    def own(self, index: int) -> list[CellText]:
        """Return the filled cells that begin in this row, which is at `index`, in order."""
        return [placed.cell for _, placed in sorted(self.placed.items()) if placed.origin == index and placed.cell.text]

    def names_columns(self, index: int) -> bool:
        """Return whether all cells are header cells, and they name more than one column."""
        own = self.own(index)
        all_headers = all(placed.is_header_cell for placed in self.placed.values() if placed.cell.text)
        return all_headers and (len(own) > 1 or any(cell.span > 1 for cell in own))


class Grid:
    """A table being built row by row. A cell merged over rows is repeated in each of them, unless it names columns."""

    def __init__(self) -> None:
        self._rows: list[_Row] = []
        self._open: dict[int, tuple[int, _Placed]] = {}  # by first column: (index of the row after the cell's last one, cell)
        self._taken: set[int] = set()  # columns of the current row
        self._repeated = 0
        self._column = 0

    def begin_row(self, *, before: int = 0, is_header: bool = False) -> None:
        """Begin a row, after `before` free columns. `is_header` says that the file marks it as a header row."""
        index = len(self._rows)
        self._open = {column: (end, placed) for column, (end, placed) in self._open.items() if end > index}
        self._taken = set()
        self._column = before
        self._rows.append(_Row(is_header))
        for column, (_, placed) in self._open.items():
            self._extend(column, placed)

    def end_row_group(self) -> None:
        """End a group of rows: no cell spans into the next one."""
        self._open.clear()

    def add_cell(self, text: str, *, columns: int = 1, rows: int = 1, is_header_cell: bool = False) -> None:
        """Add a cell to the current row, in its next free column. It may span several columns and rows."""
        while self._column in self._taken:
            self._column += 1
        columns = max(1, min(columns, _MOST_COLUMNS - self._column))
        text, index = " ".join(text.split()), len(self._rows) - 1
        if self._column >= _MOST_COLUMNS:
            last = self._rows[-1].placed.get(_MOST_COLUMNS - 1)
            text, self._column = f"{last.cell.text} {text}" if last else text, _MOST_COLUMNS - 1
        placed = _Placed(CellText(self._column, text, columns), index, is_header_cell)
        self._rows[-1].placed[self._column] = placed
        if rows > 1:
            self._open[self._column] = (index + rows, placed)
        self._column += columns

    def continue_cell(self, columns: int) -> None:
        """Extend the cell above into the current row, for formats that mark each row of a merged cell."""
        above = self._rows[-2].placed.get(self._column) if len(self._rows) > 1 else None
        if above and self._column < _MOST_COLUMNS:
            self._extend(self._column, above)
        self._column += columns

    def _extend(self, column: int, placed: _Placed) -> None:
        self._taken.update(range(column, column + placed.cell.span))
        self._repeated += placed.cell.span + len(placed.cell.text)
        if self._repeated <= _MOST_REPEATED:
            self._rows[-1].placed[column] = placed
        else:
            self._open = {}

    def append_to(self, draft: Draft) -> list[int]:
        """Append the table to the draft. Leading rows of a single cell as wide as the table become paragraphs above it.

        Returns, for each row begun, the offset in the draft's text where it starts; for a blank row, where the next one does.
        """
        titles = self._title_count()
        for index in range(titles):
            draft.block(" ".join(cell.text for cell in self._rows[index].own(index)))
        starts = [block.start for block in draft.blocks[len(draft.blocks) - titles :]]
        below = self._rows[titles:]
        own = [row.own(index) for index, row in enumerate(below, titles)]
        header_rows = self._header_row_count(below, own, titles) if self._repeated <= _MOST_REPEATED else 0
        rows = [
            *own[:header_rows],
            *(_as_read(row, titles + index, titles + header_rows) for index, row in enumerate(below) if index >= header_rows),
        ]
        tables_before = len(draft.tables)
        draft.table(((None, row) for row in rows), header_rows)
        row_starts = deque(row.start for table in draft.tables[tables_before:] for row in table.rows)
        for row in rows:
            starts.append(row_starts[0] if row_starts else draft.length)
            if row:
                row_starts.popleft()
        return starts

    def _title_count(self) -> int:
        """Count the leading rows that are a single cell as wide as the table."""
        width = max((cell.column + cell.span for row in self._rows for cell, *_ in row.placed.values()), default=0)
        wide = [[cell.span for cell in row.own(index)] == [width] for index, row in enumerate(self._rows)]
        count = sum(takewhile(bool, wide)) if width > 1 else 0
        return count if count < len(wide) else 0

    @staticmethod
    def _header_row_count(rows: Sequence[_Row], own: Sequence[Sequence[CellText]], first: int) -> int:
        """Count the header rows: those that the file marks, or else those that look like names."""
        count = 0
        if any(row.is_header for row in rows):
            count = sum(1 for _ in takewhile(lambda row: row.is_header, rows))
        elif any(placed.is_header_cell for row in rows for placed in row.placed.values()):
            named = (row.names_columns(index) for index, row in enumerate(rows, first))
            count = sum(takewhile(bool, named))
        else:
            return header_row_count(own)
        return count if any(own[count:]) else header_row_count(own)


def _as_read(row: _Row, index: int, first_data_row: int) -> list[CellText]:
    """Return a row's cells as they read: its own, and those that span it from rows that don't name columns."""
    return [
        placed.cell
        for _, placed in sorted(row.placed.items())
        if placed.cell.text
        and (placed.origin == index or (placed.origin >= first_data_row and len(placed.cell.text) <= LONGEST_REPEATED))
    ]
