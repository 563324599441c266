"""The library page: what an operator does there, what readers see, and what is refused."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, BrowserContext, FilePayload, Locator, Page, expect

from corpus import last_part
from index import Catalogue, Encoder, Entry, Home
from tests.browsing import needs_browser
from tests.inline import add
from tests.made import REPORT, pdf, scanned_pdf, write
from ui.web import library_page

BRIDGES = "Bridges of the east\n\nThe bridge over the Ucayali was opened in 1999.\n"
NEWER = "Bridges of the east\n\nThe bridge over the Ucayali was closed in 2015.\n"
HOSTILE_NAME = "<img src=x onerror=alert(1)>.txt"
FORWARDED = {"X-Forwarded-For": "203.0.113.7"}


def send(client: TestClient, name: str, data: str | bytes, **query: str) -> list[dict[str, Any]]:
    response = client.post("/api/documents", params={"name": name, **query}, content=data)
    assert response.status_code == 200
    return [json.loads(line) for line in response.text.splitlines()]


def names(client: TestClient) -> list[str]:
    return [document["source"] for document in client.get("/api/documents").json()]


def answer(client: TestClient, question: str) -> str:
    return " ".join(sentence["text"] for sentence in client.post("/api/ask", json={"question": question}).json()["sentences"])


def test_the_shipped_report_is_shown_until_the_first_document_is_added(shipped_client: TestClient) -> None:
    page = shipped_client.get("/documents").text
    assert "This report comes with Quipu" in page
    assert 'data-do="remove"' not in page
    (shipped,) = shipped_client.get("/api/documents").json()
    assert f'href="{shipped["link"]}"' in page
    response = shipped_client.delete(f"/api/documents/{shipped['id']}")
    assert (response.status_code, response.json()["detail"]) == (404, "There is no such document.")
    assert shipped_client.head("/documents").status_code == 200


def test_an_upload_tells_how_it_goes_and_is_asked_at_once(client: TestClient, home: Home) -> None:
    said = send(client, "bridges.txt", BRIDGES)
    assert [line["state"] for line in said] == ["reading", "encoding", "encoding", "added"]
    assert said[1:3] == [{"state": "encoding", "done": 0, "of": 1}, {"state": "encoding", "done": 1, "of": 1}]
    assert said[-1]["message"] == "Added as “Bridges of the east”."
    assert names(client) == ["bridges.txt"]
    assert answer(client, "When was the bridge over the Ucayali opened?") == "The bridge over the Ucayali was opened in 1999."
    assert client.get(f"/documents/{said[-1]['id']}").status_code == 200
    assert [path.name for path in home.uploads.iterdir() if path.suffix] == []


def test_what_an_upload_is_told(client: TestClient) -> None:
    first = send(client, "bridges.txt", BRIDGES)[-1]
    again = send(client, "copy.txt", BRIDGES)[-1]
    known = first["id"]
    assert again == {"state": "added", "message": "Already in the library as bridges.txt.", "id": known, "ids": [known]}
    scanned = send(client, "scan.pdf", scanned_pdf(4, [2]))[-1]
    sentences = "There is no text on PDF pages 1, 3-4, which may be blank or scanned. Quipu reads scanned pages by OCR if"
    assert sentences in scanned["message"]
    page = client.get("/documents").text
    assert "no text on PDF pages 1, 3-4" in page


def test_how_a_document_was_read_is_told(client: TestClient) -> None:
    pages = [["Rivers are wide and brown \ufffd."], ["Roads are long."], ["Woods are green."]]
    said = send(client, "r.pdf", pdf(pages, header="The report of the ministry, page {n}"))[-1]
    assert said["message"] == "Added as “r”. Header and footer lines left out: 3."
    garbled = send(client, "odd.md", "# Odd\n\nab\ue001\ue002 It is.\n")[-1]
    assert "17% of its characters are unreadable, so its text can't be relied on." in garbled["message"]
    page = client.get("/documents").text
    assert "header and footer lines left out: 3" in page
    assert "17% garbled" in page
    first, second = client.get("/api/documents").json()
    kept = {"page_kind": "page", "pages": 3, "ocr_pages": [], "pages_without_text": [], "running_lines": 3, "garbled": 0.0}
    assert {name: first[name] for name in kept} == kept
    assert (second["garbled"], second["running_lines"]) == (0.1667, 0)


def test_a_document_is_replaced_where_it_is_said_and_only_there(client: TestClient) -> None:
    first = send(client, "bridges.txt", BRIDGES)[-1]["id"]
    refused = send(client, "bridges.txt", NEWER)[-1]
    assert refused == {
        "state": "error",
        "message": "There is already a document named bridges.txt: replace it, or rename the file.",
    }
    assert [document["id"] for document in client.get("/api/documents").json()] == [first]
    second = send(client, "bridges.txt", NEWER, replaces=first)[-1]
    assert "It replaces bridges.txt, added on 20" in second["message"]
    assert [document["id"] for document in client.get("/api/documents").json()] == [second["id"]]
    assert client.get(f"/documents/{first}").status_code == 404
    third = send(client, "forests.txt", REPORT, replaces=second["id"])[-1]
    assert "It replaces bridges.txt, added on 20" in third["message"]
    assert names(client) == ["forests.txt"]
    kept = client.get("/api/documents").json()[0]["id"]
    assert send(client, "forests.txt", REPORT, replaces=kept)[-1]["id"] == kept  # with itself: it stays
    assert names(client) == ["forests.txt"]


def test_a_document_added_elsewhere_can_be_replaced_and_removed(
    client: TestClient, home: Home, encoder: Encoder, tmp_path: Path
) -> None:
    add(home, [write(tmp_path / "r.txt", REPORT), write(tmp_path / "b.txt", BRIDGES)], encoder)
    forests, bridges = (document["id"] for document in client.get("/api/documents").json())
    send(client, "b.txt", NEWER, replaces=bridges)
    assert names(client) == ["r.txt", "b.txt"]
    assert client.delete(f"/api/documents/{forests}").status_code == 204
    assert names(client) == ["b.txt"]
    assert client.delete(f"/api/documents/{forests}").status_code == 404
    assert client.delete("/api/documents/b.txt").status_code == 404  # by its id only
    assert (tmp_path / "r.txt").exists()


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("broken.pdf", b"%PDF-1.4 nonsense", "broken.pdf "),
        ("empty.txt", b"", "empty.txt is empty."),
        ("blank.md", b"---\n***\n", "blank.md holds no text."),
    ],
)
def test_a_broken_file_costs_one_sentence(client: TestClient, home: Home, name: str, data: bytes, message: str) -> None:
    send(client, "bridges.txt", BRIDGES)
    before = client.get("/api/documents").json()
    said = send(client, name, data)[-1]
    assert said["state"] == "error"
    assert said["message"].startswith(message)
    assert client.get("/api/documents").json() == before
    assert not (home.uploads / name).exists()


def test_a_failed_replacement_leaves_what_was_there(client: TestClient) -> None:
    kept = send(client, "bridges.txt", BRIDGES)[-1]["id"]
    assert send(client, "broken.pdf", b"%PDF", replaces=kept)[-1]["state"] == "error"
    assert names(client) == ["bridges.txt"]


@pytest.mark.parametrize(
    ("query", "status", "detail"),
    [
        ({"name": "tool.exe"}, 422, "tool.exe is of a type that Quipu doesn't read. It reads CSV, DOCX"),
        ({"name": ""}, 422, "? is of a type"),
        ({"name": "../.txt"}, 422, ".txt is of a type"),
        ({"name": f"{'a' * 200}.txt"}, 422, "The file's name is too long: the limit is 200 characters."),
        ({"name": f"{'橋' * 100}.txt"}, 422, "The file's name is too long"),
        ({"name": "a.txt", "replaces": "0000000000000000"}, 404, "There is no such document."),
        ({}, 422, "The request can't be read: query.name: Field required."),
    ],
)
def test_what_cannot_be_uploaded_is_a_problem_in_words(
    shipped_client: TestClient, query: dict[str, str], status: int, detail: str
) -> None:
    response = shipped_client.post("/api/documents", params=query, content=BRIDGES)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"].startswith(detail)
    assert names(shipped_client) == ["peru-law-enforcement-corruption.txt"]


def test_a_file_that_is_too_large_is_refused_by_what_it_says_and_by_what_comes(
    shipped_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_page, "_LARGEST", 1)

    def parts() -> Iterator[bytes]:
        yield from [b"a" * 600_000] * 2

    for content in (b"a" * 1_000_001, parts()):
        response = shipped_client.post("/api/documents", params={"name": "a.txt"}, content=content)
        assert response.status_code == 413
        assert response.json()["detail"] == "The file is too large: the limit is 1 MB."
    assert names(shipped_client) == ["peru-law-enforcement-corruption.txt"]


def test_only_the_last_part_of_a_name_counts(client: TestClient, home: Home) -> None:
    assert last_part("../../etc/x.txt") == last_part("C:\\files\\x.txt") == last_part(" x.txt ") == "x.txt"
    assert last_part("a\x00\u202eb.txt") == "a\ufffd\ufffdb.txt"
    send(client, "../../outside.txt", BRIDGES)
    assert names(client) == ["outside.txt"]
    assert not list(home.path.parent.glob("outside.txt"))


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "Via", "X-Real-IP"])
def test_who_comes_by_a_proxy_is_no_operator(client: TestClient, header: str) -> None:
    kept = send(client, "bridges.txt", BRIDGES)[-1]["id"]
    headers = {header: "for=203.0.113.7"}
    page = client.get("/documents", headers=headers).text
    assert "Bridges of the east" in page
    assert not re.search("<script|data-do|<dialog|type=.file", page)
    refused = [
        client.post("/api/documents", params={"name": "x.txt"}, content=REPORT, headers=headers),
        client.delete(f"/api/documents/{kept}", headers=headers),
    ]
    for response in refused:
        assert response.status_code == 403
        assert response.json()["detail"] == "Only an operator of this Quipu may change the library."
    assert names(client) == ["bridges.txt"]


def test_another_site_can_change_nothing(client: TestClient) -> None:
    kept = send(client, "bridges.txt", BRIDGES)[-1]["id"]
    evil = {"Origin": "https://evil.example"}
    assert client.post("/api/documents", params={"name": "x.txt"}, content=REPORT, headers=evil).status_code == 403
    assert client.delete(f"/api/documents/{kept}", headers=evil).status_code == 403
    assert names(client) == ["bridges.txt"]


def test_what_documents_say_of_themselves_is_only_text(client: TestClient) -> None:
    send(client, HOSTILE_NAME, "# <script>alert(1)</script> \"Title' & {braces}\n\nWide rivers.\n")
    send(client, "x.md", '# "><b onclick=alert(1)>Title</b>\n\nWide rivers indeed.\n')
    page = client.get("/documents").text
    assert re.findall(r"<script[^>]*>", page) == ['<script src="/app-static/library.js" defer>']
    assert not re.search("<(img|b)[ >]", page)
    assert "&lt;img src=x onerror=alert(1)&gt;.txt" in page


def test_a_document_that_is_not_searched_is_shown_to_the_operator(client: TestClient, home: Home) -> None:
    send(client, "bridges.txt", BRIDGES)
    Catalogue(home).put(Entry("0" * 16, "lost.txt", "/lost.txt", "2026-01-01T00:00:00+00:00"))
    assert "Not searched yet." in client.get("/documents").text
    assert "lost.txt" not in client.get("/documents", headers=FORWARDED).text
    assert client.delete(f"/api/documents/{'0' * 16}").status_code == 204
    assert "lost.txt" not in client.get("/documents").text


def test_a_library_that_cannot_be_opened_is_said_on_the_page(
    client: TestClient, home: Home, encoder: Encoder, tmp_path: Path
) -> None:
    add(home, [write(tmp_path / "r.txt", REPORT)], encoder)
    (home.generations / "1" / "vectors.f16").write_bytes(b"damaged")
    response = client.get("/documents")
    assert response.status_code == 503
    assert "run `quipu rebuild`" in response.text


def test_in_spanish(client: TestClient) -> None:
    client.headers["Accept-Language"] = "es"
    assert "Este informe viene con Quipu" in client.get("/documents").text
    assert send(client, "puentes.txt", BRIDGES)[-1]["message"] == "Añadido como «Bridges of the east»."
    page = client.get("/documents").text
    assert "Las respuestas citan estos documentos" in page
    assert "inglés" in page
    assert 'href="/language/en?next=/documents"' in page
    send(client, "puentes.csv", "Puente;Largo\nUcayali;400\n")
    assert re.search(r'data-label="Páginas">\s*1 hoja\s*</td>', client.get("/documents").text)
    refused = client.post("/api/documents", params={"name": "x.exe"}, content=b"x")
    assert refused.json()["detail"].startswith("x.exe es de un tipo que Quipu no lee.")


class Operator:
    """An operator's visit to the library page: alerts and errors are kept."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.address = address
        self.wrong: list[str] = []
        context.on("weberror", lambda error: self.wrong.append(str(error.error)))
        self.page: Page = context.new_page()
        self.page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
        self.page.goto(f"{address}/documents")

    def row(self, name: str) -> Locator:
        return self.page.locator("tbody tr", has_text=name)

    def choose(self, *named: tuple[str, str]) -> None:
        self.page.set_input_files("#files", [file(*one) for one in named])

    def drop(self, name: str, text: str) -> None:
        script = "([name, text]) => { const d = new DataTransfer(); d.items.add(new File([text], name)); return d }"
        carried = self.page.evaluate_handle(script, [name, text])
        for event in ("dragover", "drop"):
            self.page.dispatch_event("#drop", event, {"dataTransfer": carried})

    def answer(self, question: str) -> str:
        response = self.page.request.post(f"{self.address}/api/ask", data={"question": question})
        return " ".join(sentence["text"] for sentence in response.json()["sentences"])


