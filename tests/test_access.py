"""Who gets what: every route of the application, in every way to sign in."""

import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

import pytest
import uvicorn
from httpx2 import Response
from starlette.routing import Mount
from starlette.websockets import WebSocketDisconnect

from assistant import Assistant, SentenceRanker
from index import Home
from tests.asked import Client, Peer, basic, bearer, enter, secret_file, served, token
from tests.fakes import WordEncoder
from tests.inline import add
from tests.made import REPORT, write
from ui.server import create_app
from ui.settings import ServerSettings
from ui.web.chat_gate import ChatGate
from ui.wording.words import say

Access = Literal["open", "reader", "operator"]

TABLE: dict[str, Access] = {
    "GET /healthz": "open",
    "HEAD /healthz": "open",
    "GET /readyz": "open",
    "GET /favicon.ico": "open",
    "GET /manifest.json": "open",
    "GET /widget.js": "open",
    "HEAD /widget.js": "open",
    "GET /embed": "open",
    "HEAD /embed": "open",
    "GET /sign-in": "open",
    "POST /sign-in": "open",
    "POST /sign-in/token": "open",
    "POST /sign-out": "open",
    "GET /language/{code}": "open",
    "* /app-static": "open",
    "GET /documents": "reader",
    "HEAD /documents": "reader",
    "GET /documents/{document_id}": "reader",
    "HEAD /documents/{document_id}": "reader",
    "GET /documents/{document_id}/pages/{number}.png": "reader",
    "GET /documents/{document_id}/original": "reader",
    "GET /passages/{place}": "reader",
    "GET /words": "reader",
    "GET /api": "reader",
    "GET /api/openapi.json": "reader",
    "GET /api/documents": "reader",
    "GET /api/passages/{place}": "reader",
    "POST /api/ask": "reader",
    "POST /api/verify": "reader",
    "POST /api/feedback": "reader",
    "* /mcp": "reader",
    "* /mcp/": "reader",
    "* /api/{path:path}": "reader",
    "* /healthz": "open",
    "* /readyz": "open",
    "* /metrics": "operator",
    "GET /metrics": "operator",
    "POST /api/documents": "operator",
    "DELETE /api/documents/{document}": "operator",
    "PUT /api/documents/{document}/groups": "operator",
}
"""The routes, and who may use each. What takes all methods has a star. Gradio's own, of the chat, are for readers."""

GIVEN = {
    "document_id": "0123456789abcdef",
    "document": "0123456789abcdef",
    "number": "1",
    "place": "0123456789abcdef:0-5",
    "code": "en",
    "path": "unknown",
}


def routes_of(router: Any, prefix: str = "") -> Iterator[tuple[str, bool]]:  # noqa: ANN401 - the many kinds have no common one
    """Each route of an application as "METHOD /path", through routers and mounts, and whether it is Gradio's."""
    for route in router.routes:
        if isinstance(route, Mount):
            if route.routes:
                is_chat = isinstance(route.app, ChatGate)
                assert is_chat or prefix == "", route
                for found, _ in routes_of(route, prefix + route.path):
                    yield found, is_chat
            else:
                yield f"* {prefix}{route.path}", False
        elif hasattr(route, "original_router"):  # a router that was included
            yield from routes_of(route.original_router, prefix + route.include_context.prefix)
        else:
            for method in sorted(route.methods or ["*"]):
                yield f"{method} {prefix}{route.path}", False


@dataclass(frozen=True)
class Who:
    """Somebody who sends a request: what they are to the application, what they send, and from which address."""

    name: str
    role: Literal["nobody", "reader", "operator"]
    headers: dict[str, str] = field(default_factory=dict)
    peer: str = "127.0.0.1"


@dataclass(frozen=True)
class Mode:
    """A way to sign in, served, and who comes."""

    client: Client
    visitors: tuple[Who, ...]
    has_form: bool = False


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("access")


@pytest.fixture(scope="module")
def library(folder: Path) -> Home:
    """A library of one document, and three users."""
    home = Home(folder / "home")
    add(home, [write(folder / "forests.txt", REPORT)], WordEncoder())
    enter(home, "rosa")
    enter(home, "olga", operator=True)
    return home


