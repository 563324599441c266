"""The parts of a document: ranges of its text. Offsets are Unicode code points in `Document.text`, end exclusive."""

from typing import Any, Literal, NamedTuple, Self

PageKind = Literal["page", "slide", "sheet"]


class Page(NamedTuple):
    """A page, slide or sheet: its physical number from 1, the label printed on it or the sheet's name (or None), its range of the
    text, and whether it was read by OCR.
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
    """A paragraph, heading, list item or table row: no sentence runs from one block into the next."""

    start: int
    end: int


class Run(NamedTuple):
    """Characters `text_start` to `text_start + length`, which are the PDF's characters from `source` on `page` (both from 0
    for `source`, from 1 for `page`), one for one.
    """

    text_start: int
    length: int
    page: int
    source: int


class Word(NamedTuple):
    """A word that was read by OCR: characters `text_start` to `text_start + length`, and its box on `page`. The sides are shares,
    from 0 to 1, of the shown page's width and height, measured from its upper left corner.
    """

    text_start: int
    length: int
    page: int
    left: float
    top: float
    right: float
    bottom: float


class Cell(NamedTuple):
    """A table cell that isn't blank: its column, from 0, and its range of the text."""

    column: int
    start: int
    end: int


class Row(NamedTuple):
    """A table row, which is a block: its range, its number in its sheet (None elsewhere), and its cells in order."""

    start: int
    end: int
    number: int | None
    cells: tuple[Cell, ...]


class Table(NamedTuple):
    """A table: for each column the ranges of the text that name it, outermost first, and the rows, those with the names too."""

    columns: tuple[tuple[tuple[int, int], ...], ...]
    rows: tuple[Row, ...]

    @classmethod
    def from_json(cls, columns: list[list[list[int]]], rows: list[list[Any]]) -> Self:
        """The table that was written as JSON."""
        names = tuple(tuple((start, end) for start, end in column) for column in columns)
        read = (Row(start, end, number, tuple(map(Cell._make, cells))) for start, end, number, cells in rows)
        return cls(names, tuple(read))
