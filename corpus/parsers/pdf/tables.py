"""Find the tables on the pages of a PDF: lines whose numbers line up in columns, and the lines above them that name the columns."""

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import pairwise, takewhile

from corpus.parsers.pdf.cells import Column, Pieces, columns_of, pieces_of
from corpus.parsers.pdf.column_names import ColumnPlace, naming_of
from corpus.parsers.pdf.lines import Line, joined
from corpus.parsers.pdf.table_rows import LineTable, is_near, is_wrapped, table_of_columns, table_of_whole_rows, whole_row

_FAR = 3.6  # line heights: rows further apart are of two tables
_LABELS = 6  # consecutive lines without a value that a table may have
_LONGEST_LABEL = 200  # characters
_LONGEST_HEAD = 120  # characters of a line that names columns
_HIGHEST = 16  # line heights: how far above a table its column names may be
_HEAD_FAR = 2.6  # line heights: the most between two lines of column names
_SAME_BASELINE = 0.35  # line heights: how far apart the baselines of lines side by side may be


def with_tables(pages: Sequence[Sequence[Line]]) -> list[list[Line | LineTable]]:
    """Return the lines of each page, with tables in place of the lines that they consist of. A table that continues on the next
    page is a single one, on its first page.
    """
    result: list[list[Line | LineTable]] = []
    last: Line | LineTable | None = None
    for lines in pages:
        page = _page(lines) if lines else []
        if page and isinstance(last, LineTable) and isinstance(page[0], LineTable) and last.continues_in(page[0]):
            last.rows.extend(page[0].rows)
            result.append(page[1:])
            last = page[-1] if page[1:] else last
        else:
            result.append(page)
            last = page[-1] if page else None
    return result


def _page(lines: Sequence[Line]) -> list[Line | LineTable]:
    """Return the lines of one page, with tables in place of their lines."""
    rows = [pieces_of(line) for line in lines]
    items: list[Line | LineTable] = []
    last: LineTable | None = None
    done = 0
    for start, end in _regions(rows):
        before, table = _table(rows[done:start], rows[start:end], last)
        if last is not None and table is not None and _is_rest(last, before, table):
            last.rows.extend(map(whole_row, before))
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
    """Yield the (start, end) of each run of table rows: lines with numbers, and a few labels between them."""
    start = 0
    while start < len(rows):
        if not rows[start].is_data():
            start += 1
            continue
        end = start + 1
        edge = rows[start].numbers()[0].left
        for other in range(start + 1, len(rows)):
            row = rows[other]
            if not is_near(rows[other - 1].line, row.line, _FAR) or other - end > _LABELS:
                break
            if row.is_data():
                edge = min(edge, row.numbers()[0].left)
                end = other + 1
            elif not _is_label(row, edge):
                break
            elif other == end and is_wrapped(rows[other - 1], row):
                end = other + 1
        yield start, end
        start = end


def _is_label(row: Pieces, edge: float) -> bool:
    """Return whether a line may be a label within a table whose values begin at `edge`: short, and left of them."""
    return len(row.line.text) <= _LONGEST_LABEL and row.line.right <= edge


def _table(before: Sequence[Pieces], rows: Sequence[Pieces], last: LineTable | None) -> tuple[Sequence[Pieces], LineTable | None]:
    """Return the lines `before` that aren't part of the table of `rows`, and the table, or None if the rows make none. `last` is
    the table before it on the page.
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
        return before, table_of_columns([], rows, columns, ()) if columns else None
    used = {id(row) for level in levels[: labels + naming.lines] for row in level}
    heads = lines[labels : labels + naming.lines][::-1]
    body = [*lines[:labels][::-1], *rows]
    table = table_of_columns(heads, body, columns, naming.heads[::-1]) if naming.heads else table_of_whole_rows(heads, body)
    return [row for row in before if id(row) not in used], table


def _follows(end: Line, before: Sequence[Pieces], first: Line, place: ColumnPlace) -> bool:
    """Return whether the lines `before` a table's `first` line could be rows of the previous table, whose last line is `end`."""
    lines = [end, *(row.line for row in before), first]
    are_near = all(above.y - below.y < _FAR * max(above.size, below.size) for above, below in pairwise(lines))
    return are_near and not any(place.is_text(row) for row in before)


def _levels(before: Sequence[Pieces], first: Line) -> list[list[Pieces]]:
    """Return the short lines right above a table's `first` line, the nearest first, grouped by baseline."""
    above: list[Pieces] = []
    for row in reversed(before):
        if not is_near(row.line, first, _HIGHEST) or len(row.line.text) > _LONGEST_HEAD or row.is_data():
            break
        above.append(row)
    levels: list[list[Pieces]] = []
    for row in sorted(above, key=lambda row: row.line.y):
        lowest = levels[-1][0].line if levels else first
        if levels and row.line.y - lowest.y < _SAME_BASELINE * row.line.size:
            levels[-1].append(row)
        elif is_near(row.line, lowest, _HEAD_FAR):
            levels.append([row])
        else:
            break
    return levels


def _as_one_line(level: Sequence[Pieces]) -> Pieces:
    """Return lines that are side by side as one."""
    return pieces_of(reduce(joined, sorted((row.line for row in level), key=lambda line: line.left)))


def _is_rest(last: LineTable, between: Sequence[Pieces], table: LineTable) -> bool:
    """Return whether a table without names is the rest of the `last` one, with only a few labels or titles between them."""
    lines = [last.end, *(row.line for row in between), table.rows[0].lines[0]]
    return (
        last.continues_in(table)
        and len(between) <= _LABELS
        and all(len(row.all) == 1 and len(row.line.text) <= _LONGEST_LABEL and row.line.text[-1] != "." for row in between)
        and all(is_near(above, below, 2 * _FAR) for above, below in pairwise(lines))
    )