HANDED_ON = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-FORWARDED-USER", "X-Real-IP", "Via")


@pytest.fixture(scope="module")
def none(library: Home) -> Iterator[Mode]:
    with served(library, WordEncoder()) as client:
        handed_on = [Who(f"by a proxy that says {name}", "reader", {name: "10.0.0.7"}) for name in HANDED_ON]
        proxied = Who(
            "by a proxy with an operator's name", "reader", {"X-Forwarded-User": "o", "X-Forwarded-Groups": "quipu-operators"}
        )
        yield Mode(
            client,
            (Who("at this machine", "operator"), Who("with what isn't asked for", "operator", basic("x")), proxied, *handed_on),
        )


@pytest.fixture(scope="module")
def public(library: Home) -> Iterator[Mode]:
    with served(library, WordEncoder(), public=True, address="http://reports.example") as client:
        there = Who("at another machine", "reader", {"Host": "reports.example"}, "203.0.113.9")
        lying = Who("who names another host", "reader", {"Host": "localhost"}, "203.0.113.9")
        yield Mode(client, (Who("at this machine", "reader"), there, lying))


@pytest.fixture(scope="module")
def password(library: Home) -> Iterator[Mode]:
    with served(library, WordEncoder(), sign_in="password", address="http://reports.example") as client:
        sessions = {}
        for name in ("rosa", "olga"):
            signed_in = client.post("/sign-in", data={"name": name, "password": "a long enough one"})
            sessions[name] = {"Cookie": f"quipu_session={signed_in.cookies['quipu_session']}"}
            client.cookies.clear()
        yield Mode(
            client,
            (
                Who("anonymous", "nobody"),
                Who("anonymous by a proxy", "nobody", {"X-Forwarded-For": "127.0.0.1"}),
                Who("with a proxy's headers", "nobody", {"X-Forwarded-User": "o", "X-Forwarded-Groups": "quipu-operators"}),
                Who("with a wrong password", "nobody", basic("nina", "wrong"), "203.0.113.66"),
                Who("with a token", "nobody", bearer(token())),
                Who("with a wrong token beside a session", "nobody", {**bearer(token()), **sessions["rosa"]}),
                Who("reader by Basic", "reader", basic("rosa")),
                Who("operator by Basic", "operator", basic("olga")),
                Who("reader by a session", "reader", sessions["rosa"]),
                Who("operator by a session", "operator", sessions["olga"]),
            ),
            has_form=True,
        )


@pytest.fixture(scope="module")
def proxy(library: Home) -> Iterator[Mode]:
    said = {"X-Forwarded-User": "ana"}
    operator = {**said, "X-Forwarded-Groups": "staff, quipu-operators"}
    with served(library, WordEncoder(), sign_in="proxy", proxies="10.0.0.0/24,fd00::7") as client:
        yield Mode(
            client,
            (
                Who("at this machine", "nobody"),
                Who("proxy that names nobody", "nobody", peer="10.0.0.7"),
                Who("another peer", "nobody", said, "10.0.1.7"),
                Who("another peer, as operator", "nobody", operator, "203.0.113.9"),
                Who("another peer in the proxy's name", "nobody", {**operator, "X-Forwarded-For": "10.0.0.7"}, "203.0.113.9"),
                Who("loopback", "nobody", operator),
                Who("no address", "nobody", operator, ""),
                Who("reader", "reader", said, "10.0.0.7"),
                Who("reader by IPv6", "reader", said, "fd00::7"),
                Who("reader far away", "reader", {**said, "X-Forwarded-For": "203.0.113.9"}, "10.0.0.7"),
                Who(
                    "reader of a group that is nearly an operator's",
                    "reader",
                    {**said, "X-Forwarded-Groups": "Quipu-Operators,quipu"},
                    "10.0.0.7",
                ),
                Who("operator", "operator", operator, "10.0.0.7"),
            ),
        )


