"""A server in the process of the tests, at a real port."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from assistant import Assistant, Feedback
from ui.server import bind, create_app
from ui.settings import ServerSettings


@contextmanager
def serving(assistant: Assistant, feedback: Feedback | None, settings: ServerSettings) -> Iterator[str]:
    """Serves at a free port while the block runs; gives the address."""
    listener = bind(settings.model_copy(update={"port": 0}))
    app = create_app(assistant, feedback, settings)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1, proxy_headers=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
