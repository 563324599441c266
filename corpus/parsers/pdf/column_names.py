"""The names of a table's columns, by where they stand. A column is given a name only if it is certain which words are above it: a
value under a wrong name is worse than one without.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from math import prod
from typing import NamedTuple

from corpus.parsers.pdf.cells import Column, LinePiece, Pieces
from corpus.parsers.tables.cell_values import MONTHS

_OFF = 0.12  # of the distance between two columns, if less than a line: how far the middle of a head is from that of its columns
_LEAST_OFF = 2.0  # points: and how near the lines of one head have their middles, their left or their right sides
_FLUSH = 1.0  # points
_MOST_WAYS = 1000  # to give the heads of a line to columns
_CLOSE = 1.15  # line heights: lines of one name in a cell are no further apart
_TIGHT = 0.9  # of the distance between two rows: nor, where rows are that far apart, are other lines nearer
_WORD = re.compile(r"[^\W\d_]+")
_MOMENT = re.compile(
    r"(?:19|20)\d\d|\b(?:[1-4]Q|Q[1-4]|FY|ended|ending|months?|quarters?|weeks?|years?|change|meses|trimestres?|años?"
    rf"|{MONTHS})\b",
    re.IGNORECASE,
)
_OF_A_TIME = frozenset(
    "the a for of in or and as at to on per fiscal period periods day days end three six nine twelve first second third fourth "
    "dollars millions thousands billions million thousand except share shares data amounts unaudited audited date el la de del al "
    "los y en por ejercicio ejercicios terminado terminados miles millones soles".split()
)
"""Words that the label of a line of years may have, besides those of a time."""


class Head(NamedTuple):
    """A piece of a line above a table, and the first and the last of the columns, from 0, that it names."""

    piece: LinePiece
    text: str
    first: int
    last: int


class Naming(NamedTuple):
    """How many of the lines above a table name its columns, the nearest first, and what each of these says of which columns.

    If it isn't certain which column the words belong to, `heads` is empty: these lines then name the rows as a whole.
    """

    lines: int
    heads: tuple[tuple[Head, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnPlace:
    """Where the values of a table stand: its columns, if it is certain which these are, and the labels before them. `pitch` is
    the least distance between two rows.
    """

    columns: Sequence[Column]
    labels: Column
    pitch: float

    def over(self, line: Pieces) -> list[LinePiece]:
        """The pieces of a line above the table that stand over its values, rather than over its labels."""
        clear = [piece for piece in line.all if piece.right > self.labels.right]
        if len(line.all) == 1 or len(clear) == len(self.columns):
            return clear
        return [piece for piece in line.all if piece.right > self.labels.right or piece.middle > self.labels.middle]

    def is_text(self, line: Pieces) -> bool:
        """Whether a line above the table goes on from the labels over the values, as a sentence does."""
        return any(piece.left < self.labels.middle and piece.right > self.labels.right for piece in line.all)


def naming_of(lines: Sequence[Pieces], place: ColumnPlace, known: Collection[Sequence[str]] | None) -> Naming:
    """The names of a table's columns; `lines` are those above it, the nearest first. If rows of numbers stand above these lines
    too, so that they could be a row of words, `known` has lines that named columns before.
    """
    found: list[tuple[Head, ...]] = []
    above: Pieces | None = None
    for line in lines:
        over = place.over(line)
        if _is_text(line, over, place):
            break
        if known is not None and tuple(map(line.text, over)) not in known and not _is_of_time(line, over):
            break
        apart = line.line.y - above.line.y if above else float("inf")
        heads = _heads(line, over, place.columns, found, _Spacing(line.line.size, apart, place.pitch)) if place.columns else None
        if heads is None:
            return Naming(max(_unsure(lines, place), len(found) + 1 if found else 0))
        if over and not heads:
            break
        above = line if over else above
        found.append(heads)
    while found and not found[-1]:
        found.pop()
    if found and not _are_distinct(found, len(place.columns)):
        return Naming(_unsure(lines, place))
    return Naming(len(found), tuple(found))


def _is_text(line: Pieces, over: Sequence[LinePiece], place: ColumnPlace) -> bool:
    """Whether a line can't name columns: it has numbers, or is a sentence."""
    years = [int(line.text(piece)[:4]) for piece in over if piece.is_year]
    return place.is_text(line) or bool(line.numbers()) or (bool(years) and not _are_in_step(years) and not _is_of_time(line, over))


def _unsure(lines: Sequence[Pieces], place: ColumnPlace) -> int:
    """How many lines are more likely names of columns than a title: up to the last with several pieces, or of a time."""
    count = 0
    for number, line in enumerate(lines, 1):
        over = place.over(line)
        if _is_text(line, over, place):
            break
        if len(over) > 1 or (over and _is_of_time(line, over)):
            count = number
    return count


@dataclass(frozen=True, slots=True)
class _Spacing:
    """How high a line is, how far it is above the next one of heads, and the least distance between two rows of the table."""

    size: float
    apart: float
    pitch: float

    @property
    def is_close(self) -> bool:
        """Whether it may go on in the line below."""
        return self.apart < _CLOSE * self.size

    @property
    def is_tight(self) -> bool:
        """Whether it does, being nearer to that than any row is to the next."""
        return self.is_close and self.apart < _TIGHT * self.pitch


