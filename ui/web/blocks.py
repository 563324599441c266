"""A document's blocks as pages show them: paragraphs and headings in pieces, of which some are cited, and tables row by row."""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, takewhile
from typing import NamedTuple

from corpus import Block, Cell, Document, Page, Row, Table

_LONG_TABLE = 30  # rows; one with more scrolls in its own box, below the names of its columns
_MOST_HEADS = 5  # rows with names that are shown again where a table goes on
_SHORT = 16  # characters
_LONG_ROW = 3000  # characters; of a row with more, what is far from the cited place may be left out


class Piece(NamedTuple):
    """A part of a block's text, and whether it is cited."""

    text: str
    cited: bool


class ShownCell(NamedTuple):
    """A cell: its column, from 0, over how many it reaches, its text in pieces, and whether its column holds figures. Without a
    piece it is the blank between two cells, or after the last one.
    """

    column: int
    span: int
    pieces: tuple[Piece, ...]
    is_figure: bool = False

    @property
    def is_short(self) -> bool:
        """Whether it is better not broken into lines."""
        return sum(len(piece.text) for piece in self.pieces) <= _SHORT


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A table row: its range, as far as it is shown, its number in a sheet, its cells, whether it names the columns, whether some
    of it is cited, and whether it stands here `again`, above a later part of its table.
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
    """A table, or a part of one: its number in the document, from 1, the rows that name the columns, and those below."""

    number: int
    heads: tuple[ShownRow, ...]
    rows: tuple[ShownRow, ...]

    @property
    def numbered(self) -> bool:
        """Whether its rows have numbers."""
        return any(row.number is not None for row in (*self.heads, *self.rows))

    @property
    def long(self) -> bool:
        """Whether the names of its columns would be out of sight."""
        return len(self.rows) > _LONG_TABLE


@dataclass(frozen=True, slots=True)
class ShownBlock:
    """A block as it is shown: the pages that begin before its end, its HTML element, its place, and its text in pieces; or a
    table, whose rows are blocks.
    """

    pages: tuple[Page, ...]
    tag: str
    start: int
    pieces: tuple[Piece, ...]
    table: ShownTable | None = None


def shown_blocks(document: Document, blocks: Sequence[Block], cited: tuple[int, int], within: tuple[int, int]) -> list[ShownBlock]:
    """Blocks that follow one another in a document, cut to what is `within` a range, which no table row is unless it is very long.
    With the last block of the document come the pages without text at its end.
    """
    if not blocks:
        return [ShownBlock(document.pages, "p", 0, ())] if document.pages else []
    builder = _Builder(document, cited, within)
    pages = deque(page for page in document.pages if page.end > blocks[0].start or page.start >= blocks[0].start)
    shown = []
    for _, group in groupby(blocks, builder.together):
        several = list(group)
        begun = []
        while pages and pages[0].start < several[0].end:
            begun.append(pages.popleft())
        shown.append(builder.block(tuple(begun), several))
    if pages and blocks[-1] == document.blocks[-1]:
        shown.append(ShownBlock(tuple(pages), "p", len(document.text), ()))
    return shown


def pieces(document: Document, first: int, last: int, cited: tuple[int, int]) -> Iterator[Piece]:
    """A range within a block in up to three pieces: before what is cited, that, and after it."""
    start, end = (min(max(place, first), last) for place in cited)
    for begin, close, is_cited in ((first, start, False), (start, end, True), (end, last, False)):
        if begin < close:
            raw = document.text[begin:close]
            before, after = " " * raw[0].isspace(), " " * raw[-1].isspace()
            yield Piece(before + document.plain(begin, close) + after, is_cited)


def around(document: Document, start: int, end: int, characters: int) -> tuple[int, int]:
    """A range with up to so many characters on either side, no word of which is cut."""
    first, last = max(0, start - characters), min(len(document.text), end + characters)
    before = (document.text.find(" ", first, start) + 1 or start) if first else 0
    after = max(document.text.rfind(" ", end, last), end) if last < len(document.text) else last
    return before, after


class _Builder:
    """Makes what is shown of a document's blocks."""

    def __init__(self, document: Document, cited: tuple[int, int], within: tuple[int, int]) -> None:
        self._document, self._cited, self._within = document, cited, within
        titles = [heading for heading in document.headings[:1] if document.shown(heading.start, heading.end) == document.title]
        below = 0 if titles and titles[0].level == 1 else 1
        self._tags = {heading.start: f"h{min(max(heading.level + below, 2), 6)}" for heading in document.headings}
        self._tags |= {heading.start: "h1" for heading in titles}
        self._numbers = {id(table): number for number, table in enumerate(document.tables, 1)}

    def together(self, block: Block) -> tuple[int, int | None]:
        """Equal for blocks that are shown as one: the rows of a table on one page."""
        table = self._document.table_at(block.start)
        page = self._document.page_at(block.start)
        return (-block.start - 1, None) if table is None else (id(table), page and page.number)

    def block(self, pages: tuple[Page, ...], blocks: Sequence[Block]) -> ShownBlock:
        """What is shown of one block, or of a table's rows."""
        first, *_ = blocks
        table = self._document.table_at(first.start)
        if table is not None:
            return ShownBlock(pages, "table", first.start, (), self._table(table, blocks))
        cut = max(first.start, self._within[0]), min(first.end, self._within[1])
        shown = tuple(pieces(self._document, *cut, self._cited))
        return ShownBlock(pages, self._tags.get(first.start, "p"), first.start, shown)

    def _table(self, table: Table, blocks: Sequence[Block]) -> ShownTable:
        names = frozenset(name for column in table.columns for name in column)
        naming = list(takewhile(lambda row: _names(row, names), table.rows))
        again = [row for row in naming[:_MOST_HEADS] if row.start < blocks[0].start]
        found = [row for block in blocks if (row := self._document.row_at(block.start)) is not None]
        heads = [row for row in found if naming and row.start <= naming[-1].start]
        shown = [self._row(table, row, names, again=place < len(again)) for place, row in enumerate([*again, *found])]
        return ShownTable(self._numbers[id(table)], *_aligned(shown, len(again) + len(heads)))

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
        return ShownRow(first, last, row.number, tuple(cells), _names(row, names), cited, again)


def _aligned(rows: Sequence[ShownRow], heads: int) -> tuple[tuple[ShownRow, ...], tuple[ShownRow, ...]]:
    """The first rows, so many, and those below, with what each column holds: figures, if most of its cells do."""
    told = Counter[int]()
    for cell in (cell for row in rows[heads:] for cell in row.cells if cell.pieces):
        told[cell.column] += 1 if _is_figure("".join(piece.text for piece in cell.pieces)) else -1
    aligned = [
        replace(row, cells=tuple(cell._replace(is_figure=cell.span == 1 and told[cell.column] > 0) for cell in row.cells))
        for row in rows
    ]
    return tuple(aligned[:heads]), tuple(aligned[heads:])


def _is_figure(text: str) -> bool:
    return any(map(str.isdigit, text)) and not any(map(str.isalpha, text))


def _names(row: Row, names: frozenset[tuple[int, int]]) -> bool:
    """Whether a row does nothing but name columns."""
    return all((cell.start, cell.end) in names for cell in row.cells)


def _span(table: Table, cell: Cell, *, is_alone: bool) -> int:
    """Over how many columns a cell reaches: those that it names; and all, if it stands alone at the beginning of its row."""
    width = len(table.columns)
    if is_alone and cell.column == 0:
        return width
    named = takewhile(lambda column: (cell.start, cell.end) in table.columns[column], range(cell.column + 1, width))
    return 1 + sum(1 for _ in named)
