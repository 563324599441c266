"""The MCP server, by the official client over HTTP."""

import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
import uvicorn
from fastapi.testclient import TestClient
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, TextContent

from assistant import Assistant, Feedback, Ranker, SentenceRanker
from index import Catalogue, Home
from tests.asked import bearer, secret_file, served, token
from tests.fakes import Unsure, WordEncoder
from tests.inline import add
from tests.made import REPORT, write
from ui.server import bind, create_app
from ui.settings import ServerSettings

OTHER = "Salaries\n\nThe director of the mint earned 90 thousand soles in 2021.\n"
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}
ACCEPT = {"Accept": "application/json, text/event-stream"}


@contextmanager
def listening(home: Home, ranker: Ranker | None = None, **settings: object) -> Iterator[str]:
    """The application on a port of its own, without a model."""
    given = ServerSettings.load(home=home.path, port=0, **settings)
    listener, words = bind(given), WordEncoder()
    app = create_app(Assistant(home, words, ranker or SentenceRanker(words)), Feedback(home) if given.feedback else None, given)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()


def with_client(address: str, use: Callable[[Client], Awaitable[None]], mode: str = "auto", **headers: str) -> None:
    """Connects the official client, and uses it."""

    async def connect() -> None:
        async with (
            httpx2.AsyncClient(headers=headers, timeout=60) as http,
            Client(streamable_http_client(address, http_client=http), mode=mode) as client,
        ):
            await use(client)

    anyio.run(connect)


def text(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_official_client_asks_lists_and_looks_up(address: str, mode: str) -> None:
    async def use(client: Client) -> None:
        assert client.server_info is not None
        assert client.server_info.name == "quipu"
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert list(listed) == ["ask", "documents", "passage"]
        assert "verbatim" in (listed["ask"].description or "")
        assert set(listed["ask"].input_schema["properties"]) == {"question", "history", "documents"}
        answer = await client.call_tool("ask", {"question": "and in the north?", "history": ["Who controls the VRAEM?"]})
        given: dict[str, Any] = answer.structured_content
        assert (given["status"], given["searched"]) == ("answered", "and in the north? controls VRAEM")
        (citation,) = given["citations"]
        assert f"“{given['text']}” [1]" in text(answer)
        assert f"{address}{citation['link']}" in text(answer)
        documents = await client.call_tool("documents")
        (document,) = documents.structured_content["documents"]
        assert f"{address}{document['link']}" in text(documents)
        place = f"{citation['document_id']}:{citation['start']}-{citation['end']}"
        assert f"(id {place})" in text(answer)
        passage = await client.call_tool("passage", {"id": place})
        assert passage.structured_content["quote"] == citation["quote"]
        assert text(passage).startswith(f"“{citation['text']}”")
        refused = await client.call_tool("ask", {"question": "Who is the king of Norway?"})
        assert (refused.is_error, refused.structured_content["reason"]) == (False, "name_absent: Norway")
        assert "Not in the documents.\n\nThese documents do not answer that: “Norway” does not appear in them." in text(refused)
        within = await client.call_tool("ask", {"question": "Who controls the VRAEM?", "documents": ["0" * 16]})
        assert within.structured_content["reason"] == "no_documents"

    with_client(f"{address}/mcp", use, mode)


def test_what_may_answer_is_quoted_with_its_place(home: Home, report: Path) -> None:
    add(home, [report], WordEncoder())

    async def use(client: Client) -> None:
        (ask, *_) = (await client.list_tools()).tools
        assert "`unsure`" in (ask.description or "")
        answer = await client.call_tool("ask", {"question": "How many illegal sawmills?"})
        given: dict[str, Any] = answer.structured_content
        assert (answer.is_error, given["status"], given["reason"], given["citations"]) == (False, "unsure", "unsure", [])
        first = given["nearest"][0]
        assert first["text"] == "The ministry of forests counted 412 illegal sawmills in 2021."
        assert text(answer).startswith(
            "May be answered.\n\nThese documents may answer this.\n\nThe closest sentences:\n\n"
            f"“{first['text']}” Forests of the North, "
        )
        assert f"{first['link']} (id {first['document_id']}:{first['start']}-{first['end']})" in text(answer)

    with listening(home, Unsure(SentenceRanker(WordEncoder()))) as address:
        with_client(f"{address}/mcp", use)


def test_what_cannot_be_done_is_said_in_a_sentence(home: Home) -> None:
    async def use(client: Client) -> None:
        cases: list[tuple[str, dict[str, Any], str]] = [
            ("ask", {}, "The arguments can't be read: question: Field required."),
            ("ask", {"question": 5}, "The arguments can't be read: question: Input should be a valid string."),
            ("ask", {"question": "a" * 2001}, "The question has 2,001 characters; Quipu takes up to 2,000. Ask about one thing"),
            ("passage", {"id": "x"}, "The arguments can't be read: id: String should match pattern"),
            ("passage", {"id": f"{'0' * 16}:1-5"}, "There is no such document."),
        ]
        for name, arguments, sentence in cases:
            result = await client.call_tool(name, arguments)
            assert result.is_error
            assert text(result).startswith(sentence)
        with pytest.raises(MCPError, match="There is no tool 'nothing'"):
            await client.call_tool("nothing")

    with listening(home) as address:
        with_client(f"{address}/mcp/", use)


def test_questions_count_for_the_limit_the_measures_and_the_feedback(home: Home, tmp_path: Path) -> None:
    add(home, [write(tmp_path / "forests.txt", REPORT)], WordEncoder())

    async def use(client: Client) -> None:
        for _ in range(2):
            answer = await client.call_tool("ask", {"question": "Who seized forty trucks of mahogany?"})
            assert answer.structured_content["feedback"]
        refused = await client.call_tool("ask", {"question": "Who seized forty trucks of mahogany?"})
        assert refused.is_error
        assert text(refused).startswith("Too many questions in a short time. Try again in")
        assert not (await client.call_tool("documents")).is_error

    with listening(home, rate="2/hour", feedback=True) as address:
        with_client(f"{address}/mcp", use)
        measures = httpx2.get(f"{address}/metrics").text
    assert sum(float(line.split()[-1]) for line in measures.splitlines() if line.startswith("quipu_questions_total")) == 2
    assert 'quipu_refused_total{why="user"} 1.0' in measures
    assert len(Feedback(home).kept()) == 2


def test_readers_of_different_groups_ask_at_the_same_time_and_see_their_own(home: Home, tmp_path: Path) -> None:
    add(home, [write(tmp_path / "forests.txt", REPORT)], WordEncoder(), groups=["forests"])
    add(home, [write(tmp_path / "salaries.txt", OTHER)], WordEncoder(), groups=["mint"])
    question = "Who seized forty trucks of mahogany, and what did the director of the mint earn?"

    async def visit(address: str, group: str, source: str) -> None:
        async with (
            httpx2.AsyncClient(headers=bearer(token(group, groups=[group])), timeout=60) as http,
            Client(streamable_http_client(address, http_client=http)) as client,
        ):

            async def ask() -> None:
                answer = (await client.call_tool("ask", {"question": question})).structured_content
                assert {place["source"] for place in answer["citations"] + answer["nearest"]} == {source}
                (document,) = (await client.call_tool("documents")).structured_content["documents"]
                assert document["source"] == source
                place = f"{ids[source]}:0-5"
                assert not (await client.call_tool("passage", {"id": place})).is_error
                for other in ids.keys() - {source}:
                    hidden = await client.call_tool("passage", {"id": f"{ids[other]}:0-5"})
                    assert text(hidden) == "There is no such document."

            async with anyio.create_task_group() as tasks:
                for _ in range(6):
                    tasks.start_soon(ask)

    async def both(address: str) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(visit, address, "forests", "forests.txt")
            tasks.start_soon(visit, address, "mint", "salaries.txt")

    ids = {entry.name: entry.id for entry in Catalogue(home).active()}
    with listening(home, sign_in="token", token_key=secret_file(tmp_path)) as address:
        anyio.run(both, f"{address}/mcp")


@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
def test_nobody_comes_in_without_a_sign_in(home: Home, tmp_path: Path, path: str) -> None:
    with served(home, WordEncoder(), sign_in="token", token_key=secret_file(tmp_path)) as client:
        for headers in ({}, bearer(token(key="another secret, which is long enough, too"))):
            refused = client.post(path, json=INITIALIZE, headers=ACCEPT | headers)
            assert (refused.status_code, refused.headers["content-type"]) == (401, "application/problem+json")
        begun = client.post(path, json=INITIALIZE, headers=ACCEPT | bearer(token()))
        assert begun.json()["result"]["serverInfo"]["name"] == "quipu"
        assert "mcp-session-id" not in begun.headers


def test_links_have_the_address_by_which_readers_reach_it(home: Home) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "documents", "arguments": {}}}
    with served(home, WordEncoder(), address="https://quipu.example/reports", public=True) as client:
        client.base_url = httpx2.URL("https://quipu.example")
        for path in ("/reports/mcp", "/reports/mcp/", "/mcp", "/mcp/"):
            result = client.post(path, json=call, headers=ACCEPT).json()["result"]
            (document,) = result["structuredContent"]["documents"]
            assert document["link"] == f"/reports/documents/{document['id']}"
            assert f"https://quipu.example/reports/documents/{document['id']}" in result["content"][0]["text"]