def _heads(
    line: Pieces, over: Sequence[LinePiece], columns: Sequence[Column], found: Sequence[Sequence[Head]], spacing: _Spacing
) -> tuple[Head, ...] | None:
    """What a line says of the columns, given what was `found` below it: nothing if it is a title, None if it isn't certain."""
    heads = _matched([(piece, line.text(piece)) for piece in over], columns, found, spacing) if over else []
    if not heads:
        return () if heads is not None and len(over) < 2 else None
    below = _below(found)
    named = {place for place, name in enumerate(_names(found, len(columns))) if name}
    is_part = all(head.last > head.first or _goes_on_with(head, below) or head.first not in named for head in heads)
    is_whole = sum(head.last - head.first + 1 for head in heads) == len(columns)
    is_of_part = len(heads) > 1 or not below or heads[0].last == heads[0].first or _goes_on_with(heads[0], below)
    if is_whole or (is_part and is_of_part):
        return tuple(heads)
    return () if len(heads) == 1 else None


def _are_distinct(found: Sequence[Sequence[Head]], columns: int) -> bool:
    """Whether each column has a name, which no other has unless all the words of it stand over both."""
    names = _names(found, columns)
    texts = {name: tuple(head.text for head in name) for name in names}
    return all(names) and len(set(texts.values())) == len(texts)


def _is_of_time(line: Pieces, over: Sequence[LinePiece]) -> bool:
    """Whether all of a line is of a time: what is `over` the values, and the words before that, if any."""
    words = [word for piece in line.all if piece not in over for word in _WORD.findall(line.text(piece).casefold())]
    moments = all(_MOMENT.search(line.text(piece)) for piece in over)
    return moments and all(word in _OF_A_TIME or _MOMENT.fullmatch(word) for word in words)


def _are_in_step(years: Sequence[int]) -> bool:
    """Whether years may be those above columns: each is next to the one before it, or the first one again."""
    return all(abs(after - before) <= 1 or after == years[0] for before, after in pairwise(years))


def _matched(
    pieces: Sequence[tuple[LinePiece, str]], columns: Sequence[Column], found: Sequence[Sequence[Head]], spacing: _Spacing
) -> list[Head] | None:
    """Which columns each piece of a line names, given what was `found` below it: none if a piece is over none, None if it isn't
    certain.
    """
    single = [Head(piece, text, place, place) for place, (piece, text) in enumerate(pieces)]
    if len(pieces) == len(columns) and (
        all(_is_mostly_over(head, columns, spacing.size) for head in single) or _are_shifted(single, columns)
    ):
        return single
    if not spacing.is_tight and (groups := _over_groups(pieces, columns, found, spacing)):
        return groups
    below = _below(found)
    choices = [[Head(piece, text, *span) for span in _spans(piece, columns, below, spacing.size)] for piece, text in pieces]
    if not all(choices):
        return []
    meant = [_meant(options, columns, below, spacing) for options in choices]
    if prod(map(len, meant)) > _MOST_WAYS:
        return None
    ways = [way for way in product(*meant) if all(one.last < other.first for one, other in pairwise(way))]
    if len(ways) > 1 and all(_MOMENT.search(text) for _, text in pieces):
        ways = [way for way in ways if sum(head.last - head.first + 1 for head in way) == len(columns)]
    return list(ways[0]) if len(ways) == 1 else None


def _over_groups(
    pieces: Sequence[tuple[LinePiece, str]], columns: Sequence[Column], found: Sequence[Sequence[Head]], spacing: _Spacing
) -> list[Head] | None:
    """Each piece over as many columns as the others, if the names below begin anew as often as there are pieces, and each piece
    is over the columns of its turn: "2023 | 2022" twice, under two heads.
    """
    each = len(columns) // max(1, len(pieces))
    names = _names(found, len(columns))
    texts = [tuple(head.text for head in name) for name in names]
    if len(pieces) < 2 or each < 2 or texts != texts[:each] * len(pieces) or not all(texts) or len(set(texts)) != each:
        return None
    heads = [Head(piece, text, each * place, each * place + each - 1) for place, (piece, text) in enumerate(pieces)]
    return heads if all(_is_over_group(head, columns, found, spacing) for head in heads) else None


def _is_over_group(head: Head, columns: Sequence[Column], found: Sequence[Sequence[Head]], spacing: _Spacing) -> bool:
    """Whether a head is over all the columns that it is to name, and neither over others, nor only over some or one of them."""
    others = [column for place, column in enumerate(columns) if not head.first <= place <= head.last]
    names = _names(found, len(columns))[head.first : head.last + 1]
    singles = [name[0] for place, name in enumerate(names) if spacing.is_close or 2 * place + 1 != len(names)]
    several = [span for span in _spans(head.piece, columns, _below(found), spacing.size) if span[0] < span[1]]
    return (
        columns[head.first].left <= head.piece.middle <= columns[head.last].right
        and not any(head.piece.overlaps(*column) for column in others)
        and not any(_aligned(head.piece, single.piece) for single in singles)
        and all(span == (head.first, head.last) for span in several)
    )


