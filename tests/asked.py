"""An application as its visitors reach it, in the process of the tests: from any address, in any way to sign in."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import jwt
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant import Assistant, Ranker, SentenceRanker
from index import Encoder, Home
from tests.inline import PARSERS
from ui.access.users import Users
from ui.server import create_app
from ui.settings import ServerSettings

SECRET = "a shared secret of the tests, which is long enough"
PASSWORD = "a long enough one"
FORM = {"name": "rosa", "password": PASSWORD, "next": "/documents"}
"""What the page to sign in sends."""
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
def served(home: Home, encoder: Encoder, ranker: Ranker | None = None, **settings: object) -> Iterator[Client]:
    """The application over a home, with these settings. Without a `ranker`, answers go by similarity alone."""
    assistant = Assistant(home, encoder, ranker or SentenceRanker(encoder), parsers=PARSERS)
    with patch("ui.access.users.PasswordHasher", lambda: QUICK):
        app = create_app(assistant, None, ServerSettings.load(home=home.path, **settings))
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


def status(client: Client, headers: dict[str, str] | list[tuple[str, str]] | None = None, path: str = "/api/documents") -> int:
    client.cookies.clear()
    return client.get(path, headers=headers).status_code


def is_operator(client: Client, headers: dict[str, str] | list[tuple[str, str]]) -> bool:
    return status(client, headers, "/metrics") == 200


def segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(header: object, claims: object, key: bytes) -> str:
    """A token that is put together by hand: libraries refuse to make some of those that an attacker would."""
    said = f"{segment(json.dumps(header).encode())}.{segment(json.dumps(claims).encode())}"
    return f"{said}.{segment(hmac.new(key, said.encode(), hashlib.sha256).digest())}"


def now() -> int:
    return int(time.time())


def claims(**others: object) -> dict[str, object]:
    return {"sub": "ana", "aud": "quipu", "iat": now(), "exp": now() + 60, **others}


Serve = Callable[..., Client]


def sign_in(client: Client, name: str = "rosa", password: str = PASSWORD, **headers: str) -> dict[str, str]:
    """Signs in, as the form of the page does; the header with the session."""
    response = client.post("/sign-in", data={"name": name, "password": password}, headers=headers)
    assert response.status_code == 303, response.text
    session = response.cookies["quipu_session"]
    client.cookies.clear()
    return {"Cookie": f"quipu_session={session}"}
