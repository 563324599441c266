"""The lines of a PDF page, in PDFium's order, read from its characters."""

import ctypes
import math
from collections.abc import Iterator
from itertools import pairwise
from statistics import median

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from corpus.draft import raised
from corpus.parsers.pdf.lines import RAISED, SMALL, Line, Part, cell_count, continues, joined

_HYPHEN = 0x02  # PDFium's code for a hyphen that cuts a word at a line's end
_UNMAPPED = 0xFFFD
_LIFTED = 0.1  # line heights: the least that a note's number stands above the line
_SEMI_BOLD = 600  # the lightest font weight that is called semi-bold

_Characters = list[tuple[str, int]]
"""The characters of a line, each with its PDFium index."""


def page_lines(page: pdfium.PdfPage, number: int) -> list[Line]:
    """Return the lines of a page that have a visible character. `number` is the page's physical number, from 1.

    Call it only while `PDFIUM` is held. Raises PdfiumError for a broken page.
    """
    textpage = page.get_textpage()
    try:
        lines: list[Line] = []
        characters: _Characters = []
        count, size = textpage.count_chars(), page.get_size()
        unicode_of, handle = raw.FPDFText_GetUnicode, textpage.raw
        for index in range(count):
            code = unicode_of(handle, index)
            if code not in (0x0A, 0x0D):
                characters.append((_character(code), index))
            if code in (0x0A, 0x0D, _HYPHEN) or index == count - 1:
                line = _line(textpage, characters, number, size)
                characters = []
                if line is not None and lines and continues(lines[-1], line):
                    lines[-1] = joined(lines[-1], line)
                elif line is not None:
                    lines.append(line)
        if lines and all(line.turns == lines[0].turns != 0 for line in lines):
            lines.sort(key=lambda line: -line.y)  # PDFium orders them as if the text were upright
        return lines
    finally:
        textpage.close()


def _character(code: int) -> str:
    """Return the character of a PDFium code, or "" for a control code, which can't be part of a text."""
    if code == _HYPHEN:
        return "-"
    if code < 0x20 and code != 0x09:
        return ""
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return chr(_UNMAPPED)
    return chr(code)


def _line(textpage: pdfium.PdfTextPage, gathered: _Characters, number: int, page: tuple[float, float]) -> Line | None:
    """Return the line of the `gathered` characters, or None if they are blank. `page` is the page's width and height in points."""
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
    turns = -round(angle / (math.pi / 2)) % 4 if math.isfinite(angle) else 0  # PDFium's angle is clockwise
    height = page[1 - turns % 2]
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(textpage, middle, x, y)
    baseline = _turned(x.value, y.value, turns, page)[1]
    size = median(_height(textpage, letters[place], turns) for place in (0, len(letters) // 2, -1))
    parts = tuple(_parts(textpage, characters, turns, page))
    return Line(
        page=number,
        text=_text(textpage, characters, turns, page),
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


def _text(textpage: pdfium.PdfTextPage, characters: _Characters, turns: int, page: tuple[float, float]) -> str:
    """Return the text of a line, with a note's number as superscript characters, so that "2019" and note 3 don't read as "20193".

    A note's number is digits that are smaller and higher than the character right before them; digits after a bracket are none.
    """
    x, y = ctypes.c_double(), ctypes.c_double()

    def height_and_baseline(index: int) -> tuple[float, float]:
        raw.FPDFText_GetCharOrigin(textpage, index, x, y)
        return _height(textpage, index, turns), _turned(x.value, y.value, turns, page)[1]

    text = [characters[0][0]]
    mark: tuple[float, float] | None = None  # height and baseline of the note's number that is being read
    for (before, index_before), (character, index) in pairwise(characters):
        if mark is not None:
            is_in_mark = (character == "," or "0" <= character <= "9") and height_and_baseline(index) == mark
            mark = mark if is_in_mark else None
        if mark is None and "0" <= character <= "9" and before not in " \t(":
            size, baseline = height_and_baseline(index_before)
            height, own = height_and_baseline(index)
            mark = (height, own) if height < SMALL * size and _LIFTED * size < own - baseline < RAISED * size else None
        text.append(raised(character) if mark is not None else character)
    return "".join(text)


def _height(textpage: pdfium.PdfTextPage, index: int, turns: int) -> float:
    """Return the height of a character's font, in points."""
    box = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(textpage, index, box)
    return float(abs(box.right - box.left) if turns % 2 else abs(box.top - box.bottom))


def _is_bold(textpage: pdfium.PdfTextPage, index: int) -> bool:
    """Return whether a character is bold, by the name of its font, or by the weight if the font has no name."""
    name = ctypes.create_string_buffer(128)
    raw.FPDFText_GetFontInfo(textpage, index, name, len(name), None)
    if name.value:
        return any(word in name.value.lower() for word in (b"bold", b"black", b"heavy", b"demi"))
    return bool(raw.FPDFText_GetFontWeight(textpage, index) >= _SEMI_BOLD)


def _turned(x: float, y: float, turns: int, page: tuple[float, float]) -> tuple[float, float]:
    """Return where a point is after the page is rotated clockwise by `turns` right angles."""
    if turns == 0:
        return x, y
    width, height = page
    return ((x, y), (y, width - x), (width - x, height - y), (height - y, x))[turns]


def _parts(textpage: pdfium.PdfTextPage, characters: _Characters, turns: int, page: tuple[float, float]) -> Iterator[Part]:
    """Yield the words of a line that begins and ends with a visible character."""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    box_of, handle = raw.FPDFText_GetCharBox, textpage.raw

    def sides(index: int) -> tuple[float, float]:
        if not box_of(handle, index, left, right, bottom, top):
            raise pdfium.PdfiumError(f"character {index} has no place")
        one, other = _turned(left.value, bottom.value, turns, page)[0], _turned(right.value, top.value, turns, page)[0]
        return min(one, other), max(one, other)

    start = 0
    for position in range(1, len(characters) + 1):
        if position == len(characters) or characters[position][0].isspace():
            if not characters[position - 1][0].isspace():
                yield Part(start, position, sides(characters[start][1])[0], sides(characters[position - 1][1])[1])
            start = position + 1
