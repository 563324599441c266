"""The lines of a PDF page, as PDFium orders them, each tied to the page's characters by their index."""

import ctypes
import math
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

import pypdfium2 as pdfium
import pypdfium2.raw as raw

_HYPHEN = 0x02  # PDFium's mark for a hyphen at which a word is cut over a line's end
_UNMAPPED = 0xFFFD
_SAME_BASELINE = 0.3  # line heights: how far two baselines may be apart
_COLUMN_GAP = 1.5  # line heights: a wider gap between two words separates table cells


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `sources` are (position in `text`, PDF character index, length) for runs that map one for one.

    Lengths are PDF points with the origin at the lower left corner of the page, turned so that the line can be read: clockwise by
    `turns` right angles. `y` is the baseline, `size` the line's height. `margin` is the baseline's distance from the nearer of
    the page's upper and lower edge, as a share of its height.
    """

    page: int
    text: str
    sources: tuple[tuple[int, int, int], ...]
    left: float
    right: float
    y: float
    margin: float
    size: float
    bold: bool
    cells: int
    turns: int


def page_lines(page: pdfium.PdfPage, number: int) -> list[Line]:
    """The lines of a page that hold a visible character. `number` is the page's physical number, from 1."""
    textpage = page.get_textpage()
    try:
        lines: list[Line] = []
        gathered: list[tuple[str, int]] = []
        count = textpage.count_chars()
        for index in range(count):
            code = raw.FPDFText_GetUnicode(textpage, index)
            if code not in (0x0A, 0x0D):
                gathered.append((_character(code), index))
            if code in (0x0A, 0x0D, _HYPHEN) or index == count - 1:
                line = _line(textpage, gathered, number, page.get_size())
                gathered = []
                if line is not None and lines and _beside(lines[-1], line):
                    lines[-1] = _joined(lines[-1], line)
                elif line is not None:
                    lines.append(line)
        if lines and all(line.turns == lines[0].turns != 0 for line in lines):
            lines.sort(key=lambda line: -line.y)  # PDFium orders them as if the page were not turned
        return lines
    finally:
        textpage.close()


def _character(code: int) -> str:
    """The character of a PDFium code; "" for what can't stand in a text."""
    if code == _HYPHEN:
        return "-"
    if code < 0x20 and code != 0x09:
        return ""
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return chr(_UNMAPPED)
    return chr(code)


def _beside(before: Line, line: Line) -> bool:
    """Whether PDFium ended a line between two cells of one table row."""
    return abs(before.y - line.y) < _SAME_BASELINE * before.size and line.left > before.right


def _joined(before: Line, line: Line) -> Line:
    shift = len(before.text) + 1
    sources = tuple((position + shift, index, length) for position, index, length in line.sources)
    return replace(
        before,
        text=f"{before.text} {line.text}",
        sources=before.sources + sources,
        right=line.right,
        bold=before.bold and line.bold,
        cells=before.cells + line.cells,
    )


def _line(textpage: pdfium.PdfTextPage, gathered: list[tuple[str, int]], number: int, page: tuple[float, float]) -> Line | None:
    characters = [(character, index) for character, index in gathered if character]
    while characters and characters[-1][0].isspace():
        characters.pop()
    while characters and characters[0][0].isspace():
        characters.pop(0)
    if not characters:
        return None
    sources: list[tuple[int, int, int]] = []
    for position, (_, index) in enumerate(characters):
        if sources and index == sources[-1][1] + sources[-1][2]:
            sources[-1] = (sources[-1][0], sources[-1][1], sources[-1][2] + 1)
        else:
            sources.append((position, index, 1))
    visible = [index for character, index in characters if not character.isspace()]
    letters = [index for character, index in characters if character.isalnum()] or visible  # a bullet may be of any size
    middle = letters[len(letters) // 2]
    turns = -round(raw.FPDFText_GetCharAngle(textpage, middle) / (math.pi / 2)) % 4  # PDFium counts clockwise
    height = page[1 - turns % 2]
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(textpage, middle, x, y)
    baseline = _turned(x.value, y.value, turns, page)[1]
    size = median(_height(textpage, letters[place], turns) for place in (0, len(letters) // 2, -1))
    return Line(
        page=number,
        text="".join(character for character, _ in characters),
        sources=tuple(sources),
        left=_sides(textpage, visible[0], turns, page)[0],
        right=_sides(textpage, visible[-1], turns, page)[1],
        y=baseline,
        margin=min(baseline, height - baseline) / height,
        size=round(size, 1),
        bold=all(_is_bold(textpage, visible[place]) for place in {0, len(visible) // 2, len(visible) - 1}),
        cells=1 + _column_gaps(textpage, characters, size, turns, page),
        turns=turns,
    )


def _height(textpage: pdfium.PdfTextPage, index: int, turns: int) -> float:
    """The height of a character's font, in points."""
    box = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(textpage, index, box)
    return float(abs(box.right - box.left) if turns % 2 else abs(box.top - box.bottom))


def _is_bold(textpage: pdfium.PdfTextPage, index: int) -> bool:
    """By the font's name, or by its weight where the font has no name. 600 is the lightest weight that is called semi-bold."""
    name = ctypes.create_string_buffer(128)
    raw.FPDFText_GetFontInfo(textpage, index, name, len(name), None)
    if name.value:
        return any(word in name.value.lower() for word in (b"bold", b"black", b"heavy", b"demi"))
    return bool(raw.FPDFText_GetFontWeight(textpage, index) >= 600)


def _turned(x: float, y: float, turns: int, page: tuple[float, float]) -> tuple[float, float]:
    """A place on the page after it was turned clockwise by so many right angles."""
    width, height = page
    return ((x, y), (y, width - x), (width - x, height - y), (height - y, x))[turns]


def _sides(textpage: pdfium.PdfTextPage, index: int, turns: int, page: tuple[float, float]) -> tuple[float, float]:
    """Where a character begins and ends on its line."""
    left, bottom, right, top = textpage.get_charbox(index)
    one, other = _turned(left, bottom, turns, page)[0], _turned(right, top, turns, page)[0]
    return min(one, other), max(one, other)


def _column_gaps(
    textpage: pdfium.PdfTextPage, characters: list[tuple[str, int]], size: float, turns: int, page: tuple[float, float]
) -> int:
    gaps = 0
    before = -1
    for (character, index), (following, next_index) in pairwise(characters):
        if not character.isspace():
            before = index
        if character.isspace() and not following.isspace():
            gap = _sides(textpage, next_index, turns, page)[0] - _sides(textpage, before, turns, page)[1]
            gaps += gap > _COLUMN_GAP * size
    return gaps
