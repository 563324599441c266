"""How much is taken: rates, bodies and failed sign-ins, by a clock of the test's own."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from limits import parse
from limits.storage import MemoryStorage
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant import SettingsError
from ui.access.body_limit import BodyLimit
from ui.access.rate_limits import Limiter, RateLimit, too_many
from ui.access.sign_in_attempts import SignInAttempts
from ui.addresses import client_of
from ui.settings import ServerSettings
from ui.telemetry.metrics import Metrics
from ui.visitor import Visitor


class Clock:
    """The time of the day, which goes on only when told."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0  # the beginning of a minute and of an hour

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


def scope_of(client: str = "10.0.0.1", name: str = "", origin: str = "") -> Scope:
    headers = [(b"origin", origin.encode())] if origin else []
    return {
        "type": "http",
        "client": (client, 50000),
        "headers": headers,
        "state": {"visitor": Visitor.reader(name)},
    }


def counted(metrics: Metrics, why: str) -> float:
    return metrics.registry.get_sample_value("quipu_refused_total", {"why": why}) or 0.0


@pytest.mark.parametrize("text", ["", "60", "x", "0/minute", "-1/minute", "60/fortnight", "1/second;2/minute", "1e3/minute"])
def test_what_is_no_rate_is_said_in_one_sentence(text: str) -> None:
    for setting in ("rate", "origin_rate"):
        with pytest.raises(SettingsError, match=f"The setting '{setting}' can't be used .* is no rate like 60/minute"):
            ServerSettings.load(**{setting: text})


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("testclient", "testclient"),
    ],
)
def test_a_client_is_told_by_its_address_or_network(host: str, client: str) -> None:
    assert client_of(scope_of(host)) == client
    assert client_of({"type": "http"}) == ""


def test_questions_of_a_user_slide_through_the_window(clock: Clock) -> None:
    metrics = Metrics()
    limiter = Limiter("3/minute", "100/minute", (), metrics)
    clock.now += 30
    assert [limiter.ask(scope_of(name="ana")) for _ in range(5)] == [0, 0, 0, 31, 31]
    assert counted(metrics, "user") == 2
    assert limiter.ask(scope_of(name="ben")) == 0  # at the same address
    assert limiter.ask(scope_of()) == 0
    clock.now += 31  # one second into the next minute: 3 * 59/60 of the last one still count, less than 3
    assert [limiter.ask(scope_of(name="ana")) for _ in range(2)] == [0, 20]
    clock.now += 20  # at second 21: 3 * 39/60 + 1 < 3
    assert [limiter.ask(scope_of(name="ana")) for _ in range(2)] == [0, 20]


def test_whoever_waits_as_long_as_told_is_answered(clock: Clock) -> None:
    for rate in ("1/second", "1/minute", "7/minute", "60/minute", "100/hour"):
        limiter, waited = Limiter(rate, rate, (), Metrics()), []
        for step in range(200):
            seconds = limiter.ask(scope_of())
            if seconds:
                waited.append(seconds)
                clock.now += seconds
                assert limiter.ask(scope_of()) == 0
            clock.now += step % 3 / 10
        assert waited
        assert max(waited) <= parse(rate).get_expiry() + 1


def test_the_rate_holds_over_an_hour(clock: Clock) -> None:
    limiter = Limiter("60/minute", "60/minute", (), Metrics())
    answered = 0
    for _ in range(3600 * 4):
        answered += limiter.ask(scope_of()) == 0
        clock.now += 0.25
    assert answered == pytest.approx(3600, rel=0.02)


def test_a_listed_origin_has_a_rate_of_its_own(clock: Clock) -> None:
    metrics = Metrics()
    limiter = Limiter("2/minute", "3/minute", ["https://intranet.example"], metrics)
    clock.now += 10
    users = [scope_of(name=f"user {number}", origin="https://intranet.example") for number in range(5)]
    assert [limiter.ask(user) for user in users] == [0, 0, 0, 51, 51]
    assert (counted(metrics, "origin"), counted(metrics, "user")) == (2, 0)
    own = [scope_of(name=f"user {number}", origin="https://quipu.example") for number in range(5)]
    assert [limiter.ask(user) for user in own] == [0] * 5
    assert [limiter.ask(own[4]), limiter.ask(own[4])] == [0, 51]  # what its origin refused didn't count for the user


def test_other_requests_have_twenty_times_the_room(clock: Clock) -> None:
    metrics = Metrics()
    limiter = Limiter("2/minute", "2/minute", (), metrics)
    assert [limiter.request(scope_of()) for _ in range(41)] == [0] * 40 + [61]
    assert counted(metrics, "requests") == 1
    assert limiter.ask(scope_of()) == 0
    clock.now += 61
    assert limiter.request(scope_of()) == 0


