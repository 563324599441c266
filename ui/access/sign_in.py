"""Find out who sent a request: by a password, a token, a session, or a proxy's headers."""

import base64
import binascii
import hmac
import secrets
from ipaddress import ip_address, ip_network

from anyio import CapacityLimiter, to_thread
from starlette.requests import HTTPConnection

from index import Catalogue, Home
from ui.access.access_tokens import Claims, TokenError, TokenKey
from ui.access.sessions import PASSWORD_SESSION, TOKEN_SESSION, Session, Sessions, session_key
from ui.access.sign_in_attempts import SignInAttempts
from ui.access.users import LONGEST_NAME, User, Users
from ui.addresses import LOOPBACK_HOSTS, client_of
from ui.settings import ServerSettings
from ui.visitor import SESSION_COOKIE, Visitor

_HASHES_AT_A_TIME = 2  # computing a hash takes 64 MB
_PROXY_HEADERS = ("forwarded", "via", "x-real-ip", "x-forwarded-")


class SignInError(Exception):
    """A sign-in is not good; the message is a sentence that says why."""


class TooManyAttemptsError(SignInError):
    """There were too many wrong passwords. `seconds` is how long to wait."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"There were too many wrong passwords: wait {seconds} s.")
        self.seconds = seconds


class SignInService:
    """Finds out who sent a request, by the ways to sign in that the settings allow.

    Raises SettingsError if the token key or the session key can't be used.
    """

    def __init__(self, settings: ServerSettings, home: Home) -> None:
        self._settings = settings
        self.ways = frozenset(settings.sign_in)
        self.users = Users(home)
        self._attempts = SignInAttempts()
        self._proofs: dict[str, bytes] = {}  # of the passwords that were right, by the user's name
        self._proof_key = secrets.token_bytes(32)
        self._hashing = CapacityLimiter(_HASHES_AT_A_TIME)
        self._catalogue = Catalogue(home)
        self._tokens = _token_key(settings)
        self._proxies = [ip_network(network) for network in settings.proxies]
        self._sessions = Sessions(session_key(home)) if self.ways & {"password", "token"} else None

    async def visitor(self, request: HTTPConnection) -> Visitor | None:
        """Return who sent a request; None if it doesn't say.

        Raises SignInError if what it says isn't good, whatever else it carries.
        """
        if not self.ways:
            return self._without_sign_in(request)
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._tokens:
            return self._by_token(credentials.strip())
        if scheme.lower() == "basic" and "password" in self.ways:
            name, password = _basic_credentials(credentials)
            return (await self.by_password(request, name, password)).as_visitor(name)
        if scheme:
            raise SignInError("Quipu does not accept this kind of sign-in here.")
        cookie = request.cookies.get(SESSION_COOKIE)
        if cookie and (visitor := self._by_session(cookie)):
            return visitor
        return self._by_proxy(request) if "proxy" in self.ways else None

    async def by_password(self, request: HTTPConnection, name: str, password: str) -> User:
        """Return the user with this name and password.

        Raises SignInError if there is none or passwords aren't accepted here, and TooManyAttemptsError after too many failures.
        """
        if "password" not in self.ways:
            raise SignInError("Quipu does not accept passwords here.")
        keys = f"user {name}", f"client {client_of(request.scope)}"
        if seconds := self._attempts.begin(*keys):
            raise TooManyAttemptsError(seconds)
        user = self._proved_before(name, password) or await to_thread.run_sync(
            self.users.verify, name, password, limiter=self._hashing
        )
        if user is None:
            raise SignInError("There is no user with this name and password.")
        self._attempts.succeeded(*keys)
        self._proofs[name] = self._proof(user, password)
        return user

    def session_of_user(self, name: str, user: User) -> str:
        """Return the cookie of a user who has just signed in with a password."""
        return self._cookie(Session(name, password=user.digest), PASSWORD_SESSION)

    def session_of_token(self, token: str) -> str:
        """Return the cookie of the visitor that a token names. Raises SignInError if the token isn't good."""
        claims = self._claims(token)
        # A browser drops a cookie that is too long. Groups that no document is limited to make no difference.
        limiting = {self._settings.operator_group, *(group for entry in self._catalogue.active() for group in entry.groups)}
        return self._cookie(Session(claims.name, groups=tuple(sorted(claims.groups & limiting))), TOKEN_SESSION)

    def _proved_before(self, name: str, password: str) -> User | None:
        """Return the user if the same password was right before, since the start.

        A program sends its password with each request, many at a time: none has to wait for a hash, and none counts as a failed
        attempt meanwhile.
        """
        user, proof = self.users.all().get(name), self._proofs.get(name)
        return user if user and proof and secrets.compare_digest(proof, self._proof(user, password)) else None

    def _proof(self, user: User, password: str) -> bytes:
        """Return what is remembered of a password: worthless outside this process, and once the user has another."""
        return hmac.digest(self._proof_key, f"{user.digest} {password}".encode("utf-8", "surrogatepass"), "sha256")

    def _by_token(self, token: str) -> Visitor:
        claims = self._claims(token)
        return self._in_groups(claims.name, claims.groups)

    def _claims(self, token: str) -> Claims:
        if self._tokens is None:
            raise SignInError("Quipu does not accept tokens here.")
        try:
            return self._tokens.claims(token)
        except TokenError as error:
            raise SignInError(str(error)) from None

    def _cookie(self, session: Session, seconds: int) -> str:
        if self._sessions is None:
            raise SignInError("Quipu keeps no sessions here.")
        return self._sessions.cookie(session, seconds)

    def _by_session(self, cookie: str) -> Visitor | None:
        """Return the visitor of a session; None if it is over, or was begun with another password than the user has now."""
        session = self._sessions.read(cookie) if self._sessions else None
        if session is None:
            return None
        if not session.password:
            return self._in_groups(session.name, frozenset(session.groups)) if self._tokens else None
        user = self.users.all().get(session.name) if "password" in self.ways else None
        return user.as_visitor(session.name) if user and secrets.compare_digest(user.digest, session.password) else None

    def _by_proxy(self, request: HTTPConnection) -> Visitor | None:
        """Return the visitor that a listed proxy names; None if it names nobody, or the request came from elsewhere."""
        if not self._is_proxy(request.scope["state"]["peer"]):
            return None
        name = _proxy_header(request, self._settings.proxy_user_header)
        groups = _proxy_header(request, self._settings.proxy_groups_header)
        if not name:
            return None
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise SignInError("The proxy's header does not name a user.")
        return self._in_groups(name, frozenset(group.strip() for group in groups.split(",") if group.strip()))

    def _is_proxy(self, peer: str) -> bool:
        try:
            return any(ip_address(peer) in network for network in self._proxies)
        except ValueError:  # not an address: a Unix socket
            return False

    def _in_groups(self, name: str, groups: frozenset[str]) -> Visitor:
        return Visitor.operator(name) if self._settings.operator_group in groups else Visitor.reader(name, groups)

    def _without_sign_in(self, request: HTTPConnection) -> Visitor:
        """Return an operator for a request from this machine, unless a proxy may have passed it on; a reader for any other."""
        # A proxy that adds no header mostly speaks HTTP/1.0, which no browser does.
        is_proxied = any(name.startswith(_PROXY_HEADERS) for name in request.headers) or request.scope["http_version"] == "1.0"
        is_local = request.url.hostname in LOOPBACK_HOSTS and _is_loopback(request.scope["state"]["peer"])
        return Visitor.operator("") if is_local and not is_proxied and not self._settings.public else Visitor.reader("")


