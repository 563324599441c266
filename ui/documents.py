"""The document page: the whole text of a document, rendered on the server, with a cited range marked."""

import hashlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from corpus import Block, Document, Page, sentences
from ui.wording import Language, say

_TEMPLATES = Environment(
    loader=PackageLoader("ui"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


class Piece(NamedTuple):
    """A part of a block's text, and whether it is cited."""

    text: str
    cited: bool


@dataclass(frozen=True, slots=True)
class ShownBlock:
    """A block as it is shown: the pages that begin before its end, its HTML element, and its text in pieces."""

    pages: tuple[Page, ...]
    tag: str
    pieces: tuple[Piece, ...]


def render(document: Document, cited: tuple[int, int] | None, lost: bool, language: Language) -> str:
    """The page's HTML. All of the document's text is escaped. `lost` if a citation was asked for that isn't there any more."""
    blocks = shown_blocks(document, cited)
    titled = any(block.tag == "h1" for block in blocks)
    return _TEMPLATES.get_template("document.html").render(
        document=document, blocks=blocks, titled=titled, lost=lost, language=language, say=say
    )


def render_message(message: str, language: Language) -> str:
    """A page that says one sentence."""
    return _TEMPLATES.get_template("message.html").render(message=message, language=language, say=say)


def locate(document: Document, start: int | None, end: int | None, digest: str | None) -> tuple[int, int] | None:
    """The range that a citation's link means: `start` to `end` if its text has this digest, else a sentence or two that has.

    `digest` is the first 8 hex digits of the quote's sha256; without one, any range within the text is taken. None if there is
    no such place.
    """
    if start is not None and end is not None and _is_quote(document, start, end, digest):
        return start, end
    if digest is None:
        return None
    found = sentences(document)
    ranges = [*found, *((first[0], second[1]) for first, second in pairwise(found))]
    return next((place for place in ranges if _is_quote(document, *place, digest)), None)


def shown_blocks(document: Document, cited: tuple[int, int] | None) -> list[ShownBlock]:
    """The blocks of a document in order; pages without text at its end are with a last block that is empty."""
    titles = [heading for heading in document.headings[:1] if document.shown(heading.start, heading.end) == document.title]
    below = 0 if titles and titles[0].level == 1 else 1
    tags = {heading.start: f"h{min(max(heading.level + below, 2), 6)}" for heading in document.headings}
    tags |= {heading.start: "h1" for heading in titles}
    shown = []
    pages = deque(document.pages)
    for block in document.blocks:
        begun = []
        while pages and pages[0].start < block.end:
            begun.append(pages.popleft())
        pieces = tuple(_pieces(document, block, cited or (0, 0)))
        shown.append(ShownBlock(tuple(begun), tags.get(block.start, "p"), pieces))
    return [*shown, ShownBlock(tuple(pages), "p", ())] if pages else shown


def _pieces(document: Document, block: Block, cited: tuple[int, int]) -> Iterator[Piece]:
    start, end = (min(max(place, block.start), block.end) for place in cited)
    for first, last, is_cited in ((block.start, start, False), (start, end, True), (end, block.end, False)):
        if first < last:
            raw = document.text[first:last]
            before, after = " " * raw[0].isspace(), " " * raw[-1].isspace()
            yield Piece(before + document.shown(first, last) + after, is_cited)


def _is_quote(document: Document, start: int, end: int, digest: str | None) -> bool:
    """Whether the range lies within the text and, if there is a digest, has it."""
    if not 0 <= start < end <= len(document.text):
        return False
    return digest is None or hashlib.sha256(document.text[start:end].encode("utf-8")).hexdigest()[:8] == digest
