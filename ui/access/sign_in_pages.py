"""The pages to sign in and out."""

import logging
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from assistant import SettingsError
from ui.access.sessions import PASSWORD_SESSION, TOKEN_SESSION
from ui.access.sign_in import SignInError, SignInService, TooManyAttemptsError
from ui.addresses import local_address
from ui.pages import frame_of, message_page, page
from ui.problems import problem
from ui.visitor import SESSION_COOKIE
from ui.wording import language_of, say

_log = logging.getLogger(__name__)

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Quipu"'}
"""The headers of status 401. "Basic" would make browsers ask for a password in a window of their own."""


def sign_in_routes(service: SignInService, *, secure: bool) -> APIRouter:
    """Return the routes to sign in and out. `secure` if browsers reach them by https."""
    routes = APIRouter(include_in_schema=False)

    def begin_session(request: Request, cookie: str, seconds: int, onward: str) -> Response:
        response = RedirectResponse(local_address(onward, request.scope), status_code=HTTPStatus.SEE_OTHER)
        path = request.scope["root_path"] or "/"
        response.set_cookie(SESSION_COOKIE, cookie, max_age=seconds, path=path, secure=secure, httponly=True, samesite="lax")
        return response

    @routes.get("/sign-in")
    def form(request: Request, onward: Annotated[str, Query(alias="next")] = "") -> HTMLResponse:
        """Show the form for a name and a password."""
        return _form(service, request, onward)

    @routes.post("/sign-in")
    async def sign_in(
        request: Request,
        name: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        onward: Annotated[str, Form(alias="next")] = "",
    ) -> Response:
        """Sign in with a password, and go on to the page that the reader came from."""
        try:
            user = await service.by_password(request, name, password)
        except TooManyAttemptsError as error:
            return _form(service, request, onward, name, wait=error.seconds)
        except SignInError:
            return _form(service, request, onward, name, wrong=say("sign_in_wrong", language_of(request.headers)))
        except SettingsError as error:
            return sign_in_broken(request, error)
        return begin_session(request, service.session_of_user(name, user), PASSWORD_SESSION, onward)

    @routes.post("/sign-in/token")
    def sign_in_with_token(
        request: Request, token: Annotated[str, Form()] = "", onward: Annotated[str, Form(alias="next")] = ""
    ) -> Response:
        """Sign in with a token, and go on to a page. The widget sends the token in a form, so that no address ever has it."""
        try:
            cookie = service.session_of_token(token)
        except SignInError as error:
            _log.warning("A page was opened with a token that is refused: %s", error)
            frame = frame_of(request)
            return HTMLResponse(message_page(say("sign_in_token", frame.language), frame), HTTPStatus.UNAUTHORIZED, CHALLENGE)
        return begin_session(request, cookie, TOKEN_SESSION, onward)

    @routes.post("/sign-out")
    def sign_out(request: Request) -> Response:
        """End the session of this browser."""
        response = RedirectResponse(f"{request.scope['root_path']}/", status_code=HTTPStatus.SEE_OTHER)
        response.delete_cookie(SESSION_COOKIE, path=request.scope["root_path"] or "/")
        return response

    return routes


def sign_in_broken(request: HTTPConnection, error: SettingsError) -> Response:
    """Log why nobody can sign in, and return a problem. The error names paths, which a visitor who isn't signed in may not see."""
    _log.error("Nobody can sign in: %s", error)
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, say("sign_in_broken", language_of(request.headers)), scope=request.scope)


def _form(service: SignInService, request: Request, onward: str, name: str = "", *, wrong: str = "", wait: int = 0) -> HTMLResponse:
    """Return the form for a name and a password.

    `wrong` is the sentence above it after a failed attempt, and `wait` the seconds to wait after too many.
    """
    if "password" not in service.ways:
        raise HTTPException(HTTPStatus.NOT_FOUND, "Nobody signs in with a password here")
    frame = frame_of(request)
    status, headers = HTTPStatus.OK, {"Cache-Control": "no-store"}
    if wait:
        wrong, status = say("sign_in_wait", frame.language, seconds=wait), HTTPStatus.TOO_MANY_REQUESTS
        headers["Retry-After"] = str(wait)
    elif wrong:
        status = HTTPStatus.UNAUTHORIZED
        headers |= CHALLENGE
    html = page("sign_in.html", frame, here="sign-in", onward=local_address(onward, request.scope), name=name, wrong=wrong)
    return HTMLResponse(html, status, headers)
