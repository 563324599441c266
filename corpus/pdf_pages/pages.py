"""`PdfPages`: the open pages of one PDF, drawn as PNGs, with the boxes around quotes."""

import io
import math
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby

import pypdfium2 as pdfium
from PIL import Image

from corpus.document import Document
from corpus.errors import DocumentError
from corpus.formats import document_id
from corpus.parsers.pdf.pdfium import PDFIUM
from corpus.pdf_pages.characters import PageCharacters
from corpus.pdf_pages.quote_boxes import Box, character_boxes, ocr_boxes, source_ranges

_MOST_PIXELS = 20_000_000  # without it, a page a few points wide could be drawn millions of rows high
_COLOURS = 256
_NEARLY_WHITE = 250  # of 255: palette colours are averages, so paper with some grey on it isn't quite white


class PdfPages:
    """The displayed pages of one PDF. Safe to use from several threads.

    `sizes` has the displayed width and height of each page, in points. Raises DocumentError for a file that can't be opened.
    """

    sizes: tuple[tuple[float, float], ...]

    def __init__(self, data: bytes) -> None:
        with PDFIUM:
            self._document = _opened(data)
            # Closes the document when this object is collected, too: PDFIUM is held then as well.
            self._finish = weakref.finalize(self, _close, self._document)
            try:
                self.sizes = tuple(self._document.get_page_size(index) for index in range(len(self._document)))
            except pdfium.PdfiumError as error:
                self.close()
                raise DocumentError(f"The PDF can't be shown because it is broken: {error}") from None
        if not self.sizes:
            self.close()
            raise DocumentError("The PDF can't be shown: it has no pages.")
        self._id = document_id(data)

    def boxes(self, document: Document, start: int, end: int) -> list[Box]:
        """Return the boxes around characters `start` to `end` of the document that was read from this PDF, in reading order.

        There is one box per line, or more where a single one would cover the centre of a character outside the range. OCR words are
        boxed whole. Raises ValueError for a document of another file and after `close`, DocumentError for a broken page.
        """
        if document.id != self._id:
            raise ValueError(f"document {document.id} was read from another file than {self._id}")
        boxes: list[Box] = []
        for page, ranges in groupby(source_ranges(document, start, end), key=lambda source: source[0]):
            indices = [index for _, first, last in ranges for index in range(first, last)]
            boxes.extend(self._page_boxes(page, indices))
        boxes.extend(ocr_boxes(document, start, end))
        return sorted(boxes, key=lambda box: box.page)

    def image(self, page: int, width: int) -> bytes:
        """Return a page, by its physical number from 1, as a PNG of `width` pixels and at most 256 colours.

        Raises ValueError for a page that doesn't exist, a width below 1, and after `close`; DocumentError for a page that can't be
        drawn.
        """
        if width < 1:
            raise ValueError(f"a picture can't be {width} pixels wide")
        with self._page(page) as opened:
            scale = (width - 0.5) / self.sizes[page - 1][0]  # pypdfium2 rounds up; half a pixel less makes exactly `width`
            height = math.ceil(self.sizes[page - 1][1] * scale)
            if width * height > _MOST_PIXELS:
                raise DocumentError(f"Page {page} can't be drawn: it would be {width} by {height} pixels.")
            bitmap = opened.render(scale=scale)
            picture = bitmap.to_pil().convert("RGB")  # a copy: the bitmap's memory ends with it
            bitmap.close()
        return _png(picture)

    def close(self) -> None:
        """Close the file. Calling it again does nothing."""
        self._finish()

    def _page_boxes(self, number: int, indices: Sequence[int]) -> list[Box]:
        """Return the boxes around the characters with these PDFium indices on one page."""
        size = self.sizes[number - 1] if 1 <= number <= len(self.sizes) else (0.0, 0.0)
        with self._page(number) as page:
            textpage = page.get_textpage()
            try:
                on_page = PageCharacters(page, textpage, size)
                characters = [character for index in indices if (character := on_page.character(index)) is not None]
                centres = on_page.centres() if characters else {}
            finally:
                textpage.close()
        return character_boxes(characters, centres, number, size)

    @contextmanager
    def _page(self, number: int) -> Iterator[pdfium.PdfPage]:
        """Open a page, and hold `PDFIUM` until it is closed again."""
        if not 1 <= number <= len(self.sizes):
            raise ValueError(f"page {number} is not within 1 to {len(self.sizes)}")
        with PDFIUM:
            if not self._finish.alive:
                raise ValueError("the PDF was closed")
            try:
                page = self._document[number - 1]
                try:
                    yield page
                finally:
                    page.close()
            except pdfium.PdfiumError as error:
                raise DocumentError(f"Page {number} can't be shown because the file is broken: {error}") from None


def _opened(data: bytes) -> pdfium.PdfDocument:
    """Open a PDF. Raises DocumentError if it is encrypted or broken."""
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if "assword" in str(error):
            raise DocumentError("The PDF can't be shown: it is encrypted.") from None
        raise DocumentError(f"The PDF can't be shown because it is broken or cut short: {error}") from None


def _close(document: pdfium.PdfDocument) -> None:
    with PDFIUM:
        document.close()


def _png(picture: Image.Image) -> bytes:
    """Encode a picture with a palette: for a page of text that takes a third of the bytes of full colour, and less time. A higher
    compression level would gain little.
    """
    out = io.BytesIO()
    reduced = picture.quantize(_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    reduced.putpalette([0xFF if value >= _NEARLY_WHITE else value for value in reduced.getpalette() or []])
    reduced.save(out, "PNG", compress_level=1)
    return out.getvalue()
