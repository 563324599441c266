"""The HTTP API: questions, answers, documents and passages as JSON."""

import logging
from http import HTTPStatus

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException

from assistant import Assistant, Feedback
from corpus import Document, QuipuError
from index import Entry, LibraryError, Scope
from ui.api import schema
from ui.api.answer_json import document_payloads, payload
from ui.api.ask import AskService
from ui.api.find_passage import Digest, Place, find_passage
from ui.api.passage_json import passage_payload
from ui.api.request_bodies import Ask, GivenAnswer, Judgement
from ui.api.verify_answer import verify_answer
from ui.problems import problems
from ui.visitor import visible_to_visitor
from ui.wording import language_of

_log = logging.getLogger(__name__)


def question_routes(
    assistant: Assistant, feedback: Feedback | None, ask_service: AskService, answering: CapacityLimiter
) -> APIRouter:
    """Return the routes that ask, verify and judge. `answering` limits how many questions are answered at the same time."""
    routes = APIRouter(tags=["questions"])

    @routes.post(
        "/api/ask",
        summary="Ask a question",
        responses=problems(
            unprocessable_entity="The body isn't as described; the question may be too long.",
            service_unavailable="The library can't be opened.",
        ),
    )
    async def ask(request: Request, asked: Ask) -> schema.Answer:
        """Answers with quotes from the documents that this visitor may see. "Not in the documents" is an answer: status 200."""
        return await to_thread.run_sync(answer, request, asked, limiter=answering)

    def answer(request: Request, asked: Ask) -> schema.Answer:
        result = ask_service.ask(request, asked.question, asked.history, asked.documents)
        return payload(result.answer, result.milliseconds, result.feedback, request.scope["root_path"])

    @routes.post(
        "/api/verify",
        summary="Verify an answer",
        responses=problems(
            unprocessable_entity="The body is not an answer.",
            service_unavailable="The library can't be opened.",
        ),
    )
    async def verify(request: Request, answer: GivenAnswer) -> schema.Verification:
        """Re-reads the originals of everything the answer cites and compares them with it. Send it as `/api/ask` returned it."""
        return await to_thread.run_sync(verified, request, answer, limiter=answering)

    def verified(request: Request, given: GivenAnswer) -> schema.Verification:
        scope = visible_to_visitor(assistant, request).scope()
        quotes = verify_answer(given, "this request", scope.entries(), lambda entry: _reread(scope, entry))
        verdicts: list[schema.VerifiedQuote] = [
            {"number": quote.number, "source": quote.source, "text": quote.text, "problem": quote.problem} for quote in quotes
        ]
        return {"verified": bool(quotes) and not any(quote.problem for quote in quotes), "quotes": verdicts}

    @routes.post(
        "/api/feedback",
        status_code=HTTPStatus.NO_CONTENT,
        summary="Judge an answer",
        responses=problems(
            not_found="No feedback is kept here.",
            unprocessable_entity="The body isn't as described, the comment is too long, or there is no such answer.",
            service_unavailable="The judgement can't be written.",
        ),
    )
    def judge(judged: Judgement) -> None:
        """Records whether an answer helped, by the id in its `feedback`. The last judgement counts."""
        if feedback is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "No feedback is kept here")
        feedback.judge(judged.feedback, helpful=judged.helpful, comment=judged.comment)

    return routes


def lookup_routes(assistant: Assistant) -> APIRouter:
    """Return the routes that list the documents and show a passage."""
    routes = APIRouter()

    @routes.get(
        "/api/documents",
        summary="List the documents",
        tags=["documents"],
        responses=problems(service_unavailable="The library can't be opened."),
    )
    def documents(request: Request) -> list[schema.Document]:
        """The documents that this visitor can ask, in the order they were added."""
        return document_payloads(visible_to_visitor(assistant, request), request.scope["root_path"])

    @routes.get(
        "/api/passages/{place}",
        summary="See a passage in its context",
        tags=["questions"],
        responses=problems(
            not_found="There is no such document, or it does not have the passage any more.",
            unprocessable_entity="The place can't be read.",
            service_unavailable="The library can't be opened.",
        ),
    )
    def passage(request: Request, place: Place, q: Digest = None) -> schema.Passage:
        """The passage as a citation, with the paragraphs around it in cited and other pieces. Where these are rows of a table, the
        rows that name its columns come first.
        """
        document, citation = find_passage(visible_to_visitor(assistant, request), place, q)
        return passage_payload(document, citation, language_of(request.headers), request.scope["root_path"])

    return routes


def _reread(scope: Scope, entry: Entry) -> Document:
    """Read an original again. Raises LibraryError without the path of the file, which readers may not know."""
    try:
        return scope.reread(entry.id)
    except QuipuError as error:
        _log.warning("%s", error)
        raise LibraryError(f"The original of {entry.name} can't be read; whoever runs this Quipu can add it again.") from None
