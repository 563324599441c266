import pypdfium2 as pdfium
import pypdfium2.raw as raw
import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from corpus import Document, DocumentError, read_bytes, sentences
from tests.made import HEIGHT, WIDTH, Styled, drawn_pdf, pdf, scanned_pdf, table_pdf
from tests.shown import blocks_of

BOLD = "Helvetica-Bold"

LINES = [
    "The ministry of forests counted four hundred and twelve illegal sawmills",
    "in the north of the country, and closed fewer than twenty of them in all.",
]


def pages_of(document: Document) -> list[str]:
    return [document.text[page.start : page.end].strip() for page in document.pages]


def test_running_headers_and_footers_are_left_out_of_the_text() -> None:
    pages = [[f"Chapter {n} begins with its own words.", "", *LINES] for n in ("one", "two", "three", "four")]
    document = read_bytes(pdf(pages, header="Forests of the North", footer="Page {n} of 4"), "r.pdf")
    assert "Forests of the North" not in document.text
    assert "of 4" not in document.text
    assert [page.splitlines()[0] for page in pages_of(document)] == [lines[0] for lines in pages]


@pytest.mark.parametrize("count", [2, 3])
def test_short_documents_have_running_lines_too(count: int) -> None:
    pages = [[f"Words of page {n}, and of no other.", *LINES] for n in range(count)]
    document = read_bytes(pdf(pages, header="The header", footer="- {n} -"), "r.pdf")
    assert "The header" not in document.text
    assert "- 1 -" not in document.text
    assert "Words of page 1, and of no other." in document.text


def test_a_page_of_one_line_keeps_it_even_if_every_page_repeats_it() -> None:
    document = read_bytes(
        pdf([[f"This is the text of page {n}."] for n in range(1, 6)], header="Header", footer="Page {n}"), "r.pdf"
    )
    assert pages_of(document) == [f"This is the text of page {n}." for n in range(1, 6)]


def test_text_that_every_page_repeats_is_kept() -> None:
    document = read_bytes(pdf([["The same words on both."]] * 2), "r.pdf")
    assert pages_of(document) == ["The same words on both."] * 2


def test_similar_table_rows_are_not_running_lines() -> None:
    pages = [[f"{town} paid {n * 37} soles.", *LINES] for n, town in enumerate(["Lima", "Cusco", "Tacna", "Piura"], 1)]
    document = read_bytes(pdf(pages), "r.pdf")
    assert [page.splitlines()[0] for page in pages_of(document)] == [lines[0] for lines in pages]


def test_the_file_s_own_page_labels_take_precedence() -> None:
    data = pdf([[f"Text of page {n}."] for n in range(4)], labels=[(0, "ROMAN_LOWER", 1), (2, "ARABIC", 1)], footer="{n}")
    assert [(page.number, page.label) for page in read_bytes(data, "r.pdf").pages] == [(1, "i"), (2, "ii"), (3, "1"), (4, "2")]


def test_the_printed_page_number_is_the_label_if_the_file_has_none() -> None:
    def footers(*labels: str) -> list[list[str]]:
        return [[f"Words that page {n} alone has.", *LINES, *[""] * 20, label] for n, label in enumerate(labels)]

    document = read_bytes(pdf(footers("", "i", "ii", "iii", "1", "2", "3")), "r.pdf")
    assert [page.label for page in document.pages] == [None, "i", "ii", "iii", "1", "2", "3"]
    assert "iii" not in document.text


def test_a_paragraph_across_a_page_break_is_one_slice() -> None:
    first = [*LINES[:1], "in the north of the country, of which it closed fewer than in all the years"]
    second = ["before it, as the report says on its last page. Nobody knows why."]
    document = read_bytes(pdf([first, second], header="Header", footer="{n}"), "r.pdf")
    quote = (
        "The ministry of forests counted four hundred and twelve illegal sawmills\nin the north of the country, of which it closed"
    )
    found = [document.text[start:end] for start, end in sentences(document)]
    assert found[0].startswith(quote)
    assert found[0].endswith("all the years\nbefore it, as the report says on its last page.")
    assert found[1] == "Nobody knows why."
    assert document.pages[1].start == document.text.index("before it")


