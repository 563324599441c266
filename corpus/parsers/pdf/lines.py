"""The lines of a PDF page, as PDFium orders them, each tied to the page's characters by their index."""

import ctypes
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from corpus.draft import raised
from corpus.structure import Word

_HYPHEN = 0x02  # PDFium's mark for a hyphen at which a word is cut over a line's end
_UNMAPPED = 0xFFFD
_SAME_BASELINE = 0.3  # line heights: how far two baselines may be apart
_SMALL = 0.9  # of the line's height: what the number of a note is smaller than
_RAISED = 0.6  # line heights: how far it may stand above the line
_LIFTED = 0.1  # line heights: how far it stands above the line at least
_LONGEST_MARK = 6  # characters
_HAIR = 0.5  # points: how far characters overlap that stand side by side
_TOUCHING = 0.3  # line heights: what is no further apart isn't in two cells
_COLUMN_GAP = 1.5  # line heights: a wider gap between two words separates table cells


class Part(NamedTuple):
    """A word of a line: its range of the line's text, and where it begins and ends on the line, in points."""

    start: int
    end: int
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `sources` are (position in `text`, PDF character index, length) for runs that map one for one; `parts` are its
    words. One that was read by OCR has `words` instead of sources, whose places are counted from the line's begin, and is `apart`
    from the line before if something between them couldn't be read.

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
    parts: tuple[Part, ...] = ()
    words: tuple[Word, ...] = ()
    apart: bool = False


def page_lines(page: pdfium.PdfPage, number: int) -> list[Line]:
    """The lines of a page that hold a visible character. `number` is the page's physical number, from 1."""
    textpage = page.get_textpage()
    try:
        lines: list[Line] = []
        gathered: list[tuple[str, int]] = []
        count, size = textpage.count_chars(), page.get_size()
        unicode_of, handle = raw.FPDFText_GetUnicode, textpage.raw
        for index in range(count):
            code = unicode_of(handle, index)
            if code not in (0x0A, 0x0D):
                gathered.append((_character(code), index))
            if code in (0x0A, 0x0D, _HYPHEN) or index == count - 1:
                line = _line(textpage, gathered, number, size)
                gathered = []
                if line is not None and lines and _beside(lines[-1], line):
                    lines[-1] = joined(lines[-1], line)
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
    """Whether PDFium ended a line between two cells of one table row, or at the raised number of a note."""
    if before.turns != line.turns or line.left <= before.right - _HAIR:
        return False
    is_mark = line.left - before.right < max(before.size, line.size) and (_is_raised(before, line) or _is_raised(line, before))
    return is_mark or abs(before.y - line.y) < _SAME_BASELINE * before.size


def _is_raised(mark: Line, line: Line) -> bool:
    """Whether `mark` is short, smaller than `line`, and stands a little higher."""
    is_small = len(mark.text) <= _LONGEST_MARK and mark.size < _SMALL * line.size
    return is_small and 0 < mark.y - line.y < _RAISED * line.size


def cell_count(parts: Sequence[Part], size: float) -> int:
    """How many table cells the words of a line would be, of which wide gaps part one from the next."""
    return 1 + sum(part.left - before.right > _COLUMN_GAP * size for before, part in pairwise(parts))


def joined(before: Line, line: Line) -> Line:
    """The two as one line, `line` to the right, as high as the larger of them stands."""
    shift = len(before.text) + 1
    sources = tuple((position + shift, index, length) for position, index, length in line.sources)
    main = line if before.size < _SMALL * line.size else before
    is_touching = line.left - before.right < _TOUCHING * main.size
    is_one_cell = is_touching or _is_raised(before, line) or _is_raised(line, before)
    is_mark = is_touching and line.text.isdecimal() and _is_raised(line, before)
    return replace(
        main,
        text=f"{before.text} {raised(line.text) if is_mark else line.text}",
        sources=before.sources + sources,
        left=before.left,
        right=line.right,
        bold=before.bold and line.bold,
        cells=before.cells + line.cells - is_one_cell,
        parts=before.parts + tuple(part._replace(start=part.start + shift, end=part.end + shift) for part in line.parts),
        words=before.words + tuple(word._replace(text_start=word.text_start + shift) for word in line.words),
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
    angle = raw.FPDFText_GetCharAngle(textpage, middle)
    turns = -round(angle / (math.pi / 2)) % 4 if math.isfinite(angle) else 0  # PDFium counts clockwise
    height = page[1 - turns % 2]
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(textpage, middle, x, y)
    baseline = _turned(x.value, y.value, turns, page)[1]
    size = median(_height(textpage, letters[place], turns) for place in (0, len(letters) // 2, -1))
    parts = tuple(_parts(textpage, characters, turns, page))
    return Line(
        page=number,
        text=_with_marks(textpage, characters, turns, page),
        sources=tuple(sources),
        left=parts[0].left,
        right=parts[-1].right,
        y=baseline,
        margin=min(baseline, height - baseline) / height,
        size=round(size, 1),
        bold=all(_is_bold(textpage, visible[place]) for place in {0, len(visible) // 2, len(visible) - 1}),
        cells=cell_count(parts, size),
        turns=turns,
        parts=parts,
    )


def _with_marks(textpage: pdfium.PdfTextPage, characters: list[tuple[str, int]], turns: int, page: tuple[float, float]) -> str:
    """The characters of a line, those digits raised that are smaller and stand higher than the character right before them: 2019
    with the number of a note is not 20193. Those in brackets stay.
    """
    x, y = ctypes.c_double(), ctypes.c_double()

    def place(index: int) -> tuple[float, float]:
        raw.FPDFText_GetCharOrigin(textpage, index, x, y)
        return _height(textpage, index, turns), _turned(x.value, y.value, turns, page)[1]

    shown = [characters[0][0]]
    mark: tuple[float, float] | None = None
    for (before, index_before), (character, index) in pairwise(characters):
        if mark is not None:
            mark = mark if (character == "," or "0" <= character <= "9") and place(index) == mark else None
        if mark is None and "0" <= character <= "9" and before not in " \t(":
            size, baseline = place(index_before)
            height, own = place(index)
            mark = (height, own) if height < _SMALL * size and _LIFTED * size < own - baseline < _RAISED * size else None
        shown.append(raised(character) if mark is not None else character)
    return "".join(shown)


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
    if turns == 0:
        return x, y
    width, height = page
    return ((x, y), (y, width - x), (width - x, height - y), (height - y, x))[turns]


def _parts(
    textpage: pdfium.PdfTextPage, characters: list[tuple[str, int]], turns: int, page: tuple[float, float]
) -> Iterator[Part]:
    """The words of a line, which begins and ends with a visible character."""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    box_of, handle = raw.FPDFText_GetCharBox, textpage.raw

    def sides(index: int) -> tuple[float, float]:
        if not box_of(handle, index, left, right, bottom, top):
            raise pdfium.PdfiumError(f"character {index} has no place")
        one, other = _turned(left.value, bottom.value, turns, page)[0], _turned(right.value, top.value, turns, page)[0]
        return min(one, other), max(one, other)

    start = 0
    for place in range(1, len(characters) + 1):
        if place == len(characters) or characters[place][0].isspace():
            if not characters[place - 1][0].isspace():
                yield Part(start, place, sides(characters[start][1])[0], sides(characters[place - 1][1])[1])
            start = place + 1
