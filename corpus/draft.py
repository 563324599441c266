"""What a reader writes into: text laid down block by block, with the ranges of its blocks, headings, pages and runs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from corpus.document import CELLS_APART
from corpus.structure import Block, Cell, Heading, Page, Row, Run, Table, Word

_RAISED = str.maketrans("0123456789+-()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾")


def raised(text: str) -> str:
    """A superscript in characters of its own, so that 2019 with a note's number 3 doesn't read as 20193. Letters stay."""
    return text.translate(_RAISED)


class CellText(NamedTuple):
    """A cell of a table that is laid down: its column, from 0, its text, and over how many columns it reaches."""

    column: int
    text: str
    span: int = 1


@dataclass(slots=True)
class Draft:
    """A document while it is being read. `text` only grows; `blocks` and `headings` never reach back."""

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
        """All that was written so far."""
        return "".join(self._parts)

    def first_heading(self, *levels: int) -> str:
        """The text of the first heading, or of the first one of these levels; "" if there is none."""
        found = (heading for heading in self.headings if not levels or heading.level in levels)
        return next((self.text[heading.start : heading.end] for heading in found), "")

    def write(self, text: str) -> None:
        """Append `text` as it is."""
        self._parts.append(text)
        self.length += len(text)

    def block(self, text: str, level: int = 0) -> None:
        """Append a block of its own, a heading if `level` is at least 1. Blank text is left out."""
        text = text.strip()
        if not text:
            return
        if self.blocks:
            self.write("\n\n")
        start = self.length
        self.write(text)
        self.close_block(start, level)

    def table(self, rows: Iterable[tuple[int | None, Sequence[CellText]]], heads: int) -> None:
        """Append a table, a block per row, the cells on one line with a bar between them; blank cells and rows are left out.

        A row is its number in a sheet (or None), and its cells in order. The first `heads` rows name the columns.
        """
        names: dict[int, list[tuple[int, int]]] = {}
        laid: list[Row] = []
        for place, (number, cells) in enumerate(rows):
            written = [(cell, text) for cell in cells if (text := " ".join(cell.text.split()))]
            if not written:
                continue
            if self.blocks:
                self.write("\n\n")
            start = self.length
            found: list[Cell] = []
            for cell, text in written:
                if found:
                    self.write(CELLS_APART)
                found.append(Cell(cell.column, self.length, self.length + len(text)))
                self.write(text)
                for column in range(cell.column, cell.column + cell.span):
                    names.setdefault(column, [])
                    if place < heads:
                        names[column].append(found[-1][1:])
            self.close_block(start)
            laid.append(Row(start, self.length, number, tuple(found)))
        if laid:
            columns = tuple(tuple(names.get(column, ())) for column in range(max(names) + 1))
            self.tables.append(Table(columns, tuple(laid)))

    def close_block(self, start: int, level: int = 0) -> None:
        """Record what was written since `start` as a block, a heading if `level` is at least 1."""
        self.blocks.append(Block(start, self.length))
        if level:
            self.headings.append(Heading(level, start, self.length))

    def tile(self, starts: Sequence[int], labels: Sequence[str | None]) -> None:
        """Part the text into pages with these labels. They begin at `starts`, but for the first one, which begins with the text."""
        ranges = pairwise((0, *starts[1:], self.length))
        self.pages = [Page(number, label, *bounds) for number, (label, bounds) in enumerate(zip(labels, ranges, strict=False), 1)]

    def tile_by_blocks(self, firsts: Sequence[int], labels: Sequence[str | None]) -> None:
        """The same, by how many blocks had been laid down when each page began. One without a block is an empty range where the
        next one begins.
        """
        self.tile([self.blocks[first].start if first < len(self.blocks) else self.length for first in firsts], labels)
