"""The server: the chat page, the document pages and the API on one address."""

import os
import socket
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Query, Request
from fastapi.responses import RedirectResponse
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from assistant import Assistant, Feedback
from corpus import AddressError
from ui.api import add_error_handlers, router
from ui.documents import document_routes
from ui.drawings import Drawings
from ui.library import library_routes
from ui.security import LOOPBACK_HOSTS, OwnOriginOnly, SecurityHeaders, is_loopback
from ui.source import source_routes
from ui.wording import LANGUAGE_COOKIE, as_language, language_of, say

_STATIC = Path(__file__).parent / "static"
_YEAR = 365 * 24 * 3600  # seconds that a choice of language is kept
_PATIENCE = 3  # seconds that open streams get when the server is stopped


def create_app(assistant: Assistant, feedback: Feedback | None = None) -> FastAPI:
    """The whole application over one assistant. Questions and thumbs are kept in `feedback`; None: nowhere."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported
    import gradio as gr

    from ui.chat import HEAD, chat_page, theme

    app = FastAPI(title="Quipu", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(OwnOriginOnly)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(CORSMiddleware, allow_origins=[])  # without it, Gradio lets other origins of this machine in
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=LOOPBACK_HOSTS, www_redirect=False)
    add_error_handlers(app)
    drawings = Drawings(assistant)
    for routes in (router(assistant, feedback), source_routes(assistant, drawings), document_routes(assistant, drawings)):
        app.include_router(routes)
    app.include_router(library_routes(assistant))
    app.mount("/app-static", StaticFiles(directory=_STATIC), name="app-static")

    @app.get("/language/{code}")
    def choose_language(code: str, onward: Annotated[str, Query(alias="next")] = "/") -> RedirectResponse:
        """Remember the language, and go on to where the reader was."""
        is_here = onward.startswith("/") and not onward.startswith(("//", "/\\"))
        response = RedirectResponse(onward if is_here else "/", status_code=HTTPStatus.SEE_OTHER)
        response.set_cookie(LANGUAGE_COOKIE, as_language(code), max_age=_YEAR, samesite="lax", httponly=True)
        return response

    @app.get("/words")
    def words(request: Request) -> dict[str, str]:
        """What the chat page's script says."""
        language = language_of(request.headers)
        return {"language": language} | {
            key: say(key, language) for key in ("copied", "why_not", "send_feedback", "thanks", "no_source", "close")
        }

    chat = chat_page(assistant, feedback)
    chat.queue(default_concurrency_limit=4)
    return gr.mount_gradio_app(  # type: ignore[no-any-return]
        app,
        chat,
        "/",
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=0,
        theme=theme(),
        head=HEAD,
    )


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens on the address. Raises AddressError if it is taken, or others than this machine could reach it."""
    if not is_loopback(host):
        raise AddressError(
            f"Quipu does not serve on {host}: there is no sign-in, and anyone who can reach that address could read the documents. "
            "Serve on 127.0.0.1."
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host.strip("[]"), port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise AddressError(f"Port {port} of {host} can't be used: {error.strerror}. Choose another with --port.") from None
    return listener


def run(app: FastAPI, listener: socket.socket) -> None:
    """Serve until the process is told to stop."""
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=_PATIENCE, server_header=False)
    uvicorn.Server(config).run(sockets=[listener])
