"""The HTTP side: the API, the document pages, and what every response carries."""

import io
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from assistant import Assistant, SentenceRanker
from corpus import read_bytes
from index import Encoder, Home, remove
from tests.asked import served
from tests.fakes import Unsure, WordEncoder
from tests.inline import add
from tests.made import REPORT, pdf, write
from ui.addresses import is_loopback_host
from ui.api.find_passage import locate
from ui.errors import AddressError
from ui.pages import Frame
from ui.server import bind
from ui.settings import ServerSettings
from ui.web.document_page import render
from ui.web.find_in_document import matches_in
from ui.web.page_images import PageImages

HOSTILE = """# <script>alert(1)</script> & "Title"

<img src=x onerror=alert(1)> A **paragraph** with [a link](javascript:alert(1)) and ![pic](http://evil.example/x.png).

- an item </p><form action=http://evil.example> &lt;b&gt; \u202ereversed
"""


def marked(page: str) -> list[str]:
    return re.findall(r"<mark[^>]*>(.*?)</mark>", page, re.DOTALL)


def test_ask(shipped_client: TestClient) -> None:
    response = shipped_client.post("/api/ask", json={"question": "and in the north?", "history": ["Who controls the VRAEM?"]})
    assert response.status_code == 200
    answer = response.json()
    assert (answer["status"], answer["searched"]) == ("answered", "and in the north? controls VRAEM")
    assert "on the north coast of Peru" in answer["citations"][0]["quote"]
    nothing = shipped_client.post("/api/ask", json={"question": "Are prisons full?", "documents": ["unknown"]}).json()
    assert (nothing["status"], nothing["reason"]) == ("not_in_documents", "no_documents")


def test_what_may_answer_is_given_with_its_place(home: Home, report: Path) -> None:
    words = WordEncoder()
    add(home, [report], words)
    with served(home, words, Unsure(SentenceRanker(words))) as client:
        answer = client.post("/api/ask", json={"question": "¿Cuántos aserraderos?"}).json()
        nearest = answer["nearest"]
        pages = [client.get(citation["link"]).text for citation in nearest]
    assert (answer["status"], answer["reason"], answer["citations"]) == ("unsure", "unsure", [])
    assert answer["explanation"] == "Puede que estos documentos respondan a esto."
    assert nearest[0]["text"] == "The ministry of forests counted 412 illegal sawmills in 2021."
    assert [marked(page) for page in pages] == [[citation["quote"]] for citation in nearest]


@pytest.mark.parametrize("prefix", ["", "/quipu"])
def test_the_chat_page_links_to_a_web_app_manifest(home: Home, prefix: str) -> None:
    with served(home, WordEncoder(), address=f"http://localhost:7860{prefix}") as client:
        links = re.findall(r'<link rel="manifest" href="([^"]*)"', client.get(f"{prefix}/").text)
        response = client.get(f"{prefix}/manifest.json")
        icon = client.get(f"{prefix}/app-static/icon.svg")
        tokens = client.get(f"{prefix}/app-static/tokens.css").text
    assert links == [f"{prefix}/manifest.json"]
    assert (response.status_code, response.headers["content-type"]) == (200, "application/manifest+json")
    assert response.json() == {
        "name": "Quipu",
        "start_url": f"{prefix}/",
        "scope": f"{prefix}/",
        "display": "minimal-ui",
        "theme_color": "#8a3b12",
        "background_color": "#fbfaf7",
        "icons": [{"src": f"{prefix}/app-static/icon.svg", "sizes": "any", "type": "image/svg+xml"}],
    }
    assert (icon.status_code, icon.headers["content-type"].partition(";")[0]) == (200, "image/svg+xml")
    assert "--accent: light-dark(#8a3b12," in tokens
    assert "--paper: light-dark(#fbfaf7," in tokens


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (
            {"question": "a" * 100_000},
            "The question has 100,000 characters; Quipu takes up to 2,000.",
        ),
        ({}, "The request can't be read: body.question: Field required."),
        ({"question": 5}, "The request can't be read: body.question: Input should be a valid string."),
        ([], "The request can't be read: body: Input should be"),
    ],
)
def test_what_cannot_be_asked_is_a_problem_in_one_sentence(shipped_client: TestClient, body: object, detail: str) -> None:
    response = shipped_client.post("/api/ask", json=body)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"].startswith(detail)


