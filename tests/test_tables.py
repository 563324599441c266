"""Tables of DOCX, HTML and Markdown: the column names that a row's cells are shown with, and tables that only lay out a page."""

import time

import docx
import pytest
from docx.document import Document as DocxDocument
from docx.oxml import OxmlElement
from docx.table import Table as DocxTable

from corpus import read_bytes, sentences
from tests.made import docx_bytes, text_document
from tests.shown import blocks_of


def html_blocks(page: str) -> list[str]:
    return blocks_of(text_document(page, "r.html"))


def table_blocks(inner: str) -> list[str]:
    return html_blocks(f"<p>Before.</p><table>{inner}</table><p>After.</p>")[1:-1]


def row(*cells: str, tag: str = "td") -> str:
    return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"


def test_an_html_row_is_shown_with_column_names_but_quoted_without_them() -> None:
    document = text_document(f"<table>{row('Region', '2020', tag='th')}{row('Loreto', '<p>4</p><p>12</p>')}</table>", "r.html")
    start = document.text.index("Loreto")
    assert sentences(document, start, start + 1) == [(start, start + len("Loreto | 4 12"))]
    assert document.text[start:] == "Loreto | 4 12"
    assert document.shown(start, len(document.text)) == "Region: Loreto | 2020: 4 12"
    (table,) = document.tables
    assert [[document.text[cell.start : cell.end] for cell in row.cells] for row in table.rows] == [
        ["Region", "2020"],
        ["Loreto", "4 12"],
    ]


def test_html_header_cells_may_span_columns_and_rows() -> None:
    heads = (
        "<thead><tr><th rowspan=2>Region<th colspan=2>Seized trucks<th rowspan=2>Note</tr><tr><th>2020<th>2021</tr></thead><tbody>"
    )
    assert table_blocks(f"{heads}{row('Loreto', '4', '12', 'x')}{row('Piura', '5', '', 'y')}</tbody>") == [
        "Region | Seized trucks | Note",
        "2020 | 2021",
        "Region: Loreto | Seized trucks 2020: 4 | Seized trucks 2021: 12 | Note: x",
        "Region: Piura | Seized trucks 2020: 5 | Note: y",
    ]


def test_an_html_cell_that_spans_rows_is_repeated_in_each() -> None:
    body = "<tr><td rowspan=2>Loreto<td>2020<td>15</tr><tr><td>2021<td>16</tr>" + row("Piura", "2021", "17")
    assert table_blocks(row("Region", "Year", "Cases", tag="th") + body)[1:] == [
        "Region: Loreto | Year: 2020 | Cases: 15",
        "Region: Loreto | Year: 2021 | Cases: 16",
        "Region: Piura | Year: 2021 | Cases: 17",
    ]


def test_row_headers_name_no_column() -> None:
    assert table_blocks("<tr><th>Owner<td>Ministry</tr><tr><th>Year<td>2020</tr>") == ["Owner | Ministry", "Year | 2020"]
    assert table_blocks("<tr><td><th>2020<th>2021</tr><tr><th>Cases<td>15<td>16</tr>") == [
        "2020 | 2021",
        "Cases | 2020: 15 | 2021: 16",
    ]


def test_an_unmarked_html_header_is_known_by_the_values_below_it() -> None:
    assert table_blocks(row("Region", "Cases") + row("Loreto", "15") + row("Piura", "17") + row("Lima", "1,200"))[1:] == [
        "Region: Loreto | Cases: 15",
        "Region: Piura | Cases: 17",
        "Region: Lima | Cases: 1,200",
    ]


def test_a_caption_and_a_title_row_come_before_their_table() -> None:
    titled = f"<thead><tr><th colspan=2>In thousands</tr>{row('Region', 'Cases', tag='th')}</thead>{row('Loreto', '15')}"
    assert table_blocks(titled + "<caption>Table 1: <b>Cases</b></caption>") == [
        "Table 1: Cases",
        "In thousands",
        "Region | Cases",
        "Region: Loreto | Cases: 15",
    ]


