"""What is told of the server at work: ids, logs, measures, health, and how it stops."""

import asyncio
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, StreamingResponse
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant import Assistant, SentenceRanker
from index import Home
from tests.fakes import WordEncoder
from tests.inline import add
from tests.made import REPORT, write
from ui.telemetry.logging_setup import set_up_logging
from ui.telemetry.metrics import Metrics
from ui.telemetry.request_log import Telemetry, log_question
from ui.telemetry.routes import telemetry_routes
from ui.visitor import Visitor

QUESTION = "Who paid the Minister of Fisheries?"


class Door:
    """ASGI middleware in place of the sign-in: lets everybody in as one visitor."""

    def __init__(self, app: ASGIApp, visitor: Visitor) -> None:
        self._app, self._visitor = app, visitor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["state"]["visitor"] = self._visitor
        await self._app(scope, receive, send)


def served(app: FastAPI, metrics: Metrics, visitor: Visitor | None = None, *, log_questions: bool = False) -> TestClient:
    app.add_middleware(Door, visitor=visitor or Visitor.reader("ana"))
    app.add_middleware(Telemetry, metrics=metrics, log_questions=log_questions)
    return TestClient(app, client=("10.0.0.7", 50000), headers={"User-Agent": "test"})


def shop() -> FastAPI:
    """An application with a route of each kind."""
    app = FastAPI()

    @app.get("/documents/{document}")
    def document(document: str) -> str:
        return document

    @app.post("/api/ask")
    def ask(request: Request) -> str:
        log_question(request.scope, QUESTION, "answered")
        return str(request.scope["state"]["request_id"])

    @app.get("/bug")
    def bug() -> str:
        try:
            return {"": ""}[QUESTION]
        except KeyError as error:
            raise ValueError(QUESTION) from error

    @app.get("/late-bug")
    def late_bug() -> StreamingResponse:
        def parts() -> Iterator[bytes]:
            yield b"begun"
            raise ValueError(QUESTION)

        return StreamingResponse(parts())

    @app.get("/closed", status_code=401)
    def closed() -> str:
        return "no"

    app.mount("/app-static", Starlette(routes=[Mount("/", PlainTextResponse("file"))]))
    return app


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return metrics.registry.get_sample_value(name, labels) or 0.0