def test_a_body_that_is_no_json_is_a_problem_too(shipped_client: TestClient) -> None:
    for body in (b"\xff", b"[" * 100_000, b"{"):
        response = shipped_client.post("/api/ask", content=body, headers={"Content-Type": "application/json"})
        assert response.status_code in (400, 422)
        assert response.headers["content-type"] == "application/problem+json"


def test_documents_and_health(client: TestClient, home: Home, encoder: Encoder, tmp_path: Path) -> None:
    (shipped,) = client.get("/api/documents").json()
    assert (shipped["source"], shipped["passages"], shipped["pages"]) == ("peru-law-enforcement-corruption.txt", 8, 0)
    add(home, [write(tmp_path / "r.pdf", pdf([["Rivers are wide and brown."], []], footer="{n}"))], encoder)
    (added,) = client.get("/api/documents").json()
    assert (added["source"], added["pages"], added["pages_without_text"], added["language"]) == ("r.pdf", 2, [2], "en")
    assert client.get(added["link"]).status_code == 200
    assert client.get("/readyz").json() == {"status": "ready"}
    assert "quipu_passages 1.0\n" in client.get("/metrics").text


def test_a_library_that_cannot_be_opened_is_unavailable(client: TestClient, home: Home, encoder: Encoder, tmp_path: Path) -> None:
    add(home, [write(tmp_path / "r.txt", REPORT)], encoder)
    (home.generations / "1" / "vectors.f16").write_bytes(b"damaged")
    response = client.post("/api/ask", json={"question": "Why?"})
    assert (response.status_code, client.get("/readyz").status_code, client.get("/healthz").status_code) == (503, 503, 200)
    assert "run `quipu rebuild`" in response.json()["detail"]


def test_a_citations_link_shows_the_quote_marked(shipped_client: TestClient) -> None:
    citation = shipped_client.post("/api/ask", json={"question": "Who controls the VRAEM?"}).json()["citations"][0]
    page = shipped_client.get(citation["link"]).text
    assert marked(page) == [citation["text"]]
    assert "<h3 dir" not in page  # the report's title is h1, its sections h2
    assert page.count("<h1") == 1


def test_a_quote_over_blocks_and_pages_is_marked_in_each() -> None:
    document = read_bytes(pdf([["First page ends here.", "", "And more."], ["Second page begins."]], footer="- {n} -"), "r.pdf")
    page = render(document, (document.text.index("ends"), document.text.index(" begins")), False, Frame("en"))
    assert marked(page) == ["ends here.", "And more.", "Second page"]
    assert re.findall(r'id="(page-\d)"[^>]*>([^<]*)</p>', page) == [("page-1", "Page 1"), ("page-2", "Page 2")]


def test_both_page_numbers_are_shown_where_they_differ() -> None:
    document = read_bytes(pdf([["Cover."], [], ["Text."]], labels=[(0, "ROMAN_LOWER", 1), (1, "ARABIC", 1)]), "r.pdf")
    page = render(document, None, False, Frame("es"))
    assert re.findall(r'id="page-\d"[^>]*>([^<]*)</p>', page) == [
        "Página i · PDF 1",
        "Página 1 · PDF 2 (sin texto)",
        "Página 2 · PDF 3",
    ]


def test_the_text_of_a_hostile_document_is_only_text(client: TestClient, home: Home, encoder: Encoder, tmp_path: Path) -> None:
    add(home, [write(tmp_path / "<b>hostile.md", HOSTILE)], encoder)
    (document,) = client.get("/api/documents").json()
    response = client.get(document["link"])
    page = response.text
    assert re.findall(r"<(script|img|form|b)\b[^>]*>", page) == ["script", "form"]  # our own script, and the form to find words
    assert "evil.example" not in re.sub(r">[^<]*<", "><", page)
    assert {re.sub(r"[?#].*", "", href) for href in re.findall(r'(?:href|src|action)="([^"]*)"', page)} <= {
        "",
        "/",
        "/documents",
        "/language/es",
        document["link"],
        f"{document['link']}/original",
        "/app-static/icon.svg",
        "/app-static/tokens.css",
        "/app-static/base.css",
        "/app-static/document.css",
        "/app-static/document.js",
    }
    assert "\u202e" not in page
    assert "script-src 'self';" in response.headers["content-security-policy"]


