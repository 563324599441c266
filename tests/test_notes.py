"""Footnotes and endnotes of DOCX, HTML and Markdown: each follows the block that refers to it, and its mark is in both."""

import time

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from corpus import read_bytes, sentences
from tests.made import docx_bytes, text_document
from tests.made_word import add_notes, add_xml, paragraph, reference, run
from tests.shown import blocks_of


def docx_blocks(report: docx.document.Document) -> list[str]:
    return blocks_of(read_bytes(docx_bytes(report), "r.docx"))


def test_a_docx_note_follows_its_paragraph() -> None:
    report = docx.Document()
    cited = run("It seized trucks") + reference(7) + run(" in 2019") + reference(3) + run(" and fled.")
    add_xml(report, paragraph(cited) + paragraph(run("The end.") + reference(7)))
    own_mark = "<w:r><w:footnoteRef/></w:r>"
    add_notes(report, {3: paragraph(own_mark + run(" In Iquitos.")) + paragraph(run("Twice.")), 7: paragraph(run("Forty."))})
    document = read_bytes(docx_bytes(report), "r.docx")
    assert blocks_of(document) == [
        "It seized trucks¹ in 2019² and fled.",
        "¹ Forty.",
        "² In Iquitos.",
        "Twice.",
        "The end.¹",
    ]
    start = document.text.index("It seized")
    assert sentences(document, start, start + 1) == [(start, start + len("It seized trucks¹ in 2019² and fled."))]


def test_docx_endnotes_are_numbered_as_in_word() -> None:
    report = docx.Document()
    add_xml(report, "".join(paragraph(run(f"P{number}.") + reference(number, "endnote")) for number in range(1, 5)))
    add_notes(report, {number: paragraph(run(f"Note {number}.")) for number in range(1, 5)}, "endnote")
    assert docx_blocks(report)[-2:] == ["P4.[iv]", "[iv] Note 4."]


@pytest.mark.parametrize(
    ("number_format", "marks"),
    [("upperLetter", ["[A]", "[B]"]), ("chicago", ["*", "†"]), ("decimal", ["⁵", "⁶"]), ("unheardOf", ["¹", "²"])],
)
def test_docx_notes_are_numbered_in_the_format_of_the_section(number_format: str, marks: list[str]) -> None:
    report = docx.Document()
    add_xml(report, paragraph(run("One") + reference(1)) + paragraph(run("Two") + reference(2)))
    start = '<w:numStart w:val="5"/>' if number_format == "decimal" else ""
    add_xml(
        report,
        f'<w:p><w:pPr><w:sectPr><w:footnotePr><w:numFmt w:val="{number_format}"/>{start}</w:footnotePr></w:sectPr></w:pPr></w:p>',
    )
    add_notes(report, {1: paragraph(run("A man.")), 2: paragraph(run("5.5 men."))})
    assert docx_blocks(report) == [f"One{marks[0]}", f"{marks[0]} A man.", f"Two{marks[1]}", f"{marks[1]} 5.5 men."]


def test_a_docx_note_with_a_custom_mark_takes_no_number() -> None:
    report = docx.Document()
    add_xml(
        report, paragraph(run("Own") + reference(1, attributes='w:customMarkFollows="1"') + run("*") + run(" and") + reference(2))
    )
    add_notes(report, {1: paragraph(run("* Own note.")), 2: paragraph(run("Counted."))})
    assert docx_blocks(report) == ["Own* and¹", "* Own note.", "¹ Counted."]


def test_docx_notes_of_a_table_follow_it_and_notes_of_deleted_text_are_left_out() -> None:
    report = docx.Document()
    add_xml(report, paragraph(run("Kept.") + f"<w:del>{reference(9)}</w:del>"))
    cells = "".join(f"<w:tc>{paragraph(inner)}</w:tc>" for inner in (run("Loreto") + reference(1), run("15")))
    add_xml(report, f"<w:tbl><w:tr>{cells}</w:tr><w:tr>{cells}</w:tr></w:tbl>")
    add_notes(
        report, {1: paragraph(run("In the north") + reference(2)), 2: paragraph(run("Or so.")), 9: paragraph(run("Deleted."))}
    )
    assert docx_blocks(report) == ["Kept.", "Loreto¹ | 15", "Loreto¹ | 15", "¹ In the north²", "² Or so."]


