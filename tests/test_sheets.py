"""XLSX: sheets are pages; rows keep their numbers and are shown with the names of their columns."""

import io
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from zipfile import ZipFile

import pytest
import xlsxwriter
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from openpyxl.worksheet.table import Table
from openpyxl.worksheet.worksheet import Worksheet

from assistant.answer import Citation
from corpus import Document, DocumentError, read_bytes
from corpus.parsers.office import sheet_cells
from tests.shown import numbered_blocks
from tests.zips import with_part

Value = str | float | datetime | None


def saved(workbook: Workbook) -> bytes:
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def workbook_of(rows: Sequence[Sequence[Value]], title: str = "Sheet1") -> Workbook:
    workbook = Workbook()
    fill(workbook.active, rows, title)
    return workbook


def fill(sheet: Worksheet, rows: Sequence[Sequence[Value]], title: str) -> None:
    sheet.title = title
    for row in rows:
        sheet.append(list(row))


def sheet_document(rows: Sequence[Sequence[Value]], change: Callable[[Worksheet], object] = lambda _: None) -> Document:
    workbook = workbook_of(rows)
    change(workbook.active)
    return read_bytes(saved(workbook), "book.xlsx")


REGIONS: list[list[Value]] = [["Region", "2021", "2020"], ["Loreto", 412, 400], ["Lima", 32, None]]


def test_sheets_are_pages_with_their_names() -> None:
    workbook = workbook_of(REGIONS, "Cases")
    workbook.create_sheet("Empty")
    fill(workbook.create_sheet(), [["Item", "Planned", "Spent"], ["Roads", 500, 420]], "Budget")
    workbook["Budget"].sheet_state = "hidden"
    document = read_bytes(saved(workbook), "book.xlsx")
    assert [(page.number, page.label) for page in document.pages] == [(1, "Cases"), (2, "Empty"), (3, "Budget")]
    assert document.page_kind == "sheet"
    assert document.pages_without_text() == (2,)
    assert [page.end for page in document.pages][:-1] == [page.start for page in document.pages][1:]
    assert numbered_blocks(document) == [
        (-1, "Cases"),
        (1, "Region | 2021 | 2020"),
        (2, "Region: Loreto | 2021: 412 | 2020: 400"),
        (3, "Region: Lima | 2021: 32"),
        (-1, "Budget"),
        (1, "Item | Planned | Spent"),
        (2, "Item: Roads | Planned: 500 | Spent: 420"),
    ]
    row = document.row_at(document.text.index("Roads"))
    assert row
    assert document.text[row.start : row.end] == "Roads | 500 | 420"
    citation = Citation.of(1, document, row.start, row.end)
    assert (citation.page_kind, citation.page_label, citation.row) == ("sheet", "Budget", 2)
    assert citation.quote == "Roads | 500 | 420"


def test_values_are_formatted_as_shown() -> None:
    formats = ["dd/mm/yyyy", "0.0%", "#,##0", "General", "General", '"S/" #,##0.00']

    def change(sheet: Worksheet) -> None:
        for column, code in enumerate(formats, 1):
            sheet.cell(2, column).number_format = code

    moment = datetime(2021, 3, 4)
    document = sheet_document(
        [["Date", "Share", "Trees", "Seen", "Ratio", "Cost"], [moment, 0.031, 1234567, True, 0.1 + 0.2, -7.5]], change
    )
    assert numbered_blocks(document)[-1][1] == (
        "Date: 04/03/2021 | Share: 3.1% | Trees: 1,234,567 | Seen: TRUE | Ratio: 0.3 | Cost: -S/ 7.50"
    )