def file(name: str, text: str) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": text.encode()}


@pytest.fixture
def operator(browser: Browser, address: str) -> Iterator[Operator]:
    context = browser.new_context(locale="en-US")
    context.set_default_timeout(20_000)
    yield Operator(context, address)
    context.close()


@needs_browser
def test_files_are_added_by_choosing_and_by_dropping_them(operator: Operator) -> None:
    page = operator.page
    expect(page.get_by_text("This report comes with Quipu")).to_be_visible()
    operator.choose(("bridges.txt", BRIDGES), ("broken.pdf", "%PDF nonsense"))
    expect(page.locator("#uploads li", has_text="bridges.txt")).to_contain_text("Added as", timeout=20_000)
    expect(page.locator("#uploads li.failed")).to_contain_text("broken.pdf", timeout=20_000)
    expect(operator.row("bridges.txt")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(1)
    assert "opened in 1999" in operator.answer("When was the bridge over the Ucayali opened?")
    operator.drop("forests.txt", REPORT)
    expect(operator.row("forests.txt")).to_be_visible(timeout=20_000)
    assert "412" in operator.answer("How many illegal sawmills?")
    expect(page.locator("progress")).to_have_count(0)
    assert operator.wrong == []


@needs_browser
def test_a_document_is_replaced_and_removed(operator: Operator) -> None:
    page = operator.page
    operator.choose(("bridges.txt", BRIDGES), ("forests.txt", REPORT))
    expect(operator.row("forests.txt")).to_be_visible(timeout=20_000)
    with page.expect_file_chooser() as chooser:
        operator.row("bridges.txt").get_by_role("button", name="Replace").click()
    chooser.value.set_files(file("newer.txt", NEWER))
    expect(operator.row("newer.txt")).to_be_visible(timeout=20_000)
    expect(operator.row("bridges.txt")).to_have_count(0)
    assert "closed in 2015" in operator.answer("When was the bridge over the Ucayali closed?")
    operator.row("newer.txt").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("dialog")).to_contain_text("Remove “Bridges of the east”?")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(operator.row("newer.txt")).to_be_visible()
    operator.row("newer.txt").get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(operator.row("newer.txt")).to_have_count(0)
    expect(operator.row("forests.txt")).to_be_visible()
    assert "2015" not in operator.answer("When was the bridge over the Ucayali closed?")
    assert operator.wrong == []


