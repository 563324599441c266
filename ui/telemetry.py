"""What is told of the server at work: an id for each request, the log, the measures, and whether it is up.

No log has the text of a question, unless the operator asks for it.
"""

import logging
import re
import time
import traceback
import uuid
from http import HTTPStatus
from logging import Handler, StreamHandler
from typing import Any, Literal, get_args

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from pythonjsonlogger.json import JsonFormatter
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant import Assistant, Status
from corpus import QuipuError
from ui.access.visitor import Visitor, visitor_of
from ui.addresses import route_path
from ui.problems import problem, problems
from ui.wording import language_of, say

_log = logging.getLogger(__name__)
_requests = logging.getLogger("quipu.request")
_questions = logging.getLogger("quipu.question")

_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_LONGEST = 300  # characters of what a client says of itself, in the log
_METHODS = frozenset(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)  # upper bounds of the histograms' classes

Refused = Literal["user", "origin", "requests", "body", "sign_in"]
"""Why a request was refused: too many questions of a user or from the pages of an origin, too many requests of another kind,
too large a body, or no sign-in.
"""


class Metrics:
    """What is counted, in a registry of its own, so that two applications in one process don't count together."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._requests = Counter(
            "quipu_http_requests", "Requests that were answered.", ["route", "method", "status"], registry=registry
        )
        self._seconds = Histogram(
            "quipu_http_request_seconds", "Time to the end of a response.", ["route"], buckets=_SECONDS, registry=registry
        )
        self._asked = Counter("quipu_questions", "Questions, by what became of them.", ["status"], registry=registry)
        self._asked_seconds = Histogram("quipu_question_seconds", "Time that an answer took.", buckets=_SECONDS, registry=registry)
        self._refused = Counter("quipu_refused", "Requests that were refused, by why.", ["why"], registry=registry)
        self._documents = Gauge("quipu_documents", "Documents that are searched.", registry=registry)
        self._passages = Gauge("quipu_passages", "Passages that are searched.", registry=registry)
        self.in_flight = Gauge("quipu_http_requests_in_flight", "Requests that are being answered.", registry=registry)
        """Requests that are being answered."""
        ProcessCollector(registry=registry)
        for status in get_args(Status):
            self._asked.labels(status)

    def answered(self, route: str, method: str, status: int | None, seconds: float) -> None:
        """Count a request. `status` is None if there was no response: the client left, or the server stopped."""
        self._requests.labels(route, method if method in _METHODS else "other", "none" if status is None else str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def asked(self, status: Status, seconds: float) -> None:
        """Count a question, by the status of its answer and the time that it took."""
        self._asked.labels(status).inc()
        self._asked_seconds.observe(seconds)

    def refused(self, why: Refused) -> None:
        """Count a request that was refused."""
        self._refused.labels(why).inc()

    def text(self, assistant: Assistant) -> bytes:
        """All of it as Prometheus reads it. What is searched is NaN while the library can't be opened."""
        try:
            index = assistant.index()
            self._documents.set(len(index.entries()))
            self._passages.set(index.passages)
        except QuipuError:
            self._documents.set(float("nan"))
            self._passages.set(float("nan"))
        return generate_latest(self.registry)


