import io
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pypdfium2 as pdfium
import pytest
from numpy.typing import NDArray
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from corpus import Document, DocumentError, read_bytes
from corpus.parsers.pdf.pdfium import PDFIUM
from corpus.pdf_pages import Box, PdfPages
from tests.made import HEIGHT, LEADING, TOP, WIDTH, drawn_pdf, pdf, table_pdf

LINES = [
    "The ministry of forests counted four hundred and twelve illegal sawmills",
    "in the north of the country, and closed fewer than twenty of them in all.",
    "Officers in Iquitos seized forty trucks of mahogany; gypsy judges quietly left.",
]


def opened(data: bytes) -> tuple[Document, PdfPages]:
    return read_bytes(data, "r.pdf"), PdfPages(data)


def boxes_of(document: Document, pages: PdfPages, quote: str) -> list[Box]:
    start = document.text.index(quote)
    return pages.boxes(document, start, start + len(quote))


def squashed(text: str) -> str:
    return "".join(text.split())


def under(data: bytes, box: Box) -> str:
    """Return the characters of an upright page whose centres pypdfium2 finds in the box, without whitespace."""
    with PDFIUM:
        document = pdfium.PdfDocument(data)
        page = document[box.page - 1]
        left, bottom, right, top = page.get_cropbox()
        textpage = page.get_textpage()
        found = ""
        for index in range(textpage.count_chars()):
            sides = textpage.get_charbox(index)
            x = ((sides[0] + sides[2]) / 2 - left) / (right - left)
            y = (top - (sides[1] + sides[3]) / 2) / (top - bottom)
            if sides[0] < sides[2] and box.left <= x <= box.right and box.top <= y <= box.bottom:
                found += textpage.get_text_range(index, 1)
        textpage.close()
        page.close()
        document.close()
    return squashed(found)


def dark(picture: bytes) -> NDArray[np.bool_]:
    """Return a mask (rows, columns) of the picture's dark pixels."""
    return np.asarray(Image.open(io.BytesIO(picture)).convert("L")) < 128


