"""Let only those requests through whose visitor is known, except to what is open to everybody."""

from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant import SettingsError
from ui.access.sign_in import SignInError, SignInService, TooManyAttemptsError
from ui.access.sign_in_pages import CHALLENGE, sign_in_broken
from ui.addresses import HEALTH, route_path
from ui.pages import frame_of, message_page
from ui.problems import problem
from ui.telemetry.metrics import Metrics
from ui.wording import language_of, say

_OPEN = HEALTH | {"/widget.js", "/embed", "/favicon.ico", "/manifest.json", "/sign-in", "/sign-in/token", "/sign-out"}
_OPEN_FOLDERS = ("/app-static/", "/language/")
_PAGES = ("/", "/documents", "/api")  # these, and everything below /documents, are pages for people


class RequireSignIn:
    """ASGI middleware: puts the visitor into the request's state, or refuses the request.

    What is open to everybody is served without a visitor if the request doesn't say who sent it.
    """

    def __init__(self, app: ASGIApp, *, sign_in: SignInService, metrics: Metrics) -> None:
        self._app, self._sign_in, self._metrics = app, sign_in, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request, path = HTTPConnection(scope), route_path(scope)
        is_open = path in _OPEN or path.startswith(_OPEN_FOLDERS)
        refusal = SignInError("Sign in first.")
        try:
            visitor = await self._sign_in.visitor(request)
        except SignInError as error:
            visitor, refusal = None, error
        except SettingsError as error:
            visitor = None
            if not is_open:
                await sign_in_broken(request, error)(scope, receive, send)
                return
        if visitor is not None:
            scope["state"]["visitor"] = visitor
        if visitor is None and not is_open:
            self._metrics.refused("sign_in")
            await self._refuse(Request(scope), path, refusal)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refuse(self, request: Request, path: str, error: SignInError) -> Response:
        """Return the way to sign in where a person would see a page, and a problem elsewhere."""
        if isinstance(error, TooManyAttemptsError):
            headers = {"Retry-After": str(error.seconds)}
            return problem(HTTPStatus.TOO_MANY_REQUESTS, str(error), scope=request.scope, headers=headers)
        is_page = request.method in ("GET", "HEAD") and (path in _PAGES or path.startswith("/documents/"))
        if is_page and "authorization" not in request.headers:
            frame = frame_of(request)
            if "password" in self._sign_in.ways:
                form = f"{frame.root}/sign-in?{urlencode({'next': frame.address})}"
                return RedirectResponse(form, status_code=HTTPStatus.SEE_OTHER)
            return HTMLResponse(message_page(say("sign_in_elsewhere", frame.language), frame), HTTPStatus.UNAUTHORIZED, CHALLENGE)
        in_chat = path.startswith("/gradio_api/")  # the chat page is open in the browser, and shows the sentence
        detail = say("sign_in_ended", language_of(request.headers)) if in_chat else str(error)
        return problem(HTTPStatus.UNAUTHORIZED, detail, scope=request.scope, headers=CHALLENGE)
