"""Where the tables of a sheet begin and end, and what stands around them: titles, notes, and pairs of a name and a value."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, takewhile
from typing import NamedTuple

from corpus.draft import CellText, Draft
from corpus.heartbeat import alive
from corpus.parsers.office.sheet_cells import Area, SheetRow
from corpus.parsers.tables.grid import LONGEST_REPEATED
from corpus.parsers.tables.header_rows import heads_of, is_number
from corpus.structure import Table

_LONGEST_TITLE = 120
_LONGEST_ITEM = 150  # characters of a row in a list
_MOST_REPEATED = 200_000  # cells
_SHORTEST_NOTE = 60
_FEWEST_ITEMS = 3
_MOST_PAIRS = 6  # rows with a name and a value that may stand right above the names of the columns
_WIDEST_HEAD = 60  # columns
_MOST_TABLES_ABREAST = 6
_LOOKED_AT = 200  # rows of a table, from which it is told which columns hold numbers
_NEAR = 3  # rows from the end of a table to where it may go on after blank ones
_NOTE = re.compile(r"\W*(?:sources?|fuentes?|notes?|notas?|elabora\w+)\b|[*†‡]|\(?\d\)|\W*$", re.IGNORECASE)
TITLE_LEVEL = 2
"""Of a table's heading; the name of its sheet is above it."""

Names = tuple[tuple[int, int], ...]


class Marks(NamedTuple):
    """What a file says of its sheet's tables: where those with names for their columns stand, which other rows are names, and which
    may be.
    """

    tables: Sequence[Area] = ()
    named: frozenset[int] = frozenset()
    likely: frozenset[int] = frozenset()


UNMARKED = Marks()


class _Before(NamedTuple):
    """The table above: the names and the place of each column, which of them hold numbers, and its last row."""

    names: tuple[Names, ...]
    places: Mapping[int, int]
    numeric: frozenset[int]
    last: int


def lay_rows(draft: Draft, rows: Sequence[SheetRow], merged: Sequence[Area] = (), marks: Marks = UNMARKED) -> None:
    """Lay the rows of a sheet into the draft, table by table. Blank rows part tables, unless one goes on after them.

    A cell that is merged over rows is read in each of them; a line above a table is its title, one below it a note.
    """
    _Layout(draft, merged, rows, marks).lay()


class _Layout:
    def __init__(self, draft: Draft, merged: Sequence[Area], rows: Sequence[SheetRow], marks: Marks) -> None:
        self.draft = draft
        self.marked = marks.named | {table.top for table in marks.tables}
        self.marked |= {row.number for row in rows if row.number in marks.likely and not _has_number(row)}
        self.cuts = {table.top for table in marks.tables} | {table.bottom + 1 for table in marks.tables}
        self.repeated: dict[int, list[tuple[int, CellText]]] = {}  # by row, with the row that the cell begins in
        self.rows = self._with_merged(rows, merged)
        self.before: _Before | None = None

    def lay(self) -> None:
        start = 0
        for place, row in enumerate(self.rows):
            if place and (row.number > self.rows[place - 1].number + 1 or row.number in self.cuts):
                self._region(self.rows[start:place])
                start = place
        self._region(self.rows[start:])

    def _with_merged(self, rows: Sequence[SheetRow], merged: Sequence[Area]) -> list[SheetRow]:
        """The rows, with cells as wide as they are merged; fills `repeated` with those that reach over several rows."""
        if not merged:
            return list(rows)
        areas = {(area.top, area.left): area for area in merged}
        numbers = [row.number for row in rows]
        found, count = [], 0
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
            found.append(SheetRow(row.number, cells, row.is_bold))
        return found

    def _region(self, rows: Sequence[SheetRow]) -> None:
        """Lay down rows without a blank one between them."""
        single = [len(row.cells) == 1 for row in rows]
        if all(single):
            self._lines(rows)
            return
        first = sum(takewhile(bool, single))
        last = len(rows) - sum(takewhile(bool, (len(row.cells) == 1 and _is_note(_line(row)) for row in reversed(rows))))
        self._titles(rows[:first])
        body, below = rows[first:last], rows[last:]
        skipped, heads = self._heads(body)
        if skipped:
            self._table(body[:skipped], 0)
        self._body(body[skipped:], heads)
        for row in below:
            self.draft.block(_line(row))

    def _lines(self, rows: Sequence[SheetRow]) -> None:
        """Lay down rows of one cell each: a list, or lines of text."""
        is_list = len(rows) >= _FEWEST_ITEMS and all(len(_line(row)) <= _LONGEST_ITEM for row in rows)
        if is_list or any(row.number in self.marked for row in rows[:1]):
            self._table(rows, int(rows[0].number in self.marked))
        else:
            self._titles(rows)

    def _titles(self, rows: Sequence[SheetRow]) -> None:
        for place, row in enumerate(rows):
            self.draft.block(_line(row), TITLE_LEVEL if place == 0 and _is_title(_line(row)) else 0)

    def _heads(self, rows: Sequence[SheetRow]) -> tuple[int, int]:
        """How many rows stand before those that name the columns, and how many do."""
        cells = [row.cells for row in rows]
        marked = [place for place, row in enumerate(rows[:-1]) if row.number in self.marked]
        if marked:
            last = marked[-1] if marked[-1] - marked[0] == len(marked) - 1 else marked[0]
            for place in range(max(0, last - _MOST_PAIRS), last + 1):
                if heads_of(cells[place:]) == last - place + 1:
                    return place, last - place + 1
            return last, 1
        for place in range(min(_MOST_PAIRS, len(rows))):
            if place and (len(cells[place - 1]) > 2 or len(cells[place]) <= 2):
                continue
            if heads := heads_of(cells[place:]):
                return place, heads
        is_bold = len(rows) > 1 and rows[0].is_bold and not any(row.is_bold for row in rows[1:3])
        return 0, int(is_bold and not _has_number(rows[0]))

    def _body(self, rows: Sequence[SheetRow], heads: int) -> None:
        """Lay down a table, or those that stand side by side."""
        if not heads and self._goes_on(rows):
            self._table(rows, 0, self.before)
            return
        parts = [part for part in _side_by_side(rows) if part]
        counts = [heads_of([row.cells for row in part]) for part in parts]
        if not all(counts) and len({part[-1].number for part in parts}) > 1 and all(_is_named(part, heads) for part in parts):
            counts = [heads] * len(parts)
        if len(parts) > 1 and all(counts) and all(map(_has_labels, parts, counts)):
            for part, count in zip(parts, counts, strict=True):
                self._table(part, count)
            self.before = None
        else:
            self._table(rows, heads)

    def _goes_on(self, rows: Sequence[SheetRow]) -> bool:
        """Whether rows without names are more of the table above: numbers stand in several columns, and where it has numbers."""
        above = self.before
        if above is None or rows[0].number > above.last + _NEAR or any(row.number in self.marked for row in rows):
            return False
        columns = _columns(rows)
        told = above.numeric & columns.keys()
        is_within = all(cell.column in above.places for row in rows for cell in row.cells)
        return is_within and len(told) > 1 and _numeric(columns) == told

    def _table(self, rows: Sequence[SheetRow], heads: int, above: _Before | None = None) -> None:
        """Lay down a table with the columns that are used. Names come from its first rows, or from the table above."""
        first = rows[heads].number if heads < len(rows) else rows[-1].number
        full = [row.cells if row.number < first else self._full(row, first) for row in rows]
        used = sorted({cell.column for cells in full for cell in cells})
        places = above.places if above else {column: place for place, column in enumerate(used)}

        def dense(cell: CellText) -> CellText:
            if cell.span == 1:
                return cell if places[cell.column] == cell.column else CellText(places[cell.column], cell.text)
            span = bisect_left(used, cell.column + cell.span) - bisect_left(used, cell.column)
            return CellText(places[cell.column], cell.text, 1 if above else span)

        count = len(self.draft.tables)
        numbers = [row.number for row in rows]
        self.draft.table(((number, list(map(dense, cells))) for number, cells in zip(numbers, full, strict=True)), heads)
        if len(self.draft.tables) == count:
            return
        if above:
            self.draft.tables[-1] = Table(above.names, self.draft.tables[-1].rows)
            self.before = above._replace(last=rows[-1].number)
        else:
            names = self.draft.tables[-1].columns
            told = rows[heads : heads + _LOOKED_AT]
            self.before = _Before(names, places, _numeric(_columns(told)), rows[-1].number) if heads else None

    def _full(self, row: SheetRow, first: int) -> Sequence[CellText]:
        """The row's cells, with those that are merged into it from rows that are not before `first`."""
        alive()
        own = {cell.column: cell for cell in row.cells}
        for origin, cell in self.repeated.get(row.number, ()):
            if origin >= first:
                own.setdefault(cell.column, cell)
        return [cell for _, cell in sorted(own.items())]


