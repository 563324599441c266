"""The visible characters of a PDF page, in points of the displayed page."""

import ctypes
import math
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as raw

_HYPHEN = 0x02  # PDFium's code for a hyphen that cuts a word: a control code, but visible on the page
_SAME_LINE = 0.6  # of the taller character's height: how far apart the baselines of one line may be; a superscript is at 0.4
_SAME_DIRECTION = 0.9  # cosine of the angle between two characters of one line
_GRID = 1 << 20  # steps per side of the page: PDFium converts places to whole numbers of steps

Sides = tuple[float, float, float, float]
"""Left, top, right and bottom, in points of the displayed page."""


def around(*boxes: Sides) -> Sides:
    """Return the smallest box around all the given ones."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


@dataclass(frozen=True, slots=True)
class Character:
    """A visible character of a page.

    `ink` is the box of what is drawn; `room` is the box of the character's place in its line, as wide as its advance and as high as
    its font, extended to hold the ink. `origin` is where it stands on the baseline; `direction` is a unit vector along its line.
    """

    index: int
    ink: Sides
    room: Sides
    origin: tuple[float, float]
    direction: tuple[float, float]

    @property
    def height(self) -> float:
        """The extent of `room` across the direction of the line, in points."""
        left, top, right, bottom = self.room
        return abs(self.direction[0]) * (bottom - top) + abs(self.direction[1]) * (right - left)

    def shares_line(self, other: "Character") -> bool:
        """Return whether two characters run in the same direction on nearly the same baseline."""
        (x, y), (other_x, other_y) = self.direction, other.direction
        distance = abs((other.origin[1] - self.origin[1]) * x - (other.origin[0] - self.origin[0]) * y)
        return x * other_x + y * other_y > _SAME_DIRECTION and distance < _SAME_LINE * max(self.height, other.height)


class PageCharacters:
    """Gives the characters of an open page by their PDFium index. Use it only while `PDFIUM` is held.

    `size` is the width and height of the displayed page, in points.
    """

    def __init__(self, page: pdfium.PdfPage, textpage: pdfium.PdfTextPage, size: tuple[float, float]) -> None:
        self._textpage = textpage
        # The affine map from PDFium's coordinates to the displayed page: x' = _x[0] * x + _x[1] * y + _x[2], and likewise y'.
        reach = max(size)
        corner, along, up = (_displayed(page, place, size) for place in ((0.0, 0.0), (reach, 0.0), (0.0, reach)))
        self._x = ((along[0] - corner[0]) / reach, (up[0] - corner[0]) / reach, corner[0])
        self._y = ((along[1] - corner[1]) / reach, (up[1] - corner[1]) / reach, corner[1])

    def character(self, index: int) -> Character | None:
        """Return the character at `index`, or None if it is invisible."""
        ink = self._ink(index)
        if ink is None:
            return None
        x, y = ctypes.c_double(), ctypes.c_double()
        raw.FPDFText_GetCharOrigin(self._textpage, index, x, y)
        room = self._room(index)
        return Character(index, ink, around(ink, room) if room else ink, self._place(x.value, y.value), self._direction(index))

    def centres(self) -> dict[int, tuple[float, float]]:
        """Return the centre (x, y) of the ink of every visible character, by its index."""
        inks = ((index, self._ink(index)) for index in range(self._textpage.count_chars()))
        return {index: ((ink[0] + ink[2]) / 2, (ink[1] + ink[3]) / 2) for index, ink in inks if ink is not None}

    def _ink(self, index: int) -> Sides | None:
        """Return the box of what is drawn, or `_room` if the font doesn't tell; None for whitespace and control codes."""
        code = raw.FPDFText_GetUnicode(self._textpage, index)
        if (code <= 0x20 and code != _HYPHEN) or (code <= 0x10FFFF and chr(code).isspace()):
            return None
        left, right, bottom, top = ctypes.c_double(), ctypes.c_double(), ctypes.c_double(), ctypes.c_double()
        raw.FPDFText_GetCharBox(self._textpage, index, left, right, bottom, top)
        if right.value > left.value and top.value > bottom.value:
            return self._sides(left.value, bottom.value, right.value, top.value)
        return self._room(index)

    def _room(self, index: int) -> Sides | None:
        """Return the box of the character's place, as wide as its advance and as high as its font; None if it is empty."""
        box = raw.FS_RECTF()
        raw.FPDFText_GetLooseCharBox(self._textpage, index, box)
        if box.right > box.left and box.top > box.bottom:
            return self._sides(box.left, box.bottom, box.right, box.top)
        return None

    def _direction(self, index: int) -> tuple[float, float]:
        """Return the unit vector along the character's line."""
        matrix = raw.FS_MATRIX()
        raw.FPDFText_GetMatrix(self._textpage, index, matrix)
        x = matrix.a * self._x[0] + matrix.b * self._x[1]
        y = matrix.a * self._y[0] + matrix.b * self._y[1]
        length = math.hypot(x, y)
        return (x / length, y / length) if length else (1.0, 0.0)

    def _place(self, x: float, y: float) -> tuple[float, float]:
        """Convert a point from PDFium's coordinates."""
        return self._x[0] * x + self._x[1] * y + self._x[2], self._y[0] * x + self._y[1] * y + self._y[2]

    def _sides(self, left: float, bottom: float, right: float, top: float) -> Sides:
        """Convert a box from PDFium's coordinates."""
        (x, y), (other_x, other_y) = self._place(left, bottom), self._place(right, top)
        return min(x, other_x), min(y, other_y), max(x, other_x), max(y, other_y)


def _displayed(page: pdfium.PdfPage, place: tuple[float, float], size: tuple[float, float]) -> tuple[float, float]:
    """Convert a point by PDFium itself, which takes the page's rotation and crop box into account."""
    x, y = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page, 0, 0, _GRID, _GRID, 0, *place, x, y)
    return x.value / _GRID * size[0], y.value / _GRID * size[1]
