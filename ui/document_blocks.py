"""A document's blocks prepared for display: paragraphs and headings in cited and other pieces, tables by row and cell."""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, takewhile
from typing import NamedTuple

from corpus import Block, Cell, Document, Page, Row, Table

_AROUND = 700  # characters of the document shown on either side of a cited range
_LONG_TABLE = 30  # rows; a longer table scrolls in its own box, below its column names
_MOST_HEADS = 5  # rows of column names repeated where a table continues
_SHORT = 16  # characters
_LONG_ROW = 3000  # characters; of a longer row, text far from the cited range may be left out


class Piece(NamedTuple):
    """A part of a block's text, and whether it is cited."""

    text: str
    cited: bool


class ShownCell(NamedTuple):
    """A cell: its column (from 0), the number of columns it spans, its text in pieces, and whether its column holds figures.

    Without pieces it stands for the blank between two cells, or after the last one.
    """

    column: int
    span: int
    pieces: tuple[Piece, ...]
    is_figure: bool = False

    @property
    def is_short(self) -> bool:
        """Whether the text is too short to be worth breaking into lines."""
        return sum(len(piece.text) for piece in self.pieces) <= _SHORT


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A table row: the range that is shown, its number in a sheet, and its cells.

    `names` says that it only names the columns, `cited` that some of it is cited, and `again` that it is repeated above a later
    part of its table.
    """

    start: int
    end: int
    number: int | None
    cells: tuple[ShownCell, ...]
    names: bool
    cited: bool
    again: bool


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A table or part of one: its number in the document (from 1), the rows that name the columns, and the rows below them."""

    number: int
    heads: tuple[ShownRow, ...]
    rows: tuple[ShownRow, ...]

    @property
    def numbered(self) -> bool:
        """Whether any of its rows has a number."""
        return any(row.number is not None for row in (*self.heads, *self.rows))

    @property
    def long(self) -> bool:
        """Whether its column names could scroll out of sight."""
        return len(self.rows) > _LONG_TABLE


@dataclass(frozen=True, slots=True)
class ShownBlock:
    """A block prepared for display: the pages that begin before its end, its HTML tag, its start, and its text in pieces.

    The rows of a table are blocks of the document, shown together as one block with a `table` and no pieces.
    """

    pages: tuple[Page, ...]
    tag: str
    start: int
    pieces: tuple[Piece, ...]
    table: ShownTable | None = None


def shown_blocks(document: Document, blocks: Sequence[Block], cited: tuple[int, int], within: tuple[int, int]) -> list[ShownBlock]:
    """Prepare consecutive blocks of a document for display, cut to the range `within`.

    A table row is only cut if it is very long. The document's last block is followed by the empty pages at its end.
    """
    if not blocks:
        return [ShownBlock(document.pages, "p", 0, ())] if document.pages else []
    builder = _Builder(document, cited, within)
    pages = deque(page for page in document.pages if page.end > blocks[0].start or page.start >= blocks[0].start)
    shown = []
    for _, group in groupby(blocks, builder.group_key):
        grouped = list(group)
        begun = []
        while pages and pages[0].start < grouped[0].end:
            begun.append(pages.popleft())
        shown.append(builder.block(tuple(begun), grouped))
    if pages and blocks[-1] == document.blocks[-1]:
        shown.append(ShownBlock(tuple(pages), "p", len(document.text), ()))
    return shown


def blocks_around(document: Document, start: int, end: int) -> list[ShownBlock]:
    """Prepare the blocks around a cited range. Paragraphs are cut between words; table rows stay whole."""
    first, last = surrounding_range(document, start, end, _AROUND)
    return shown_blocks(document, tuple(document.blocks_within(first, last)), (start, end), (first, last))


def pieces(document: Document, first: int, last: int, cited: tuple[int, int]) -> Iterator[Piece]:
    """Split a range within a block into up to three pieces: before the cited range, the cited range, and after it."""
    start, end = (min(max(place, first), last) for place in cited)
    for left, right, is_cited in ((first, start, False), (start, end, True), (end, last, False)):
        if left < right:
            raw = document.text[left:right]
            before, after = " " * raw[0].isspace(), " " * raw[-1].isspace()
            yield Piece(before + document.plain(left, right) + after, is_cited)


def surrounding_range(document: Document, start: int, end: int, characters: int) -> tuple[int, int]:
    """Return the range widened by up to `characters` on either side, without cutting a word."""
    first, last = max(0, start - characters), min(len(document.text), end + characters)
    before = (document.text.find(" ", first, start) + 1 or start) if first else 0
    after = max(document.text.rfind(" ", end, last), end) if last < len(document.text) else last
    return before, after


