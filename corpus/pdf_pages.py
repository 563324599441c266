"""Where a quote stands on the pages of its PDF, and those pages as pictures. A document's range enters; boxes and PNGs leave.

PDFium counts places in points from the lower left corner of a sheet that may be turned and cropped. Here every place is turned
into points of the page as it is shown, from its upper left corner, before anything is compared.
"""

import ctypes
import io
import math
import weakref
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby, islice, takewhile
from typing import NamedTuple

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw
from numpy.typing import NDArray
from PIL import Image

from corpus.document import Document
from corpus.errors import DocumentError
from corpus.formats import document_id
from corpus.parsers.pdf.pdfium import PDFIUM
from corpus.structure import Word

_HYPHEN = 0x02  # PDFium's code for a hyphen that cuts a word: a control code that can be seen
_SAME_LINE = 0.6  # heights of the larger character: how far two baselines of one line may be apart; a raised number is at 0.4
_SAME_DIRECTION = 0.9  # cosine of the angle between two characters of one line
_GRID = 1 << 20  # steps of the page's sides: PDFium gives places on the drawn page as whole numbers
_MOST_PIXELS = 20_000_000  # a page of a few points' width would otherwise be drawn millions of rows high
_COLOURS = 256
_NEARLY_WHITE = 250  # of 255: a palette's colours are means, so that paper with some grey on it isn't quite white

_Sides = tuple[float, float, float, float]
"""Left, top, right and bottom, in points of the shown page."""
_Places = NDArray[np.float64]
"""Rows of (x, y), in points of the shown page."""


class Box(NamedTuple):
    """A rectangle on a page, whose physical number is from 1. The sides are shares, from 0 to 1, of the shown page's width and
    height, measured from its upper left corner.
    """

    page: int
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class _Character:
    """A visible character: the sides of its ink and of its place in the line, its origin and its line's direction (length 1)."""

    index: int
    ink: _Sides
    room: _Sides
    origin: tuple[float, float]
    direction: tuple[float, float]

    @property
    def height(self) -> float:
        """Its extent across the line's direction."""
        left, top, right, bottom = self.room
        return abs(self.direction[0]) * (bottom - top) + abs(self.direction[1]) * (right - left)

    def shares_line(self, other: "_Character") -> bool:
        """Whether the two go the same way, on baselines that are hardly apart."""
        (x, y), (other_x, other_y) = self.direction, other.direction
        apart = abs((other.origin[1] - self.origin[1]) * x - (other.origin[0] - self.origin[0]) * y)
        return x * other_x + y * other_y > _SAME_DIRECTION and apart < _SAME_LINE * max(self.height, other.height)


class PdfPages:
    """The pages of one PDF as they are drawn. Safe to use from several threads.

    `sizes` are the shown width and height of each page, in points. Raises DocumentError for a file that can't be opened.
    """

    sizes: tuple[tuple[float, float], ...]

    def __init__(self, data: bytes) -> None:
        with PDFIUM:
            self._document = _opened(data)
            # Also when the last user lets go of it, and then too while PDFium is held.
            self._finish = weakref.finalize(self, _close, self._document)
            try:
                self.sizes = tuple(self._document.get_page_size(index) for index in range(len(self._document)))
            except pdfium.PdfiumError as error:
                self.close()
                raise DocumentError(f"The PDF can't be shown; it is broken: {error}") from None
        if not self.sizes:
            self.close()
            raise DocumentError("The PDF can't be shown: it has no pages.")
        self._id = document_id(data)

    def boxes(self, document: Document, start: int, end: int) -> list[Box]:
        """The boxes around the characters `start` to `end` of the document that was read from this PDF, in reading order: one per
        line, or more where one would cover the middle of a character that isn't in that line of the range. Of what was read by OCR,
        whole words are boxed.

        Raises ValueError for a document of another file and after `close`, DocumentError for a page that is broken.
        """
        if document.id != self._id:
            raise ValueError(f"document {document.id} was read from another file than {self._id}")
        boxes: list[Box] = []
        for page, sources in groupby(_sources(document, start, end), key=lambda source: source[0]):
            indices = [index for _, first, last in sources for index in range(first, last)]
            boxes.extend(self._page_boxes(page, indices))
        boxes.extend(map(_box_of_words, _seen_lines(document, start, end)))
        return sorted(boxes, key=lambda box: box.page)

    def image(self, page: int, width: int) -> bytes:
        """The page, by its physical number from 1, as a PNG that is `width` pixels wide and has at most 256 colours.

        Raises ValueError for a page or width that isn't there and after `close`, DocumentError for a page that can't be drawn.
        """
        if width < 1:
            raise ValueError(f"a picture can't be {width} pixels wide")
        with self._page(page) as opened:
            scale = (width - 0.5) / self.sizes[page - 1][0]  # pypdfium2 rounds up: half a pixel keeps it from one too many
            height = math.ceil(self.sizes[page - 1][1] * scale)
            if width * height > _MOST_PIXELS:
                raise DocumentError(f"Page {page} can't be drawn: it would be {width} by {height} pixels.")
            bitmap = opened.render(scale=scale)
            picture = bitmap.to_pil().convert("RGB")  # of its own memory, as the bitmap ends here
            bitmap.close()
        return _png(picture)

    def close(self) -> None:
        """Let go of the file. More than once does no harm."""
        self._finish()

    def _page_boxes(self, number: int, indices: Sequence[int]) -> list[Box]:
        size = self.sizes[number - 1] if 1 <= number <= len(self.sizes) else (0.0, 0.0)
        with self._page(number) as page:
            textpage = page.get_textpage()
            try:
                reader = _Reader(page, textpage, size)
                characters = [character for index in indices if (character := reader.character(index)) is not None]
                centres = reader.centres() if characters else {}
            finally:
                textpage.close()
        pieces = [piece for line in _lines(characters) for piece in _pieces(line, centres)]
        return [box for sides in pieces if (box := _box(number, sides, size)) is not None]

    @contextmanager
    def _page(self, number: int) -> Iterator[pdfium.PdfPage]:
        """The open page, while PDFium is held."""
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
                raise DocumentError(f"Page {number} can't be shown; the file is broken: {error}") from None