@pytest.fixture(scope="module")
def by_token(library: Home, folder: Path) -> Iterator[Mode]:
    with served(library, WordEncoder(), sign_in="token", token_key=secret_file(folder)) as client:
        yield Mode(
            client,
            (
                Who("anonymous", "nobody"),
                Who("with a password", "nobody", basic("olga")),
                Who("with a forged token", "nobody", bearer(token(key="another secret that is long enough too"))),
                Who("with an old token", "nobody", bearer(token(iat=1, exp=2))),
                Who("reader", "reader", bearer(token())),
                Who("reader in a group", "reader", bearer(token(groups=["staff"]))),
                Who("operator", "operator", bearer(token(groups=["staff", "quipu-operators"]))),
            ),
        )


MODES = ("none", "public", "password", "proxy", "by_token")


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> Mode:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Mode)
    return found


def test_the_table_has_every_route(none: Mode) -> None:
    peer = none.client.app
    assert isinstance(peer, Peer)
    found = set(routes_of(peer._app))
    assert {route for route, is_chat in found if not is_chat} == TABLE.keys()
    chat = {route for route, is_chat in found if is_chat}
    assert len(chat) > 50
    assert {"GET /", "GET /config", "POST /gradio_api/queue/join", "GET /gradio_api/queue/data"} <= chat


def requested(route: str) -> tuple[str, str]:
    """A request that the route takes: its method, and a path."""
    method, path = route.split(" ")
    path = re.sub(r"\{(\w+)(:path)?\}", lambda name: GIVEN[name[1]], path)
    if path == "/app-static":
        path += "/tokens.css"
    return ("GET" if method == "*" else method), (path + "?name=a.exe" if route == "POST /api/documents" else path)


@pytest.mark.parametrize("route", TABLE)
def test_who_gets_what(mode: Mode, route: str) -> None:
    method, path = requested(route)
    for who in mode.visitors:
        mode.client.peer = who.peer
        body: dict[str, list[str]] | None = {"groups": []} if method == "PUT" else None
        response = mode.client.request(method, path, json=body, headers={"Accept": "application/json", **who.headers})
        mode.client.cookies.clear()
        assert outcome(response) == expected(mode, who, TABLE[route], method, path), (who.name, response.status_code, response.text)


def outcome(response: Response) -> str:
    """What came of a request, as far as it concerns who sent it."""
    if response.status_code == 303 and response.headers["location"].startswith("/sign-in?"):
        return "form"
    if response.status_code == 401 and "quipu_session" not in response.headers.get("set-cookie", ""):
        return "let in" if 'name="password"' in response.text else "nobody"  # the form says that the password is wrong
    if response.status_code == 429:
        return "let in" if 'name="password"' in response.text else "nobody"  # too many wrong passwords
    if response.status_code == 403:
        return "not for readers"
    assert response.status_code < 500
    return "let in"


def expected(mode: Mode, who: Who, access: Access, method: str, path: str) -> str:
    if path.startswith("/sign-in/token"):
        return "nobody"  # whoever they are, they sent no token
    if access == "open":
        return "let in"
    if who.role == "nobody":
        is_page = method in ("GET", "HEAD") and (path in ("/", "/documents", "/api") or path.startswith("/documents/"))
        return "form" if is_page and mode.has_form and "Authorization" not in who.headers else "nobody"
    return "not for readers" if access == "operator" and who.role == "reader" else "let in"


def test_the_chat_needs_a_sign_in_for_whatever_it_is_made_of(mode: Mode) -> None:
    peer = mode.client.app
    assert isinstance(peer, Peer)
    nobody = [who for who in mode.visitors if who.role == "nobody"]
    paths = [route.split(" ") for route, is_chat in routes_of(peer._app) if is_chat and route not in TABLE]
    for who in nobody[:2]:
        mode.client.peer = who.peer
        for method, path in paths:
            response = mode.client.request(method, path.replace("{", "").replace("}", ""), headers=who.headers)
            assert outcome(response) == expected(mode, who, "reader", method, path), (who.name, method, path)
    for who in mode.visitors:
        mode.client.peer = who.peer
        for path in ("/", "/theme.css"):
            response = mode.client.get(path, headers=who.headers)
            assert outcome(response) == expected(mode, who, "reader", "GET", path), (who.name, path)


