"""A table's cells where they stand, also those that reach over several rows or columns, and which rows name the columns."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import NamedTuple

from corpus.draft import CellText, Draft
from corpus.parsers.tables.header_rows import heads_of

_MOST_COLUMNS = 1000  # as HTML has it; what is further to the right joins the last column
_MOST_REPEATED = 1_000_000  # characters that a table may repeat; no honest one does
LONGEST_REPEATED = 300
"""Characters of a cell that is said again in each row that it reaches over."""


class _Placed(NamedTuple):
    cell: CellText
    origin: int  # the row that it begins in
    is_head: bool


@dataclass(slots=True)
class _Row:
    in_head: bool
    placed: dict[int, _Placed] = field(default_factory=dict)

    def own(self, place: int) -> list[CellText]:
        """The cells that begin in it, if it is the row at `place`, in order and without blank ones."""
        return [placed.cell for _, placed in sorted(self.placed.items()) if placed.origin == place and placed.cell.text]

    def is_named(self, place: int) -> bool:
        """Whether all its cells are marked as heads, and more than one column is named."""
        own = self.own(place)
        is_head = all(placed.is_head for placed in self.placed.values() if placed.cell.text)
        return is_head and (len(own) > 1 or any(cell.span > 1 for cell in own))


class Grid:
    """A table while it is being read, row by row. A cell that is merged over rows is read in each of them, but for those that name
    columns.
    """

    def __init__(self) -> None:
        self._rows: list[_Row] = []
        self._open: dict[int, tuple[int, _Placed]] = {}  # by its first column: up to which row a cell reaches
        self._taken: set[int] = set()  # columns of the row at hand
        self._repeated = 0
        self._column = 0

    def row(self, *, before: int = 0, in_head: bool = False) -> None:
        """Begin a row, with this many columns left free before its first cell. `in_head` marks one that names the columns."""
        place = len(self._rows)
        self._open = {column: (end, placed) for column, (end, placed) in self._open.items() if end > place}
        self._taken = set()
        self._column = before
        self._rows.append(_Row(in_head))
        for column, (_, placed) in self._open.items():
            self._go_on(column, placed)

    def end_of_group(self) -> None:
        """No cell reaches on into the next row."""
        self._open.clear()

    def cell(self, text: str, *, columns: int = 1, rows: int = 1, is_head: bool = False) -> None:
        """Add a cell to the row at hand, in its next free column. It may reach over several columns and rows."""
        while self._column in self._taken:
            self._column += 1
        columns = max(1, min(columns, _MOST_COLUMNS - self._column))
        text, place = " ".join(text.split()), len(self._rows) - 1
        if self._column >= _MOST_COLUMNS:
            last = self._rows[-1].placed.get(_MOST_COLUMNS - 1)
            text, self._column = f"{last.cell.text} {text}" if last else text, _MOST_COLUMNS - 1
        placed = _Placed(CellText(self._column, text, columns), place, is_head)
        self._rows[-1].placed[self._column] = placed
        if rows > 1:
            self._open[self._column] = (place + rows, placed)
        self._column += columns

    def go_on(self, columns: int) -> None:
        """Add the cell that stands above to the row at hand, for formats that say in each row that one reaches on."""
        above = self._rows[-2].placed.get(self._column) if len(self._rows) > 1 else None
        if above and self._column < _MOST_COLUMNS:
            self._go_on(self._column, above)
        self._column += columns

    def _go_on(self, column: int, placed: _Placed) -> None:
        self._taken.update(range(column, column + placed.cell.span))
        self._repeated += placed.cell.span + len(placed.cell.text)
        if self._repeated <= _MOST_REPEATED:
            self._rows[-1].placed[column] = placed
        else:
            self._open = {}

    def lay(self, draft: Draft) -> list[int]:
        """Lay the table into the draft; rows above it that are one cell as wide as the table are paragraphs. Returns where each row
        that was begun starts in the text; one that is blank, where the next one does.
        """
        titles = self._titles()
        for place in range(titles):
            draft.block(" ".join(cell.text for cell in self._rows[place].own(place)))
        starts = [block.start for block in draft.blocks[len(draft.blocks) - titles :]]
        below = self._rows[titles:]
        own = [row.own(place) for place, row in enumerate(below, titles)]
        heads = self._heads(below, own, titles) if self._repeated <= _MOST_REPEATED else 0
        rows = [*own[:heads], *(_read(row, titles + place, titles + heads) for place, row in enumerate(below) if place >= heads)]
        tables = len(draft.tables)
        draft.table(((None, row) for row in rows), heads)
        laid = deque(row.start for table in draft.tables[tables:] for row in table.rows)
        for row in rows:
            starts.append(laid[0] if laid else draft.length)
            if row:
                laid.popleft()
        return starts

    def _titles(self) -> int:
        """How many of the first rows are one cell as wide as the table."""
        width = max((cell.column + cell.span for row in self._rows for cell, *_ in row.placed.values()), default=0)
        wide = [[cell.span for cell in row.own(place)] == [width] for place, row in enumerate(self._rows)]
        count = sum(takewhile(bool, wide)) if width > 1 else 0
        return count if count < len(wide) else 0

    @staticmethod
    def _heads(rows: Sequence[_Row], own: Sequence[Sequence[CellText]], first: int) -> int:
        """How many of the rows name the columns: as the file marks them, else as they look."""
        count = 0
        if any(row.in_head for row in rows):
            count = sum(1 for _ in takewhile(lambda row: row.in_head, rows))
        elif any(placed.is_head for row in rows for placed in row.placed.values()):
            named = (row.is_named(place) for place, row in enumerate(rows, first))
            count = sum(takewhile(bool, named))
        else:
            return heads_of(own)
        return count if any(own[count:]) else heads_of(own)


def _read(row: _Row, place: int, heads_end: int) -> list[CellText]:
    """A row's cells as they are read: its own, and those that reach into it from rows that don't name columns."""
    return [
        placed.cell
        for _, placed in sorted(row.placed.items())
        if placed.cell.text
        and (placed.origin == place or (placed.origin >= heads_end and len(placed.cell.text) <= LONGEST_REPEATED))
    ]
