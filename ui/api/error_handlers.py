"""Problem details (RFC 9457) for the errors that a route raises."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from assistant import QuestionError
from corpus import QuipuError
from ui.problems import problem
from ui.visitor import error_message_for


def add_error_handlers(app: FastAPI) -> None:
    """Turn the errors that Quipu raises on purpose into problem details. Any other error remains a bug, and status 500."""

    @app.exception_handler(QuestionError)
    def question_error(request: Request, error: QuestionError) -> JSONResponse:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), scope=request.scope)

    @app.exception_handler(QuipuError)
    def quipu_error(request: Request, error: QuipuError) -> JSONResponse:
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, error_message_for(error, request), scope=request.scope)

    @app.exception_handler(HTTPException)
    def http_error(request: Request, error: HTTPException) -> JSONResponse:
        return problem(HTTPStatus(error.status_code), f"{error.detail}.", scope=request.scope, headers=dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    def invalid_request(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"The request can't be read: {where}: {first['msg']}.", scope=request.scope)
