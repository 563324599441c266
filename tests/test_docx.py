"""DOCX: headings, list items and table rows, and which text counts."""

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from corpus import DocumentError, read_bytes
from tests.made import docx_bytes
from tests.shown import levelled
from tests.zips import with_part


def test_hidden_and_deleted_text_is_left_out() -> None:
    report = docx.Document()
    paragraph = report.add_paragraph("He is ")
    paragraph.add_run("not ").font.hidden = True
    paragraph.add_run("guilty, by ")
    paragraph.add_run("").element.append(parse_xml(f'<w:sym {nsdecls("w")} w:font="Symbol" w:char="00B1"/>'))
    paragraph.add_run("5 votes.").font.hidden = False
    row = report.add_table(rows=2, cols=1).rows
    row[0].cells[0].text, row[1].cells[0].text = "Kept.", "Deleted."
    row[1]._tr.get_or_add_trPr().append(parse_xml(f'<w:del {nsdecls("w")} w:id="1" w:author="a"/>'))
    assert [text for _, text in levelled(read_bytes(docx_bytes(report), "r.docx"))] == ["He is guilty, by ±5 votes.", "Kept."]


def test_headings_list_items_and_table_rows_keep_their_order() -> None:
    report = docx.Document()
    report.core_properties.title = "Forests of the North"
    report.add_heading("Forests", 0)
    report.add_heading("Timber", 1)
    report.add_paragraph("The ministry counted sawmills.")
    report.add_paragraph("First item.", style="List Bullet")
    table = report.add_table(rows=2, cols=3)
    for cell, text in zip(
        [*table.rows[0].cells, *table.rows[1].cells], ["Year", "Cases", "Cases", "2021", "412", "x"], strict=True
    ):
        cell.text = text
    table.rows[0].cells[1].merge(table.rows[0].cells[2]).text = "Cases"
    report.add_heading("Detail", 2)
    report.add_paragraph("It ends here.")
    document = read_bytes(docx_bytes(report), "forests.docx")
    assert document.title == "Forests of the North"
    assert document.pages == ()
    assert levelled(document) == [
        (1, "Forests"),
        (1, "Timber"),
        (0, "The ministry counted sawmills."),
        (0, "First item."),
        (0, "Year | Cases"),
        (0, "2021 | 412 | x"),
        (2, "Detail"),
        (0, "It ends here."),
    ]


def test_a_style_inherits_its_heading_level() -> None:
    report = docx.Document()
    for name, base in (("Chapter", "Heading 1"), ("Part", "Chapter")):
        report.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH).base_style = report.styles[base]
    outlined = report.styles.add_style("Outlined", WD_STYLE_TYPE.PARAGRAPH)
    outlined.element.get_or_add_pPr().append(parse_xml(f'<w:outlineLvl {nsdecls("w")} w:val="2"/>'))
    report.add_paragraph("One", style="Part")
    report.add_paragraph("Two", style="Outlined")
    report.add_paragraph("Text.")
    report.add_paragraph("Body.", style="Body Text")
    assert levelled(read_bytes(docx_bytes(report), "r.docx")) == [(1, "One"), (3, "Two"), (0, "Text."), (0, "Body.")]


def test_broken_properties_are_ignored_but_a_broken_body_is_refused() -> None:
    report = docx.Document()
    report.add_heading("Forests", 1)
    data = docx_bytes(report)
    assert read_bytes(with_part(data, "docProps/core.xml", lambda _: b"<p/>"), "r.docx").title == "Forests"

    def with_body(part: bytes) -> bytes:
        return with_part(data, "word/document.xml", lambda _: part)

    for part in (b"<p>\0\n</p>", b"<cut", b"<other/>"):
        with pytest.raises(DocumentError, match=r"^r\.docx is not a DOCX file, or is broken \(.*\): open it in a word processor"):
            read_bytes(with_body(part), "r.docx")


def test_no_wrapper_element_hides_text() -> None:
    report = docx.Document()
    for inner in (
        "<w:ins><w:r><w:t>Inserted. </w:t></w:r></w:ins><w:del><w:r><w:delText>Deleted. </w:delText></w:r></w:del>",
        '<w:fldSimple w:instr="REF x"><w:r><w:t>A field.</w:t></w:r></w:fldSimple><w:r><w:tab/><w:t>After a tab.</w:t></w:r>',
        "<w:r><w:t>A rate of </w:t></w:r><m:oMath><m:r><m:t>r=5%</m:t></m:r></m:oMath><w:r><w:t> a year.</w:t></w:r>",
        "<w:hyperlink><w:r><w:t>A link</w:t></w:r></w:hyperlink><w:r><w:br/><w:t>and more.</w:t></w:r>",
        "<w:r><w:t>Beside a box.</w:t><w:txbxContent><w:p><w:r><w:t>In the box.</w:t></w:r></w:p></w:txbxContent></w:r>",
    ):
        report.element.body.append(parse_xml(f"<w:p {nsdecls('w', 'm')}>{inner}</w:p>"))
    wrapped = "<w:sdtContent><w:p><w:r><w:t>In a control.</w:t></w:r></w:p></w:sdtContent>"
    report.element.body.append(parse_xml(f"<w:sdt {nsdecls('w')}>{wrapped}</w:sdt>"))
    assert levelled(read_bytes(docx_bytes(report), "r.docx")) == [
        (0, "Inserted."),
        (0, "A field. After a tab."),
        (0, "A rate of r=5% a year."),
        (0, "A link and more."),
        (0, "Beside a box."),
        (0, "In the box."),
        (0, "In a control."),
    ]


def test_a_cell_merged_over_rows_is_repeated_in_each() -> None:
    report = docx.Document()
    table = report.add_table(rows=3, cols=3)
    for row, texts in zip(table.rows, (["Region", "Year", "Cases"], ["Loreto", "2020", "15"], ["", "2021", "16"]), strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    assert [text for _, text in levelled(read_bytes(docx_bytes(report), "r.docx"))] == [
        "Region | Year | Cases",
        "Region: Loreto | Year: 2020 | Cases: 15",
        "Region: Loreto | Year: 2021 | Cases: 16",
    ]