@needs_browser
def test_several_documents_are_chosen_to_be_asked(operator: Operator) -> None:
    operator.choose(("bridges.txt", BRIDGES), ("forests.txt", REPORT))
    expect(operator.row("forests.txt")).to_be_visible(timeout=20_000)
    operator.page.get_by_role("checkbox", name="Select “Bridges of the east”").check()
    operator.page.get_by_role("checkbox", name="Select “Forests of the North”").check()
    with operator.page.expect_request(re.compile(r"/\?documents=[0-9a-f]{16}&documents=[0-9a-f]{16}$")):
        operator.page.get_by_role("button", name="Ask the selected documents").click()


@needs_browser
def test_hostile_names_come_to_no_life_in_the_page(operator: Operator) -> None:
    operator.choose((HOSTILE_NAME, "<script>alert(1)</script>\n\nThe rivers are wide.\n"))
    expect(operator.row(HOSTILE_NAME)).to_be_visible(timeout=20_000)
    expect(operator.page.locator("#uploads .name")).to_have_text(HOSTILE_NAME)
    operator.row(HOSTILE_NAME).get_by_role("button", name="Remove").click()
    expect(operator.page.get_by_role("dialog")).to_contain_text(f"Remove “{HOSTILE_NAME.removesuffix('.txt')}”?")
    assert operator.page.locator("main img, main script").count() == 0
    assert operator.wrong == []


