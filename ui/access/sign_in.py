"""The sign-in: who sent a request, by what it carries. Nothing behind it is asked by anybody else."""

import base64
import binascii
import hmac
import logging
import secrets
import time
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from typing import Annotated, Any
from urllib.parse import urlencode

import jwt
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant import Settings, SettingsError
from index import Catalogue, Home
from ui.access.rate_limits import Attempts, client_of
from ui.access.tokens import LONGEST_LIFE, Claims, TokenError, TokenKey
from ui.access.users import LONGEST_NAME, User, Users, write_secret
from ui.access.visitor import SESSION_COOKIE, Visitor
from ui.addresses import HEALTH, LOOPBACK_HOSTS, local_address, route_path
from ui.pages import frame_of, message_page, page
from ui.problems import problem
from ui.telemetry import Metrics
from ui.wording import language_of, say

_log = logging.getLogger(__name__)

_HASHED_AT_A_TIME = 2  # a hash takes 64 MB while it is made

_OPEN = HEALTH | {"/widget.js", "/embed", "/favicon.ico", "/sign-in", "/sign-in/token", "/sign-out"}
_OPEN_BELOW = ("/app-static/", "/language/")
_PAGES = ("/", "/documents", "/api")  # where a person is shown a page, and not a problem; and below the second
_SESSION_KEY = 32  # random bytes
_AUDIENCE = "quipu session"
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Quipu"'}  # "Basic" would have browsers ask in a window of their own
_HANDED_ON = ("forwarded", "via", "x-real-ip", "x-forwarded-")


SESSION = 12 * 3600
"""Seconds that a sign-in with a password is good for."""


class SignInError(Exception):
    """What a request carries to say who sent it isn't good; a sentence."""


