"""The readers of text formats: what is a heading, a paragraph, a list item, a table row."""

import re

import docx as python_docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from corpus import DocumentError, read_bytes
from corpus.draft import Draft
from corpus.formats import FORMATS
from tests.made import docx_bytes, text_document
from tests.shown import levelled
from tests.zips import with_part


def test_plain_text_wrapped_by_hand() -> None:
    document = text_document(
        "ANNUAL REPORT\n=============\n\n1. Introduction\n\nThis report was wrapped by hand at sixty characters or so, and\n"
        "goes on in the next line. The Second Sentence Begins Here and\nends.\n\n2.1 Scope and methods\n"
        "The scope is national. It covers all 25 regions of the\ncountry, except one.\n\n"
        "* first bullet that is long enough to be wrapped over more\n  than one line of text\n* second bullet\n\n"
        "Grupos de crimen organizado\n\nLos grupos operan en el norte. Los jefes viven en Lima, la\ncapital.\n"
    )
    assert document.title == "ANNUAL REPORT"
    assert levelled(document) == [
        (1, "ANNUAL REPORT"),
        (1, "1. Introduction"),
        (
            0,
            "This report was wrapped by hand at sixty characters or so, and goes on in the next line. "
            "The Second Sentence Begins Here and ends.",
        ),
        (2, "2.1 Scope and methods"),
        (0, "The scope is national. It covers all 25 regions of the country, except one."),
        (0, "first bullet that is long enough to be wrapped over more than one line of text"),
        (0, "second bullet"),
        (2, "Grupos de crimen organizado"),
        (0, "Los grupos operan en el norte. Los jefes viven en Lima, la capital."),
    ]


def test_plain_text_with_a_paragraph_a_line() -> None:
    long = "Many criminal groups in the country are small and operate locally, and some of them control entire regions of it, " * 2
    document = text_document(f"The Title of It All\n{long}.\nGroups and Regions\n- {long}.\n- short.\n")
    assert levelled(document) == [
        (1, "The Title of It All"),
        (0, f"{long}."),
        (2, "Groups and Regions"),
        (0, f"{long}."),
        (0, "short."),
    ]


def test_plain_text_without_a_heading_is_named_after_its_file() -> None:
    assert text_document("it begins in the middle of things, and so on.", "minutes.txt").title == "minutes"


def test_the_offsets_of_plain_text_are_those_of_the_file() -> None:
    document = text_document("Ño 😀 one.\r\nTwo lines here.\r\n")
    assert document.text == "Ño 😀 one.\nTwo lines here.\n"
    assert text_document("\ufeffStarts after the mark.").text == "Starts after the mark."
    assert read_bytes("Sixteen bits: ñ.".encode("utf-16"), "r.txt").text == "Sixteen bits: ñ."


def test_a_form_feed_ends_a_page() -> None:
    document = text_document("On the first.\fOn the second.\n")
    assert [(page.number, document.text[page.start : page.end]) for page in document.pages] == [
        (1, "On the first.\f"),
        (2, "On the second.\n"),
    ]


def test_markdown_reads_as_its_page_does() -> None:
    document = text_document(
        '---\ntitle: "My report"\n---\n# H1 *em*\n\n'
        "Para **bold** [link](http://x.example) and ![alt](http://y.example) `code`\nnext.\n\n"
        "* one\n* two\n  - nested **x**\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```py\ncode = 1\n```\n\n<div>raw <b>html</b>"
        "<script>bad()</script></div>\n\nSetext\n------\n> quote\n",
        "r.md",
    )
    assert document.title == "My report"
    assert levelled(document) == [
        (1, "H1 em"),
        (0, "Para bold link and alt code next."),
        (0, "one"),
        (0, "two"),
        (0, "nested x"),
        (0, "a | b"),
        (0, "a: 1 | b: 2"),
        (0, "code = 1"),
        (0, "raw html"),
        (2, "Setext"),
        (0, "quote"),
    ]


PAGE = """<!doctype html><html><head><title>Site | Annual</title><meta charset="utf-8"><style>p{}</style></head><body>
<header>Site name</header><nav><a href="/">Home</a></nav><div class="Cookie-banner"><p>We use cookies.</p></div>
<main><h1>Annual report</h1><p>First <b>para</b>graph with a <a href="http://evil.example/x">link</a>.<br>After a break.</p>
<h2>Section</h2><ul><li>One.<ul><li>Nested.</li></ul></li><li>Two.</li></ul>
<table><tr><th>Year</th><th>Cases</th></tr><tr><td><p>2020</p></td><td>15</td></tr></table>
<div>Loose text in a div.</div><p hidden>secret</p><p style="DISPLAY: none">secret</p><script>alert(1)</script>
<!-- a comment --><form><input value="x"><button>Send</button>Text in a form.</form></main>
<aside>Read this too</aside><footer>Contact</footer></body></html>"""


