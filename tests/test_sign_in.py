"""The sign-in under attack: tokens, passwords, sessions, proxies."""

import base64
import hashlib
import hmac
import json
import logging
import shutil
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from corpus import SettingsError
from index import Home, Library, add, limit
from tests.asked import PASSWORD, SECRET, Client, basic, bearer, enter, secret_file, served, token
from tests.commands import Quipu
from tests.fakes import WordEncoder
from tests.made import REPORT, write
from ui.tokens import TokenKey
from ui.users import Users

FORM = {"name": "rosa", "password": PASSWORD, "next": "/documents"}
Serve = Callable[..., Client]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A library of one document, for tests that change nothing."""
    folder = tmp_path_factory.mktemp("library")
    home = Home(folder / "home")
    add(home, [write(folder / "forests.txt", REPORT)], WordEncoder())
    enter(home, "rosa")
    return home


@pytest.fixture
def serve(library: Home, home: Home) -> Iterator[Serve]:
    """Serves a library of one document, with these settings."""
    shutil.copytree(library.path, home.path)
    with ExitStack() as opened:
        yield lambda **settings: opened.enter_context(served(home, WordEncoder(), **settings))


@pytest.fixture(scope="module")
def by_token(library: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    key = secret_file(tmp_path_factory.mktemp("token"))
    with served(library, WordEncoder(), sign_in="token", token_key=key) as client:
        yield client


@pytest.fixture
def by_password(serve: Serve, home: Home) -> Client:
    enter(home, "rosa", groups=("staff",))
    enter(home, "olga", operator=True)
    return serve(sign_in="password")


def status(client: Client, headers: dict[str, str] | list[tuple[str, str]] | None = None, path: str = "/api/documents") -> int:
    client.cookies.clear()
    return client.get(path, headers=headers).status_code


def is_operator(client: Client, headers: dict[str, str] | list[tuple[str, str]]) -> bool:
    return status(client, headers, "/metrics") == 200


# Tokens


def segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(header: object, claims: object, key: bytes) -> str:
    """A token that is put together by hand: libraries refuse to make some of those that an attacker would."""
    said = f"{segment(json.dumps(header).encode())}.{segment(json.dumps(claims).encode())}"
    return f"{said}.{segment(hmac.new(key, said.encode(), hashlib.sha256).digest())}"


def now() -> int:
    return int(time.time())


def claims(**others: object) -> dict[str, object]:
    return {"sub": "ana", "aud": "quipu", "iat": now(), "exp": now() + 60, **others}


def changed(others: Mapping[str, object]) -> str:
    """A good token but for these claims."""
    return token(**{"name": "ana", **others})  # type: ignore[arg-type] # the names are those of claims


def test_a_good_token_is_taken(by_token: Client) -> None:
    assert status(by_token, bearer(token())) == 200
    assert status(by_token, {"Authorization": f"bEaReR   {token()}"}) == 200
    assert status(by_token, bearer(token(aud=["other", "quipu"], groups=["a"], exp=now() + 3600, nbf=now() + 5))) == 200
    assert not is_operator(by_token, bearer(token(groups=["quipu-operator"])))
    assert is_operator(by_token, bearer(token(groups=["quipu-operators"])))


@pytest.mark.parametrize(
    "wrong",
    [
        {"exp": 0},
        {"iat": -3600, "exp": -11},
        {"nbf": 60},
        {"iat": 60, "exp": 120},
        {"exp": 3601},
        {"exp": 10**15},
        {"iat": -10, "exp": 3591},
        {"exp": -(10**18)},
    ],
    ids=str,
)
def test_a_token_is_good_for_an_hour_at_most_and_only_then(by_token: Client, wrong: dict[str, int]) -> None:
    moments = {claim: now() + seconds for claim, seconds in wrong.items()} if wrong != {"exp": 0} else wrong
    response = by_token.get("/api/documents", headers=bearer(changed(moments)))
    assert response.status_code == 401
    assert response.json()["detail"].startswith("The token is")


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "other"},
        {"aud": "Quipu"},
        {"aud": "quipu session"},
        {"aud": []},
        {"aud": ["other"]},
        {"aud": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "a" * 201},
        {"sub": "ana\nolga"},
        {"sub": "a\u202eb"},
        {"iat": None},
        {"exp": None},
        {"groups": "quipu-operators"},
        {"groups": {"quipu-operators": 1}},
        {"groups": ["a", 1]},
        {"groups": [["quipu-operators"]]},
    ],
    ids=str,
)
def test_a_token_says_all_that_it_has_to(by_token: Client, wrong: dict[str, object]) -> None:
    assert status(by_token, bearer(changed(wrong))) == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"sub": 5},
        {"sub": ["ana"]},
        {"sub": True},
        {"aud": 5},
        {"aud": {"quipu": 1}},
        {"exp": "x"},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"iat": "x"},
        {"iat": float("-inf")},
        {"iat": []},
        {"nbf": "x"},
        {"groups": None},
    ],
    ids=str,
)
def test_claims_of_other_types_are_refused(by_token: Client, wrong: dict[str, object]) -> None:
    forged = signed({"alg": "HS256", "typ": "JWT"}, claims(**wrong), SECRET.encode())
    assert status(by_token, bearer(forged)) == 401


def test_a_token_counts_only_with_a_good_signature(by_token: Client) -> None:
    header, payload, signature = token().split(".")
    other = segment(json.dumps(claims(sub="olga", groups=["quipu-operators"])).encode())
    forged = [
        token(key="another secret that is long enough as well"),
        f"{header}.{other}.{signature}",
        f"{header}.{payload}.",
        f"{header}.{payload}",
        f"{header}.{payload}.{signature[:-4]}",
        f"{header}.{payload}.{signature}.{signature}",
        f"{header}.{payload}.{segment(b'')}",
        signed({"alg": "none"}, claims(), b""),
        signed({"alg": "HS256"}, claims(), b""),
        signed({"alg": "HS256", "crit": ["x"], "x": 1}, claims(), SECRET.encode()),
        signed({"typ": "JWT"}, claims(), SECRET.encode()),
        signed({"alg": ["HS256"]}, claims(), SECRET.encode()),
        signed([], claims(), SECRET.encode()),
        signed({"alg": "HS256"}, [], SECRET.encode()),
        signed({"alg": "HS256"}, "quipu", SECRET.encode()),
    ]
    for algorithm in ("none", "None", "NONE", "nOnE", "", "HS384", "HS512", "RS256", "dir"):
        start = f"{segment(json.dumps({'alg': algorithm, 'typ': 'JWT'}).encode())}.{payload}"
        forged += [f"{start}.", f"{start}.{signature}", signed({"alg": algorithm}, claims(), SECRET.encode())]
    for found in forged:
        assert status(by_token, bearer(found)) == 401, found
    jwk = {
        "alg": "HS256",
        "jwk": {"kty": "oct", "k": segment(b"k" * 32)},
        "kid": "../../../dev/null",
        "jku": "https://evil.example",
    }
    assert status(by_token, bearer(signed(jwk, claims(), b"k" * 32))) == 401


GARBAGE = (
    "Bearer",
    "Bearer ",
    "Bearer null",
    "Bearer ..",
    "Bearer \u00e9.\u00e9.\u00e9",
    "Bearer a b c",
    f"Bearer {'a' * 10_000}",
    "Basic",
    "Basic !!!",
    f"Basic {base64.b64encode(b'olga').decode()}",
    f"Basic {base64.b64encode(bytes([255, 254, 58])).decode()}",
    "Negotiate abc",
    "Digest username=olga",
    "null",
    "{token}",
    "Token {token}",
    "Bearer,{token}",
    'Bearer "{token}"',
    "Bearer {token},{token}",
    "Bearer {token}, Basic {basic}",
)


def test_garbage_is_refused(by_token: Client, by_password: Client) -> None:
    good = basic("rosa")["Authorization"].partition(" ")[2]
    for authorization in GARBAGE:
        given = authorization.format(token=token(), basic=good).encode("utf-8")
        for client in (by_token, by_password):
            response = client.get("/api/documents", headers=[(b"Authorization", given)])
            assert response.status_code == 401, authorization
            assert response.headers["content-type"] == "application/problem+json"


def test_the_first_of_several_sign_ins_counts_and_no_later_one(by_token: Client) -> None:
    wrong, right = "Bearer x.y.z", f"Bearer {token()}"
    assert status(by_token, [("Authorization", wrong), ("Authorization", right)]) == 401
    assert status(by_token, [("Authorization", "Basic eDp5"), ("Authorization", right)]) == 401
    assert status(by_token, [("Authorization", ""), ("Authorization", right)]) == 401


def test_no_token_is_taken_from_anywhere_but_its_header(by_token: Client) -> None:
    good = token(groups=["quipu-operators"])
    for name in ("X-Authorization", "Proxy-Authorization", "Token", "X-Token", "X-Access-Token", "Cookie"):
        assert status(by_token, {name: f"Bearer {good}"}) == 401
    assert status(by_token, {"Cookie": f"token={good}; access_token={good}; quipu_session={good}; access-token-x={good}"}) == 401
    assert status(by_token, path=f"/api/documents?token={good}&access_token={good}&Authorization=Bearer%20{good}") == 401


Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def pem(key: Private) -> tuple[bytes, bytes]:
    """A private key and its public one, in PEM."""
    return (
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )


@pytest.fixture(scope="module")
def keys() -> dict[str, tuple[bytes, bytes]]:
    return {
        "RS256": pem(rsa.generate_private_key(65537, 2048)),
        "ES256": pem(ec.generate_private_key(ec.SECP256R1())),
        "EdDSA": pem(ed25519.Ed25519PrivateKey.generate()),
    }


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_public_key_is_no_secret(serve: Serve, tmp_path: Path, keys: dict[str, tuple[bytes, bytes]], algorithm: str) -> None:
    private, public = keys[algorithm]
    client = serve(sign_in="token", token_key=secret_file(tmp_path, public))
    assert status(client, bearer(token(key=private.decode(), algorithm=algorithm))) == 200
    confused = [
        signed({"alg": named, "typ": "JWT"}, claims(), secret)
        for named in ("HS256", algorithm, "none")
        for secret in (public, public.strip(), public.strip() + b"\n", public.decode().replace("\n", "\r\n").encode(), b"")
    ]
    other = {name: pair for name, pair in keys.items() if name != algorithm}
    confused += [token(key=pair[0].decode(), algorithm=name) for name, pair in other.items()]
    if algorithm == "RS256":
        confused += [token(key=private.decode(), algorithm=name) for name in ("RS384", "RS512", "PS256")]
    confused.append(f"{token(key=private.decode(), algorithm=algorithm).rpartition('.')[0]}.{segment(bytes(64))}")
    for found in confused:
        assert status(client, bearer(found)) == 401, found


def key_files(keys: dict[str, tuple[bytes, bytes]]) -> dict[str, bytes]:
    """What may not be a token's key, and how."""
    public = keys["EdDSA"][1]
    spki = ed25519.Ed25519PrivateKey.generate().public_key()
    return {
        "empty": b"",
        "short": b"x" * 31,
        "short with blanks": b"x" * 31 + b"\n   \n",
        "a private key": keys["RS256"][0],
        "a private key of a curve": keys["ES256"][0],
        "both keys": keys["EdDSA"][0] + public,
        "a weak RSA key": pem(rsa.generate_private_key(65537, 1024))[1],  # noqa: S505 - it is refused
        "another curve": pem(ec.generate_private_key(ec.SECP384R1()))[1],
        "the curve of Bitcoin": pem(ec.generate_private_key(ec.SECP256K1()))[1],
        "a broken PEM": public[:60],
        "a certificate": b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        "SSH": spki.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        "JWK": b'{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}',
        "DER": spki.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    }


