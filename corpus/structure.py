"""The parts of a document, as ranges of its text. Offsets are Unicode code points in `Document.text`; ends are exclusive."""

from typing import Any, Literal, NamedTuple, Self

PageKind = Literal["page", "slide", "sheet"]


class Page(NamedTuple):
    """A page, slide or sheet: its physical number, from 1; its printed page number or the sheet's name, or None; its range of the
    text; and whether any of it was read by OCR.
    """

    number: int
    label: str | None
    start: int
    end: int
    ocr: bool = False


class Heading(NamedTuple):
    """A heading: its level (1 is the highest) and its range of the text."""

    level: int
    start: int
    end: int


class Block(NamedTuple):
    """The range of a paragraph, heading, list item or table row. No sentence crosses from one block into the next."""

    start: int
    end: int


class Run(NamedTuple):
    """A range of the text that maps one to one to characters of a PDF page.

    Characters `text_start` to `text_start + length` of the text are those from index `source`, from 0, on `page`, from 1.
    """

    text_start: int
    length: int
    page: int
    source: int


class Word(NamedTuple):
    """A word that OCR read: characters `text_start` to `text_start + length` of the text, and its box on `page`, from 1.

    The sides of the box are shares, from 0 to 1, of the width and height of the displayed page, from its upper left corner.
    """

    text_start: int
    length: int
    page: int
    left: float
    top: float
    right: float
    bottom: float


class Cell(NamedTuple):
    """A non-blank table cell: its first column, from 0, and its range of the text."""

    column: int
    start: int
    end: int


class Row(NamedTuple):
    """A table row, which is also a block: its range, its row number in a sheet (None elsewhere), and its cells in order."""

    start: int
    end: int
    number: int | None
    cells: tuple[Cell, ...]


class Table(NamedTuple):
    """A table: for each column, the (start, end) ranges of the text that name it, outermost first; and all rows, including the
    header rows.
    """

    columns: tuple[tuple[tuple[int, int], ...], ...]
    rows: tuple[Row, ...]

    @classmethod
    def from_json(cls, columns: list[list[list[int]]], rows: list[list[Any]]) -> Self:
        """Return the table that was written as JSON arrays."""
        names = tuple(tuple((start, end) for start, end in column) for column in columns)
        all_rows = (Row(start, end, number, tuple(map(Cell._make, cells))) for start, end, number, cells in rows)
        return cls(names, tuple(all_rows))
