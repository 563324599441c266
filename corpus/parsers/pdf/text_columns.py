"""Pages in two columns whose lines were written across both. Lines enter; leave in the order in which the columns are read."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from corpus.parsers.pdf.lines import Line, cell_count

_GAP = 0.8  # line heights: the space between two columns is wider
_LEAST = 5  # lines across both columns: fewer may be so by chance
_SHARE = 0.8  # of the lines that reach over the middle of the space have that space there
_FULL = 0.7  # of a column's width: half of its lines are at least so wide, which a table's cells aren't
_WORDS = 3  # words: half of the lines in a column have at least so many
_CELLS = 0.2  # of the lines in a column may be cells of a table


def by_columns(lines: Sequence[Line]) -> list[Line]:
    """The lines of a page, the left column before the right one, if they were written across both; lines over the whole width
    stay between what is above and below them. A table isn't two columns.
    """
    middle = _space(lines)
    if middle is None:
        return list(lines)
    read: list[Line] = []
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
            read.extend([*left, *right, line])
            left, right = [], []
    return [*read, *left, *right]


def _space(lines: Sequence[Line]) -> float | None:
    """The middle of the space between two columns of text, if lines go over it and the page is written so."""
    gaps = [gap for line in lines if line.turns == 0 and (gap := _widest_gap(line)) is not None]
    if len(gaps) < _LEAST:
        return None
    middle = median((left + right) / 2 for left, right in gaps)
    across = [line for line in lines if line.left < middle < line.right]
    halves = [found for line in across if len(found := _halves(line, middle)) == 2]
    if len(halves) < max(_LEAST, _SHARE * len(across)):
        return None
    return middle if all(_is_text([pair[side] for pair in halves]) for side in (0, 1)) else None


def _widest_gap(line: Line) -> tuple[float, float] | None:
    """The widest space of a line, if it is wider than one between words."""
    gaps = [(before.right, part.left) for before, part in pairwise(line.parts)]
    left, right = max(gaps, key=lambda gap: gap[1] - gap[0], default=(0.0, 0.0))
    return (left, right) if right - left > _GAP * line.size else None


def _is_text(column: Sequence[Line]) -> bool:
    """Whether lines are those of a text and not cells: most are as wide as the column, in words, and have no gaps."""
    width = max(line.right for line in column) - min(line.left for line in column)
    words = [sum(line.text[part.start : part.end].isalpha() for part in line.parts) for line in column]
    return (
        median(line.right - line.left for line in column) >= _FULL * width
        and median(words) >= _WORDS
        and sum(line.cells > 1 for line in column) <= _CELLS * len(column)
    )


def _halves(line: Line, middle: float) -> list[Line]:
    """The parts of a line before and after the space at `middle`; the line itself if it has none there."""
    count = sum(part.right <= middle for part in line.parts)
    if not 0 < count < len(line.parts) or line.parts[count].left - line.parts[count - 1].right <= _GAP * line.size:
        return [line]
    if not line.parts[count - 1].right <= middle <= line.parts[count].left:
        return [line]
    return [_part(line, 0, count), _part(line, count, len(line.parts))]


def _part(line: Line, first: int, last: int) -> Line:
    """The words `first` to `last` of a line as one of its own."""
    parts = line.parts[first:last]
    start, end = parts[0].start, parts[-1].end
    sources = []
    for position, index, length in line.sources:
        begin, stop = max(position, start), min(position + length, end)
        if begin < stop:
            sources.append((begin - start, index + begin - position, stop - begin))
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
