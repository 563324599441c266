"""From lines to blocks: which lines of a PDF are one paragraph, which are table rows, and which are headings."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.readers.pdf_lines import Line
from corpus.readers.pdf_running import usual_leading
from corpus.readers.plain import SENTENCE_ENDS, begins_item, marker_length, may_be_item

_LEADING = 1.35  # times the page's usual distance between lines: a wider one separates paragraphs
_WIDE_LEADING = 2.0  # the same where a sentence goes on: a form's lines stand further apart
_FULL = 0.8  # of the page's widest line: a paragraph's last line is often shorter
_SAME_SIZE = 0.1  # of a line's height: less isn't another size
_LARGER = 1.15  # times the body's height: text that large is a heading
_BODY = 0.15  # of the document's characters: what a size must have to be a size of the body
_LONGEST_HEADING = 150  # characters
_LEVELS = 4


@dataclass(frozen=True, slots=True)
class LineBlock:
    """Lines that belong together, in order; `level` is a heading's, 0 for text. The first line begins with a bullet so long."""

    lines: tuple[Line, ...]
    level: int
    marker: int


def blocks_of(pages: Sequence[Sequence[Line]]) -> list[LineBlock]:
    """The blocks of a document, in order. A paragraph that goes on over a page's end is one block."""
    leading = {page[0].page: usual_leading(page) for page in pages if page}
    right = {page[0].page: max(line.right for line in page) for page in pages if page}
    groups: list[list[Line]] = []
    for line in (line for page in pages for line in page):
        if groups and _goes_on(groups[-1], line, leading[line.page], right[groups[-1][-1].page]):
            groups[-1].append(line)
        else:
            groups.append([line])
    levels = _heading_levels(groups)
    return [
        LineBlock(tuple(group), level, 0 if level or _is_row(group[0]) else marker_length(group[0].text))
        for group, level in zip(groups, levels, strict=True)
    ]


def _goes_on(group: Sequence[Line], line: Line, leading: float, right: float) -> bool:
    """Whether `line` is in the same block as the lines before it, the last of which reaches to `right` when full."""
    before = group[-1]
    if _is_row(before) or _is_row(line) or before.bold != line.bold:
        return False
    if abs(before.size - line.size) > _SAME_SIZE * line.size:
        return False
    full, ended = before.right >= _FULL * right, before.text[-1] in SENTENCE_ENDS
    if begins_item(line.text, first=group[0].text, ended=ended or not full):
        return False
    mid_sentence = not ended and line.text[0].islower()
    if before.page != line.page:
        return not ended and (full or mid_sentence)
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
