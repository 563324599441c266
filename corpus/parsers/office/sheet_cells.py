"""The filled cells of an XLSX sheet, streamed from its XML, so that the size that a sheet claims to have costs nothing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from math import isfinite
from typing import IO, NamedTuple

from lxml import etree
from openpyxl.utils import range_boundaries
from openpyxl.utils.cell import column_index_from_string
from openpyxl.utils.escape import unescape

from corpus.draft import CellText, raised
from corpus.heartbeat import alive
from corpus.parsers.office.number_format import format_number

_NAMESPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ROW, _VALUE, _INLINE, _STRING, _TEXT, _RUN, _MERGED, _FILTER, _PANE = (
    f"{_NAMESPACE}{name}" for name in ("row", "v", "is", "si", "t", "r", "mergeCell", "autoFilter", "pane")
)
_SUPERSCRIPT = f"{_NAMESPACE}rPr/{_NAMESPACE}vertAlign[@val='superscript']"
_LAST_COLUMN, _LAST_ROW = 16_384, 1_048_576
MOST_CELLS = 1_500_000
"""The most filled cells that a workbook may have."""

_MOST_CHARACTERS = 100_000_000  # in all cells of a workbook, since many cells may share one long text


class TooManyCellsError(Exception):
    """A workbook has more than `MOST_CELLS` filled cells, or too much text in them."""


class Area(NamedTuple):
    """A rectangle of cells, its sides inclusive: columns from 0, rows from 1."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def parse(cls, reference: str) -> "Area":
        """Return the area of a reference such as "A1:C4"; "1:3" means whole rows. Raises ValueError if it is malformed."""
        left, top, right, bottom = range_boundaries(reference)
        return cls((left or 1) - 1, top or 1, (right or _LAST_COLUMN) - 1, bottom or _LAST_ROW)


class SheetRow(NamedTuple):
    """A row with at least one filled cell: its number, from 1, its filled cells in order, and whether all of them are bold."""

    number: int
    cells: Sequence[CellText]
    is_bold: bool = False


class Style(NamedTuple):
    """The parts of a cell's style that matter here: its number format code and whether its font is bold."""

    number_format: str
    is_bold: bool


@dataclass(slots=True)
class SheetCells:
    """The content of a sheet: its rows, its merged areas, the area of its filter, and how many rows are frozen at the top."""

    rows: list[SheetRow] = field(default_factory=list)
    merged: list[Area] = field(default_factory=list)
    filter_area: Area | None = None
    frozen_rows: int = 0


class SheetParser:
    """Parses the sheets of one workbook, which share `strings` and styles. `style` maps a style's index to it; dates are days since
    `epoch`.
    """

    def __init__(self, strings: Sequence[str], style: Callable[[int], Style], epoch: datetime) -> None:
        self._strings = strings
        self._style = lru_cache(maxsize=None)(style)
        self._epoch = epoch
        self._cells_left = MOST_CELLS
        self._characters_left = _MOST_CHARACTERS

    def parse(self, source: IO[bytes]) -> SheetCells:
        """Return the cells of a sheet. A formula counts as its last computed result; one never computed is blank.

        Raises TooManyCellsError; for a malformed sheet, ValueError, IndexError or XMLSyntaxError.
        """
        sheet, number = SheetCells(), 0
        for element in _elements(source, (_ROW, _MERGED, _FILTER, _PANE)):
            if element.tag == _ROW:
                alive()
                number = int(element.get("r", number + 1))
                if row := self._row(number, element):
                    sheet.rows.append(row)
            elif element.tag == _MERGED:
                sheet.merged.append(Area.parse(element.get("ref", "")))
            elif element.tag == _FILTER:
                sheet.filter_area = Area.parse(element.get("ref", "")) if element.get("ref") else None
            elif element.get("state", "").startswith("frozen"):
                sheet.frozen_rows = int(float(element.get("ySplit", 0)))
        sheet.rows.sort(key=lambda row: row.number)
        return sheet

    def _row(self, number: int, element: etree._Element) -> SheetRow | None:
        cells: list[CellText] = []
        is_bold, column = True, -1
        for cell in element:
            reference = cell.get("r")
            column = _column_index(reference.rstrip("0123456789")) if reference else column + 1
            style = self._style(int(cell.get("s", 0)))
            if text := self._shown_text(cell, style).strip():
                cells.append(CellText(column, text))
                is_bold = is_bold and style.is_bold
        self._cells_left -= len(cells)
        self._characters_left -= sum(len(cell.text) for cell in cells)
        if min(self._cells_left, self._characters_left) < 0:
            raise TooManyCellsError
        return SheetRow(number, cells, is_bold) if cells else None

    def _shown_text(self, cell: etree._Element, style: Style) -> str:
        """Return a cell's value as the spreadsheet shows it; "" if it has none."""
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            inline = cell.find(_INLINE)
            return "" if inline is None else _string(inline)
        value = str(cell.findtext(_VALUE) or "")
        if not value or kind in ("str", "e", "d"):
            return unescape(value) if kind == "str" else value
        if kind == "s":
            return self._strings[int(value)]
        if kind == "b":
            return "TRUE" if value == "1" else "FALSE"
        number = float(value)
        return format_number(number, style.number_format, self._epoch) if isfinite(number) else value


def shared_strings(source: IO[bytes]) -> list[str]:
    """Return the texts that the cells of a workbook refer to by index."""
    return [_string(element) for element in _elements(source, (_STRING,))]


def _elements(source: IO[bytes], tags: Sequence[str]) -> Iterator[etree._Element]:
    """Yield the elements with these tags, freeing each after use."""
    for _, element in etree.iterparse(source, tag=tags, resolve_entities=False, no_network=True):
        yield element
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]


def _string(element: etree._Element) -> str:
    """Return a string's text, its superscripts raised, without phonetic hints."""
    parts = []
    for child in element:
        if child.tag == _TEXT:
            parts.append(child.text or "")
        elif child.tag == _RUN:
            text = child.findtext(_TEXT) or ""
            parts.append(text if child.find(_SUPERSCRIPT) is None else raised(text))
    return str(unescape("".join(parts)))


@lru_cache(maxsize=_LAST_COLUMN)
def _column_index(letters: str) -> int:
    """Return the index, from 0, of a column by its letters, such as "AB"."""
    return int(column_index_from_string(letters)) - 1
