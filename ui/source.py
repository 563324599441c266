"""A cited place with what stands around it: for the panel beside the chat, and as JSON."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from assistant import Assistant, Citation
from corpus import Document
from ui.documents import Piece, around, findable, locate, pieces
from ui.drawings import Drawings
from ui.pages import TEMPLATES
from ui.payload import citation_payload
from ui.wording import language_of, say, within

_AROUND = 700  # characters of the document on either side of a quote

Place = Annotated[str, Path(pattern=r"^[0-9a-f]{16}:[0-9]{1,12}-[0-9]{1,12}$")]
"""An id as passages have: a document's, and a range of its text."""


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

    def find(place: str, q: str | None) -> tuple[Document, Citation]:
        name, _, given = place.partition(":")
        start, end = map(int, given.split("-"))
        document = findable(assistant, name)
        found = locate(document, start, end, q)
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "The document does not have that passage any more")
        return document, Citation.of(1, document, *found)

    @routes.get("/passages/{place}")
    def panel(request: Request, place: Place, q: str | None = None) -> HTMLResponse:
        document, citation = find(place, q)
        language = language_of(request.headers)
        cited = citation.start, citation.end
        return HTMLResponse(
            TEMPLATES.get_template("source.html").render(
                document=document,
                citation=citation,
                sheets=[sheet for sheet in drawings.sheets(document, cited) if sheet.boxes],
                blocks=context(document, *cited),
                within=within,
                language=language,
                say=say,
            ),
            headers={"Cache-Control": "no-store"},
        )

    @routes.get("/api/passages/{place}")
    def passage(place: Place, q: str | None = None) -> dict[str, Any]:
        """The passage as a citation, and the paragraphs around it with their text in pieces, of which some are cited."""
        document, citation = find(place, q)
        return {**citation_payload(citation), "context": _plain(context(document, citation.start, citation.end))}

    return routes


def _plain(blocks: Sequence[Paragraph]) -> list[dict[str, Any]]:
    return [{"heading": block.heading, "pieces": [piece._asdict() for piece in block.pieces]} for block in blocks]
