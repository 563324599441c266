"""PPTX: slides are pages, titles are headings, and shapes are read in their order."""

import io

import pptx
import pytest
from pptx.chart.data import CategoryChartData, XyChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE
from pptx.opc.package import Part
from pptx.opc.packuri import PackURI
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls
from pptx.presentation import Presentation
from pptx.slide import Slide
from pptx.util import Inches

from assistant.answer import Citation
from corpus import Document, DocumentError, read_bytes

TITLE_SLIDE, TITLE_AND_TEXT, TITLE_ONLY, BLANK = 0, 1, 5, 6


def document_of(presentation: Presentation) -> Document:
    out = io.BytesIO()
    presentation.save(out)
    return read_bytes(out.getvalue(), "deck.pptx")


def placed_blocks(document: Document) -> list[tuple[int, int, str]]:
    """Every block with its slide and its heading level, 0 for text."""
    levels = {heading.start: heading.level for heading in document.headings}
    blocks = []
    for block in document.blocks:
        page = document.page_at(block.start)
        assert page
        blocks.append((page.number, levels.get(block.start, 0), document.shown(*block)))
    return blocks


def texts(document: Document) -> list[str]:
    return [text for _, _, text in placed_blocks(document)]


def add_slide(presentation: Presentation, layout: int, title: str = "") -> Slide:
    slide = presentation.slides.add_slide(presentation.slide_layouts[layout])
    if title:
        slide.shapes.title.text = title
    return slide


def add_box(slide: Slide, text: str, left: float, top: float, width: float = 2, height: float = 0.5) -> None:
    slide.shapes.add_textbox(Inches(left), Inches(top), Inches(width), Inches(height)).text_frame.text = text


def test_slides_are_pages_and_titles_are_headings() -> None:
    deck = pptx.Presentation()
    add_slide(deck, TITLE_SLIDE, "Forests of the North").placeholders[1].text = "A report to the ministry"
    slide = add_slide(deck, TITLE_AND_TEXT, "Timber")
    slide.placeholders[1].text = "412 sawmills are illegal.\nMost stand near the river."
    slide.notes_slide.notes_text_frame.text = "Say that few were closed."
    add_slide(deck, BLANK)
    add_slide(deck, TITLE_AND_TEXT, "Police").placeholders[1].text = "Forty trucks were seized."
    document = document_of(deck)
    assert document.title == "Forests of the North"
    assert document.page_kind == "slide"
    assert placed_blocks(document) == [
        (1, 1, "Forests of the North"),
        (1, 0, "A report to the ministry"),
        (2, 2, "Timber"),
        (2, 0, "412 sawmills are illegal."),
        (2, 0, "Most stand near the river."),
        (2, 3, "Notes"),
        (2, 0, "Say that few were closed."),
        (4, 2, "Police"),
        (4, 0, "Forty trucks were seized."),
    ]
    assert [(page.number, page.label) for page in document.pages] == [(1, None), (2, None), (3, None), (4, None)]
    assert document.pages_without_text() == (3,)
    assert [page.end for page in document.pages][:-1] == [page.start for page in document.pages][1:]
    assert document.heading_path(document.text.index("Say that")) == ("Timber", "Notes")
    start = document.text.index("Forty")
    citation = Citation.of(1, document, start, start + 25)
    assert (citation.page_kind, citation.page) == ("slide", 4)


def test_the_title_in_the_properties_wins_over_that_of_the_first_slide() -> None:
    deck = pptx.Presentation()
    add_slide(deck, TITLE_SLIDE, "Forests")
    assert document_of(deck).title == "Forests"
    deck.core_properties.title = "The year in the forests"
    assert document_of(deck).title == "The year in the forests"
    deck.core_properties.title = "Presentación de PowerPoint"
    assert document_of(deck).title == "Forests"