class TriesError(SignInError):
    """Passwords were wrong too often."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"There were too many wrong passwords: wait {seconds} s.")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class _Session:
    """A sign-in that a browser keeps, as a cookie that is signed here."""

    name: str
    password: str = ""  # the digest of what it was begun with; "" if that was a token
    groups: tuple[str, ...] = ()  # by the token


class SignInService:
    """Finds out who sent a request, by the ways to sign in that the settings allow.

    Raises SettingsError if the key of the tokens can't be used.
    """

    def __init__(self, settings: Settings, home: Home) -> None:
        self._settings = settings
        self.ways = frozenset(settings.sign_in)
        self.users = Users(home)
        self._attempts = Attempts()
        self._proved: dict[str, bytes] = {}  # by the user's name
        self._process_key = secrets.token_bytes(32)
        self._hashing = CapacityLimiter(_HASHED_AT_A_TIME)
        self._library = Catalogue(home)
        self._tokens = _token_key(settings)
        self._proxies = [ip_network(network) for network in settings.proxies]
        self._secret = _session_key(home) if self.ways & {"password", "token"} else ""

    async def visitor(self, request: HTTPConnection) -> Visitor | None:
        """Who sent it; None if it doesn't say. Raises SignInError if what it says isn't good: then nothing else counts."""
        if not self.ways:
            return self._without_sign_in(request)
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._tokens:
            return self.by_token(credentials.strip())
        if scheme.lower() == "basic" and "password" in self.ways:
            name, password = _basic(credentials)
            return (await self.by_password(request, name, password)).as_visitor(name)
        if scheme:
            raise SignInError("Quipu takes no sign-in of this kind here.")
        session = request.cookies.get(SESSION_COOKIE) if self._secret else None
        if session and (visitor := self._by_session(session)):
            return visitor
        return self._by_proxy(request) if "proxy" in self.ways else None

    def by_token(self, token: str) -> Visitor:
        """Whom a token names. Raises SignInError if it isn't good."""
        claims = self._claims(token)
        return self._in_groups(claims.name, claims.groups)

    async def by_password(self, request: HTTPConnection, name: str, password: str) -> User:
        """The user of this name, if that is their password. Raises SignInError if not, or if it was wrong too often, or if nobody
        signs in with a password here.
        """
        if "password" not in self.ways:
            raise SignInError("Quipu takes no passwords here.")
        keys = f"user {name}", f"client {client_of(request.scope)}"
        if seconds := self._attempts.begin(*keys):
            raise TriesError(seconds)
        user = self._proved_before(name, password) or await to_thread.run_sync(
            self.users.verify, name, password, limiter=self._hashing
        )
        if user is None:
            raise SignInError("There is no user of this name with this password.")
        self._attempts.succeeded(*keys)
        self._proved[name] = self._proof(user, password)
        return user

    def _proved_before(self, name: str, password: str) -> User | None:
        """The user, if that is the password that they proved to know since the start. A machine sends it with each request, many at
        a time: it waits for no hash, and none counts as a wrong try meanwhile.
        """
        user, proof = self.users.all().get(name), self._proved.get(name)
        return user if user and proof and secrets.compare_digest(proof, self._proof(user, password)) else None

    def _proof(self, user: User, password: str) -> bytes:
        """What is remembered of a password: worth nothing outside this process, or once the user has another."""
        return hmac.digest(self._process_key, f"{user.digest} {password}".encode("utf-8", "surrogatepass"), "sha256")

    def session_of_user(self, name: str, user: User) -> str:
        """The cookie of a user who has just signed in with a password."""
        return self._session(_Session(name, password=user.digest), SESSION)

    def session_of_token(self, token: str) -> str:
        """The cookie of whom a token names, for an hour: a document is read for longer than a token is good. Raises SignInError
        if that isn't.
        """
        claims = self._claims(token)
        # A browser drops a cookie with too many: those that no document is limited to make no difference.
        limiting = {self._settings.operator_group, *(group for entry in self._library.active() for group in entry.groups)}
        return self._session(_Session(claims.name, groups=tuple(sorted(claims.groups & limiting))), LONGEST_LIFE)

    def _claims(self, token: str) -> Claims:
        if self._tokens is None:
            raise SignInError("Quipu takes no tokens here.")
        try:
            return self._tokens.claims(token)
        except TokenError as error:
            raise SignInError(str(error)) from None

    def _session(self, session: _Session, seconds: int) -> str:
        expires = int(time.time()) + seconds
        said = {"sub": session.name, "password": session.password, "groups": session.groups, "aud": _AUDIENCE, "exp": expires}
        return jwt.encode(said, self._secret, algorithm="HS256")

    def _by_session(self, cookie: str) -> Visitor | None:
        """Who has this session; None if it is over."""
        try:
            said: dict[str, Any] = jwt.decode(
                cookie, self._secret, algorithms=["HS256"], audience=_AUDIENCE, options={"require": ["sub", "aud", "exp"]}
            )
        except jwt.InvalidTokenError:
            return None
        name = said["sub"]
        if not said["password"]:
            return self._in_groups(name, frozenset(said["groups"])) if self._tokens else None
        user = self.users.all().get(name) if "password" in self.ways else None
        return user.as_visitor(name) if user and secrets.compare_digest(user.digest, said["password"]) else None

    def _by_proxy(self, request: HTTPConnection) -> Visitor | None:
        """Whom a listed proxy names; None if nobody."""
        if not self._is_proxy(request.scope["state"]["peer"]):
            return None
        name = _said_once(request, self._settings.proxy_user_header)
        listed = _said_once(request, self._settings.proxy_groups_header)
        if not name:
            return None
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise SignInError("The proxy names no user.")
        return self._in_groups(name, frozenset(group.strip() for group in listed.split(",") if group.strip()))

    def _is_proxy(self, peer: str) -> bool:
        try:
            return any(ip_address(peer) in network for network in self._proxies)
        except ValueError:  # no address: a socket file
            return False

    def _in_groups(self, name: str, groups: frozenset[str]) -> Visitor:
        return Visitor.operator(name) if self._settings.operator_group in groups else Visitor.reader(name, groups)

    def _without_sign_in(self, request: HTTPConnection) -> Visitor:
        """Whoever sits at this machine is the operator, if nothing says that they ask for somebody else."""
        # Proxies that say nothing mostly speak HTTP/1.0, which no browser does.
        is_handed_on = any(name.startswith(_HANDED_ON) for name in request.headers) or request.scope["http_version"] == "1.0"
        is_here = request.url.hostname in LOOPBACK_HOSTS and _comes_from_here(request.scope["state"]["peer"])
        return Visitor.operator("") if is_here and not is_handed_on and not self._settings.public else Visitor.reader("")