def test_keys_that_anybody_may_have_are_refused_at_the_start(
    serve: Serve, tmp_path: Path, keys: dict[str, tuple[bytes, bytes]]
) -> None:
    for what, data in key_files(keys).items():
        path = secret_file(tmp_path, data)
        with pytest.raises(SettingsError) as refused:
            serve(sign_in="token", token_key=path)
        said = str(refused.value)
        assert str(path) in said, what
        assert said.endswith(".")
        assert "\n" not in said
        assert "PRIVATE" not in said
    with pytest.raises(SettingsError, match="can't be read"):
        serve(sign_in="token", token_key=tmp_path)


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"# the portal's key\n", b"\n\n  "])
def test_a_public_key_with_something_before_it_is_no_secret(
    tmp_path: Path, keys: dict[str, tuple[bytes, bytes]], before: bytes
) -> None:
    try:
        key = TokenKey.load(secret_file(tmp_path, before + keys["EdDSA"][1]), "quipu")
    except SettingsError:
        return
    assert key.algorithm == "EdDSA"


def test_quipu_serve_says_in_a_sentence_what_is_wrong_with_a_key(
    quipu: Quipu, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, keys: dict[str, tuple[bytes, bytes]]
) -> None:
    monkeypatch.setenv("QUIPU_SIGN_IN", "token")
    missing = quipu("serve", "--port", "0")
    assert (missing.code, missing.out) == (2, "")
    assert missing.err == "quipu: QUIPU_SIGN_IN has 'token', and QUIPU_TOKEN_KEY names no file with the key.\n"
    for data in (b"short", keys["RS256"][0]):
        monkeypatch.setenv("QUIPU_TOKEN_KEY", str(secret_file(tmp_path, data)))
        refused = quipu("serve", "--port", "0")
        assert refused.code == 2
        assert refused.err.startswith("quipu: ")
        assert refused.err.count("\n") == 1
        assert "Traceback" not in refused.err


