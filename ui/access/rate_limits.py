"""How much is taken: the size of a request's body, how much a visitor may ask, and how often a sign-in may fail."""

import threading
import time
from collections.abc import Collection
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from math import floor

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.addresses import HEALTH, route_path
from ui.pages import frame_of, message_page
from ui.problems import problem
from ui.telemetry import Metrics
from ui.wording import Language, language_of, say

_MEGABYTE = 2**20
_LARGEST = 4 * _MEGABYTE
_QUESTIONS = frozenset([("POST", "/api/ask"), ("POST", "/api/verify")])  # a verification reads files, and takes as long or longer
_FILES = ("/app-static/", "/assets/", "/static/")  # that a page is drawn with: some fifty, the same for everybody
_OTHERS = 20  # requests of other kinds that a visitor may send in the time for one question: a page takes about five
_BUCKETS = 2**14


def client_of(scope: Scope) -> str:
    """The address that a request came from, as far as one machine is told from others by it: of IPv6 the network (/64), since a
    machine has all addresses of that.
    """
    host = scope["client"][0] if scope.get("client") else ""
    try:
        address = ip_address(host)
    except ValueError:
        return str(host)
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))
    return str(address)


class _Window:
    """Counts what came lately under a key, and says when more may come.

    By two counters a key (the library's sliding window): the exact moving window keeps the time of each hit, and in memory it
    never lets go of a key. Keys that strangers choose share a fixed number of buckets, so a flood of them fills no memory.
    """

    def __init__(self, rate: RateLimitItem, storage: MemoryStorage, name: str) -> None:
        self._rate, self._storage, self._name = rate, storage, name
        self._limiter = SlidingWindowCounterRateLimiter(storage)

    def wait(self, key: str) -> int:
        """The seconds until there is room for one more; 0: now."""
        expiry, most = self._rate.get_expiry(), self._rate.amount
        before, left, now, until = self._storage.get_sliding_window(self._rate.key_for(self._name, key), expiry)
        if before * left / expiry + now < most:
            return 0
        seconds = left - (most - now) * expiry / before if now < most else until - expiry
        return 1 + floor(seconds + 0.001)  # which is more than the library's rounding errors

    def take(self, key: str) -> None:
        """Count one more."""
        self._limiter.hit(self._rate, self._name, key)

    def give_back(self, key: str) -> None:
        """Take back one that was counted just now."""
        at = time.time()
        _, counter = self._storage.sliding_window_keys(self._rate.key_for(self._name, key), self._rate.get_expiry(), at)
        if self._storage.get(counter):
            self._storage.decr(counter)


def _bucket(key: str) -> str:
    """One of a fixed number of keys: which one can't be known from outside, since the hash differs in each process."""
    return str(hash(key) % _BUCKETS)


class Limiter:
    """How much a visitor may ask, and the pages of each of the other `origins`. Safe to use from several threads.

    A visitor is known by the name of the sign-in, or else by address.
    """

    def __init__(
        self, rate: str, origin_rate: str, origins: Collection[str], metrics: Metrics, storage: MemoryStorage | None = None
    ) -> None:
        questions, storage = parse(rate), storage or MemoryStorage()
        others = type(questions)(questions.amount * _OTHERS, questions.multiples)
        self._questions = _Window(questions, storage, "questions")
        self._others = _Window(others, storage, "others")
        self._of_origin = _Window(parse(origin_rate), storage, "origin")
        self._origins, self._metrics, self._lock = frozenset(origins), metrics, threading.Lock()

    def ask(self, scope: Scope) -> int:
        """Count a question that came by the request of this scope: 0 if it may be answered, or the seconds to wait. One that may
        not isn't counted as a question.
        """
        who, origin = _who(scope), Headers(scope=scope).get("origin")
        with self._lock:
            seconds = self._questions.wait(who)
            if seconds:
                self._metrics.refused("user")
                return seconds
            if origin in self._origins:
                seconds = self._of_origin.wait(origin)
                if seconds:
                    self._metrics.refused("origin")
                    return seconds
                self._of_origin.take(origin)
            self._questions.take(who)
        return 0

    def request(self, scope: Scope) -> int:
        """The same for a request of any other kind."""
        who = _who(scope)
        with self._lock:
            seconds = self._others.wait(who)
            if seconds:
                self._metrics.refused("requests")
            else:
                self._others.take(who)
        return seconds


