"""An application as its visitors reach it, in the process of the tests: from any address, in any way to sign in."""

import base64
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import jwt
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant import Assistant, Reader, SentenceReader, Settings
from index import Encoder, Home
from ui.server import create_app
from ui.users import Users

SECRET = "a shared secret of the tests, which is long enough"
PASSWORD = "a long enough one"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Hashes in no time: how long a hash takes is in the hash itself."""


class Peer:
    """ASGI middleware: requests come from `address`."""

    def __init__(self, app: ASGIApp, address: str) -> None:
        self._app, self.address = app, address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            scope["client"] = (self.address, 50000)
        await self._app(scope, receive, send)


class Client(TestClient):
    """Sends requests from `peer`; each has its own sign-in, and no redirect is followed."""

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        self._from = Peer(app, "127.0.0.1")
        super().__init__(self._from, base_url=base_url, follow_redirects=False)

    @property
    def peer(self) -> str:
        """The address that requests come from."""
        return self._from.address

    @peer.setter
    def peer(self, address: str) -> None:
        self._from.address = address


@contextmanager
def served(home: Home, encoder: Encoder, reader: Reader | None = None, **settings: object) -> Iterator[Client]:
    """The application over a home, with these settings. Without a `reader`, answers go by likeness alone."""
    assistant = Assistant(home, encoder, reader or SentenceReader(encoder))
    with patch("ui.users.PasswordHasher", lambda: QUICK):
        app = create_app(assistant, None, Settings.load(home=home.path, **settings))
    with Client(app, "http://localhost:7860") as client:
        yield client


def enter(home: Home, name: str, password: str = PASSWORD, *, operator: bool = False, groups: tuple[str, ...] = ()) -> None:
    """Enter a user whose password is checked in no time."""
    users = Users(home)
    users._hasher = QUICK
    users.put(name, password, operator=operator, groups=groups)


def basic(name: str, password: str = PASSWORD) -> dict[str, str]:
    """The header of a machine that signs in with a password."""
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"}


def bearer(token: str) -> dict[str, str]:
    """The header of whoever has a token."""
    return {"Authorization": f"Bearer {token}"}


def token(name: str = "ana", key: str = SECRET, algorithm: str = "HS256", **claims: object) -> str:
    """A token that is good for a minute, but for these claims; those that are None are left out."""
    now = int(time.time())
    said: Mapping[str, object] = {"sub": name, "aud": "quipu", "iat": now, "exp": now + 60, **claims}
    return jwt.encode({claim: value for claim, value in said.items() if value is not None}, key, algorithm=algorithm)


def secret_file(folder: Path, data: str | bytes = SECRET) -> Path:
    """A file with a key."""
    path = folder / "token.key"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path
