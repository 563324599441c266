"""Tables of a PDF page: lines whose numbers stand in columns, and the lines above them that name these."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise, takewhile
from typing import NamedTuple

from corpus.parsers.pdf.cells import Column, Pieces, cells_of, columns_of, pieces_of
from corpus.parsers.pdf.column_names import ColumnPlace, Head, naming_of
from corpus.parsers.pdf.lines import Line, joined

_FAR = 3.6  # line heights: rows further apart are of two tables
_LABELS = 6  # lines without a value that may follow one another within a table
_LONGEST_LABEL = 200  # characters
_LONGEST_HEAD = 120  # characters that a line may have that names columns
_HIGHEST = 16  # line heights: how far above a table the lines may be that name its columns
_HEAD_FAR = 2.6  # line heights: the same between two such lines
_SAME_BASELINE = 0.35  # line heights
_WRAPPED = 1.7  # line heights: a label's next line is no further away
_SAME_COLUMN = 3.0  # points: how far the side of a column may move from one page to the next

_CUT = frozenset("and or of the to for in on at by with from net a an y o de del la el los las en por con para &".split())


class LineRow(NamedTuple):
    """A row of a table: its lines, and its cells, as (column, start, end) in their texts joined by line feeds."""

    lines: tuple[Line, ...]
    cells: tuple[tuple[int, int, int], ...]

    @property
    def text(self) -> str:
        """The lines' texts as they are laid down."""
        return "\n".join(line.text for line in self.lines)


@dataclass(slots=True)
class LineTable:
    """A table. The first `heads` rows name the columns: for each the cells that do so, as (row, start, end), outermost first.

    `columns` are the places of the values; none if the whole line above the table names each whole row.
    """

    names: list[list[tuple[int, int, int]]]
    rows: list[LineRow]
    heads: int
    columns: list[Column]

    @property
    def end(self) -> Line:
        """Its last line."""
        return self.rows[-1].lines[-1]

    def head_texts(self) -> set[tuple[str, ...]]:
        """The texts of the cells of each line that names columns, but for the labels'."""
        return {tuple(row.text[start:end] for column, start, end in row.cells if column) for row in self.rows[: self.heads]}


def with_tables(pages: Sequence[Sequence[Line]]) -> list[list[Line | LineTable]]:
    """The pages with tables in place of the lines of these. A table that goes on over a page's end is one, on its first page."""
    found: list[list[Line | LineTable]] = []
    last: Line | LineTable | None = None
    for lines in pages:
        page = _page(lines) if lines else []
        if page and isinstance(last, LineTable) and isinstance(page[0], LineTable) and _goes_on(last, page[0]):
            last.rows.extend(page[0].rows)
            found.append(page[1:])
            last = page[-1] if page[1:] else last
        else:
            found.append(page)
            last = page[-1] if page else None
    return found


def _page(lines: Sequence[Line]) -> list[Line | LineTable]:
    rows = [pieces_of(line) for line in lines]
    items: list[Line | LineTable] = []
    last: LineTable | None = None
    done = 0
    for start, end in _regions(rows):
        before, table = _table(rows[done:start], rows[start:end], last)
        if last is not None and table is not None and _is_rest(last, before, table):
            last.rows.extend(LineRow((row.line,), ((0, 0, len(row.line.text)),)) for row in before)
            last.rows.extend(table.rows)
        else:
            items.extend(row.line for row in before)
            if table is not None and (table.heads or len(table.rows) > 1):
                items.append(table)
                last = table
            else:
                items.extend(row.line for row in rows[start:end])
        done = end
    return [*items, *(row.line for row in rows[done:])]


def _regions(rows: Sequence[Pieces]) -> Iterator[tuple[int, int]]:
    """Where the rows of tables are: lines of numbers, with no more than a few labels between them."""
    place = 0
    while place < len(rows):
        if not rows[place].is_data():
            place += 1
            continue
        start, end = place, place + 1
        edge = rows[place].numbers()[0].left
        for other in range(place + 1, len(rows)):
            row = rows[other]
            if not _is_near(rows[other - 1].line, row.line, _FAR) or other - end > _LABELS:
                break
            if row.is_data():
                edge = min(edge, row.numbers()[0].left)
                end = other + 1
            elif not _is_label(row, edge):
                break
            elif other == end and _is_wrapped(rows[other - 1], row):
                end = other + 1
        yield start, end
        place = end


