"""The HTTP API: `Assistant.ask` and the library, as JSON. Errors are problem details (RFC 9457)."""

import time
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from assistant import Assistant, Feedback
from corpus import QuestionError, QuipuError
from ui.feedback import keep
from ui.payload import payload
from ui.security import problem


class Ask(BaseModel):
    """A question, the questions before it (oldest first), and the ids of the documents to ask within (None: all)."""

    question: str
    history: list[str] = Field(default=[], max_length=100)
    documents: list[str] | None = None


class Judged(BaseModel):
    """Whether the answer of this id helped, and what the reader says of it."""

    feedback: str
    helpful: bool
    comment: str = ""


def router(assistant: Assistant, feedback: Feedback | None) -> APIRouter:
    """The API's routes over one assistant. `feedback` is None if nothing is kept."""
    routes = APIRouter()

    @routes.post("/api/ask")
    def ask(asked: Ask) -> dict[str, Any]:
        """The answer. "Not in the documents" is an answer: status 200."""
        started = time.perf_counter()
        answer = assistant.ask(asked.question, asked.history, asked.documents)
        milliseconds = 1000 * (time.perf_counter() - started)
        return payload(answer, milliseconds, keep(feedback, answer, asked.history))

    @routes.post("/api/feedback", status_code=HTTPStatus.NO_CONTENT)
    def judge(judged: Judged) -> None:
        """Whether an answer helped, by the id in its `feedback`."""
        if feedback is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "No feedback is kept here")
        feedback.judge(judged.feedback, helpful=judged.helpful, comment=judged.comment)

    @routes.get("/api/documents")
    def documents() -> list[dict[str, Any]]:
        """The documents that can be asked, in the order they were added."""
        index = assistant.index()
        listed = []
        for entry, document in index.documents(index.entries()):
            listed.append(
                {
                    "id": entry.id,
                    "title": document.title,
                    "source": entry.name,
                    "media_type": document.media_type,
                    "language": document.language,
                    "pages": len(document.pages),
                    "pages_without_text": list(document.pages_without_text()),
                    "passages": index.size([entry.id]),
                    "added": entry.added,
                    "link": f"/documents/{entry.id}",
                }
            )
        return listed

    @routes.get("/healthz")
    def healthz() -> dict[str, Any]:
        """Whether questions can be answered; `notice` says what an operator should mend."""
        index = assistant.index()
        return {"status": "ok", "generation": index.generation, "passages": index.passages, "notice": assistant.notice()}

    return routes


def add_error_handlers(app: FastAPI) -> None:
    """Turn what Quipu raises on purpose into problem details; anything else stays a bug, and a 500."""

    @app.exception_handler(QuestionError)
    def question_error(_: Request, error: QuestionError) -> JSONResponse:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))

    @app.exception_handler(QuipuError)
    def quipu_error(_: Request, error: QuipuError) -> JSONResponse:
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error))

    @app.exception_handler(HTTPException)
    def refused(_: Request, error: HTTPException) -> JSONResponse:
        return problem(HTTPStatus(error.status_code), f"{error.detail}.")

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"The request can't be read: {where}: {first['msg']}.")
