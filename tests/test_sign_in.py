"""The sign-in under attack: by pages of other sites, by way of proxies, and what isn't served at all."""

from collections.abc import Callable, Iterator

import pytest

from index import Home
from tests.asked import (
    FORM,
    Client,
    Serve,
    bearer,
    is_operator,
    secret_file,
    served,
    sign_in,
    status,
    token,
)
from tests.commands import Quipu
from tests.fakes import WordEncoder

LISTED = "https://intranet.example"


@pytest.fixture(scope="module")
def embedded(library: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    key = secret_file(tmp_path_factory.mktemp("embedded"))
    address = "https://reports.example/quipu"
    with served(library, WordEncoder(), sign_in="password,token", token_key=key, origins=LISTED, address=address) as client:
        yield client


OTHERS = (
    "https://evil.example",
    "null",
    "http://intranet.example",
    f"{LISTED}:8443",
    f"{LISTED}.evil.example",
    "https://INTRANET.example",
    "file://",
)


@pytest.mark.parametrize("origin", [LISTED, *OTHERS])
def test_pages_of_other_sites_cannot_sign_a_reader_in_or_out(embedded: Client, origin: str) -> None:
    for path in ("/sign-in", "/sign-out", "/quipu/sign-in", "/sign-in/", "/sign-in/token/"):
        refused = embedded.post(path, data=FORM, headers={"Origin": origin})
        assert (refused.status_code, "set-cookie" in refused.headers) == (403, False), path
    posted = embedded.post("/sign-in/token", data={"token": token(), "next": "/"}, headers={"Origin": origin})
    with_token = origin in (LISTED, "null")  # "null": of a page that hides its origin, and has a token
    assert (posted.status_code, "set-cookie" in posted.headers) == ((303, True) if with_token else (403, False))
    wrong = embedded.post("/sign-in/token", data={"token": "x", "next": "/"}, headers={"Origin": origin})
    assert (wrong.status_code, "set-cookie" in wrong.headers) == (401 if with_token else 403, False)


def test_pages_of_this_site_can(embedded: Client) -> None:
    for origin, host in (("https://reports.example", "reports.example"), ("http://localhost:7860", "localhost:7860")):
        signed_in = embedded.post("/sign-in", data=FORM, headers={"Origin": origin, "Host": host})
        assert signed_in.status_code == 303


@pytest.mark.parametrize("origin", [LISTED, *OTHERS])
def test_only_pages_of_listed_origins_may_read_and_never_as_the_reader_they_are(embedded: Client, origin: str) -> None:
    session = sign_in(embedded)
    for path in ("/quipu/api/documents", "/quipu/api/passages/0123456789abcdef:0-5"):
        read = embedded.get(path, headers={"Origin": origin, **bearer(token())})
        assert read.headers.get("access-control-allow-origin") == (LISTED if origin == LISTED else None)
        assert "access-control-allow-credentials" not in read.headers
        embedded.cookies.clear()
        by_session = embedded.get(path, headers={"Origin": origin, **session})
        assert "access-control-allow-credentials" not in by_session.headers
        before = embedded.options(
            path,
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": "GET",
                "Access-Control-Request-Headers": "authorization",
            },
        )
        assert before.headers.get("access-control-allow-origin") == (LISTED if origin == LISTED else None)
        assert "access-control-allow-credentials" not in before.headers
        assert before.status_code == (200 if origin == LISTED else 400)
    for method in ("DELETE", "PUT", "PATCH"):
        asked = {"Origin": origin, "Access-Control-Request-Method": method}
        assert embedded.options("/quipu/api/documents/x", headers=asked).status_code == 400
    for path in ("/quipu/api/documents?name=x.txt", "/quipu/gradio_api/queue/join", "/quipu/mcp"):
        operator = bearer(token(groups=["quipu-operators"]))
        assert embedded.post(path, content=b"x", headers={"Origin": origin, **operator}).status_code == 403
    answered = embedded.post("/quipu/api/ask", json={"question": "?"}, headers={"Origin": origin, **bearer(token())})
    assert answered.status_code == (200 if origin == LISTED else 403)


def test_a_refusal_can_be_read_by_the_page_that_asked(embedded: Client) -> None:
    refused = embedded.post("/quipu/api/ask", json={"question": "?"}, headers={"Origin": LISTED})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, LISTED)
    unknown = embedded.post("/quipu/api/ask", json={"question": "?"}, headers={"Origin": "https://evil.example", **bearer(token())})
    assert (unknown.status_code, "access-control-allow-origin" in unknown.headers) == (403, False)


