"""What must hold for every document that a parser returns, and for every sentence with which a file is refused."""

from collections.abc import Iterator
from itertools import pairwise

from corpus import Document, sentences, split
from corpus.isolation.validate import check

_LONGEST = 600  # characters of a sentence that refuses a file


def faults(document: Document) -> Iterator[str]:
    """Yield a description of each promise of `Document` that this one breaks. Raises ValueError as `check` does."""
    check(document)
    if not document.text.strip():
        yield "no text"
    if any(block.start >= block.end for block in document.blocks):
        yield "an empty block"
    yield from _table_faults(document)
    for start, end in document.blocks:
        shown = document.shown(start, end)
        if "\n" in shown or "\n" in document.plain(start, end):
            yield f"a line break in what is shown of {start} to {end}"
        document.heading_path(start)
        document.names_columns(start)
    if any(first >= last for first, last in sentences(document)):
        yield "an empty sentence"
    if document.blocks and not split(document, lambda text: len(text.split()) + 2, 100):
        yield "no passage"


def _table_faults(document: Document) -> Iterator[str]:
    blocks = set(document.blocks)
    for row in (row for table in document.tables for row in table.rows):
        if (row.start, row.end) not in blocks:
            yield f"a row that is no block: {row}"
        if not row.cells or any(cell.end > following.start for cell, following in pairwise(row.cells)):
            yield f"cells that overlap: {row}"


def refusal_faults(sentence: str) -> Iterator[str]:
    """Yield what is wrong with a sentence that refuses a file: it can't be printed, or is no sentence for a person."""
    if not sentence.isprintable():
        yield f"a sentence that can't be printed: {sentence!r}"
    if "Traceback" in sentence or len(sentence) > _LONGEST or " is not a document (" in sentence or not sentence.strip():
        yield f"no sentence: {sentence[:700]}"
