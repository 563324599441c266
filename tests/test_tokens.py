"""Tokens under attack, and the keys that they are checked by."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from assistant import SettingsError
from tests.asked import (
    SECRET,
    Client,
    Serve,
    basic,
    bearer,
    claims,
    is_operator,
    now,
    secret_file,
    segment,
    signed,
    status,
    token,
)
from tests.commands import Quipu
from ui.access.access_tokens import TokenKey


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
    der = spki.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
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
        "DER": der,
        "DER that ends with a blank": der[:-1] + b" ",
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