# Passwords


def test_a_password_opens_and_a_wrong_one_does_not(by_password: Client) -> None:
    assert status(by_password, basic("rosa")) == 200
    assert not is_operator(by_password, basic("rosa"))
    assert is_operator(by_password, basic("olga"))
    for name, password in (
        ("rosa", PASSWORD + " "),
        ("Rosa", PASSWORD),
        ("rosa", ""),
        ("", ""),
        ("", PASSWORD),
        ("rosa\0", PASSWORD),
    ):
        by_password.peer = f"203.0.113.{len(name) + len(password)}"
        assert status(by_password, basic(name, password)) == 401, (name, password)


def test_nobody_learns_which_names_there_are(by_password: Client) -> None:
    said = []
    for number, name in enumerate(("rosa", "nobody", "olga")):
        by_password.peer = f"203.0.113.{number}"
        api = by_password.get("/api/documents", headers=basic(name, "wrong"))
        form = by_password.post("/sign-in", data={"name": name, "password": "wrong", "next": "/"})
        detail = {key: value for key, value in api.json().items() if key != "request_id"}
        said.append((api.status_code, detail, form.status_code, form.text.replace(name, "NAME")))
    assert said[0] == said[1] == said[2]
    assert said[0][0] == said[0][2] == 401
    assert said[0][1]["detail"] == "There is no user of this name with this password."