class _Reader:
    """Reads a page's characters as they are shown. Use it only while PDFium is held."""

    def __init__(self, page: pdfium.PdfPage, textpage: pdfium.PdfTextPage, size: tuple[float, float]) -> None:
        self._textpage = textpage
        reach = max(size)
        corner, along, up = (_shown_place(page, place, size) for place in ((0.0, 0.0), (reach, 0.0), (0.0, reach)))
        self._x = ((along[0] - corner[0]) / reach, (up[0] - corner[0]) / reach, corner[0])
        self._y = ((along[1] - corner[1]) / reach, (up[1] - corner[1]) / reach, corner[1])

    def character(self, index: int) -> _Character | None:
        """The character; None if there is nothing to be seen of it."""
        ink = self._ink(index)
        if ink is None:
            return None
        x, y = ctypes.c_double(), ctypes.c_double()
        raw.FPDFText_GetCharOrigin(self._textpage, index, x, y)
        room = self._room(index)
        return _Character(index, ink, _around(ink, room) if room else ink, self._place(x.value, y.value), self._direction(index))

    def centres(self) -> dict[int, tuple[float, float]]:
        """The middle of each visible character's ink, by its index."""
        inks = ((index, self._ink(index)) for index in range(self._textpage.count_chars()))
        return {index: ((ink[0] + ink[2]) / 2, (ink[1] + ink[3]) / 2) for index, ink in inks if ink is not None}

    def _ink(self, index: int) -> _Sides | None:
        """The sides of what is drawn, or of its place where the font doesn't tell; None for white space and control codes."""
        code = raw.FPDFText_GetUnicode(self._textpage, index)
        if (code <= 0x20 and code != _HYPHEN) or (code <= 0x10FFFF and chr(code).isspace()):
            return None
        left, right, bottom, top = ctypes.c_double(), ctypes.c_double(), ctypes.c_double(), ctypes.c_double()
        raw.FPDFText_GetCharBox(self._textpage, index, left, right, bottom, top)
        if right.value > left.value and top.value > bottom.value:
            return self._sides(left.value, bottom.value, right.value, top.value)
        return self._room(index)

    def _room(self, index: int) -> _Sides | None:
        """The sides of the character's place: as wide as it moves the line on, as high as its font; None without extent."""
        box = raw.FS_RECTF()
        raw.FPDFText_GetLooseCharBox(self._textpage, index, box)
        if box.right > box.left and box.top > box.bottom:
            return self._sides(box.left, box.bottom, box.right, box.top)
        return None

    def _direction(self, index: int) -> tuple[float, float]:
        """Where the character's line goes."""
        matrix = raw.FS_MATRIX()
        raw.FPDFText_GetMatrix(self._textpage, index, matrix)
        x = matrix.a * self._x[0] + matrix.b * self._x[1]
        y = matrix.a * self._y[0] + matrix.b * self._y[1]
        length = math.hypot(x, y)
        return (x / length, y / length) if length else (1.0, 0.0)

    def _place(self, x: float, y: float) -> tuple[float, float]:
        return self._x[0] * x + self._x[1] * y + self._x[2], self._y[0] * x + self._y[1] * y + self._y[2]

    def _sides(self, left: float, bottom: float, right: float, top: float) -> _Sides:
        (x, y), (other_x, other_y) = self._place(left, bottom), self._place(right, top)
        return min(x, other_x), min(y, other_y), max(x, other_x), max(y, other_y)


