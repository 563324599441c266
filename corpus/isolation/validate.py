"""Checks a document that a worker sent, before anything relies on it: a crafted file may have taken the worker's parser over."""

from collections.abc import Sequence
from itertools import chain, pairwise

from corpus.document import Document
from corpus.structure import Page, Table


def check(document: Document) -> None:
    """Raise ValueError or TypeError unless a document keeps the promises of `Document`.

    Pages tile the text, blocks and headings lie within it in order, and the rows and cells of tables are ranges of it.
    """
    for text in (document.title, document.language, document.media_type, document.text):
        text.encode("utf-8")
    length = len(document.text)
    _check_pages(document.pages, length)
    _check_ranges(document.blocks, length)
    _check_ranges([heading[1:] for heading in document.headings], length)
    if not _are_counts(document.running_lines, *(heading.level for heading in document.headings)):
        raise ValueError("a heading level or a line count that is not a whole number")
    for start, size, page, source in document.runs:
        if not _is_range(start, start + size, length) or not _are_counts(page, source):
            raise ValueError(f"a run of {size} characters at {start} in a text of {length}")
    for start, size, page, *sides in document.words:
        if not _is_range(start, start + size, length) or not _are_counts(page) or not all(0 <= side <= 1 for side in sides):
            raise ValueError(f"a word of {size} characters at {start} in a text of {length}")
    for table in document.tables:
        _check_table(table, length)
    _check_ranges(sorted((row.start, row.end) for table in document.tables for row in table.rows), length)


def _check_pages(pages: Sequence[Page], length: int) -> None:
    if pages and (pages[0].start != 0 or pages[-1].end != length):
        raise ValueError("pages that don't cover the text")
    for place, page in enumerate(pages, 1):
        if page.number != place or not _is_range(page.start, page.end, length) or not isinstance(page.ocr, bool):
            raise ValueError(f"page {page.number} in place {place}")
        if page.label is not None:
            page.label.encode("utf-8")
    if any(page.end != following.start for page, following in pairwise(pages)):
        raise ValueError("pages that don't tile the text")


def _check_ranges(ranges: Sequence[tuple[int, int]], length: int) -> None:
    """Raise ValueError unless the ranges lie within the text, in order and without overlap."""
    if not all(_is_range(start, end, length) for start, end in ranges):
        raise ValueError(f"a range outside a text of {length} characters")
    if any(end > start for (_, end), (start, _) in pairwise(ranges)):
        raise ValueError("ranges that overlap")


def _check_table(table: Table, length: int) -> None:
    if not all(_is_range(*name, length) for name in chain.from_iterable(table.columns)):
        raise ValueError(f"a column's name outside a text of {length} characters")
    for row in table.rows:
        if row.number is not None and not _are_counts(row.number):
            raise ValueError(f"a row of number {row.number}")
        for cell in row.cells:
            if (
                not _are_counts(cell.column, *cell[1:])
                or cell.column >= len(table.columns)
                or not row.start <= cell.start <= cell.end <= row.end
            ):
                raise ValueError(f"a cell of column {cell.column} outside its row or its table")


def _is_range(start: int, end: int, length: int) -> bool:
    return _are_counts(start, end) and start <= end <= length


def _are_counts(*numbers: int) -> bool:
    """Return whether all are non-negative integers; JSON could hold anything."""
    return all(type(number) is int and number >= 0 for number in numbers)