def test_an_unknown_or_removed_document_is_not_found(client: TestClient, home: Home, encoder: Encoder, tmp_path: Path) -> None:
    add(home, [write(tmp_path / "r.txt", REPORT), write(tmp_path / "s.txt", "Rivers\n\nWide rivers.\n")], encoder)
    link = client.post("/api/ask", json={"question": "How many illegal sawmills?"}).json()["citations"][0]["link"]
    assert "412" in client.get(link).text
    remove(home, "r.txt")
    for path in (link, "/documents/0000000000000000", "/documents/..%2f..%2fCURRENT"):
        response = client.get(path, headers={"Accept-Language": "es"})
        assert response.status_code == 404
        assert "412 illegal" not in response.text  # "412" alone may be part of a request's id
    assert "No existe ese documento." in client.get(link, headers={"Accept-Language": "es-PE,en;q=0.5"}).text
    everything = [client.get(path).text for path in ("/", "/api/documents", "/metrics")]
    everything.append(client.post("/api/ask", json={"question": "How many illegal sawmills?"}).text)
    assert not any("412 illegal" in text or "mahogany" in text for text in everything)  # "412" alone may be part of a random id


def test_a_quote_is_found_by_its_hash_where_the_range_no_longer_fits() -> None:
    document = read_bytes(REPORT.encode(), "r.txt")
    start = document.text.index("However")
    end = document.text.index("closed.") + len("closed.")
    query = {"start": start, "end": end}
    link = f"/documents/x?start={start}&end={end}&q=" + _digest(document.text[start:end])
    q = parse_qs(urlsplit(link).query)["q"][0]
    assert locate(document, **query, digest=q) == (start, end)
    assert locate(document, start + 7, end + 7, q) == (start, end)
    assert locate(document, 10**9, 10**9 + 5, q) == (start, end)
    two = document.text.index("Most of them"), end
    assert locate(document, two[0] + 7, two[1] + 7, _digest(document.text[slice(*two)])) == two
    assert locate(document, start, end, "00000000") is None
    assert locate(document, start, end, None) == (start, end)
    assert locate(document, None, None, None) is None
    assert locate(document, -5, 3, None) is None


def test_a_link_can_be_checked_without_its_body(shipped_client: TestClient) -> None:
    (document,) = shipped_client.get("/api/documents").json()
    response = shipped_client.head(document["link"])
    assert (response.status_code, response.content) == (200, b"")
    assert shipped_client.head("/documents/unknown").status_code == 404