def _opened(data: bytes) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if "assword" in str(error):
            raise DocumentError("The PDF can't be shown: it is encrypted.") from None
        raise DocumentError(f"The PDF can't be shown; it is broken or cut short: {error}") from None


def _close(document: pdfium.PdfDocument) -> None:
    with PDFIUM:
        document.close()


def _sources(document: Document, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The PDF's characters of the range, as (page, first, end) in reading order."""
    place = max(0, bisect_right(document.runs, start, key=lambda run: run.text_start) - 1)
    for run in document.runs[place:]:
        if run.text_start >= end:
            return
        first, last = max(start, run.text_start) - run.text_start, min(end, run.text_start + run.length) - run.text_start
        if first < last:
            yield run.page, run.source + first, run.source + last


def _seen_lines(document: Document, start: int, end: int) -> Iterator[list[Word]]:
    """The words of the range that OCR read, line by line."""
    place = max(0, bisect_right(document.words, start, key=lambda word: word.text_start) - 1)
    line: list[Word] = []
    for word in takewhile(lambda word: word.text_start < end, islice(document.words, place, None)):
        if word.text_start + word.length <= start:
            continue
        if line and (line[-1].page != word.page or "\n" in document.text[line[-1].text_start : word.text_start]):
            yield line
            line = []
        line.append(word)
    if line:
        yield line


def _box_of_words(line: Sequence[Word]) -> Box:
    return Box(line[0].page, *_around(*((word.left, word.top, word.right, word.bottom) for word in line)))


def _shown_place(page: pdfium.PdfPage, place: tuple[float, float], size: tuple[float, float]) -> tuple[float, float]:
    x, y = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page, 0, 0, _GRID, _GRID, 0, *place, x, y)
    return x.value / _GRID * size[0], y.value / _GRID * size[1]


def _lines(characters: Iterable[_Character]) -> Iterator[list[_Character]]:
    """The characters that follow one another on one baseline."""
    line: list[_Character] = []
    for character in characters:
        if line and not character.shares_line(max(line, key=lambda one: one.height)):
            yield line
            line = []
        line.append(character)
    if line:
        yield line


def _pieces(line: Sequence[_Character], centres: dict[int, tuple[float, float]]) -> list[_Sides]:
    """The line's boxes: as few as hold no other character's centre, and as high as the line where that is free."""
    own = {character.index for character in line}
    others = np.array([place for index, place in centres.items() if index not in own]).reshape(-1, 2)
    others = _within(others, _around(*(character.room for character in line)))
    pieces: list[tuple[_Sides, _Sides]] = []
    for character in line:
        if pieces and not len(_within(others, _around(pieces[-1][0], character.ink))):
            ink, room = pieces.pop()
            pieces.append((_around(ink, character.ink), _around(room, character.room)))
        else:
            pieces.append((character.ink, character.room))
    return [_grown(ink, room, others) for ink, room in pieces]


def _grown(ink: _Sides, room: _Sides, others: _Places) -> _Sides:
    """The ink's sides, each moved out to the room's where no other character's centre is then within."""
    sides = list(ink)
    for side, outer in enumerate(room):
        inner, sides[side] = sides[side], outer
        if len(_within(others, sides)):
            sides[side] = inner
    left, top, right, bottom = sides
    return left, top, right, bottom


def _within(places: _Places, sides: Sequence[float]) -> _Places:
    x, y = places[:, 0], places[:, 1]
    inside: _Places = places[(x >= sides[0]) & (x <= sides[2]) & (y >= sides[1]) & (y <= sides[3])]
    return inside


def _around(*parts: _Sides) -> _Sides:
    lefts, tops, rights, bottoms = zip(*parts, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _box(page: int, sides: _Sides, size: tuple[float, float]) -> Box | None:
    """The sides as shares of the page; None if they lie outside of what is shown."""
    left, right = (min(1.0, max(0.0, x / size[0])) for x in (sides[0], sides[2]))
    top, bottom = (min(1.0, max(0.0, y / size[1])) for y in (sides[1], sides[3]))
    return Box(page, left, top, right, bottom) if left < right and top < bottom else None


def _png(picture: Image.Image) -> bytes:
    """A palette makes a page of text a third as large as full colour does, and in less time; more effort gains little more."""
    out = io.BytesIO()
    few = picture.quantize(_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.putpalette([0xFF if value >= _NEARLY_WHITE else value for value in few.getpalette() or []])
    few.save(out, "PNG", compress_level=1)
    return out.getvalue()