@pytest.fixture(scope="module")
def served_by_proxy(library: Home) -> Iterator[Client]:
    proxies = "10.0.0.7,192.168.0.0/30,fd00::/126"
    with served(library, WordEncoder(), sign_in="proxy", proxies=proxies, operator_group="boss") as client:
        yield client


@pytest.fixture
def by_proxy(served_by_proxy: Client) -> Client:
    served_by_proxy.peer = "10.0.0.7"
    return served_by_proxy


ANA = {"X-Forwarded-User": "ana"}
BOSS = {**ANA, "X-Forwarded-Groups": "staff,boss"}


@pytest.mark.parametrize(
    ("peer", "listed"),
    [
        ("10.0.0.7", True),
        ("192.168.0.3", True),
        ("fd00::3", True),
        ("::ffff:10.0.0.7", False),
        ("10.0.0.70", False),
        ("192.168.0.4", False),
        ("fd00::4", False),
        ("127.0.0.1", False),
        ("::1", False),
        ("", False),
        ("testclient", False),
        ("10.0.0.7, 203.0.113.9", False),
    ],
)
def test_only_listed_peers_are_believed(by_proxy: Client, peer: str, listed: bool) -> None:
    by_proxy.peer = peer
    for spoofed in (
        {},
        {"X-Forwarded-For": "10.0.0.7"},
        {"X-Forwarded-For": "203.0.113.9, 10.0.0.7"},
        {"X-Forwarded-For": "10.0.0.7, 10.0.0.7"},
        {"X-Forwarded-For": "unix:"},
        {"Forwarded": "for=10.0.0.7"},
        {"X-Real-IP": "10.0.0.7"},
    ):
        assert status(by_proxy, {**BOSS, **spoofed}) == (200 if listed else 401), spoofed
        assert is_operator(by_proxy, {**BOSS, **spoofed}) == listed


def test_a_proxy_that_says_for_whom_it_asks_is_still_a_proxy(by_proxy: Client) -> None:
    for client in ("203.0.113.9", "10.0.0.7", "garbage", "1.2.3.4, 5.6.7.8", "", "'; DROP"):
        assert status(by_proxy, {**ANA, "X-Forwarded-For": client, "X-Forwarded-Proto": "https"}) == 200


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("X_Forwarded_User", "X_Forwarded_Groups"),
        ("X-Forwarded_User", "X-Forwarded-Groups"),
        ("X-Forwarded-User ", "X-Forwarded-Groups"),
        ("X-Forwarded-Preferred-Username", "X-Forwarded-Groups"),
        ("Remote-User", "Remote-Groups"),
        ("X-Remote-User", "X-Forwarded-Groups"),
        ("X-Forwarded-Email", "X-Forwarded-Groups"),
    ],
)
def test_no_other_header_names_a_user(by_proxy: Client, name: str, groups: str) -> None:
    assert status(by_proxy, {name.strip(): "ana", groups: "boss"} if name == name.strip() else {}) == 401
    assert not is_operator(by_proxy, {**ANA, "X_Forwarded_Groups": "boss", "X-Forwarded-Group": "boss"})


def test_names_and_groups_of_a_proxy_are_in_utf_8(by_proxy: Client, limited: Callable[[list[str]], None]) -> None:
    limited(["dirección"])
    headers = {b"X-Forwarded-User": "josé".encode(), b"X-Forwarded-Groups": "ventas, dirección".encode()}
    page = by_proxy.get("/documents", headers=headers)
    assert '<span class="user" dir="auto">josé</span>' in page.text
    assert [document["source"] for document in by_proxy.get("/api/documents", headers=headers).json()] == ["forests.txt"]
    for name in ("jo\u200bsé", "j" * 201):
        assert by_proxy.get("/api/documents", headers={b"X-Forwarded-User": name.encode()}).status_code == 401


