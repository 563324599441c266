"""The sites that a request may come from, and the host names that it may be for."""

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
_FROM_OTHERS = frozenset(["/api/ask", "/api/feedback", _BY_FORM])  # pages of listed origins may send requests to these
_READ_BY_OTHERS = frozenset(["/api/ask", "/api/documents", "/api/feedback"])  # and may read these, and passages


class KnownHostOnly:
    """ASGI middleware: refuses a request for any host but `hosts`, since other names may be a stranger's (DNS rebinding)."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self._app, self._hosts = app, frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http":
            host = Headers(scope=scope).get("host", "")
            name, _, _ = host.rpartition(":") if not host.endswith("]") and ":" in host else (host, "", "")
            if name.lower() not in self._hosts:
                detail = f"Quipu is not served as {name[:200]!r}. Whoever runs it can set its address with QUIPU_ADDRESS."
                await problem(HTTPStatus.BAD_REQUEST, detail, scope=scope)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class OwnOriginOnly:
    """ASGI middleware: refuses a request that could change something if a page of another site sent it.

    Pages of the `origins` may ask, judge an answer, and open a document with a token. The last is also allowed from a page whose
    referrer policy hides its origin (its form sends "null"), since without a good token it does nothing.
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
            is_allowed = (origin in self._origins and path in _FROM_OTHERS) or (origin == "null" and path == _BY_FORM)
            if not is_own and not is_allowed:
                detail = "Quipu does not accept requests from the pages of another site."
                await problem(HTTPStatus.FORBIDDEN, detail, scope=scope)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class SharedWithPages:
    """ASGI middleware: lets pages of the `origins` read what the widget needs and nothing else, without cookies (CORS)."""

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
