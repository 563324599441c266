"""The id, the count and the log line of each request. The text of a question is logged only if the operator asks for it."""

import logging
import re
import time
import traceback
import uuid
from http import HTTPStatus
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant import Status
from ui.addresses import route_path
from ui.problems import problem
from ui.telemetry.metrics import Metrics
from ui.visitor import Visitor
from ui.wording import language_of, say

REQUEST_LOG = "quipu.request"
"""The name of the logger of requests."""

QUESTION_LOG = "quipu.question"
"""The name of the logger of questions."""

_log = logging.getLogger(__package__)
_requests = logging.getLogger(REQUEST_LOG)
_questions = logging.getLogger(QUESTION_LOG)

_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_LONGEST = 300  # characters logged of a value that the client chooses


class Telemetry:
    """ASGI middleware: gives each request an id, and counts and logs it once its response has ended.

    The id is that of the `X-Request-ID` header if that is well-formed; it is in the response's header of that name, and in
    `scope["state"]["request_id"]`. A bug is logged once, with its traceback, and answered with a problem that carries the id.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, log_questions: bool = False) -> None:
        self._app, self._metrics, self._log_questions = app, metrics, log_questions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        header = Headers(scope=scope).get("x-request-id", "")
        request_id = header if _REQUEST_ID.fullmatch(header) else uuid.uuid4().hex
        scope.setdefault("state", {}).update(request_id=request_id, log_questions=self._log_questions)
        root, path = scope.get("root_path", ""), route_path(scope)  # read now: a mount lengthens the root
        started = time.perf_counter()
        status: int | None = None
        ended: float | None = None

        async def observed_send(message: Message) -> None:
            nonlocal status, ended
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            elif not message.get("more_body", False):
                ended = time.perf_counter()
            await send(message)

        with self._metrics.in_flight.track_inprogress():
            try:
                await self._app(scope, receive, observed_send)
            except Exception as error:  # nothing outside this middleware would report a bug
                _log.error("Request %s met a bug: %s", request_id, trace_of(error, self._log_questions))
                if status is None:
                    sentence = say("error_bug", language_of(Headers(scope=scope)))
                    headers = {"X-Content-Type-Options": "nosniff"}
                    response = problem(HTTPStatus.INTERNAL_SERVER_ERROR, sentence, scope=scope, headers=headers)
                    await response(scope, receive, observed_send)
            finally:
                seconds = (ended or time.perf_counter()) - started
                route = _route(scope, root)
                self._metrics.answered(route, scope["method"], status, seconds)
                _requests.info("request", extra=_record(scope, path, route, status, seconds))


def log_question(scope: Scope, question: str, status: Status) -> None:
    """Log a question and the status of its answer with the id of its request, if the operator asked for that.

    `scope` is that of the request that brought the question. In the chat, that request may end before the answer.
    """
    state = scope.get("state", {})
    if state.get("log_questions"):
        extra = {"request_id": state.get("request_id"), "user": _user(scope), "question": question, "status": status}
        _questions.info("question", extra=extra)


def trace_of(error: BaseException, with_message: bool) -> str:
    """Return the tracebacks of an exception and of its causes, with their messages, which may quote a question, or without."""
    if with_message:
        return "".join(traceback.format_exception(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    earlier = f"{trace_of(before, with_message)}and then\n" if before else ""
    return f"{earlier}{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"


def _route(scope: Scope, root: str) -> str:
    """Return the path template of the route that took the request, without ids; "none" if no route did."""
    mounted: str = scope.get("root_path", "").removeprefix(root)
    return mounted + getattr(scope.get("route"), "path", "") or "none"


def _record(scope: Scope, path: str, route: str, status: int | None, seconds: float) -> dict[str, Any]:
    """Return the log's fields for a request. Its query and body are left out, since they may hold what was asked or searched."""
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
    """Return the name of the visitor, or None without a sign-in."""
    visitor = scope.get("state", {}).get("visitor")
    return (visitor.name or None) if isinstance(visitor, Visitor) else None
