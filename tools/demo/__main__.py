"""Serves Quipu, and at another origin a small intranet whose page shows the widget and signs its user in.

An integrator finds what to copy in `host.html` and `token_for`.
"""

import secrets
import sys
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import jwt

from assistant import Assistant
from corpus import QuipuError
from index import go_offline
from ui.errors import AddressError
from ui.settings import ServerSettings

_PAGE = Path(__file__).with_name("host.html")
_ADDRESS = "127.0.0.1"
_PORT = 7870


def token_for(user: str, groups: list[str], secret: str) -> str:
    """Return a token that tells Quipu who the reader is. It is valid for five minutes; the widget fetches the next one in time."""
    now = int(time.time())
    return jwt.encode({"sub": user, "groups": groups, "aud": "quipu", "iat": now, "exp": now + 300}, secret, "HS256")


class Intranet(BaseHTTPRequestHandler):
    """The host page, and the address from which its widgets fetch their tokens.

    A real intranet knows its user by its own sign-in; this one takes everybody for Maria.
    """

    def __init__(self, quipu: str, secret: str, *arguments: Any) -> None:  # noqa: ANN401 - as the server gives them
        self._quipu, self._secret = quipu, secret
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """Serve the page or a token."""
        token = token_for("maria", ["country-team"], self._secret)
        if self.path == "/":
            page = _PAGE.read_text(encoding="utf-8")
            self._reply("text/html; charset=utf-8", page.replace("{{ quipu }}", self._quipu).replace("{{ token }}", token))
        elif self.path == "/quipu-token":
            self._reply("text/plain", token)
        else:
            self.send_error(404)

    def _reply(self, media_type: str, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(text.encode("utf-8"))

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def main() -> None:
    """Serve both until the process is told to stop."""
    from ui.server import bind, create_app, run

    secret = secrets.token_urlsafe(32)  # both servers know it; Quipu could have a public key instead
    origin = f"http://{_ADDRESS}:{_PORT}"
    with TemporaryDirectory() as folder:
        key = Path(folder) / "token.key"
        key.write_text(secret)
        settings = ServerSettings.load(host=_ADDRESS, port=0, sign_in="token", token_key=key, origins=origin)
        listener = bind(settings)
        quipu = f"http://{_ADDRESS}:{listener.getsockname()[1]}"
        try:
            intranet = ThreadingHTTPServer((_ADDRESS, _PORT), partial(Intranet, quipu, secret))
        except OSError as error:
            raise AddressError(f"Port {_PORT} of {_ADDRESS} can't be used: {error.strerror}.") from None
        with intranet:
            app = create_app(Assistant.open(), settings=settings)
            Thread(target=intranet.serve_forever, daemon=True).start()
            print(f"Open {origin} in a browser: an intranet that asks Quipu at {quipu}. Ctrl-C stops both.", flush=True)  # noqa: T201 - it is a command
            run(app, listener)
            intranet.shutdown()


if __name__ == "__main__":
    go_offline()
    try:
        main()
    except QuipuError as error:
        print(f"quipu: {error}", file=sys.stderr)  # noqa: T201 - it is a command
        sys.exit(2)
