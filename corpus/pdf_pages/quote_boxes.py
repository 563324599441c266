"""The boxes around a quote on the pages of a PDF, from the characters or the OCR words that it consists of."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, takewhile
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus.document import Document
from corpus.pdf_pages.characters import Character, Sides, around
from corpus.structure import Word

_Points = NDArray[np.float64]
"""Shape (n, 2): rows of (x, y), in points of the displayed page."""


class Box(NamedTuple):
    """A rectangle on a page, whose physical number is from 1. The sides are shares, from 0 to 1, of the width and height of the
    displayed page, from its upper left corner.
    """

    page: int
    left: float
    top: float
    right: float
    bottom: float


def source_ranges(document: Document, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield the PDF characters of a range of the text, as (page, first index, end index), in reading order."""
    first_run = max(0, bisect_right(document.runs, start, key=lambda run: run.text_start) - 1)
    for run in document.runs[first_run:]:
        if run.text_start >= end:
            return
        first, last = max(start, run.text_start) - run.text_start, min(end, run.text_start + run.length) - run.text_start
        if first < last:
            yield run.page, run.source + first, run.source + last


def ocr_boxes(document: Document, start: int, end: int) -> Iterator[Box]:
    """Yield a box for each line of OCR words in a range of the text. Words that the range cuts are boxed whole."""
    for line in _ocr_lines(document, start, end):
        yield Box(line[0].page, *around(*((word.left, word.top, word.right, word.bottom) for word in line)))


def character_boxes(
    characters: Iterable[Character], centres: dict[int, tuple[float, float]], number: int, size: tuple[float, float]
) -> list[Box]:
    """Return the boxes around the characters of a quote on page `number`, which is displayed with `size` (width, height) in points.

    There is one box per line, or more where a single one would cover the centre of another character. `centres` has the centres of
    all visible characters of the page by index. Boxes outside the displayed page are left out.
    """
    pieces = [piece for line in _lines(characters) for piece in _pieces(line, centres)]
    return [box for sides in pieces if (box := _box(number, sides, size)) is not None]


def _ocr_lines(document: Document, start: int, end: int) -> Iterator[list[Word]]:
    """Yield the OCR words of a range of the text, line by line."""
    first_word = max(0, bisect_right(document.words, start, key=lambda word: word.text_start) - 1)
    line: list[Word] = []
    for word in takewhile(lambda word: word.text_start < end, islice(document.words, first_word, None)):
        if word.text_start + word.length <= start:
            continue
        if line and (line[-1].page != word.page or "\n" in document.text[line[-1].text_start : word.text_start]):
            yield line
            line = []
        line.append(word)
    if line:
        yield line


def _lines(characters: Iterable[Character]) -> Iterator[list[Character]]:
    """Yield the runs of consecutive characters that share a line."""
    line: list[Character] = []
    for character in characters:
        if line and not character.shares_line(max(line, key=lambda one: one.height)):
            yield line
            line = []
        line.append(character)
    if line:
        yield line


def _pieces(line: Sequence[Character], centres: dict[int, tuple[float, float]]) -> list[Sides]:
    """Return the boxes of a line: as few as possible without covering the centre of a character outside it, each as high as the
    line where that covers none either.
    """
    own = {character.index for character in line}
    others = np.array([centre for index, centre in centres.items() if index not in own]).reshape(-1, 2)
    others = _inside(others, around(*(character.room for character in line)))
    pieces: list[tuple[Sides, Sides]] = []
    for character in line:
        if pieces and not len(_inside(others, around(pieces[-1][0], character.ink))):
            ink, room = pieces.pop()
            pieces.append((around(ink, character.ink), around(room, character.room)))
        else:
            pieces.append((character.ink, character.room))
    return [_grown(ink, room, others) for ink, room in pieces]


def _grown(ink: Sides, room: Sides, others: _Points) -> Sides:
    """Return the box `ink` with each side moved out to that of `room`, unless the box would then hold one of the `others`."""
    sides = list(ink)
    for side, outer in enumerate(room):
        inner, sides[side] = sides[side], outer
        if len(_inside(others, sides)):
            sides[side] = inner
    left, top, right, bottom = sides
    return left, top, right, bottom


def _inside(points: _Points, sides: Sequence[float]) -> _Points:
    """Return the points inside a box."""
    x, y = points[:, 0], points[:, 1]
    inside: _Points = points[(x >= sides[0]) & (x <= sides[2]) & (y >= sides[1]) & (y <= sides[3])]
    return inside


def _box(page: int, sides: Sides, size: tuple[float, float]) -> Box | None:
    """Convert a box from points to shares of the page, clipped to it; None if it lies outside."""
    left, right = (min(1.0, max(0.0, x / size[0])) for x in (sides[0], sides[2]))
    top, bottom = (min(1.0, max(0.0, y / size[1])) for y in (sides[1], sides[3]))
    return Box(page, left, top, right, bottom) if left < right and top < bottom else None
