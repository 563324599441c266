"""Sessions under attack, and where a sign-in leads."""

import base64
import json
from collections.abc import Callable
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path

import pytest

from assistant import SettingsError
from index import Home
from tests.asked import (
    FORM,
    PASSWORD,
    Client,
    Serve,
    bearer,
    claims,
    enter,
    is_operator,
    now,
    secret_file,
    segment,
    sign_in,
    signed,
    status,
    token,
)
from ui.access.users import Users


@pytest.mark.parametrize(
    ("address", "secure", "path"),
    [("", False, "/"), ("https://reports.example", True, "/"), ("https://reports.example/a/quipu/", True, "/a/quipu")],
)
def test_what_a_session_is_kept_in(serve: Serve, home: Home, address: str, secure: bool, path: str) -> None:
    enter(home, "rosa")
    client = serve(sign_in="password", address=address)
    response = client.post("/sign-in", data=FORM)
    assert (response.status_code, response.headers["location"]) == (303, "/documents")
    (cookie,) = SimpleCookie(response.headers["set-cookie"]).values()
    assert (cookie.key, bool(cookie["secure"]), cookie["path"]) == ("quipu_session", secure, path)
    assert (cookie["httponly"], cookie["samesite"], cookie["domain"], cookie["max-age"]) == (True, "lax", "", "43200")
    client.cookies.clear()
    session = {"Cookie": f"quipu_session={cookie.value}"}
    assert status(client, session) == 200
    signed_out = client.post("/sign-out", headers=session)
    (gone,) = SimpleCookie(signed_out.headers["set-cookie"]).values()
    assert (gone.value, gone["path"], gone["max-age"]) == ("", path, "0")
    assert signed_out.headers["location"] == f"{'' if path == '/' else path}/"


def test_a_session_cannot_be_made_or_changed_elsewhere(by_password: Client, home: Home) -> None:
    session = sign_in(by_password)["Cookie"].partition("=")[2]
    header, payload, signature = session.split(".")
    said = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert PASSWORD not in str(said)
    digest = Users(home).all()["olga"].digest
    raised = said | {"sub": "olga"}
    forged = [
        "",
        "x",
        session[:-3],
        f"{header}.{segment(json.dumps(raised).encode())}.{signature}",
        signed({"alg": "none"}, raised, b""),
        signed({"alg": "HS256"}, raised, b""),
        signed({"alg": "HS256"}, raised, b"None"),
        signed({"alg": "HS256"}, raised | {"password": ""}, b""),
        signed({"alg": "HS256"}, raised | {"password": digest}, digest.encode()),
    ]
    for cookie in forged:
        assert status(by_password, {"Cookie": f"quipu_session={cookie}"}) == 401, cookie
    key = (home.path / "session.key").read_bytes()
    made = [
        raised | {"password": ""},  # as if it had begun with a token
        raised,  # with another's digest
        said | {"exp": now() - 1},
        said | {"aud": "quipu"},
        {name: value for name, value in said.items() if name != "exp"},
    ]
    for found in made:
        cookie = signed({"alg": "HS256"}, found, key)
        assert status(by_password, {"Cookie": f"quipu_session={cookie}"}) == 401, found


def test_a_session_is_no_token_and_a_token_no_session(serve: Serve, home: Home, tmp_path: Path) -> None:
    enter(home, "rosa")
    client = serve(sign_in="password,token", token_key=secret_file(tmp_path))
    session = sign_in(client)["Cookie"].partition("=")[2]
    assert status(client, {"Cookie": f"quipu_session={session}"}) == 200
    assert status(client, bearer(session)) == 401
    key = (home.path / "session.key").read_bytes()
    for secret in (key, bytes.fromhex(key.decode())):
        assert status(client, bearer(signed({"alg": "HS256"}, claims(), secret))) == 401
    operator = token("x", groups=["quipu-operators"], aud="quipu session", password="")
    assert status(client, {"Cookie": f"quipu_session={token()}"}) == 401
    assert status(client, {"Cookie": f"quipu_session={operator}"}) == 401
    assert status(client, bearer(operator)) == 401
    posted = client.post("/sign-in/token", data={"token": session, "next": "/"})
    assert (posted.status_code, "set-cookie" in posted.headers) == (401, False)


def test_a_session_by_a_token_lasts_an_hour_and_has_its_groups(by_token: Client) -> None:
    posted = by_token.post(
        "/sign-in/token", data={"token": token(groups=["quipu-operators"], exp=now() + 40), "next": "/documents/x"}
    )
    assert (posted.status_code, posted.headers["location"]) == (303, "/documents/x")
    (cookie,) = SimpleCookie(posted.headers["set-cookie"]).values()
    assert int(cookie["max-age"]) == 3600  # a document is read for longer than a token is good
    said = json.loads(base64.urlsafe_b64decode(cookie.value.split(".")[1] + "=="))
    assert now() + 3500 < said["exp"] <= now() + 3600
    assert is_operator(by_token, {"Cookie": f"quipu_session={cookie.value}"})
    for wrong in ("", "x", token(exp=now() - 60), token(key="another secret that is long enough too")):
        refused = by_token.post("/sign-in/token", data={"token": wrong, "next": "/"})
        assert (refused.status_code, "set-cookie" in refused.headers) == (401, False)


