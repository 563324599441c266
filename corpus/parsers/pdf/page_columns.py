"""Put the lines of two-column pages in reading order, where the file writes each line across both columns."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from corpus.parsers.pdf.lines import Line, cell_count

_GAP = 0.8  # line heights: the gutter between two columns is wider
_LEAST = 5  # lines across both columns; fewer may align by chance
_SHARE = 0.8  # of the lines that cross the gutter's middle must have a gap there
_FULL = 0.7  # of a column's width: half of its lines are at least this wide, unlike those of a table's column
_WORDS = 3  # half of the lines in a column have at least this many words
_CELLS = 0.2  # at most this share of the lines in a column may look like table cells


def by_columns(lines: Sequence[Line]) -> list[Line]:
    """Return the lines of a page with the left column before the right one, each line cut in two at the gutter.

    A line over the full width stays between the columns above and below it. Pages in one column, tables, and columns that the file
    already writes one after the other are returned as they are.
    """
    middle = _gutter(lines)
    if middle is None:
        return list(lines)
    ordered: list[Line] = []
    left: list[Line] = []
    right: list[Line] = []
    for line in lines:
        halves = _halves(line, middle)
        if len(halves) == 2:
            left.append(halves[0])
            right.append(halves[1])
        elif line.right <= middle:
            left.append(line)
        elif line.left >= middle:
            right.append(line)
        else:
            ordered.extend([*left, *right, line])
            left, right = [], []
    return [*ordered, *left, *right]


def _gutter(lines: Sequence[Line]) -> float | None:
    """Return the x of the middle of the gutter between two columns of text whose lines are written across both, or None."""
    gaps = [gap for line in lines if line.turns == 0 and (gap := _widest_gap(line)) is not None]
    if len(gaps) < _LEAST:
        return None
    middle = median((left + right) / 2 for left, right in gaps)
    across = [line for line in lines if line.left < middle < line.right]
    halves = [pair for line in across if len(pair := _halves(line, middle)) == 2]
    if len(halves) < max(_LEAST, _SHARE * len(across)):
        return None
    return middle if all(_is_text([pair[side] for pair in halves]) for side in (0, 1)) else None


def _widest_gap(line: Line) -> tuple[float, float] | None:
    """Return the left and right end of the widest gap in a line, or None if it is no wider than one between words."""
    gaps = [(before.right, part.left) for before, part in pairwise(line.parts)]
    left, right = max(gaps, key=lambda gap: gap[1] - gap[0], default=(0.0, 0.0))
    return (left, right) if right - left > _GAP * line.size else None


def _is_text(column: Sequence[Line]) -> bool:
    """Return whether the lines of a column are running text, not table cells: mostly full width, of several words, without gaps."""
    width = max(line.right for line in column) - min(line.left for line in column)
    words = [sum(line.text[part.start : part.end].isalpha() for part in line.parts) for line in column]
    return (
        median(line.right - line.left for line in column) >= _FULL * width
        and median(words) >= _WORDS
        and sum(line.cells > 1 for line in column) <= _CELLS * len(column)
    )


def _halves(line: Line, middle: float) -> list[Line]:
    """Return the two halves of a line before and after its gap at `middle`, or the line alone if it has no gap there."""
    count = sum(part.right <= middle for part in line.parts)
    if not 0 < count < len(line.parts) or line.parts[count].left - line.parts[count - 1].right <= _GAP * line.size:
        return [line]
    if not line.parts[count - 1].right <= middle <= line.parts[count].left:
        return [line]
    return [_part(line, 0, count), _part(line, count, len(line.parts))]


def _part(line: Line, first: int, last: int) -> Line:
    """Return words `first` to `last` of a line, end exclusive, as a line of its own."""
    parts = line.parts[first:last]
    start, end = parts[0].start, parts[-1].end
    sources = []
    for position, index, length in line.sources:
        first_kept, end_kept = max(position, start), min(position + length, end)
        if first_kept < end_kept:
            sources.append((first_kept - start, index + first_kept - position, end_kept - first_kept))
    return replace(
        line,
        text=line.text[start:end],
        sources=tuple(sources),
        left=parts[0].left,
        right=parts[-1].right,
        cells=cell_count(parts, line.size),
        parts=tuple(part._replace(start=part.start - start, end=part.end - start) for part in parts),
        words=tuple(word._replace(text_start=word.text_start - start) for word in line.words if start <= word.text_start < end),
    )
