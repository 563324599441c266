"""A cited place with what stands around it: for the panel beside the chat, and as JSON."""

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from assistant import Assistant, Citation
from corpus import Document
from ui.access.visitor import visible_to_visitor
from ui.api import schema
from ui.api.answer_json import citation_payload
from ui.pages import frame_of, page
from ui.problems import problems
from ui.web.blocks import Piece, ShownBlock, ShownTable, around, pieces, shown_blocks
from ui.web.document_page import findable, locate
from ui.web.page_images import PageImages
from ui.wording import Language, language_of, within

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


def context(document: Document, start: int, end: int) -> list[ShownBlock]:
    """The blocks around a range, cut at a word where they are too far from it, with the range marked. Tables have whole rows."""
    first, last = around(document, start, end, _AROUND)
    return shown_blocks(document, tuple(document.blocks_within(first, last)), (start, end), (first, last))


def source_routes(assistant: Assistant, drawings: PageImages) -> APIRouter:
    """The routes of a place, by a passage's id and the first 8 hex digits of its quote's sha256."""
    routes = APIRouter()

    @routes.get("/passages/{place}", include_in_schema=False)
    def panel(request: Request, place: Place, q: Digest = None) -> HTMLResponse:
        document, citation = find(visible_to_visitor(assistant, request), place, q)
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
    def passage(request: Request, place: Place, q: Digest = None) -> schema.Passage:
        """The passage as a citation, and the paragraphs around it with their text in pieces, of which some are cited. Where they
        are rows of a table, those that name its columns come first.
        """
        found = find(visible_to_visitor(assistant, request), place, q)
        return passage_payload(*found, language_of(request.headers), request.scope["root_path"])

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


def passage_payload(document: Document, citation: Citation, language: Language, root: str = "") -> schema.Passage:
    """A place of this document with what stands around it, as plain values. `root` is the prefix of its link."""
    around_it: list[schema.Paragraph] = []
    for block in context(document, citation.start, citation.end):
        if block.table is not None:
            around_it += _rows(document, block.table, (citation.start, citation.end))
        elif block.pieces:
            around_it.append({"heading": block.tag != "p", "pieces": _pieces(block.pieces)})
    return {**citation_payload(citation, language, root), "context": around_it}


def _rows(document: Document, table: ShownTable, cited: tuple[int, int]) -> Iterator[schema.Paragraph]:
    for row in (*table.heads, *table.rows):
        cells: list[schema.TableCell] = [
            {"column": cell.column, "span": cell.span, "pieces": _pieces(cell.pieces)} for cell in row.cells if cell.pieces
        ]
        yield {
            "heading": False,
            "pieces": _pieces(pieces(document, row.start, row.end, cited)),
            "row": {"table": table.number, "number": row.number, "names_columns": row.names, "cells": cells},
        }


def _pieces(shown: Iterable[Piece]) -> list[schema.Piece]:
    return [{"text": piece.text, "cited": piece.cited} for piece in shown]
