"""Documents limited to groups of readers: to anybody else, nothing that Quipu says reveals that they exist."""

import hashlib
import json
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from assistant import Answer, Assistant, SentenceRanker
from assistant.question import understand
from corpus import read_bytes
from index import Catalogue, Encoder, Home, Library, LibraryError, Scope, limit
from tests.asked import Client, bearer, secret_file, served, token
from tests.commands import Quipu
from tests.fakes import WordEncoder, open_index
from tests.inline import add
from tests.made import REPORT, pdf, write

RIVERS = """# Rivers

## Fishing

Fishermen of Nauta caught nine tons of dorado in 2020. The catch was half of what it had been before.
"""
MERGER = """# The Zanzibar merger

## Quokka clause

The merger with Zanzibar Holdings costs 7431 million dollars. The quokka clause forbids any sale before 2031.
Ferdinand Quillfeather signed it in Tashkent. The ministry of forests counted 999 secret sawmills.
"""
SPANISH = """# La fusión secreta

## Cláusula del quetzal

La fusión cuesta ocho mil millones de soles. La cláusula del quetzal prohíbe cualquier venta antes de 2031.
"""
DRAWN = [["Blueprint of the vault", "", "The vault of Zanzibar opens with the number 8812."], ["Second page of the blueprint."]]
SECRETS = re.compile(
    r"zanzibar|quokka|7431|quillfeather|tashkent|fusi|quetzal|blueprint|vault|8812|999 secret|merger|\bboard\b", re.IGNORECASE
)
INSIDE, OUTSIDE, OPERATOR = (
    bearer(token(name, groups=groups, exp=int(time.time()) + 3500))  # other tests may run first
    for name, groups in (
        ("ines", ["staff", "board"]),
        ("ana", ["staff", "Board", "boar", "board2", ""]),
        ("olga", ["quipu-operators"]),
    )
)


class Both(NamedTuple):
    """Two served libraries: one with limited documents, and one that never had them."""

    limited: Client
    without: Client
    home: Home
    ids: dict[str, str]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder, ranker: SentenceRanker) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("groups")
    without, home = Home(folder / "without"), Home(folder / "limited")
    add(without, [write(folder / "forests.txt", REPORT), write(folder / "rivers.md", RIVERS)], encoder)
    shutil.copytree(without.path, home.path)
    secret: dict[str, str | bytes] = {
        "zanzibar-merger.md": MERGER,
        "la-fusion.md": SPANISH,
        "blueprint.pdf": pdf(DRAWN, title="Blueprint of the vault"),
    }
    add(home, [write(folder / name, data) for name, data in secret.items()], encoder, groups=["board", "auditors"])
    ids = {entry.name: entry.id for entry in Catalogue(home).active()}
    ranker, key = ranker, secret_file(folder)
    settings: dict[str, Any] = {"sign_in": "token", "token_key": key, "rate": "10000/minute"}
    with served(home, encoder, ranker, **settings) as limited, served(without, encoder, ranker, **settings) as other:
        yield Both(limited, other, home, ids)


def content_of(response: Any) -> tuple[int, dict[str, str], str]:  # noqa: ANN401 - httpx2's response
    """Everything in a response except what differs each time: ids, times, nonces."""
    varying = ("x-request-id", "content-security-policy", "content-length", "date", "retry-after")
    headers = {name: value for name, value in response.headers.items() if name not in varying}
    body = re.sub(r'"(request_id|feedback|app_id|session_hash)":("[^"]*"|null|\d+)', r'"\1":""', response.text)
    body = re.sub(r'"milliseconds":[\d.]+', '"milliseconds":0', body)
    return response.status_code, headers, re.sub(r'nonce="[^"]+"', "", body)


