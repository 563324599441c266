"""Cuts a document into passages that an encoder sees whole."""

from collections.abc import Callable, Iterator

from corpus.document import Document, Passage
from corpus.sentences import split_sentences

CountTokens = Callable[[str], int]

SPLITTER_VERSION = 2
"""Raise this when the same document gives other passages, so that stored vectors are made anew."""


def split(document: Document, count_tokens: CountTokens, limit: int) -> list[Passage]:
    """The document's passages, in order: as many whole blocks as fit, else whole sentences, else words.

    `count_tokens` gives the tokens of a text, with the special ones that the encoder adds to every text; no passage's
    `encoded_text` has more than `limit` of them. A heading begins a new passage, every block lies within the passages,
    and no two passages overlap.
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
    """What the word index reads of a passage: the document's title, the heading path, and its plain text. If it begins within a
    table, the names of the columns come first: once, since rows that repeat them drown what tells them apart.

    A passage rarely says which document and section it is from, and questions often do.
    """
    headings = (document.title, *document.heading_path(passage.start))
    names = document.column_names(passage.start)
    return "\n".join((*headings, f"{names} {document.plain(passage.start, passage.end)}".strip()))


def encoded_text(document: Document, passage: Passage, count_tokens: CountTokens, limit: int) -> str:
    """What an encoder reads of a passage: the same, but for what would take up too much of its `limit`: outer headings, and the
    names of columns.
    """
    path = _path(document, passage.start, count_tokens, limit)
    names = _names(document, passage.start, count_tokens, limit)
    text = f"{names} {document.plain(passage.start, passage.end)}".strip()
    return f"{path}\n{text}".strip()


def _opening(document: Document, position: int, count_tokens: CountTokens, limit: int) -> int:
    """The tokens of what comes before the text of a passage that begins at `position`, with the special ones."""
    names = _names(document, position, count_tokens, limit)
    return count_tokens(_path(document, position, count_tokens, limit)) + count_tokens(names) - count_tokens("")


def _names(document: Document, position: int, count_tokens: CountTokens, limit: int) -> str:
    """The names of the columns of the table that a passage begins in; "" if they take more than a quarter of `limit`."""
    names = document.column_names(position)
    return names if count_tokens(names) <= limit // 4 else ""


def _path(document: Document, position: int, count_tokens: CountTokens, limit: int) -> str:
    """The title and the headings as one line; the outermost are left out until it takes at most half of `limit`."""
    headings = (document.title, *document.heading_path(position))
    while headings and count_tokens(" > ".join(headings)) > limit // 2:
        headings = headings[1:]
    return " > ".join(headings)


def _units(document: Document, count_tokens: CountTokens, limit: int) -> Iterator[tuple[int, int]]:
    """The smallest ranges to pack: whole blocks, or the sentences or words of a block that is too long by itself."""
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
    """The range itself if it fits, else its halves, cut at the space nearest to the middle where there is one."""
    if fits(start, end):
        yield start, end
        return
    middle = (start + end) // 2
    before, after = text.rfind(" ", start + 1, middle), text.find(" ", middle, end - 1)
    spaces = [space for space in (before, after) if space > 0]
    stop = min(spaces, key=lambda space: abs(space - middle)) if spaces else middle
    yield from _halves(text, start, stop, fits)
    yield from _halves(text, stop + 1 if spaces else stop, end, fits)
