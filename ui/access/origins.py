"""Which sites a request may come from, and by which names this one may be asked for."""

from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.addresses import route_path
from ui.problems import problem

_SAFE_METHODS = frozenset(["GET", "HEAD", "OPTIONS"])
_BY_FORM = "/sign-in/token"
_FROM_OTHERS = frozenset(["/api/ask", "/api/feedback", _BY_FORM])  # what the pages of listed origins may send
_READ_BY_OTHERS = frozenset(["/api/ask", "/api/documents", "/api/feedback"])  # and passages


class KnownHostOnly:
    """ASGI middleware: refuses a request for a host by another name than those by which this one is reached (DNS rebinding)."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self._app, self._hosts = app, frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http":
            host = Headers(scope=scope).get("host", "")
            name, _, _ = host.rpartition(":") if not host.endswith("]") and ":" in host else (host, "", "")
            if name.lower() not in self._hosts:
                detail = f"Quipu isn't reached by the name {name[:200]!r} here: whoever runs it says by which, with QUIPU_ADDRESS."
                await problem(HTTPStatus.BAD_REQUEST, detail, scope=scope)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class OwnOriginOnly:
    """ASGI middleware: a request that could change something is refused if the page of another site sent it.

    Pages of the `origins` may ask, judge an answer, and open a document with a token; the last also from a page whose referrer
    policy hides its origin (its form says "null"), since without a good token that does nothing.
    """

    def __init__(self, app: ASGIApp, address: str, origins: Sequence[str]) -> None:
        parts = urlsplit(address)
        self._app, self._own, self._origins = app, f"{parts.scheme}://{parts.netloc}", frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http" and scope["method"] not in _SAFE_METHODS:
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            is_own = origin is None or origin == self._own or origin.partition("://")[2] == headers.get("host")
            path = route_path(scope)
            may_others = (origin in self._origins and path in _FROM_OTHERS) or (origin == "null" and path == _BY_FORM)
            if not is_own and not may_others:
                detail = "Quipu takes no requests from the pages of another site."
                await problem(HTTPStatus.FORBIDDEN, detail, scope=scope)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class SharedWithPages:
    """ASGI middleware: pages of the `origins` may read what the widget asks for, and nothing else; without cookies (CORS)."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._shared = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["Retry-After", "X-Request-ID"],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        path = route_path(scope) if scope["type"] == "http" else ""
        is_shared = path in _READ_BY_OTHERS or path.startswith("/api/passages/")
        await (self._shared if is_shared else self._app)(scope, receive, send)