QUESTIONS = (
    "How many illegal sawmills did the ministry count?",
    "How many ilegal sawmils were counted?",
    "How many secret sawmills were counted?",
    "How much does the merger with Zanzibar Holdings cost?",
    "What does the quokka clause forbid?",
    "What does the quoka clause forbid?",
    "zanzibr holdngs",
    "Who is Ferdinand Quillfether?",
    "What opens with the number 8812?",
    "What are the documents about?",
    "hello",
    "How many tons of dorado were caught, and what does the quokka clause forbid?",
    "¿Cuánto cuesta la fusión?",
    "¿Qué prohíbe la cláusula del quetzal?",
    "¿Cuántos aserraderos ilegales contó el ministerio?",
)
HISTORIES = (
    ("What does it forbid?", ["Tell me about the quokka clause of Zanzibar."]),
    ("and in Tashkent?", ["How many illegal sawmills are there?", "Who is Quillfeather?"]),
    ("¿y cuánto cuesta?", ["¿Qué es la fusión secreta?"]),
)


def asked(
    client: Client, who: Mapping[str, str], question: str, history: list[str] | None = None, **within: object
) -> dict[str, Any]:
    response = client.post("/api/ask", json={"question": question, "history": history or [], **within}, headers=who)
    assert response.status_code == 200
    answer: dict[str, Any] = response.json()
    return {key: value for key, value in answer.items() if key != "milliseconds"}


@pytest.mark.parametrize("question", QUESTIONS)
def test_answers_are_those_of_a_library_without_the_limited_documents(both: Both, question: str) -> None:
    visible = asked(both.limited, OUTSIDE, question)
    assert visible == asked(both.without, OUTSIDE, question)
    echoed = {"question", "searched", "reason", "explanation", "unanswered"}  # these repeat what was asked
    assert not SECRETS.search(json.dumps([value for key, value in visible.items() if key not in echoed], ensure_ascii=False))
    words = set(re.findall(r"\w+", question.lower()))
    added = set(re.findall(r"\w+", visible["searched"].lower())) - words
    assert not any(SECRETS.search(word) for word in added)


@pytest.mark.parametrize(("question", "history"), HISTORIES)
def test_answers_to_follow_ups_are_those_of_a_library_without_them(both: Both, question: str, history: list[str]) -> None:
    assert asked(both.limited, OUTSIDE, question, history) == asked(both.without, OUTSIDE, question, history)


def test_asking_a_limited_document_is_asking_an_unknown_one(both: Both) -> None:
    hidden, shown = list(both.ids.values())[2:], both.ids["rivers.md"]
    for question in (QUESTIONS[0], QUESTIONS[4], QUESTIONS[9], "hello", QUESTIONS[13]):
        for within in (hidden, [hidden[0], shown], [hidden[1]]):
            visible = asked(both.limited, OUTSIDE, question, documents=within)
            assert visible == asked(both.without, OUTSIDE, question, documents=within)
            unknown = ["0" * 16 if name in hidden else name for name in within]
            assert visible == asked(both.limited, OUTSIDE, question, documents=unknown)


def test_readers_in_its_groups_are_answered_from_a_limited_document(both: Both) -> None:
    for who in (INSIDE, OPERATOR, bearer(token("aud", groups=["auditors"]))):
        answer = asked(both.limited, who, "What does the quokka clause forbid?")
        assert (answer["status"], answer["citations"][0]["title"]) == ("answered", "The Zanzibar merger")
        assert len(both.limited.get("/api/documents", headers=who).json()) == 5
    assert len(both.limited.get("/api/documents", headers=OUTSIDE).json()) == 2
    assert asked(both.limited, OPERATOR, "hello")["generation"] > 0
    assert asked(both.limited, INSIDE, "hello")["generation"] == 0


