"""The server: the chat page, the document pages and the API on one address."""

import os
import signal
import socket
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import uvicorn
from anyio import CapacityLimiter
from fastapi import FastAPI, Query, Request
from fastapi.responses import FileResponse, RedirectResponse
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from assistant import Assistant, Feedback, Settings
from ui.access.headers import SecurityHeaders
from ui.access.origins import KnownHostOnly, OwnOriginOnly, SharedWithPages
from ui.access.rate_limits import BodyLimit, Limiter, RateLimit
from ui.access.sign_in import SignIn, SignInService, sign_in_routes
from ui.addresses import LOOPBACK_HOSTS, Address, local_address, prefix_of, serves_this_machine
from ui.api.ask import AskService
from ui.api.openapi import NoSuchOperation, reference_routes
from ui.api.routes import add_error_handlers, router
from ui.errors import AddressError
from ui.telemetry import Metrics, Telemetry, telemetry_routes
from ui.web.document_page import document_routes
from ui.web.library_page import library_routes
from ui.web.page_images import PageImages
from ui.web.source_panel import source_routes
from ui.web.widget import widget_routes
from ui.wording import LANGUAGE_COOKIE, as_language, language_of, say

_STATIC = Path(__file__).parent / "web" / "static"
_ANSWERED_AT_A_TIME = 4  # questions of the API and of MCP, and as many of the chat: more are answered no faster, and take memory
_YEAR = 365 * 24 * 3600  # seconds that a choice of language is kept
_PATIENCE = 10  # seconds that open streams, and answers under way, get when the server is stopped


def create_app(assistant: Assistant, feedback: Feedback | None = None, settings: Settings | None = None) -> FastAPI:
    """The whole application over one assistant. Questions and thumbs are kept in `feedback`; None: nowhere. `settings` None are
    those of the environment. Raises SettingsError if what they name can't be used.
    """
    settings = settings or Settings.load()
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported
    import gradio as gr

    from ui.api.mcp import McpServer
    from ui.web.chat import chat_page, head, theme
    from ui.web.chat_gate import ChatGate

    prefix, drawings, metrics = prefix_of(settings.address), PageImages(assistant), Metrics()
    limiter = Limiter(settings.rate, settings.origin_rate, settings.origins, metrics)
    desk = SignInService(settings, assistant.home)
    answering = CapacityLimiter(_ANSWERED_AT_A_TIME)
    asking = AskService(assistant, feedback, limiter, metrics)
    tools = McpServer(assistant, settings, asking, answering)
    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        generate_unique_id_function=lambda route: route.name,
        lifespan=tools.lifespan,
    )
    _guard(app, settings, desk, limiter, metrics)
    add_error_handlers(app)
    for routes in (
        router(assistant, feedback, asking, answering),
        source_routes(assistant, drawings),
        library_routes(assistant, has_groups=bool(settings.sign_in)),
        reference_routes(app, settings),
        sign_in_routes(desk, secure=settings.address.startswith("https:")),
        telemetry_routes(assistant, metrics),
    ):
        app.include_router(routes)
    for pages in (document_routes(assistant, drawings), widget_routes()):
        app.include_router(pages, include_in_schema=False)
    app.router.routes.extend([*tools.routes(), *NoSuchOperation(app.openapi).routes()])
    app.mount("/app-static", StaticFiles(directory=_STATIC), name="app-static")

    @app.get("/language/{code}", include_in_schema=False)
    def choose_language(request: Request, code: str, onward: Annotated[str, Query(alias="next")] = "") -> RedirectResponse:
        """Remember the language, and go on to where the reader was."""
        response = RedirectResponse(local_address(onward, request.scope), status_code=HTTPStatus.SEE_OTHER)
        response.set_cookie(LANGUAGE_COOKIE, as_language(code), max_age=_YEAR, samesite="lax", httponly=True)
        return response

    @app.get("/favicon.ico", include_in_schema=False)
    def icon() -> FileResponse:
        """What browsers ask for by themselves."""
        return FileResponse(_STATIC / "icon.svg", media_type="image/svg+xml")

    @app.get("/words", include_in_schema=False)
    def words(request: Request) -> dict[str, str]:
        """What the chat page's script says."""
        language = language_of(request.headers)
        return {"language": language} | {
            key: say(key, language) for key in ("copied", "why_not", "send_feedback", "thanks", "no_source", "close")
        }

    chat = chat_page(assistant, asking)
    chat.queue(default_concurrency_limit=_ANSWERED_AT_A_TIME)
    gr.mount_gradio_app(
        app,
        chat,
        "/",
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=0,
        theme=theme(),
        head=head(prefix),
    )
    mounted = app.router.routes[-1]
    assert isinstance(mounted, Mount)  # noqa: S101 - it has just been put there
    mounted.app = ChatGate(mounted.app, chat)
    return app


def _guard(app: FastAPI, settings: Settings, desk: SignInService, limiter: Limiter, metrics: Metrics) -> None:
    """Put before all routes what a request has to pass, the last one first."""
    hosts = [*LOOPBACK_HOSTS, *filter(None, [urlsplit(settings.address).hostname])]
    app.add_middleware(RateLimit, limiter=limiter)
    app.add_middleware(SignIn, desk=desk, metrics=metrics)
    app.add_middleware(BodyLimit, metrics=metrics)
    app.add_middleware(OwnOriginOnly, address=settings.address, origins=settings.origins)
    app.add_middleware(CORSMiddleware, allow_origins=[])  # without it, Gradio lets any origin in
    app.add_middleware(KnownHostOnly, hosts=hosts)
    app.add_middleware(SecurityHeaders, origins=settings.origins)
    app.add_middleware(Telemetry, metrics=metrics, log_questions=settings.log_questions)
    app.add_middleware(SharedWithPages, origins=settings.origins)
    app.add_middleware(Address, prefix=prefix_of(settings.address), proxies=settings.proxies)


def bind(settings: Settings) -> socket.socket:
    """A socket that listens on the settings' host and port.

    Raises AddressError if it is taken, if others than this machine could ask without a sign-in, or if it isn't said by which
    address they do.
    """
    host, port = settings.host, settings.port
    reached = urlsplit(settings.address).hostname or host
    if not settings.sign_in and not settings.public and not (serves_this_machine(host) and serves_this_machine(reached)):
        where = host if serves_this_machine(reached) else reached
        raise AddressError(
            f"Quipu does not serve on {where}: there is no sign-in, and anyone who reaches that address could read the documents. "
            "Choose one with QUIPU_SIGN_IN, or say --public."
        )
    if not serves_this_machine(host) and not settings.address:
        raise AddressError(
            f"Quipu serves {host} only if it knows by which address readers reach it: set QUIPU_ADDRESS, as in "
            f"http://reports.example:{port}."
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
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        timeout_graceful_shutdown=_PATIENCE,
        server_header=False,
        proxy_headers=False,  # `ui.access.headers.Address` says which proxies are believed
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn sends on, once all is answered, what it was stopped by
    uvicorn.Server(config).run(sockets=[listener])