def test_half_a_surrogate_pair_in_a_question_is_no_crash(shipped_client: TestClient) -> None:
    body = b'{"question": "Who controls the VRAEM \\ud800?", "history": ["\\udfff"]}'
    response = shipped_client.post("/api/ask", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 200
    assert response.json()["question"] == "Who controls the VRAEM \ufffd?"


def test_a_quote_that_is_gone_is_said(shipped_client: TestClient) -> None:
    (document,) = shipped_client.get("/api/documents").json()
    page = shipped_client.get(f"{document['link']}?start=1&end=5&q=00000000").text
    assert "The quoted passage is no longer in this document" in page
    assert marked(page) == []
    assert shipped_client.get(f"{document['link']}?start=x").status_code == 422


@pytest.mark.parametrize("host", ["evil.example", "quipu.internal:7860", "127.0.0.1.evil.example"])
def test_another_host_name_is_refused(shipped_client: TestClient, host: str) -> None:
    assert shipped_client.get("/api/documents", headers={"Host": host}).status_code == 400
    assert shipped_client.get("/api/documents", headers={"Host": "[::1]:7860"}).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:3000", "null"])
@pytest.mark.parametrize("path", ["/api/documents", "/theme.css", "/"])
def test_no_other_origin_may_read(shipped_client: TestClient, origin: str, path: str) -> None:
    response = shipped_client.get(path, headers={"Origin": origin})
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:3000", "http://localhost", "http://[evil", "null"])
def test_no_other_origin_may_ask_or_change_anything(shipped_client: TestClient, origin: str) -> None:
    for path in ("/api/ask", "/gradio_api/upload", "/gradio_api/queue/join"):
        response = shipped_client.post(path, json={"question": "Why?"}, headers={"Origin": origin})
        assert response.status_code == 403
        assert response.json()["detail"] == "Quipu does not accept requests from the pages of another site."
    own = shipped_client.post("/api/ask", json={"question": "Why?"}, headers={"Origin": "http://localhost:7860"})
    assert own.status_code == 200


def test_no_file_can_be_left_on_the_server(shipped_client: TestClient) -> None:
    assert shipped_client.post("/gradio_api/upload", files={"files": ("x.txt", b"text")}).status_code == 404


def test_every_page_has_a_strict_policy(shipped_client: TestClient) -> None:
    for path in ("/documents/unknown", "/api/documents", "/app-static/document.js"):
        response = shipped_client.get(path)
        assert "script-src 'self';" in response.headers["content-security-policy"]
        assert response.headers["x-content-type-options"] == "nosniff"
    response = shipped_client.get("/")
    policy = response.headers["content-security-policy"]
    nonce = re.search(r"script-src 'self' 'nonce-([^']+)';", policy)
    assert nonce is not None
    assert "unsafe-eval" not in policy
    scripts = re.findall(r"<script\b[^>]*>", response.text)
    assert scripts
    assert all(f'nonce="{nonce[1]}"' in script for script in scripts)
    assert shipped_client.get("/").headers["content-security-policy"] != shipped_client.get("/").headers["content-security-policy"]


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104
        ("127.0.0.2", False),  # its pages would refuse their own name
        ("10.0.0.5", False),
        ("x", False),
    ],
)
def test_only_addresses_of_this_machine_are_served_on(host: str, loopback: bool) -> None:
    assert is_loopback_host(host) == loopback
    if not loopback:
        with pytest.raises(AddressError, match="there is no sign-in"):
            bind(ServerSettings.load(host=host, port=0))


def _digest(quote: str) -> str:
    import hashlib

    return hashlib.sha256(quote.encode()).hexdigest()[:8]


def test_a_passage_comes_with_what_stands_around_it(shipped_client: TestClient) -> None:
    citation = shipped_client.post("/api/ask", json={"question": "Are prisons overcrowded?"}).json()["citations"][0]
    query = parse_qs(urlsplit(citation["link"]).query)
    address = f"{citation['document_id']}:{citation['start']}-{citation['end']}?q={query['q'][0]}"
    passage = shipped_client.get(f"/api/passages/{address}").json()
    assert {key: passage[key] for key in citation} == citation
    pieces = [piece for block in passage["context"] for piece in block["pieces"]]
    assert [piece["text"] for piece in pieces if piece["cited"]] == [citation["text"]]
    assert {"heading": True, "pieces": [{"text": "International Cooperation", "cited": False}]} in passage["context"]
    assert sum(len(piece["text"]) for piece in pieces) > 1000
    panel = shipped_client.get(f"/passages/{address}", headers={"Accept-Language": "es"}).text
    assert marked(panel) == [citation["text"]]
    assert f'href="{citation["link"].replace("&", "&amp;")}"' in panel
    assert "Abrir en el documento" in panel


@pytest.mark.parametrize(
    ("place", "status"),
    [
        ("0000000000000000:1-5", 404),
        ("{id}:1-999999", 404),
        ("{id}:5-1", 404),
        ("{id}:1-5?q=00000000", 404),
        ("{id}:x-5", 422),
        ("..:1-5", 422),
        ("{id}:1-9999999999999", 422),
    ],
)
def test_a_place_that_is_none_is_a_problem(shipped_client: TestClient, place: str, status: int) -> None:
    (document,) = shipped_client.get("/api/documents").json()
    for path in ("/passages", "/api/passages"):
        response = shipped_client.get(f"{path}/{place.format(id=document['id'])}")
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"


