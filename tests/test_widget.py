"""The widget in a real browser, on the pages of other sites: what it shows, what it asks, and what it leaves alone."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

import corpus
from assistant import Assistant, Feedback, SentenceRanker
from index import Encoder, Home
from tests.browsing import needs_browser, serious
from tests.fakes import Unsure
from tests.inline import add
from tests.made import write
from tests.serving import serving
from tools.demo.__main__ import Intranet, token_for
from ui.settings import ServerSettings
from ui.web.widget import widget_script

pytestmark = needs_browser

SECRET = "a secret that two servers know, and nobody else"
HOSTILE = """<b>Canoes</b> & "paddles"

<img src=x onerror="document.title='run'"> Canoes carried 31 <script>document.title='run'</script> paddles to Iquitos in 2019.
"""
HOSTILE_STYLE = """
* { display: none !important; color: red !important; font-size: 80px !important; opacity: 0.1 !important; margin: 50px !important }
html, head, body, body * { display: block !important }
button, p, textarea, mark { background: lime !important; text-transform: uppercase !important; letter-spacing: 9px !important }
[hidden] { display: block !important }
quipu-chat { position: absolute !important; transform: rotate(9deg) !important; visibility: hidden !important; --line: red }
"""
LOOK = """widget => [...widget.shadowRoot.querySelectorAll("*")].map(element => {
  const style = getComputedStyle(element);
  const names = "display color backgroundColor fontSize fontFamily opacity visibility letterSpacing margin width height";
  return [element.className, ...names.split(" ").map(name => style[name])].join("; ");
})"""
GROUNDS = """() => [Object.keys(window).filter(name => isNaN(name)), document.head.innerHTML, document.adoptedStyleSheets.length,
  ...["p", "button", "body", "html"].map(name => [...getComputedStyle(document.querySelector(name))].map(
    property => property + ": " + getComputedStyle(document.querySelector(name)).getPropertyValue(property)).join("; "))]"""


class Site:
    """Another site: its pages, or what makes them, by path. As `address` it is listed by Quipu, as `unlisted` it isn't."""

    def __init__(self) -> None:
        self.pages: dict[str, str | Callable[[], str]] = {}
        self.policy = ""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = site.pages.get(self.path)
                body = (page() if callable(page) else page or "").encode()
                self.send_response(404 if page is None else 200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                if site.policy:
                    self.send_header("Content-Security-Policy", site.policy)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://localhost:{self.server.server_port}"
        self.unlisted = f"http://127.0.0.1:{self.server.server_port}"

    def show(self, context: BrowserContext, body: str, *, listed: bool = True, head: str = "", lang: str = "en") -> Page:
        """Its page with this body, opened."""
        self.pages["/"] = f'<!doctype html><html lang="{lang}"><head><title>Host</title>{head}</head><body>{body}</body></html>'
        page = context.new_page()
        page.goto(self.address if listed else self.unlisted)
        return page


@contextmanager
def running(server: ThreadingHTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder, ranker: SentenceRanker) -> Assistant:
    """Over the report that ships, and a hostile document. It is unsure of any question with "perhaps"."""
    folder = tmp_path_factory.mktemp("widget")
    home = Home(folder / "home")
    report = next((Path(corpus.__file__).parent / "reports").glob("*.txt"))
    add(home, [report, write(folder / "canoes.txt", HOSTILE)], encoder)
    return Assistant(home, encoder, Unsure(ranker, "perhaps"))


@pytest.fixture(scope="module")
def feedback(assistant: Assistant) -> Feedback:
    return Feedback(assistant.home)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    site = Site()
    with running(site.server):
        yield site


@pytest.fixture(scope="module")
def quipu_address(assistant: Assistant, feedback: Feedback, site: Site) -> Iterator[str]:
    """A Quipu without a sign-in that lists the site."""
    with serving(assistant, feedback, ServerSettings.load(port=0, origins=site.address)) as address:
        yield address


@pytest.fixture(scope="module")
def intranet() -> Iterator[ThreadingHTTPServer]:
    """The demo's host page; it is told where Quipu is by `signed_in_address`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Intranet)
    with running(server):
        yield server


@pytest.fixture(scope="module")
def signed_in_address(
    assistant: Assistant,
    feedback: Feedback,
    site: Site,
    intranet: ThreadingHTTPServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """A Quipu that wants a token, and two questions a minute at most; it lists the site and the demo's."""
    key = write(tmp_path_factory.mktemp("key") / "token.key", SECRET)
    origins = f"{site.address},http://127.0.0.1:{intranet.server_port}"
    settings = ServerSettings.load(port=0, origins=origins, sign_in="token", token_key=key, rate="2/hour")
    with serving(assistant, feedback, settings) as address:
        intranet.RequestHandlerClass = partial(Intranet, address, SECRET)
        yield address


@pytest.fixture
def context(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A visitor who reads English, or as the test says; nothing they load comes from a third host."""
    context = browser.new_context(**{"locale": "en-US", **getattr(request, "param", {})})
    requests: list[str] = []
    context.on("request", lambda sent: requests.append(sent.url))
    yield context
    context.close()
    site.policy = ""
    assert {url.split("/")[2].split(":")[0] for url in requests} <= {"localhost", "127.0.0.1"}
    assert not any("eyJ" in url for url in requests)  # no token in an address


def tag(address: str) -> str:
    return f'<script src="{address}/widget.js" defer></script>'


def widget_of(page: Page, number: int = 0) -> Locator:
    return page.locator("quipu-chat").nth(number)


def ask(widget: Locator, question: str) -> Locator:
    """Ask, and wait for what comes of it."""
    answers = widget.locator(".answer")
    before = answers.count()
    widget.get_by_role("textbox").fill(question)
    widget.get_by_role("textbox").press("Enter")
    expect(answers).to_have_count(before + 1, timeout=30_000)
    return answers.last


def cite(widget: Locator, number: int = 1) -> Locator:
    """Open a citation of the last answer, and wait until its context is there."""
    widget.locator(".answer").last.get_by_role("button", name=f"Source: [{number}]", exact=True).click()
    source = widget.get_by_role("region", name="Source")
    expect(source).to_be_focused()
    expect(source.locator("[aria-busy]")).to_have_count(0)
    return source


def still(widget: Locator) -> None:
    """Wait until nothing of it moves."""
    widget.evaluate("widget => Promise.all(widget.shadowRoot.getAnimations().map(one => one.finished))")


def test_ask_and_stand_in_the_document(context: BrowserContext, site: Site, quipu_address: str) -> None:
    only = f"script-src {quipu_address}; connect-src {quipu_address}"
    site.policy = f"default-src 'none'; {only}; require-trusted-types-for 'script'"
    page = site.show(context, "<p>Hello</p><quipu-chat></quipu-chat>", head=tag(quipu_address))
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    context.on("weberror", lambda error: errors.append(str(error.error)))
    widget = widget_of(page)
    widget.get_by_role("button", name="Ask the documents").click()
    answer = ask(widget, "Who controls the VRAEM?")
    expect(answer.locator(".state")).to_have_text("Answered from the documents")
    expect(answer.locator(".sentence").first).to_contain_text("The VRAEM area is controlled by the Shining Path guerrilla group")
    expect(answer.locator(".sources")).to_contain_text("[1] Organized Crime Groups")
    source = cite(widget)
    expect(source).to_contain_text("Many criminal groups in Peru are small and operate locally")
    expect(source.locator("mark")).to_be_in_viewport()
    marked = source.locator("mark").inner_text()
    assert marked in answer.inner_text()
    with context.expect_page() as opened:
        source.get_by_role("link", name="Open in the document").click()
    expect(opened.value.locator("mark")).to_have_text(marked)
    expect(opened.value.locator("mark")).to_be_in_viewport()
    source.press("Escape")
    answer = ask(widget, "and in the north?")
    expect(answer.locator(".searched")).to_have_text("Searched for: and in the north? controls VRAEM")
    assert context.cookies() == []
    assert errors == []


def test_a_refusal_helps_and_an_answer_is_judged(
    context: BrowserContext, site: Site, quipu_address: str, feedback: Feedback
) -> None:
    page = site.show(context, "<quipu-chat inline></quipu-chat>", head=tag(quipu_address))
    widget = widget_of(page)
    refusal = ask(widget, "Are prisons in Chile overcrowded?")
    expect(refusal).to_contain_text("Not in the documentsThese documents do not answer that: “Chile” does not appear in them.")
    expect(refusal).to_contain_text("Related, but not an answer:")
    refusal.locator(".nearest .cite").first.click()
    expect(widget.locator(".source mark")).to_have_text("Prisons are overcrowded, a major problem across the country.")
    page.keyboard.press("ArrowRight")
    expect(widget.locator(".source .count")).to_have_text("2 / 3")
    page.keyboard.press("Escape")
    expect(refusal.locator(".nearest .cite").first).to_be_focused()
    partly = ask(widget, "Who controls the VRAEM? Are there trains in Chile?")
    expect(partly.locator(".state")).to_have_text("Answered in part")
    expect(partly.locator(".reason")).to_contain_text("“Are there trains in Chile?”: These documents do not answer that")
    suggestions = ask(widget, "hello").get_by_role("button")
    question = suggestions.first.inner_text()
    suggestions.first.click()
    expect(widget.locator(".turn")).to_have_count(4)
    expect(widget.locator("h3").last).to_have_text(question)
    widget.locator(".answer").last.get_by_role("button", name="Helpful", exact=True).click()
    expect(widget.locator(".noted")).to_have_text("Thank you for your feedback.")
    assert (feedback.kept()[-1].question, feedback.kept()[-1].helpful) == (question, True)
    long = "why " * 1000
    expect(ask(widget, long)).to_contain_text("Quipu takes up to 2,000.")
    expect(widget.get_by_role("textbox")).to_have_value(long.strip())
    widget.get_by_role("button", name="New conversation").click()
    expect(widget.locator(".turn")).to_have_count(0)


def test_what_may_answer_is_quoted_and_opens_in_its_place(context: BrowserContext, site: Site, quipu_address: str) -> None:
    page = site.show(context, "<quipu-chat inline></quipu-chat>", head=tag(quipu_address))
    widget = widget_of(page)
    unsure = ask(widget, "Are prisons perhaps overcrowded?")
    expect(unsure).to_contain_text(
        "May be answeredThese documents may answer this.The closest sentences:Prisons are overcrowded, a"
    )
    expect(unsure.locator(".nearest q")).to_have_count(3)
    expect(unsure.locator("strong, mark, .sentence, .sources")).to_have_count(0)
    state = unsure.locator(".state").evaluate("state => getComputedStyle(state).color")
    for question in ("Are prisons overcrowded?", "Are prisons in Chile overcrowded?"):
        expect(ask(widget, question).locator(".state")).not_to_have_css("color", state)
    first = unsure.locator(".nearest .cite").first
    first.press("Enter")
    expect(widget.locator(".source mark")).to_have_text("Prisons are overcrowded, a major problem across the country.")
    page.keyboard.press("ArrowRight")
    expect(widget.locator(".source .count")).to_have_text("2 / 3")
    page.keyboard.press("Escape")
    expect(first).to_be_focused()
    partly = ask(widget, "Who controls the VRAEM? Are prisons perhaps overcrowded?")
    expect(partly.locator(".state")).to_have_text("Answered in part")
    expect(partly.locator(".reason")).to_have_text("“Are prisons perhaps overcrowded?”: These documents may answer this.")


def test_only_listed_sites_are_answered(context: BrowserContext, site: Site, quipu_address: str) -> None:
    body = f'<quipu-chat inline></quipu-chat><iframe src="{quipu_address}/embed?lang=es&theme=dark&heading=%22%3E%3Cb%3E"></iframe>'
    page = site.show(context, body, head=tag(quipu_address))
    framed = page.frame_locator("iframe").locator("quipu-chat")
    expect(framed.get_by_role("heading", name='"><b>')).to_be_visible()
    expect(ask(framed, "¿Qué grupo controla el VRAEM?")).to_contain_text("Respondido con los documentos")
    page = site.show(context, body, head=tag(quipu_address), listed=False)
    expect(ask(widget_of(page), "Who controls the VRAEM?")).to_have_text(
        f"Quipu doesn't answer pages from {site.unlisted}. Whoever runs Quipu can allow this site."
    )
    expect(page.frame_locator("iframe").locator("quipu-chat")).to_have_count(0)
    assert page.frames[1].url.startswith("chrome-error:")
    context.set_offline(True)
    expect(ask(widget_of(page), "Who controls the VRAEM?")).to_contain_text("Quipu can't be reached.")


def test_a_hostile_host_does_not_change_it_and_it_leaves_the_host_alone(
    context: BrowserContext, site: Site, quipu_address: str
) -> None:
    body = "<p>Hello</p><button>Go</button>"
    looks = []
    for style in ("", HOSTILE_STYLE):
        page = site.show(context, body, head=f"<style>{style}</style>")
        before = page.evaluate(GROUNDS)
        page.evaluate(
            "async ([source, count]) => { for (; count; count--) await new Promise(done => document.body.append("
            "Object.assign(document.createElement('script'), { src: source, onload: done }))) }",
            [f"{quipu_address}/widget.js", 2],
        )
        page.evaluate("document.body.append(document.createElement('quipu-chat'))")
        widget = widget_of(page)
        widget.evaluate("widget => widget.open()")
        ask(widget, "Who controls the VRAEM?")
        cite(widget)
        still(widget)
        assert page.evaluate(GROUNDS) == before
        looks.append([widget.evaluate(LOOK), widget.bounding_box()])
    assert looks[0] == looks[1]


def test_two_widgets_are_two_conversations(context: BrowserContext, site: Site, assistant: Assistant, quipu_address: str) -> None:
    canoes = next(entry.id for entry in assistant.scope().entries() if entry.name == "canoes.txt")
    body = f"""<quipu-chat inline documents="{canoes}, {canoes}" style="--quipu-accent: rgb(0, 90, 0)"></quipu-chat>
    <quipu-chat lang="es" opening="¿Qué desea saber?"></quipu-chat>"""
    page = site.show(context, body, head=tag(quipu_address))
    first, second = widget_of(page), widget_of(page, 1)
    answer = ask(first, "How many paddles were carried to Iquitos?")
    expect(answer.locator(".sentence")).to_have_text(
        "<img src=x onerror=\"document.title='run'\"> Canoes carried 31 <script>document.title='run'</script> "
        "paddles to Iquitos in 2019. [1]"
    )
    expect(cite(first).locator("mark")).to_contain_text("<img src=x onerror")
    page.keyboard.press("Escape")
    expect(page).to_have_title("Host")
    expect(first.locator("h2")).to_have_css("color", "rgb(0, 90, 0)")
    expect(second.get_by_role("dialog")).to_be_hidden()
    second.get_by_role("button", name="Pregunte a los documentos").click()
    expect(second.get_by_text("¿Qué desea saber?")).to_be_visible()
    expect(second.locator(".answer")).to_have_count(0)
    expect(ask(second, "Are prisons overcrowded?")).to_contain_text("Prisons are overcrowded")
    expect(ask(first, "Are prisons overcrowded?")).to_contain_text("Not in the documents")
    second.evaluate("widget => widget.setAttribute('heading', 'Preguntas')")
    expect(second.get_by_role("heading", name="Preguntas")).to_be_visible()


@pytest.mark.parametrize("context", [{"locale": "es-PE", "viewport": {"width": 360, "height": 640}}], indirect=True)
def test_in_spanish_at_360_pixels_by_keyboard_alone(context: BrowserContext, site: Site, quipu_address: str) -> None:
    page = site.show(context, "<a href='#'>Inicio</a><quipu-chat></quipu-chat>", head=tag(quipu_address), lang="")
    page.evaluate("addEventListener('keydown', event => { if (event.key.length === 1) document.title += event.key })")
    widget = widget_of(page)
    launcher = widget.get_by_role("button", name="Pregunte a los documentos")
    expect(launcher).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("j")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    panel = widget.get_by_role("dialog", name="Pregunte a los documentos")
    still(widget)
    expect(widget.get_by_role("textbox", name="Su pregunta")).to_be_focused()
    assert panel.bounding_box() == {"x": 0, "y": 0, "width": 360, "height": 640}
    page.keyboard.type("¿Qué grupo controla el VRAEM?")
    page.keyboard.press("Enter")
    expect(widget.locator(".answer")).to_contain_text("Respondido con los documentos", timeout=30_000)
    page.keyboard.press("Shift+Tab")
    while not page.evaluate("document.querySelector('quipu-chat').shadowRoot.activeElement.textContent === '[1]'"):
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    source = widget.get_by_role("region", name="Fuente")
    expect(source).to_be_focused()
    expect(source.locator("mark")).to_be_in_viewport()
    assert source.evaluate("source => [...source.querySelectorAll('*')].every(one => one.scrollWidth <= 360)")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.keyboard.press("Escape")
    expect(source).to_be_hidden()
    expect(widget.locator(".sentence .cite")).to_be_focused()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(launcher).to_be_focused()
    expect(page).to_have_title("Hostj")  # a shortcut of the host's is not meant by what is typed into the box


@pytest.mark.parametrize("context", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True)
def test_everybody_can_use_it(context: BrowserContext, site: Site, quipu_address: str) -> None:
    body = "<main><h1>Host</h1><quipu-chat></quipu-chat><quipu-chat inline heading='Ask here'></quipu-chat></main>"
    page = site.show(context, body, head=tag(quipu_address))
    widget = widget_of(page)
    widget.get_by_role("button", name="Ask the documents").click()
    ask(widget, "Who controls the VRAEM?")
    ask(widget, "Are prisons perhaps overcrowded?")
    ask(widget, "Are prisons in Chile overcrowded?")
    still(widget)
    assert serious(page) == []
    cite_nearest = widget.locator(".nearest .cite").first
    cite_nearest.click()
    expect(widget.locator(".source [aria-busy]")).to_have_count(0)
    still(widget)
    assert serious(page) == []


def test_the_demo(context: BrowserContext, intranet: ThreadingHTTPServer, signed_in_address: str) -> None:
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{intranet.server_port}/")
    widget = widget_of(page, 1)
    widget.get_by_role("button", name="Ask the documents").click()
    expect(ask(widget, "Who controls the VRAEM?")).to_contain_text("Shining Path guerrilla group")
    source = cite(widget)
    with context.expect_page() as opened:
        source.get_by_role("link", name="Open in the document").click()
    expect(opened.value.locator("mark")).to_contain_text("Shining Path guerrilla group")
    assert opened.value.url.startswith(f"{signed_in_address}/documents/")
    assert opened.value.evaluate("window.opener") is None
    assert [cookie["name"] for cookie in context.cookies()] == ["quipu_session"]  # of Quipu's page, which no script can read
    page.bring_to_front()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Open it").click()
    framed = page.frame_locator("iframe").locator("quipu-chat")
    expect(ask(framed, "Are prisons overcrowded?")).to_contain_text("Prisons are overcrowded")


def test_a_token_is_renewed_once_and_questions_are_counted(context: BrowserContext, site: Site, signed_in_address: str) -> None:
    given: list[str] = []

    def old_then_good() -> str:
        claims: dict[str, Any] = {"sub": "rosa", "aud": "quipu", "iat": int(time.time()) - 400, "exp": int(time.time()) - 100}
        given.append(token_for("rosa", [], SECRET) if given else jwt.encode(claims, SECRET, "HS256"))
        return given[-1]

    site.pages |= {"/token": old_then_good, "/none": "<p>Sign in at the intranet</p>"}
    body = """<quipu-chat inline token-url="/token"></quipu-chat><quipu-chat inline token-url="/none"></quipu-chat>
    <quipu-chat inline></quipu-chat><quipu-chat inline></quipu-chat>"""
    page = site.show(context, body, head=tag(signed_in_address))
    first = widget_of(page)
    expect(ask(first, "Who controls the VRAEM?")).to_contain_text("Shining Path guerrilla group")
    expect(ask(first, "Are prisons overcrowded?")).to_contain_text("Prisons are overcrowded")
    assert len(given) == 2
    expect(ask(first, "Are prisons overcrowded?")).to_contain_text("Too many questions in a short time. Ask again in")
    expect(ask(widget_of(page, 1), "Who?")).to_contain_text("This page couldn't sign you in to Quipu.")
    unsigned = ask(widget_of(page, 2), "Who?")
    expect(unsigned).to_contain_text("Sign in to ask questions.")
    expect(unsigned.get_by_role("link", name="Open Quipu")).to_have_attribute("href", f"{signed_in_address}/")
    forged = jwt.encode({"sub": "x", "aud": "quipu", "iat": int(time.time()), "exp": int(time.time()) + 60}, "y" * 32, "HS256")
    widget_of(page, 3).evaluate("(widget, token) => { widget.getToken = async () => token }", forged)
    expect(ask(widget_of(page, 3), "Who?")).to_contain_text("This page couldn't sign you in to Quipu")
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert context.cookies() == []


def test_the_script_is_small_and_browsers_ask_for_the_latest(shipped_client: TestClient) -> None:
    script = shipped_client.get("/widget.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["cache-control"] == "no-cache"
    assert script.content == widget_script()
    assert len(script.content) < 30_000
    assert "QUIPU_" not in script.text
    assert "<" not in script.text.split("const WORDS")[1].splitlines()[0]
    again = shipped_client.get("/widget.js", headers={"If-None-Match": script.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
