"""Split a document into passages that fit an encoder's input, and give the text of a passage to index."""

from collections.abc import Callable, Iterator

from corpus.document import Document, Passage
from corpus.sentences import split_sentences

CountTokens = Callable[[str], int]
"""Returns the number of tokens of a text, including the special tokens that the encoder adds to every text."""

SPLITTER_VERSION = 2
"""Raise this when the same document would give different passages, so that stored vectors are computed again."""


def split(document: Document, count_tokens: CountTokens, limit: int) -> list[Passage]:
    """Return the document's passages, in order.

    A passage has as many whole blocks as fit; a block that is too long by itself is cut between sentences, and a sentence that is
    too long, between words. The `encoded_text` of a passage has at most `limit` tokens. A heading begins a new passage unless only
    headings come before it. Passages don't overlap, and together they cover every block.
    """
    special = count_tokens("")
    headings = {heading.start for heading in document.headings}
    passages: list[Passage] = []
    start = end = used = 0
    has_body = False
    for first, last in _units(document, count_tokens, limit):
        tokens = count_tokens(document.plain(first, last)) - special
        if used and (used + tokens > limit or (has_body and first in headings)):
            passages.append(document.passage(start, end))
            used = 0
        if not used:
            start, has_body = first, False
            used = _opening(document, first, count_tokens, limit)
        end, used, has_body = last, used + tokens, has_body or first not in headings
    if used:
        passages.append(document.passage(start, end))
    return passages


def searched_text(document: Document, passage: Passage) -> str:
    """Return the text of a passage for the word index: the document's title, the heading path and the plain text, one per line.

    The title and headings are included because a passage rarely names its own document and section, and questions often do. A
    passage that begins inside a table gets the column names once, before its rows: repeated in every row, they would outweigh the
    words that distinguish the rows.
    """
    headings = (document.title, *document.heading_path(passage.start))
    names = document.column_names(passage.start)
    return "\n".join((*headings, f"{names} {document.plain(passage.start, passage.end)}".strip()))


def encoded_text(document: Document, passage: Passage, count_tokens: CountTokens, limit: int) -> str:
    """Return the text of a passage for an encoder: as `searched_text`, but with the title and headings on one line, and without the
    outer headings and column names that would take up too much of its `limit` of tokens.
    """
    path = _path(document, passage.start, count_tokens, limit)
    names = _names(document, passage.start, count_tokens, limit)
    text = f"{names} {document.plain(passage.start, passage.end)}".strip()
    return f"{path}\n{text}".strip()


def _opening(document: Document, position: int, count_tokens: CountTokens, limit: int) -> int:
    """Return how many tokens precede the text of a passage that begins at `position`, including the special ones."""
    names = _names(document, position, count_tokens, limit)
    return count_tokens(_path(document, position, count_tokens, limit)) + count_tokens(names) - count_tokens("")


def _names(document: Document, position: int, count_tokens: CountTokens, limit: int) -> str:
    """Return the column names of the table at `position`, or "" if they take more than a quarter of `limit`."""
    names = document.column_names(position)
    return names if count_tokens(names) <= limit // 4 else ""


def _path(document: Document, position: int, count_tokens: CountTokens, limit: int) -> str:
    """Return the title and the headings on one line, without as many outer ones as it takes to use at most half of `limit`."""
    headings = (document.title, *document.heading_path(position))
    while headings and count_tokens(" > ".join(headings)) > limit // 2:
        headings = headings[1:]
    return " > ".join(headings)


def _units(document: Document, count_tokens: CountTokens, limit: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges that `split` packs: whole blocks, or the sentences or words of a block that is too long by itself."""
    for block in document.blocks:
        room = limit - _opening(document, block.start, count_tokens, limit) + count_tokens("")

        def fits(start: int, end: int, room: int = room) -> bool:
            return end - start <= 1 or count_tokens(document.plain(start, end)) <= room

        if fits(*block):
            yield block
            continue
        for first, last in split_sentences(document.text[block.start : block.end]):
            yield from _halves(document.text, block.start + first, block.start + last, fits)


def _halves(text: str, start: int, end: int, fits: Callable[[int, int], bool]) -> Iterator[tuple[int, int]]:
    """Yield the range if it fits, else halve it, again and again, at the space nearest to the middle if there is one."""
    if fits(start, end):
        yield start, end
        return
    middle = (start + end) // 2
    before, after = text.rfind(" ", start + 1, middle), text.find(" ", middle, end - 1)
    spaces = [space for space in (before, after) if space > 0]
    stop = min(spaces, key=lambda space: abs(space - middle)) if spaces else middle
    yield from _halves(text, start, stop, fits)
    yield from _halves(text, stop + 1 if spaces else stop, end, fits)