def test_shapes_in_columns_are_read_column_by_column() -> None:
    deck = pptx.Presentation()
    slide = add_slide(deck, TITLE_ONLY, "Two sides")
    add_box(slide, "Right below", 6, 3)
    add_box(slide, "Right", 6, 2)
    add_box(slide, "Left below", 1, 3)
    add_box(slide, "Left", 1, 2)
    add_box(slide, "Under all of it", 1, 6, width=8)
    assert texts(document_of(deck)) == ["Two sides", "Left", "Left below", "Right", "Right below", "Under all of it"]


def test_a_group_is_read_as_one_shape() -> None:
    deck = pptx.Presentation()
    slide = add_slide(deck, TITLE_ONLY, "Groups")
    group = slide.shapes.add_group_shape()
    for text, top in (("in the group, below", 4), ("in the group", 2)):
        group.shapes.add_textbox(Inches(1), Inches(top), Inches(2), Inches(0.5)).text_frame.text = text
    add_box(slide, "beside it", 6, 3)
    assert texts(document_of(deck)) == ["Groups", "in the group", "in the group, below", "beside it"]


def test_a_slide_without_a_title_is_not_filed_under_the_one_before() -> None:
    deck = pptx.Presentation()
    add_slide(deck, TITLE_ONLY, "Timber")
    add_box(add_slide(deck, BLANK), "Trucks\nForty were seized.", 1, 1)
    add_box(add_slide(deck, BLANK), "This first line is a whole sentence and no title.", 1, 1)
    document = document_of(deck)
    assert placed_blocks(document)[1:] == [
        (2, 2, "Trucks"),
        (2, 0, "Forty were seized."),
        (3, 2, "Slide 3"),
        (3, 0, "This first line is a whole sentence and no title."),
    ]


def test_a_table_row_is_shown_with_column_names() -> None:
    deck = pptx.Presentation()
    slide = add_slide(deck, TITLE_ONLY, "Cases")
    rows = [["Region", "Police", "", "Army"], ["", "2021", "2020", "2021"], ["Loreto", "412", "400", "7"], ["Lima", "32", "30", ""]]
    table = slide.shapes.add_table(len(rows), 4, Inches(1), Inches(2), Inches(8), Inches(2)).table
    for place, row in enumerate(rows):
        for column, text in enumerate(row):
            table.cell(place, column).text = text
    table.cell(0, 1).merge(table.cell(0, 2))
    document = document_of(deck)
    assert texts(document)[-2:] == [
        "Region: Loreto | Police 2021: 412 | Police 2020: 400 | Army 2021: 7",
        "Region: Lima | Police 2021: 32 | Police 2020: 30",
    ]
    row_of_lima = document.row_at(document.text.index("Lima"))
    assert row_of_lima
    assert document.text[row_of_lima.start : row_of_lima.end] == "Lima | 32 | 30"
    table.first_row = False
    for column, text in enumerate(["Mill", "1,200", "3", "4"]):
        table.cell(0, column).text = text
    assert "Mill" not in texts(document_of(deck))[-1]


def test_a_cell_that_spans_rows_is_repeated_in_each() -> None:
    deck = pptx.Presentation()
    table = add_slide(deck, TITLE_ONLY, "Cases").shapes.add_table(3, 2, Inches(1), Inches(2), Inches(8), Inches(2)).table
    for place, row in enumerate([["Region", "Cases"], ["Loreto", "15"], ["", "16"]]):
        for column, text in enumerate(row):
            table.cell(place, column).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    assert texts(document_of(deck))[2:] == ["Region: Loreto | Cases: 15", "Region: Loreto | Cases: 16"]


def add_chart(deck: Presentation, kind: XL_CHART_TYPE, data: CategoryChartData | XyChartData, title: str) -> None:
    slide = add_slide(deck, TITLE_ONLY, "A chart")
    drawn = slide.shapes.add_chart(kind, Inches(1), Inches(2), Inches(6), Inches(4), data).chart
    drawn.has_title = True
    drawn.chart_title.text_frame.text = title