class SignIn:
    """ASGI middleware: puts the visitor into the request's state, or refuses it. What is open to everybody has a visitor, too,
    if the request says who it is.
    """

    def __init__(self, app: ASGIApp, *, desk: SignInService, metrics: Metrics) -> None:
        self._app, self._desk, self._metrics = app, desk, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request, path = HTTPConnection(scope), route_path(scope)
        is_open = path in _OPEN or path.startswith(_OPEN_BELOW)
        refused = SignInError("Sign in first.")
        try:
            visitor = await self._desk.visitor(request)
        except SignInError as error:
            visitor, refused = None, error
        except SettingsError as error:
            visitor = None
            if not is_open:
                await _unavailable(HTTPConnection(scope), error)(scope, receive, send)
                return
        if visitor is not None:
            scope["state"]["visitor"] = visitor
        if visitor is None and not is_open:
            self._metrics.refused("sign_in")
            await self._refusal(Request(scope), path, refused)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refusal(self, request: Request, path: str, error: SignInError) -> Response:
        """Where a person would see a page, the way to sign in; else a problem."""
        if isinstance(error, TriesError):
            headers = {"Retry-After": str(error.seconds)}
            return problem(HTTPStatus.TOO_MANY_REQUESTS, str(error), scope=request.scope, headers=headers)
        is_page = request.method in ("GET", "HEAD") and (path in _PAGES or path.startswith("/documents/"))
        if is_page and "authorization" not in request.headers:
            frame = frame_of(request)
            if "password" in self._desk.ways:
                return RedirectResponse(
                    f"{frame.root}/sign-in?{urlencode({'next': frame.address})}", status_code=HTTPStatus.SEE_OTHER
                )
            return HTMLResponse(message_page(say("sign_in_elsewhere", frame.language), frame), HTTPStatus.UNAUTHORIZED, _CHALLENGE)
        ended = path.startswith("/gradio_api/")  # the chat page is open, and shows what is said here
        detail = say("sign_in_ended", language_of(request.headers)) if ended else str(error)
        return problem(HTTPStatus.UNAUTHORIZED, detail, scope=request.scope, headers=_CHALLENGE)


def sign_in_routes(desk: SignInService, *, secure: bool) -> APIRouter:
    """The pages to sign in and out. `secure` if browsers reach them by https."""
    routes = APIRouter(include_in_schema=False)

    def begin(request: Request, session: str, seconds: int, onward: str) -> Response:
        response = RedirectResponse(local_address(onward, request.scope), status_code=HTTPStatus.SEE_OTHER)
        path = request.scope["root_path"] or "/"
        response.set_cookie(SESSION_COOKIE, session, max_age=seconds, path=path, secure=secure, httponly=True, samesite="lax")
        return response

    @routes.get("/sign-in")
    def form(request: Request, onward: Annotated[str, Query(alias="next")] = "") -> HTMLResponse:
        """The form for a name and a password."""
        return _form(desk, request, onward)

    @routes.post("/sign-in")
    async def sign_in(
        request: Request,
        name: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        onward: Annotated[str, Form(alias="next")] = "",
    ) -> Response:
        """Sign in with a password, and go on to where the reader was."""
        try:
            user = await desk.by_password(request, name, password)
        except TriesError as error:
            return _form(desk, request, onward, name, wait=error.seconds)
        except SignInError:
            return _form(desk, request, onward, name, wrong=say("sign_in_wrong", language_of(request.headers)))
        except SettingsError as error:
            return _unavailable(request, error)
        return begin(request, desk.session_of_user(name, user), SESSION, onward)

    @routes.post("/sign-in/token")
    def with_token(
        request: Request, token: Annotated[str, Form()] = "", onward: Annotated[str, Form(alias="next")] = ""
    ) -> Response:
        """Open a page for whom a token names. The widget sends it in a form, so that it is never part of an address."""
        try:
            session = desk.session_of_token(token)
        except SignInError as error:
            _log.warning("A page was opened with a token that is refused: %s", error)
            frame = frame_of(request)
            return HTMLResponse(message_page(say("sign_in_token", frame.language), frame), HTTPStatus.UNAUTHORIZED, _CHALLENGE)
        return begin(request, session, LONGEST_LIFE, onward)

    @routes.post("/sign-out")
    def sign_out(request: Request) -> Response:
        """End the session of this browser."""
        response = RedirectResponse(f"{request.scope['root_path']}/", status_code=HTTPStatus.SEE_OTHER)
        response.delete_cookie(SESSION_COOKIE, path=request.scope["root_path"] or "/")
        return response

    return routes