def test_docx_comments_are_left_out_and_a_missing_note_leaves_its_mark() -> None:
    report = docx.Document()
    report.add_comment(report.add_paragraph("Read this.").runs, text="not this")
    add_xml(report, paragraph(run("And this.") + reference(5)))
    assert docx_blocks(report) == ["Read this.", "And this.¹"]


def test_a_docx_character_style_may_be_superscript_and_soft_hyphens_are_dropped() -> None:
    report = docx.Document()
    report.styles.add_style("Raised", WD_STYLE_TYPE.CHARACTER).font.superscript = True
    line = report.add_paragraph("Since 2019")
    line.add_run("3", style="Raised")
    line.add_run(" the com\u00admission")
    document = read_bytes(docx_bytes(report), "r.docx")
    assert document.text == "Since 2019³ the commission"


ARIA = """<p>It seized<a role="doc-noteref" href="#n1" id="r1">1</a> trucks<a role="doc-noteref" href="#n2">a</a>.</p><p>More.</p>
<section role="doc-endnotes"><h2>Notes</h2><ol><li id="n1"><p>Forty. <a role="doc-backlink" href="#r1">↩</a></p><p>Twice.</p></li>
<li id="n2" role="doc-endnote">Of wood.</li><li id="n3">Nobody asks.</li></ol></section>"""
PANDOC = """<p>It seized<a href="#fn1" class="footnote-ref" id="r1"><sup>1</sup></a> trucks<sup><a href="#fn2">[2]</a></sup>.</p>
<p>More.</p>
<section class="footnotes"><hr><ol><li id="fn1"><p>Forty.<a href="#r1">↩︎</a></p></li><li id="fn2">Of wood.</li></ol></section>"""
WORD = """<p>It seized<a style='mso-footnote-id:ftn1' href="#_ftn1" name="_r1">[1]</a> trucks.</p><p>More.</p>
<div style='mso-element:footnote-list'><hr><div style='mso-element: footnote' id=ftn1>
<p><a href="#_r1" name="_ftn1">[1]</a> Forty.</p></div></div>"""


@pytest.mark.parametrize(
    ("page", "blocks"),
    [
        (ARIA, ["It seized¹ trucks[a].", "¹ Forty.", "Twice.", "[a] Of wood.", "More.", "Notes", "Nobody asks."]),
        (PANDOC, ["It seized¹ trucks².", "¹ Forty.", "² Of wood.", "More."]),
        (WORD, ["It seized¹ trucks.", "[1] Forty.", "More."]),
    ],
)
def test_an_html_note_follows_its_block(page: str, blocks: list[str]) -> None:
    assert blocks_of(text_document(page, "r.html")) == blocks


def test_html_notes_of_a_table_follow_it() -> None:
    cells = '<tr><td>Loreto<sup><a href="#n">1</a></sup><td>15</tr><tr><td>Piura<sup><a href="#n">1</a></sup><td>16</tr>'
    page = (
        f"<table><caption>Cases</caption><tr><th>Region<th>Cases</tr>{cells}</table><p>End.</p><p id=n role=doc-footnote>North.</p>"
    )
    assert blocks_of(text_document(page, "r.html")) == [
        "Cases",
        "Region | Cases",
        "Region: Loreto¹ | Cases: 15",
        "Region: Piura¹ | Cases: 16",
        "¹ North.",
        "End.",
    ]


def test_html_notes_that_refer_to_each_other_are_each_appended_once() -> None:
    notes = "".join(f'<li id="n{n}">Note {n}<sup><a href="#n{n % 3 + 1}">{n % 3 + 1}</a></sup></li>' for n in (1, 2, 3))
    page = f'<p>Text<sup><a href="#n1">1</a></sup></p><p>End.</p><ol class="footnotes">{notes}</ol>'
    assert blocks_of(text_document(page, "r.html")) == ["Text¹", "¹ Note 1²", "² Note 2³", "³ Note 3¹", "End."]
    alone = '<p>End.</p><ol class="footnotes"><li id="a">A<a href="#b">1</a></li><li id="b">B<a href="#a">2</a></li></ol>'
    assert blocks_of(text_document(alone, "r.html")) == ["End.", "B²", "² A¹"]


