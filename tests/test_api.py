"""The API as its OpenAPI document has it, and the page that shows it."""

import html
import json
import re
from pathlib import Path
from typing import Any, Literal

import jsonschema_rs
import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, expect

from assistant import SentenceRanker
from index import Encoder, Home, limit
from tests.asked import bearer, secret_file, served, token
from tests.browsing import needs_browser, serious
from tests.commands import Quipu
from tests.fakes import Unsure, WordEncoder
from tests.inline import add
from tests.made import REPORT, write

OPERATIONS = {
    "POST /api/ask": "ask",
    "POST /api/verify": "verify",
    "POST /api/feedback": "judge",
    "GET /api/passages/{place}": "passage",
    "GET /api/documents": "documents",
    "POST /api/documents": "upload",
    "PUT /api/documents/{document}/groups": "limit_to_groups",
    "DELETE /api/documents/{document}": "remove",
    "GET /healthz": "healthz",
    "GET /readyz": "readyz",
    "GET /metrics": "measures",
}


def fits(document: dict[str, Any], shape: str, value: object) -> bool:
    """Whether a value is of a shape, with no field that the document doesn't have."""
    components = document["components"]
    for described in components["schemas"].values():
        described["additionalProperties"] = False
    return jsonschema_rs.is_valid({"$ref": f"#/components/schemas/{shape}", "components": components}, value)


