"""Scanned pages of a PDF: drawn as pictures and read by OCR, into lines like those of pages that have characters."""

import logging
import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw
from PIL import Image

from corpus.heartbeat import alive
from corpus.parsers.pdf.lines import Line, Part, cell_count
from corpus.parsers.pdf.ocr import OcrError, Seen, SeenLine, SeenWord, Tesseract
from corpus.parsers.pdf.pdfium import PDFIUM
from corpus.structure import Word

_log = logging.getLogger(__name__)

_INCH = 72  # points
_RESOLUTION = 300  # pixels an inch: tesseract was trained on this
_MOST_PIXELS = 20_000_000  # an A3 page has 17 million
_LONGEST_SIDE = 30_000  # pixels: tesseract refuses more than 32,767
_SHORTEST_SIDE = 10  # pixels: a letter is higher
_STAMP = 200  # characters: a page with more has its own text, whatever pictures are on it
_COVERED = 0.5  # of the page's area
_CONTRAST = 32  # of 255: a page with less range is blank to the eye
_MOST_AT_ONCE = 4  # pages
_FONT = 1.2  # a usual font's height as a multiple of the height from descenders to ascenders
_SAME_SIZE = 1.25  # heights measured on a picture are off by up to this factor

_Sides = tuple[float, float, float, float]
"""Left, top, right and bottom, as shares of the page."""


@dataclass(slots=True)
class Scans:
    """The result of OCR on the pages without text: the lines of each page that it could read, by page number from 1; how many of
    these pages have anything drawn on them; and what prevented OCR, as a clause, or "".
    """

    lines: dict[int, list[Line]] = field(default_factory=dict)
    drawn: int = 0
    hindrance: str = ""

    def refusal(self, name: str, pages: int) -> str:
        """Return the error message for a file of `pages` pages, none of which has text: why, and what to do."""
        where, it = ("its only page", "it") if pages == 1 else (f"any of its {pages} pages", "them")
        if not self.drawn:
            return f"{name} has no text on {where}: there is nothing on {it}."
        return f"{name} has no text on {where}: it seems to be scanned, and {self.hindrance or f'OCR could read nothing on {it}'}."


def read_scans(data: bytes, pages: Sequence[Sequence[Line]], running: Sequence[Sequence[Line]], *, ocr: bool) -> Scans:
    """Run OCR on the scanned pages of a PDF, if `ocr` is true and tesseract is installed.

    `pages` are the lines of each page and `running` those of them that are running lines. A page is scanned if it has nothing but
    running lines, or no more than a stamp (200 characters) besides pictures that cover half of it. Such a page is drawn without its
    characters, so that they aren't read twice.
    """
    scans = Scans()
    typed = [_length(lines) - _length(left_out) for lines, left_out in zip(pages, running, strict=True)]
    candidates = [number for number, length in enumerate(typed, 1) if length <= _STAMP]
    if not candidates:
        return scans
    with PDFIUM:
        document = pdfium.PdfDocument(data)
    try:
        scanned = [number for number in candidates if _may_hold_text(document, number, stamped=typed[number - 1] > 0)]
        scans.drawn = len(scanned)
        _read_all(document, scanned, {number for number in scanned if pages[number - 1]}, scans, ocr=ocr)
    except OcrError as error:
        scans.hindrance = f"tesseract failed: {error}"
    finally:
        with PDFIUM:
            document.close()
    return scans


def _length(lines: Sequence[Line]) -> int:
    """Return the number of characters in the lines."""
    return sum(len(line.text) for line in lines)


def _read_all(document: pdfium.PdfDocument, numbers: Sequence[int], typed: set[int], scans: Scans, *, ocr: bool) -> None:
    """Run OCR on the pages `numbers`, several at a time, and put the result in `scans`. Pages in `typed` have characters, which are
    left out of the picture. Raises OcrError if tesseract can't be started.
    """
    tesseract = Tesseract.installed() if ocr and numbers else None
    if tesseract is None:
        scans.hindrance = f"needs OCR: {'install tesseract' if ocr else 'turn QUIPU_OCR on'} and add it again"
        return

    def read(number: int) -> list[Line] | OcrError:
        try:
            return _page_lines(document, number, tesseract, bare=number in typed)
        except OcrError as error:  # returned, not raised, so that the other pages are still read
            return error

    with ThreadPoolExecutor(min(_MOST_AT_ONCE, os.cpu_count() or 1)) as pool:
        for number, lines in zip(numbers, pool.map(read, numbers), strict=True):
            alive()
            if isinstance(lines, OcrError):
                _log.warning("Page %d can't be read by OCR: %s", number, lines)
                scans.hindrance = scans.hindrance or f"tesseract failed on page {number}: {lines}"
            elif lines:
                scans.lines[number] = lines