def test_a_flood_of_addresses_fills_no_memory_and_is_forgotten(clock: Clock) -> None:
    storage = MemoryStorage()
    limiter = Limiter("60/minute", "60/minute", (), Metrics(), storage)
    for number in range(40_000):
        limiter.request(scope_of(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"))
    assert 10_000 < len(storage.storage) <= 2**14
    storage.timer.join()
    clock.now += 180
    limiter.request(scope_of())
    storage.timer.join()
    assert len(storage.storage) == len(storage.expirations) == 1
    assert len(storage.locks) <= 2


def test_what_is_said_to_who_has_to_wait() -> None:
    assert too_many(12, "en") == "Too many questions in a short time. Try again in 12 s."
    assert too_many(101, "es") == "Demasiadas preguntas en poco tiempo. Inténtelo de nuevo en 2 min."
    assert too_many(7201, "en", questions=False) == "Too many requests in a short time. Try again in 3 h."


def served(middleware: Callable[[ASGIApp], ASGIApp], visitor: Visitor | None = None) -> TestClient:
    """Routes behind a middleware, which say how long the body was that they got."""

    async def size(request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))

    async def early(_: Request) -> Response:
        return PlainTextResponse("it didn't look")

    routes: list[Any] = [Route(path, size, methods=["GET", "POST"]) for path in ("/api/ask", "/api/documents", "/healthz", "/")]
    app = middleware(Starlette(routes=[*routes, Route("/early", early, methods=["POST"]), Route("/assets/x.js", early)]))

    async def signed_in(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {}).update(visitor=visitor or Visitor.reader(""), request_id="r1")
        await app(scope, receive, send)

    return TestClient(signed_in)


def test_too_many_questions_are_refused_with_when_to_come_again(clock: Clock) -> None:
    clock.now += 30
    limiter = Limiter("2/minute", "2/minute", (), Metrics())
    client = served(lambda app: RateLimit(app, limiter=limiter))
    assert [client.post("/api/ask").status_code for _ in range(2)] == [200, 200]
    refused = client.post("/api/ask", headers={"Accept-Language": "es"})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "31")
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json() == {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "Demasiadas preguntas en poco tiempo. Inténtelo de nuevo en 31 s.",
        "request_id": "r1",
    }
    assert client.get("/api/ask").status_code == 200  # no question
    assert [client.get("/api/documents").status_code for _ in range(39)] == [200] * 39
    refused = client.get("/api/documents")
    assert (refused.status_code, refused.json()["detail"]) == (429, "Too many requests in a short time. Try again in 31 s.")
    page = client.get("/", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (page.status_code, page.headers["retry-after"], page.headers["content-type"]) == (429, "31", "text/html; charset=utf-8")
    assert "Too many requests in a short time. Try again in 31 s." in page.text
    assert [client.get(path).status_code for path in ("/healthz", "/assets/x.js")] == [200, 200]


def pieces(size: int, count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield b"x" * size


def test_a_body_that_is_too_large_is_refused() -> None:
    metrics = Metrics()
    client = served(lambda app: BodyLimit(app, metrics=metrics))
    most = 4 * 2**20
    assert client.post("/api/ask", content=b"x" * most).text == str(most)
    assert client.post("/api/ask", content=pieces(most // 4, 4)).text == str(most)  # in pieces, no length is announced
    for body in (b"x" * (most + 1), pieces(most // 4, 5)):
        refused = client.post("/api/ask", content=body)
        assert refused.status_code == 413
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["detail"] == "The request is too large: the limit is 4 MB."
        assert refused.json()["request_id"] == "r1"
    assert counted(metrics, "body") == 2
    assert client.post("/early", content=b"x" * (most + 1)).status_code == 413
    assert client.post("/api/documents", content=b"x" * (most + 1)).text == str(most + 1)  # has a limit of its own
    assert client.get("/api/ask", headers={"Content-Length": "x"}).status_code == 200


def test_a_body_that_grows_too_large_after_the_response_began_is_not_read_on() -> None:
    asked: list[str] = []
    sent: list[Message] = []

    async def app(_: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            message = await receive()
            asked.append(message["type"])
            if message["type"] == "http.disconnect":
                break
        await send({"type": "http.response.body", "body": b"never sent"})

    async def receive() -> Message:
        return {"type": "http.request", "body": b"12345", "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    limited = BodyLimit(app, metrics=Metrics(), largest=12)
    scope = {"type": "http", "method": "POST", "path": "/api/ask", "headers": []}
    asyncio.run(limited(scope, receive, send))
    assert asked == ["http.request", "http.request", "http.disconnect"]
    assert [message["type"] for message in sent] == ["http.response.start"]


def test_sign_ins_that_fail_are_limited_by_address_and_by_name(clock: Clock) -> None:
    clock.now += 30
    attempts = SignInAttempts("3/minute")
    assert [attempts.begin("address 10.0.0.1", f"name {number}") for number in range(4)] == [0, 0, 0, 31]
    assert [attempts.begin(f"address 10.0.1.{number}", "name ana") for number in range(4)] == [0, 0, 0, 31]
    assert attempts.begin("address 10.0.2.1", "name ben") == 0
    clock.now += 31
    assert attempts.begin("address 10.0.0.1", "name ana") == 0


def test_sign_ins_that_succeed_are_not_counted(clock: Clock) -> None:
    attempts = SignInAttempts("3/minute")
    for _ in range(10):
        assert attempts.begin("address 10.0.0.1", "name ana") == 0
        attempts.succeeded("address 10.0.0.1", "name ana")
        clock.now += 0.1
    assert [attempts.begin("address 10.0.0.1", "name ana") for _ in range(4)] == [0, 0, 0, 60]
    clock.now += 120
    attempts.succeeded("address 10.0.0.1", "name ana")  # counted in another minute: forgotten by now
    assert [attempts.begin("address 10.0.0.1", "name ana") for _ in range(4)] == [0, 0, 0, 60]


def test_a_flood_of_names_fills_no_memory(clock: Clock) -> None:  # noqa: ARG001 - within one minute
    storage = MemoryStorage()
    attempts = SignInAttempts("3/minute", storage)
    for number in range(40_000):
        attempts.begin(f"name {number}")
    assert 10_000 < len(storage.storage) <= 2**14