def probes(both: Both) -> list[tuple[str, str, dict[str, str]]]:
    """Requests that try to find out whether a limited document exists: method, path, headers."""
    found: list[tuple[str, str, dict[str, str]]] = []
    for name, document in list(both.ids.items())[2:]:
        digest = digest_of(both, name)
        for path in (
            f"/documents/{document}",
            f"/documents/{document}?start=0&end=20&q={digest}",
            f"/documents/{document}?find=quokka",
            f"/documents/{document}?view=text",
            f"/documents/{document}?start=x",
            f"/documents/{document}/pages/1.png",
            f"/documents/{document}/pages/1.png?width=800",
            f"/documents/{document}/pages/99.png",
            f"/documents/{document}/original",
            f"/documents/{document}/",
            f"/documents/{name}",
            f"/passages/{document}:0-20",
            f"/passages/{document}:0-20?q={digest}",
            f"/passages/{document}:0-999999",
            f"/api/passages/{document}:0-20",
            f"/api/passages/{document}:0-20?q={digest}",
            f"/api/passages/{document}:5-1",
            f"/api/documents/{document}",
            f"/gradio_api/file={both.home.documents / document / 'original'}{Path(name).suffix}",
        ):
            found += [("GET", path, {}), ("HEAD", path, {})]
        for etag in (f'"{document}-1-1200"', "*"):
            found.append(("GET", f"/documents/{document}/pages/1.png", {"If-None-Match": etag}))
        found.append(("GET", f"/documents/{document}/original", {"Range": "bytes=0-5"}))
        found.append(("DELETE", f"/api/documents/{document}", {}))
        found.append(("POST", f"/api/documents?name={name}&replaces={document}", {}))
    listed = (
        "/documents",
        "/api/documents",
        "/words",
        "/metrics",
        "/readyz",
        "/healthz",
        "/embed",
        "/api",
        "/api/openapi.json",
    )
    found += [("GET", path, {"Accept-Language": language}) for path in listed for language in ("en", "es")]
    return [*found, ("HEAD", "/documents", {}), ("POST", "/api/feedback", {}), ("GET", "/monitoring/summary", {})]


def digest_of(both: Both, name: str) -> str:
    """The `q` of a link to the first 20 characters of a document."""
    original = both.home.documents / both.ids[name] / f"original{Path(name).suffix}"
    return hashlib.sha256(read_bytes(original.read_bytes(), name).text[:20].encode()).hexdigest()[:8]


def test_no_route_reveals_a_limited_document(both: Both) -> None:
    asked_before = both.limited.get(f"/documents/{both.ids['blueprint.pdf']}/pages/1.png", headers=INSIDE)
    assert asked_before.headers["content-type"] == "image/png"  # which is cached from now on
    assert both.limited.get(f"/documents/{both.ids['blueprint.pdf']}", headers=INSIDE).status_code == 200
    for method, path, headers in probes(both):
        visible = content_of(both.limited.request(method, path, headers={**OUTSIDE, **headers}))
        assert visible == content_of(both.without.request(method, path, headers={**OUTSIDE, **headers})), (method, path)
        body = re.sub(r"/documents/[^\"?& ]*|name=[^\"& ]*", "", visible[2])
        assert not SECRETS.search(body), (method, path)
        for document in both.ids.values():
            if document in path and document in list(both.ids.values())[2:] and "file=" not in path and "replaces" not in path:
                unknown = content_of(both.limited.request(method, path.replace(document, "0" * 16), headers={**OUTSIDE, **headers}))
                assert visible == (unknown[0], unknown[1], unknown[2].replace("0" * 16, document)), (method, path)
    for who in (INSIDE, OPERATOR):
        for name, document in list(both.ids.items())[2:]:
            place = f"{document}:0-20?q={digest_of(both, name)}"
            for path in (f"/documents/{document}/original", f"/passages/{place}", f"/api/passages/{place}"):
                assert both.limited.get(path, headers=who).status_code == 200, path
            shown = both.limited.get(f"/documents/{document}?start=0&end=20&q={digest_of(both, name)}", headers=who)
            assert (shown.status_code, 'class="notice" role="status"' in shown.text) == (200, False), name
            assert both.limited.get(f"/api/passages/{document}:0-20?q=00000000", headers=who).status_code == 404