def test_a_link_of_words_or_to_something_else_is_not_a_note_mark() -> None:
    page = '<p>See <a href="#n">the first note</a> or <a href="#top">[1]</a>.</p><p id=n role=doc-footnote>Forty.</p>'
    assert blocks_of(text_document(page, "r.html")) == ["See the first note or [1].", "Forty."]


def test_a_figure_keeps_its_caption_and_soft_hyphens_are_dropped() -> None:
    page = "<p>Before.</p><figure><img src=x><figcaption>Figure 1: the com&shy;mission.</figcaption></figure><p>After.</p>"
    document = text_document(page, "r.html")
    assert document.text == "Before.\n\nFigure 1: the commission.\n\nAfter."


def test_a_markdown_note_follows_its_block() -> None:
    document = text_document(
        "It seized[^b] trucks[^1] in 2019.\n\n- More[^b].\n\n| Region | Cases[^t] |\n|---|---|\n| Loreto | 15 |\n\nEnd.\n\n"
        "[^1]: https://x.example\n[^b]: Forty[^t].\n\n    Twice.\n\n[^t]: In thousands.\n\n[^never]: Nobody asks.\n",
        "r.md",
    )
    assert blocks_of(document) == [
        "It seized¹ trucks² in 2019.",
        "¹ Forty³.",
        "Twice.",
        "² https://x.example",
        "³ In thousands.",
        "More¹.",
        "Region | Cases³",
        "Region: Loreto | Cases³: 15",
        "End.",
        "[never] Nobody asks.",
    ]


def test_nested_and_duplicate_markdown_notes_lose_no_text() -> None:
    document = text_document("Text.\n\n[^a]: One[^a].\n\n    [^b]: Two.\n\n[^a]: Again.\n", "r.md")
    assert sorted(blocks_of(document)) == sorted(["Text.", "[a] One¹.", "[b] Two.", "[a] Again."])
    assert blocks_of(text_document("No note[^x] here.\n", "r.md")) == ["No note[^x] here."]


def test_a_long_circle_of_docx_notes_loses_no_text() -> None:
    report = docx.Document()
    add_xml(report, paragraph(run("Forests shrink.") + reference(1)))
    chain = {number: paragraph(run(f"Note {number}.") + reference(number + 1)) for number in range(1, 1500)}
    add_notes(report, chain | {1500: paragraph(run("The last one.") + reference(1))})
    blocks = blocks_of(read_bytes(docx_bytes(report), "r.docx"))
    assert len(blocks) == 1501
    assert "Note 2." in blocks[2]
    assert "The last one." in blocks[-1]


def test_circular_docx_styles_and_invalid_symbols_do_no_harm() -> None:
    report = docx.Document()
    names = [f"S{number}" for number in range(1500)]
    for name, base in zip(names, [*names[1:], "Circle"], strict=True):
        based = f'<w:style {nsdecls("w")} w:type="paragraph" w:styleId="{name}"><w:basedOn w:val="{base}"/></w:style>'
        report.styles.element.append(parse_xml(based))
    circle = f'<w:style {nsdecls("w")} w:type="paragraph" w:styleId="Circle"><w:basedOn w:val="S1"/></w:style>'
    report.styles.element.append(parse_xml(circle))
    styled = '<w:pPr><w:pStyle w:val="S0"/></w:pPr>'
    symbols = "".join(f'<w:r><w:sym w:char="{code}"/></w:r>' for code in ("0041", "FFFFFFFF", "no", ""))
    add_xml(report, paragraph(styled + run("Rivers") + symbols))
    started = time.monotonic()
    document = read_bytes(docx_bytes(report), "r.docx")
    assert blocks_of(document) == ["RiversA\ufffd\ufffd\ufffd"]
    assert document.headings == ()
    assert time.monotonic() - started < 3