class Telemetry:
    """ASGI middleware: gives each request an id, counts it, and logs it, once its response has ended.

    The id is that of the `X-Request-ID` header if that is well-formed; it is in the response's header of that name, and in
    `scope["state"]["request_id"]`. A bug is logged once, by where it happened, and answered with a problem that has the id.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, log_questions: bool = False) -> None:
        self._app, self._metrics, self._log_questions = app, metrics, log_questions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {}).update(request_id=request_id, log_questions=self._log_questions)
        root, path = scope.get("root_path", ""), route_path(scope)  # a mount lengthens the root
        started = time.perf_counter()
        status: int | None = None
        ended: float | None = None

        async def watched(message: Message) -> None:
            nonlocal status, ended
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            elif not message.get("more_body", False):
                ended = time.perf_counter()
            await send(message)

        with self._metrics.in_flight.track_inprogress():
            try:
                await self._app(scope, receive, watched)
            except Exception as error:  # the last place where a bug can be told of
                _log.error("Request %s met a bug: %s", request_id, trace_of(error, self._log_questions))
                if status is None:
                    sentence = say("bug", language_of(Headers(scope=scope)))
                    headers = {"X-Content-Type-Options": "nosniff"}
                    await problem(HTTPStatus.INTERNAL_SERVER_ERROR, sentence, scope=scope, headers=headers)(scope, receive, watched)
            finally:
                seconds = (ended or time.perf_counter()) - started
                route = _route(scope, root)
                self._metrics.answered(route, scope["method"], status, seconds)
                _requests.info("request", extra=_record(scope, path, route, status, seconds))


def note_question(scope: Scope, question: str, status: Status) -> None:
    """Log a question and what became of it, with the id of its request: only if the operator asked for that.

    `scope` is that of the request by which it came, which may have ended before the answer, as in the chat.
    """
    state = scope.get("state", {})
    if state.get("log_questions"):
        extra = {"request_id": state.get("request_id"), "user": _user(scope), "question": question, "status": status}
        _questions.info("question", extra=extra)


def set_up_logging(log: Literal["plain", "json"]) -> None:
    """For "json", log on standard error, an object a line: requests, questions, and the warnings and errors of all parts.

    "plain" leaves logging as Python has it: warnings and errors are shown in plain words, requests are not.
    """
    if log == "plain":
        return
    handler: Handler = StreamHandler()
    handler.setFormatter(
        JsonFormatter("levelname,name,message", style=",", rename_fields={"levelname": "level", "name": "logger"}, timestamp="time")
    )
    ours = (_requests.name, _questions.name)
    # a logger may have its own level, as that of bm25s has, which says everything it does
    handler.addFilter(lambda record: record.levelno >= logging.WARNING or record.name in ours)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    _requests.setLevel(logging.INFO)
    _questions.setLevel(logging.INFO)
    logging.captureWarnings(True)


class Health(BaseModel):
    """That the process lives."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """That questions can be answered."""

    status: Literal["ready"] = "ready"


def telemetry_routes(assistant: Assistant, metrics: Metrics) -> APIRouter:
    """The routes for who runs the server. The first two are open to everybody, and tell nothing of the library."""
    routes = APIRouter()

    @routes.head("/healthz", include_in_schema=False)
    @routes.get("/healthz")
    async def healthz() -> Health:
        """The process lives."""
        return Health()

    @routes.get(
        "/readyz",
        response_model=Readiness,
        responses=problems(service_unavailable="Questions can't be answered; the log says why."),
    )
    def readyz(request: Request) -> Readiness | Response:
        """Whether questions can be answered."""
        try:
            assistant.index()
        except QuipuError as error:
            _log.warning("Questions can't be answered: %s", error)
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, say("not_ready", language_of(request.headers)), scope=request.scope)
        return Readiness()

    @routes.get(
        "/metrics",
        response_class=PlainTextResponse,
        responses=problems(forbidden="The visitor is no operator."),
    )
    def measures(request: Request) -> Response:
        """What was counted since the start, as Prometheus reads it. For operators."""
        if not visitor_of(request).is_operator:
            return problem(HTTPStatus.FORBIDDEN, say("metrics_operator_only", language_of(request.headers)), scope=request.scope)
        return Response(metrics.text(assistant), headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"})

    return routes


def _route(scope: Scope, root: str) -> str:
    """The template of the route that took a request, below what it is mounted at; "none" if none did. No ids are in it."""
    mounted: str = scope.get("root_path", "").removeprefix(root)
    return mounted + getattr(scope.get("route"), "path", "") or "none"


def _record(scope: Scope, path: str, route: str, status: int | None, seconds: float) -> dict[str, Any]:
    """What the log has of a request: nothing of its query or its body, which may hold what was asked or looked for."""
    client, origin = scope.get("client"), Headers(scope=scope).get("origin")
    return {
        "request_id": scope["state"]["request_id"],
        "method": scope["method"][:_LONGEST],
        "path": path[:_LONGEST],
        "route": route,
        "status": status,
        "milliseconds": round(1000 * seconds, 1),
        "client": client[0] if client else None,
        "user": _user(scope),
        "origin": origin[:_LONGEST] if origin else None,
    }


def _user(scope: Scope) -> str | None:
    """The name of the visitor; None without a sign-in."""
    visitor = scope.get("state", {}).get("visitor")
    return (visitor.name or None) if isinstance(visitor, Visitor) else None


def trace_of(error: BaseException, with_message: bool) -> str:
    """Where an exception was raised, and those before it. Its message, which may quote what was asked, only if wanted."""
    if with_message:
        return "".join(traceback.format_exception(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    earlier = f"{trace_of(before, with_message)}and then\n" if before else ""
    return f"{earlier}{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"
