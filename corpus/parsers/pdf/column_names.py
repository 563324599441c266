"""Find the names of a table's columns in the lines above it. A column gets a name only if it is certain which words are above it: a
value under a wrong name is worse than one without a name.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from corpus.parsers.pdf.cells import Column, LinePiece, Pieces
from corpus.parsers.pdf.heading_cells import MOMENT, Head, Spacing, assigned, continues_one, heads_by_column, nearest

_WORD = re.compile(r"[^\W\d_]+")
_OF_A_TIME = frozenset(
    "the a for of in or and as at to on per fiscal period periods day days end three six nine twelve first second third fourth "
    "dollars millions thousands billions million thousand except share shares data amounts unaudited audited date el la de del al "
    "los y en por ejercicio ejercicios terminado terminados miles millones soles".split()
)
"""Words that the label on a line of years may have, besides words for a time."""


class Naming(NamedTuple):
    """The result of `naming_of`: how many of the lines above a table name its columns, and the heads of each of these lines, the
    nearest line first.

    If it isn't certain which columns the words belong to, `heads` is empty: these lines then name the rows as a whole.
    """

    lines: int
    heads: tuple[tuple[Head, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnPlace:
    """Where a table is on its page: the columns of its values (empty if uncertain), the column of the labels before them, and the
    least distance between two rows, in points.
    """

    columns: Sequence[Column]
    labels: Column
    pitch: float

    def over(self, line: Pieces) -> list[LinePiece]:
        """Return the pieces of a line above the table that are over its values rather than over its labels."""
        beyond = [piece for piece in line.all if piece.right > self.labels.right]
        if len(line.all) == 1 or len(beyond) == len(self.columns):
            return beyond
        return [piece for piece in line.all if piece.right > self.labels.right or piece.middle > self.labels.middle]

    def is_text(self, line: Pieces) -> bool:
        """Return whether a piece of a line above the table reaches from the labels over the values, as a sentence does."""
        return any(piece.left < self.labels.middle and piece.right > self.labels.right for piece in line.all)


def naming_of(lines: Sequence[Pieces], place: ColumnPlace, known: Collection[Sequence[str]] | None) -> Naming:
    """Return which of the `lines` above a table name its columns, and how. The nearest line is first.

    If rows of an earlier table are right above these lines, a line could also be a row of words of that table. `known` then has the
    texts of the header lines of that table: a line counts only if it is one of them or is about times. Otherwise it is None.
    """
    found: list[tuple[Head, ...]] = []
    lower: Pieces | None = None  # the line that was last found to have words over the values
    for line in lines:
        over = place.over(line)
        if _is_text(line, over, place):
            break
        if known is not None and tuple(map(line.text, over)) not in known and not _is_of_time(line, over):
            break
        distance = line.line.y - lower.line.y if lower else float("inf")
        heads = _heads(line, over, place.columns, found, Spacing(line.line.size, distance, place.pitch)) if place.columns else None
        if heads is None:
            return Naming(max(_uncertain_lines(lines, place), len(found) + 1 if found else 0))
        if over and not heads:
            break
        lower = line if over else lower
        found.append(heads)
    while found and not found[-1]:
        found.pop()
    if found and not _are_distinct(found, len(place.columns)):
        return Naming(_uncertain_lines(lines, place))
    return Naming(len(found), tuple(found))


def _is_text(line: Pieces, over: Sequence[LinePiece], place: ColumnPlace) -> bool:
    """Return whether a line can't name columns: it is a sentence, or has numbers, or years in no order and with other words."""
    years = [int(line.text(piece)[:4]) for piece in over if piece.is_year]
    return place.is_text(line) or bool(line.numbers()) or (bool(years) and not _are_in_step(years) and not _is_of_time(line, over))


def _uncertain_lines(lines: Sequence[Pieces], place: ColumnPlace) -> int:
    """Return how many of the lines are column names rather than a title: all up to the last one with several pieces or a time."""
    count = 0
    for number, line in enumerate(lines, 1):
        over = place.over(line)
        if _is_text(line, over, place):
            break
        if len(over) > 1 or (over and _is_of_time(line, over)):
            count = number
    return count


def _heads(
    line: Pieces, over: Sequence[LinePiece], columns: Sequence[Column], lower: Sequence[Sequence[Head]], spacing: Spacing
) -> tuple[Head, ...] | None:
    """Return the heads of a line; none if it is a title, None if it is uncertain. `lower` has the heads of the lines below it."""
    heads = assigned([(piece, line.text(piece)) for piece in over], columns, lower, spacing) if over else []
    if not heads:
        return () if heads is not None and len(over) < 2 else None
    below = nearest(lower)
    named = {column for column, name in enumerate(heads_by_column(lower, len(columns))) if name}
    adds_to_names = all(head.last > head.first or continues_one(head, below) or head.first not in named for head in heads)
    names_all = sum(head.last - head.first + 1 for head in heads) == len(columns)
    is_no_title = len(heads) > 1 or not below or heads[0].last == heads[0].first or continues_one(heads[0], below)
    if names_all or (adds_to_names and is_no_title):
        return tuple(heads)
    return () if len(heads) == 1 else None


def _are_distinct(lines: Sequence[Sequence[Head]], columns: int) -> bool:
    """Return whether each column has a name, and no two have the same unless the very same heads stand over both."""
    names = heads_by_column(lines, columns)
    texts = {name: tuple(head.text for head in name) for name in names}
    return all(names) and len(set(texts.values())) == len(texts)


def _is_of_time(line: Pieces, over: Sequence[LinePiece]) -> bool:
    """Return whether a line is all about times: both the pieces `over` the values and the words before them, if any."""
    words = [word for piece in line.all if piece not in over for word in _WORD.findall(line.text(piece).casefold())]
    moments = all(MOMENT.search(line.text(piece)) for piece in over)
    return moments and all(word in _OF_A_TIME or MOMENT.fullmatch(word) for word in words)


def _are_in_step(years: Sequence[int]) -> bool:
    """Return whether years may be column names: each is at most one from the year before it, or is the first one again."""
    return all(abs(after - before) <= 1 or after == years[0] for before, after in pairwise(years))
