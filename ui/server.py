"""The server: the chat page, the document pages and the API on one address."""

import os
import socket
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from assistant import Assistant, Feedback
from corpus import AddressError, LibraryError
from ui.api import add_error_handlers, router
from ui.documents import locate, render, render_message
from ui.security import LOOPBACK_HOSTS, OwnOriginOnly, SecurityHeaders, is_loopback
from ui.wording import language_for, say

_STATIC = Path(__file__).parent / "static"
_PATIENCE = 3  # seconds that open streams get when the server is stopped


def create_app(assistant: Assistant, feedback: Feedback | None = None) -> FastAPI:
    """The whole application over one assistant. Questions and thumbs are kept in `feedback`; None: nowhere."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported
    import gradio as gr

    from ui.chat import chat_page, theme

    app = FastAPI(title="Quipu", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(OwnOriginOnly)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(CORSMiddleware, allow_origins=[])  # without it, Gradio lets other origins of this machine in
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=LOOPBACK_HOSTS, www_redirect=False)
    add_error_handlers(app)
    app.include_router(router(assistant, feedback))
    app.mount("/app-static", StaticFiles(directory=_STATIC), name="app-static")

    @app.api_route("/documents/{document_id}", methods=["GET", "HEAD"])
    def document_page(
        request: Request, document_id: str, start: int | None = None, end: int | None = None, q: str | None = None
    ) -> HTMLResponse:
        language = language_for(request.headers.get("accept-language"))
        try:
            document = assistant.index().document(document_id)
        except LibraryError:
            return HTMLResponse(render_message(say("no_document", language), language), status_code=404)
        cited = locate(document, start, end, q)
        lost = cited is None and (start, end, q) != (None, None, None)
        return HTMLResponse(render(document, cited, lost, language))

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
        css_paths=_STATIC / "chat.css",
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
