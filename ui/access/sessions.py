"""Sessions: the cookies by which a browser stays signed in, and the key that signs them."""

import secrets
import time
from dataclasses import dataclass
from typing import Any

import jwt

from assistant import SettingsError
from index import Home
from ui.access.access_tokens import LONGEST_LIFE
from ui.access.users import write_secret

PASSWORD_SESSION = 12 * 3600
"""Seconds that a sign-in with a password is good for."""

TOKEN_SESSION = LONGEST_LIFE
"""Seconds that a sign-in with a token is good for: a document is read for longer than most tokens are good."""

_KEY_BYTES = 32
_AUDIENCE = "quipu session"


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in with a password or a token.

    `password` is the digest of the user's password when it began, or "" for a token; `groups` are those that the token named.
    """

    name: str
    password: str = ""
    groups: tuple[str, ...] = ()


class Sessions:
    """Writes and reads session cookies with one key: JSON Web Tokens (RFC 7519) that only this server accepts."""

    def __init__(self, key: str) -> None:
        self._key = key

    def cookie(self, session: Session, seconds: int) -> str:
        """Return a signed cookie that is good for so many seconds."""
        claims = {
            "sub": session.name,
            "password": session.password,
            "groups": session.groups,
            "aud": _AUDIENCE,
            "exp": int(time.time()) + seconds,
        }
        return jwt.encode(claims, self._key, algorithm="HS256")

    def read(self, cookie: str) -> Session | None:
        """Return the session in a cookie; None if it is over, or wasn't signed with this key."""
        try:
            claims: dict[str, Any] = jwt.decode(
                cookie, self._key, algorithms=["HS256"], audience=_AUDIENCE, options={"require": ["sub", "aud", "exp"]}
            )
        except jwt.InvalidTokenError:
            return None
        return Session(claims["sub"], claims["password"], tuple(claims["groups"]))


def session_key(home: Home) -> str:
    """Return the key of a home, made on first use and kept so that sessions survive a restart.

    Raises SettingsError if its file can't be read or written.
    """
    path = home.path / "session.key"
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_secret(path, secrets.token_hex(_KEY_BYTES).encode())
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} can't be used: {error}.") from None
    if len(key) < 2 * _KEY_BYTES:
        raise SettingsError(f"{path} is cut short. Delete it: Quipu makes a new key, and everyone has to sign in again.")
    return key