def extent(ink: NDArray[np.bool_]) -> tuple[float, float, float, float]:
    """Return the left, top, right and bottom of the ink, as shares of the picture."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    height, width = ink.shape
    return columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height


def turned(data: bytes, degrees: int) -> bytes:
    """Return the PDF with its pages rotated clockwise."""
    with PDFIUM:
        document = pdfium.PdfDocument(data)
        for index in range(len(document)):
            page = document[index]
            page.set_rotation(degrees)
            page.close()
        out = io.BytesIO()
        document.save(out)
        document.close()
    return out.getvalue()


def test_a_quote_on_one_line_has_one_box_around_its_characters() -> None:
    data = pdf([LINES])
    document, pages = opened(data)
    (box,) = boxes_of(document, pages, "gypsy judges quietly")
    assert under(data, box) == "gypsyjudgesquietly"
    baseline = (HEIGHT - (TOP - 2 * LEADING)) / HEIGHT
    assert box.page == 1
    assert box.top < baseline - 7 / HEIGHT
    assert baseline + 2 / HEIGHT < box.bottom
    assert box.bottom - box.top < LEADING / HEIGHT


def test_a_quote_on_two_lines_has_two_boxes_in_reading_order() -> None:
    data = pdf([LINES])
    document, pages = opened(data)
    boxes = boxes_of(document, pages, "illegal sawmills\nin the north")
    assert [under(data, box) for box in boxes] == ["illegalsawmills", "inthenorth"]
    assert boxes[0].bottom < boxes[1].bottom
    assert boxes[0].left > boxes[1].right


def test_a_quote_across_a_page_break_has_no_box_on_the_running_lines() -> None:
    first, second = (
        ["of which it closed fewer than in all the years"],
        ["before it, as the report says on its last page. Nobody knows why."],
    )
    data = pdf([[*LINES[:1], *first], second], header="Forests of the North", footer="Page {n} of 2")
    document, pages = opened(data)
    boxes = boxes_of(document, pages, "closed fewer than in all the years\nbefore it, as")
    assert [(box.page, under(data, box)) for box in boxes] == [(1, "closedfewerthaninalltheyears"), (2, "beforeit,as")]


def test_the_same_words_elsewhere_on_the_page_are_not_boxed() -> None:
    data = pdf([["The trucks were returned.", *LINES, "The trucks were returned."]])
    document, pages = opened(data)
    start = document.text.rindex("The trucks")
    (box,) = pages.boxes(document, start, start + len("The trucks were returned."))
    assert box.top > (HEIGHT - TOP + 3 * LEADING) / HEIGHT


def test_narrow_leading_does_not_pull_neighbouring_lines_into_the_box() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 12)
        for number, line in enumerate(LINES):
            canvas.drawString(30, TOP - 8 * number, line[:50])

    data = drawn_pdf(draw)
    document, pages = opened(data)
    boxes = boxes_of(document, pages, LINES[1][:50])
    assert "".join(under(data, box) for box in boxes) == squashed(LINES[1][:50])


def test_cells_have_separate_boxes_if_other_text_lies_between_them() -> None:
    data = table_pdf([["Lima", "412", "38"], ["Cusco", "97", "61"]])
    document, pages = opened(data)
    text = document.text
    whole = boxes_of(document, pages, text[text.index("Lima") : text.index("38") + 2])
    assert [under(data, box) for box in whole] == ["Lima41238"]
    runs = [run for run in document.runs if run.text_start < text.index("Cusco")]
    lima, last = text.index("Lima"), text.index("38")
    outer = [(run, place) for run in runs for place in (lima, last) if run.text_start <= place < run.text_start + run.length]
    skipping = Document(
        **{
            **vars(document),
            "runs": tuple(
                run._replace(text_start=place, length=length, source=run.source + place - run.text_start)
                for (run, place), length in zip(outer, (4, 2), strict=True)
            ),
        }
    )
    assert [under(data, box) for box in pages.boxes(skipping, lima, last + 2)] == ["Lima", "38"]


def test_a_raised_number_is_in_the_box_of_its_line() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 10)
        canvas.drawString(30, TOP, "Sales rose in the north")
        canvas.setFont("Helvetica", 6)
        canvas.drawString(140, TOP + 4, "2")
        canvas.setFont("Helvetica", 10)
        canvas.drawString(146, TOP, "and fell in the south.")

    data = drawn_pdf(draw)
    document, pages = opened(data)
    boxes = pages.boxes(document, 0, len(document.text))
    assert [under(data, box) for box in boxes] == ["Salesroseinthenorth2andfellinthesouth."]


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_the_box_is_where_the_characters_are_drawn(degrees: int) -> None:
    data = turned(pdf([["Sawmills", "", "", "", "Trucks of mahogany"]]), degrees)
    document, pages = opened(data)
    assert pages.sizes == ((HEIGHT, WIDTH) if degrees in (90, 270) else (WIDTH, HEIGHT),)
    ink = dark(pages.image(1, 800))
    height, width = ink.shape
    seen = np.zeros_like(ink)
    for quote in ("Sawmills", "Trucks of mahogany"):
        (box,) = boxes_of(document, pages, quote)
        assert_holds_its_ink(ink, box)
        seen[round(box.top * height) : round(box.bottom * height), round(box.left * width) : round(box.right * width)] = True
    assert not (ink & ~seen).any()


def assert_holds_its_ink(ink: NDArray[np.bool_], box: Box) -> None:
    """Assert that there is ink in the box and that it reaches close to each side, so the box fits the characters."""
    height, width = ink.shape
    inside = np.zeros_like(ink)
    rows = slice(round(box.top * height), round(box.bottom * height))
    columns = slice(round(box.left * width), round(box.right * width))
    inside[rows, columns] = ink[rows, columns]
    assert inside.any()
    points = HEIGHT / max(width, height)  # per pixel
    distances = np.abs(np.subtract(extent(inside), box[1:])) * (width, height, width, height) * points
    assert (distances < 5).all()


def test_a_crop_box_moves_the_boxes_with_the_picture() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setCropBox((20, 300, 320, 580))
        canvas.drawString(30, TOP, "Sawmills in Loreto")

    document, pages = opened(drawn_pdf(draw))
    assert pages.sizes == ((300, 280),)
    (box,) = pages.boxes(document, 0, len(document.text))
    ink = dark(pages.image(1, 900))
    assert ink.shape == (840, 900)
    left, top, right, bottom = extent(ink)
    assert box.left <= left + 0.002
    assert box.top <= top + 0.002
    assert box.right >= right - 0.002
    assert box.bottom >= bottom - 0.002
    assert box.left == pytest.approx(10 / 300, abs=0.005)
    assert box.top < 40 / 280 < box.bottom
    assert box.bottom - box.top < 20 / 280


def test_text_outside_of_the_crop_box_has_no_box() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setCropBox((0, 0, WIDTH, 300))
        canvas.drawString(30, TOP, "Nobody sees this line.")
        canvas.drawString(30, 200, "Everybody sees that line.")

    document, pages = opened(drawn_pdf(draw))
    boxes = pages.boxes(document, 0, len(document.text))
    assert all(0 <= share <= 1 for box in boxes for share in box[1:])
    assert len(boxes) == 1
    assert boxes[0].top < 100 / 300 < boxes[0].bottom


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_rotated_text_on_an_upright_page_is_boxed_line_by_line(degrees: int) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.translate(WIDTH / 2, HEIGHT / 2)
        canvas.rotate(degrees)
        for number, line in enumerate(LINES[:2]):
            canvas.drawString(-150, -LEADING * number, line[:40])

    data = drawn_pdf(draw)
    document, pages = opened(data)
    boxes = boxes_of(document, pages, f"{LINES[0][:40].strip()}\n{LINES[1][:40].strip()}")
    assert [under(data, box) for box in boxes] == [squashed(line[:40]) for line in LINES[:2]]


def test_a_blank_or_empty_range_has_no_box() -> None:
    document, pages = opened(pdf([LINES]))
    space = document.text.index(" ")
    assert pages.boxes(document, space, space + 1) == []
    assert pages.boxes(document, 5, 5) == []


def test_a_hyphen_that_cuts_a_word_is_in_the_box() -> None:
    data = pdf([["The ministry counted four hundred and twelve illegal saw-", "mills in the north."]])
    document, pages = opened(data)
    boxes = boxes_of(document, pages, "illegal saw-\nmills")
    assert [squashed(under(data, box).replace("\ufffe", "-").replace("\x02", "-")) for box in boxes] == ["illegalsaw-", "mills"]


def test_a_document_of_another_file_is_refused() -> None:
    document = read_bytes(pdf([LINES]), "r.pdf")
    with pytest.raises(ValueError, match="another file"):
        PdfPages(pdf([["Another text."]])).boxes(document, 0, 10)


@pytest.mark.parametrize("width", [1, 333, 1200])
def test_a_picture_has_the_requested_width_and_a_white_background(width: int) -> None:
    picture = Image.open(io.BytesIO(PdfPages(pdf([LINES])).image(1, width)))
    assert (picture.format, picture.width) == ("PNG", width)
    assert picture.height == pytest.approx(width * HEIGHT / WIDTH, abs=1)
    assert picture.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_a_picture_keeps_its_colours() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFillColorRGB(1, 0, 0)
        canvas.rect(0, 0, WIDTH / 2, HEIGHT, stroke=0, fill=1)

    picture = Image.open(io.BytesIO(PdfPages(drawn_pdf(draw)).image(1, 100))).convert("RGB")
    assert picture.getpixel((10, 50)) == (255, 0, 0)
    assert picture.getpixel((90, 50)) == (255, 255, 255)


@pytest.mark.parametrize(("page", "width"), [(0, 100), (3, 100), (-1, 100), (1, 0)])
def test_a_page_or_width_out_of_range_is_refused(page: int, width: int) -> None:
    with pytest.raises(ValueError, match=r"page|wide"):
        PdfPages(pdf([LINES, LINES])).image(page, width)


def test_a_page_that_would_be_drawn_too_high_is_refused() -> None:
    with pytest.raises(DocumentError, match="pixels"):
        PdfPages(pdf([LINES])).image(1, 10_000)


@pytest.mark.parametrize(
    ("data", "cause"), [(b"", "broken"), (b"%PDF-1.7 and no more", "broken"), (pdf([LINES], password="secret"), "encrypted")]
)
def test_a_file_that_cannot_be_opened_is_refused(data: bytes, cause: str) -> None:
    with pytest.raises(DocumentError, match=cause) as caught:
        PdfPages(data)
    assert "\n" not in str(caught.value)


def test_nothing_works_after_close() -> None:
    document, pages = opened(pdf([LINES]))
    pages.close()
    pages.close()
    with pytest.raises(ValueError, match="closed"):
        pages.image(1, 100)
    with pytest.raises(ValueError, match="closed"):
        pages.boxes(document, 0, 10)


def test_threads_get_the_same_results_as_a_single_one() -> None:
    data = pdf([[f"Words of page {n}, and of no other.", *LINES] for n in range(1, 5)])
    document, pages = opened(data)
    alone = [answer(document, pages, number) for number in range(1, 5)]
    together = threading.Barrier(4)

    def ask(number: int) -> list[tuple[Sequence[Box], bytes]]:
        together.wait(timeout=60)
        mine = PdfPages(data)  # opened, and let go of, while others draw
        return [answer(document, either, number) for either in (pages, mine) for _ in range(5)]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(1, 5)))
    assert answers == [[one] * 10 for one in alone]


def answer(document: Document, pages: PdfPages, number: int) -> tuple[Sequence[Box], bytes]:
    page = document.pages[number - 1]
    return pages.boxes(document, page.start, page.end), pages.image(number, 300)