def test_pages_of_a_pdf_are_pictures_and_the_original_is_kept(
    client: TestClient, home: Home, encoder: Encoder, tmp_path: Path
) -> None:
    original = pdf([["Trucks of mahogany were seized."], ["Rivers are wide."]])
    add(home, [write(tmp_path / "rivers & <roads>.pdf", original)], encoder)
    (document,) = client.get("/api/documents").json()
    picture = client.get(f"{document['link']}/pages/2.png?width=800")
    assert picture.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(picture.content)).width == 800
    again = client.get(f"{document['link']}/pages/2.png?width=800", headers={"If-None-Match": picture.headers["etag"]})
    assert (again.status_code, again.content, again.headers["cache-control"]) == (304, b"", "private, no-cache")
    for wrong in ("pages/0.png", "pages/3.png", "pages/1.png?width=9999"):
        assert client.get(f"{document['link']}/{wrong}").status_code == 404
    kept = client.get(f"{document['link']}/original")
    assert kept.content == original
    assert kept.headers["content-disposition"] == "attachment; filename*=UTF-8''rivers%20%26%20%3Croads%3E.pdf"
    assert kept.headers["content-type"] == "application/octet-stream"
    remove(home, document["id"])
    for path in ("pages/2.png?width=800", "original", "?start=0&end=5"):
        assert client.get(f"{document['link']}/{path}".replace("/?", "?")).status_code == 404


def test_a_range_that_no_sentence_has_is_boxed_at_its_beginning_only(
    home: Home, encoder: Encoder, ranker: SentenceRanker, tmp_path: Path
) -> None:
    pages = [[f"Paragraph {line} of page {page} is about roads." for line in range(30)] for page in range(8)]
    add(home, [write(tmp_path / "roads.pdf", pdf(pages))], encoder)
    assistant = Assistant(home, encoder, ranker)
    ((_, document),) = assistant.scope().documents()
    boxed = [len(image.boxes) for image in PageImages(assistant).of_document(document, (0, len(document.text)))]
    assert boxed[:4] == [30] * 4
    assert boxed[5:] == [0] * 3


def test_a_pdf_whose_original_is_gone_is_shown_as_text(client: TestClient, home: Home, encoder: Encoder, tmp_path: Path) -> None:
    add(home, [write(tmp_path / "rivers.pdf", pdf([["Trucks of mahogany were seized."], ["Rivers are wide."]]))], encoder)
    (document,) = client.get("/api/documents").json()
    (home.documents / document["id"] / "original.pdf").unlink()
    place = "start=0&end=6"
    assert marked(client.get(f"{document['link']}?{place}").text) == ["Trucks"]
    assert marked(client.get(f"/passages/{document['id']}:0-6").text) == ["Trucks"]
    for path in ("original", "pages/1.png"):
        response = client.get(f"{document['link']}/{path}")
        assert response.status_code == 503
        assert response.json()["detail"].startswith("The original of rivers.pdf can't be read; whoever")
        assert str(home.path) not in response.text


def test_a_text_has_no_pictures(shipped_client: TestClient) -> None:
    (document,) = shipped_client.get("/api/documents").json()
    assert shipped_client.get(f"{document['link']}/pages/1.png").status_code == 404


@pytest.mark.parametrize(
    ("onward", "location"),
    [("/documents/x?a=1", "/documents/x?a=1"), ("https://evil.example", "/"), ("//evil.example", "/"), ("/\\evil.example", "/")],
)
def test_choosing_a_language_leads_back_to_this_site_only(shipped_client: TestClient, onward: str, location: str) -> None:
    response = shipped_client.get("/language/es", params={"next": onward}, follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, location)
    assert "No existe ese documento." in shipped_client.get("/documents/x").text


def test_words_are_found_whatever_their_case_and_accents() -> None:
    document = read_bytes("# Perú\n\nEl narcotráfico y la\nCORRUPCIÓN. ¿La corrupción? ½ corrupción\n".encode(), "r.md")
    found = list(matches_in(document, " la  corrupcion"))
    assert [place.citation.quote for place in found] == ["la\nCORRUPCIÓN", "La corrupción"]
    assert (found[0].before, found[0].after) == ("Perú El narcotráfico y", ". ¿La corrupción? ½ corrupción")
    assert [place.citation.quote for place in matches_in(document, "½ corrupción")] == ["½ corrupción"]
    assert list(matches_in(document, "(.*")) == list(matches_in(document, " ")) == []
    many = read_bytes(("word " * 500).encode(), "r.txt")
    assert len(list(matches_in(many, "word"))) == 100
