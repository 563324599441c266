"""The addresses of the server and its clients: names of this machine, the prefix of all paths, and what proxies report."""

from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]", "::1"]
"""The names of this machine. Any other name that points to it may be a stranger's (DNS rebinding)."""

HEALTH = frozenset(["/healthz", "/readyz"])
"""The paths that report whether the server is up, to everybody and as often as they like."""


def is_loopback_host(host: str) -> bool:
    """Return whether only this machine can reach a server that listens on this host."""
    return host in LOOPBACK_HOSTS


def prefix_of(address: str) -> str:
    """Return the path of an address without a slash at its end: the prefix of all of Quipu's paths there. Mostly ""."""
    return urlsplit(address).path.rstrip("/")


def route_path(scope: Scope) -> str:
    """Return the path of a request below the prefix."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "")) or "/"


def local_address(address: str, scope: Scope) -> str:
    """Return the address if it leads to a page of this site; otherwise the address of the chat page.

    What a browser sends as an address to go on to may lead to another site.
    """
    is_local = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if is_local else f"{scope['root_path']}/"


def client_of(scope: Scope) -> str:
    """Return the address that tells one client from another: an IPv4 address, or the /64 network of an IPv6 address.

    A client that has an IPv6 network can use any address in it.
    """
    host = scope["client"][0] if scope.get("client") else ""
    try:
        address = ip_address(host)
    except ValueError:
        return str(host)
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))
    return str(address)


class Address:
    """ASGI middleware: finds out where a request came from, and applies the prefix.

    The prefix becomes the `root_path`, whether a proxy strips it or not. What the listed `proxies` report about the client and
    about https is believed, and nobody else's word is. `state` gets the `peer`: the address that the request came from directly.
    """

    def __init__(self, app: ASGIApp, prefix: str, proxies: Sequence[str]) -> None:
        self._app, self._prefix = ProxyHeadersMiddleware(app, list(proxies)), prefix  # type: ignore[arg-type] # two names for ASGI

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "websocket":  # no route accepts one
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