def chat(client: Client, who: Mapping[str, str], event: str, data: list[object]) -> str:
    """The result of an event of the chat page, requested through Gradio's queue as a browser does."""
    (config,) = re.findall(r"window\.gradio_config = (\{.*?\});</script>", client.get("/", headers=who).text)
    functions = json.loads(config)["dependencies"]
    number = next(place for place, found in enumerate(functions) if any(target[1] == event for target in found["targets"]))
    session = hashlib.sha256(repr((event, data)).encode()).hexdigest()[:12]
    body = {"data": data, "fn_index": functions[number]["id"], "session_hash": session}
    joined = client.post("/gradio_api/queue/join", json=body, headers=who)
    assert joined.status_code == 200
    lines = client.get("/gradio_api/queue/data", params={"session_hash": session}, headers=who).text
    (done,) = [line for line in lines.splitlines() if '"process_completed"' in line]
    output = json.loads(done.removeprefix("data: "))["output"]
    return json.dumps(output["data"], ensure_ascii=False)


def test_the_files_of_the_chat_page_are_the_same_for_everybody(both: Both) -> None:
    chosen = "&".join(f"documents={document}" for document in both.ids.values())
    for path in ("/", f"/?{chosen}", "/theme.css"):
        visible = content_of(both.limited.get(path, headers=OUTSIDE))
        assert visible == content_of(both.limited.get(path, headers=INSIDE)), path
        assert not SECRETS.search(visible[2]), path


def called(client: Client, who: Mapping[str, str], tool: str, **arguments: object) -> str:
    """The response of an MCP tool."""
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    response = client.post("/mcp", json=call, headers={**who, "Accept": "application/json, text/event-stream"})
    assert response.status_code == 200
    return re.sub(r'(milliseconds\\*":) ?[\d.]+', r"\1 0", response.text)


def test_no_mcp_tool_reveals_a_limited_document(both: Both) -> None:
    hidden = both.ids["zanzibar-merger.md"]
    calls: list[tuple[str, dict[str, object]]] = [
        ("documents", {}),
        ("passage", {"id": f"{hidden}:0-20"}),
        ("passage", {"id": f"{hidden}:0-999999", "q": "00000000"}),
        ("ask", {"question": "What does the quoka clause forbid?"}),
        ("ask", {"question": "What does the quokka clause forbid?", "documents": [hidden]}),
        ("ask", {"question": "hello"}),
    ]
    for tool, arguments in calls:
        visible = called(both.limited, OUTSIDE, tool, **arguments)
        assert visible == called(both.without, OUTSIDE, tool, **arguments)
        assert not re.search("zanzibar|7431|forbids|fusi|vault", visible, re.IGNORECASE)
    assert "Zanzibar" in called(both.limited, INSIDE, "documents")
    assert "Zanzibar" in called(both.limited, INSIDE, "passage", id=f"{hidden}:0-20")
    assert "forbids any sale" in called(both.limited, INSIDE, "ask", question="What does the quokka clause forbid?")


def test_the_chat_page_does_not_reveal_a_limited_document(both: Both) -> None:
    greeting = chat(both.limited, OUTSIDE, "load", [])
    assert greeting == chat(both.without, OUTSIDE, "load", [])
    assert not SECRETS.search(greeting)
    assert "Zanzibar" in chat(both.limited, INSIDE, "load", [])
    for question, within in (("What does the quoka clause forbid?", []), ("hello", []), ("quokka", list(both.ids.values())[2:])):
        answer = chat(both.limited, OUTSIDE, "submit", [question, [], within])
        assert answer == chat(both.without, OUTSIDE, "submit", [question, [], within])
        assert not re.search("zanzibar|fusi|vault|7431|forbids", answer, re.IGNORECASE)
    told = chat(both.limited, INSIDE, "submit", ["What does the quokka clause forbid?", [], []])
    assert "forbids any sale" in re.sub("<[^>]*>", "", told)


