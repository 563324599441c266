"""Whether a document's ranges fit its text: what a reader in another process says is looked at before it is believed."""

from collections.abc import Sequence
from itertools import chain, pairwise

from corpus.document import Document
from corpus.structure import Page, Table


def check(document: Document) -> None:
    """Raises ValueError, or TypeError, unless the document is as `Document` promises: pages that tile the text, blocks and headings
    in order and within it, and tables whose rows and cells are ranges of it.
    """
    for text in (document.title, document.language, document.media_type, document.text):
        text.encode("utf-8")
    length = len(document.text)
    _check_pages(document.pages, length)
    _check_ranges(document.blocks, length)
    _check_ranges([heading[1:] for heading in document.headings], length)
    if not _whole(document.running_lines, *(heading.level for heading in document.headings)):
        raise ValueError("a level or a count that is none")
    for start, size, page, source in document.runs:
        if not _within(start, start + size, length) or not _whole(page, source):
            raise ValueError(f"a run of {size} characters at {start} in a text of {length}")
    for start, size, page, *sides in document.words:
        if not _within(start, start + size, length) or not _whole(page) or not all(0 <= side <= 1 for side in sides):
            raise ValueError(f"a word of {size} characters at {start} in a text of {length}")
    for table in document.tables:
        _check_table(table, length)
    _check_ranges(sorted((row.start, row.end) for table in document.tables for row in table.rows), length)


def _check_pages(pages: Sequence[Page], length: int) -> None:
    if pages and (pages[0].start != 0 or pages[-1].end != length):
        raise ValueError("pages that don't reach over the text")
    for place, page in enumerate(pages, 1):
        if page.number != place or not _within(page.start, page.end, length) or not isinstance(page.ocr, bool):
            raise ValueError(f"page {page.number} as number {place}")
        if page.label is not None:
            page.label.encode("utf-8")
    if any(page.end != following.start for page, following in pairwise(pages)):
        raise ValueError("pages that don't tile the text")


def _check_ranges(ranges: Sequence[tuple[int, int]], length: int) -> None:
    """That they lie within the text, in order and apart from each other."""
    if not all(_within(start, end, length) for start, end in ranges):
        raise ValueError(f"a range outside a text of {length} characters")
    if any(end > start for (_, end), (start, _) in pairwise(ranges)):
        raise ValueError("ranges that lie over each other")


def _check_table(table: Table, length: int) -> None:
    if not all(_within(*name, length) for name in chain.from_iterable(table.columns)):
        raise ValueError(f"a column's name outside a text of {length} characters")
    for row in table.rows:
        if row.number is not None and not _whole(row.number):
            raise ValueError(f"a row of number {row.number}")
        for cell in row.cells:
            if (
                not _whole(cell.column, *cell[1:])
                or cell.column >= len(table.columns)
                or not row.start <= cell.start <= cell.end <= row.end
            ):
                raise ValueError(f"a cell of column {cell.column} outside its row or its table")


def _within(start: int, end: int, length: int) -> bool:
    return _whole(start, end) and start <= end <= length


def _whole(*numbers: int) -> bool:
    """Whether they are numbers from 0 on without a fraction; JSON could have said anything."""
    return all(type(number) is int and number >= 0 for number in numbers)
