"""What every response of the server carries: a content security policy, and what else browsers hold to."""

import re
import secrets
from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.addresses import route_path

_POLICY = (
    "default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; frame-ancestors {frames}; form-action 'self'; "
    "base-uri 'self'; object-src 'none'"
)
_CHAT = "/"  # the page that Gradio writes, with scripts in it; no document's text is in its HTML
_FRAMED = "/embed"  # the page that pages of listed origins may show in a frame
_SCRIPT = re.compile(rb"<script(?=[\s>])", re.IGNORECASE)


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