def test_of_gradio_there_is_only_what_the_page_needs(none: Mode) -> None:
    peer = none.client.app
    assert isinstance(peer, Peer)
    ours = {"/favicon.ico", "/manifest.json"}
    needed = {"/", "/theme.css", "/gradio_api/queue/join", "/gradio_api/queue/data"} | ours
    none.client.peer = "127.0.0.1"
    paths = {route.split(" ")[1] for route, is_chat in routes_of(peer._app) if is_chat} - needed
    paths = {path.replace("{", "").replace("}", "") for path in paths if not path.startswith(("/assets/", "/static/"))}
    assert {"/config", "/gradio_api/info"} <= paths
    for path in [*paths, "/gradio_api/file=https://evil.example/x", "/gradio_api/run/answer"]:
        for method in ("GET", "POST"):
            response = none.client.request(method, path, headers={"Host": "localhost:7860"})
            assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json"), (method, path)


def test_a_refusal_says_what_to_do_and_nothing_else(password: Mode, proxy: Mode, by_token: Mode) -> None:
    for mode in (password, proxy, by_token):
        mode.client.peer = "203.0.113.9"
        refused = mode.client.post("/api/ask", json={"question": "How many illegal sawmills?"})
        assert (refused.status_code, refused.headers["content-type"]) == (401, "application/problem+json")
        assert refused.json()["detail"] == "Sign in first."
        assert refused.headers["www-authenticate"] == 'Bearer realm="Quipu"'
        page = mode.client.get("/documents/forests.txt", headers={"Accept-Language": "es"})
        assert page.status_code == (303 if mode.has_form else 401)
        assert (say("sign_in_elsewhere", "es") in page.text) != mode.has_form
    redirect = password.client.get("/documents/x?find=a&view=text")
    assert redirect.headers["location"] == "/sign-in?next=%2Fdocuments%2Fx%3Ffind%3Da%26view%3Dtext"


def test_a_websocket_is_not_a_way_in(mode: Mode) -> None:
    for who in mode.visitors:
        mode.client.peer = who.peer
        for path in ("/", "/gradio_api/queue/join", "/mcp", "/healthz"):
            with pytest.raises(WebSocketDisconnect) as refused, mode.client.websocket_connect(path, headers=who.headers):
                pass
            assert refused.value.code == 1008


ODD_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "get")
ODD_PATHS = (
    "//",
    "//documents",
    "///api/documents",
    "/api//documents",
    "/api/documents/",
    "/API/documents",
    "/Api/Documents",
    "/%61pi/documents",
    "/api/documents%20",
    "/api/documents%00",
    "/api/documents;x",
    "/api/documents#x",
    "/./api/documents",
    "/healthz/../api/documents",
    "/healthz/api/documents",
    "/healthz%2f..%2fapi%2fdocuments",
    "/healthz/",
    "/metrics/",
    "/Healthz",
    "/sign-in/../documents",
    "/sign-in/x",
    "/sign-in%2f",
    "/sign-inx",
    "/embed/../api/documents",
    "/embed/x",
    "/widget.js/../config",
    "/%2e%2e/api/documents",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/documents/..%2f..%2fusers.json",
    "/documents/%2e%2e/users.json",
    "/documents/../healthz",
    "/app-static",
    "/app-staticx/base.css",
    "/language",
    "/config",
    "/config/",
    "/gradio_api/info",
    "/gradio_api/file=/etc/passwd",
    "/gradio_api/app_id",
    "http://localhost/api/documents",
    "*",
)
BELOW_OPEN = (
    "/app-static/../users.json",
    "/app-static/..%2fserver.py",
    "/app-static/%2e%2e/server.py",
    "/app-static/..%5cserver.py",
    "/app-static/%2e%2e%2f%2e%2e%2fpyproject.toml",
    "/app-static//etc/passwd",
    "/app-static/%2fetc%2fpasswd",
    "/app-static/../api/documents",
    "/app-static/../../api/documents",
    "/app-static/base.css/../../documents",
    "/app-static/base.css%00",
    "/app-static/",
    "/language/../api/documents",
    "/language/x/../../api/documents",
    "/language/en/config",
    "/language//",
    "/language/..%2fconfig",
)