def test_a_chart_is_a_table_of_its_numbers() -> None:
    deck = pptx.Presentation()
    data = CategoryChartData(number_format="#,##0")
    data.categories = ["Loreto", "Ucayali"]
    data.add_series("2021", (1412, 300))
    data.add_series("2020", (1300, None))
    add_chart(deck, XL_CHART_TYPE.COLUMN_CLUSTERED, data, "Illegal sawmills")
    levels = CategoryChartData(number_format="0.0%")
    north = levels.add_category("North")
    north.add_sub_category("Loreto")
    north.add_sub_category("Piura")
    levels.add_category("South").add_sub_category("Tacna")
    levels.add_series("Share", (0.5, 0.25, 0.25))
    add_chart(deck, XL_CHART_TYPE.BAR_CLUSTERED, levels, "Shares")
    points = XyChartData()
    points.add_series("Trucks").add_data_point(1.5, 40)
    add_chart(deck, XL_CHART_TYPE.XY_SCATTER, points, "Trucks")
    assert texts(document_of(deck)) == [
        "A chart",
        "Illegal sawmills",
        "2021 | 2020",
        "Loreto | 2021: 1,412 | 2020: 1,300",
        "Ucayali | 2021: 300",
        "A chart",
        "Shares",
        "Share",
        "North Loreto | Share: 50.0%",
        "North Piura | Share: 25.0%",
        "South Tacna | Share: 25.0%",
        "A chart",
        "Trucks",
        "Trucks",
        "1.5 | Trucks: 40",
    ]


DIAGRAM = "http://schemas.openxmlformats.org/drawingml/2006/diagram"


def test_the_texts_of_a_diagram_are_kept() -> None:
    deck = pptx.Presentation()
    slide = add_slide(deck, TITLE_ONLY, "Steps")
    point = '<dgm:pt modelId="{}" type="{}"><dgm:t><a:bodyPr/><a:p><a:r><a:t>{}</a:t></a:r></a:p></dgm:t></dgm:pt>'
    points = point.format(1, "node", "Count") + point.format(2, "pres", "no text") + point.format(3, "node", "Seize")
    model = f'<dgm:dataModel xmlns:dgm="{DIAGRAM}" {nsdecls("a")}><dgm:ptLst>{points}</dgm:ptLst></dgm:dataModel>'
    kind = "application/vnd.openxmlformats-officedocument.drawingml.diagramData+xml"
    part = Part(PackURI("/ppt/diagrams/data1.xml"), kind, slide.part.package, model.encode())
    relation = slide.part.relate_to(part, "http://schemas.openxmlformats.org/officeDocument/2006/relationships/diagramData")
    slide.shapes._spTree.append(
        parse_xml(
            f'<p:graphicFrame {nsdecls("p", "a", "r")}><p:nvGraphicFramePr><p:cNvPr id="9" name="x"/><p:cNvGraphicFramePr/>'
            '<p:nvPr/></p:nvGraphicFramePr><p:xfrm><a:off x="0" y="0"/><a:ext cx="9" cy="9"/></p:xfrm><a:graphic>'
            f'<a:graphicData uri="{DIAGRAM}"><dgm:relIds xmlns:dgm="{DIAGRAM}" r:dm="{relation}"/></a:graphicData>'
            "</a:graphic></p:graphicFrame>"
        )
    )
    assert texts(document_of(deck)) == ["Steps", "Count", "Seize"]