def test_the_document_has_the_api_and_no_page(shipped_client: TestClient) -> None:
    document = shipped_client.get("/api/openapi.json").json()
    found = {
        f"{method.upper()} {path}": operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    assert {name: operation["operationId"] for name, operation in found.items()} == OPERATIONS
    assert document["servers"] == [{"url": "/"}]
    assert "security" not in document
    for operation in found.values():
        assert operation["summary"]
        assert operation["tags"]
        for status, response in operation["responses"].items():
            if status >= "400":
                assert response["content"] == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for shape in document["components"]["schemas"].values():
        assert shape["description"]
        if shape["title"] not in ("Health", "Readiness"):  # of one word, which says it
            assert all(field.get("description") for field in shape["properties"].values())


def test_it_says_how_to_sign_in_and_under_which_prefix(home: Home, tmp_path: Path) -> None:
    ways: dict[str, Any] = {
        "sign_in": "token,password",
        "token_key": secret_file(tmp_path),
        "address": "https://quipu.example/reports",
    }
    with served(home, WordEncoder(), **ways) as client:
        assert client.get("/api/openapi.json").status_code == 401
        document = client.get("/api/openapi.json", headers=bearer(token())).json()
        page = client.get("/reports/api", headers=bearer(token())).text
    assert document["servers"] == [{"url": "/reports"}]
    assert document["security"] == [{"token": []}, {"password": []}, {"session": []}]
    assert document["paths"]["/healthz"]["get"]["security"] == []
    assert "401" in document["paths"]["/api/ask"]["post"]["responses"]
    assert set(re.findall(r'(?:href|src)="(/[^"/?]*)', page)) == {"/reports"}
    assert "curl -s https://quipu.example/reports/api/ask -H &#39;Authorization: Bearer TOKEN&#39;" in page


def test_what_is_given_is_of_the_shapes(client: TestClient) -> None:
    document = client.get("/api/openapi.json").json()
    answers = [
        client.post("/api/ask", json={"question": question}).json()
        for question in ("Who controls the VRAEM?", "Who is the king of Norway?", "hello", "¿Quién controla el VRAEM?")
    ]
    assert [answer["status"] for answer in answers] == ["answered", "not_in_documents", "no_question", "answered"]
    assert all(fits(document, "Answer", answer) for answer in answers)
    citation = answers[0]["citations"][0]
    passage = client.get(f"/api/passages/{citation['document_id']}:{citation['start']}-{citation['end']}").json()
    assert fits(document, "Passage", passage)
    assert not fits(document, "Passage", citation)
    assert all(fits(document, "Document", listed) for listed in client.get("/api/documents").json())
    assert fits(document, "Problem", client.get("/api/passages/x").json())
    added = client.post("/api/documents", params={"name": "x.txt"}, content=b"Rivers\n\nThey are wide and brown.\n")
    assert all(fits(document, "Step", json.loads(line)) for line in added.text.splitlines())


def test_an_unsure_answer_is_described_given_and_verified(home: Home, report: Path) -> None:
    words = WordEncoder()
    add(home, [report], words)
    with served(home, words, Unsure(SentenceRanker(words))) as client:
        document = client.get("/api/openapi.json").json()
        answer = client.post("/api/ask", json={"question": "How many illegal sawmills?"}).json()
        verified = client.post("/api/verify", json=answer).json()
        wrong = [{**answer["nearest"][0], "start": 0}]
        forgeries = ({"nearest": wrong}, {"citations": wrong}, {"nearest": wrong, "status": "partly"})
        forged = [client.post("/api/verify", json=answer | forgery).json() for forgery in forgeries]
    described = document["components"]["schemas"]["Answer"]["properties"]
    assert "unsure" in described["status"]["enum"]
    assert "`unsure`" in described["status"]["description"]
    assert fits(document, "Answer", answer)
    assert (answer["status"], answer["text"], answer["explanation"]) == ("unsure", "", "These documents may answer this.")
    assert [quote["text"] for quote in verified["quotes"]] == [citation["text"] for citation in answer["nearest"]]
    assert [one["verified"] for one in (verified, *forged)] == [True, False, False, False]


def test_the_terminal_gives_the_same_object(client: TestClient, quipu: Quipu) -> None:
    asked = client.post("/api/ask", json={"question": "Who controls the VRAEM?"}).json()
    printed = json.loads(quipu("ask", "Who controls the VRAEM?", "--json").out)
    assert {**printed, "milliseconds": 0} == {**asked, "milliseconds": 0}


@pytest.mark.parametrize(
    ("body", "taken"),
    [
        ({"question": f"Why? {'a' * 1995}"}, True),
        ({"question": f"Why? {'a' * 1996}"}, False),
        ({"question": "Why?", "history": ["Who?"] * 100}, True),
        ({"question": "Why?", "history": ["Who?"] * 101}, False),
        ({"question": "Why?", "history": ["a" * 2001]}, True),
        ({"question": "Why?", "documents": ["0" * 16] * 1000}, True),
        ({"question": "Why?", "documents": ["0" * 16] * 1001}, False),
    ],
)
def test_the_limits_in_the_document_are_those_that_hold(shipped_client: TestClient, body: dict[str, Any], taken: bool) -> None:
    response = shipped_client.post("/api/ask", json=body)
    schema = shipped_client.get("/api/openapi.json").json()["components"]["schemas"]["Ask"]
    assert (response.status_code == 200) is taken
    assert jsonschema_rs.is_valid(schema, body) is taken


def test_what_is_no_operation_is_a_problem(shipped_client: TestClient) -> None:
    for method, path, status, allow in [
        ("GET", "/api/ask", 405, "POST"),
        ("PATCH", "/api/documents", 405, "GET, POST"),
        ("GET", "/api/documents/x", 405, "DELETE"),
        ("POST", "/healthz", 405, "GET"),
        ("GET", "/api/nothing", 404, None),
        ("POST", "/api/ask/", 404, None),
    ]:
        response = shipped_client.request(method, path)
        assert (response.status_code, response.headers.get("allow")) == (status, allow)
        assert response.headers["content-type"] == "application/problem+json"


@needs_browser
@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (360, "dark")])
def test_the_page_is_drawn_from_this_host_only(
    browser: Browser, shipped_address: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    requests: list[str] = []
    errors: list[str] = []
    context.on("request", lambda request: requests.append(request.url))
    page = context.new_page()
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.goto(f"{shipped_address}/api")
    expect(page.get_by_role("heading", name="Ask a question")).to_be_visible()
    page.get_by_role("link", name="Answer", exact=True).first.click()
    expect(page.get_by_role("heading", name="Answer", exact=True)).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert serious(page) == []
    assert errors == []
    assert all(url.startswith(shipped_address) for url in requests)
    context.close()


def test_an_answer_is_verified_against_the_originals(client: TestClient, home: Home, encoder: Encoder, tmp_path: Path) -> None:
    add(home, [write(tmp_path / "forests.txt", REPORT)], encoder)
    answer = client.post("/api/ask", json={"question": "How many illegal sawmills were counted?"}).json()
    verified = client.post("/api/verify", json=answer).json()
    quote = {"number": 1, "source": "forests.txt", "text": answer["citations"][0]["text"], "problem": ""}
    assert verified == {"verified": True, "quotes": [quote]}
    assert fits(client.get("/api/openapi.json").json(), "Verification", verified)

    answer["citations"][0]["quote"] = "The ministry of forests counted 413 illegal sawmills in 2021."
    forged = client.post("/api/verify", json=answer).json()
    assert (forged["verified"], len(forged["quotes"])) == (False, 1)
    assert forged["quotes"][0]["problem"].startswith("[1] is not what forests.txt has at ")
    assert client.post("/api/verify", json={"citations": []}).json() == {"verified": False, "quotes": []}
    assert client.post("/api/verify", json={"text": "no citations"}).status_code == 422

    limit(home, "forests.txt", ["finance"])
    unseen = client.post("/api/verify", json=answer, headers={"X-Forwarded-For": "203.0.113.7"}).json()
    assert unseen["quotes"][0]["problem"] == "[1] quotes forests.txt, which is not in the library."
    (home.documents / answer["citations"][0]["document_id"] / "original.txt").unlink()
    gone = client.post("/api/verify", json=answer).json()["quotes"][0]["problem"]
    assert gone == "The original of forests.txt can't be read; whoever runs this Quipu can add it again."


def test_what_is_amiss_is_told_in_full_to_operators_only(client: TestClient, home: Home, encoder: Encoder, tmp_path: Path) -> None:
    add(home, [write(tmp_path / "forests.txt", REPORT)], encoder)
    home.catalogue.write_bytes(b"no database")
    reader = {"X-Forwarded-For": "203.0.113.7"}
    asked = {"question": "Why?"}
    for method, path, body in (("POST", "/api/ask", asked), ("GET", "/api/documents", None), ("GET", "/documents", None)):
        operators, readers = (client.request(method, path, json=body, headers=who) for who in ({}, reader))
        assert (operators.status_code, readers.status_code) == (503, 503)
        assert "library.sqlite can't be read" in html.unescape(operators.text)
        assert str(home.path) not in readers.text
        assert "Quipu can't answer questions right now" in html.unescape(readers.text)
