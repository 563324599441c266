"""The document page, rendered on the server: the whole document with its outline, a cited range marked, and what was looked for."""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from itertools import pairwise
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from assistant import Assistant, Citation
from corpus import Document, Heading, Page, QuipuError, sentences
from index import LibraryError
from ui.access.visitor import visible_to_visitor
from ui.pages import Frame, frame_of, message_page
from ui.pages import page as page_of
from ui.web.blocks import shown_blocks
from ui.web.find_in_document import MOST_FOUND, found_in
from ui.web.page_images import WIDTHS, PageImage, PageImages
from ui.web.page_window import Portion, portion
from ui.wording import label, say, within

_log = logging.getLogger(__name__)


def document_routes(assistant: Assistant, drawings: PageImages) -> APIRouter:
    """The routes of the documents' own pages, their pictures and their originals."""
    routes = APIRouter()

    @routes.api_route("/documents/{document_id}", methods=["GET", "HEAD"])
    def page(
        request: Request,
        document_id: str,
        start: int | None = None,
        end: int | None = None,
        q: str | None = None,
        at: int | None = None,
        find: str = "",
        view: str = "",
    ) -> HTMLResponse:
        frame = frame_of(request)
        try:
            document = visible_to_visitor(assistant, request).index().document(document_id)
        except LibraryError:
            return HTMLResponse(message_page(say("no_document", frame.language), frame), status_code=HTTPStatus.NOT_FOUND)
        cited = locate(document, start, end, q)
        lost = cited is None and (start, end, q) != (None, None, None)
        sheets = drawings.sheets(document, cited) if view != "text" else []
        return HTMLResponse(
            render(document, cited, lost, frame, sheets=sheets, at=at, find=find[:200]), headers={"Cache-Control": "no-store"}
        )

    @routes.get("/documents/{document_id}/pages/{number}.png")
    def picture(request: Request, document_id: str, number: int, width: int = WIDTHS[1]) -> Response:
        document = findable(visible_to_visitor(assistant, request), document_id)
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
        seen = visible_to_visitor(assistant, request)
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
    sheets: Sequence[PageImage] = (),
    at: int | None = None,
    find: str = "",
) -> str:
    """The page's HTML. All of the document's text is escaped. `lost` if a citation was asked for that isn't there any more.

    A PDF is shown as its `sheets` are drawn, or as text without them. A part of a very long text is shown: from position `at` on,
    or around what is cited. `find` is looked for in it.
    """
    shown = Portion(()) if sheets else portion(document, at, cited)
    blocks = [] if sheets else shown_blocks(document, shown.blocks, cited or (0, 0), (0, len(document.text)))
    return page_of(
        "document.html",
        frame,
        document=document,
        citation=Citation.of(1, document, *cited) if cited else None,
        label=label,
        within=within,
        portion=shown,
        blocks=blocks,
        titled=any(block.tag == "h1" for block in blocks),
        headings=list(_outline(document)),
        sheets=sheets,
        found=list(found_in(document, find)) if find.strip() else [],
        most=MOST_FOUND,
        find=find,
        lost=lost,
        here="document",
    )


def _outline(document: Document) -> Iterator[tuple[Heading, str, Page | None]]:
    """The headings with their texts and pages, without the names of sheets."""
    for heading in document.headings:
        text, page = document.shown(heading.start, heading.end), document.page_at(heading.start)
        if document.page_kind != "sheet" or page is None or text != page.label:
            yield heading, text, page


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


def _is_quote(document: Document, start: int, end: int, digest: str | None) -> bool:
    """Whether the range lies within the text and, if there is a digest, has it."""
    if not 0 <= start < end <= len(document.text):
        return False
    return digest is None or hashlib.sha256(document.text[start:end].encode("utf-8")).hexdigest()[:8] == digest