def test_too_many_tries_are_a_wait_for_this_user_and_no_other(by_password: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    start = time.time()
    elapsed = 0.0
    monkeypatch.setattr(time, "time", lambda: start + elapsed)
    for number in range(10):
        by_password.peer = f"203.0.113.{number}"  # many machines, one name
        assert status(by_password, basic("rosa", f"guess {number}")) == 401
    by_password.peer = "198.51.100.1"
    refused = by_password.get("/api/documents", headers=basic("rosa"))
    assert refused.status_code == 429
    assert refused.json()["detail"] == f"There were too many wrong passwords: wait {refused.headers['retry-after']} s."
    assert 1 <= int(refused.headers["retry-after"]) <= 61
    assert by_password.post("/sign-in", data=FORM).status_code == 429
    assert status(by_password, basic("olga")) == 200
    elapsed = 121.0
    assert status(by_password, basic("rosa")) == 200


def test_too_many_tries_from_one_machine_are_a_wait_for_it_and_no_other(by_password: Client) -> None:
    by_password.peer = "203.0.113.1"
    for number in range(10):
        assert by_password.post("/sign-in", data={"name": f"guess {number}", "password": "x"}).status_code == 401
    assert status(by_password, basic("rosa")) == 429
    spoofed = {**basic("rosa"), "X-Forwarded-For": "198.51.100.2", "Forwarded": "for=198.51.100.2", "X-Real-IP": "198.51.100.2"}
    assert status(by_password, spoofed) == 429
    by_password.peer = "198.51.100.2"
    assert status(by_password, basic("rosa")) == 200


def test_right_passwords_are_no_tries_however_many_come_at_once(by_password: Client, home: Home) -> None:
    assert status(by_password, basic("rosa")) == 200
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: by_password.get("/words", headers=basic("rosa")).status_code, range(30))) == {200}
    by_password.peer = "203.0.113.1"
    for number in range(10):
        assert status(by_password, basic("rosa", f"guess {number}")) == 401
    assert status(by_password, basic("rosa")) == 429  # what was right before is no way around the wait
    enter(home, "olga", "another long enough one")
    assert status(by_password, basic("olga")) == 429


