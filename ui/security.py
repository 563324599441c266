"""What every response of the server carries, and which requests it takes at all."""

import re
import secrets
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]", "::1"]
"""The names by which a page on this machine may be asked for: any other is somebody's name that points here (DNS rebinding)."""

_SAFE_METHODS = frozenset(["GET", "HEAD", "OPTIONS"])
_POLICY = (
    "default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; frame-ancestors 'self'; form-action 'self'; "
    "base-uri 'self'; object-src 'none'"
)
_CHAT = "/"  # the page that Gradio writes, with scripts in it; no document's text is in its HTML
_SCRIPT = re.compile(rb"<script(?=[\s>])", re.IGNORECASE)


def is_loopback(host: str) -> bool:
    """Whether an address to serve on is this machine's own, by a name that its pages may be asked for."""
    return host in LOOPBACK_HOSTS


def is_operator(request: Request) -> bool:
    """Whether the visitor sits at this machine, and may change the library: no proxy has handed the request on for another, as far
    as proxies say so.

    That the server listens on this machine only, and was asked for by its own name, is seen to elsewhere.
    """
    handed_on = ("forwarded", "via", "x-real-ip", "x-forwarded-")
    return not any(name.startswith(handed_on) for name in request.headers)


def problem(status: HTTPStatus, detail: str) -> JSONResponse:
    """A problem-details response (RFC 9457): what kind of problem, and one sentence on this one."""
    return JSONResponse(
        {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail},
        status_code=status,
        media_type="application/problem+json",
    )


class OwnOriginOnly:
    """ASGI middleware: a request that could change something is refused if the page of another site sent it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http" and scope["method"] not in _SAFE_METHODS:
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            if origin is not None and origin.partition("://")[2] != headers.get("host"):
                refusal = problem(HTTPStatus.FORBIDDEN, "Quipu takes no requests from the pages of another site.")
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


class SecurityHeaders:
    """ASGI middleware: a Content-Security-Policy, no sniffing, no referrer.

    Scripts come from this host. Only the chat page may have some in its HTML, by a nonce that they are given here.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16) if scope["path"] == _CHAT else ""
        held: list[Message] = []  # the start of the chat page, until its body is known

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = _POLICY.format(scripts=f"'self' 'nonce-{nonce}'" if nonce else "'self'")
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
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
