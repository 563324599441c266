"""Makes the files that the tests read, so that nothing outside the project is needed."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

from docx.document import Document as DocxDocument
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from corpus import Document, read_bytes

WIDTH, HEIGHT = 400.0, 600.0
TOP, LEADING = 540.0, 14.0

Styled = tuple[str, str, float]
"""A line with its font and size."""


def text_document(text: str, name: str = "report.txt") -> Document:
    return read_bytes(text.encode("utf-8"), name)


def pdf(
    pages: Sequence[Sequence[str | Styled]],
    *,
    header: str = "",
    footer: str = "",
    labels: Sequence[tuple[int, str, int]] = (),
    title: str = "",
    password: str = "",
) -> bytes:
    """A PDF with these lines on its pages; a blank line is a gap. "{n}" in header and footer is the page's number.

    `labels` are (first page from 0, style, first number) as PDF's page labels have them.
    """
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=1, encrypt=StandardEncryption(password) if password else None)
    canvas.setTitle(title)
    for page, style, start in labels:
        canvas.addPageLabel(page, style=style, start=start)
    for number, lines in enumerate(pages, 1):
        for line, y in ((header, HEIGHT - 20), (footer, 20)):
            canvas.setFont("Helvetica", 9)
            if line:
                canvas.drawCentredString(WIDTH / 2, y, line.format(n=number))
        y = TOP
        for styled in lines:
            text, font, size = (styled, "Helvetica", 10.0) if isinstance(styled, str) else styled
            canvas.setFont(font, size)
            canvas.drawString(30, y, text)
            y -= LEADING
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def table_pdf(rows: Sequence[Sequence[str]]) -> bytes:
    """A PDF of one page with a table without lines: the cells of a row stand far apart."""

    def draw(canvas: Canvas) -> None:
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                canvas.drawString(30 + 150 * column, TOP - LEADING * number, cell)

    return drawn_pdf(draw)


def drawn_pdf(draw: Callable[[Canvas], None]) -> bytes:
    """A PDF that `draw` draws, which begins other pages by itself."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=1)
    draw(canvas)
    canvas.save()
    return out.getvalue()


def scanned_pdf(pages: int, with_text: Sequence[int] = ()) -> bytes:
    """A PDF whose pages are pictures, but for those, from 1, that have text."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=1)
    picture = ImageReader(Image.new("L", (40, 60), 200))
    for number in range(1, pages + 1):
        if number in with_text:
            canvas.drawString(30, TOP, f"Page {number} was typed and can be read.")
        else:
            canvas.drawImage(picture, 0, 0, WIDTH, HEIGHT)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def docx_bytes(document: DocxDocument) -> bytes:
    """The document as a DOCX file."""
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def write(path: Path, data: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)
    return path


REPORT = """Forests of the North

Timber

The ministry of forests counted 412 illegal sawmills in 2021. Most of them stand near the river Marañón.
However, few were closed.

Police

Officers in Iquitos seized forty trucks of mahogany. The trucks were returned within a week.
"""
"""A small report in plain text."""