def test_absurd_spans_are_bounded() -> None:
    deck = pptx.Presentation()
    table = add_slide(deck, TITLE_ONLY, "Cases").shapes.add_table(2, 2, Inches(1), Inches(2), Inches(8), Inches(2)).table
    for place, text in enumerate(("Region", "Cases", "Loreto", "15")):
        table.cell(place // 2, place % 2).text = text
    table.cell(0, 1)._tc.set("gridSpan", "2000000000")
    table.cell(1, 0)._tc.set("rowSpan", "2000000000")
    assert texts(document_of(deck))[-1] == "Region: Loreto | Cases: 15"


def test_too_much_text_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corpus.parsers.office.pptx._MOST_CHARACTERS", 1000)
    deck = pptx.Presentation()
    add_slide(deck, TITLE_ONLY, "x" * 1001)
    with pytest.raises(DocumentError, match=r"^deck\.pptx has more than 1,000 characters of text"):
        document_of(deck)


def test_superscripts_line_breaks_and_slide_numbers() -> None:
    deck = pptx.Presentation()
    slide = add_slide(deck, TITLE_ONLY, "Marks")
    frame = slide.shapes.add_textbox(Inches(1), Inches(2), Inches(5), Inches(1)).text_frame
    run = frame.paragraphs[0].add_run()
    run.text = "412 mills in 2021"
    run.font.color.rgb = RGBColor(1, 2, 3)
    note = frame.paragraphs[0].add_run()
    note.text = "3"
    note.font._element.set("baseline", "30000")
    frame.paragraphs[0].add_line_break()
    frame.paragraphs[0].add_run().text = "on a new line "
    field = f'<a:fld {nsdecls("a")} id="{{0}}" type="{{}}"><a:t>%s</a:t></a:fld>'
    frame.paragraphs[0]._p.append(parse_xml(field.replace("{}", "datetime1") % "today"))
    frame.paragraphs[0]._p.append(parse_xml(field.replace("{}", "slidenum") % "17"))
    assert texts(document_of(deck)) == ["Marks", "412 mills in 2021³ on a new line today"]


def add_placeholder(slide: Slide, kind: str, text: str) -> None:
    slide.shapes._spTree.append(
        parse_xml(
            f'<p:sp {nsdecls("p", "a")}><p:nvSpPr><p:cNvPr id="9" name="x"/><p:cNvSpPr/>'
            f'<p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr>'
            f"<p:spPr/><p:txBody><a:bodyPr/><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
        )
    )


def test_footers_are_left_out_and_counted() -> None:
    deck = pptx.Presentation()
    slide = add_slide(deck, TITLE_ONLY, "Timber")
    for kind, text in (("ftr", "Ministry"), ("sldNum", "7"), ("dt", "2021")):
        add_placeholder(slide, kind, text)
    document = document_of(deck)
    assert texts(document) == ["Timber"]
    assert document.running_lines == 3


def test_hidden_slides_are_included() -> None:
    deck = pptx.Presentation()
    slide = add_slide(deck, TITLE_ONLY, "What nobody should see")
    slide._element.set("show", "0")
    assert texts(document_of(deck)) == ["What nobody should see"]


def test_content_for_newer_and_older_programs_is_read_once() -> None:
    deck = pptx.Presentation()
    slide = add_slide(deck, TITLE_ONLY, "Once")
    shape = (
        '<p:sp><p:nvSpPr><p:cNvPr id="9" name="x"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr/>'
        "<p:txBody><a:bodyPr/><a:p><a:r><a:t>{}</a:t></a:r></a:p></p:txBody></p:sp>"
    )
    compatibility = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    slide.shapes._spTree.append(
        parse_xml(
            f'<mc:AlternateContent xmlns:mc="{compatibility}" {nsdecls("p", "a")}><mc:Choice Requires="p">{shape.format("new")}'
            f"</mc:Choice><mc:Fallback>{shape.format('old')}</mc:Fallback></mc:AlternateContent>"
        )
    )
    assert texts(document_of(deck)) == ["Once", "new"]


@pytest.mark.parametrize("data", [b"PK\x03\x04 not really", b"PK\x05\x06" + bytes(18)])
def test_a_file_that_is_not_a_presentation_is_refused_in_one_sentence(data: bytes) -> None:
    with pytest.raises(DocumentError) as caught:
        read_bytes(data, "deck.pptx")
    assert "deck.pptx" in str(caught.value)
    assert "\n" not in str(caught.value)