def test_a_nested_html_table_is_text_of_its_cell() -> None:
    inner = f"<table>{row('a', '1')}{row('b', '2')}</table>"
    assert table_blocks(row("Region", "Detail", tag="th") + row("Loreto", f"<h3>More</h3>{inner}")) == [
        "Region | Detail",
        "Region: Loreto | Detail: More a 1 b 2",
    ]


@pytest.mark.parametrize(
    ("table", "blocks"),
    [
        (row("One paragraph.") + row("<p>Two.</p><p>Three.</p>"), ["One paragraph.", "Two.", "Three."]),
        (row("", "Text beside nothing."), ["Text beside nothing."]),
        (row("<h2>Head</h2>Under it.", "Beside."), ["Head", "Under it.", "Beside."]),
        (row("<h2>Region</h2>", "<h2>Cases</h2>") + row("Loreto", "15"), ["Region | Cases", "Region: Loreto | Cases: 15"]),
        (row("Menu", "<p>" + "Long text. " * 100 + "</p><p>End.</p>"), ["Menu", "Long text. " * 99 + "Long text.", "End."]),
    ],
)
def test_an_html_table_that_lays_out_the_page_is_text(table: str, blocks: list[str]) -> None:
    assert table_blocks(table) == blocks


def test_a_table_with_the_role_presentation_is_text() -> None:
    assert html_blocks(f"<table role=presentation>{row('Left.', 'Right.')}</table>") == ["Left.", "Right."]


def test_hidden_rows_are_left_out_and_stray_rows_are_kept() -> None:
    page = f"<table><tr hidden><td>secret<td>row</tr>{row('Region', 'Cases', tag='th')}{row('Loreto', '15')}</table>"
    assert html_blocks(page) == ["Region | Cases", "Region: Loreto | Cases: 15"]
    assert html_blocks("<div><tr><td>12</td><td>34</td></tr></div>") == ["12 | 34"]


@pytest.mark.parametrize("span", ["0", "-3", "x", "99999999999999999999", "²"])
def test_absurd_spans_are_bounded(span: str) -> None:
    text = table_blocks(f"<tr><td rowspan={span} colspan={span}>Loreto<td>2020</tr>" + row("2021") * 3)
    assert text[0] == "Loreto | 2020"
    assert len(text) == 4


def test_a_table_of_huge_spans_is_parsed_quickly() -> None:
    wide = "<tr>" + f"<td rowspan=65534 colspan=1000>{'x' * 250}</td>" * 300 + "</tr>"
    started = time.monotonic()
    document = text_document(f"<table>{wide}{'<tr><td>y</td></tr>' * 20_000}</table>", "r.html")
    assert document.text.count("y") == 20_000
    assert len(document.text) < 2_000_000
    assert time.monotonic() - started < 10


def test_columns_beyond_the_limit_lose_no_text() -> None:
    page = f"<table>{row(*(f'c{number}.' for number in range(1100)))}{row('a', 'b')}</table>"
    text = text_document(page, "r.html").text
    assert all(f"c{number}." in text for number in range(1100))


def test_a_markdown_row_is_shown_with_column_names() -> None:
    document = text_document("| Region | 2020 |  |\n|---|--:|---|\n| Loreto | 15 | x |\n| Piura |  | **y** |\n", "r.md")
    assert blocks_of(document) == ["Region | 2020", "Region: Loreto | 2020: 15 | x", "Region: Piura | y"]
    assert document.text.endswith("Piura | y")


def docx_with_table(rows: list[list[str]]) -> tuple[DocxDocument, DocxTable]:
    """A DOCX with this table between two paragraphs, and the table itself."""
    report = docx.Document()
    report.add_paragraph("Before.")
    table = report.add_table(rows=len(rows), cols=len(rows[0]))
    for row, texts in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    report.add_paragraph("After.")
    return report, table