def test_other_methods_sites_and_hosts_are_refused(home: Home) -> None:
    with served(home, WordEncoder()) as client:
        for method in ("GET", "DELETE", "PUT"):
            refused = client.request(method, "/mcp", headers=ACCEPT)
            assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
        assert client.post("/mcp", json=INITIALIZE, headers={"Origin": "https://evil.example"}).status_code == 403
        assert client.post("/mcp", json=INITIALIZE, headers={"Host": "evil.example"}).status_code == 400
        assert client.post("/mcp", content=b"{" * 5_000_000, headers=ACCEPT).status_code == 413


def test_a_bug_is_told_of_as_one_and_logged_once(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: Assistant, question: str, *__: object) -> None:
        raise RuntimeError(question)

    monkeypatch.setattr(Assistant, "ask", broken)
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "ask", "arguments": {"question": "a secret"}}}
    with served(home, WordEncoder()) as client:
        result = client.post("/mcp", json=call, headers=ACCEPT).json()["result"]
    assert (result["isError"], result["content"][0]["text"]) == (
        True,
        "Something went wrong in Quipu; its log says where.",
    )
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "RuntimeError" in record.getMessage()
    assert "a secret" not in caplog.text


def test_it_can_be_stopped_and_started_again(home: Home) -> None:
    words = WordEncoder()
    app = create_app(Assistant(home, words, SentenceRanker(words)))
    for _ in range(2):
        with TestClient(app, base_url="http://localhost:7860") as client:
            assert client.post("/mcp", json=INITIALIZE, headers=ACCEPT).status_code == 200
    stopped = TestClient(app, base_url="http://localhost:7860").post("/mcp", json=INITIALIZE, headers=ACCEPT)
    assert stopped.status_code == 503