def test_html_keeps_the_text_and_leaves_out_the_furniture() -> None:
    document = text_document(PAGE, "r.html")
    assert document.title == "Annual report"
    assert levelled(document) == [
        (1, "Annual report"),
        (0, "First paragraph with a link. After a break."),
        (2, "Section"),
        (0, "One."),
        (0, "Nested."),
        (0, "Two."),
        (0, "Year | Cases"),
        (0, "Year: 2020 | Cases: 15"),
        (0, "Loose text in a div."),
        (0, "Text in a form."),
    ]


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ("<form><p>TEXT</p></form>", True),
        ("<article><aside>TEXT</aside></article>", True),
        ("<aside>TEXT</aside><p>x</p>", True),
        ("<main>x</main><aside>TEXT</aside>", False),
        ("<header><h1>TEXT</h1></header><main>x</main>", True),
        ("<header>TEXT</header><p>x</p>", False),
        ("<main>x<footer>TEXT</footer></main>", True),
        ("<footer>TEXT</footer><p>x</p>", False),
        ("<p class='cookies-law'>TEXT</p>", True),
        ("<div id='cookie_consent-1'>TEXT</div><p>x</p>", False),
        ("<div class='Banner cookie'>TEXT</div><p>x</p>", True),
        ("<html class='cookie-banner-open'><p>TEXT</p></html>", True),
        ("<div class='page cookie-notice-shown'><h1>x</h1><p>TEXT</p></div>", True),
        ("<p>x<!-- TEXT --></p>", False),
        ("<p>x</p><p style='visibility: hidden'>TEXT</p>", False),
        ("<p>x<span hidden>not this</span>TEXT</p>", True),
    ],
)
def test_html_leaves_out_furniture_only(page: str, kept: bool) -> None:
    assert ("TEXT" in text_document(page, "r.html").text) == kept


def test_html_without_structure_loses_nothing() -> None:
    layout = "<table><tr><td><h2>Head</h2>left <table><tr><td>a</td><td>b</td></tr></table></td><td>right</td></tr></table>"
    assert levelled(text_document(f"bare text<p>para</p>{layout}tail", "r.htm")) == [
        (0, "bare text"),
        (0, "para"),
        (2, "Head"),
        (0, "left"),
        (0, "a | b"),
        (0, "right"),
        (0, "tail"),
    ]


def test_a_superscript_is_no_part_of_a_number() -> None:
    html = "<p>In 2019<sup>3</sup> it had 10<sup>6</sup> m<sup>2</sup>, on the 1<sup>st</sup>. He was <del>not</del> guilty.</p>"
    text = "In 2019³ it had 10⁶ m², on the 1st. He was"
    assert text_document(html, "r.html").text == f"{text} guilty."
    assert text_document("In 2019<sup>3</sup> it had *10*<sup>6</sup> m.", "r.md").text == "In 2019³ it had 10⁶ m."
    report = python_docx.Document()
    paragraph = report.add_paragraph("In 2019")
    paragraph.add_run("3").font.superscript = True
    paragraph.add_run(" it began.")
    assert read_bytes(docx_bytes(report), "r.docx").text == "In 2019³ it began."


def test_docx_text_that_is_not_shown_is_not_read() -> None:
    report = python_docx.Document()
    paragraph = report.add_paragraph("He is ")
    paragraph.add_run("not ").font.hidden = True
    paragraph.add_run("guilty, by ")
    paragraph.add_run("").element.append(parse_xml(f'<w:sym {nsdecls("w")} w:font="Symbol" w:char="00B1"/>'))
    paragraph.add_run("5 votes.").font.hidden = False
    row = report.add_table(rows=2, cols=1).rows
    row[0].cells[0].text, row[1].cells[0].text = "Kept.", "Deleted."
    row[1]._tr.get_or_add_trPr().append(parse_xml(f'<w:del {nsdecls("w")} w:id="1" w:author="a"/>'))
    assert [text for _, text in levelled(read_bytes(docx_bytes(report), "r.docx"))] == ["He is guilty, by ±5 votes.", "Kept."]


def test_html_in_a_declared_character_set() -> None:
    page = '<meta charset="iso-8859-1"><p>El año pasado en Perú: “sí”.</p>'
    assert read_bytes(page.encode("windows-1252"), "r.html").text == "El año pasado en Perú: “sí”."


