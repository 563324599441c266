"""Tables in a real browser: a row that answers, in the chat and in the widget; its panel; and the page of its document."""

import io
from collections.abc import Iterator
from typing import Literal

import pytest
from openpyxl import Workbook
from playwright.sync_api import Browser, Locator, Page, expect

from assistant import Assistant, SentenceRanker
from index import Encoder, Home
from tests.browsing import Visitor, needs_browser, serious
from tests.inline import add
from tests.made import write
from tests.serving import serving
from ui.settings import ServerSettings

pytestmark = needs_browser

QUESTION = "How many trucks were seized in Loreto in 2021?"


def workbook() -> bytes:
    """A sheet of fifteen wide columns and 120 rows, the 80th of which is hostile, and another sheet."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Seizures"
    sheet.append(["Trucks of mahogany that were seized, by region and year"])
    sheet.append([])
    sheet.append(["Region", *(f"Trucks seized in {year}" for year in range(2008, 2022)), "Remarks"])
    for number in range(4, 120):
        sheet.append([f"District {number}", *(number * year for year in range(14)), "none"])
    sheet.append(["<b>Loreto</b>", *(100 + year for year in range(13)), 412, "<img src=x onerror=\"document.title='run'\">"])
    other = book.create_sheet("Staff")
    other.append(["Office", "Staff"])
    other.append(["Iquitos", 31])
    other.append(["Pucallpa", 12])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder, ranker: SentenceRanker) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("tables")
    home = Home(folder / "home")
    add(home, [write(folder / "seizures.xlsx", workbook())], encoder)
    with serving(Assistant(home, encoder, ranker), None, ServerSettings.load(port=0)) as address:
        yield address


def beside(table: Locator, name: str) -> str:
    """What a table has in the row that begins with a name."""
    return table.get_by_role("row", name=name).get_by_role("cell").inner_text()


def fits(page: Page, width: int) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth") <= width)


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (360, "dark")])
def test_a_row_is_a_table_in_the_chat_the_panel_and_the_document(
    browser: Browser, served: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(locale="en-US", viewport={"width": width, "height": 800}, color_scheme=scheme)
    visitor = Visitor(context, served)
    visitor.ask(QUESTION)
    row = visitor.page.locator("#chat .answer .row").first
    assert beside(row, "Trucks seized in 2021") == "412"
    assert row.locator("td strong").all_inner_texts() in ([], ["412"])
    assert "Seizures, row 120" in visitor.reply
    assert fits(visitor.page, width)
    assert serious(visitor.page) == []
    panel = visitor.open_source(1)
    expect(panel.locator("mark").first).to_be_in_viewport()
    expect(panel.locator("thead th").first).to_be_in_viewport()
    assert panel.locator("mark").first.inner_text() == "<b>Loreto</b>"
    assert panel.locator("tr").count() > 3
    assert panel.locator("tr.cited").count() == 1
    assert serious(visitor.page) == []
    assert fits(visitor.page, width)
    with context.expect_page() as opened:
        panel.get_by_role("link").click()
    document = opened.value
    expect(document.locator("mark").first).to_be_focused()
    expect(document.locator("mark").first).to_be_in_viewport()
    expect(document.locator("thead th").first).to_be_in_viewport()  # far above, but its box has scrolled
    assert document.locator("tr.cited .number").inner_text() == "120"
    assert fits(document, width)
    box = document.locator(".tabled").first
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    box.focus()
    expect(box).to_be_focused()  # so that its browser scrolls it by the keyboard
    assert serious(document) == []
    document.get_by_role("link", name="Staff").click()
    expect(document.get_by_role("cell", name="Pucallpa")).to_be_in_viewport()
    document.get_by_role("searchbox").fill("loreto")
    document.keyboard.press("Enter")
    document.locator(".found a").first.click()
    expect(document.locator("mark")).to_have_text("Loreto")
    expect(document.locator("mark")).to_be_in_viewport()
    assert "run" not in document.title()
    assert visitor.stayed_here()
    assert visitor.errors == []
    context.close()


@pytest.mark.parametrize(("width", "scheme"), [(1200, "dark"), (360, "light")])
def test_a_row_is_a_table_in_the_widget(browser: Browser, served: str, width: int, scheme: Literal["light", "dark"]) -> None:
    context = browser.new_context(
        locale="es-PE", viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{served}/embed")
    widget = page.locator("quipu-chat")
    widget.get_by_role("textbox").fill("¿Cuántos camiones se incautaron en Loreto en 2021?")
    page.keyboard.press("Enter")
    answer = widget.locator(".answer")
    expect(answer).to_contain_text("Seizures, fila 120", timeout=30_000)
    assert beside(answer.locator("table").first, "Trucks seized in 2021") == "412"
    assert serious(page) == []
    answer.locator(".sentence .cite").first.click()
    source = widget.locator(".source")
    expect(source.locator("mark").first).to_be_in_viewport()
    expect(source.locator("mark").first).to_have_text("<b>Loreto</b>")
    assert source.locator("tr").count() > 3
    assert source.locator("tr").first.locator("th").first.inner_text() == "Region"
    assert serious(page) == []
    assert fits(page, width)
    assert "run" not in page.title()
    context.close()
