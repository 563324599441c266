"""What every response of the server carries, and which requests it takes at all."""

import ipaddress
import re
import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]", "::1"]
"""The names by which a page on this machine may be asked for: any other is somebody's name that points here (DNS rebinding)."""

_POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; frame-ancestors 'self'; form-action 'self'; "
    "base-uri 'self'; object-src 'none'"
)
_SCRIPT = re.compile(rb"<script(?=[\s>])", re.IGNORECASE)


def is_loopback(host: str) -> bool:
    """Whether an address to serve on is reached from this machine only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class SecurityHeaders:
    """ASGI middleware: a Content-Security-Policy whose nonce is put into our own pages' scripts; no sniffing, no referrer.

    A page's own scripts come from this host; what a document might smuggle into it doesn't run and isn't fetched.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        held: list[Message] = []  # the start of an HTML response, until its body is known

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = _POLICY.format(nonce=nonce)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                if Headers(scope=message).get("content-type", "").startswith("text/html"):
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