def test_a_byte_order_mark_wins_and_declared_utf_16_is_utf_8() -> None:
    page = "<meta charset={}><p>El año pasado en Perú.</p>"
    for data in (
        page.format("iso-8859-1").encode("utf-8-sig"),
        page.format("iso-8859-1").encode("utf-16"),
        page.format("utf-16").encode("utf-8"),
    ):
        assert read_bytes(data, "r.html").text == "El año pasado en Perú."


def test_html_of_very_many_parts_loses_nothing() -> None:
    parts = "<!-- -->x" * 30_000 + "<span hidden>y</span>z" * 30_000 + "<aside>w</aside>" * 5_000
    text = text_document(f"<p>{parts}</p>", "r.html").text
    assert text.count("x") == text.count("z") == 30_000
    assert text.count("y") == 0


def test_html_nested_too_deep_is_refused_and_not_cut_short() -> None:
    deep = b"<div>" * 50_000 + b"deep text" + b"</div>" * 50_000
    with pytest.raises(DocumentError, match="nested more than 2,048 deep"):
        read_bytes(deep, "r.html")
    assert "deep text" in read_bytes(b"<div>" * 1000 + b"deep text", "r.html").text


def test_docx_has_headings_lists_and_table_rows_in_order() -> None:
    report = python_docx.Document()
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


def test_docx_headings_are_known_by_the_style_that_theirs_is_made_from() -> None:
    report = python_docx.Document()
    for name, base in (("Chapter", "Heading 1"), ("Part", "Chapter")):
        report.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH).base_style = report.styles[base]
    outlined = report.styles.add_style("Outlined", WD_STYLE_TYPE.PARAGRAPH)
    outlined.element.get_or_add_pPr().append(parse_xml(f'<w:outlineLvl {nsdecls("w")} w:val="2"/>'))
    report.add_paragraph("One", style="Part")
    report.add_paragraph("Two", style="Outlined")
    report.add_paragraph("Text.")
    report.add_paragraph("Body.", style="Body Text")
    assert levelled(read_bytes(docx_bytes(report), "r.docx")) == [(1, "One"), (3, "Two"), (0, "Text."), (0, "Body.")]


def test_a_docx_that_is_wrong_in_what_it_says_of_itself_is_read_and_one_with_a_broken_part_is_not() -> None:
    report = python_docx.Document()
    report.add_heading("Forests", 1)
    data = docx_bytes(report)
    assert read_bytes(with_part(data, "docProps/core.xml", lambda _: b"<p/>"), "r.docx").title == "Forests"

    def with_body(part: bytes) -> bytes:
        return with_part(data, "word/document.xml", lambda _: part)

    for part in (b"<p>\0\n</p>", b"<cut", b"<other/>"):
        with pytest.raises(DocumentError, match=r"^r\.docx is not a DOCX file, or is broken \(.*\): open it in a word processor"):
            read_bytes(with_body(part), "r.docx")


def test_docx_leaves_out_no_text_because_of_its_wrapping() -> None:
    report = python_docx.Document()
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


def test_docx_cells_merged_over_rows_read_in_each_of_them() -> None:
    report = python_docx.Document()
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


def test_a_few_long_lines_do_not_hide_that_a_text_is_wrapped() -> None:
    wrapped = "The commission found that the minister had taken no bribe from the\nCompany of the North, as the court said.\n\n" * 6
    document = text_document(f"{wrapped}https://example.org/{'a' * 300}\n")
    assert len(document.blocks) == 7
    assert all(
        document.shown(*block).endswith("from the Company of the North, as the court said.") for block in document.blocks[:6]
    )


def test_a_sentence_goes_on_in_the_next_line_however_wide_the_lines_are() -> None:
    line = "The commission found that the minister had taken no bribe from a company of the north, which the prosecutor of the"
    document = text_document(f"{line}\n{line.lower()}\n{line.lower()} south.\n")
    assert len(document.blocks) == 1


def test_a_dash_before_a_number_may_be_a_minus() -> None:
    document = text_document("Budget\n\n- 5.2 million was the net result, a loss.\n\n- A third item.\n")
    assert [document.shown(*block) for block in document.blocks] == [
        "Budget",
        "- 5.2 million was the net result, a loss.",
        "A third item.",
    ]


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("as the court held in its judgment of\n(44) of the code of procedure, and so\non.", 1),
        ("in all, and to the end of the year,\n412. That was more than before.", 1),
        ("the valley of the three rivers, which\n- as everyone knows - is poor, and so\non.", 1),
        ("The court held what follows from it:\n(a) the first of the two is not so;\n(b) the second is.", 3),
        ("1. The first item is long enough to be\n2. The second item follows it at once.", 2),
        ("- The first item is long enough to be\n- The second item follows it at once.", 2),
        ("The valley of the three rivers is\n• The symbol begins an item anywhere.", 2),
    ],
)
def test_a_wrapped_line_that_looks_like_an_item_loses_nothing(text: str, blocks: int) -> None:
    document = text_document(text + "\n\nThe widest line of all of this text here.\n")
    assert len(document.blocks) == blocks + 1
    assert re.findall(r"\w+", " ".join(document.shown(*block) for block in document.blocks[:-1])) == re.findall(r"\w+", text)


