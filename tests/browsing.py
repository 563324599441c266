"""The real browser that some tests use, and a visit with it."""

import os
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, expect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
REQUIRED = os.environ.get("QUIPU_TEST_BROWSER") == "required"
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()

needs_browser = pytest.mark.skipif(
    CHROMIUM is None and not REQUIRED, reason="there is no Chromium on the path (Debian: apt-get install chromium)"
)


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


def serious(page: Page) -> list[str]:
    """What axe finds that is serious or worse."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found if one["impact"] in ("serious", "critical")]
