"""The panel beside the chat: a cited passage with the text around it."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from assistant import Assistant
from ui.api.find_passage import Digest, Place, find_passage
from ui.document_blocks import blocks_around
from ui.pages import frame_of, page
from ui.visitor import visible_to_visitor
from ui.web.page_images import PageImages
from ui.wording import within


def source_routes(assistant: Assistant, page_images: PageImages) -> APIRouter:
    """Return the route of the panel."""
    routes = APIRouter()

    @routes.get("/passages/{place}")
    def panel(request: Request, place: Place, q: Digest = None) -> HTMLResponse:
        document, citation = find_passage(visible_to_visitor(assistant, request), place, q)
        cited = citation.start, citation.end
        return HTMLResponse(
            page(
                "source.html",
                frame_of(request),
                document=document,
                citation=citation,
                page_images=[image for image in page_images.of_document(document, cited) if image.boxes],
                blocks=blocks_around(document, *cited),
                within=within,
            ),
            headers={"Cache-Control": "no-store"},
        )

    return routes
