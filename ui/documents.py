"""The document page, rendered on the server: the whole document with its outline, a cited range marked, and what was looked for."""

import hashlib
import logging
import re
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from assistant import Assistant, Citation
from corpus import Document, LibraryError, Page, QuipuError, sentences
from index import fold
from ui.drawings import WIDTHS, Drawings, Sheet
from ui.pages import Frame, frame_of, message_page
from ui.pages import page as page_of
from ui.visitor import seen_by_visitor
from ui.wording import say

_log = logging.getLogger(__name__)

_FOUND = 100  # places that a search within a document shows
_AROUND = 60  # characters on either side of such a place


class Piece(NamedTuple):
    """A part of a block's text, and whether it is cited."""

    text: str
    cited: bool


@dataclass(frozen=True, slots=True)
class ShownBlock:
    """A block as it is shown: the pages that begin before its end, its HTML element, its place, and its text in pieces."""

    pages: tuple[Page, ...]
    tag: str
    start: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A place that holds what was looked for, with what stands around it."""

    citation: Citation
    before: str
    after: str


def document_routes(assistant: Assistant, drawings: Drawings) -> APIRouter:
    """The routes of the documents' own pages, their pictures and their originals."""
    routes = APIRouter()

    @routes.api_route("/documents/{document_id}", methods=["GET", "HEAD"])
    def page(
        request: Request,
        document_id: str,
        start: int | None = None,
        end: int | None = None,
        q: str | None = None,
        find: str = "",
        view: str = "",
    ) -> HTMLResponse:
        frame = frame_of(request)
        try:
            document = seen_by_visitor(assistant, request).index().document(document_id)
        except LibraryError:
            return HTMLResponse(message_page(say("no_document", frame.language), frame), status_code=HTTPStatus.NOT_FOUND)
        cited = locate(document, start, end, q)
        lost = cited is None and (start, end, q) != (None, None, None)
        sheets = drawings.sheets(document, cited) if view != "text" else []
        return HTMLResponse(
            render(document, cited, lost, frame, sheets=sheets, find=find[:200]), headers={"Cache-Control": "no-store"}
        )

    @routes.get("/documents/{document_id}/pages/{number}.png")
    def picture(request: Request, document_id: str, number: int, width: int = WIDTHS[1]) -> Response:
        document = findable(seen_by_visitor(assistant, request), document_id)
        if not document.is_pdf or not 1 <= number <= len(document.pages) or width not in WIDTHS:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such page")
        # A browser asks each time whether it may still show it, and a removed document is not found.
        headers = {"Cache-Control": "private, no-cache", "ETag": f'"{document_id}-{number}-{width}"'}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        with _readable(document):
            return Response(drawings.picture(document_id, number, width), media_type="image/png", headers=headers)

    @routes.get("/documents/{document_id}/original")
    def original(request: Request, document_id: str) -> Response:
        """The file itself, to keep and never to be shown here: a document may be hostile."""
        seen = seen_by_visitor(assistant, request)
        document = findable(seen, document_id)
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(document.source)}",
            "Cache-Control": "no-store",
        }
        with _readable(document):
            return Response(seen.index().original(document_id), media_type="application/octet-stream", headers=headers)

    return routes


def findable(assistant: Assistant, document_id: str) -> Document:
    """The document of this id. Raises HTTPException, "not found", if there is none in what the assistant may show."""
    try:
        return assistant.index().document(document_id)
    except LibraryError:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such document") from None


@contextmanager
def _readable(document: Document) -> Iterator[None]:
    """Turn what is amiss with a document's file, which names places on this machine, into a sentence for a reader."""
    try:
        yield
    except QuipuError as error:
        _log.warning("%s", error)
        sentence = f"The original of {document.source} can't be read; whoever runs this Quipu can add it again"
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, sentence) from None


def render(
    document: Document,
    cited: tuple[int, int] | None,
    lost: bool,
    frame: Frame,
    *,
    sheets: Sequence[Sheet] = (),
    find: str = "",
) -> str:
    """The page's HTML. All of the document's text is escaped. `lost` if a citation was asked for that isn't there any more.

    A PDF is shown as its `sheets` are drawn, or as text without them. `find` is looked for in it.
    """
    blocks = [] if sheets else shown_blocks(document, cited)
    return page_of(
        "document.html",
        frame,
        document=document,
        citation=Citation.of(1, document, *cited) if cited else None,
        blocks=blocks,
        titled=any(block.tag == "h1" for block in blocks),
        headings=[
            (heading, document.shown(heading.start, heading.end), document.page_at(heading.start)) for heading in document.headings
        ],
        sheets=sheets,
        found=list(found_in(document, find)) if find.strip() else [],
        most=_FOUND,
        find=find,
        lost=lost,
        here="document",
    )


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


def found_in(document: Document, sought: str) -> Iterator[Found]:
    """The first places, up to a hundred, where the words sought stand in the document, whatever their case and accents."""
    folded, places = _folded(document)
    words = [re.escape(word) for word in fold(sought).split()]
    for count, match in enumerate(re.finditer(r"\s+".join(words), folded) if words else ()):
        if count == _FOUND:
            return
        start, end = places[match.start()], places[match.end() - 1] + 1
        before, after = around(document, start, end, _AROUND)
        yield Found(
            Citation.of(count + 1, document, start, end),
            document.plain(before, start) if before < start else "",
            document.plain(end, after) if end < after else "",
        )


def around(document: Document, start: int, end: int, characters: int) -> tuple[int, int]:
    """A range with up to so many characters on either side, no word of which is cut."""
    first, last = max(0, start - characters), min(len(document.text), end + characters)
    before = (document.text.find(" ", first, start) + 1 or start) if first else 0
    after = max(document.text.rfind(" ", end, last), end) if last < len(document.text) else last
    return before, after


def _folded(document: Document) -> tuple[str, list[int]]:
    """The text as it is compared, and for each of its characters where that stands in the document."""
    letters = [(letter, place) for place, raw in enumerate(document.text) for letter in (raw if raw.isspace() else fold(raw))]
    return "".join(letter for letter, _ in letters), [place for _, place in letters]


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
        parts = tuple(pieces(document, block.start, block.end, cited or (0, 0)))
        shown.append(ShownBlock(tuple(begun), tags.get(block.start, "p"), block.start, parts))
    return [*shown, ShownBlock(tuple(pages), "p", len(document.text), ())] if pages else shown


def pieces(document: Document, first: int, last: int, cited: tuple[int, int]) -> Iterator[Piece]:
    """A range within a block in up to three pieces: before what is cited, that, and after it."""
    start, end = (min(max(place, first), last) for place in cited)
    for begin, close, is_cited in ((first, start, False), (start, end, True), (end, last, False)):
        if begin < close:
            raw = document.text[begin:close]
            before, after = " " * raw[0].isspace(), " " * raw[-1].isspace()
            yield Piece(before + document.plain(begin, close) + after, is_cited)


def _is_quote(document: Document, start: int, end: int, digest: str | None) -> bool:
    """Whether the range lies within the text and, if there is a digest, has it."""
    if not 0 <= start < end <= len(document.text):
        return False
    return digest is None or hashlib.sha256(document.text[start:end].encode("utf-8")).hexdigest()[:8] == digest