def test_html_within_markdown_reads_as_a_page_does() -> None:
    document = text_document(
        "| a | b |\n|---|---|\n| 12<br>34 | Lima<br/>Cusco |\n\n<!DOCTYPE html>\n\n"
        "<table><tr><td>12</td><td>34</td></tr></table>\n\n<div><p>one</p><p>two</p></div>\n\n"
        "<h2>Three</h2>\n\n<p hidden>secret</p>\n",
        "r.md",
    )
    assert levelled(document) == [
        (0, "a | b"),
        (0, "a: 12 34 | b: Lima Cusco"),
        (0, "12 | 34"),
        (0, "one"),
        (0, "two"),
        (2, "Three"),
    ]


def test_a_title_is_shown_as_it_can_be() -> None:
    title = "Annual  Report\x1b]0;x\x07 \u202e2021"
    assert text_document(f"# {title}\n\nText.\n", "r.md").title == "Annual Report]0;x 2021"
    assert len(text_document(f"# {'Long ' * 1000}\n\nText.\n", "r.md").title) <= 300


def test_markdown_front_matter_is_no_text_and_a_ruled_line_is_no_front_matter() -> None:
    assert text_document("---\ntitle: One\ntags:\n - a\n- b\n# c\n\nx: 1\n---\nText.\n", "r.md").text == "Text."
    assert "40%" in text_document("---\n\n# Findings 2021\n\n- illegal logging rose 40%\n\n---\n\nMore.\n", "r.md").text
    assert "Kept text here." in text_document("---\n\nKept text here.\n\n---\n\nMore.\n", "r.md").text


def test_markdown_nested_too_deep_is_refused_and_not_cut_short() -> None:
    assert "deep text" in text_document("> " * 90 + "deep text", "r.md").text
    with pytest.raises(DocumentError, match="its quotes and lists are nested too deep"):
        text_document("> " * 100 + "deep text", "r.md")


def test_a_reader_that_fails_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Draft:
        raise RecursionError("too deep")

    monkeypatch.setattr("corpus.parsers.text.plain.read_plain", fail)
    with pytest.raises(DocumentError, match=r"report\.txt can't be read as text/plain; RecursionError: too deep"):
        text_document("Text.")


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("r.txt", b"", "r.txt is empty."),
        ("r.md", b" \n\t\n", "r.md is empty."),
        ("r.xyz", b"text", r"r.xyz is of a type that Quipu doesn't read. It reads CSV, DOCX, EML, "),
        ("r", b"text", "r is of a type that Quipu doesn't read"),
        ("r.txt", "El año en Perú.".encode("latin-1"), r"r.txt is not UTF-8 text \(byte 0xf1 at position 4\): save it as UTF-8"),
        ("r.txt", b"text\0with", r"r.txt holds a NUL byte at character 4: it is not a text file."),
        ("r.txt", b"--- ***\n", "r.txt holds no text."),
        ("r.html", b"<html><body><script>x</script></body></html>", "r.html holds no text."),
        ("r.html", b"<html><head><title>T</title></head><frameset><frame src=x></frameset></html>", "r.html holds no text."),
        ("r.html", b"<!-- -->", "r.html can't be read as HTML"),
        ("r.html", b"<meta charset=klingon><p>x", "r.html can't be read as HTML: unknown encoding: klingon."),
        ("r.html", b"<meta charset=punycode><p>x", "r.html can't be read as HTML: unknown encoding: punycode."),
        ("r.docx", b"this is not a zip", "r.docx is not a DOCX file"),
        ("r.docx", b"PK\x03\x04 cut short", "r.docx is broken or cut short"),
        ("r.pdf", b"this is not a PDF", "r.pdf can't be read as PDF"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(name: str, data: bytes, says: str) -> None:
    with pytest.raises(DocumentError, match=says) as caught:
        read_bytes(data, name)
    assert "\n" not in str(caught.value)


def test_every_format_in_the_table_has_its_reader() -> None:
    for suffix, form in FORMATS.items():
        with pytest.raises(DocumentError, match=f"r{suffix} "):
            form.read(b"\x80\x81", f"r{suffix}", ocr=False)
