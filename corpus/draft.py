"""`Draft`, what a parser writes: text appended block by block, with the ranges of its blocks, headings, pages, tables and runs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from corpus.document import CELLS_APART
from corpus.structure import Block, Cell, Heading, Page, Row, Run, Table, Word

_RAISED = str.maketrans("0123456789+-()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾")


def raised(text: str) -> str:
    """Return the text with digits, signs and brackets as superscript characters, so that "2019" with the note number 3 doesn't read
    as "20193". Letters stay as they are.
    """
    return text.translate(_RAISED)


class CellText(NamedTuple):
    """A table cell to be written: its first column, from 0, its text, and how many columns it spans."""

    column: int
    text: str
    span: int = 1


@dataclass(slots=True)
class Draft:
    """A document under construction. `text` only grows, and its ranges are added in text order."""

    title: str = ""
    pages: list[Page] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    running_lines: int = 0
    length: int = 0
    _parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text written so far."""
        return "".join(self._parts)

    def first_heading(self, *levels: int) -> str:
        """Return the text of the first heading of any of these levels (of all levels if none is given), or "" if there is none."""
        headings = (heading for heading in self.headings if not levels or heading.level in levels)
        return next((self.text[heading.start : heading.end] for heading in headings), "")

    def write(self, text: str) -> None:
        """Append `text` unchanged, outside any block until `close_block` is called."""
        self._parts.append(text)
        self.length += len(text)

    def block(self, text: str, level: int = 0) -> None:
        """Append `text`, stripped, as a block; as a heading if `level` is at least 1. Blank text is ignored."""
        text = text.strip()
        if not text:
            return
        if self.blocks:
            self.write("\n\n")
        start = self.length
        self.write(text)
        self.close_block(start, level)

    def table(self, rows: Iterable[tuple[int | None, Sequence[CellText]]], heads: int) -> None:
        """Append a table, one block per row, its cells on one line separated by `CELLS_APART`. Blank cells and rows are left out.

        Each row is its number in the sheet (or None) and its cells in order. The first `heads` rows name the columns.
        """
        names: dict[int, list[tuple[int, int]]] = {}
        written_rows: list[Row] = []
        for index, (number, cells) in enumerate(rows):
            filled = [(cell, text) for cell in cells if (text := " ".join(cell.text.split()))]
            if not filled:
                continue
            if self.blocks:
                self.write("\n\n")
            start = self.length
            written: list[Cell] = []
            for cell, text in filled:
                if written:
                    self.write(CELLS_APART)
                written.append(Cell(cell.column, self.length, self.length + len(text)))
                self.write(text)
                for column in range(cell.column, cell.column + cell.span):
                    names.setdefault(column, [])
                    if index < heads:
                        names[column].append(written[-1][1:])
            self.close_block(start)
            written_rows.append(Row(start, self.length, number, tuple(written)))
        if written_rows:
            columns = tuple(tuple(names.get(column, ())) for column in range(max(names) + 1))
            self.tables.append(Table(columns, tuple(written_rows)))

    def close_block(self, start: int, level: int = 0) -> None:
        """Record the text written since `start` as a block, and as a heading if `level` is at least 1."""
        self.blocks.append(Block(start, self.length))
        if level:
            self.headings.append(Heading(level, start, self.length))

    def tile(self, starts: Sequence[int], labels: Sequence[str | None]) -> None:
        """Divide the text into pages that begin at `starts` and have `labels`; the first page always begins at 0."""
        ranges = pairwise((0, *starts[1:], self.length))
        self.pages = [Page(number, label, *bounds) for number, (label, bounds) in enumerate(zip(labels, ranges, strict=False), 1)]

    def tile_by_blocks(self, firsts: Sequence[int], labels: Sequence[str | None]) -> None:
        """Divide the text into pages, where `firsts` holds the index of each page's first block. A page without blocks is an empty
        range where the next page begins.
        """
        self.tile([self.blocks[first].start if first < len(self.blocks) else self.length for first in firsts], labels)