def test_a_formula_counts_as_its_last_result_or_blank() -> None:
    data = saved(workbook_of([["Item", "Planned", "Total"], ["Roads", 500, "=1+1"], ["Bridges", 30, "=2+2"]]))
    computed = edited(data, "xl/worksheets/sheet1.xml", b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>")
    assert [text for _, text in numbered_blocks(read_bytes(computed, "book.xlsx"))[1:]] == [
        "Item: Roads | Planned: 500 | Total: 2",
        "Item: Bridges | Planned: 30",
    ]


def edited(data: bytes, member: str, old: bytes, new: bytes) -> bytes:
    """The zip with one of its members edited."""

    def change(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new)

    return with_part(data, member, change)


def test_titles_notes_and_tables_separated_by_blank_rows() -> None:
    document = sheet_document(
        [
            ["Table 3. Illegal sawmills by region"],
            ["(in units)"],
            *REGIONS,
            ["Source: Ministry of Forests."],
            [],
            ["Table 4. Trucks"],
            ["Convoy", "Seized on", "Port"],
            ["First", "2021-03-04", "Callao"],
            ["Second", "2021-03-09", "Paita"],
            [],
            ["Prepared by", "Ana"],
            ["Reviewed by", "Luis"],
        ]
    )
    assert document.title == "Table 3. Illegal sawmills by region"
    assert numbered_blocks(document) == [
        (-1, "Table 3. Illegal sawmills by region"),
        (None, "(in units)"),
        (3, "Region | 2021 | 2020"),
        (4, "Region: Loreto | 2021: 412 | 2020: 400"),
        (5, "Region: Lima | 2021: 32"),
        (None, "Source: Ministry of Forests."),
        (-1, "Table 4. Trucks"),
        (9, "Convoy | Seized on | Port"),
        (10, "Convoy: First | Seized on: 2021-03-04 | Port: Callao"),
        (11, "Convoy: Second | Seized on: 2021-03-09 | Port: Paita"),
        (13, "Prepared by | Ana"),
        (14, "Reviewed by | Luis"),
    ]


def test_a_table_continues_after_a_blank_row_if_its_numeric_columns_do() -> None:
    rows: list[list[Value]] = [
        ["Item", "2021", "2020"],
        ["Roads", 500, 420],
        ["Bridges", 30, 31],
        [],
        ["Debts"],
        ["Banks", 7, 8],
        [],
        ["Contact", "Ana"],
    ]
    assert numbered_blocks(sheet_document(rows))[3:] == [
        (-1, "Debts"),
        (6, "Item: Banks | 2021: 7 | 2020: 8"),
        (8, "Contact | Ana"),
    ]
    pairs: list[list[Value]] = [["Region", "Cases", "Rate"], ["Loreto", 4, 1], ["Lima", 5, 2], [], ["Staff", 20], ["Budget", 500]]
    assert numbered_blocks(sheet_document(pairs))[3:] == [(5, "Staff | 20"), (6, "Budget | 500")]


def test_pairs_above_a_header_get_no_column_names() -> None:
    document = sheet_document([["Department", "Health"], ["Year", 2021], *REGIONS])
    assert numbered_blocks(document) == [
        (1, "Department | Health"),
        (2, "Year | 2021"),
        (3, "Region | 2021 | 2020"),
        (4, "Region: Loreto | 2021: 412 | 2020: 400"),
        (5, "Region: Lima | 2021: 32"),
    ]


def test_tables_side_by_side_are_separate() -> None:
    document = sheet_document(
        [
            ["Region", "Cases", "Rate", None, "Month", "Trucks", "Loads"],
            ["Loreto", 412, 3, None, "January", 4, 5],
            ["Lima", 32, 1, None, "February", 6, 7],
        ]
    )
    assert numbered_blocks(document)[1:3] == [
        (2, "Region: Loreto | Cases: 412 | Rate: 3"),
        (3, "Region: Lima | Cases: 32 | Rate: 1"),
    ]
    assert numbered_blocks(document)[4:] == [
        (2, "Month: January | Trucks: 4 | Loads: 5"),
        (3, "Month: February | Trucks: 6 | Loads: 7"),
    ]


def test_tables_side_by_side_of_different_lengths_are_separate() -> None:
    document = sheet_document(
        [
            ["Month", "Arrests", None, "Officer", "Salary"],
            ["January", 12, None, "Ana Rojas", 5400],
            ["February", 19, None, "Luis Paz", 6900],
            [None, None, None, "Eva Soto", 8100],
        ]
    )
    assert numbered_blocks(document)[1:3] == [(2, "Month: January | Arrests: 12"), (3, "Month: February | Arrests: 19")]
    assert numbered_blocks(document)[4:] == [
        (2, "Officer: Ana Rojas | Salary: 5400"),
        (3, "Officer: Luis Paz | Salary: 6900"),
        (4, "Officer: Eva Soto | Salary: 8100"),
    ]


def test_values_beyond_an_empty_column_keep_their_labels() -> None:
    document = sheet_document(
        [["Region", "2020", "2021", None, "2022", "2023"], ["Loreto", 10, 12, None, 4, 5], ["Lima", 20, 22, None, 7, 8]]
    )
    assert numbered_blocks(document)[1:] == [
        (2, "Region: Loreto | 2020: 10 | 2021: 12 | 2022: 4 | 2023: 5"),
        (3, "Region: Lima | 2020: 20 | 2021: 22 | 2022: 7 | 2023: 8"),
    ]


def test_merged_cells() -> None:
    def change(sheet: Worksheet) -> None:
        for area in ("B1:C1", "A3:A4"):
            sheet.merge_cells(area)

    document = sheet_document(
        [["", "Police", "", "Army"], ["Region", "Men", "Women", "Men"], ["Loreto", 4, 1, 5], ["", 3, 2, 6], ["Lima", 9, 9, 9]],
        change,
    )
    assert numbered_blocks(document)[2:] == [
        (3, "Region: Loreto | Police Men: 4 | Police Women: 1 | Army Men: 5"),
        (4, "Region: Loreto | Police Men: 3 | Police Women: 2 | Army Men: 6"),
        (5, "Region: Lima | Police Men: 9 | Police Women: 9 | Army Men: 9"),
    ]


WORDS = [["Mill", "Standing"], ["El Pino", "open"], ["La Caoba", "closed"]]
NAMED = [(1, "Mill | Standing"), (2, "Mill: El Pino | Standing: open"), (3, "Mill: La Caoba | Standing: closed")]


def named_by_table(sheet: Worksheet) -> None:
    sheet.add_table(Table(displayName="mills", ref="A1:B3"))


def named_by_filter(sheet: Worksheet) -> None:
    sheet.auto_filter.ref = "A1:B3"


def named_by_frozen_rows(sheet: Worksheet) -> None:
    sheet.freeze_panes = "A2"


def named_by_printing(sheet: Worksheet) -> None:
    sheet.print_title_rows = "1:1"


def named_by_bold(sheet: Worksheet) -> None:
    for cell in sheet[1]:
        cell.font = Font(bold=True)


@pytest.mark.parametrize("change", [named_by_table, named_by_filter, named_by_frozen_rows, named_by_printing, named_by_bold])
def test_the_file_may_mark_the_header_row(change: Callable[[Worksheet], object]) -> None:
    assert numbered_blocks(sheet_document(WORDS)) == [(1, "Mill | Standing"), (2, "El Pino | open"), (3, "La Caoba | closed")]
    assert numbered_blocks(sheet_document(WORDS, change)) == NAMED


def test_frozen_rows_with_numbers_are_not_a_header() -> None:
    document = sheet_document([["Loreto", 412], ["Lima", 32]], named_by_frozen_rows)
    assert numbered_blocks(document) == [(1, "Loreto | 412"), (2, "Lima | 32")]


def test_rich_text_is_joined_and_superscripts_are_raised() -> None:
    text = CellRichText("412 in 2021", TextBlock(InlineFont(vertAlign="superscript"), "3"), TextBlock(InlineFont(b=True), " mills"))
    assert numbered_blocks(sheet_document([[text, 1]])) == [(1, "412 in 2021³ mills | 1")]


def test_shared_strings() -> None:
    """openpyxl writes texts into their cells; spreadsheet programs store each once, in a table of shared strings."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as workbook:
        sheet = workbook.add_worksheet("Cases")
        for row, texts in enumerate((("Region", "Cases"), ("Loreto", 412), ("Lima", 32))):
            sheet.write_row(row, 0, texts)
        sheet.write_rich_string("A4", "Piura", workbook.add_format({"font_script": 1}), "2")
        sheet.write_row("B4", [7])
        sheet.write_row("A5", ["Loreto", 9])
    assert "xl/sharedStrings.xml" in ZipFile(out).namelist()
    document = read_bytes(out.getvalue(), "book.xlsx")
    assert [text for _, text in numbered_blocks(document)] == [
        "Cases",
        "Region | Cases",
        "Region: Loreto | Cases: 412",
        "Region: Lima | Cases: 32",
        "Region: Piura² | Cases: 7",
        "Region: Loreto | Cases: 9",
    ]
    broken = edited(out.getvalue(), "xl/sharedStrings.xml", b"</sst>", b"")
    with pytest.raises(DocumentError, match=r"^book\.xlsx [^\n]* \.xlsx again\.$"):
        read_bytes(broken, "book.xlsx")


def test_a_list_keeps_its_rows() -> None:
    assert numbered_blocks(sheet_document([["Loreto"], ["Lima"], ["Piura"]])) == [(1, "Loreto"), (2, "Lima"), (3, "Piura")]


def test_a_sheet_that_claims_to_be_huge_costs_nothing() -> None:
    workbook = workbook_of(REGIONS)
    workbook.active.cell(1_048_576, 16_384).value = "The last cell"
    data = saved_with_merge(workbook)
    started = time.perf_counter()
    document = read_bytes(data, "book.xlsx")
    assert time.perf_counter() - started < 2
    assert numbered_blocks(document)[-1] == (-1, "The last cell")
    assert len(document.tables[0].columns) == 3


def saved_with_merge(workbook: Workbook) -> bytes:
    """The workbook, with a merged area that openpyxl would fill with a million cells."""
    return edited(
        saved(workbook),
        "xl/worksheets/sheet1.xml",
        b"</sheetData>",
        b'</sheetData><mergeCells><mergeCell ref="A5:XFD1048576"/></mergeCells>',
    )


def test_a_sheet_with_a_default_name_is_not_filed_under_the_one_before() -> None:
    workbook = workbook_of(REGIONS, "Cases")
    fill(workbook.create_sheet(), [["Item", "Planned", "Spent"], ["Roads", 500, 420]], "Sheet2")
    document = read_bytes(saved(workbook), "book.xlsx")
    assert document.heading_path(document.text.index("Roads")) == ("Sheet2",)


def test_huge_overlapping_merged_areas_are_parsed_quickly() -> None:
    areas = b"".join(b'<mergeCell ref="A2:XFD%d"/>' % row for row in range(3, 2000))
    rows: list[list[Value]] = [["Region", "Cases", "Rate"]]
    rows += [["Loreto", 4, 1]] * 500
    data = edited(
        saved(workbook_of(rows)), "xl/worksheets/sheet1.xml", b"</sheetData>", b"</sheetData><mergeCells>%s</mergeCells>" % areas
    )
    assert numbered_blocks(read_bytes(data, "book.xlsx"))[-1] == (501, "Region: Loreto | Cases: 4 | Rate: 1")


def test_one_long_text_in_many_cells_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_cells, "_MOST_CHARACTERS", 1000)
    with pytest.raises(DocumentError, match=r"too long ones"):
        read_bytes(saved(workbook_of([["x" * 300] * 4])), "book.xlsx")


def test_too_many_cells_are_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_cells, "MOST_CELLS", 5)
    with pytest.raises(DocumentError, match=r"^book\.xlsx has more than .* filled cells, or too long ones: save"):
        read_bytes(saved(workbook_of(REGIONS)), "book.xlsx")


@pytest.mark.parametrize("member", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"])
def test_a_broken_part_is_refused_in_one_sentence(member: str) -> None:
    data = with_part(saved(workbook_of(REGIONS)), member, lambda content: content[: len(content) // 2])
    with pytest.raises(DocumentError, match=r"^book\.xlsx [^\n]* \.xlsx again\.$"):
        read_bytes(data, "book.xlsx")


def test_inline_strings_errors_booleans_and_unknown_styles() -> None:
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row><c t="inlineStr"><is><t>In line</t></is></c><c><v>1e999</v></c><c s="99"><v>7</v></c></row>'
        b'<row r="5"><c r="B5" t="e"><v>#N/A</v></c><c t="str"><v>a_x000D_b</v></c><c t="b"><v>0</v></c></row>'
        b"</sheetData></worksheet>"
    )
    data = with_part(saved(workbook_of([["x"]])), "xl/worksheets/sheet1.xml", lambda _: sheet)
    document = read_bytes(data, "book.xlsx")
    assert numbered_blocks(document) == [(1, "In line | 1e999 | 7"), (5, "#N/A | a b | FALSE")]


def test_a_long_sheet_signals_life_for_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    signs: list[int] = []
    monkeypatch.setattr("corpus.heartbeat._callback", lambda: signs.append(1))
    rows: list[list[Value]] = [["Loreto", number] for number in range(50)]
    for data, name in (saved(workbook_of(rows)), "book.xlsx"), (b"Loreto,1\n" * 50, "book.csv"):
        signs.clear()
        read_bytes(data, name)
        assert len(signs) >= 50
