"""Signing in, and who may see what, in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from assistant import Assistant, SentenceRanker
from index import Catalogue, Encoder, Home
from tests.browsing import needs_browser, serious
from tests.serving import serving
from ui.access.users import Users
from ui.settings import ServerSettings

pytestmark = needs_browser

PASSWORD = "correct horse battery"


@pytest.fixture
def signed(home: Home, encoder: Encoder, ranker: SentenceRanker) -> Iterator[str]:
    """A Quipu with passwords: Ana is an operator, Ben a reader of finance, Eva a reader."""
    users = Users(home)
    users.put("Ana", PASSWORD, operator=True, groups=[])
    users.put("Ben", PASSWORD, operator=False, groups=["finance"])
    users.put("Eva", PASSWORD, operator=False, groups=[])
    with serving(Assistant(home, encoder, ranker), None, ServerSettings.load(sign_in="password")) as address:
        yield address


def sign_in(browser: Browser, address: str, name: str, *, locale: str = "en-US") -> Page:
    page = browser.new_context(locale=locale).new_page()
    page.goto(address)
    page.get_by_label("Name" if locale == "en-US" else "Nombre").fill(name)
    page.locator("#password").fill(PASSWORD)
    with page.expect_event("load"):
        page.keyboard.press("Enter")
    return page


def ask(page: Page, question: str) -> None:
    page.locator("#question textarea").fill(question)
    page.keyboard.press("Enter")
    expect(page.locator("#chat .bot")).to_have_count(1, timeout=30_000)


def test_a_document_is_for_those_in_its_groups(browser: Browser, signed: str, home: Home) -> None:
    ana = sign_in(browser, f"{signed}/documents", "Ana")
    text = b"Roads\n\nThe ministry of roads counted seven trucks.\n"
    ana.get_by_label("Who may see what you add").fill("finance, legal")
    ana.locator("#files").set_input_files(FilePayload(name="roads.txt", mimeType="text/plain", buffer=text))
    expect(ana.locator("#uploads")).to_contain_text("Added as “Roads”.", timeout=30_000)
    expect(ana.locator("tr[data-id]")).to_contain_text("Visible only to: finance, legal")

    ben, eva = (sign_in(browser, signed, name) for name in ("Ben", "Eva"))
    ask(ben, "How many trucks were counted?")
    expect(ben.locator("#chat .bot")).to_contain_text("counted seven trucks")
    expect(eva.locator("#about")).to_contain_text("Peru’s Law Enforcement Agencies")
    ask(eva, "How many trucks were counted?")
    expect(eva.locator("#chat .bot")).to_contain_text("Not in the documents")
    (entry,) = Catalogue(home).active()
    eva.goto(f"{signed}/documents/{entry.id}")
    expect(eva.locator("main")).to_contain_text("There is no such document.")

    ana.get_by_role("button", name="Who may see it: Roads").click()
    assert serious(ana) == []
    ana.get_by_role("dialog").get_by_role("textbox").fill("")
    ana.keyboard.press("Enter")
    expect(ana.locator("#uploads")).to_contain_text("Saved. This applies from now on.")
    eva.reload()
    expect(eva.locator("main")).to_contain_text("counted seven trucks")
    for page in (ana, ben, eva):
        page.context.close()


def test_a_wrong_password_is_said_and_a_session_can_be_ended(browser: Browser, signed: str) -> None:
    page = sign_in(browser, f"{signed}/documents", "Nobody", locale="es-PE")
    expect(page.get_by_role("alert")).to_contain_text("Nombre o contraseña incorrectos")
    expect(page.locator("#password")).to_be_focused()
    assert serious(page) == []
    page.get_by_label("Nombre").fill("Eva")
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Iniciar sesión").click()
    expect(page).to_have_url(f"{signed}/documents")
    expect(page.locator("header")).to_contain_text("Eva")
    page.goto(signed)
    expect(page.locator("#about a").first).to_be_visible(timeout=30_000)
    (session,) = page.context.cookies()
    page.context.clear_cookies()
    page.locator("#question textarea").fill("¿Quién controla el VRAEM?")
    page.keyboard.press("Enter")
    expect(page.locator(".toast-body")).to_contain_text("Su sesión ha terminado. Inicie sesión en otra pestaña")
    expect(page.locator("#question textarea")).to_have_value("¿Quién controla el VRAEM?")
    page.context.add_cookies([{"name": session["name"], "value": session["value"], "url": signed}])
    page.keyboard.press("Enter")
    expect(page.locator("#chat .bot")).to_contain_text("Shining Path", timeout=30_000)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Cerrar sesión").click()
    expect(page.get_by_label("Contraseña")).to_be_visible()
    assert page.context.cookies() == []
    page.context.close()