def _form(desk: SignInService, request: Request, onward: str, name: str = "", *, wrong: str = "", wait: int = 0) -> HTMLResponse:
    """The form for a name and a password, `wrong` above it if the last was; or for how many seconds to `wait`."""
    if "password" not in desk.ways:
        raise HTTPException(HTTPStatus.NOT_FOUND, "Nobody signs in with a password here")
    frame = frame_of(request)
    status, headers = HTTPStatus.OK, {"Cache-Control": "no-store"}
    if wait:
        wrong, status = say("sign_in_wait", frame.language, seconds=wait), HTTPStatus.TOO_MANY_REQUESTS
        headers["Retry-After"] = str(wait)
    elif wrong:
        status = HTTPStatus.UNAUTHORIZED
        headers |= _CHALLENGE
    html = page("sign_in.html", frame, here="sign-in", onward=local_address(onward, request.scope), name=name, wrong=wrong)
    return HTMLResponse(html, status, headers)


def _unavailable(request: HTTPConnection, error: SettingsError) -> Response:
    """What is amiss names places on this machine: that is for the log, and not for whoever hasn't signed in."""
    _log.error("Nobody can sign in: %s", error)
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, say("sign_in_broken", language_of(request.headers)), scope=request.scope)


def _said_once(request: HTTPConnection, header: str) -> str:
    """What a proxy says in a header; "" if nothing. Raises SignInError if it is there twice, since one may be the reader's own, or
    isn't UTF-8.
    """
    said = request.headers.getlist(header)
    if len(said) > 1:
        raise SignInError(f"The proxy sends {header} twice.")
    try:
        return said[0].encode("latin-1").decode("utf-8").strip() if said else ""
    except UnicodeDecodeError:
        raise SignInError(f"What the proxy sends in {header} isn't UTF-8.") from None


def _comes_from_here(peer: str) -> bool:
    try:
        return ip_address(peer).is_loopback
    except ValueError:  # no address: a socket file, which a proxy has
        return False


def _basic(credentials: str) -> tuple[str, str]:
    """The name and the password of HTTP's Basic authentication (RFC 7617). Raises SignInError for what is none."""
    try:
        name, colon, password = base64.b64decode(credentials, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        colon = ""
    if not colon:
        raise SignInError("The name and the password can't be read.")
    return name, password


def _token_key(settings: Settings) -> TokenKey | None:
    if "token" not in settings.sign_in or settings.token_key is None:
        return None
    return TokenKey.load(settings.token_key, settings.token_audience)


def _session_key(home: Home) -> str:
    """What sessions are signed with, kept so that they outlive a restart. Raises SettingsError if it can't be kept."""
    path = home.path / "session.key"
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_secret(path, secrets.token_hex(_SESSION_KEY).encode())
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} can't be used: {error}.") from None
    if len(key) < 2 * _SESSION_KEY:
        raise SettingsError(f"{path} is cut short: delete it, and a new one is made; whoever is signed in has to do so again.")
    return key
