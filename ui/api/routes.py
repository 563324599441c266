"""The HTTP API: `Assistant.ask` and the library, as JSON. Errors are problem details (RFC 9457)."""

import logging
from http import HTTPStatus
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from assistant import LONGEST_COMMENT, LONGEST_QUESTION, Assistant, Feedback, QuestionError
from corpus import Document, QuipuError
from index import Entry, LibraryError
from ui.access.visitor import message_for, visible_to_visitor
from ui.api import schema
from ui.api.answer_json import document_payloads, payload
from ui.api.ask import AskService
from ui.api.verify_answer import GivenAnswer, verify_answer
from ui.problems import problem, problems

_log = logging.getLogger(__name__)

MOST_QUESTIONS_BEFORE = 100
MOST_DOCUMENTS = 1000

Question = Annotated[str, Field(json_schema_extra={"maxLength": LONGEST_QUESTION})]
History = Annotated[list[str], Field(max_length=MOST_QUESTIONS_BEFORE)]
Documents = Annotated[list[str], Field(max_length=MOST_DOCUMENTS)]


class Ask(BaseModel):
    """A question."""

    model_config = ConfigDict(
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [{"question": "and in the north?", "history": ["Who controls the VRAEM?"]}]},
    )

    question: Question
    """The question, in English or Spanish."""

    history: History = []
    """The questions before it, oldest first: a follow-up takes its topic from them."""

    documents: Documents | None = None
    """The ids of the documents to ask within; null for all. Ids that aren't there count as documents without text."""


class Judgement(BaseModel):
    """Whether an answer helped."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    feedback: str
    """The `feedback` of the answer."""

    helpful: Annotated[bool, Field(strict=True)]
    """Whether it helped."""

    comment: Annotated[str, Field(json_schema_extra={"maxLength": LONGEST_COMMENT})] = ""
    """What the reader says of it."""


def router(assistant: Assistant, feedback: Feedback | None, asking: AskService, answering: CapacityLimiter) -> APIRouter:
    """The API's routes over one assistant. `feedback` is None if nothing is kept; `answering` says how many questions are answered
    at a time.
    """
    routes = APIRouter()

    @routes.post(
        "/api/ask",
        summary="Ask a question",
        tags=["questions"],
        responses=problems(
            unprocessable_entity="The body isn't as described; a question may be too long.",
            service_unavailable="The library can't be opened.",
        ),
    )
    async def ask(request: Request, asked: Ask) -> schema.Answer:
        """The answer, quoted from the documents that this visitor may see. "Not in the documents" is an answer: status 200."""
        return await to_thread.run_sync(answer, request, asked, limiter=answering)

    def answer(request: Request, asked: Ask) -> schema.Answer:
        given = asking.ask(request, asked.question, asked.history, asked.documents)
        return payload(given.answer, given.milliseconds, given.feedback, request.scope["root_path"])

    @routes.post(
        "/api/verify",
        summary="Verify an answer",
        tags=["questions"],
        responses=problems(
            unprocessable_entity="The body is no answer.",
            service_unavailable="The library can't be opened.",
        ),
    )
    async def verify(request: Request, answer: GivenAnswer) -> schema.Verification:
        """Re-reads the originals of all that an answer cites, and compares them with it. Send it as `/api/ask` gave it."""
        return await to_thread.run_sync(verified, request, answer, limiter=answering)

    def verified(request: Request, given: GivenAnswer) -> schema.Verification:
        index = visible_to_visitor(assistant, request).index()

        def reread(entry: Entry) -> Document:
            try:
                return index.reread(entry.id)
            except QuipuError as error:  # which names places on this machine
                _log.warning("%s", error)
                raise LibraryError(
                    f"The original of {entry.name} can't be read; whoever runs this Quipu can add it again."
                ) from None

        quotes = verify_answer(given, "this request", index.entries(), reread)
        plain: list[schema.VerifiedQuote] = [
            {"number": quote.number, "source": quote.source, "text": quote.text, "problem": quote.problem} for quote in quotes
        ]
        return {"verified": bool(quotes) and not any(quote.problem for quote in quotes), "quotes": plain}

    @routes.post(
        "/api/feedback",
        status_code=HTTPStatus.NO_CONTENT,
        summary="Judge an answer",
        tags=["questions"],
        responses=problems(
            not_found="No feedback is kept here.",
            unprocessable_entity="The body isn't as described, the comment is too long, or there is no such answer.",
            service_unavailable="The judgement can't be written.",
        ),
    )
    def judge(judged: Judgement) -> None:
        """Whether an answer helped, by the id in its `feedback`. The last word counts."""
        if feedback is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "No feedback is kept here")
        feedback.judge(judged.feedback, helpful=judged.helpful, comment=judged.comment)

    @routes.get(
        "/api/documents",
        summary="List the documents",
        tags=["documents"],
        responses=problems(service_unavailable="The library can't be opened."),
    )
    def documents(request: Request) -> list[schema.Document]:
        """The documents that this visitor can ask, in the order they were added."""
        return document_payloads(visible_to_visitor(assistant, request), request.scope["root_path"])

    return routes


def add_error_handlers(app: FastAPI) -> None:
    """Turn what Quipu raises on purpose into problem details; anything else stays a bug, and a 500."""

    @app.exception_handler(QuestionError)
    def question_error(request: Request, error: QuestionError) -> JSONResponse:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), scope=request.scope)

    @app.exception_handler(QuipuError)
    def quipu_error(request: Request, error: QuipuError) -> JSONResponse:
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, message_for(error, request), scope=request.scope)

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> JSONResponse:
        return problem(HTTPStatus(error.status_code), f"{error.detail}.", scope=request.scope, headers=dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"The request can't be read: {where}: {first['msg']}.", scope=request.scope)
