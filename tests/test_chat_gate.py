"""What reaches Gradio through the chat's door: the events of its own page, and never an object that stands for a file."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from index import Home
from tests.asked import Client, served
from tests.fakes import WordEncoder

_REFUSED = "The chat accepts only what its own page sends. Reload the page and ask again."


def file_at(path: str) -> dict[str, Any]:
    """What Gradio would read a file for."""
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def text(content: object) -> list[dict[str, object]]:
    return [{"role": "user", "content": content}]


@pytest.fixture(scope="module")
def client(library: Home) -> Iterator[Client]:
    with served(library, WordEncoder()) as client:
        yield client


def event(client: Client, name: str, inputs: int) -> object:
    """The number of the page's event of this kind with so many inputs."""
    (config,) = re.findall(r"window\.gradio_config = (\{.*?\});</script>", client.get("/").text)
    return next(
        found["id"]
        for found in json.loads(config)["dependencies"]
        if len(found["inputs"]) == inputs and any(target[1] == name for target in found["targets"])
    )


def joined(client: Client, **body: object) -> tuple[int, str]:
    response = client.post("/gradio_api/queue/join", json={"session_hash": "q", **body})
    return response.status_code, response.json().get("detail", "")


def told(client: Client, session: str) -> str:
    lines = client.get("/gradio_api/queue/data", params={"session_hash": session}).text
    (done,) = [line for line in lines.splitlines() if '"process_completed"' in line]
    return done


@pytest.mark.parametrize("path", ["/dev/zero", "SECRET", "https://files.example/a.txt"])
@pytest.mark.parametrize(
    "messages",
    [
        lambda file: text([{"type": "file", "file": file}]),
        lambda file: text({"type": "file", "file": file}),
        lambda file: text([{"type": "text", "text": "x", "file": file}]),
        lambda file: text({"type": "component", "component": "image", "value": file, "props": {}, "constructor_args": {}}),
        lambda file: text(file),
        lambda file: [file],
        lambda file: [["x", file]],
        lambda file: [{"role": "user", "content": "x", "metadata": file}],
        lambda file: [{"role": "user", "content": "x", "options": [file]}],
        lambda file: [{"role": "user", "content": "x", "file": file}],
    ],
)
def test_a_message_never_names_a_file(client: Client, tmp_path: Path, messages: Callable[[object], object], path: str) -> None:
    secret = tmp_path / "key"
    secret.write_text("secret", encoding="utf-8")
    file = file_at(path.replace("SECRET", str(secret)))
    for number, data in (
        (event(client, "submit", 3), ["x", messages(file), None]),
        (event(client, "retry", 2), [messages(file), None]),
    ):
        assert joined(client, fn_index=number, data=data) == (422, _REFUSED)


@pytest.mark.parametrize(
    "data",
    [
        [file_at("/dev/zero"), [], None],
        [["x"], [], None],
        [None, [], None],
        [1, [], None],
        ["x", None, None],
        ["x", "y", None],
        ["x", [{"role": "system", "content": "y"}], None],
        ["x", [{"role": "user", "content": "y"}] * 2001, None],
        ["x", [], "id"],
        ["x", [], [file_at("/dev/zero")]],
        ["x", [], ["a" * 65]],
        ["x", [], ["a"] * 1001],
        ["x", [], None, None],
        ["x", []],
        [],
    ],
)
def test_an_event_has_the_inputs_of_the_page(client: Client, data: list[object]) -> None:
    assert joined(client, fn_index=event(client, "submit", 3), data=data) == (422, _REFUSED)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"data": []}', b'{"session_hash": "../x", "fn_index": 0, "data": []}'],
)
def test_a_body_is_an_event(client: Client, body: bytes) -> None:
    response = client.post("/gradio_api/queue/join", content=body)
    assert (response.status_code, response.json()["detail"]) == (422, _REFUSED)


@pytest.mark.parametrize("number", [-1, 99, None, True, "1"])
def test_an_event_is_one_of_the_page(client: Client, number: object) -> None:
    assert joined(client, fn_index=number, data=[]) == (422, _REFUSED)


def test_what_the_page_sends_is_answered(client: Client) -> None:
    earlier = [
        {
            "role": "user",
            "metadata": None,
            "content": [{"text": "How many sawmills were illegal\\?", "type": "text"}],
            "options": None,
        },
        {"role": "assistant", "metadata": None, "content": [{"text": "<div>An answer</div>", "type": "text"}], "options": None},
    ]
    asked = {"data": ["Who counted them?", earlier, []], "fn_index": event(client, "submit", 3), "trigger_id": 10}
    assert joined(client, **asked, session_hash="submitted")[0] == 200
    shown = told(client, "submitted")
    assert "Who counted them" in shown
    assert "An answer" in shown
    again = {"data": [earlier, []], "fn_index": event(client, "retry", 2), "event_data": {"index": 0, "value": "x"}}
    assert joined(client, **again, session_hash="retried")[0] == 200
    assert "How many sawmills were illegal" in told(client, "retried")


def test_what_else_an_event_says_goes_no_further(client: Client) -> None:
    """What the page says of the pointer or the button isn't read, be it a file."""
    body = {"fn_index": event(client, "submit", 3), "data": ["x", [], None], "event_data": file_at("/dev/zero"), "oauth_token": "t"}
    assert joined(client, **body, session_hash="said")[0] == 200
    assert '"success":true' in told(client, "said")
