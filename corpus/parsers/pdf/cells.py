"""What stands apart on a line of a PDF, labels and values, and the columns that values of several lines stand in."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile
from typing import NamedTuple

from corpus.parsers.pdf.lines import Line, Part

_APART = 0.6  # line heights: a wider gap between two words is none of a sentence's
_HAIR = 0.5  # points: what shares no more doesn't overlap
_LONGEST_TEXT = 80  # characters that a cell of a line with numbers may have
_MOST_COLUMNS = 40  # a page with more of them is a drawing, and would take long
_TOUCHING = 0.4  # line heights: columns are further apart
_SAME_SIDE = 3.0  # points: how far the words of a column may begin from one another
_CLOSE = 1.5  # line heights: how far a sign may stand from the number before it
_NUMBER = re.compile(
    r"[~<>≈]?[-–—−+]?\(?(?:US\$|S/\.?|[$€£¥])?[-–—−]?\(?\.?\d(?:[\d.,]*\d)?(?:%|x|bps|pp)?\)?%?(?:\(\w{1,2}\)|[*†‡⁰¹²³⁴-⁹])*",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d[EAPF]?(?:\(\w{1,2}\)|[*†‡⁰¹²³⁴-⁹])*")
_NOTHING = re.compile(r"[—–−-]{1,3}|n\.?/?a\.?|n\.?m\.?|\*{1,3}|nil|s/d|n\.?d\.?", re.IGNORECASE)
_BEFORE = frozenset(["$", "€", "£", "¥", "US$", "S/", "S/.", "(", "$("])
_AFTER = frozenset([")", "%", ")%", "%)", "pp", "bps"])


class LinePiece(NamedTuple):
    """A part of a line that stands apart: its range of the line's text, its sides, and whether it is a number or stands for
    one. A currency sign, a bracket or "%" that stands apart from its number is in the same piece.
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
        """Whether it shares more than a hair's breadth with `left` to `right`."""
        return min(self.right, right) - max(self.left, left) > _HAIR


class Column(NamedTuple):
    """Where a column of a table begins and ends."""

    left: float
    right: float

    @property
    def middle(self) -> float:
        """Halfway between its sides."""
        return (self.left + self.right) / 2


class Pieces(NamedTuple):
    """A line as the pieces that stand apart on it, from left to right."""

    line: Line
    all: tuple[LinePiece, ...]

    def text(self, piece: LinePiece) -> str:
        """The characters of a piece."""
        return self.line.text[piece.start : piece.end]

    def numbers(self) -> list[LinePiece]:
        """The values but for years, and for one at the start, which may be a label."""
        return [piece for piece in self.all[1:] if piece.is_value and not piece.is_year]

    def is_data(self) -> bool:
        """Whether the line can only be a row of a table: numbers stand apart from what is before them, and no long text follows."""
        if self.line.cells == 1 or not self.numbers():
            return False
        return all(piece.is_value or piece.end - piece.start <= _LONGEST_TEXT for piece in self.all[1:])


def pieces_of(line: Line) -> Pieces:
    """The pieces of a line; none for one whose words have no places."""
    return Pieces(line, tuple(_pieces(line)))


def columns_of(rows: Sequence[Pieces]) -> list[Column]:
    """Where the values of rows stand, but for the labels at the start; none if it isn't certain which value is in which column."""
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
    """The column of words between the labels and the first values, which begin at `edge`, if there is one."""
    before = [[piece for piece in row.all if piece.right <= edge] for row in rows]
    words = [pieces[1] for pieces in before if len(pieces) == 2]
    if len(words) < 2 or max(map(len, before)) > 2:
        return []
    left = min(piece.left for piece in words)
    is_aligned = max(piece.left for piece in words) - left <= _SAME_SIDE
    is_apart = all(pieces[0].right < left for pieces in before if pieces)
    return [Column(left, max(piece.right for piece in words))] if is_aligned and is_apart else []


def _without_gaps(columns: Sequence[Column], rows: Sequence[Pieces]) -> list[Column]:
    """The columns, those as one that touch and of which no row has both: a dash stands where others have a bracket."""
    whole = list(columns[:1])
    for column in columns[1:]:
        near = column.left - whole[-1].right < _TOUCHING * rows[0].line.size
        if near and not any(_has(row, whole[-1]) and _has(row, column) for row in rows):
            whole[-1] = Column(whole[-1].left, column.right)
        else:
            whole.append(column)
    return whole


def _has(row: Pieces, column: Column) -> bool:
    return any(piece.overlaps(*column) for piece in row.all)


def cells_of(row: Pieces, columns: Sequence[Column]) -> list[tuple[int, int, int]] | None:
    """The cells of a row, as (column from 1, start, end); column 0 is that of the label, before the first of `columns`. None if it
    isn't certain which column a piece is in, or if two are in one.
    """
    label = list(takewhile(lambda piece: _is_label(piece, columns), row.all))
    cells = [(0, label[0].start, label[-1].end)] if label else []
    for piece in row.all[len(label) :]:
        over = [place for place, column in enumerate(columns, 1) if piece.overlaps(*column)]
        if len(over) != 1 or (cells and cells[-1][0] >= over[0]):
            return None
        cells.append((over[0], piece.start, piece.end))
    return cells


def _is_label(piece: LinePiece, columns: Sequence[Column]) -> bool:
    """Whether a piece stands before the first of the columns, or begins there as a long text."""
    return piece.right <= columns[0].left + _HAIR or (not piece.is_value and piece.left < columns[0].left - _HAIR)


def _merged(pieces: Sequence[LinePiece]) -> list[Column]:
    """The places that pieces take up, those as one that overlap."""
    columns: list[Column] = []
    for piece in sorted(pieces, key=lambda piece: piece.left):
        if columns and piece.overlaps(*columns[-1]):
            columns[-1] = Column(columns[-1].left, max(columns[-1].right, piece.right))
        else:
            columns.append(Column(piece.left, piece.right))
    return columns


def _pieces(line: Line) -> list[LinePiece]:
    pieces: list[LinePiece] = []
    sign: Part | None = None
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
    """The words of a line, those together between which no gap is wider than `apart`."""
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
    return word in _BEFORE or word in _AFTER or bool(_NUMBER.fullmatch(word) or _NOTHING.fullmatch(word))


def _piece(line: Line, first: Part, last: Part) -> LinePiece:
    word = line.text[last.start : last.end]
    is_number = _NUMBER.fullmatch(word) is not None
    is_value = is_number or _NOTHING.fullmatch(word) is not None
    alone = first is last or line.text[first.start : first.end] in _BEFORE
    is_year = first is last and _YEAR.fullmatch(word) is not None
    return LinePiece(first.start, last.end, first.left, last.right, is_value and alone, is_year)