@pytest.fixture
def _logging_put_back() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(False)
    for name in ("quipu.request", "quipu.question"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def requests_in(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "quipu.request"]


@pytest.mark.parametrize("given", ["abc", "A-z_0.9", "x" * 64])
def test_a_well_formed_id_is_kept(given: str) -> None:
    response = served(shop(), Metrics()).post("/api/ask", headers={"X-Request-ID": given})
    assert (response.headers["x-request-id"], response.json()) == (given, given)


@pytest.mark.parametrize("given", [None, "", "x" * 65, "a b", "a\tb", "<script>", "é", "a\n"])
def test_any_other_gets_a_new_one(given: str | None) -> None:
    client = served(shop(), Metrics())
    headers = {} if given is None else {b"X-Request-ID": given.encode("latin-1")}
    ids = {client.post("/api/ask", headers=headers).headers["x-request-id"] for _ in range(2)}
    assert len(ids) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", found) for found in ids)


def test_a_request_is_one_record_without_its_query(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "quipu.request")
    client = served(shop(), Metrics())
    client.get(f"/documents/7?find={QUESTION}", headers={"X-Request-ID": "r1", "Origin": "https://intranet.example"})
    (record,) = requests_in(caplog)
    said = {key: given for key, given in vars(record).items() if key not in {*vars(logging.makeLogRecord({})), "message"}}
    assert said.pop("milliseconds") > 0
    assert said == {
        "request_id": "r1",
        "method": "GET",
        "path": "/documents/7",
        "route": "/documents/{document}",
        "status": 200,
        "client": "10.0.0.7",
        "user": "ana",
        "origin": "https://intranet.example",
    }


def test_without_a_sign_in_there_is_no_user(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "quipu.request")
    served(shop(), Metrics(), Visitor.operator("")).get("/nowhere/" + "x" * 500)
    (record,) = requests_in(caplog)
    assert (record.__dict__["user"], record.__dict__["origin"], record.__dict__["status"]) == (None, None, 404)
    assert len(record.__dict__["path"]) == 300


def test_requests_are_counted_by_route_never_by_id() -> None:
    metrics = Metrics()
    client = served(shop(), metrics)
    for path in ("/documents/1", "/documents/2", "/app-static/a.css", "/app-static/b.css", "/x", "/y", "/closed"):
        client.get(path)
    client.request("BREW", "/documents/1")
    client.post("/api/ask", headers={"X-Forwarded-Prefix": "/kb"})
    counted = {
        tuple(sample.labels[key] for key in ("route", "method", "status")): sample.value
        for family in text_string_to_metric_families(client_text(metrics))
        for sample in family.samples
        if sample.name == "quipu_http_requests_total"
    }
    assert counted == {
        ("/documents/{document}", "GET", "200"): 2,
        ("/app-static", "GET", "200"): 2,
        ("none", "GET", "404"): 2,
        ("/closed", "GET", "401"): 1,
        ("/documents/{document}", "other", "405"): 1,
        ("/api/ask", "POST", "200"): 1,
    }
    assert value(metrics, "quipu_http_request_seconds_count", route="/documents/{document}") == 3
    assert value(metrics, "quipu_http_requests_in_flight") == 0


def client_text(metrics: Metrics) -> str:
    class Closed:
        def scope(self) -> None:
            from index import LibraryError

            raise LibraryError("It can't be opened.")

    return metrics.text(Closed()).decode()  # type: ignore[arg-type] # an assistant that can't be asked


def test_the_time_is_to_the_end_of_the_response() -> None:
    metrics, seen = Metrics(), []

    async def app(_: Scope, __: Receive, send: Send) -> None:
        seen.append(value(metrics, "quipu_http_requests_in_flight"))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        until = time.perf_counter() + 0.03
        while time.perf_counter() < until:
            pass
        await send({"type": "http.response.body", "body": b"b"})

    assert TestClient(Telemetry(app, metrics=metrics)).get("/").text == "ab"
    assert seen == [1]
    assert value(metrics, "quipu_http_request_seconds_sum", route="none") >= 0.03


def test_a_response_that_never_came_is_counted_as_none() -> None:
    metrics = Metrics()

    async def app(_: Scope, __: Receive, ___: Send) -> None:
        return

    async def never(_: Message) -> None:
        raise AssertionError

    async def nothing() -> Message:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    asyncio.run(Telemetry(app, metrics=metrics)(scope, nothing, never))
    assert value(metrics, "quipu_http_requests_total", route="none", method="GET", status="none") == 1


def test_a_bug_is_logged_once_without_what_was_asked(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()
    response = served(shop(), metrics).get("/bug", headers={"X-Request-ID": "r1", "Accept-Language": "es"})
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-request-id"] == "r1"
    assert response.json() == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "Algo falló en Quipu; su registro dice dónde.",
        "request_id": "r1",
    }
    (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    said = record.getMessage()
    assert said.startswith("Request r1 met a bug: KeyError\n")
    assert said.index("and then\nValueError\n") > said.index("in bug")
    assert QUESTION not in said
    assert value(metrics, "quipu_http_requests_total", route="/bug", method="GET", status="500") == 1


def test_a_bug_is_logged_with_its_message_if_questions_are(caplog: pytest.LogCaptureFixture) -> None:
    served(shop(), Metrics(), log_questions=True).get("/bug")
    (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert f"ValueError: {QUESTION}" in record.getMessage()


def test_a_bug_in_the_midst_of_a_response_leaves_it_cut_off(caplog: pytest.LogCaptureFixture) -> None:
    sent: list[Message] = []
    app = shop()
    app.add_middleware(Telemetry, metrics=Metrics())

    async def nothing() -> Message:
        await asyncio.Event().wait()  # the client stays
        return {}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "GET", "path": "/late-bug", "headers": [], "query_string": b""}
    asyncio.run(app(scope, nothing, send))
    assert [(message["type"], message.get("body")) for message in sent] == [
        ("http.response.start", None),
        ("http.response.body", b"begun"),
    ]
    assert [record.getMessage().partition("\n")[0][-10:] for record in caplog.records] == ["ValueError"]


@pytest.mark.usefixtures("_logging_put_back")
@pytest.mark.parametrize("log_questions", [False, True])
def test_the_log_in_json_has_a_question_only_if_asked_for(capsys: pytest.CaptureFixture[str], log_questions: bool) -> None:
    set_up_logging("json")
    client = served(shop(), Metrics(), log_questions=log_questions)
    client.post(f"/api/ask?q={QUESTION}", headers={"X-Request-ID": "r1"})
    client.get("/bug")
    logging.getLogger("bm25s").debug(QUESTION)
    logging.getLogger("uvicorn.error").error("It can't\nbe.")
    with warnings.catch_warnings(action="always"):
        warnings.warn("An old name.", DeprecationWarning, stacklevel=1)
    err = capsys.readouterr().err
    lines = [json.loads(line) for line in err.splitlines()]
    assert [(line["level"], line["logger"]) for line in lines] == [
        *([("INFO", "quipu.question")] if log_questions else []),
        ("INFO", "quipu.request"),
        ("ERROR", "ui.telemetry"),
        ("INFO", "quipu.request"),
        ("ERROR", "uvicorn.error"),
        ("WARNING", "py.warnings"),
    ]
    assert (QUESTION in err) == log_questions
    if log_questions:
        said = {key: lines[0][key] for key in ("request_id", "user", "question", "status")}
        assert said == {"request_id": "r1", "user": "ana", "question": QUESTION, "status": "answered"}
    request = lines[log_questions]
    assert (request["request_id"], request["path"], request["status"], request["user"]) == ("r1", "/api/ask", 200, "ana")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00", request["time"])
    assert "An old name." in lines[-1]["message"]


@pytest.mark.usefixtures("_logging_put_back")
def test_the_plain_log_has_no_requests(capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger().handlers[:] = []
    set_up_logging("plain")
    client = served(shop(), Metrics(), log_questions=True)
    client.post("/api/ask")
    logging.getLogger("ui.telemetry").warning("Something is amiss.")
    assert capsys.readouterr().err == "Something is amiss.\n"


def library(home: Home, tmp_path: Path) -> Assistant:
    words = WordEncoder()
    add(home, [write(tmp_path / "forests.txt", REPORT)], words)
    return Assistant(home, words, SentenceRanker.load(words))


def test_measures(home: Home, tmp_path: Path) -> None:
    metrics, assistant = Metrics(), library(home, tmp_path)
    app = FastAPI()
    app.include_router(telemetry_routes(assistant, metrics))
    metrics.asked("answered", 0.2)
    metrics.asked("partly", 20)
    metrics.asked("unsure", 0.01)
    metrics.refused("body")
    client = served(app, metrics, Visitor.operator("root"))
    response = client.get("/metrics")
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")
    assert response.headers["content-type"].startswith("text/plain; version=")
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }
    statuses = ("answered", "partly", "unsure", "not_in_documents", "no_question")
    assert {status: found["quipu_questions_total", status] for status in statuses} == {
        "answered": 1,
        "partly": 1,
        "unsure": 1,
        "not_in_documents": 0,
        "no_question": 0,
    }
    assert (found["quipu_question_seconds_bucket", "0.25"], found["quipu_question_seconds_bucket", "30.0"]) == (2, 3)
    assert found["quipu_question_seconds_sum",] == pytest.approx(20.21)
    assert (found["quipu_documents",], found["quipu_passages",]) == (1, assistant.scope().size())
    assert found["quipu_http_requests_in_flight",] == 1  # this one
    assert found["quipu_refused_total", "body"] == 1
    assert found["process_resident_memory_bytes",] > 2**20
    assert "quipu_passages NaN" in client_text(metrics)
    assert value(Metrics(), "quipu_questions_total", status="answered") == 0  # another application's


def test_measures_are_for_operators(home: Home) -> None:
    app, metrics, words = FastAPI(), Metrics(), WordEncoder()
    app.include_router(telemetry_routes(Assistant(home, words, SentenceRanker.load(words)), metrics))
    response = served(app, metrics).get("/metrics")
    assert response.status_code == 403
    assert response.json()["detail"] == "Only an operator of this Quipu may see its metrics."
    assert response.json()["request_id"] == response.headers["x-request-id"]


def test_whether_it_is_up(home: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    app, metrics = FastAPI(), Metrics()
    app.include_router(telemetry_routes(library(home, tmp_path), metrics))
    client = served(app, metrics)
    assert (client.get("/healthz").json(), client.get("/readyz").json()) == ({"status": "ok"}, {"status": "ready"})
    (home.generations / "1" / "manifest.json").write_text("{}")
    write(home.path / "CURRENT", "1 ")
    again = FastAPI()
    words = WordEncoder()
    again.include_router(telemetry_routes(Assistant(home, words, SentenceRanker.load(words)), metrics))
    client = served(again, metrics)
    assert client.get("/healthz").json() == {"status": "ok"}
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"] == "Quipu can't answer questions right now; its log says why."
    assert str(home.path) not in response.text
    assert [record.getMessage().partition(":")[0] for record in caplog.records if record.name == "ui.telemetry"] == [
        "Questions can't be answered"
    ]


def test_the_openapi_document_says_what_is_given(home: Home) -> None:
    app, words = FastAPI(), WordEncoder()
    app.include_router(telemetry_routes(Assistant(home, words, SentenceRanker.load(words)), Metrics()))
    paths = app.openapi()["paths"]
    given = {
        path: {status: list(response["content"]) for status, response in paths[path]["get"]["responses"].items()} for path in paths
    }
    assert given == {
        "/healthz": {"200": ["application/json"]},
        "/readyz": {"200": ["application/json"], "503": ["application/problem+json"]},
        "/metrics": {"200": ["text/plain"], "403": ["application/problem+json"]},
    }


def test_told_to_stop_it_answers_what_was_asked_and_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ui", "serve", "--port", "0"]
    environment = {
        **os.environ,
        "QUIPU_HOME": str(tmp_path / "served"),
        "QUIPU_LOG": "json",
        "PYTHONPATH": str(Path(__file__).parent.parent),
    }
    body = json.dumps({"question": "Who controls the VRAEM?"}).encode()
    head = (
        "POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-Request-ID: r1\r\n"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    )
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            server.stdout.readline()
            address = ("127.0.0.1", int(server.stdout.readline().split()[1].rpartition(":")[2]))
            with socket.create_connection(address, timeout=30) as asking, socket.create_connection(address, timeout=30) as idle:
                asking.sendall(head.encode())
                assert asking.recv(100).startswith(b"HTTP/1.1 100 Continue")  # the server reads on: it is at work
                idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                with idle.makefile("rb") as kept:  # this connection is kept open for another request
                    while kept.readline().strip():
                        pass
                    assert kept.read(15) == b'{"status":"ok"}'
                    server.send_signal(signal.SIGTERM)
                    assert kept.read() == b""
                asking.sendall(body)
                with asking.makefile("rb") as answer:
                    given = answer.read()
            assert given.startswith(b"HTTP/1.1 200 OK")
            assert b"Shining Path guerrilla group" in given
            out, err = server.communicate(timeout=30)
        finally:
            server.kill()
    assert (out, server.returncode) == ("", 0)
    records = [json.loads(line) for line in err.splitlines()]
    assert [(record["path"], record["status"]) for record in records] == [("/healthz", 200), ("/api/ask", 200)]
    assert records[1]["request_id"] == "r1"
