"""Limit how much a visitor may ask, and the pages of each other site that has the widget."""

import threading
from collections.abc import Collection
from http import HTTPStatus

from limits import parse
from limits.storage import MemoryStorage
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.access.sliding_window import SlidingWindow, bucket
from ui.addresses import HEALTH, client_of, route_path
from ui.pages import frame_of, message_page
from ui.problems import problem
from ui.telemetry.metrics import Metrics
from ui.wording import Language, language_of, say

_QUESTIONS = frozenset([("POST", "/api/ask"), ("POST", "/api/verify")])  # verifying reads files, and takes as long or longer
_FILES = ("/app-static/", "/assets/", "/static/")  # a page loads some fifty of these, and they are the same for everybody
_OTHER_REQUESTS = 20  # requests of other kinds allowed per question: a page takes about five


class Limiter:
    """Counts questions and other requests by visitor, and questions by origin. Safe to use from several threads.

    A visitor is known by the name of the sign-in, or else by address. `origins` are the sites whose pages have the widget.
    """

    def __init__(
        self, rate: str, origin_rate: str, origins: Collection[str], metrics: Metrics, storage: MemoryStorage | None = None
    ) -> None:
        questions, storage = parse(rate), storage or MemoryStorage()
        others = type(questions)(questions.amount * _OTHER_REQUESTS, questions.multiples)
        self._questions = SlidingWindow(questions, storage, "questions")
        self._others = SlidingWindow(others, storage, "others")
        self._by_origin = SlidingWindow(parse(origin_rate), storage, "origin")
        self._origins, self._metrics, self._lock = frozenset(origins), metrics, threading.Lock()

    def ask(self, scope: Scope) -> int:
        """Return 0 if the question in this request may be answered, and count it; otherwise return the seconds to wait."""
        visitor, origin = _visitor_key(scope), Headers(scope=scope).get("origin")
        with self._lock:
            seconds = self._questions.wait(visitor)
            if seconds:
                self._metrics.refused("user")
                return seconds
            if origin in self._origins:
                seconds = self._by_origin.wait(origin)
                if seconds:
                    self._metrics.refused("origin")
                    return seconds
                self._by_origin.take(origin)
            self._questions.take(visitor)
        return 0

    def request(self, scope: Scope) -> int:
        """Do the same for a request of any other kind."""
        visitor = _visitor_key(scope)
        with self._lock:
            seconds = self._others.wait(visitor)
            if seconds:
                self._metrics.refused("requests")
            else:
                self._others.take(visitor)
        return seconds


def too_many(seconds: int, language: Language, *, questions: bool = True) -> str:
    """Return the sentence for a visitor who has to wait so many seconds before the next question or other request."""
    wait = f"{seconds} s" if seconds < 100 else f"{-(-seconds // 60)} min" if seconds < 6000 else f"{-(-seconds // 3600)} h"
    return say("error_too_many_questions" if questions else "error_too_many_requests", language, wait=wait)


class RateLimit:
    """ASGI middleware: answers what a `Limiter` refuses with 429 and `Retry-After`. It runs after the sign-in.

    Only questions to the API are counted as questions here. A request of the chat or of MCP may bring none or several, so these
    ask the limiter themselves.
    """

    def __init__(self, app: ASGIApp, *, limiter: Limiter) -> None:
        self._app, self._limiter = app, limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        path = route_path(scope) if scope["type"] == "http" else ""
        if not path or path in HEALTH or path.startswith(_FILES):
            await self._app(scope, receive, send)
            return
        is_question = (scope["method"], path) in _QUESTIONS
        seconds = self._limiter.ask(scope) if is_question else self._limiter.request(scope)
        if seconds:
            await _refusal(scope, seconds, questions=is_question)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _visitor_key(scope: Scope) -> str:
    """Return the visitor's name if there is one; else a bucket for the address, since strangers can choose theirs."""
    visitor = scope.get("state", {}).get("visitor")
    return f"name {visitor.name}" if visitor is not None and visitor.name else f"address {bucket(client_of(scope))}"


def _refusal(scope: Scope, seconds: int, *, questions: bool) -> Response:
    """Return a page where a browser asked for one, and a problem elsewhere."""
    request = Request(scope)
    sentence = too_many(seconds, language_of(request.headers), questions=questions)
    headers = {"Retry-After": str(seconds)}
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(message_page(sentence, frame_of(request)), HTTPStatus.TOO_MANY_REQUESTS, headers)
    return problem(HTTPStatus.TOO_MANY_REQUESTS, sentence, scope=scope, headers=headers)