def _line(row: SheetRow) -> str:
    return " ".join(row.cells[0].text.split())


def _has_number(row: SheetRow) -> bool:
    return any(is_number(cell.text) for cell in row.cells)


def _is_title(text: str) -> bool:
    return len(text) <= _LONGEST_TITLE and text[-1] not in ".;:," and any(map(str.isalpha, text)) and not _NOTE.match(text)


def _is_note(text: str) -> bool:
    return _NOTE.match(text) is not None or len(text) >= _SHORTEST_NOTE or (text.endswith(".") and " " in text)


def _columns(rows: Sequence[SheetRow]) -> dict[int, list[str]]:
    columns: dict[int, list[str]] = {}
    for row in rows:
        for cell in row.cells if len(row.cells) > 1 else ():
            columns.setdefault(cell.column, []).append(cell.text)
    return columns


def _numeric(columns: Mapping[int, Sequence[str]]) -> frozenset[int]:
    """The columns that hold numbers, for the most part."""
    return frozenset(column for column, texts in columns.items() if 2 * sum(map(is_number, texts)) > len(texts))


def _has_labels(rows: Sequence[SheetRow], heads: int) -> bool:
    """Whether the first column holds something else than numbers: one of numbers belongs to labels further to the left."""
    columns = _columns(rows[heads:])
    return bool(columns) and min(columns) not in _numeric(columns)


def _is_named(rows: Sequence[SheetRow], heads: int) -> bool:
    """Whether the last of the first `heads` rows names each of several columns, and some hold numbers."""
    columns = _columns(rows[heads:])
    named = {cell.column for cell in rows[heads - 1].cells} if 0 < heads < len(rows) else set()
    return len(columns) > 1 and columns.keys() <= named and bool(_numeric(columns))


def _side_by_side(rows: Sequence[SheetRow]) -> Iterator[list[SheetRow]]:
    """The rows' parts that a column without any cell sets apart."""
    cells = (cell for row in rows for cell in row.cells)
    filled = sorted({column for cell in cells for column in range(cell.column, cell.column + min(cell.span, _WIDEST_HEAD))})
    groups = [[column for _, column in group] for _, group in groupby(enumerate(filled), key=lambda item: item[1] - item[0])]
    if len(groups) > _MOST_TABLES_ABREAST:
        return
    for group in groups:
        part = [(row, [cell for cell in row.cells if group[0] <= cell.column <= group[-1]]) for row in rows]
        yield [SheetRow(row.number, cells, row.is_bold) for row, cells in part if cells]
