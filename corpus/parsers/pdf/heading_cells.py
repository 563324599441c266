"""Assign the pieces of a line above a table to the columns that they name, by where they are."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from math import prod
from typing import NamedTuple

from corpus.parsers.pdf.cells import Column, LinePiece
from corpus.parsers.tables.cell_values import MONTHS

_OFF_CENTRE = 0.12  # of the distance between two columns, but at most a line height: how far a head may be off their middle
_ALIGNED = 2.0  # points by which aligned sides or middles may differ; also the least that is allowed off centre
_FLUSH = 1.0  # points by which flush sides may differ
_MOST_WAYS = 1000  # of assigning the pieces of one line to columns
_CLOSE = 1.15  # line heights: the most between two lines of one name in a cell
_TIGHT = 0.9  # of the pitch of the table's rows: lines this close are one name

MOMENT = re.compile(
    r"(?:19|20)\d\d|\b(?:[1-4]Q|Q[1-4]|FY|ended|ending|months?|quarters?|weeks?|years?|change|meses|trimestres?|años?"
    rf"|{MONTHS})\b",
    re.IGNORECASE,
)
"""A word for a time: a year, a quarter, a month."""


class Head(NamedTuple):
    """A piece of a line above a table, its text, and the first and last of the columns, from 0, that it names."""

    piece: LinePiece
    text: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Spacing:
    """The height of a line of heads, its distance to the next such line below, and the table's least distance between rows; all in
    points.
    """

    size: float
    distance: float
    pitch: float

    @property
    def is_close(self) -> bool:
        """Whether the line may continue in the one below."""
        return self.distance < _CLOSE * self.size

    @property
    def is_tight(self) -> bool:
        """Whether the line surely continues in the one below, being closer to it than any table row is to the next."""
        return self.is_close and self.distance < _TIGHT * self.pitch


def assigned(
    pieces: Sequence[tuple[LinePiece, str]], columns: Sequence[Column], lower: Sequence[Sequence[Head]], spacing: Spacing
) -> list[Head] | None:
    """Return the heads that the pieces of a line and their texts make, from left to right.

    `lower` has the heads of the lines below it, the nearest to the table first. The list is empty if a piece is over no column; the
    result is None if the assignment is uncertain.
    """
    one_each = [Head(piece, text, column, column) for column, (piece, text) in enumerate(pieces)]
    if len(pieces) == len(columns) and (
        all(_is_mostly_over(head, columns, spacing.size) for head in one_each) or _are_shifted(one_each, columns)
    ):
        return one_each
    if not spacing.is_tight and (groups := _over_groups(pieces, columns, lower, spacing)):
        return groups
    below = nearest(lower)
    choices = [[Head(piece, text, *span) for span in _spans(piece, columns, below, spacing.size)] for piece, text in pieces]
    if not all(choices):
        return []
    likely = [_likely(options, columns, below, spacing) for options in choices]
    if prod(map(len, likely)) > _MOST_WAYS:
        return None
    ways = [way for way in product(*likely) if all(one.last < other.first for one, other in pairwise(way))]
    if len(ways) > 1 and all(MOMENT.search(text) for _, text in pieces):
        ways = [way for way in ways if sum(head.last - head.first + 1 for head in way) == len(columns)]
    return list(ways[0]) if len(ways) == 1 else None


def nearest(lower: Sequence[Sequence[Head]]) -> Sequence[Head]:
    """Return the heads of the uppermost of the `lower` lines that has any, which is the nearest one below the current line."""
    return next((heads for heads in reversed(lower) if heads), ())


def heads_by_column(lines: Sequence[Sequence[Head]], columns: int) -> list[tuple[Head, ...]]:
    """Return, for each of `columns` columns, the heads that name it, the one nearest to the table first."""
    return [tuple(head for line in lines for head in line if head.first <= column <= head.last) for column in range(columns)]


def continues_one(head: Head, others: Sequence[Head]) -> bool:
    """Return whether a head is another line of the name that one of the `others` is part of: over the same columns, and aligned."""
    return any((head.first, head.last) == (other.first, other.last) and _is_aligned(head.piece, other.piece) for other in others)


def _over_groups(
    pieces: Sequence[tuple[LinePiece, str]], columns: Sequence[Column], lower: Sequence[Sequence[Head]], spacing: Spacing
) -> list[Head] | None:
    """Return heads over equally many columns each, if the names below repeat once per piece, as "2023 | 2022 | 2023 | 2022" does
    under two pieces, and each piece is over its group; else None.
    """
    each = len(columns) // max(1, len(pieces))
    names = heads_by_column(lower, len(columns))
    texts = [tuple(head.text for head in name) for name in names]
    if len(pieces) < 2 or each < 2 or texts != texts[:each] * len(pieces) or not all(texts) or len(set(texts)) != each:
        return None
    heads = [Head(piece, text, each * group, each * group + each - 1) for group, (piece, text) in enumerate(pieces)]
    return heads if all(_is_over_group(head, columns, lower, spacing) for head in heads) else None


def _is_over_group(head: Head, columns: Sequence[Column], lower: Sequence[Sequence[Head]], spacing: Spacing) -> bool:
    """Return whether a head is over the group of columns that it names, over no other column, and not over just a part of it."""
    others = [column for number, column in enumerate(columns) if not head.first <= number <= head.last]
    names = heads_by_column(lower, len(columns))[head.first : head.last + 1]
    singles = [name[0] for number, name in enumerate(names) if spacing.is_close or 2 * number + 1 != len(names)]
    several = [span for span in _spans(head.piece, columns, nearest(lower), spacing.size) if span[0] < span[1]]
    return (
        columns[head.first].left <= head.piece.middle <= columns[head.last].right
        and not any(head.piece.overlaps(*column) for column in others)
        and not any(_is_aligned(head.piece, single.piece) for single in singles)
        and all(span == (head.first, head.last) for span in several)
    )


def _is_aligned(one: LinePiece | Column, other: LinePiece | Column) -> bool:
    """Return whether two have the same left side, middle or right side."""
    offsets = (abs(one.left - other.left), abs(one.middle - other.middle), abs(one.right - other.right))
    return min(offsets) <= _ALIGNED


def _is_mostly_over(head: Head, columns: Sequence[Column], size: float) -> bool:
    """Return whether a head is over its first column, or less than a line height `size` beside it, and hardly over any other."""
    shared = [min(head.piece.right, column.right) - max(head.piece.left, column.left) for column in columns]
    own = shared.pop(head.first)
    return all(share < own / 2 for share in shared) if own > 0 else own > -size and all(share < 2 * own for share in shared)


def _are_shifted(heads: Sequence[Head], columns: Sequence[Column]) -> bool:
    """Return whether all heads are off their columns by the same distance, as where heads are centred in cells and values are
    right-aligned.
    """
    shifts = [columns[head.first].right - head.piece.right for head in heads]
    return len(heads) > 1 and max(shifts) - min(shifts) <= _ALIGNED and max(map(abs, shifts)) < _least_distance(columns) / 2


def _least_distance(columns: Sequence[Column]) -> float:
    """Return the least distance between the middles of adjacent columns, in points; infinity for a single column."""
    return min((after.middle - before.middle for before, after in pairwise(columns)), default=float("inf"))


def _spans(piece: LinePiece, columns: Sequence[Column], below: Sequence[Head], size: float) -> list[tuple[int, int]]:
    """Return the spans (first, last) of columns that a piece may name: the one that it is over; those that it is centred over; and
    those named by a head of the line `below` that it is centred over.
    """
    over = [number for number, column in enumerate(columns) if piece.overlaps(*column)]
    spans = [(over[0], over[0])] if len(over) == 1 else []
    tolerance = max(_ALIGNED, min(_OFF_CENTRE * _least_distance(columns), size))
    lefts, rights = {head.first: head.piece.left for head in below}, {head.last: head.piece.right for head in below}
    for first in range(len(columns)):
        for last in range(first + 1, len(columns)):
            middles = [(columns[first].left + columns[last].right) / 2]
            if first in lefts and last in rights:
                middles.append((lefts[first] + rights[last]) / 2)
            is_centred = min(abs(piece.middle - middle) for middle in middles) <= tolerance
            if is_centred and all(first <= number <= last for number in over):
                spans.append((first, last))
    over_heads = [(head.first, head.last) for head in below if abs(head.piece.middle - piece.middle) <= _ALIGNED]
    return spans + [span for span in over_heads if span not in spans and all(span[0] <= number <= span[1] for number in over)]


def _likely(options: Sequence[Head], columns: Sequence[Column], below: Sequence[Head], spacing: Spacing) -> list[Head]:
    """Return those of the possible heads of one piece that remain after what is certain.

    The piece names a single column if it is right above that column's name, or flush with it. It names several if it is wider than
    one, is not aligned with its column, or is a time whose years, or no times at all, are below. Otherwise all options remain.
    """
    head = options[0]
    several = [option for option in options if option.last > option.first]
    if head.last > head.first or not several:
        return list(options)
    if _is_time_of(head, below) and all(other.piece.is_year for other in below):
        return several
    under = next((other.piece for other in below if (other.first, other.last) == (head.first, head.last)), None)
    is_aligned = _is_aligned(head.piece, columns[head.first]) or (under is not None and _is_aligned(head.piece, under))
    is_flush = under is not None and min(abs(head.piece.left - under.left), abs(head.piece.right - under.right)) <= _FLUSH
    if under is not None and is_aligned and (spacing.is_tight or (is_flush and abs(head.piece.middle - under.middle) > _ALIGNED)):
        return [head]
    before, after = columns[max(0, head.first - 1)], columns[min(len(columns) - 1, head.first + 1)]
    is_wide = head.piece.left < before.right < columns[head.first].left or columns[head.first].right < after.left < head.piece.right
    if is_wide or not is_aligned or _is_time_of(head, below):
        return several
    return list(options)


def _is_time_of(head: Head, below: Sequence[Head]) -> bool:
    """Return whether a head is a time, and the heads below it are all years or all no times."""
    if len(below) < 2 or not MOMENT.search(head.text):
        return False
    return all(other.piece.is_year for other in below) or not any(MOMENT.search(other.text) for other in below)
