"""What every response of the server carries, under which address it is reached, and which requests it takes at all."""

import re
import secrets
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]", "::1"]
"""The names by which a page on this machine may be asked for: any other is somebody's name that points here (DNS rebinding)."""

HEALTH = frozenset(["/healthz", "/readyz"])
"""What says whether the server is up, to everybody and however often."""

_SAFE_METHODS = frozenset(["GET", "HEAD", "OPTIONS"])
_BY_FORM = "/sign-in/token"
_FROM_OTHERS = frozenset(["/api/ask", "/api/feedback", _BY_FORM])  # what the pages of listed origins may send
_READ_BY_OTHERS = frozenset(["/api/ask", "/api/documents", "/api/feedback"])  # and passages
_POLICY = (
    "default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; frame-ancestors {frames}; form-action 'self'; "
    "base-uri 'self'; object-src 'none'"
)
_CHAT = "/"  # the page that Gradio writes, with scripts in it; no document's text is in its HTML
_FRAMED = "/embed"  # the page that pages of listed origins may show in a frame
_SCRIPT = re.compile(rb"<script(?=[\s>])", re.IGNORECASE)


def serves_this_machine(host: str) -> bool:
    """Whether an address to serve on is this machine's own, by a name that its pages may be asked for."""
    return host in LOOPBACK_HOSTS


def prefix_of(address: str) -> str:
    """The path under which an address has Quipu, without a slash at its end; "" for most."""
    return urlsplit(address).path.rstrip("/")


def route_path(scope: Scope) -> str:
    """The path that was asked for, below the prefix under which Quipu is served."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "")) or "/"


def local_address(address: str, scope: Scope) -> str:
    """The address if it leads to a page of this site, as what a reader's browser sends may not; else that of the chat page."""
    is_here = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if is_here else f"{scope['root_path']}/"


def problem(status: HTTPStatus, detail: str, *, scope: Scope | None = None, headers: dict[str, str] | None = None) -> JSONResponse:
    """A problem-details response (RFC 9457): the kind of problem, one sentence on this one, and the request's id in the log."""
    said: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    if scope is not None and (request_id := scope.get("state", {}).get("request_id")):
        said["request_id"] = request_id
    return JSONResponse(said, status_code=status, media_type="application/problem+json", headers=headers)


class Address:
    """ASGI middleware: where a request came from, and under which prefix.

    The prefix becomes the `root_path`, whether a proxy takes it off or not. What listed proxies say of the client and of https
    counts; what others say doesn't. `state` gets the address of the `peer`, who sent the request here.
    """

    def __init__(self, app: ASGIApp, prefix: str, proxies: Sequence[str]) -> None:
        self._app, self._prefix = ProxyHeadersMiddleware(app, list(proxies)), prefix  # type: ignore[arg-type] # two names for ASGI

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "websocket":  # nothing here speaks it
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "http":
            peer = scope["client"][0] if scope.get("client") else ""
            scope = {**scope, "root_path": self._prefix, "state": {**scope.get("state", {}), "peer": peer}}
            if scope["path"] == self._prefix:
                scope["path"] += "/"
            elif not scope["path"].startswith(f"{self._prefix}/"):
                scope["path"] = self._prefix + scope["path"]
        await self._app(scope, receive, send)  # type: ignore[arg-type] # the same two names


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


class SecurityHeaders:
    """ASGI middleware: a Content-Security-Policy, no sniffing, no referrer for other sites.

    Scripts come from this host. Only the chat page may have some in its HTML, by a nonce that they are given here. Only the
    compact page may be framed by the pages of the `origins`.
    """

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app, self._frames = app, " ".join(["'self'", *origins])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = route_path(scope)
        nonce = secrets.token_urlsafe(16) if path == _CHAT else ""
        policy = _POLICY.format(
            scripts=f"'self' 'nonce-{nonce}'" if nonce else "'self'", frames=self._frames if path == _FRAMED else "'self'"
        )
        held: list[Message] = []  # the start of the chat page, until its body is known

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = policy
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"  # with none at all, a form of our own would have the origin "null"
                if headers.get("content-type", "").startswith(("text/event-stream", "application/x-ndjson")):
                    headers["X-Accel-Buffering"] = "no"  # nginx would hold a stream back to its end
                if nonce and headers.get("content-type", "").startswith("text/html"):
                    held.append(message)
                    return
            elif held:
                held.append(message)
                if message.get("more_body"):
                    return
                start, *parts = held
                body = _SCRIPT.sub(b'<script nonce="%s"' % nonce.encode(), b"".join(part.get("body", b"") for part in parts))
                MutableHeaders(scope=start)["Content-Length"] = str(len(body))
                held.clear()
                await send(start)
                message = {"type": "http.response.body", "body": body}
            await send(message)

        await self._app(scope, receive, secured)
