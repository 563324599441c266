"""Group the lines of a PDF into blocks: paragraphs, headings, notes and table rows."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from corpus.parsers.pdf.headers_footers import usual_leading, usual_size
from corpus.parsers.pdf.lines import Line
from corpus.parsers.pdf.table_rows import LineTable
from corpus.parsers.pdf.tables import with_tables
from corpus.parsers.text.list_items import SENTENCE_ENDS, begins_item, marker_length, may_be_item

_LEADING = 1.35  # times the page's usual leading: a wider gap separates paragraphs
_WIDE_LEADING = 2.0  # the same within a sentence: the lines of a form are further apart
_FULL = 0.8  # times the x where the page's lines end at most: a line that reaches this far is full
_SAME_SIZE = 0.1  # of a line's height: a smaller difference doesn't make another size
_LARGER = 1.15  # times the body's size: text this large is a heading
_BODY = 0.15  # of the document's characters: a size with this share is a body size
_LONGEST_HEADING = 150  # characters
_LEVELS = 4
_NOTE = 0.93  # of the page's usual size: a footnote is smaller
_NOTE_BEGINS = re.compile(r"(?:\(?\d{1,3}[.)]?|\([a-z]\)|[*†‡§¶]{1,3})\s*(?=[^\W\d_]|[“\"'‘(])")
_CAPTION = re.compile(
    r"(?:figure|fig\.|table|chart|graph|box|map|figura|tabla|cuadro|gráfic[oa]|mapa|recuadro|ilustración)\s+"
    r"(?:\d+|[IVX]+|[A-Z])(?:[.-]\d+)*\s*(?:[:|–—]|\.(?!\d)|$)",
    re.IGNORECASE,
)
"""The start of a figure's or a table's caption, which is a block of its own."""


@dataclass(frozen=True, slots=True)
class LineBlock:
    """A block: its lines, in order; its level as a heading, from 1, or 0; and `marker`, the characters of the bullet that its first
    line begins with.

    A table row is a block with a `table` and its index `row` in that table.
    """

    lines: tuple[Line, ...]
    level: int
    marker: int
    table: LineTable | None = None
    row: int = 0


@dataclass(slots=True)
class _Group:
    """The lines of a block that is being built; if they are a table row, also the table and the index of the row."""

    lines: list[Line]
    table: LineTable | None = None
    row: int = 0


class _Groups:
    """The blocks of the pages added so far. A paragraph that continues on the next page is moved behind the notes before it."""

    def __init__(self, pages: Sequence[Sequence[Line]]) -> None:
        self.all: list[_Group] = []
        self._leading = {page[0].page: usual_leading(page) for page in pages if page}
        self._right = {page[0].page: max(line.right for line in page) for page in pages if page}
        self._above_notes: int | None = None  # the index of the last group above the notes of the page before

    def add(self, text: Sequence[Line | LineTable], notes: Sequence[Line]) -> None:
        """Add a page: its text, and the notes at its foot."""
        for item in text:
            index = len(self.all) - 1 if self._above_notes is None else self._above_notes
            before = self.all[index] if self.all else None
            if isinstance(item, LineTable):
                self.all.extend(_Group(list(row.lines), item, number) for number, row in enumerate(item.rows))
            elif before is not None and self._continues(before, item):
                before.lines.append(item)
                self.all.append(self.all.pop(index))
            else:
                self.all.append(_Group([item]))
            self._above_notes = None
        if notes:
            self._above_notes = len(self.all) - 1 if self.all[-1].lines[0].page == notes[0].page else None
            self.all.append(_Group([notes[0]]))
            for line in notes[1:]:
                if self._continues(self.all[-1], line):
                    self.all[-1].lines.append(line)
                else:
                    self.all.append(_Group([line]))

    def _continues(self, group: _Group, line: Line) -> bool:
        """Return whether `line` continues the block of `group`."""
        before = group.lines[-1]
        return group.table is None and _continues(group.lines, line, self._leading[line.page], self._right[before.page])


def blocks_of(pages: Sequence[Sequence[Line]]) -> list[LineBlock]:
    """Return the blocks of a document, in order. A paragraph that continues on the next page is one block, which comes after the
    notes at the foot of its first page.
    """
    texts, notes = zip(*map(_without_notes, pages), strict=True) if pages else ((), ())
    groups = _Groups(pages)
    for text, below in zip(with_tables(texts), notes, strict=True):
        groups.add(text, below)
    levels = _heading_levels([group.lines for group in groups.all])
    return [
        LineBlock(tuple(group.lines), 0, 0, group.table, group.row)
        if group.table is not None
        else LineBlock(tuple(group.lines), level, 0 if level or _is_row(group.lines[0]) else marker_length(group.lines[0].text))
        for group, level in zip(groups.all, levels, strict=True)
    ]


def _without_notes(lines: Sequence[Line]) -> tuple[Sequence[Line], Sequence[Line]]:
    """Return the lines of a page in two parts: its text, and the notes at its foot.

    Notes are the last lines of the page if these are smaller and begin as a note does; or else the first lines, if the file draws
    them first but below all others.
    """
    small = _NOTE * usual_size(lines)
    leading_small = sum(1 for _ in takewhile(lambda line: line.size < small and not _is_row(line), lines))
    is_drawn_first = 0 < leading_small < len(lines) and _NOTE_BEGINS.match(lines[0].text) is not None
    if is_drawn_first and max(line.y for line in lines[:leading_small]) < min(line.y for line in lines[leading_small:]):
        return lines[leading_small:], lines[:leading_small]
    start = len(lines)
    while start and lines[start - 1].size < small and not _is_row(lines[start - 1]):
        start -= 1
    while start < len(lines) and not _NOTE_BEGINS.match(lines[start].text):
        start += 1
    is_foot = 0 < start < len(lines) and min(line.y for line in lines[:start]) > lines[start].y
    return (lines[:start], lines[start:]) if is_foot else (lines, ())


def _continues(group: Sequence[Line], line: Line, leading: float, right: float) -> bool:
    """Return whether `line` is in the same block as the lines of `group` before it. `leading` is the usual one of its page, and
    `right` is where the longest line on the page of the group's last line ends.
    """
    before = group[-1]
    if line.apart or _is_row(before) or _is_row(line) or before.bold != line.bold:
        return False
    if abs(before.size - line.size) > _SAME_SIZE * line.size:
        return False
    is_full, is_ended = before.right >= _FULL * right, before.text[-1] in SENTENCE_ENDS
    if begins_item(line.text, first=group[0].text, ended=is_ended or not is_full):
        return False
    if (_CAPTION.match(line.text) and (is_ended or not is_full)) or (_CAPTION.match(group[0].text) and is_ended):
        return False
    is_mid_sentence = not is_ended and line.text[0].islower()
    if before.page != line.page:
        return not is_ended and (is_full or is_mid_sentence)
    if line.y > before.y and line.left > before.right:
        return is_mid_sentence  # at the top of the next column
    distance = _WIDE_LEADING if is_full and is_mid_sentence else _LEADING
    return 0 < before.y - line.y <= distance * max(leading, line.size) and (is_full or not is_ended)


def _is_row(line: Line) -> bool:
    """Return whether a line looks like a table row: three cells or more, or two with a digit in the line. The gap after a list
    marker doesn't count.
    """
    cells = line.cells - (1 if may_be_item(line.text) else 0)
    return cells > 2 or (cells == 2 and any(map(str.isdigit, line.text)))


def _heading_levels(groups: Sequence[Sequence[Line]]) -> list[int]:
    """Return the heading level of each group of lines, or 0. A heading is larger than the body, or bold where the body isn't; the
    largest size has level 1.
    """
    weight: Counter[tuple[float, bool]] = Counter()
    for line in (line for group in groups for line in group):
        weight[line.size, line.bold] += len(line.text)
    bold = max(weight, key=lambda style: weight[style])[1]
    body = [size for (size, _), characters in weight.items() if characters >= _BODY * weight.total()]
    size = max(body, default=max(weight, key=lambda style: weight[style])[0])

    headings = [
        max(size, group[0].size)
        if _looks_like_heading(group) and (group[0].size >= _LARGER * size or (group[0].bold and not bold))
        else None
        for group in groups
    ]
    sizes = sorted({height for height in headings if height is not None}, reverse=True)
    return [min(1 + sizes.index(height), _LEVELS) if height is not None else 0 for height in headings]


def _looks_like_heading(lines: Sequence[Line]) -> bool:
    """Return whether lines have the wording of a heading: short, mostly letters, capitalised, without a comma or full stop at the
    end, and in one cell.
    """
    text = " ".join(line.text for line in lines)
    return (
        len(text) <= _LONGEST_HEADING
        and sum(map(str.isalpha, text)) >= 0.5 * len(text)
        and (text[0].isupper() or text[0].isdigit())
        and text[-1] not in ".,;:"
        and all(line.cells == 1 for line in lines)
    )
