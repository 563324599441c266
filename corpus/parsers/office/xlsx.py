"""XLSX: the workbook is opened by openpyxl, its sheets are streamed. Sheets are pages, and rows keep their numbers."""

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
from corpus.parsers.office.ooxml import parse_part, refusing_malformed
from corpus.parsers.office.sheet_cells import MOST_CELLS, Area, SheetCells, SheetParser, Style, TooManyCellsError, shared_strings
from corpus.parsers.office.sheet_tables import TITLE_LEVEL, TableHints, append_rows

_STRINGS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
_TABLE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/table"
_UNNAMED = re.compile(r"(?:sheet|hoja|feuil|tabelle|planilha|foglio|blad|arkusz)\s?\d*", re.IGNORECASE)
_ROWS = re.compile(r"\$?(\d+):\$?(\d+)")
_MOST_HEADER_ROWS = 10  # if more rows are frozen or printed on each page, they hold more than column names


class _Sheet(NamedTuple):
    """A worksheet: its name, the path of its part, and the numbers of the rows that are printed at the top of every page."""

    name: str
    path: str
    printed_rows: frozenset[int]


def parse_xlsx(data: bytes, name: str) -> Draft:
    """Parse XLSX: table rows become blocks, with column names where the file marks header rows or rows look like them.

    A line above a table is a heading, and so is a sheet's name, except for a default one ("Sheet1") at the beginning. Hidden
    sheets, rows and columns are included. Values are read as they are shown. A formula counts as its last result; one never
    computed is blank. Comments, charts and pictures are left out.

    Raises DocumentError if the file is not an XLSX, or has more filled cells than `MOST_CELLS`.
    """
    try:
        with refusing_malformed(name, "an XLSX", "a spreadsheet program"), warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="openpyxl")
            return _parse(data)
    except TooManyCellsError:
        raise DocumentError(
            f"{name} has more than {MOST_CELLS:,} filled cells, or too long ones: save the part you need as a file of its own."
        ) from None


def _parse(data: bytes) -> Draft:
    workbook_reader = ExcelReader(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    with workbook_reader.archive as archive:
        workbook_reader.read_manifest()
        workbook_reader.read_workbook()
        workbook_reader.read_properties()
        apply_stylesheet(archive, workbook_reader.wb)
        strings: list[str] = []
        if part := workbook_reader.package.find(_STRINGS):
            with archive.open(part.PartName.lstrip("/")) as source:
                strings = shared_strings(source)
        parser = SheetParser(strings, _styles(workbook_reader.wb), workbook_reader.wb.epoch)
        draft, firsts, labels = Draft(), [], []
        for sheet in _sheets(workbook_reader):
            firsts.append(len(draft.blocks))
            labels.append(sheet.name)
            with archive.open(sheet.path) as source:
                content = parser.parse(source)
            if content.rows and (draft.headings or not _UNNAMED.fullmatch(sheet.name)):
                draft.block(sheet.name, 1)
            append_rows(draft, content.rows, content.merged, _table_hints(workbook_reader, sheet, content))
    draft.tile_by_blocks(firsts, labels)
    draft.title = (workbook_reader.wb.properties.title or "").strip() or draft.first_heading(TITLE_LEVEL)
    return draft


def _sheets(workbook_reader: ExcelReader) -> Iterator[_Sheet]:
    """Yield the workbook's worksheets in order; chart sheets, which have no cells, are left out."""
    names = workbook_reader.parser.defined_names.by_sheet()
    for index, (sheet, relation) in enumerate(workbook_reader.parser.find_sheets()):
        if not relation.Type.endswith("/worksheet"):
            continue
        printed = [name.value for name in names.get(index, {}).values() if name.is_reserved == "Print_Titles"]
        areas = [range(int(top), int(bottom) + 1) for value in printed for top, bottom in _ROWS.findall(value or "")]
        printed_rows = frozenset(row for area in areas if len(area) <= _MOST_HEADER_ROWS for row in area)
        yield _Sheet(sheet.name, relation.target, printed_rows)


def _table_hints(workbook_reader: ExcelReader, sheet: _Sheet, content: SheetCells) -> TableHints:
    """Return what the file says about the sheet's tables."""
    path, tables = get_rels_path(sheet.path), []
    for relation in get_dependents(workbook_reader.archive, path) if path in workbook_reader.valid_files else ():
        if relation.Type == _TABLE and relation.TargetMode != "External":
            table = parse_part(workbook_reader.archive.read(relation.target))
            if table.get("headerRowCount", "1") != "0":
                tables.append(Area.parse(table.get("ref", "")))
    filter_rows = {content.filter_area.top} if content.filter_area else set()
    frozen_rows = {content.frozen_rows} if 0 < content.frozen_rows <= _MOST_HEADER_ROWS else set()
    return TableHints(tables, frozenset(filter_rows), sheet.printed_rows or frozenset(frozen_rows))


def _styles(workbook: Workbook) -> Callable[[int], Style]:
    """Return a function from a cell's style index to its style; unknown indices mean General, not bold."""

    def style(number: int) -> Style:
        try:
            parts = workbook._cell_styles[number]
            format_id, font = int(parts.numFmtId), workbook._fonts[parts.fontId]
            code = (
                BUILTIN_FORMATS.get(format_id)
                if format_id < BUILTIN_FORMATS_MAX_SIZE
                else workbook._number_formats[format_id - BUILTIN_FORMATS_MAX_SIZE]
            )
        except IndexError:
            return Style("General", is_bold=False)
        return Style(code or "General", bool(font.b))

    return style