def test_passwords_are_no_way_in_where_they_are_not_one(serve: Serve, home: Home, tmp_path: Path) -> None:
    enter(home, "rosa")
    ways: list[dict[str, Any]] = [
        {},
        {"sign_in": "token", "token_key": secret_file(tmp_path)},
        {"sign_in": "proxy", "proxies": "10.0.0.7"},
    ]
    for way in ways:
        client = serve(**way)
        right, wrong = client.post("/sign-in", data=FORM), client.post("/sign-in", data={**FORM, "password": "wrong"})
        assert right.status_code == wrong.status_code == client.get("/sign-in").status_code == 404
        assert "set-cookie" not in right.headers


def test_a_user_who_is_removed_or_has_another_password_is_out_at_once(by_password: Client, home: Home) -> None:
    session = sign_in(by_password)
    assert status(by_password, session) == 200
    enter(home, "rosa", groups=("staff",))  # the same password: a new hash
    assert status(by_password, session) == 401
    session = sign_in(by_password)
    enter(home, "rosa", "another long enough one")
    assert status(by_password, session) == 401
    assert status(by_password, basic("rosa")) == 401
    session = sign_in(by_password, password="another long enough one")
    Users(home).remove("rosa")
    assert status(by_password, session) == status(by_password, basic("rosa", "another long enough one")) == 401


def test_a_role_and_groups_change_with_the_next_request(by_password: Client, home: Home) -> None:
    session = sign_in(by_password, "olga")
    assert is_operator(by_password, session)
    enter(home, "olga")
    assert not is_operator(by_password, session)
    assert not is_operator(by_password, basic("olga"))


