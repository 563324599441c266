"""The cells of an XLSX sheet that hold something, streamed from its XML: the size that a sheet claims to have costs nothing."""

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
from corpus.parsers.office.number_format import shown_number

_NAMESPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ROW, _VALUE, _INLINE, _STRING, _TEXT, _RUN, _MERGED, _FILTER, _PANE = (
    f"{_NAMESPACE}{name}" for name in ("row", "v", "is", "si", "t", "r", "mergeCell", "autoFilter", "pane")
)
_RAISED = f"{_NAMESPACE}rPr/{_NAMESPACE}vertAlign[@val='superscript']"
_LAST_COLUMN, _LAST_ROW = 16_384, 1_048_576
MOST_CELLS = 1_500_000
"""In a workbook, of those that hold something."""

_MOST_CHARACTERS = 100_000_000  # in all cells; each of them may hold the same long text


class TooManyCellsError(Exception):
    """A workbook has more than `MOST_CELLS`, or more text than any reader needs."""


class Area(NamedTuple):
    """A rectangle of cells: its first and last column, from 0, and row, from 1."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def of(cls, reference: str) -> "Area":
        """The area that a reference such as "A1:C4" means; "1:3" are whole rows. Raises ValueError for what is none."""
        left, top, right, bottom = range_boundaries(reference)
        return cls((left or 1) - 1, top or 1, (right or _LAST_COLUMN) - 1, bottom or _LAST_ROW)


class SheetRow(NamedTuple):
    """A row that isn't blank: its number, its cells in order without blank ones, and whether all of them are in bold."""

    number: int
    cells: Sequence[CellText]
    is_bold: bool = False


class Style(NamedTuple):
    """What a cell's style says of how it is shown."""

    number_format: str
    is_bold: bool


@dataclass(slots=True)
class SheetCells:
    """What a sheet's XML says: its rows, which cells are merged, where its filter stands, and how many rows are frozen."""

    rows: list[SheetRow] = field(default_factory=list)
    merged: list[Area] = field(default_factory=list)
    filtered: Area | None = None
    frozen: int = 0


class SheetReader:
    """Reads the sheets of one workbook, whose `strings` and styles they share. Dates are counted from `epoch`."""

    def __init__(self, strings: Sequence[str], style: Callable[[int], Style], epoch: datetime) -> None:
        self._strings = strings
        self._style = lru_cache(maxsize=None)(style)
        self._epoch = epoch
        self._left = MOST_CELLS
        self._characters_left = _MOST_CHARACTERS

    def read(self, source: IO[bytes]) -> SheetCells:
        """The cells of a sheet. A formula is what was last computed of it; one that never was is blank. Raises TooManyCellsError,
        and ValueError, IndexError and XMLSyntaxError for broken ones.
        """
        sheet, number = SheetCells(), 0
        for element in _elements(source, (_ROW, _MERGED, _FILTER, _PANE)):
            if element.tag == _ROW:
                alive()
                number = int(element.get("r", number + 1))
                if row := self._row(number, element):
                    sheet.rows.append(row)
            elif element.tag == _MERGED:
                sheet.merged.append(Area.of(element.get("ref", "")))
            elif element.tag == _FILTER:
                sheet.filtered = Area.of(element.get("ref", "")) if element.get("ref") else None
            elif element.get("state", "").startswith("frozen"):
                sheet.frozen = int(float(element.get("ySplit", 0)))
        sheet.rows.sort(key=lambda row: row.number)
        return sheet

    def _row(self, number: int, element: etree._Element) -> SheetRow | None:
        cells: list[CellText] = []
        is_bold, column = True, -1
        for cell in element:
            reference = cell.get("r")
            column = _column(reference.rstrip("0123456789")) if reference else column + 1
            style = self._style(int(cell.get("s", 0)))
            if text := self._shown(cell, style).strip():
                cells.append(CellText(column, text))
                is_bold = is_bold and style.is_bold
        self._left -= len(cells)
        self._characters_left -= sum(len(cell.text) for cell in cells)
        if min(self._left, self._characters_left) < 0:
            raise TooManyCellsError
        return SheetRow(number, cells, is_bold) if cells else None

    def _shown(self, cell: etree._Element, style: Style) -> str:
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
        return shown_number(number, style.number_format, self._epoch) if isfinite(number) else value


def shared_strings(source: IO[bytes]) -> list[str]:
    """The texts that the cells of a workbook share."""
    return [_string(element) for element in _elements(source, (_STRING,))]


def _elements(source: IO[bytes], tags: Sequence[str]) -> Iterator[etree._Element]:
    """The elements with these tags, each freed once it was looked at."""
    for _, element in etree.iterparse(source, tag=tags, resolve_entities=False, no_network=True):
        yield element
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]


def _string(element: etree._Element) -> str:
    """The text of a string, its superscripts raised, without how it is pronounced."""
    parts = []
    for child in element:
        if child.tag == _TEXT:
            parts.append(child.text or "")
        elif child.tag == _RUN:
            text = child.findtext(_TEXT) or ""
            parts.append(text if child.find(_RAISED) is None else raised(text))
    return str(unescape("".join(parts)))


@lru_cache(maxsize=_LAST_COLUMN)
def _column(letters: str) -> int:
    return int(column_index_from_string(letters)) - 1
