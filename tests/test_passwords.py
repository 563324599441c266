"""Passwords under attack, and the command that enters who has one."""

import base64
import logging
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from index import Home
from tests.asked import (
    FORM,
    PASSWORD,
    Client,
    Serve,
    basic,
    enter,
    is_operator,
    secret_file,
    served,
    sign_in,
    status,
)
from tests.commands import Quipu
from tests.fakes import WordEncoder
from ui.access.users import Users


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
    assert said[0][1]["detail"] == "There is no user with this name and password."


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