def test_no_password_is_kept_or_logged(home: Home, by_password: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    Users(home).put("eva", "correct horse battery", operator=False, groups=[])
    assert status(by_password, basic("eva", "correct horse battery")) == 200
    assert status(by_password, basic("eva", "incorrect horse battery")) == 401
    by_password.post("/sign-in", data={"name": "eva", "password": "incorrect horse battery"})
    by_password.post("/sign-in", data={"name": "eva", "password": "correct horse battery"})
    by_password.post("/sign-in?password=correct+horse+battery", data={"name": "eva"})
    kept = b"".join(path.read_bytes() for path in home.path.rglob("*") if path.is_file())
    assert b"horse battery" not in kept
    assert b"$argon2id$" in kept
    secret = base64.b64encode(b"eva:correct horse battery").decode()
    logged = "".join(str(record.__dict__) for record in caplog.records if not record.name.startswith("httpx"))
    assert "horse" not in logged
    assert secret not in logged
    for name in ("users.json", "session.key"):
        assert stat.S_IMODE((home.path / name).stat().st_mode) == 0o600


def test_many_at_once_are_no_way_around_the_limit(home: Home) -> None:
    enter(home, "rosa")
    with served(home, WordEncoder(), sign_in="password") as client:
        client.peer = "203.0.113.1"
        with ThreadPoolExecutor(8) as pool:
            said = list(pool.map(lambda number: client.get("/words", headers=basic("rosa", f"guess {number}")).json(), range(20)))
    tried = [found for found in said if found["detail"].startswith("There is no user")]
    assert len(tried) == 10


@pytest.mark.parametrize(
    "broken", ["{", "[]", '{"rosa": {}}', '{"rosa": null}', '{"rosa": {"hash": 5, "operator": false, "groups": []}}']
)
def test_a_broken_file_of_users_lets_nobody_in(by_password: Client, home: Home, broken: str) -> None:
    session = sign_in(by_password)
    (home.path / "users.json").write_text(broken)
    for headers in (session, basic("rosa"), basic("nobody"), {}):
        by_password.cookies.clear()
        response = by_password.get("/api/documents", headers=headers)
        assert response.status_code in (401, 503)
        assert str(home.path) not in response.text
        assert "$argon2" not in response.text
    form = by_password.post("/sign-in", data=FORM)
    assert (form.status_code, "set-cookie" in form.headers, str(home.path) in form.text) == (503, False, False)
    assert by_password.get("/healthz", headers=session).status_code == 200
    (home.path / "users.json").unlink()
    assert status(by_password, session) == status(by_password, basic("rosa")) == 401


# Sessions


def sign_in(client: Client, name: str = "rosa", password: str = PASSWORD, **headers: str) -> dict[str, str]:
    """Signs in, as the form of the page does; the header with the session."""
    response = client.post("/sign-in", data={"name": name, "password": password}, headers=headers)
    assert response.status_code == 303, response.text
    session = response.cookies["quipu_session"]
    client.cookies.clear()
    return {"Cookie": f"quipu_session={session}"}


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


@pytest.fixture
def limited(library: Home) -> Iterator[Callable[[list[str]], None]]:
    """Limits the document of the library; every reader may see it again after the test."""
    (entry,) = Library(library).active()

    def to(groups: list[str]) -> None:
        limit(library, entry.id, groups)

    yield to
    limit(library, entry.id, [])


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


# Other origins


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


# Proxies


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


# At the start


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        (["--host", "0.0.0.0"], {}, "there is no sign-in"),  # noqa: S104
        (["--host", "::"], {}, "there is no sign-in"),
        (["--host", "192.0.2.1"], {"QUIPU_ADDRESS": "http://reports.example"}, "there is no sign-in"),
        ([], {"QUIPU_ADDRESS": "https://reports.example"}, "reports.example: there is no sign-in"),
        ([], {"QUIPU_ADDRESS": "https://127.0.0.1.evil.example/quipu"}, "there is no sign-in"),
        ([], {"QUIPU_HOST": "0.0.0.0", "QUIPU_PUBLIC": "false"}, "there is no sign-in"),  # noqa: S104
        (["--host", "0.0.0.0", "--public"], {}, "set QUIPU_ADDRESS"),  # noqa: S104
        (["--host", "0.0.0.0"], {"QUIPU_SIGN_IN": "password"}, "set QUIPU_ADDRESS"),  # noqa: S104
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


# The command


def test_users_are_entered_listed_and_removed(quipu: Quipu, home: Home) -> None:
    added = quipu("user", "add", "rosa", "--group", "staff", "--group", "board", given="a long enough one\n")
    assert (added.code, added.out, added.err) == (0, "rosa may sign in.\n", "")
    assert quipu("user", "add", "olga", "--operator", given="another long one\n").code == 0
    listed = quipu("user", "list").out
    assert [line.split() for line in listed.splitlines()] == [
        ["Name", "Role", "Groups"],
        ["olga", "operator"],
        ["rosa", "reader", "board,", "staff"],
    ]
    assert "argon" not in listed
    assert Users(home).verify("rosa", "a long enough one") is not None
    assert stat.S_IMODE((home.path / "users.json").stat().st_mode) == 0o600
    removed = quipu("user", "remove", "rosa")
    assert (removed.code, removed.out) == (0, "rosa can't sign in any more.\n")
    assert Users(home).verify("rosa", "a long enough one") is None
    assert [line.split()[0] for line in quipu("user", "list").out.splitlines()] == ["Name", "olga"]


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (["add", "rosa"], "short\n"),
        (["add", "rosa"], ""),
        (["add", "rosa"], "\n"),
        (["add", "ro:sa"], "a long enough one\n"),
        (["add", "ro,sa"], "a long enough one\n"),
        (["add", " rosa"], "a long enough one\n"),
        (["add", ""], "a long enough one\n"),
        (["add", "r\u202eosa"], "a long enough one\n"),
        (["add", "r" * 201], "a long enough one\n"),
        (["add", "rosa", "--group", "a,b"], "a long enough one\n"),
        (["add", "rosa", "--group", ""], "a long enough one\n"),
        (["remove", "rosa"], ""),
    ],
)
def test_what_is_no_user_is_one_sentence(quipu: Quipu, home: Home, arguments: list[str], given: str) -> None:
    refused = quipu("user", *arguments, given=given)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("quipu: ")
    assert refused.err.count("\n") == 1
    assert "long enough" not in refused.err
    assert Users(home).all() == {}


def test_a_file_of_users_is_replaced_as_a_whole(home: Home) -> None:
    users = Users(home)
    home.path.mkdir(parents=True)
    left = home.path / ".new-users.json"
    left.write_text("what a killed command left")
    left.chmod(0o644)
    enter(home, "rosa")
    assert stat.S_IMODE((home.path / "users.json").stat().st_mode) == 0o600
    assert not left.exists()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: enter(home, f"user {number}"), range(8)))
    assert len(users.all()) == 9