def _is_near(above: Line, below: Line, far: float) -> bool:
    return above.turns == below.turns and 0 < above.y - below.y < far * max(above.size, below.size)


def _is_label(row: Pieces, edge: float) -> bool:
    """Whether a line may stand within a table whose values begin at `edge`, and says nothing of the columns."""
    return len(row.line.text) <= _LONGEST_LABEL and row.line.right <= edge


def _is_wrapped(above: Pieces, row: Pieces) -> bool:
    """Whether a row's label goes on in the next line, which begins with a small letter or follows a word that ends no label."""
    return (
        (row.line.text.lstrip("([")[:1].islower() or _is_cut(above))
        and any(map(str.isalpha, above.line.text))
        and above.line.text[-1] not in ".:;"
        and above.line.bold == row.line.bold
        and _is_near(above.line, row.line, _WRAPPED)
    )


def _is_cut(row: Pieces) -> bool:
    """Whether a line without a value ends with a comma or a word that something has to follow."""
    return not row.is_data() and (row.line.text[-1] == "," or row.line.text.split()[-1] in _CUT)


def _table(before: Sequence[Pieces], rows: Sequence[Pieces], last: LineTable | None) -> tuple[Sequence[Pieces], LineTable | None]:
    """The lines before a table that are no part of it, and the table; None if there is none. `last` is the table before it on the
    page.
    """
    data = [row for row in rows if row.is_data()]
    columns = columns_of(data)
    edge = columns[0].left if columns else min(row.numbers()[0].left for row in data)
    pitch = min((above.line.y - below.line.y for above, below in pairwise(rows)), default=0.0)
    place = ColumnPlace(columns, Column(min(row.line.left for row in rows), edge), pitch)
    levels = _levels(before, rows[0].line)
    lines = [_as_one_line(level) for level in levels]
    labels = len(list(takewhile(lambda line: not place.over(line), lines)))
    known = last.head_texts() if last is not None and _follows(last.end, before, rows[0].line, place) else None
    naming = naming_of(lines[labels:], place, known)
    if not naming.lines or (not naming.heads and len(data) < 2):
        return before, _laid([], rows, columns, ()) if columns else None
    used = {id(row) for level in levels[: labels + naming.lines] for row in level}
    heads = lines[labels : labels + naming.lines][::-1]
    body = [*lines[:labels][::-1], *rows]
    table = _laid(heads, body, columns, naming.heads[::-1]) if naming.heads else _whole(heads, body)
    return [row for row in before if id(row) not in used], table


def _follows(end: Line, before: Sequence[Pieces], first: Line, place: ColumnPlace) -> bool:
    """Whether the lines `before` the `first` one of a table could be rows of the table that has its last line at `end`."""
    lines = [end, *(row.line for row in before), first]
    near = all(above.y - below.y < _FAR * max(above.size, below.size) for above, below in pairwise(lines))
    return near and not any(place.is_text(row) for row in before)


def _levels(before: Sequence[Pieces], first: Line) -> list[list[Pieces]]:
    """The short lines right above the `first` one of a table, the nearest first, those together that stand side by side."""
    above: list[Pieces] = []
    for row in reversed(before):
        if not _is_near(row.line, first, _HIGHEST) or len(row.line.text) > _LONGEST_HEAD or row.is_data():
            break
        above.append(row)
    levels: list[list[Pieces]] = []
    for row in sorted(above, key=lambda row: row.line.y):
        lowest = levels[-1][0].line if levels else first
        if levels and row.line.y - lowest.y < _SAME_BASELINE * row.line.size:
            levels[-1].append(row)
        elif _is_near(row.line, lowest, _HEAD_FAR):
            levels.append([row])
        else:
            break
    return levels


def _as_one_line(level: Sequence[Pieces]) -> Pieces:
    """Lines that stand side by side as one."""
    return pieces_of(reduce(joined, sorted((row.line for row in level), key=lambda line: line.left)))


