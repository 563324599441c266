"""Under which address Quipu is reached: the names of this machine, the prefix of all paths, and what proxies say of a request."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]", "::1"]
"""The names by which a page on this machine may be asked for: any other is somebody's name that points here (DNS rebinding)."""

HEALTH = frozenset(["/healthz", "/readyz"])
"""What says whether the server is up, to everybody and however often."""


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
