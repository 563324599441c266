"""`LineTable`, a table made of a PDF's lines, and how lines become its rows and cells."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from corpus.parsers.pdf.cells import Column, Pieces, cells_of
from corpus.parsers.pdf.heading_cells import Head
from corpus.parsers.pdf.lines import Line

_WRAPPED = 1.7  # line heights: the most between two lines of one label
_SAME_COLUMN = 3.0  # points by which the side of a column may move from one page to the next

_UNFINISHED = frozenset("and or of the to for in on at by with from net a an y o de del la el los las en por con para &".split())
"""Words that don't end a label."""


class LineRow(NamedTuple):
    """A table row: its lines, and its cells as (column from 0, start, end) in `text`."""

    lines: tuple[Line, ...]
    cells: tuple[tuple[int, int, int], ...]

    @property
    def text(self) -> str:
        """The texts of the lines, joined by line feeds."""
        return "\n".join(line.text for line in self.lines)


@dataclass(slots=True)
class LineTable:
    """A table. `names` has, for each column, the cells that name it as (row, start, end), outermost first. The first `heads` of the
    `rows` name columns.

    `columns` are the places of the values on the page; empty if each row is a single cell, named by the lines above the table as a
    whole.
    """

    names: list[list[tuple[int, int, int]]]
    rows: list[LineRow]
    heads: int
    columns: list[Column]

    @property
    def end(self) -> Line:
        """The table's last line."""
        return self.rows[-1].lines[-1]

    def head_texts(self) -> set[tuple[str, ...]]:
        """Return the cell texts of each header row, without the label's cell."""
        return {tuple(row.text[start:end] for column, start, end in row.cells if column) for row in self.rows[: self.heads]}

    def continues_in(self, table: "LineTable") -> bool:
        """Return whether a table without names has its values in the same columns as this one before it."""
        return (
            not table.heads
            and len(self.columns) == len(table.columns) > 0
            and len(self.names) == len(table.names)
            and all(
                min(abs(one.left - other.left), abs(one.right - other.right)) <= _SAME_COLUMN
                and max(one.left, other.left) < min(one.right, other.right)
                for one, other in zip(self.columns, table.columns, strict=True)
            )
        )


def table_of_columns(
    heads: Sequence[Pieces], body: Sequence[Pieces], columns: list[Column], named: Sequence[Sequence[Head]]
) -> LineTable:
    """Return the table of `columns` under the header lines `heads`, from the top down; `named` has the heads of each such line."""
    names: list[list[tuple[int, int, int]]] = [[] for _ in range(len(columns) + 1)]
    rows: list[LineRow] = []
    for number, line in reversed(list(enumerate(heads))):
        cells = []
        for first, last, start, end in _header_cells(line, named[number]):
            if not any(names[first : last + 1]):
                end = len(line.line.text[:end].rstrip(",:;")) or end
            for column in range(first, last + 1):
                names[column].insert(0, (number, start, end))
            cells.append((first, start, end))
        rows.insert(0, LineRow((line.line,), tuple(cells)))
    rows.extend(_body_rows(body, columns))
    if not any(column == 0 for row in rows for column, _, _ in row.cells):  # no row has a label
        names = names[1:]
        rows = [LineRow(row.lines, tuple((column - 1, start, end) for column, start, end in row.cells)) for row in rows]
    return LineTable(names, rows, len(heads), columns)


def table_of_whole_rows(heads: Sequence[Pieces], body: Sequence[Pieces]) -> LineTable:
    """Return a table whose rows are a single cell each, named by the lines `heads` above it as a whole."""
    rows = [whole_row(row) for row in heads]
    rows.extend(LineRow(row.lines, ((0, 0, len(row.text)),)) for row in _body_rows(body, ()))
    return LineTable([[(number, 0, len(row.line.text)) for number, row in enumerate(heads)]], rows, len(heads), [])


def whole_row(row: Pieces) -> LineRow:
    """Return a line as a row of a single cell."""
    return LineRow((row.line,), ((0, 0, len(row.line.text)),))


def is_near(above: Line, below: Line, far: float) -> bool:
    """Return whether a line is below another by less than `far` heights of the larger."""
    return above.turns == below.turns and 0 < above.y - below.y < far * max(above.size, below.size)


def is_wrapped(above: Pieces, row: Pieces) -> bool:
    """Return whether `row` continues the label of the line above it: it begins with a small letter, or that label is unfinished."""
    return (
        (row.line.text.lstrip("([")[:1].islower() or _is_unfinished(above))
        and any(map(str.isalpha, above.line.text))
        and above.line.text[-1] not in ".:;"
        and above.line.bold == row.line.bold
        and is_near(above.line, row.line, _WRAPPED)
    )


def _is_unfinished(row: Pieces) -> bool:
    """Return whether a line without values ends with a comma or a word that needs another after it."""
    return not row.is_data() and (row.line.text[-1] == "," or row.line.text.split()[-1] in _UNFINISHED)


def _header_cells(line: Pieces, heads: Sequence[Head]) -> list[tuple[int, int, int, int]]:
    """Return the cells of a header line as (first column, last column, start, end), with the label in column 0."""
    pieces = {head.piece for head in heads}
    label = [piece for piece in line.all if piece not in pieces]
    cells = [(0, 0, label[0].start, label[-1].end)] if label else []
    return [*cells, *((head.first + 1, head.last + 1, head.piece.start, head.piece.end) for head in heads)]


def _body_rows(body: Sequence[Pieces], columns: Sequence[Column]) -> Iterator[LineRow]:
    """Yield the rows of values and labels. Lines that share a label are one row."""
    start = 0
    while start < len(body):
        end = start + 1
        while end < len(body) and _is_one_row(body[start:end], body[end : end + 2]):
            end += 1
        yield _row(body[start:end], columns)
        start = end


def _is_one_row(row: Sequence[Pieces], following: Sequence[Pieces]) -> bool:
    """Return whether the first of the lines `following` continues the label of a row and can't be that of the next row instead."""
    if not is_wrapped(row[-1], following[0]):
        return False
    if not any(line.is_data() for line in row):
        return True
    return not following[0].is_data() and not (len(following) > 1 and is_wrapped(*following))


def _row(lines: Sequence[Pieces], columns: Sequence[Column]) -> LineRow:
    """Return the lines as one row. A line without values, or all if there are no columns, is a single cell in column 0."""
    cells: list[tuple[int, int, int]] = []
    length = 0
    for line in lines:
        text = line.line.text
        for column, start, end in (cells_of(line, columns) if columns and line.is_data() else None) or [(0, 0, len(text))]:
            if cells and cells[-1][0] == column == 0:
                cells[-1] = (0, cells[-1][1], length + end)
            else:
                cells.append((column, length + start, length + end))
        length += len(text) + 1
    return LineRow(tuple(line.line for line in lines), tuple(cells))
