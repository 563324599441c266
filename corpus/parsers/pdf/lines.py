"""`Line`, a line of a PDF page that ties its text to the page's characters, and how two lines are joined into one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from corpus.draft import raised
from corpus.structure import Word

SMALL = 0.9  # of a line's height: a note's number is smaller than this
RAISED = 0.6  # line heights: the most that a note's number stands above the line

_SAME_BASELINE = 0.3  # line heights: how far apart the baselines of one table row may be
_LONGEST_MARK = 6  # characters of a note's number or sign
_OVERLAP = 0.5  # points by which characters side by side may overlap
_TOUCHING = 0.3  # line heights: words no further apart are in one cell
_COLUMN_GAP = 1.5  # line heights: a wider gap between two words separates table cells


class Part(NamedTuple):
    """A word of a line: its range of the line's text, and its left and right side, in points."""

    start: int
    end: int
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page.

    `sources` are (position in `text`, PDF character index, length) for runs that map one to one, and `parts` are the words. A line
    that OCR read has `words` instead of sources, whose `text_start` counts from the start of the line; `apart` says that something
    illegible stands between it and the line before.

    Lengths are in points, with the origin at the page's lower left corner after the page is rotated clockwise by `turns` right
    angles, which makes the line upright. `y` is the baseline, `size` the line's height, `cells` the number of table cells that it
    would make. `margin` is the distance from the baseline to the page's nearer edge, upper or lower, as a share of its height.
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


def cell_count(parts: Sequence[Part], size: float) -> int:
    """Return how many table cells the words of a line of height `size` would make, if each wide gap separates two."""
    return 1 + sum(part.left - before.right > _COLUMN_GAP * size for before, part in pairwise(parts))


def continues(before: Line, line: Line) -> bool:
    """Return whether `line` is the rest of the line `before`: PDFium ends a line between the cells of a table row, and at a raised
    note number.
    """
    if before.turns != line.turns or line.left <= before.right - _OVERLAP:
        return False
    is_mark = line.left - before.right < max(before.size, line.size) and (_is_raised(before, line) or _is_raised(line, before))
    return is_mark or abs(before.y - line.y) < _SAME_BASELINE * before.size


def joined(before: Line, line: Line) -> Line:
    """Return the two as one line, with `line` at the right; baseline and height are those of the larger."""
    shift = len(before.text) + 1
    sources = tuple((position + shift, index, length) for position, index, length in line.sources)
    main = line if before.size < SMALL * line.size else before
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


def _is_raised(mark: Line, line: Line) -> bool:
    """Return whether `mark` could be a note's number on `line`: short, smaller, and a little higher."""
    is_small = len(mark.text) <= _LONGEST_MARK and mark.size < SMALL * line.size
    return is_small and 0 < mark.y - line.y < RAISED * line.size
