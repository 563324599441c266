"""Cut a line of a PDF into the pieces that wide gaps separate, labels and values, and find the columns that values line up in."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile
from typing import NamedTuple

from corpus.parsers.pdf.lines import Line, Part

_APART = 0.6  # line heights: a wider gap isn't one between words of a sentence
_OVERLAP = 0.5  # points: boxes that share no more don't overlap
_LONGEST_TEXT = 80  # characters in a cell to the right of the label
_MOST_COLUMNS = 40  # a page with more is a drawing, and would take too long
_TOUCHING = 0.4  # line heights: the least gap between two columns
_SAME_SIDE = 3.0  # points: how far apart the words of a column may begin
_CLOSE = 1.5  # line heights: the most between a number and a sign after it
_NUMBER = re.compile(
    r"[~<>≈]?[-–—−+]?\(?(?:US\$|S/\.?|[$€£¥])?[-–—−]?\(?\.?\d(?:[\d.,]*\d)?(?:%|x|bps|pp)?\)?%?(?:\(\w{1,2}\)|[*†‡⁰¹²³⁴-⁹])*",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d[EAPF]?(?:\(\w{1,2}\)|[*†‡⁰¹²³⁴-⁹])*")
_NOTHING = re.compile(r"[—–−-]{1,3}|n\.?/?a\.?|n\.?m\.?|\*{1,3}|nil|s/d|n\.?d\.?", re.IGNORECASE)
_BEFORE = frozenset(["$", "€", "£", "¥", "US$", "S/", "S/.", "(", "$("])
_AFTER = frozenset([")", "%", ")%", "%)", "pp", "bps"])


class LinePiece(NamedTuple):
    """A piece of a line: its range of the line's text, its left and right side in points, and whether it is a value and a year.

    A value is a number, or a dash or "n/a" in its place. A currency sign, bracket or "%" that a gap separates from its number is
    part of the same piece.
    """

    start: int
    end: int
    left: float
    right: float
    is_value: bool
    is_year: bool

    @property
    def middle(self) -> float:
        """Halfway between its sides."""
        return (self.left + self.right) / 2

    def overlaps(self, left: float, right: float) -> bool:
        """Return whether it shares more than half a point with `left` to `right`."""
        return min(self.right, right) - max(self.left, left) > _OVERLAP


class Column(NamedTuple):
    """The left and right side of a table column, in points."""

    left: float
    right: float

    @property
    def middle(self) -> float:
        """Halfway between its sides."""
        return (self.left + self.right) / 2


class Pieces(NamedTuple):
    """A line and its pieces, from left to right."""

    line: Line
    all: tuple[LinePiece, ...]

    def text(self, piece: LinePiece) -> str:
        """Return the text of a piece."""
        return self.line.text[piece.start : piece.end]

    def numbers(self) -> list[LinePiece]:
        """Return the values that are not years, except one at the start of the line, which may be a label."""
        return [piece for piece in self.all[1:] if piece.is_value and not piece.is_year]

    def is_data(self) -> bool:
        """Return whether the line must be a table row: it has numbers after the first piece, and no long text there."""
        if self.line.cells == 1 or not self.numbers():
            return False
        return all(piece.is_value or piece.end - piece.start <= _LONGEST_TEXT for piece in self.all[1:])


def pieces_of(line: Line) -> Pieces:
    """Return a line with its pieces; a line without `parts` has none."""
    return Pieces(line, tuple(_pieces(line)))


def columns_of(rows: Sequence[Pieces]) -> list[Column]:
    """Return the columns of the rows from left to right, without that of the labels; none if any value's column is uncertain."""
    if any(len(row.all) > _MOST_COLUMNS for row in rows):
        return []
    values = [[piece for piece in row.all[1:] if piece.is_value] for row in rows]
    columns = _merged([piece for row in values for piece in row])
    texts = [piece for row in rows for piece in row.all[1:] if not any(piece.overlaps(*column) for column in columns)]
    columns = sorted([*columns, *_merged([piece for piece in texts if piece.left > columns[0].left])])
    columns = [*_second_labels(rows, columns[0].left), *_without_gaps(columns, rows)]
    if len(columns) > _MOST_COLUMNS:
        return []
    return columns if all(cells_of(row, columns) is not None for row in rows) else []


def _second_labels(rows: Sequence[Pieces], edge: float) -> list[Column]:
    """Return the column of words, if there is one, between the labels and the first values, which begin at `edge`."""
    before = [[piece for piece in row.all if piece.right <= edge] for row in rows]
    words = [pieces[1] for pieces in before if len(pieces) == 2]
    if len(words) < 2 or max(map(len, before)) > 2:
        return []
    left = min(piece.left for piece in words)
    is_aligned = max(piece.left for piece in words) - left <= _SAME_SIDE
    is_apart = all(pieces[0].right < left for pieces in before if pieces)
    return [Column(left, max(piece.right for piece in words))] if is_aligned and is_apart else []


