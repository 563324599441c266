"""The chat page in a real browser: ask, click, walk the citations, keep and judge an answer."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Route, expect

from assistant import Assistant, Feedback, SentenceRanker
from index import Catalogue, Encoder, Home
from tests.browsing import Visitor, needs_browser, serious
from tests.fakes import Unsure
from tests.inline import PARSERS, add
from tests.made import write
from tests.serving import serving
from ui.settings import ServerSettings

pytestmark = needs_browser


@pytest.fixture(scope="module")
def unsure_address(shipped_home: Home, encoder: Encoder, ranker: SentenceRanker, unlimited: ServerSettings) -> Iterator[str]:
    """A served assistant over the report that ships, which is unsure of any question with "perhaps"."""
    with serving(Assistant(shipped_home, encoder, Unsure(ranker, "perhaps"), parsers=PARSERS), None, unlimited) as address:
        yield address


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_may_answer_is_quoted_and_opens_in_its_place(
    browser: Browser, unsure_address: str, scheme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(locale="en-US", color_scheme=scheme, permissions=["clipboard-read", "clipboard-write"])
    visitor = Visitor(context, unsure_address)
    page = visitor.page
    visitor.ask("Are prisons overcrowded?")
    visitor.ask("Are prisons in Chile overcrowded?")
    visitor.ask("Are prisons perhaps overcrowded?")
    colours = page.locator("#chat .state").evaluate_all("states => states.map(state => getComputedStyle(state).color)")
    assert len(set(colours)) == 3
    said = "These documents may answer this.\n\nThe closest sentences:\n\n"
    assert visitor.reply.startswith(f"May be answered\n\n{said}")
    unsure = page.locator("#chat .bot").last
    expect(unsure.locator(".nearest q")).to_have_count(3)
    expect(unsure.locator("strong, mark, .sentence, .sources")).to_have_count(0)
    assert serious(page) == []
    link, quote = unsure.locator(".cite").first, "Prisons are overcrowded, a major problem across the country."
    link.press("Enter")
    panel = page.locator("#source")
    expect(panel.locator("mark")).to_have_text(quote)
    page.keyboard.press("ArrowRight")
    expect(panel.locator(".count")).to_have_text("2 / 3")
    page.keyboard.press("Escape")
    expect(unsure.locator(".cite").nth(1)).to_be_focused()
    unsure.get_by_role("button", name="Copy with references").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"{said}“{quote}” Peru’s Law")
    page.goto(re.findall(r"<(http.*)>", copied)[0])
    assert page.locator("mark").inner_text() == quote
    context.close()


def test_in_spanish_at_360_pixels_by_keyboard_alone(browser: Browser, shipped_address: str) -> None:
    context = browser.new_context(locale="es-PE", viewport={"width": 360, "height": 740})
    visitor = Visitor(context, shipped_address)
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


def test_citations_are_walked_by_key(visitor: Visitor) -> None:
    visitor.ask("organized crime groups")
    panel = visitor.open_source(1)
    quotes = []
    for number in (1, 2, 3):
        expect(panel.locator(".count")).to_have_text(f"{number} / 3")
        quotes.append(" ".join(panel.locator("mark").all_inner_texts()))  # a quote of two paragraphs has two marks
        expect(panel.locator("mark").first).to_be_in_viewport()
        visitor.page.keyboard.press("ArrowRight")
    assert [quote in visitor.reply for quote in quotes] == [True] * 3
    assert len(set(quotes)) == 3
    visitor.page.keyboard.press("ArrowLeft")
    expect(panel.locator(".count")).to_have_text("2 / 3")
    visitor.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(visitor.page.locator("#chat .bot").get_by_role("link", name="[2]", exact=True)).to_be_focused()


def test_an_answer_is_copied_and_a_conversation_saved(browser: Browser, shipped_address: str) -> None:
    context = browser.new_context(locale="en-US", permissions=["clipboard-read", "clipboard-write"])
    visitor = Visitor(context, shipped_address)
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


def test_thumbs_are_kept_where_the_operator_wants_them(visitor_of_home: Visitor, home: Home) -> None:
    visitor_of_home.ask("Are prisons overcrowded?")
    expect(visitor_of_home.page.get_by_role("button", name="Copy with references")).to_be_visible()
    visitor_of_home.page.get_by_role("button", name="Not helpful").click()
    box = visitor_of_home.page.get_by_role("textbox", name="What's wrong with it? (optional)")
    expect(box).to_be_focused()
    box.fill("the wrong country")
    box.press("Enter")
    expect(visitor_of_home.page.get_by_text("Thank you for your feedback.").first).to_be_visible()
    (kept,) = Feedback(home).kept()
    assert (kept.question, kept.helpful, kept.comment) == ("Are prisons overcrowded?", False, "the wrong country")
    visitor_of_home.ask("Who controls the VRAEM?")
    visitor_of_home.page.get_by_role("button", name="Helpful", exact=True).click()
    expect(visitor_of_home.page.locator("#chat .noted")).to_have_count(2)
    assert Feedback(home).kept()[1].helpful is True


def test_an_answer_can_be_asked_for_again(visitor: Visitor) -> None:
    visitor.ask("Who controls the VRAEM?")
    visitor.page.get_by_role("button", name="Retry").click()
    expect(visitor.page.locator("#chat .bot")).to_have_count(1)
    assert "The VRAEM area is controlled by the Shining Path guerrilla group" in visitor.reply


def test_a_suggestion_is_asked_with_a_click(visitor: Visitor) -> None:
    visitor.ask("hello")
    assert visitor.reply.startswith("Hello. Ask a question")
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
    expect(page.locator("main")).to_contain_text("There is no such document.")


def test_a_question_is_asked_within_the_chosen_documents(
    browser: Browser, home: Home, encoder: Encoder, tmp_path: Path, address: str
) -> None:
    texts = {
        name: f"{name}\n\nThe ministry of {name.lower()} counted {number} trucks.\n"
        for number, name in ((7, "Roads"), (9, "Rivers"))
    }
    add(home, [write(tmp_path / f"{name}.txt", text) for name, text in texts.items()], encoder)
    rivers = next(entry.id for entry in Catalogue(home).active() if entry.name == "Rivers.txt")
    context = browser.new_context(locale="en-US")
    visitor = Visitor(context, f"{address}/?documents={rivers}")
    visitor.ask("How many trucks were counted?")
    assert "counted 9 trucks" in visitor.reply
    assert "counted 7 trucks" not in visitor.reply
    context.close()


def test_a_new_question_is_brought_to_the_top_and_the_box_stays_in_view(browser: Browser, shipped_address: str) -> None:
    context = browser.new_context(locale="en-US", viewport={"width": 1000, "height": 600})
    visitor = Visitor(context, shipped_address)
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
    visitor.ask("organized crime groups")
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
    expect(panel).to_contain_text("The source can't be shown right now. Is Quipu still running?")
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