def _proxy_header(request: HTTPConnection, header: str) -> str:
    """Return the value of a proxy's header; "" if there is none.

    Raises SignInError if it isn't UTF-8, or if it is there twice, since one of them may be the reader's own.
    """
    values = request.headers.getlist(header)
    if len(values) > 1:
        raise SignInError(f"The proxy sends {header} twice.")
    try:
        return values[0].encode("latin-1").decode("utf-8").strip() if values else ""
    except UnicodeDecodeError:
        raise SignInError(f"The proxy's {header} is not UTF-8.") from None


def _is_loopback(peer: str) -> bool:
    try:
        return ip_address(peer).is_loopback
    except ValueError:  # not an address: a Unix socket, by which a proxy connects
        return False


def _basic_credentials(credentials: str) -> tuple[str, str]:
    """Decode the name and password of HTTP's Basic authentication (RFC 7617). Raises SignInError if they are malformed."""
    try:
        name, colon, password = base64.b64decode(credentials, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        colon = ""
    if not colon:
        raise SignInError("The name and the password can't be read.")
    return name, password


def _token_key(settings: ServerSettings) -> TokenKey | None:
    if "token" not in settings.sign_in or settings.token_key is None:
        return None
    return TokenKey.load(settings.token_key, settings.token_audience)