def test_a_footnote_does_not_cut_a_paragraph_that_continues_on_the_next_page() -> None:
    first: list[str | Styled] = [
        "Another paragraph ends here.",
        "",
        *LINES[:1],
        "in the north of the country, of which it closed fewer than in all the years",
        *[""] * 20,
        ("1 The ministry's own count, which was made in May and", "Helvetica", 7.0),
        ("was never published.", "Helvetica", 7.0),
        ("2 See the annex.", "Helvetica", 7.0),
    ]
    second = ["before it, as the report says on its last page.", "", "Nobody knows why."]
    document = read_bytes(pdf([first, second], header="Header", footer="{n}"), "r.pdf")
    paragraph = f"{LINES[0]} {first[3]} {second[0]}"
    assert blocks_of(document) == [
        "Another paragraph ends here.",
        "1 The ministry's own count, which was made in May and was never published.",
        "2 See the annex.",
        paragraph,
        "Nobody knows why.",
    ]
    assert paragraph in [document.shown(*sentence) for sentence in sentences(document)]
    assert document.pages[1].start == document.text.index("before it, as")
    assert document.pages[0].end == document.pages[1].start


def test_a_footnote_stays_last_if_the_page_ends_with_a_complete_sentence() -> None:
    first: list[str | Styled] = [*LINES, *[""] * 20, ("* The ministry's own count.", "Helvetica", 7.0)]
    document = read_bytes(pdf([first, ["A second page has its own text."]]), "r.pdf")
    assert blocks_of(document) == [" ".join(LINES), "The ministry's own count.", "A second page has its own text."]


def test_a_caption_is_a_block_of_its_own() -> None:
    lines = [*LINES, "Figure 3: Sawmills by region and by year, as the ministry counted them.", *LINES]
    lines[-1] = "in Table 2. The rest of it was never seen by those who have to know of it."
    text = " ".join(lines[3:])
    assert blocks_of(read_bytes(pdf([lines]), "r.pdf")) == [" ".join(LINES), lines[2], text]


def test_a_raised_note_number_stays_in_its_line() -> None:
    def draw(canvas: Canvas) -> None:
        for y, value in ((500, "412"), (486, "97")):
            canvas.setFont("Helvetica", 10)
            canvas.drawString(30, y, "Sawmills")
            canvas.setFont("Helvetica", 6)
            canvas.drawString(72, y + 4, "(1)")
            canvas.setFont("Helvetica", 10)
            canvas.drawRightString(200, y, value)

    assert blocks_of(read_bytes(drawn_pdf(draw), "r.pdf")) == ["Sawmills (1) | 412", "Sawmills (1) | 97"]


def test_a_note_number_does_not_merge_with_the_number_before_it() -> None:
    def draw(canvas: Canvas) -> None:
        y, x = 500.0, 30.0
        for text, size, rise in (
            ("The ministry paid 412", 10, 0),
            ("1", 6, 4),
            (" million in 2019", 10, 0),
            ("2,3", 6, 4),
            (". Of 14", 10, 0),
            ("15", 7, 0),
            (" were lost.", 10, 0),
        ):
            canvas.setFont("Helvetica", size)
            canvas.drawString(x, y + rise, text)
            x += canvas.stringWidth(text, "Helvetica", size)
        for left, size, rise, text in ((30, 11, 0, "Sawmills"), (180, 8, 1, "2022"), (240, 8, 1, "14")):
            canvas.setFont("Helvetica", size)
            canvas.drawString(left, 400 + rise, text)

    document = read_bytes(drawn_pdf(draw), "r.pdf")
    assert [block.replace(" .", ".") for block in blocks_of(document)] == [
        "The ministry paid 412¹ million in 2019²,³. Of 1415 were lost.",
        "Sawmills 2022 14",
    ]


def test_footnotes_that_the_file_draws_first_come_after_the_text() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 7)
        canvas.drawString(30, 60, "1 Law No. 30071, published in March.")
        canvas.setFont("Helvetica", 10)
        for place, text in enumerate(LINES):
            canvas.drawString(30, 500 - 14 * place, text)

    assert blocks_of(read_bytes(drawn_pdf(draw), "r.pdf")) == [" ".join(LINES), "1 Law No. 30071, published in March."]