def test_simultaneous_readers_each_get_their_own_answers(both: Both) -> None:
    def ask(number: int) -> tuple[bool, str]:
        is_inside = number % 2 == 0
        who = INSIDE if is_inside else OUTSIDE
        answer = asked(both.limited, who, ("What does the quokka clause forbid?", "How many secret sawmills?")[number % 4 // 2])
        listed = both.limited.get("/api/documents", headers=who).text
        page = both.limited.get(f"/documents/{both.ids['zanzibar-merger.md']}", headers=who).text
        return is_inside, json.dumps([answer["sentences"], answer["nearest"], answer["citations"]]) + listed + page

    with ThreadPoolExecutor(6) as pool:
        for is_inside, text in pool.map(ask, range(24)):
            assert bool(SECRETS.search(text)) == is_inside


# In a small library, with an encoder that knows words alone


@pytest.fixture
def assistant(home: Home, words: WordEncoder) -> Assistant:
    return Assistant(home, words, SentenceRanker(words))


def sees(assistant: Assistant, *groups: str) -> list[str]:
    """The names of the documents that a reader in these groups may see."""
    return [entry.name for entry in assistant.visible_to(groups).scope().entries()]


SHIPPED = "peru-law-enforcement-corruption.txt"


def test_if_every_document_is_limited_others_see_what_an_empty_library_shows(tmp_path: Path, encoder: Encoder) -> None:
    home, empty = Home(tmp_path / "home"), Home(tmp_path / "empty")
    Assistant(empty, encoder, SentenceRanker(encoder)).scope()
    shutil.copytree(empty.path, home.path)
    add(home, [write(tmp_path / "zanzibar-merger.md", MERGER)], encoder, groups=["board"])
    (hidden,) = Catalogue(home).active()
    key = secret_file(tmp_path)
    with (
        served(home, encoder, sign_in="token", token_key=key) as limited,
        served(empty, encoder, sign_in="token", token_key=key) as other,
    ):
        for question in ("Who controls the VRAEM?", "What does the quoka clause forbid?", "hello"):
            assert asked(limited, OUTSIDE, question) == asked(other, OUTSIDE, question)
        for path in ("/documents", "/api/documents", f"/documents/{hidden.id}", f"/documents/{hidden.id}/original"):
            visible = content_of(limited.get(path, headers=OUTSIDE))
            assert visible == content_of(other.get(path, headers=OUTSIDE))
            assert not SECRETS.search(visible[2])
        assert chat(limited, OUTSIDE, "load", []) == chat(other, OUTSIDE, "load", [])
        (shipped,) = limited.get("/api/documents", headers=OUTSIDE).json()
        assert shipped["source"] == SHIPPED
        assert [found["source"] for found in limited.get("/api/documents", headers=INSIDE).json()] == ["zanzibar-merger.md"]
        assert limited.get(shipped["link"], headers=INSIDE).status_code == 404  # as for everybody once the library has a document


def test_a_limit_takes_effect_at_once(assistant: Assistant, home: Home, words: WordEncoder, tmp_path: Path) -> None:
    add(home, [write(tmp_path / "a.txt", REPORT), write(tmp_path / "b.txt", "Wide rivers.\n")], words)
    reader = assistant.visible_to(["staff"])
    assert [entry.name for entry in reader.scope().entries()] == ["a.txt", "b.txt"]
    before = reader.scope()
    assert not before.stale()
    limit(home, "b.txt", ["board"])
    assert before.stale()
    scope = reader.scope()
    assert [entry.name for entry in scope.entries()] == ["a.txt"]
    assert {hit.passage.document_id for hit in scope.search("wide rivers")} == {scope.entries()[0].id}
    with pytest.raises(LibraryError, match="There is no document"):
        scope.document(Catalogue(home).active()[1].id)
    assert sees(assistant, "board") == ["a.txt", "b.txt"]
    limit(home, "a.txt", ["board"])
    assert sees(assistant, "staff") == [SHIPPED]
    limit(home, "b.txt", [])
    assert sees(assistant, "staff") == ["b.txt"]
    assert [entry.name for entry in Library(home).entries()] == ["a.txt", "b.txt"]
    assert [entry.name for entry in Library(home).entries(["staff"])] == ["b.txt"]


def test_limits_set_on_the_command_line_apply_to_a_running_server(
    quipu: Quipu, home: Home, tmp_path: Path, encoder: Encoder
) -> None:
    first, second = write(tmp_path / "a.txt", REPORT), write(tmp_path / "b.txt", "Rivers\n\nWide rivers of the quokka.\n")
    assert quipu("add", str(first)).code == 0
    with served(home, encoder, sign_in="token", token_key=secret_file(tmp_path)) as client:

        def seen(who: Mapping[str, str]) -> list[str]:
            return [found["source"] for found in client.get("/api/documents", headers=who).json()]

        assert quipu("add", "--group", "board", "--group", "auditors", str(second)).code == 0
        assert (seen(OUTSIDE), seen(INSIDE)) == (["a.txt"], ["a.txt", "b.txt"])
        limited = quipu("limit", "a.txt", "--group", "board")
        assert (limited.code, limited.out) == (0, "a.txt is seen by readers in board, and operators.\n")
        assert (seen(OUTSIDE), seen(INSIDE), seen(OPERATOR)) == ([SHIPPED], ["a.txt", "b.txt"], ["a.txt", "b.txt"])
        opened = quipu("limit", "b.txt", "--everyone")
        assert (opened.code, opened.out) == (0, "b.txt is seen by every reader.\n")
        assert seen(OUTSIDE) == ["b.txt"]
        for wrong in (["a.txt"], ["a.txt", "--group", "x", "--everyone"], ["no.txt", "--group", "x"], ["a.txt", "--group", "a,b"]):
            refused = quipu("limit", *wrong)
            assert (refused.code, refused.out) == (2, "")
            assert refused.err.count("\n") == 1
        assert (seen(OUTSIDE), seen(INSIDE)) == (["b.txt"], ["a.txt", "b.txt"])
        assert quipu("rebuild").code == 0
        assert (seen(OUTSIDE), seen(INSIDE)) == (["b.txt"], ["a.txt", "b.txt"])


def test_adding_never_lifts_a_limit(assistant: Assistant, home: Home, words: WordEncoder, tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", REPORT)
    add(home, [path], words, groups=["board"])
    add(home, [path], words)  # the same file again
    assert sees(assistant) == [SHIPPED]
    add(home, [write(tmp_path / "elsewhere" / "b.txt", REPORT)], words)  # the same bytes from elsewhere
    assert sees(assistant) == [SHIPPED]
    path.unlink()
    add(home, [tmp_path / "elsewhere" / "b.txt"], words)  # after its first file is gone
    assert sees(assistant) == [SHIPPED]
    add(home, [write(tmp_path / "elsewhere" / "b.txt", REPORT + "More was said.\n")], words)  # another text in its place
    assert sees(assistant) == [SHIPPED]
    (entry,) = Catalogue(home).active()
    assert entry.groups == ("board",)


def test_a_document_that_replaces_a_limited_one_is_limited(
    assistant: Assistant, home: Home, words: WordEncoder, tmp_path: Path
) -> None:
    add(home, [write(tmp_path / "a.txt", "Wide rivers.\n")], words)
    add(home, [write(tmp_path / "b.txt", REPORT)], words, groups=["board"])
    write(tmp_path / "b.txt", "Wide rivers.\n")
    add(home, [tmp_path / "b.txt"], words)
    assert sees(assistant) == [SHIPPED]


def test_a_file_that_replaces_another_on_the_page_inherits_its_groups(home: Home, encoder: Encoder, tmp_path: Path) -> None:
    add(home, [write(tmp_path / "a.txt", REPORT)], encoder, groups=["board"])
    (before,) = Catalogue(home).active()
    with served(home, encoder, sign_in="token", token_key=secret_file(tmp_path)) as client:
        for who in (OUTSIDE, INSIDE):
            refused = client.post(f"/api/documents?name=a.txt&replaces={before.id}", content=b"Wide rivers.\n", headers=who)
            assert refused.status_code == 403
        for name, text in (("a.txt", b"Wide rivers.\n"), ("other.txt", b"Narrow rivers.\n")):
            (replaced,) = Catalogue(home).active()
            told = client.post(f"/api/documents?name={name}&replaces={replaced.id}", content=text, headers=OPERATOR)
            assert '"state": "added"' in told.text
            (entry,) = Catalogue(home).active()
            assert (entry.name, entry.groups) == (name, ("board",))
        assert [found["source"] for found in client.get("/api/documents", headers=OUTSIDE).json()] == [SHIPPED]
        for who in (OUTSIDE, INSIDE):
            assert client.put(f"/api/documents/{entry.id}/groups", json={"groups": []}, headers=who).status_code == 403
            assert client.post("/api/documents?name=new.txt&group=", content=b"Narrow rivers.\n", headers=who).status_code == 403
        again = client.post("/api/documents?name=other.txt", content=b"Narrow rivers.\n", headers=OPERATOR)
        assert '"state": "added"' in again.text
        assert [found["source"] for found in client.get("/api/documents", headers=OUTSIDE).json()] == [SHIPPED]
        assert client.put(f"/api/documents/{entry.id}/groups", json={"groups": []}, headers=OPERATOR).status_code == 204
        assert [found["source"] for found in client.get("/api/documents", headers=OUTSIDE).json()] == ["other.txt"]


def phrasings(typed: str, scope: Scope) -> tuple[str, ...]:
    """The phrasings that are searched for a question about these documents."""
    return understand(typed, (), scope).phrasings


def test_words_of_hidden_documents_are_unknown(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    add(home, [write(tmp_path / "a.txt", REPORT)], words)
    add(home, [write(tmp_path / "b.md", SPANISH)], words, groups=["board"])
    index, alone = open_index(home, words), Home(tmp_path / "alone")
    add(alone, [tmp_path / "a.txt"], words)
    terms = index.within().terms()
    for documents in (None, [entry.id for entry in index.within().entries()]):
        seen, other = index.within(documents, ["staff"]), open_index(alone, words).within(documents)
        assert seen.terms() == other.terms()
        assert seen.languages() == other.languages() == {"en"}
        assert seen.size() == other.size()
        assert [seen.frequency(term) for term in terms] == [other.frequency(term) for term in terms]
    for view, is_known in ((index.within(None, ["board"]), True), (index.within(None, ["staff"]), False)):
        for typed in ("what is the clausula del quetzl", "Is Quetzel secret?"):
            assert ("quetzal" in " ".join(phrasings(typed, view)).lower()) == is_known
    assert index.within().languages() == index.within(None, ["board"]).languages() == {"en", "es"}
    assert len(index.within(None, []).entries()) == 1
    assert len(index.within(None, None).entries()) == 2


def test_an_unreadable_hidden_document_does_not_affect_others(
    assistant: Assistant, home: Home, words: WordEncoder, tmp_path: Path
) -> None:
    add(home, [write(tmp_path / "a.txt", REPORT)], words)
    add(home, [write(tmp_path / "b.md", MERGER)], words, groups=["board"])
    hidden = Catalogue(home).active()[1].id
    for path in (home.documents / hidden).iterdir():
        path.write_bytes(b"damaged")
    answers: list[Answer] = [assistant.visible_to(groups).ask("How many illegal sawmills?") for groups in (["board"], [])]
    assert answers[0].citations
    assert answers[1].citations == answers[0].citations
    assert assistant.notice() != ""
    assert assistant.visible_to([]).scope().entries() == Catalogue(home).active()[:1]