class _Builder:
    """Prepares the blocks of one document."""

    def __init__(self, document: Document, cited: tuple[int, int], within: tuple[int, int]) -> None:
        self._document, self._cited, self._within = document, cited, within
        title = [heading for heading in document.headings[:1] if document.shown(heading.start, heading.end) == document.title]
        below = 0 if title and title[0].level == 1 else 1
        self._tags = {heading.start: f"h{min(max(heading.level + below, 2), 6)}" for heading in document.headings}
        self._tags |= {heading.start: "h1" for heading in title}
        self._numbers = {id(table): number for number, table in enumerate(document.tables, 1)}

    def group_key(self, block: Block) -> tuple[int, int | None]:
        """Return a key that is equal for blocks shown as one: the rows of a table on one page."""
        table = self._document.table_at(block.start)
        page = self._document.page_at(block.start)
        return (-block.start - 1, None) if table is None else (id(table), page and page.number)

    def block(self, pages: tuple[Page, ...], blocks: Sequence[Block]) -> ShownBlock:
        """Prepare one block, or the rows of one table."""
        first, *_ = blocks
        table = self._document.table_at(first.start)
        if table is not None:
            return ShownBlock(pages, "table", first.start, (), self._table(table, blocks))
        visible = max(first.start, self._within[0]), min(first.end, self._within[1])
        return ShownBlock(
            pages, self._tags.get(first.start, "p"), first.start, tuple(pieces(self._document, *visible, self._cited))
        )

    def _table(self, table: Table, blocks: Sequence[Block]) -> ShownTable:
        names = frozenset(name for column in table.columns for name in column)
        name_rows = list(takewhile(lambda row: _only_names(row, names), table.rows))
        repeated = [row for row in name_rows[:_MOST_HEADS] if row.start < blocks[0].start]
        rows = [row for block in blocks if (row := self._document.row_at(block.start)) is not None]
        heads = [row for row in rows if name_rows and row.start <= name_rows[-1].start]
        shown = [self._row(table, row, names, again=number < len(repeated)) for number, row in enumerate([*repeated, *rows])]
        return ShownTable(self._numbers[id(table)], *_aligned(shown, len(repeated) + len(heads)))

    def _row(self, table: Table, row: Row, names: frozenset[tuple[int, int]], *, again: bool) -> ShownRow:
        first, last = row.start, row.end
        if last - first > _LONG_ROW:
            first, last = (first, first + _LONG_ROW) if again else (max(first, self._within[0]), min(last, self._within[1]))
        cells: list[ShownCell] = []
        column = 0
        for cell in row.cells:
            if cell.start < last and first < cell.end:
                if cell.column > column:
                    cells.append(ShownCell(column, cell.column - column, ()))
                shown = tuple(pieces(self._document, max(cell.start, first), min(cell.end, last), self._cited))
                cells.append(ShownCell(cell.column, _span(table, cell, is_alone=len(row.cells) == 1), shown))
                column = cell.column + cells[-1].span
        if column < len(table.columns):
            cells.append(ShownCell(column, len(table.columns) - column, ()))
        cited = row.start < self._cited[1] and self._cited[0] < row.end
        return ShownRow(first, last, row.number, tuple(cells), _only_names(row, names), cited, again)


def _aligned(rows: Sequence[ShownRow], heads: int) -> tuple[tuple[ShownRow, ...], tuple[ShownRow, ...]]:
    """Mark the cells of columns that mostly hold figures, and split the rows after the first `heads`."""
    votes = Counter[int]()  # by column: cells with a figure less cells without
    for cell in (cell for row in rows[heads:] for cell in row.cells if cell.pieces):
        votes[cell.column] += 1 if _is_figure("".join(piece.text for piece in cell.pieces)) else -1
    aligned = [
        replace(row, cells=tuple(cell._replace(is_figure=cell.span == 1 and votes[cell.column] > 0) for cell in row.cells))
        for row in rows
    ]
    return tuple(aligned[:heads]), tuple(aligned[heads:])


def _is_figure(text: str) -> bool:
    return any(map(str.isdigit, text)) and not any(map(str.isalpha, text))


def _only_names(row: Row, names: frozenset[tuple[int, int]]) -> bool:
    """Return whether every cell of the row is a column name."""
    return all((cell.start, cell.end) in names for cell in row.cells)


def _span(table: Table, cell: Cell, *, is_alone: bool) -> int:
    """Return the number of columns that a cell spans: those that it names, or all if it is alone and first in its row."""
    width = len(table.columns)
    if is_alone and cell.column == 0:
        return width
    named = takewhile(lambda column: (cell.start, cell.end) in table.columns[column], range(cell.column + 1, width))
    return 1 + sum(1 for _ in named)