def test_ligatures_and_soft_hyphens_do_not_change_a_word() -> None:
    pdfmetrics.registerFont(TTFont("Vera", "Vera.ttf"))

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Vera", 10)
        canvas.drawString(30, 500, "The \ufb01nes of the min\xadistry for the saw\xad")
        canvas.drawString(30, 486, "mills of the north.")

    document = read_bytes(drawn_pdf(draw), "r.pdf")
    assert document.shown(0, len(document.text)) == "The fines of the ministry for the sawmills of the north."


def test_running_lines_are_counted() -> None:
    pages = [[f"Words of page {n}, and of no other.", *LINES] for n in range(4)]
    assert read_bytes(pdf(pages, header="The header", footer="- {n} -"), "r.pdf").running_lines == 8
    assert read_bytes(pdf(pages), "r.pdf").running_lines == 0


def test_paragraphs_bullets_and_headings() -> None:
    lines: list[str | Styled] = [
        ("Forests of the North", BOLD, 20.0),
        "",
        ("Sawmills in Loreto", BOLD, 14.0),
        "",
        *LINES,
        "Closed.",
        "",
        "• The first item goes on in a second line because it is longer than that",
        "one line of the page.",
        "• The second item.",
        ("Trucks", BOLD, 10.0),
        "The trucks were returned.",
    ]
    document = read_bytes(pdf([lines]), "r.pdf")
    assert document.title == "Forests of the North"
    assert [(heading.level, document.shown(heading.start, heading.end)) for heading in document.headings] == [
        (1, "Forests of the North"),
        (2, "Sawmills in Loreto"),
        (3, "Trucks"),
    ]
    assert blocks_of(document)[2:] == [
        " ".join(LINES) + " Closed.",
        "The first item goes on in a second line because it is longer than that one line of the page.",
        "The second item.",
        "Trucks",
        "The trucks were returned.",
    ]


def test_a_bullet_in_another_font_and_a_footnote_number_do_not_cut_a_sentence() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Symbol", 3)
        canvas.drawString(30, 540, "\u2022")
        canvas.setFont("Helvetica", 10)
        canvas.drawString(50, 540, "The first item of the list goes on in a second line, since it is longer")
        canvas.drawString(50, 528, "than the one line.")
        canvas.setFont("Helvetica", 5)
        canvas.drawString(30, 512, "1")
        canvas.setFont("Helvetica", 10)
        canvas.drawString(38, 510, "On March 21 the ministry ended what it had begun in the year before the")
        canvas.drawString(34, 498, "last, and said why.")

    assert blocks_of(read_bytes(drawn_pdf(draw), "r.pdf")) == [
        "The first item of the list goes on in a second line, since it is longer than the one line.",
        "1 On March 21 the ministry ended what it had begun in the year before the last, and said why.",
    ]


@pytest.mark.parametrize(("angle", "place"), [(90, (WIDTH, 0)), (180, (WIDTH, HEIGHT)), (270, (0, HEIGHT))])
def test_a_turned_page_reads_as_an_upright_one(angle: int, place: tuple[float, float]) -> None:
    lines = [*LINES, "This was said in May. And then", "nothing more was said of it by", "any of them."]

    def draw(canvas: Canvas) -> None:
        canvas.translate(*place)
        canvas.rotate(angle)
        for number, line in enumerate(lines):
            canvas.drawString(20, 350 - 14 * number, line)

    assert blocks_of(read_bytes(drawn_pdf(draw), "r.pdf")) == [" ".join(lines)]


def test_headings_at_the_top_of_each_page_are_not_running_headers() -> None:
    pages: list[list[str | Styled]] = [[(f"Annex {n}: not approved", BOLD, 14.0), "", *LINES] for n in (1, 2, 3, 4)]
    document = read_bytes(pdf(pages, header="Forests", footer="{n}"), "r.pdf")
    assert [document.shown(start, end) for _, start, end in document.headings] == [f"Annex {n}: not approved" for n in (1, 2, 3, 4)]
    assert [page.label for page in document.pages] == ["1", "2", "3", "4"]