@pytest.fixture(scope="module", params=["", "/quipu"], ids=["bare", "prefixed"])
def prefixed(library: Home, request: pytest.FixtureRequest) -> Iterator[tuple[str, int]]:
    """A real server, whose readers sign in with a password, under a prefix: that, and its port."""
    prefix: str = request.param
    settings = ServerSettings.load(home=library.path, sign_in="password", address=f"http://localhost{prefix}")
    encoder = WordEncoder()
    app = create_app(Assistant(library, encoder, SentenceRanker(encoder)), settings=settings)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, proxy_headers=False, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield prefix, listener.getsockname()[1]
    server.should_exit = True
    thread.join()


def sent(port: int, method: str, target: str, *headers: str) -> tuple[int, dict[str, str], str]:
    """The status, headers and body of the response to exactly this request."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", "Connection: close", *headers, "", ""]
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall("\r\n".join(lines).encode("latin-1"))
        response = HTTPResponse(connection, method=method)
        response.begin()
        said = {name.lower(): value for name, value in response.getheaders()}
        return response.status, said, response.read().decode("utf-8", "replace")


def test_no_spelling_of_a_path_is_a_way_in(prefixed: tuple[str, int]) -> None:
    prefix, port = prefixed
    for path in ODD_PATHS:
        for target in dict.fromkeys((path, prefix + path, prefix + prefix + path)):
            for method in ODD_METHODS if target == path else ODD_METHODS[:2]:
                status, headers, body = sent(port, method, target)
                to_form = status == 303 and headers["location"].startswith(f"{prefix}/sign-in?next=%2F")
                assert status in (400, 401) or to_form, (method, target, status)
                assert "sawmills" not in body
                assert "argon2" not in body


def test_nothing_is_below_what_is_open(prefixed: tuple[str, int]) -> None:
    prefix, port = prefixed
    for path in BELOW_OPEN:
        for method in ("GET", "POST", "DELETE"):
            status, headers, body = sent(port, method, prefix + path)
            assert status in (303, 307, 400, 401, 404, 405), (method, path, status)
            assert headers.get("location", "/").startswith("/")
            assert not any(word in body for word in ("sawmills", "argon2", "root:", "def ", "forests.txt", "components"))


@pytest.mark.parametrize("prefixed", ["/quipu"], indirect=True)
@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/quipu/api/documents", 401),
        ("/api/documents", 401),
        ("/quipuapi/documents", 401),
        ("/quipu", 303),
        ("/quipu/", 303),
        ("/", 303),
        ("/quipu/healthz", 200),
        ("/healthz", 200),
        ("/quipuhealthz", 401),
        ("/quipu/quipu/healthz", 401),
        ("/quipu//healthz", 401),
        ("/quipusign-in", 401),
        ("/quipu/sign-in", 200),
        ("/sign-in", 200),
        ("/QUIPU/healthz", 401),
        ("/quipu%2fhealthz", 200),
        ("/quipu%2fapi%2fdocuments", 401),
        ("/quipu/app-static/base.css", 200),
        ("/app-static/base.css", 200),
        ("/quipuapp-static/base.css", 401),
        ("/quipu/../api/documents", 401),
    ],
)
def test_the_sign_in_holds_whether_a_proxy_takes_the_prefix_off_or_not(target: str, status: int, prefixed: tuple[str, int]) -> None:
    prefix, port = prefixed
    for spoofed in ((), ("X-Forwarded-Prefix: /quipu/healthz",), ("X-Original-URL: /healthz", "X-Rewrite-URL: /healthz")):
        assert sent(port, "GET", target, *spoofed)[0] == status
    credentials = basic("rosa")["Authorization"]
    signed_in, _, body = sent(port, "GET", target, f"Authorization: {credentials}")
    if unquote(target) in ("/quipu/api/documents", "/api/documents"):
        assert (signed_in, "forests.txt" in body) == (200, True)
        assert f'"link":"{prefix}/documents/' in body
    else:
        assert "forests.txt" not in body
