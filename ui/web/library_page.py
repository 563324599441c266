"""The library page, and the routes by which an operator adds, replaces, limits and removes documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi import Path as PathParameter
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect

from assistant import Assistant, SettingsError
from corpus import ACCEPTED_ENDINGS, Document, QuipuError, ReadSummary, last_part
from index import Entry, Library
from ui.access.users import checked_groups
from ui.pages import frame_of, message_page, page
from ui.problems import problem, problems, stream_of_steps
from ui.visitor import error_message_for, visible_to_visitor, visitor_of
from ui.web.uploads import READ, Upload, added, received
from ui.wording import Language, language_name, language_of, notes_on, pages_listed, say

_LARGEST = 200  # megabytes of a file
_LONGEST_NAME = 200  # characters of a file's name
_LONGEST_NAME_BYTES = 250  # which is what file systems count

Name = Annotated[str, Query(description="The file's name, with the extension of its type.", examples=["report.pdf"])]
DocumentId = Annotated[str, PathParameter(description="Its id.")]
Groups = Annotated[
    Sequence[str], Query(max_length=100, description="The groups whose readers may see it; without any, every reader may.")
]
Replaces = Annotated[str | None, Query(description="The id of the document that it replaces.")]


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document as a row of the page's table, with the number of its pages in words and notes on how it was read.

    `document` is None for one that isn't searched, because it was never completely added.
    """

    entry: Entry
    document: Document | None
    pages: str = ""
    passages: int = 0
    language: str = ""
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The document's title, or the name of its file if it isn't searched."""
        return self.document.title if self.document else self.entry.name


class GroupLimits(BaseModel):
    """The groups whose readers may see a document; without any, every reader may."""

    groups: list[str] = Field(max_length=100, examples=[["finance"]], description="Their names.")


def library_routes(assistant: Assistant, library: Library, *, has_groups: bool) -> APIRouter:
    """Return the routes of the page and of the operator. `has_groups` says that readers sign in and so may be in groups."""
    routes = APIRouter()

    @routes.api_route("/documents", methods=["GET", "HEAD"], include_in_schema=False)
    def library_page(request: Request) -> HTMLResponse:
        """Show the documents that can be asked, and to an operator what can be done with them."""
        try:
            return HTMLResponse(render(assistant, library, request, has_groups=has_groups))
        except QuipuError as error:
            message = message_page(error_message_for(error, request), frame_of(request))
            return HTMLResponse(message, status_code=HTTPStatus.SERVICE_UNAVAILABLE)

    @routes.post(
        "/api/documents",
        summary="Add a document",
        tags=["documents"],
        response_class=StreamingResponse,
        responses={HTTPStatus.OK: {"description": "How it goes.", "content": stream_of_steps()}}
        | problems(
            forbidden="The visitor is no operator, or a page of another site sent it.",
            not_found="There is no document to replace.",
            unprocessable_entity="The name can't be used, or Quipu doesn't read files of this type.",
            service_unavailable="The file can't be written.",
        ),
        openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {}}}},
    )
    async def upload(request: Request, name: Name, replaces: Replaces = None, group: Groups = ()) -> Response:
        """Add the file in the request's body, and report the progress in lines of JSON. For operators."""
        language = language_of(request.headers)
        refusal = _upload_refusal(library, request, name, replaces) or _groups_refusal(request, group)
        if refusal is not None:
            return refusal
        try:
            body = await received(library.home, request, _LARGEST * 1_000_000)
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        if body is None:
            return _problem(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, say("upload_too_large", language, megabytes=_LARGEST))
        progress = added(library, assistant.encoder, body, Upload(last_part(name), group, replaces), language)
        return StreamingResponse(progress, media_type="application/x-ndjson", headers={"Cache-Control": "no-store"})

    routes.include_router(_change_routes(library))
    return routes