@needs_browser
def test_at_360_pixels_in_spanish_nothing_scrolls_sideways(
    browser: Browser,
    home: Home,
    encoder: Encoder,
    tmp_path: Path,
    address: str,
) -> None:
    long = "a_very_long_name_without_any_place_to_break_it_that_goes_on_and_on_2024_final.txt"
    pages = [["Rivers are wide and brown."], [], ["Roads are long."], []]
    add(home, [write(tmp_path / long, REPORT), write(tmp_path / "r.pdf", pdf(pages, footer="{n}"))], encoder)
    context = browser.new_context(locale="es-PE", viewport={"width": 360, "height": 740}, color_scheme="dark")
    operator = Operator(context, address)
    expect(operator.page.get_by_text("sin texto en las páginas 2, 4 del PDF")).to_be_visible()
    assert operator.page.evaluate("document.documentElement.scrollWidth") <= 360
    operator.row(long).get_by_role("button", name="Quitar").click()
    expect(operator.page.get_by_role("dialog")).to_be_in_viewport()
    assert operator.page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()


def test_feedback_that_cannot_be_written_hides_no_outcome(client: TestClient, home: Home) -> None:
    first = send(client, "bridges.txt", BRIDGES)[-1]["id"]
    write(home.path / "feedback.sqlite", "this is no database")
    assert send(client, "newer.txt", NEWER, replaces=first)[-1]["state"] == "added"
    (document,) = client.get("/api/documents").json()
    assert document["source"] == "newer.txt"
    assert client.delete(f"/api/documents/{document['id']}").status_code == 204


def test_what_lies_among_the_uploads_stops_none(client: TestClient, home: Home) -> None:
    (home.uploads / "folder.txt").mkdir(parents=True)
    write(home.uploads / "left.txt", "left by a killed server")
    assert send(client, "bridges.txt", BRIDGES)[-1]["state"] == "added"
    assert not (home.uploads / "left.txt").exists()


def test_a_file_that_is_there_already_replaces_nothing(client: TestClient) -> None:
    first = send(client, "bridges.txt", BRIDGES)[-1]["id"]
    send(client, "forests.txt", REPORT)
    said = send(client, "forests.txt", REPORT, replaces=first)[-1]
    assert said == {"state": "error", "message": "Already in the library as forests.txt; nothing was replaced."}
    assert names(client) == ["bridges.txt", "forests.txt"]