def test_a_session_by_a_token_with_many_groups_fits_into_a_cookie(by_token: Client, limited: Callable[[list[str]], None]) -> None:
    names = [f"CN=Group {number},OU=Teams,DC=company" for number in range(300)]
    limited(names[7:8])
    posted = by_token.post("/sign-in/token", data={"token": token(groups=names), "next": "/"})
    assert len(posted.headers["set-cookie"]) < 1000
    (cookie,) = SimpleCookie(posted.headers["set-cookie"]).values()
    assert len(by_token.get("/api/documents", headers={"Cookie": f"quipu_session={cookie.value}"}).json()) == 1
    limited(["another"])
    seen = by_token.get("/api/documents", headers={"Cookie": f"quipu_session={cookie.value}"}).json()
    assert [document["source"] for document in seen] == ["peru-law-enforcement-corruption.txt"]


def test_a_session_of_another_way_to_sign_in_is_nobodys(serve: Serve, home: Home, tmp_path: Path) -> None:
    enter(home, "rosa")
    both = serve(sign_in="password,token", token_key=secret_file(tmp_path))
    by_password = sign_in(both)
    posted = both.post("/sign-in/token", data={"token": token(), "next": "/"})
    by_token = {"Cookie": f"quipu_session={posted.cookies['quipu_session']}"}
    assert status(both, by_password) == status(both, by_token) == 200
    assert status(serve(sign_in="password"), by_token) == 401
    assert status(serve(sign_in="token", token_key=secret_file(tmp_path)), by_password) == 401
    proxy = serve(sign_in="proxy", proxies="10.0.0.7")
    assert status(proxy, by_password) == status(proxy, by_token) == 401


@pytest.mark.parametrize("kept", ["", "\n", "0" * 63, "é" * 64])
def test_a_key_of_sessions_that_could_be_guessed_is_refused_at_the_start(serve: Serve, home: Home, kept: str) -> None:
    home.path.mkdir(parents=True, exist_ok=True)
    (home.path / "session.key").write_text(kept, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"session\.key .*\.$"):
        serve(sign_in="password")


ELSEWHERE = [
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/\r\n/evil.example",
    "/%09/evil.example",
    "/%0d%0aLocation:https://evil.example",
    "/x\r\nSet-Cookie: quipu_session=x",
    "javascript:alert(1)",
    "evil.example",
    "@evil.example",
    "http:evil.example",
    "",
    "\u2028//evil.example",
]


@pytest.mark.parametrize("prefix", ["", "/quipu"])
def test_no_sign_in_leads_to_another_site(serve: Serve, tmp_path: Path, prefix: str) -> None:
    client = serve(sign_in="password,token", token_key=secret_file(tmp_path), address=f"http://localhost:7860{prefix}")
    for onward in ELSEWHERE:
        form = client.get("/sign-in", params={"next": onward}).text
        assert f'action="{prefix}/sign-in"' in form
        kept = unescape(form.partition('name="next" value="')[2].partition('"')[0])
        responses = [
            client.post("/sign-in", data={**FORM, "next": onward}),
            client.post("/sign-in", data={**FORM, "next": kept}),
            client.post("/sign-in/token", data={"token": token(), "next": onward}),
            client.get("/language/es", params={"next": onward}),
        ]
        for response in responses:
            assert response.status_code == 303
            assert leads_to(response.headers["location"]) == "localhost:7860", onward
            assert len(response.headers.get_list("set-cookie")) == 1


def leads_to(location: str) -> str:
    """The host of an address, as a browser reads it on a page of ours: without tabs and line ends, a backslash as a slash."""
    address = "".join(letter for letter in location if letter not in "\t\r\n").strip().replace("\\", "/")
    if address.startswith("//"):
        return address.lstrip("/").partition("/")[0]
    return "localhost:7860" if address.startswith("/") else address


def test_what_a_form_is_given_is_only_text(by_password: Client) -> None:
    hostile = '"><script>alert(1)</script>'
    pages = [
        by_password.post("/sign-in", data={"name": hostile, "password": hostile, "next": f"/{hostile}"}).text,
        by_password.get("/sign-in", params={"next": f"/{hostile}"}).text,
        by_password.get(f"/sign-in?{hostile}").text,
    ]
    for page in pages:
        assert "<script>" not in page
        assert hostile not in page