def _change_routes(library: Library) -> APIRouter:
    """Return the routes by which an operator changes documents that are in the library."""
    routes = APIRouter()

    @routes.put(
        "/api/documents/{document}/groups",
        status_code=HTTPStatus.NO_CONTENT,
        summary="Say who may see a document",
        tags=["documents"],
        responses=problems(
            forbidden="The visitor is no operator, or a page of another site sent it.",
            not_found="There is no such document, or it ships with Quipu.",
            unprocessable_entity="A group's name can't be used.",
            service_unavailable="The library can't be written.",
        ),
    )
    def limit_to_groups(request: Request, document: DocumentId, limits: GroupLimits) -> Response:
        """Let only readers in one of these groups see a document; without any, every reader may. For operators."""
        refusal = _change_refusal(library, request, document) or _groups_refusal(request, limits.groups)
        if refusal is None:
            library.limit(document, limits.groups)
        return refusal or Response(status_code=HTTPStatus.NO_CONTENT)

    @routes.delete(
        "/api/documents/{document}",
        status_code=HTTPStatus.NO_CONTENT,
        summary="Remove a document",
        tags=["documents"],
        responses=problems(
            forbidden="The visitor is no operator, or a page of another site sent it.",
            not_found="There is no such document, or it ships with Quipu.",
            service_unavailable="The library can't be written.",
        ),
    )
    def remove(request: Request, document: DocumentId) -> Response:
        """Remove a document that was added, with every trace of it. For operators."""
        refusal = _change_refusal(library, request, document)
        if refusal is None:
            library.remove(document)
        return refusal or Response(status_code=HTTPStatus.NO_CONTENT)

    return routes


def render(assistant: Assistant, library: Library, request: Request, *, has_groups: bool) -> str:
    """Return the page's HTML, in which all text of the documents is escaped."""
    frame, operator = frame_of(request), visitor_of(request).is_operator
    added = library.entries(visitor_of(request).groups)
    rows = _rows(visible_to_visitor(assistant, request), added, frame.language)
    own = {entry.id for entry in added}
    return page(
        "library.html",
        frame,
        rows=[row for row in rows if row.document or operator],
        own=any(row.entry.id in own and row.document for row in rows),
        operator=operator,
        has_groups=has_groups,
        notice=assistant.notice() if operator else "",
        formats=READ,
        endings=",".join(sorted(ACCEPTED_ENDINGS)),
        largest=_LARGEST,
        here="documents",
    )


def _rows(assistant: Assistant, added: Sequence[Entry], language: Language) -> list[DocumentRow]:
    """Return the documents that are searched, in the order they were added, and then those that aren't searched."""
    scope = assistant.scope()
    rows = []
    for entry, document in scope.documents():
        summary, name = ReadSummary.of(document), language_name(document.language, language)
        notes = tuple(notes_on(summary, language))
        rows.append(DocumentRow(entry, document, pages_listed(summary, language), scope.passages_of(entry.id), name, notes))
    searched = {row.entry.id for row in rows}
    return [*rows, *(DocumentRow(entry, None) for entry in added if entry.id not in searched)]


def _is_own(library: Library, document: str) -> bool:
    return any(entry.id == document for entry in library.entries())


def _change_refusal(library: Library, request: Request, document: str | None) -> Response | None:
    """Return the response that refuses to change the library, or this document of it; None if the visitor may change it."""
    language = language_of(request.headers)
    if not visitor_of(request).is_operator:
        return _problem(request, HTTPStatus.FORBIDDEN, say("library_operator_only", language))
    if document is not None and not _is_own(library, document):
        return _problem(request, HTTPStatus.NOT_FOUND, say("document_missing", language))
    return None


def _upload_refusal(library: Library, request: Request, name: str, replaces: str | None) -> Response | None:
    """Return the response that refuses to receive a file; None if it may be sent."""
    name, language = last_part(name), language_of(request.headers)
    if (refusal := _change_refusal(library, request, replaces)) is not None:
        return refusal
    if len(name) > _LONGEST_NAME or len(name.encode()) > _LONGEST_NAME_BYTES:
        return _problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, say("upload_long_name", language, characters=_LONGEST_NAME))
    if Path(name).suffix.lower() not in ACCEPTED_ENDINGS:
        return _problem(
            request, HTTPStatus.UNPROCESSABLE_ENTITY, say("upload_wrong_type", language, name=name or "?", formats=READ)
        )
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > _LARGEST * 1_000_000:
        return _problem(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, say("upload_too_large", language, megabytes=_LARGEST))
    return None


def _groups_refusal(request: Request, groups: Sequence[str]) -> Response | None:
    """Return the response that refuses these names of groups; None if they can be used."""
    try:
        checked_groups(groups)
    except SettingsError as error:
        return _problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
    return None


def _problem(request: Request, status: HTTPStatus, sentence: str) -> Response:
    return problem(status, sentence, scope=request.scope)
