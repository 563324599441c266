"""Limit the size of a request's body."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.addresses import route_path
from ui.problems import problem
from ui.telemetry.metrics import Metrics
from ui.wording import language_of, say

_MEGABYTE = 2**20
_LARGEST = 4 * _MEGABYTE


class BodyLimit:
    """ASGI middleware: refuses a body of more than `largest` bytes, by its announced length and by the bytes that arrive.

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
            await self._pass_on(scope, receive, send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on until its body exceeds the limit. From then on, the application sees a client that has left."""
        received, has_started, is_refused = 0, False, False

        async def counted_receive() -> Message:
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

        async def send_unless_refused(message: Message) -> None:
            nonlocal has_started
            has_started = True
            if not is_refused:
                await send(message)

        try:
            await self._app(scope, counted_receive, send_unless_refused)
        except ClientDisconnect:
            if not is_refused:
                raise

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._metrics.refused("body")
        megabytes = max(1, self._largest // _MEGABYTE)
        sentence = say("error_body_too_large", language_of(Headers(scope=scope)), megabytes=megabytes)
        await problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence, scope=scope)(scope, receive, send)