def _below(found: Sequence[Sequence[Head]]) -> Sequence[Head]:
    """The heads of the next line below that has any."""
    return next((heads for heads in reversed(found) if heads), ())


def _names(found: Sequence[Sequence[Head]], columns: int) -> list[tuple[Head, ...]]:
    """Per column, the heads that name it, the nearest first."""
    return [tuple(head for line in found for head in line if head.first <= place <= head.last) for place in range(columns)]


def _goes_on_with(head: Head, others: Sequence[Head]) -> bool:
    """Whether a head is a line of the same name as one of the others: over the same columns, and aligned."""
    return any((head.first, head.last) == (other.first, other.last) and _aligned(head.piece, other.piece) for other in others)


def _aligned(one: LinePiece | Column, other: LinePiece | Column) -> bool:
    """Whether the left sides, the middles or the right sides of two are above each other."""
    apart = (abs(one.left - other.left), abs(one.middle - other.middle), abs(one.right - other.right))
    return min(apart) <= _LEAST_OFF


def _is_mostly_over(head: Head, columns: Sequence[Column], size: float) -> bool:
    """Whether a head is over the first of its columns, or right beside it, and over no other or hardly."""
    shared = [min(head.piece.right, column.right) - max(head.piece.left, column.left) for column in columns]
    most = shared.pop(head.first)
    return all(share < most / 2 for share in shared) if most > 0 else most > -size and all(share < 2 * most for share in shared)


def _are_shifted(heads: Sequence[Head], columns: Sequence[Column]) -> bool:
    """Whether heads stand next to their columns, all by the same distance: in the middle of cells whose values are at the right."""
    shifts = [columns[head.first].right - head.piece.right for head in heads]
    return len(heads) > 1 and max(shifts) - min(shifts) <= _LEAST_OFF and max(map(abs, shifts)) < _distance(columns) / 2


def _distance(columns: Sequence[Column]) -> float:
    """The least distance between the middles of two columns."""
    return min((after.middle - before.middle for before, after in pairwise(columns)), default=float("inf"))


def _spans(piece: LinePiece, columns: Sequence[Column], below: Sequence[Head], size: float) -> list[tuple[int, int]]:
    """The columns, first and last, that a piece may name: the one that it is over, those that it is in the middle of, or those
    whose name it stands on.
    """
    over = [place for place, column in enumerate(columns) if piece.overlaps(*column)]
    found = [(over[0], over[0])] if len(over) == 1 else []
    off = max(_LEAST_OFF, min(_OFF * _distance(columns), size))
    under = {head.first: head.piece.left for head in below}, {head.last: head.piece.right for head in below}
    for first in range(len(columns)):
        for last in range(first + 1, len(columns)):
            middles = [(columns[first].left + columns[last].right) / 2]
            if first in under[0] and last in under[1]:
                middles.append((under[0][first] + under[1][last]) / 2)
            if min(abs(piece.middle - middle) for middle in middles) <= off and all(first <= place <= last for place in over):
                found.append((first, last))
    on = [(head.first, head.last) for head in below if abs(head.piece.middle - piece.middle) <= _LEAST_OFF]
    return found + [span for span in on if span not in found and all(span[0] <= place <= span[1] for place in over)]


def _meant(options: Sequence[Head], columns: Sequence[Column], below: Sequence[Head], spacing: _Spacing) -> list[Head]:
    """Which of the spans that a head may have it does have, as far as that is certain.

    It names a single column if it is right above the name of that one, or flush with it. It names several if it is wider than
    one, is aligned with none, or is a time whose years stand below, or none at all.
    """
    head = options[0]
    several = [option for option in options if option.last > option.first]
    if head.last > head.first or not several:
        return list(options)
    if _is_time_of(head, below) and all(other.piece.is_year for other in below):
        return several
    under = next((other.piece for other in below if (other.first, other.last) == (head.first, head.last)), None)
    is_aligned = _aligned(head.piece, columns[head.first]) or (under is not None and _aligned(head.piece, under))
    is_flush = under is not None and min(abs(head.piece.left - under.left), abs(head.piece.right - under.right)) <= _FLUSH
    if under is not None and is_aligned and (spacing.is_tight or (is_flush and abs(head.piece.middle - under.middle) > _LEAST_OFF)):
        return [head]
    before, after = columns[max(0, head.first - 1)], columns[min(len(columns) - 1, head.first + 1)]
    is_wide = head.piece.left < before.right < columns[head.first].left or columns[head.first].right < after.left < head.piece.right
    if is_wide or not is_aligned or _is_time_of(head, below):
        return several
    return list(options)


def _is_time_of(head: Head, below: Sequence[Head]) -> bool:
    """Whether a head is a time, and those below it are its years or no times at all."""
    if len(below) < 2 or not _MOMENT.search(head.text):
        return False
    return all(other.piece.is_year for other in below) or not any(_MOMENT.search(other.text) for other in below)
