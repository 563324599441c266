"""XLSX: the workbook is opened by openpyxl, its sheets are streamed. Sheets are pages, rows keep their numbers."""

import io
import re
import warnings
from collections.abc import Callable, Iterator
from typing import NamedTuple

from openpyxl.packaging.relationship import get_dependents, get_rels_path
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.workbook import Workbook

from corpus.draft import Draft
from corpus.errors import DocumentError
from corpus.parsers.office.ooxml import parsed, whole
from corpus.parsers.office.sheet_cells import MOST_CELLS, Area, SheetCells, SheetReader, Style, TooManyCellsError, shared_strings
from corpus.parsers.office.sheet_tables import TITLE_LEVEL, Marks, lay_rows

_STRINGS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
_TABLE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/table"
_UNNAMED = re.compile(r"(?:sheet|hoja|feuil|tabelle|planilha|foglio|blad|arkusz)\s?\d*", re.IGNORECASE)
_ROWS = re.compile(r"\$?(\d+):\$?(\d+)")
_MOST_HEADS = 10  # rows; if more are frozen or printed on each page, they are not names alone


class _Sheet(NamedTuple):
    name: str
    path: str
    heads: frozenset[int]


def parse_xlsx(data: bytes, name: str) -> Draft:
    """Table rows are blocks, with the names of their columns where the file says which rows those are, or they look so. A line
    above a table is a heading, and so is the name of a sheet, unless it is the program's own ("Sheet1") and the first.

    Hidden sheets, rows and columns are read: what is hidden is in the file. Values are read as they are shown. A formula counts as
    its last result; one that was never computed is blank. Comments, charts and pictures aren't read. Raises DocumentError for a
    file that is not an XLSX, or has more filled cells than `MOST_CELLS`.
    """
    try:
        with whole(name, "an XLSX", "a spreadsheet program"), warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="openpyxl")
            return _read(data)
    except TooManyCellsError:
        raise DocumentError(
            f"{name} has more than {MOST_CELLS:,} filled cells, or too long ones: save what is needed of it as a file of its own."
        ) from None


def _read(data: bytes) -> Draft:
    reader = ExcelReader(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    with reader.archive as archive:
        reader.read_manifest()
        reader.read_workbook()
        reader.read_properties()
        apply_stylesheet(archive, reader.wb)
        strings: list[str] = []
        if part := reader.package.find(_STRINGS):
            with archive.open(part.PartName.lstrip("/")) as source:
                strings = shared_strings(source)
        cells = SheetReader(strings, _styles(reader.wb), reader.wb.epoch)
        draft, firsts, labels = Draft(), [], []
        for sheet in _sheets(reader):
            firsts.append(len(draft.blocks))
            labels.append(sheet.name)
            with archive.open(sheet.path) as source:
                found = cells.read(source)
            if found.rows and (draft.headings or not _UNNAMED.fullmatch(sheet.name)):
                draft.block(sheet.name, 1)
            lay_rows(draft, found.rows, found.merged, _marks(reader, sheet, found))
    draft.tile_by_blocks(firsts, labels)
    draft.title = (reader.wb.properties.title or "").strip() or draft.first_heading(TITLE_LEVEL)
    return draft


def _sheets(reader: ExcelReader) -> Iterator[_Sheet]:
    """The workbook's sheets in order, with the rows that are printed at the head of every page; those that are a chart have no
    cells.
    """
    names = reader.parser.defined_names.by_sheet()
    for place, (sheet, relation) in enumerate(reader.parser.find_sheets()):
        if not relation.Type.endswith("/worksheet"):
            continue
        printed = [name.value for name in names.get(place, {}).values() if name.is_reserved == "Print_Titles"]
        areas = [range(int(top), int(bottom) + 1) for value in printed for top, bottom in _ROWS.findall(value or "")]
        heads = frozenset(row for area in areas if len(area) <= _MOST_HEADS for row in area)
        yield _Sheet(sheet.name, relation.target, heads)


def _marks(reader: ExcelReader, sheet: _Sheet, cells: SheetCells) -> Marks:
    """What the file says of the sheet's tables."""
    path, tables = get_rels_path(sheet.path), []
    for relation in get_dependents(reader.archive, path) if path in reader.valid_files else ():
        if relation.Type == _TABLE and relation.TargetMode != "External":
            table = parsed(reader.archive.read(relation.target))
            if table.get("headerRowCount", "1") != "0":
                tables.append(Area.of(table.get("ref", "")))
    filtered = {cells.filtered.top} if cells.filtered else set()
    frozen = {cells.frozen} if 0 < cells.frozen <= _MOST_HEADS else set()
    return Marks(tables, frozenset(filtered), sheet.heads or frozenset(frozen))


def _styles(workbook: Workbook) -> Callable[[int], Style]:
    """The style of a number that cells refer to; one that the file doesn't have is the usual one."""

    def style(number: int) -> Style:
        try:
            parts = workbook._cell_styles[number]
            form, font = int(parts.numFmtId), workbook._fonts[parts.fontId]
            code = (
                BUILTIN_FORMATS.get(form)
                if form < BUILTIN_FORMATS_MAX_SIZE
                else workbook._number_formats[form - BUILTIN_FORMATS_MAX_SIZE]
            )
        except IndexError:
            return Style("General", is_bold=False)
        return Style(code or "General", bool(font.b))

    return style