def _page_lines(document: pdfium.PdfDocument, number: int, tesseract: Tesseract, *, bare: bool) -> list[Line]:
    """Return the lines that OCR finds on a page, drawn without its characters if `bare`. Raises OcrError."""
    picture, scale = _picture(document, number, bare=bare)
    if np.ptp(np.asarray(picture)) < _CONTRAST:
        return []
    seen = tesseract.read(picture, round(scale * _INCH))
    usual = _usual_height(seen.lines)
    return [_line(line, seen, number, scale, usual) for line in seen.lines]


def _may_hold_text(document: pdfium.PdfDocument, number: int, *, stamped: bool) -> bool:
    """Return whether anything is drawn on the page; if it is `stamped`, whether pictures cover at least half of it."""
    with PDFIUM:
        page = document[number - 1]
        try:
            if not stamped:
                return any(count(page) > 0 for count in (raw.FPDFPage_CountObjects, raw.FPDFPage_GetAnnotCount))
            pictures = [picture.get_bounds() for picture in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=1)]
            covered = sum((right - left) * (top - bottom) for left, bottom, right, top in pictures)
            width, height = page.get_size()
            return bool(covered >= _COVERED * width * height)
        except pdfium.PdfiumError:
            return False
        finally:
            page.close()


def _picture(document: pdfium.PdfDocument, number: int, *, bare: bool) -> tuple[Image.Image, float]:
    """Draw a page in grey, without its characters if `bare`, and return it with its scale in pixels a point. Raises OcrError if it
    can't be drawn.
    """
    with PDFIUM:
        page = document[number - 1]
        try:
            width, height = page.get_size()
            scale = _scale(width, height)
            if bare:
                for text in list(page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], max_depth=1)):
                    page.remove_obj(text)
            bitmap = page.render(scale=scale, grayscale=True)
            picture = bitmap.to_pil().convert("L").copy()  # a copy: the bitmap's memory ends with it
            bitmap.close()
        except pdfium.PdfiumError as error:
            raise OcrError(f"it can't be drawn: {error}") from None
        finally:
            page.close()
    return picture, scale


def _scale(width: float, height: float) -> float:
    """Return how many pixels to draw per point. Raises OcrError for a page that is too narrow to hold text."""
    least = _SHORTEST_SIDE * _INCH / _RESOLUTION
    if min(width, height) >= least:
        scale = min(_RESOLUTION / _INCH, math.sqrt(_MOST_PIXELS / (width * height)), _LONGEST_SIDE / max(width, height))
        if scale * min(width, height) >= _SHORTEST_SIDE:
            return scale
    raise OcrError(f"it is too narrow, {width:.1f} by {height:.1f} points")


def _usual_height(lines: Sequence[SeenLine]) -> float:
    """Return the median height of the lines in pixels, each weighted by its number of characters; 0 without lines."""
    remaining = sum(line.length for line in lines) / 2
    for line in sorted(lines, key=lambda line: line.height):
        remaining -= line.length
        if remaining <= 0:
            return line.height
    return 0.0


def _line(line: SeenLine, seen: Seen, number: int, scale: float, usual: float) -> Line:
    """Convert a line from pixels to points. A line of nearly the usual height gets exactly that."""
    height = usual if usual / _SAME_SIZE < line.height < usual * _SAME_SIZE else line.height
    size = round(2 * _FONT * height / scale) / 2
    starts = list(accumulate((len(word.text) + 1 for word in line.words[:-1]), initial=0))
    parts = tuple(
        Part(start, start + len(word.text), word.left / scale, word.right / scale)
        for start, word in zip(starts, line.words, strict=True)
    )
    return Line(
        page=number,
        text=" ".join(word.text for word in line.words),
        sources=(),
        left=parts[0].left,
        right=parts[-1].right,
        y=(seen.height - line.baseline) / scale,
        margin=min(line.baseline, seen.height - line.baseline) / seen.height,
        size=size,
        bold=False,
        cells=cell_count(parts, size),
        turns=seen.turns,
        parts=parts,
        apart=line.apart,
        words=tuple(
            Word(part.start, part.end - part.start, number, *_shown_sides(word, seen))
            for part, word in zip(parts, line.words, strict=True)
        ),
    )


def _shown_sides(word: SeenWord, seen: Seen) -> _Sides:
    """Return the box of a word on the displayed page, which is the picture rotated back."""
    left, right = word.left / seen.width, word.right / seen.width
    top, bottom = word.top / seen.height, word.bottom / seen.height
    return (
        (left, top, right, bottom),
        (top, 1 - right, bottom, 1 - left),
        (1 - right, 1 - bottom, 1 - left, 1 - top),
        (1 - bottom, left, 1 - top, right),
    )[seen.turns]
