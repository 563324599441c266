"""Makes PDFs whose pages are pictures of text, and programs that stand in for tesseract."""

import io
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import reportlab
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from corpus import Document
from corpus.pdf_pages import Box

REQUIRED = os.environ.get("QUIPU_TEST_TESSERACT") == "required"
needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None and not REQUIRED,
    reason="there is no tesseract (Debian: apt-get install tesseract-ocr tesseract-ocr-spa)",
)

FONT = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
WIDTH, HEIGHT = 1240, 1000
LEFT, TOP, LEADING = 100, 120, 50

Sides = tuple[float, float, float, float]


def pictured(lines: Sequence[str], size: int = 34) -> Image.Image:
    """A page of 1240 by 1000 pixels with these lines on it; a blank one is a gap."""
    picture = Image.new("L", (WIDTH, HEIGHT), 255)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.truetype(FONT, size)
    for number, line in enumerate(lines):
        draw.text((LEFT, TOP + LEADING * number), line, font=font, fill=0)
    return picture


def drawn_at(lines: Sequence[str], number: int, words: str, size: int = 34) -> Sides:
    """Where words of a line were drawn by `pictured`: left, top, right and bottom, as shares of the page."""
    font = ImageFont.truetype(FONT, size)
    before = lines[number][: lines[number].index(words)]
    left, top, right, bottom = font.getbbox(words)
    x, y = LEFT + font.getlength(before), TOP + LEADING * number
    return (x + left) / WIDTH, (y + top) / HEIGHT, (x + right) / WIDTH, (y + bottom) / HEIGHT


def scans(pages: Sequence[Image.Image | Sequence[str] | None], *, header: str = "", stamp: str = "", dpi: int = 300) -> bytes:
    """A PDF with pages of all kinds: pictures, lines that are typed, and None for a page with nothing on it. Each has the typed
    `header` on top, in which "{n}" is the page's number; the first has the `stamp` typed upon it.
    """
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1)
    for number, page in enumerate(pages, 1):
        width, height = (side * 72 / dpi for side in (page.size if isinstance(page, Image.Image) else (WIDTH, HEIGHT)))
        canvas.setPageSize((width, height))
        if isinstance(page, Image.Image):
            canvas.drawImage(ImageReader(page), 0, 0, width, height)
        for place, line in enumerate(page if isinstance(page, Sequence) else ()):
            canvas.drawString(20, height - 80 - 14 * place, line)
        if header:
            canvas.drawCentredString(width / 2, height - 12, header.format(n=number))
        if stamp and number == 1:
            canvas.drawString(20, height - 16, stamp)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def ocr_pages(document: Document) -> list[int]:
    return [page.number for page in document.pages if page.ocr]


def assert_around(box: Box, sides: Sides, *, within: float = 0.006) -> None:
    """The box's sides are those, but for so much of the page."""
    assert all(abs(found - drawn) < within for found, drawn in zip(box[1:], sides, strict=True)), (box, sides)


class StandIn:
    """A program named tesseract, first on the path. It knows these languages, and does with a picture what `body` says in Python:
    there `picture` are its bytes, and `arguments` what it was called with.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, body: str, languages: str = "eng spa osd") -> None:
        self._calls = folder / "calls"
        program = folder / "tesseract"
        lines = [
            f"#!{sys.executable}",
            "import os, sys, time",
            "arguments = sys.argv[1:]",
            "if arguments == ['--list-langs']:",
            f"    print('List of available languages (3):', *{languages.split()!r}, sep='\\n')",
            "    sys.exit()",
            f"with open({str(self._calls)!r}, 'a') as calls: print(*arguments, sorted(os.environ), file=calls)",
            "picture = sys.stdin.buffer.read()",
            body,
        ]
        program.write_text("\n".join(lines) + "\n", encoding="utf-8")
        program.chmod(0o700)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    @property
    def calls(self) -> list[str]:
        """What it was called with, call by call, and the names of its environment."""
        return self._calls.read_text(encoding="utf-8").splitlines() if self._calls.exists() else []


def hocr(*paragraphs: Sequence[Sequence[tuple[str, int]]]) -> str:
    """What tesseract says of a page: paragraphs of lines of words, each with its confidence. Words are 100 pixels wide and 40 high,
    lines 60 apart.
    """
    said = "<html><body><div class='ocr_page'>"
    y = 100
    for paragraph in paragraphs:
        said += "<p class='ocr_par'>"
        for line in paragraph:
            y += 60
            said += f"<span class='ocr_line' title='bbox 100 {y} {100 + 110 * len(line)} {y + 40}; baseline 0 -8; x_size 40'>"
            for place, (word, confidence) in enumerate(line):
                x = 100 + 110 * place
                said += f"<span class='ocrx_word' title='bbox {x} {y} {x + 100} {y + 40}; x_wconf {confidence}'>{word}</span> "
            said += "</span>"
        said += "</p>"
    return said + "</div></body></html>"