def _laid(heads: Sequence[Pieces], body: Sequence[Pieces], columns: list[Column], named: Sequence[Sequence[Head]]) -> LineTable:
    """A table of `columns`, which the lines `heads` name as `named` says of each."""
    names: list[list[tuple[int, int, int]]] = [[] for _ in range(len(columns) + 1)]
    rows: list[LineRow] = []
    for place, line in reversed(list(enumerate(heads))):
        cells = []
        for first, last, start, end in _named_spans(line, named[place]):
            if not any(names[first : last + 1]):
                end = len(line.line.text[:end].rstrip(",:;")) or end
            for column in range(first, last + 1):
                names[column].insert(0, (place, start, end))
            cells.append((first, start, end))
        rows.insert(0, LineRow((line.line,), tuple(cells)))
    rows.extend(_body(body, columns))
    if not any(column == 0 for row in rows for column, _, _ in row.cells):  # no row has a label
        names = names[1:]
        rows = [LineRow(row.lines, tuple((column - 1, start, end) for column, start, end in row.cells)) for row in rows]
    return LineTable(names, rows, len(heads), columns)


def _named_spans(line: Pieces, named: Sequence[Head]) -> list[tuple[int, int, int, int]]:
    """What a line of heads has: the first and the last column, the start and the end of each of its names."""
    pieces = {head.piece for head in named}
    label = [piece for piece in line.all if piece not in pieces]
    spans = [(0, 0, label[0].start, label[-1].end)] if label else []
    return [*spans, *((head.first + 1, head.last + 1, head.piece.start, head.piece.end) for head in named)]


def _whole(heads: Sequence[Pieces], body: Sequence[Pieces]) -> LineTable:
    """A table whose rows are a single cell each, which the lines above it name as a whole."""
    rows = [LineRow((row.line,), ((0, 0, len(row.line.text)),)) for row in heads]
    rows.extend(LineRow(row.lines, ((0, 0, len(row.text)),)) for row in _body(body, ()))
    return LineTable([[(place, 0, len(row.line.text)) for place, row in enumerate(heads)]], rows, len(heads), [])


def _body(body: Sequence[Pieces], columns: Sequence[Column]) -> Iterator[LineRow]:
    """The rows of values and labels, those as one whose label takes two lines."""
    start = 0
    while start < len(body):
        end = start + 1
        while end < len(body) and _is_one_row(body[start:end], body[end : end + 2]):
            end += 1
        yield _row(body[start:end], columns)
        start = end


def _is_one_row(row: Sequence[Pieces], following: Sequence[Pieces]) -> bool:
    """Whether the first of the lines `following` goes on with the label of a row, and can't belong to the next one instead."""
    if not _is_wrapped(row[-1], following[0]):
        return False
    if not any(line.is_data() for line in row):
        return True
    return not following[0].is_data() and not (len(following) > 1 and _is_wrapped(*following))


def _row(lines: Sequence[Pieces], columns: Sequence[Column]) -> LineRow:
    cells: list[tuple[int, int, int]] = []
    length = 0
    for line in lines:
        text = line.line.text
        for column, start, end in (cells_of(line, columns) if columns and line.is_data() else None) or [(0, 0, len(text))]:
            if cells and cells[-1][0] == column == 0:
                cells[-1] = (0, cells[-1][1], length + end)
            else:
                cells.append((column, length + start, length + end))
        length += len(text) + 1
    return LineRow(tuple(line.line for line in lines), tuple(cells))


def _is_rest(last: LineTable, between: Sequence[Pieces], table: LineTable) -> bool:
    """Whether a table without names is the rest of the `last` one, from which only a few labels or titles part it."""
    lines = [last.end, *(row.line for row in between), table.rows[0].lines[0]]
    return (
        _goes_on(last, table)
        and len(between) <= _LABELS
        and all(len(row.all) == 1 and len(row.line.text) <= _LONGEST_LABEL and row.line.text[-1] != "." for row in between)
        and all(_is_near(above, below, 2 * _FAR) for above, below in pairwise(lines))
    )


def _goes_on(last: LineTable, table: LineTable) -> bool:
    """Whether a table without names has its values in the same columns as the `last` one before it."""
    return (
        not table.heads
        and len(last.columns) == len(table.columns) > 0
        and len(last.names) == len(table.names)
        and all(
            min(abs(one.left - other.left), abs(one.right - other.right)) <= _SAME_COLUMN
            and max(one.left, other.left) < min(one.right, other.right)
            for one, other in zip(last.columns, table.columns, strict=True)
        )
    )