def _who(scope: Scope) -> str:
    """The key of a visitor: names come from the sign-in, addresses from everybody."""
    visitor = scope.get("state", {}).get("visitor")
    return f"name {visitor.name}" if visitor is not None and visitor.name else f"address {_bucket(client_of(scope))}"


def too_many(seconds: int, language: Language, *, questions: bool = True) -> str:
    """The sentence for who has to wait so many seconds until another question, or another request."""
    wait = f"{seconds} s" if seconds < 100 else f"{-(-seconds // 60)} min" if seconds < 6000 else f"{-(-seconds // 3600)} h"
    return say("too_many_questions" if questions else "too_many_requests", language, wait=wait)


class RateLimit:
    """ASGI middleware: refuses what a `Limiter` refuses, with 429 and `Retry-After`. It stands behind the sign-in.

    Questions are those to the API. In the chat and over MCP a request may be no question, or several: those ask the limiter
    themselves.
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


def _refusal(scope: Scope, seconds: int, *, questions: bool) -> Response:
    """Who opens a page gets a page, anything else a problem."""
    request = Request(scope)
    sentence = too_many(seconds, language_of(request.headers), questions=questions)
    headers = {"Retry-After": str(seconds)}
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(message_page(sentence, frame_of(request)), HTTPStatus.TOO_MANY_REQUESTS, headers)
    return problem(HTTPStatus.TOO_MANY_REQUESTS, sentence, scope=scope, headers=headers)


class BodyLimit:
    """ASGI middleware: refuses a body of more bytes than `largest`, by what the request says of it and by what really comes.

    A file that is added has a limit of its own.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, largest: int = _LARGEST) -> None:
        self._app, self._metrics, self._largest = app, metrics, largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http" or (scope["method"], route_path(scope)) == ("POST", "/api/documents"):
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > self._largest:
            await self._refuse(scope, receive, send)
        else:
            await self._counted(scope, receive, send)

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on with the request, until too much has come. To the application that is as if the client had left."""
        received, has_started, is_refused = 0, False, False

        async def counted() -> Message:
            nonlocal received, is_refused
            message = await receive()
            received += len(message.get("body", b""))
            if received <= self._largest:
                return message
            if not is_refused:
                is_refused = True
                if not has_started:
                    await self._refuse(scope, receive, send)
            return {"type": "http.disconnect"}

        async def unless_refused(message: Message) -> None:
            nonlocal has_started
            has_started = True
            if not is_refused:
                await send(message)

        try:
            await self._app(scope, counted, unless_refused)
        except ClientDisconnect:
            if not is_refused:
                raise

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._metrics.refused("body")
        sentence = say("body_too_large", language_of(Headers(scope=scope)), megabytes=max(1, self._largest // _MEGABYTE))
        await problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence, scope=scope)(scope, receive, send)


class Attempts:
    """Limits how often a sign-in may fail, under each of its keys: the client's address and the name. Safe to use from several
    threads.

    Each attempt counts from its beginning until it succeeds, so that many at the same time are no way around.
    """

    def __init__(self, rate: str = "10/minute", storage: MemoryStorage | None = None) -> None:
        self._window, self._lock = _Window(parse(rate), storage or MemoryStorage(), "attempts"), threading.Lock()

    def begin(self, *keys: str) -> int:
        """0 if another attempt may be made, which then counts as failed; or the seconds to wait."""
        buckets = [_bucket(key) for key in keys]
        with self._lock:
            seconds = max(self._window.wait(bucket) for bucket in buckets)
            if not seconds:
                for bucket in buckets:
                    self._window.take(bucket)
        return seconds

    def succeeded(self, *keys: str) -> None:
        """The attempt that these keys began did not fail."""
        with self._lock:
            for key in keys:
                self._window.give_back(_bucket(key))
