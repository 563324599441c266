"""The document page, rendered on the server: the document with its outline, a cited range marked, and a search within it."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from assistant import Assistant, Citation
from corpus import Document, Heading, Page, QuipuError
from index import LibraryError
from ui.api.find_passage import find_document, locate
from ui.document_blocks import shown_blocks
from ui.pages import Frame, frame_of, message_page
from ui.pages import page as page_of
from ui.visitor import visible_to_visitor
from ui.web.find_in_document import MOST_MATCHES, matches_in
from ui.web.page_images import WIDTHS, PageImage, PageImages
from ui.web.page_window import PageWindow, page_window
from ui.wording import label, say, within

_log = logging.getLogger(__name__)


def document_routes(assistant: Assistant, page_images: PageImages) -> APIRouter:
    """Return the routes of the documents' own pages, their page images and their originals."""
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
            document = visible_to_visitor(assistant, request).scope().document(document_id)
        except LibraryError:
            return HTMLResponse(message_page(say("document_missing", frame.language), frame), status_code=HTTPStatus.NOT_FOUND)
        cited = locate(document, start, end, q)
        lost = cited is None and (start, end, q) != (None, None, None)
        images = page_images.of_document(document, cited) if view != "text" else []
        return HTMLResponse(
            render(document, cited, lost, frame, page_images=images, at=at, find=find[:200]), headers={"Cache-Control": "no-store"}
        )

    @routes.get("/documents/{document_id}/pages/{number}.png")
    def picture(request: Request, document_id: str, number: int, width: int = WIDTHS[1]) -> Response:
        document = find_document(visible_to_visitor(assistant, request), document_id)
        if not document.is_pdf or not 1 <= number <= len(document.pages) or width not in WIDTHS:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such page")
        # no-cache: the browser asks each time whether it may still show the page, which a removed document no longer allows.
        headers = {"Cache-Control": "private, no-cache", "ETag": f'"{document_id}-{number}-{width}"'}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        with _readable(document):
            return Response(page_images.picture(document_id, number, width), media_type="image/png", headers=headers)

    @routes.get("/documents/{document_id}/original")
    def original(request: Request, document_id: str) -> Response:
        """Send the file itself as a download, never to be shown on this site: a document may be hostile."""
        visible = visible_to_visitor(assistant, request)
        document = find_document(visible, document_id)
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(document.source)}",
            "Cache-Control": "no-store",
        }
        with _readable(document):
            return Response(visible.scope().original(document_id), media_type="application/octet-stream", headers=headers)

    return routes


@contextmanager
def _readable(document: Document) -> Iterator[None]:
    """Replace an error about a document's file, which names paths of this machine, by a sentence for the reader."""
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
    page_images: Sequence[PageImage] = (),
    at: int | None = None,
    find: str = "",
) -> str:
    """Return the page's HTML, in which all text of the document is escaped.

    The document is shown as its `page_images`, or as text if there are none. Of a very long text the page shows a part: from
    position `at` on, or around the cited range. `lost` says that a citation was asked for that the document no longer has.
    `find` is searched for in the whole document.
    """
    window = PageWindow(()) if page_images else page_window(document, at, cited)
    blocks = [] if page_images else shown_blocks(document, window.blocks, cited or (0, 0), (0, len(document.text)))
    return page_of(
        "document.html",
        frame,
        document=document,
        citation=Citation.of(1, document, *cited) if cited else None,
        label=label,
        within=within,
        window=window,
        blocks=blocks,
        titled=any(block.tag == "h1" for block in blocks),
        headings=list(_outline(document)),
        page_images=page_images,
        matches=list(matches_in(document, find)) if find.strip() else [],
        most_matches=MOST_MATCHES,
        find=find,
        lost=lost,
        here="document",
    )


def _outline(document: Document) -> Iterator[tuple[Heading, str, Page | None]]:
    """Yield the headings with their texts and pages, without those that only name a sheet."""
    for heading in document.headings:
        text, page = document.shown(heading.start, heading.end), document.page_at(heading.start)
        if document.page_kind != "sheet" or page is None or text != page.label:
            yield heading, text, page
