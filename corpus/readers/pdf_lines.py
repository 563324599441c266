"""The lines of a PDF page, as PDFium orders them, each tied to the page's characters by their index."""

import ctypes
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

    Lengths are PDF points with the origin at the page's lower left corner; `y` is the baseline, `size` the line's height.
    `margin` is the baseline's distance from the nearer of the page's upper and lower edge, as a share of its height.
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


def page_lines(page: pdfium.PdfPage, number: int) -> list[Line]:
    """The lines of a page that hold a visible character. `number` is the page's physical number, from 1."""
    textpage, height = page.get_textpage(), page.get_height()
    try:
        lines: list[Line] = []
        gathered: list[tuple[str, int]] = []
        count = textpage.count_chars()
        for index in range(count):
            code = raw.FPDFText_GetUnicode(textpage, index)
            if code not in (0x0A, 0x0D):
                gathered.append((_character(code), index))
            if code in (0x0A, 0x0D, _HYPHEN) or index == count - 1:
                line = _line(textpage, gathered, number, height)
                gathered = []
                if line is not None and lines and _beside(lines[-1], line):
                    lines[-1] = _joined(lines[-1], line)
                elif line is not None:
                    lines.append(line)
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


def _line(textpage: pdfium.PdfTextPage, gathered: list[tuple[str, int]], page: int, height: float) -> Line | None:
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
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(textpage, letters[len(letters) // 2], x, y)
    size = median(_height(textpage, letters[place]) for place in (0, len(letters) // 2, -1))
    boxes = [textpage.get_charbox(index) for index in (visible[0], visible[-1])]
    return Line(
        page=page,
        text="".join(character for character, _ in characters),
        sources=tuple(sources),
        left=boxes[0][0],
        right=boxes[1][2],
        y=y.value,
        margin=min(y.value, height - y.value) / height,
        size=round(size, 1),
        bold=all(_is_bold(textpage, visible[place]) for place in {0, len(visible) // 2, len(visible) - 1}),
        cells=1 + _column_gaps(textpage, characters, size),
    )


def _height(textpage: pdfium.PdfTextPage, index: int) -> float:
    """The height of a character's font, in points."""
    box = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(textpage, index, box)
    return float(abs(box.top - box.bottom))


def _is_bold(textpage: pdfium.PdfTextPage, index: int) -> bool:
    """By the font's name, or by its weight where the font has no name. 600 is the lightest weight that is called semi-bold."""
    name = ctypes.create_string_buffer(128)
    raw.FPDFText_GetFontInfo(textpage, index, name, len(name), None)
    if name.value:
        return any(word in name.value.lower() for word in (b"bold", b"black", b"heavy", b"demi"))
    return bool(raw.FPDFText_GetFontWeight(textpage, index) >= 600)


def _column_gaps(textpage: pdfium.PdfTextPage, characters: list[tuple[str, int]], size: float) -> int:
    gaps = 0
    before = -1
    for (character, index), (following, next_index) in pairwise(characters):
        if not character.isspace():
            before = index
        if character.isspace() and not following.isspace():
            gap = textpage.get_charbox(next_index)[0] - textpage.get_charbox(before)[2]
            gaps += gap > _COLUMN_GAP * size
    return gaps
