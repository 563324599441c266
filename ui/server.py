"""The server: the chat page, the document pages and the API on one address."""

import logging
import os
import signal
import socket
import sys
from urllib.parse import urlsplit

import uvicorn
from anyio import CapacityLimiter
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from assistant import Assistant, Feedback
from index import Library, LibraryError
from ui.access.body_limit import BodyLimit
from ui.access.headers import SecurityHeaders
from ui.access.origins import KnownHostOnly, OwnOriginOnly, SharedWithPages
from ui.access.rate_limits import Limiter, RateLimit
from ui.access.require_sign_in import RequireSignIn
from ui.access.sign_in import SignInService
from ui.access.sign_in_pages import sign_in_routes
from ui.addresses import LOOPBACK_HOSTS, Address, is_loopback_host, prefix_of
from ui.api.ask import AskService
from ui.api.error_handlers import add_error_handlers
from ui.api.openapi import NoSuchOperation, reference_routes
from ui.api.routes import lookup_routes, question_routes
from ui.errors import AddressError
from ui.settings import ServerSettings
from ui.telemetry.metrics import Metrics
from ui.telemetry.request_log import Telemetry
from ui.telemetry.routes import telemetry_routes
from ui.web.document_page import document_routes
from ui.web.library_page import library_routes
from ui.web.page_images import PageImages
from ui.web.site_routes import STATIC, site_routes
from ui.web.source_panel import source_routes
from ui.web.widget import widget_routes

_log = logging.getLogger(__name__)

_ANSWERED_AT_A_TIME = 4  # questions of the API and of MCP, and as many of the chat: more take memory, and none is answered sooner
_GRACE_PERIOD = 10  # seconds that streams and answers in progress get when the server is stopped


def create_app(assistant: Assistant, feedback: Feedback | None = None, settings: ServerSettings | None = None) -> FastAPI:
    """Return the whole application over one assistant.

    Questions and thumbs are kept in `feedback`, if there is one. Without `settings`, those of the environment are used. Raises
    SettingsError if a file that they name can't be used.
    """
    settings = settings or ServerSettings.load()
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported
    import gradio as gr

    from ui.api.mcp import McpServer
    from ui.web.chat import chat_page, head, theme
    from ui.web.chat_gate import ChatGate

    prefix, page_images, metrics = prefix_of(settings.address), PageImages(assistant), Metrics()
    library = Library(assistant.home, assistant.parsers, [_LoggedFeedback(assistant.home)])
    limiter = Limiter(settings.rate, settings.origin_rate, settings.origins, metrics)
    sign_in = SignInService(settings, assistant.home)
    answering = CapacityLimiter(_ANSWERED_AT_A_TIME)
    ask_service = AskService(assistant, feedback, limiter, metrics)
    mcp = McpServer(assistant, settings, ask_service, answering)
    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        generate_unique_id_function=lambda route: route.name,
        lifespan=mcp.lifespan,
    )
    _guard(app, settings, sign_in, limiter, metrics)
    add_error_handlers(app)
    for routes in (
        question_routes(assistant, feedback, ask_service, answering),
        lookup_routes(assistant),
        library_routes(assistant, library, has_groups=bool(settings.sign_in)),
        reference_routes(app, settings),
        sign_in_routes(sign_in, secure=settings.address.startswith("https:")),
        telemetry_routes(assistant, metrics),
    ):
        app.include_router(routes)
    for pages in (document_routes(assistant, page_images), source_routes(assistant, page_images), widget_routes(), site_routes()):
        app.include_router(pages, include_in_schema=False)
    app.router.routes.extend([*mcp.routes(), *NoSuchOperation(app.openapi).routes()])
    app.mount("/app-static", StaticFiles(directory=STATIC), name="app-static")

    chat = chat_page(assistant, ask_service, _ANSWERED_AT_A_TIME)
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
    assert isinstance(mounted, Mount)  # noqa: S101 - Gradio has just mounted it
    mounted.app = ChatGate(mounted.app, chat)
    return app


class _LoggedFeedback(Feedback):
    """Feedback whose failure to forget is logged: it must not hide from an operator that a document was added or removed."""

    def forget_removed(self) -> None:
        try:
            super().forget_removed()
        except LibraryError as error:
            _log.warning("The feedback on removed documents is not forgotten: %s", error)


def _guard(app: FastAPI, settings: ServerSettings, sign_in: SignInService, limiter: Limiter, metrics: Metrics) -> None:
    """Add the middleware that a request passes before any route. The last one added comes first."""
    hosts = [*LOOPBACK_HOSTS, *filter(None, [urlsplit(settings.address).hostname])]
    app.add_middleware(RateLimit, limiter=limiter)
    app.add_middleware(RequireSignIn, sign_in=sign_in, metrics=metrics)
    app.add_middleware(BodyLimit, metrics=metrics)
    app.add_middleware(OwnOriginOnly, address=settings.address, origins=settings.origins)
    app.add_middleware(CORSMiddleware, allow_origins=[])  # or Gradio allows any origin
    app.add_middleware(KnownHostOnly, hosts=hosts)
    app.add_middleware(SecurityHeaders, origins=settings.origins)
    app.add_middleware(Telemetry, metrics=metrics, log_questions=settings.log_questions)
    app.add_middleware(SharedWithPages, origins=settings.origins)
    app.add_middleware(Address, prefix=prefix_of(settings.address), proxies=settings.proxies)


def bind(settings: ServerSettings) -> socket.socket:
    """Return a socket that listens on the host and port of the settings.

    Raises AddressError if the port is taken, if other machines could ask without a sign-in, or if the settings don't say by which
    address they do.
    """
    host, port = settings.host, settings.port
    reached = urlsplit(settings.address).hostname or host
    if not settings.sign_in and not settings.public and not (is_loopback_host(host) and is_loopback_host(reached)):
        where = host if is_loopback_host(reached) else reached
        raise AddressError(
            f"Quipu does not serve on {where}: there is no sign-in, and anyone who reaches that address could read the documents. "
            "Choose one with QUIPU_SIGN_IN, or allow everybody with --public."
        )
    if not is_loopback_host(host) and not settings.address:
        raise AddressError(
            f"To serve on {host}, Quipu has to know the address that readers use. Set QUIPU_ADDRESS, for example to "
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
        timeout_graceful_shutdown=_GRACE_PERIOD,
        server_header=False,
        proxy_headers=False,  # `ui.addresses.Address` believes only the listed proxies
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises the signal again once everything is answered
    uvicorn.Server(config).run(sockets=[listener])