def docx_blocks(report: DocxDocument) -> list[str]:
    return blocks_of(read_bytes(docx_bytes(report), "r.docx"))[1:-1]


def mark_header_rows(table: DocxTable, count: int) -> None:
    for row in list(table.rows)[:count]:
        row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def test_a_docx_row_is_shown_with_the_names_in_the_marked_header_rows() -> None:
    report, table = docx_with_table(
        [["Region", "Trucks", "", "Seen"], ["", "of mahogany", "of cedar", ""], ["Loreto", "four", "twelve", "x"]]
    )
    table.cell(0, 0).merge(table.cell(1, 0))
    table.cell(0, 1).merge(table.cell(0, 2))
    table.cell(0, 3).merge(table.cell(1, 3))
    mark_header_rows(table, 2)
    assert docx_blocks(report) == [
        "Region | Trucks | Seen",
        "of mahogany | of cedar",
        "Region: Loreto | Trucks of mahogany: four | Trucks of cedar: twelve | Seen: x",
    ]


def test_an_unmarked_docx_header_is_known_by_the_values_below_it() -> None:
    report, _ = docx_with_table([["Region", "2020", "2021"], ["Loreto", "15", "16"], ["Piura", "17", ""]])
    assert docx_blocks(report) == ["Region | 2020 | 2021", "Region: Loreto | 2020: 15 | 2021: 16", "Region: Piura | 2020: 17"]


def test_a_docx_caption_is_a_block_next_to_its_table() -> None:
    report = docx.Document()
    report.add_paragraph("Table 1: Cases", style="Caption")
    table = report.add_table(rows=2, cols=2)
    for cell, text in zip([*table.rows[0].cells, *table.rows[1].cells], ["Region", "Cases", "Loreto", "15"], strict=True):
        cell.text = text
    mark_header_rows(table, 1)
    document = read_bytes(docx_bytes(report), "r.docx")
    assert blocks_of(document) == ["Table 1: Cases", "Region | Cases", "Region: Loreto | Cases: 15"]
    assert [document.row_at(block.start) is None for block in document.blocks] == [True, False, False]


def test_a_nested_docx_table_is_text_of_its_cell() -> None:
    report, table = docx_with_table([["Region", "Detail"], ["Loreto", ""]])
    inner = table.cell(1, 1).add_table(rows=1, cols=2)
    inner.cell(0, 0).text, inner.cell(0, 1).text = "a", "1"
    mark_header_rows(table, 1)
    assert docx_blocks(report) == ["Region | Detail", "Region: Loreto | Detail: a | 1"]


def test_a_docx_table_that_lays_out_the_page_is_text() -> None:
    report, table = docx_with_table([["", ""]])
    cell = table.cell(0, 1)
    cell.text = "First paragraph of a box."
    cell.add_paragraph("A heading in it", style="Heading 2")
    document = read_bytes(docx_bytes(report), "r.docx")
    assert blocks_of(document) == ["Before.", "First paragraph of a box.", "A heading in it", "After."]
    assert [heading.level for heading in document.headings] == [2]
    report, table = docx_with_table([["Menu", "Long text. " * 100]])
    assert docx_blocks(report) == ["Menu", ("Long text. " * 100).strip()]


def test_docx_rows_indented_by_grid_before_keep_their_columns() -> None:
    report, table = docx_with_table([["Region", "2020", "2021"], ["Loreto", "15", "16"], ["x", "17", "18"]])
    table.rows[2]._tr.remove(table.rows[2]._tr.tc_lst[0])
    before = OxmlElement("w:gridBefore")
    before.set("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}val", "1")
    table.rows[2]._tr.get_or_add_trPr().append(before)
    mark_header_rows(table, 1)
    assert docx_blocks(report)[2] == "2020: 17 | 2021: 18"