def test_headers_that_come_twice_are_refused(by_proxy: Client) -> None:
    both = [("X-Forwarded-User", "ana"), ("x-forwarded-user", "olga")]
    assert status(by_proxy, both) == 401
    assert status(by_proxy, [*ANA.items(), *ANA.items()]) == 401
    for own, proxys in (("boss", "staff"), ("staff", "boss"), ("boss", "")):
        twice = [("X-Forwarded-User", "ana"), ("X-Forwarded-Groups", own), ("X-Forwarded-Groups", proxys)]
        assert status(by_proxy, twice) == 401
        assert not is_operator(by_proxy, twice)


@pytest.mark.parametrize(
    "groups", ["", ",", " , ", "Boss", "bos", "boss-not", "bo,ss", '"boss"', "staff;boss", "['boss']", "boss\u00a0x"]
)
def test_only_the_very_group_makes_an_operator(by_proxy: Client, groups: str) -> None:
    headers = [(b"X-Forwarded-User", b"ana"), (b"X-Forwarded-Groups", groups.encode("latin-1"))]
    by_proxy.cookies.clear()
    assert by_proxy.get("/metrics", headers=headers).status_code == 403


def test_headers_of_other_names_may_be_set(serve: Serve) -> None:
    client = serve(
        sign_in="proxy", proxies="10.0.0.7", proxy_user_header="X-Auth-Request-User", proxy_groups_header="X-Auth-Request-Groups"
    )
    client.peer = "10.0.0.7"
    assert status(client, {"X-Auth-Request-User": "ana"}) == 200
    assert status(client, BOSS) == 401
    assert not is_operator(client, {"X-Auth-Request-User": "ana", "X-Forwarded-Groups": "quipu-operators"})


def test_a_proxys_headers_are_nothing_where_no_proxy_signs_in(by_password: Client, serve: Serve) -> None:
    assert status(by_password, BOSS) == 401
    client = serve(sign_in="password", proxies="10.0.0.7")
    client.peer = "10.0.0.7"
    assert status(client, {**BOSS, "X-Forwarded-Groups": "quipu-operators"}) == 401


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        (["--host", "0.0.0.0"], {}, "there is no sign-in"),  # noqa: S104
        (["--host", "::"], {}, "there is no sign-in"),
        (["--host", "192.0.2.1"], {"QUIPU_ADDRESS": "http://reports.example"}, "there is no sign-in"),
        ([], {"QUIPU_ADDRESS": "https://reports.example"}, "reports.example: there is no sign-in"),
        ([], {"QUIPU_ADDRESS": "https://127.0.0.1.evil.example/quipu"}, "there is no sign-in"),
        ([], {"QUIPU_HOST": "0.0.0.0", "QUIPU_PUBLIC": "false"}, "there is no sign-in"),  # noqa: S104
        (["--host", "0.0.0.0", "--public"], {}, "Set QUIPU_ADDRESS"),  # noqa: S104
        (["--host", "0.0.0.0"], {"QUIPU_SIGN_IN": "password"}, "Set QUIPU_ADDRESS"),  # noqa: S104
        ([], {"QUIPU_SIGN_IN": "proxy"}, "QUIPU_PROXIES names none"),
        ([], {"QUIPU_SIGN_IN": "passwords"}, "The setting 'sign_in' can't be used"),
        ([], {"QUIPU_SIGN_IN": "none"}, "The setting 'sign_in' can't be used"),
        ([], {"QUIPU_PROXIES": "proxy.example"}, "The setting 'proxies' can't be used"),
        ([], {"QUIPU_PROXIES": "10.0.0.7/8"}, "The setting 'proxies' can't be used"),
        ([], {"QUIPU_ORIGINS": "*"}, "The setting 'origins' can't be used"),
        ([], {"QUIPU_ORIGINS": "https://*.example"}, "The setting 'origins' can't be used"),
        ([], {"QUIPU_ORIGINS": "null"}, "The setting 'origins' can't be used"),
        ([], {"QUIPU_ORIGINS": "https://intranet.example/"}, "The setting 'origins' can't be used"),
        ([], {"QUIPU_ADDRESS": "reports.example"}, "The setting 'address' can't be used"),
        ([], {"QUIPU_ADDRESS": "javascript://x"}, "The setting 'address' can't be used"),
    ],
)
def test_what_quipu_does_not_serve(
    quipu: Quipu, monkeypatch: pytest.MonkeyPatch, arguments: list[str], given: dict[str, str], said: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    refused = quipu("serve", "--port", "0", *arguments)
    assert (refused.code, refused.out) == (2, "")
    assert said in refused.err
    assert refused.err.count("\n") == 1
