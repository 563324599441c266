"""From lines to blocks: which lines of a PDF are one paragraph, which are table rows, and which are headings."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from corpus.parsers.pdf.headers_footers import usual_leading, usual_size
from corpus.parsers.pdf.lines import Line
from corpus.parsers.pdf.tables import LineTable, with_tables
from corpus.parsers.text.list_items import SENTENCE_ENDS, begins_item, marker_length, may_be_item

_LEADING = 1.35  # times the page's usual distance between lines: a wider one separates paragraphs
_WIDE_LEADING = 2.0  # the same where a sentence goes on: a form's lines stand further apart
_FULL = 0.8  # of the page's widest line: a paragraph's last line is often shorter
_SAME_SIZE = 0.1  # of a line's height: less isn't another size
_LARGER = 1.15  # times the body's height: text that large is a heading
_BODY = 0.15  # of the document's characters: what a size must have to be a size of the body
_LONGEST_HEADING = 150  # characters
_LEVELS = 4
_NOTE = 0.93  # of the height of most of the page's text: what a footnote is lower than
_NOTE_BEGINS = re.compile(r"(?:\(?\d{1,3}[.)]?|\([a-z]\)|[*†‡§¶]{1,3})\s*(?=[^\W\d_]|[“\"'‘(])")
_CAPTION = re.compile(
    r"(?:figure|fig\.|table|chart|graph|box|map|figura|tabla|cuadro|gráfic[oa]|mapa|recuadro|ilustración)\s+"
    r"(?:\d+|[IVX]+|[A-Z])(?:[.-]\d+)*\s*(?:[:|–—]|\.(?!\d)|$)",
    re.IGNORECASE,
)
"""How the caption of a figure or a table begins: a block of its own."""


@dataclass(frozen=True, slots=True)
class LineBlock:
    """Lines that belong together, in order; `level` is a heading's, 0 for text. The first line begins with a bullet so long.

    A row of a table is a block, which has that `table`, and its place in it.
    """

    lines: tuple[Line, ...]
    level: int
    marker: int
    table: LineTable | None = None
    row: int = 0


@dataclass(slots=True)
class _Group:
    """Lines of one block; the `table` whose row they are, if they are one, and its place."""

    lines: list[Line]
    table: LineTable | None = None
    row: int = 0


class _Groups:
    """Groups of lines while pages are read. A paragraph that goes on over a page's end is moved behind that page's notes."""

    def __init__(self, pages: Sequence[Sequence[Line]]) -> None:
        self.all: list[_Group] = []
        self._leading = {page[0].page: usual_leading(page) for page in pages if page}
        self._right = {page[0].page: max(line.right for line in page) for page in pages if page}
        self._above_notes: int | None = None  # the place of the last one above the notes of the page before

    def add(self, text: Sequence[Line | LineTable], notes: Sequence[Line]) -> None:
        """Add a page's text and the notes at its foot."""
        for item in text:
            place = len(self.all) - 1 if self._above_notes is None else self._above_notes
            before = self.all[place] if self.all else None
            if isinstance(item, LineTable):
                self.all.extend(_Group(list(row.lines), item, place) for place, row in enumerate(item.rows))
            elif before is not None and self._goes_on(before, item):
                before.lines.append(item)
                self.all.append(self.all.pop(place))
            else:
                self.all.append(_Group([item]))
            self._above_notes = None
        if notes:
            self._above_notes = len(self.all) - 1 if self.all[-1].lines[0].page == notes[0].page else None
            self.all.append(_Group([notes[0]]))
            for line in notes[1:]:
                if self._goes_on(self.all[-1], line):
                    self.all[-1].lines.append(line)
                else:
                    self.all.append(_Group([line]))

    def _goes_on(self, group: _Group, line: Line) -> bool:
        before = group.lines[-1]
        return group.table is None and _goes_on(group.lines, line, self._leading[line.page], self._right[before.page])


def blocks_of(pages: Sequence[Sequence[Line]]) -> list[LineBlock]:
    """The blocks of a document, in order. A paragraph that goes on over a page's end is one block, and the notes at the foot of the
    page where it begins come before it.
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
    """The lines of a page, and the notes at its foot: the last ones if they are smaller, and begin as a note does; or the first
    ones, if they were drawn first and stand below all others.
    """
    small = _NOTE * usual_size(lines)
    first = sum(1 for _ in takewhile(lambda line: line.size < small and not _is_row(line), lines))
    is_first = 0 < first < len(lines) and _NOTE_BEGINS.match(lines[0].text) is not None
    if is_first and max(line.y for line in lines[:first]) < min(line.y for line in lines[first:]):
        return lines[first:], lines[:first]
    start = len(lines)
    while start and lines[start - 1].size < small and not _is_row(lines[start - 1]):
        start -= 1
    while start < len(lines) and not _NOTE_BEGINS.match(lines[start].text):
        start += 1
    is_foot = 0 < start < len(lines) and min(line.y for line in lines[:start]) > lines[start].y
    return (lines[:start], lines[start:]) if is_foot else (lines, ())


def _goes_on(group: Sequence[Line], line: Line, leading: float, right: float) -> bool:
    """Whether `line` is in the same block as the lines before it, the last of which reaches to `right` when full."""
    before = group[-1]
    if line.apart or _is_row(before) or _is_row(line) or before.bold != line.bold:
        return False
    if abs(before.size - line.size) > _SAME_SIZE * line.size:
        return False
    full, ended = before.right >= _FULL * right, before.text[-1] in SENTENCE_ENDS
    if begins_item(line.text, first=group[0].text, ended=ended or not full):
        return False
    if (_CAPTION.match(line.text) and (ended or not full)) or (_CAPTION.match(group[0].text) and ended):
        return False
    mid_sentence = not ended and line.text[0].islower()
    if before.page != line.page:
        return not ended and (full or mid_sentence)
    if line.y > before.y and line.left > before.right:
        return mid_sentence  # at the top of the next column
    distance = _WIDE_LEADING if full and mid_sentence else _LEADING
    return 0 < before.y - line.y <= distance * max(leading, line.size) and (full or not ended)


def _is_row(line: Line) -> bool:
    """A table row: words apart as cells are. One gap is a row if a number follows it; a marker's gap at the start is none."""
    cells = line.cells - (1 if may_be_item(line.text) else 0)
    return cells > 2 or (cells == 2 and any(map(str.isdigit, line.text)))


def _heading_levels(groups: Sequence[Sequence[Line]]) -> list[int]:
    """Per group of lines, its level as a heading or 0: larger than the body, or bold where the body isn't; larger is higher."""
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
    text = " ".join(line.text for line in lines)
    return (
        len(text) <= _LONGEST_HEADING
        and sum(map(str.isalpha, text)) >= 0.5 * len(text)
        and (text[0].isupper() or text[0].isdigit())
        and text[-1] not in ".,;:"
        and all(line.cells == 1 for line in lines)
    )