def test_a_short_last_line_continues_on_the_next_page_if_its_sentence_does() -> None:
    first = [*LINES, "in the north, and of the others it said"]
    whole = read_bytes(pdf([first, ["nothing at all. It ended there."]]), "r.pdf")
    assert blocks_of(whole) == [" ".join([*first, "nothing at all. It ended there."])]
    apart = read_bytes(pdf([first, ["Nothing at all was said."]]), "r.pdf")
    assert blocks_of(apart) == [" ".join(first), "Nothing at all was said."]


def test_each_table_row_is_a_block() -> None:
    document = read_bytes(table_pdf([["Region", "2020", "2021"], ["Loreto", "15", "412"], ["Ucayali", "7", "9"]]), "r.pdf")
    assert [document.text[start:end] for start, end in document.blocks] == ["Region 2020 2021", "Loreto 15 412", "Ucayali 7 9"]


def test_a_dash_in_a_table_is_a_cell_not_a_bullet() -> None:
    document = read_bytes(table_pdf([["Region", "2020", "2021"], ["- ", "15", "412"], ["– nil", "7", "9"]]), "r.pdf")
    assert [document.text[start:end] for start, end in document.blocks] == ["Region 2020 2021", "- 15 412", "– nil 7 9"]


def test_a_wrapped_line_that_looks_like_an_item_loses_nothing() -> None:
    lines = [
        "The ministry of forests counted the illegal sawmills of the north in",
        "412. It closed some of them - by night, and with the help of the army",
        "- as the law says in its article, which every officer has to know and",
        "(44) in the code. The rest went on.",
        "(a) The first finding is that.",
        "(b) The second finding is this.",
    ]
    assert blocks_of(read_bytes(pdf([lines]), "r.pdf")) == [" ".join(lines[:4]), *lines[4:]]


@pytest.mark.parametrize(
    ("title", "expected"),
    [("Forests and Trade", "Forests and Trade"), ("Microsoft Word - v2.docx", "The Heading"), ("", "The Heading")],
)
def test_a_file_name_in_the_metadata_is_not_a_title(title: str, expected: str) -> None:
    assert read_bytes(pdf([[("The Heading", BOLD, 20.0), "", *LINES]], title=title), "r.pdf").title == expected


def test_runs_map_each_character_to_one_in_the_file() -> None:
    data = pdf([[*LINES, "– dashes, “quotes” and ñandúes."], ["A second page."]], header="Header", footer="{n}")
    document = read_bytes(data, "r.pdf")
    opened = pdfium.PdfDocument(data)
    tied = 0
    for run in document.runs:
        page = opened[run.page - 1].get_textpage()
        for place in range(run.length):
            assert raw.FPDFText_GetUnicode(page, run.source + place) == ord(document.text[run.text_start + place])
            tied += 1
    assert tied == sum(character != "\n" for character in document.text)


def test_a_line_end_hyphen_is_in_the_text_but_not_in_what_is_shown() -> None:
    document = read_bytes(
        pdf([["The ministry of forests counted the sawmills and the investi-", "gation of them went on for long."]]), "r.pdf"
    )
    assert "investi-\ngation" in document.text
    assert "the investigation of them" in document.shown(0, len(document.text))


def test_pages_without_text_are_listed_and_a_scan_is_refused() -> None:
    assert read_bytes(scanned_pdf(4, with_text=[2]), "r.pdf").pages_without_text() == (1, 3, 4)
    with pytest.raises(DocumentError, match=r"scan.pdf has no text on any of its 3 pages: it seems to be scanned, and needs OCR"):
        read_bytes(scanned_pdf(3), "scan.pdf", ocr=False)
    with pytest.raises(DocumentError, match=r"scan\.pdf has no text on its only page"):
        read_bytes(scanned_pdf(1), "scan.pdf")


def test_an_encrypted_or_broken_pdf_is_refused() -> None:
    with pytest.raises(DocumentError, match=r"locked.pdf is encrypted: remove its password and add it again."):
        read_bytes(pdf([LINES], password="secret"), "locked.pdf")
    whole = pdf([LINES] * 3)
    for part in (whole[:40], whole[: len(whole) // 2], whole[: len(whole) // 2].replace(b"obj", b"xxx")):
        with pytest.raises(DocumentError, match=r"cut\.pdf") as caught:
            read_bytes(part, "cut.pdf")
        assert "\n" not in str(caught.value)
