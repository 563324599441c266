"""A cited place with what stands around it: for the panel beside the chat, and as JSON."""

from http import HTTPStatus
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from assistant import Assistant, Citation
from corpus import Document
from ui import shapes
from ui.documents import Piece, around, findable, locate, pieces
from ui.drawings import Drawings
from ui.pages import frame_of, page
from ui.payload import citation_payload
from ui.reference import problems
from ui.visitor import seen_by_visitor
from ui.wording import within

_AROUND = 700  # characters of the document on either side of a quote

PLACE = r"^[0-9a-f]{16}:[0-9]{1,12}-[0-9]{1,12}$"
"""An id as passages have: a document's, and a range of its text."""

Place = Annotated[
    str,
    Path(
        pattern=PLACE,
        description="The document's id, and a range of its text: `document_id`, `start` and `end` of a citation.",
    ),
]

Digest = Annotated[
    str | None, Query(description="The first 8 hex digits of the quote's SHA-256: finds the quote if the range no longer fits.")
]


class Paragraph(NamedTuple):
    """A block beside a cited place: whether it is a heading, and its text in pieces."""

    heading: bool
    pieces: tuple[Piece, ...]


def context(document: Document, start: int, end: int) -> list[Paragraph]:
    """The blocks around a range, cut at a word where they are too far from it, with the range marked."""
    first, last = around(document, start, end, _AROUND)
    headings = {heading.start for heading in document.headings}
    return [
        Paragraph(block.start in headings, tuple(pieces(document, max(block.start, first), min(block.end, last), (start, end))))
        for block in document.blocks_within(first, last)
    ]


def source_routes(assistant: Assistant, drawings: Drawings) -> APIRouter:
    """The routes of a place, by a passage's id and the first 8 hex digits of its quote's sha256."""
    routes = APIRouter()

    @routes.get("/passages/{place}", include_in_schema=False)
    def panel(request: Request, place: Place, q: Digest = None) -> HTMLResponse:
        document, citation = find(seen_by_visitor(assistant, request), place, q)
        cited = citation.start, citation.end
        return HTMLResponse(
            page(
                "source.html",
                frame_of(request),
                document=document,
                citation=citation,
                sheets=[sheet for sheet in drawings.sheets(document, cited) if sheet.boxes],
                blocks=context(document, *cited),
                within=within,
            ),
            headers={"Cache-Control": "no-store"},
        )

    @routes.get(
        "/api/passages/{place}",
        summary="See a passage in its context",
        tags=["questions"],
        responses=problems(
            not_found="There is no such document, or the passage isn't in it any more.",
            unprocessable_entity="The place can't be read.",
            service_unavailable="The library can't be opened.",
        ),
    )
    def passage(request: Request, place: Place, q: Digest = None) -> shapes.Passage:
        """The passage as a citation, and the paragraphs around it with their text in pieces, of which some are cited."""
        return passage_payload(*find(seen_by_visitor(assistant, request), place, q), request.scope["root_path"])

    return routes


def find(assistant: Assistant, place: str, q: str | None) -> tuple[Document, Citation]:
    """The document and the citation of a place that is well-formed. Raises HTTPException if there is no such passage."""
    name, _, given = place.partition(":")
    start, end = map(int, given.split("-"))
    document = findable(assistant, name)
    found = locate(document, start, end, q)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "The document does not have that passage any more")
    return document, Citation.of(1, document, *found)


def passage_payload(document: Document, citation: Citation, root: str = "") -> shapes.Passage:
    """A place of this document with what stands around it, as plain values. `root` is the prefix of its link."""
    blocks = context(document, citation.start, citation.end)
    around_it: list[shapes.Paragraph] = [
        {"heading": block.heading, "pieces": [{"text": piece.text, "cited": piece.cited} for piece in block.pieces]}
        for block in blocks
    ]
    return {**citation_payload(citation, root), "context": around_it}
