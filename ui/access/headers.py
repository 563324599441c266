"""The security headers of every response: a Content-Security-Policy and others that browsers obey."""

import html
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
_CHAT = "/"  # Gradio's page, with inline scripts; its HTML holds no text of any document
_FRAMED = "/embed"  # the page that pages of listed origins may show in a frame
_SCRIPT = re.compile(rb"<script(?=[\s>])", re.IGNORECASE)
_MANIFEST = b'href="/manifest.json"'  # Gradio's link, which ignores the prefix


class SecurityHeaders:
    """ASGI middleware: adds a Content-Security-Policy, and forbids content sniffing and referrers to other sites.

    Scripts are loaded from this host. Only the chat page may have inline scripts, which are given a nonce here. Only the compact
    page may be framed by pages of the `origins`.
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
        buffered: list[Message] = []  # the chat page, until its body is complete

        async def secure_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = policy
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"  # with "no-referrer", our own forms would send the origin "null"
                if headers.get("content-type", "").startswith(("text/event-stream", "application/x-ndjson")):
                    headers["X-Accel-Buffering"] = "no"  # or nginx holds a stream back until it ends
                if nonce and headers.get("content-type", "").startswith("text/html"):
                    buffered.append(message)
                    return
            elif buffered:
                buffered.append(message)
                if message.get("more_body"):
                    return
                start, *parts = buffered
                body = _chat_html(b"".join(part.get("body", b"") for part in parts), nonce, scope.get("root_path", ""))
                MutableHeaders(scope=start)["Content-Length"] = str(len(body))
                buffered.clear()
                await send(start)
                message = {"type": "http.response.body", "body": body}
            await send(message)

        await self._app(scope, receive, secure_send)


def _chat_html(page: bytes, nonce: str, root: str) -> bytes:
    """Give the chat page's scripts the nonce, and put the prefix into its link to the manifest."""
    page = page.replace(_MANIFEST, f'href="{html.escape(root)}/manifest.json"'.encode())
    return _SCRIPT.sub(b'<script nonce="%s"' % nonce.encode(), page)