def _without_gaps(columns: Sequence[Column], rows: Sequence[Pieces]) -> list[Column]:
    """Merge adjacent columns that never both hold a value in the same row: a dash may be where other rows have a bracket."""
    merged = list(columns[:1])
    for column in columns[1:]:
        is_near = column.left - merged[-1].right < _TOUCHING * rows[0].line.size
        if is_near and not any(_has(row, merged[-1]) and _has(row, column) for row in rows):
            merged[-1] = Column(merged[-1].left, column.right)
        else:
            merged.append(column)
    return merged


def _has(row: Pieces, column: Column) -> bool:
    """Return whether a row has a piece in a column."""
    return any(piece.overlaps(*column) for piece in row.all)


def cells_of(row: Pieces, columns: Sequence[Column]) -> list[tuple[int, int, int]] | None:
    """Return the cells of a row as (column, start, end), with the label in column 0 and `columns` numbered from 1.

    Return None if a piece is in no column or in several, or two pieces are in one.
    """
    label = list(takewhile(lambda piece: _is_label(piece, columns), row.all))
    cells = [(0, label[0].start, label[-1].end)] if label else []
    for piece in row.all[len(label) :]:
        over = [number for number, column in enumerate(columns, 1) if piece.overlaps(*column)]
        if len(over) != 1 or (cells and cells[-1][0] >= over[0]):
            return None
        cells.append((over[0], piece.start, piece.end))
    return cells


def _is_label(piece: LinePiece, columns: Sequence[Column]) -> bool:
    """Return whether a piece ends before the first column, or is text that begins before it."""
    return piece.right <= columns[0].left + _OVERLAP or (not piece.is_value and piece.left < columns[0].left - _OVERLAP)


def _merged(pieces: Sequence[LinePiece]) -> list[Column]:
    """Return the extents of the pieces from left to right, with overlapping ones merged."""
    columns: list[Column] = []
    for piece in sorted(pieces, key=lambda piece: piece.left):
        if columns and piece.overlaps(*columns[-1]):
            columns[-1] = Column(columns[-1].left, max(columns[-1].right, piece.right))
        else:
            columns.append(Column(piece.left, piece.right))
    return columns


def _pieces(line: Line) -> list[LinePiece]:
    """Return the pieces of a line, with signs attached to their numbers."""
    pieces: list[LinePiece] = []
    sign: Part | None = None  # a currency sign or bracket that awaits its number
    for group in _groups(line.parts, _APART * line.size):
        words = [line.text[part.start : part.end] for part in group]
        if not all(map(_may_be_value, words)) or (len(words) > 1 and all(map(_NOTHING.fullmatch, words))):
            if sign is not None:
                pieces.append(_piece(line, sign, sign))
            pieces.append(_piece(line, group[0], group[-1]))
            sign = None
            continue
        for part, word in zip(group, words, strict=True):
            if word in _BEFORE:
                sign = sign or part
            elif word in _AFTER and sign is None and pieces and part.left - pieces[-1].right < _CLOSE * line.size:
                last = pieces.pop()
                pieces.append(last._replace(end=part.end, right=part.right, is_year=False))
            else:
                pieces.append(_piece(line, sign or part, part))
                sign = None
    return [*pieces, _piece(line, sign, sign)] if sign is not None else pieces


def _groups(parts: Sequence[Part], apart: float) -> Iterator[list[Part]]:
    """Yield the words of a line in groups, cut wherever a gap is wider than `apart` points."""
    if not parts:
        return
    group = [parts[0]]
    for before, part in pairwise(parts):
        if part.left - before.right > apart:
            yield group
            group = []
        group.append(part)
    yield group


def _may_be_value(word: str) -> bool:
    """Return whether a word is a number, something in its place, or a sign that belongs to one."""
    return word in _BEFORE or word in _AFTER or bool(_NUMBER.fullmatch(word) or _NOTHING.fullmatch(word))


def _piece(line: Line, first: Part, last: Part) -> LinePiece:
    """Return the words from `first` to `last` as one piece."""
    word = line.text[last.start : last.end]
    is_value = _NUMBER.fullmatch(word) is not None or _NOTHING.fullmatch(word) is not None
    is_single = first is last or line.text[first.start : first.end] in _BEFORE
    is_year = first is last and _YEAR.fullmatch(word) is not None
    return LinePiece(first.start, last.end, first.left, last.right, is_value and is_single, is_year)
