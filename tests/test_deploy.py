"""What is written for who runs Quipu is so: the commands, the settings, the image, and the example for nginx, which runs here."""

import configparser
import json
import re
import ssl
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
import typer.main
import uvicorn
import yaml  # type: ignore[import-untyped]  # its stubs aren't among what the tests need
from packaging.specifiers import SpecifierSet
from playwright.sync_api import Browser, Page, expect

from assistant import Answer, Assistant, SentenceRanker
from index import Encoder, Home, limit
from tests.browsing import needs_browser
from tests.inline import add
from tests.made import REPORT, write
from tests.proxying import Proxy, needs_nginx, prefix
from tests.test_widget import SECRET, Site, ask, cite, running, tag, widget_of
from tools.demo.__main__ import token_for
from ui.access.access_tokens import TokenKey
from ui.access.users import Users
from ui.cli.commands import app as commands
from ui.server import bind, create_app
from ui.settings import ServerSettings
from ui.wording.words import say

PROJECT = Path(__file__).parent.parent
DEPLOY = PROJECT / "deploy"
GUIDE = (PROJECT / "docs" / "deploy.md").read_text(encoding="utf-8")
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
FILES = ["Dockerfile", "compose.yaml", "nginx.conf", "quipu.env", "quipu.service"]
TEXTS = [GUIDE, *((DEPLOY / name).read_text(encoding="utf-8") for name in FILES)]
PASSWORD = "knotted cords remember"
HOSTS = ("localhost", "127.0.0.1")


def pyproject() -> dict[str, Any]:
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))


def stages() -> list[list[list[str]]]:
    """The Dockerfile's instructions, each as its words, by stage."""
    lines = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE)).splitlines()
    found: list[list[list[str]]] = []
    for words in filter(None, map(str.split, lines)):
        if words[0] == "FROM":
            found.append([])
        found[-1].append(words)
    return found


def settings_of(text: str) -> dict[str, str]:
    return dict(re.findall(r"^(QUIPU_\w+)=(.*)$", text, re.MULTILINE))


def commands_in(text: str) -> set[tuple[str, ...]]:
    """What is typed after `quipu` in code: in indented or fenced lines, and between backquotes."""
    code = re.findall(r"^ {4}(.+)$", text, re.MULTILINE) + re.findall(r"`([^`\n]+)`", text)
    typed = (
        re.search(r"(?:^|[\s/])quipu +([a-z]+)\b(?![-/.])(.*)", line.split(" #")[0].replace("quipu quipu", "quipu"))
        for line in code
    )
    return {(found[1], *found[2].split()) for found in typed if found}


def test_every_command_in_the_guide_is_there() -> None:
    found = commands_in(GUIDE)
    assert {words[0] for words in found} >= {
        "add",
        "backup",
        "documents",
        "limit",
        "rebuild",
        "remove",
        "restore",
        "serve",
        "user",
        "verify",
    }
    for words in found:
        command: Any = typer.main.get_command(commands)
        rest = list(words)
        while rest and hasattr(command, "commands"):
            assert rest[0] in command.commands, words
            command = command.commands[rest.pop(0)]
        options = {option for parameter in command.params for option in parameter.opts}
        for word in rest:
            assert not word.startswith("--") or word in options, words


def test_every_setting_is_there() -> None:
    known = {f"QUIPU_{name.upper()}" for name in ServerSettings.model_fields}
    for text in TEXTS:
        assert set(re.findall(r"QUIPU_[A-Z_]+\b", text)) <= known


def test_the_settings_file_can_be_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = (DEPLOY / "quipu.env").read_text(encoding="utf-8")
    key = write(tmp_path / "token.key", "a" * 32)
    for shown in (text, re.sub(r"^#(?=QUIPU)", "", text, flags=re.MULTILINE).replace("/etc/quipu/token.key", str(key))):
        for name, value in settings_of(shown).items():
            monkeypatch.setenv(name, value)
        assert ServerSettings.load().address == "https://quipu.example/quipu"
    assert ServerSettings.load().sign_in == ("password",)


def test_the_image_holds_all_packages_and_nothing_else() -> None:
    project = pyproject()
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    needed = {*packages, "pyproject.toml", "constraints.txt", project["project"]["readme"], *project["project"]["license-files"]}
    build = stages()[0]
    copied = {word for line in build if line[0] == "COPY" for word in line[1:-1]}
    assert copied == needed
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").split("\n")
    assert ignored[1] == "*"
    assert {line[1:] for line in ignored if line.startswith("!")} == needed
    (install,) = [line for line in build if line[0] == "RUN"]
    assert " ".join(install).endswith("--constraint constraints.txt --extra-index-url https://download.pytorch.org/whl/cpu .")


def test_the_image_runs_without_root_and_is_asked_whether_it_is_ready() -> None:
    build, final = stages()
    assert build[0][1] == final[0][1]
    (version,) = re.findall(r"python:([\d.]+)-slim", final[0][1])
    assert version in SpecifierSet(pyproject()["project"]["requires-python"])
    by_name = {line[0]: line[1:] for line in final}
    user = by_name["USER"][0].split(":")[0]
    assert int(user) >= 1000
    assert f"--uid {user}" in DOCKERFILE
    assert by_name["EXPOSE"] == [str(ServerSettings.model_fields["port"].default)]
    assert json.loads(" ".join(by_name["CMD"])) == ["quipu", "serve", "--host", "0.0.0.0"]  # noqa: S104 - a container's address
    assert "http://127.0.0.1:7860/readyz" in " ".join(by_name["HEALTHCHECK"])


def test_the_compose_file_gives_little() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    compose = yaml.safe_load(text)
    service = compose["services"]["quipu"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["ports"] == ["127.0.0.1:7860:7860"]
    assert "data:/data" in service["volumes"]
    assert (PROJECT / service["build"]["dockerfile"]).exists()
    assert service["environment"]["QUIPU_PROXIES"] == compose["networks"]["quipu"]["ipam"]["config"][0]["gateway"]
    for mounted in service["volumes"]:
        assert mounted.split(":")[0] in GUIDE or mounted.startswith("data:")
    assert "10001" in text
    assert "--uid 10001" in DOCKERFILE
    assert "-o 10001 -g 10001" in GUIDE


def test_the_unit_runs_what_the_guide_installs() -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[method-assign,assignment]  # as configparser says to keep capitals
    unit.read_string((DEPLOY / "quipu.service").read_text(encoding="utf-8"))
    service = unit["Service"]
    assert service["User"] == "quipu"
    assert "useradd --system --home-dir /var/lib/quipu" in GUIDE
    assert service["ExecStart"] == "/opt/quipu/bin/quipu serve"
    assert "/opt/quipu/bin/pip install" in GUIDE
    assert service["EnvironmentFile"] == "/etc/quipu/quipu.env"
    assert "QUIPU_HOME=/var/lib/quipu/home" in service["Environment"].split()
    assert "QUIPU_HOME=/var/lib/quipu/home" in GUIDE
    assert (service["NoNewPrivileges"], service["ProtectSystem"], service["CapabilityBoundingSet"]) == ("yes", "strict", "")


def test_the_prefix_is_the_same_everywhere() -> None:
    assert prefix() == "/quipu"
    address = settings_of((DEPLOY / "quipu.env").read_text(encoding="utf-8"))["QUIPU_ADDRESS"]
    assert address.endswith(prefix())
    assert f"{address}/widget.js" in GUIDE
    assert f"metrics_path: {prefix()}/metrics" in GUIDE


def test_the_proxy_says_who_it_is_in_the_headers_that_are_believed() -> None:
    example = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for header in ("proxy_user_header", "proxy_groups_header"):
        assert f"proxy_set_header {ServerSettings.model_fields[header].default} $quipu_" in example
    assert example.count("proxy_set_header X-Forwarded-For $remote_addr;") == 3  # never what the client sent


def test_the_token_of_the_guide_is_good(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    made: dict[str, Any] = {}
    exec(example, made)  # noqa: S102 - our own page
    key = TokenKey.load(write(tmp_path / "token.key", "a secret of more than 32 characters\n"), "quipu")
    claims = key.claims(made["quipu_token"]("ana", ["country-team"], "a secret of more than 32 characters"))
    assert (claims.name, claims.groups) == ("ana", frozenset(["country-team"]))


class Served:
    """Quipu behind nginx: how to reach it, and a client that trusts its certificate."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self._trust = ssl.create_default_context(cafile=str(proxy.certificate))

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.proxy.address, verify=self._trust, timeout=60)


@pytest.fixture
def proxy(tmp_path: Path) -> Proxy:
    return Proxy(tmp_path)


@pytest.fixture
def intranet(proxy: Proxy) -> Iterator[Site]:
    """Another site by https, whose pages may have the widget: as "localhost" it is of Quipu's domain, as "127.0.0.1" it isn't."""
    site = Site()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(proxy.certificate, proxy.certificate.with_name("key.pem"))
    # the handshake is for the thread of the connection, and not for the one that waits for others
    site.server.socket = context.wrap_socket(site.server.socket, server_side=True, do_handshake_on_connect=False)
    site.pages["/quipu-token"] = lambda: token_for("rosa", ["country-team"], SECRET)
    with running(site.server):
        yield site


def origin(site: Site, host: str) -> str:
    return f"https://{host}:{site.server.server_port}"


@pytest.fixture
def served(
    tmp_path: Path,
    home: Home,
    encoder: Encoder,
    ranker: SentenceRanker,
    proxy: Proxy,
    intranet: Site,
    request: pytest.FixtureRequest,
) -> Iterator[Served]:
    """A library with one document, behind the example; `request.param` are settings, and whether there is a single sign-on."""
    given = dict(getattr(request, "param", {}))
    sign_on = ThreadingHTTPServer(("127.0.0.1", 0), SignOn) if given.pop("sign_on", False) else None
    add(home, [write(tmp_path / "in" / "forests.txt", REPORT)], encoder)
    Users(home).put("ana", PASSWORD, operator=True, groups=[])
    Users(home).put("luis", PASSWORD, operator=False, groups=["country-team"])
    key = write(tmp_path / "token.key", SECRET)
    listed = {"address": proxy.address, "proxies": "127.0.0.1", "origins": [origin(intranet, host) for host in HOSTS]}
    settings = ServerSettings.load(**{"port": 0, "sign_in": "password", "token_key": key, **listed, **given})
    listener = bind(settings)
    app = create_app(Assistant(home, encoder, ranker), settings=settings)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1, proxy_headers=False))
    threads = [threading.Thread(target=server.run, kwargs={"sockets": [listener]})]
    if sign_on:
        threads.append(threading.Thread(target=sign_on.serve_forever))
    for thread in threads:
        thread.start()
    with proxy.running(listener.getsockname()[1], sign_on.server_port if sign_on else None):
        yield Served(proxy)
    server.should_exit = True
    if sign_on:
        sign_on.shutdown()
        sign_on.server_close()
    for thread in threads:
        thread.join()


class SignOn(BaseHTTPRequestHandler):
    """Answers as oauth2-proxy does: who has the cookie "sso=NAME" is signed in by that name, others are sent away to sign in."""

    def do_GET(self) -> None:
        name = self.headers.get("Cookie", "").removeprefix("sso=")
        if self.path == "/oauth2/start":
            self.send_response(302)
            self.send_header("Location", f"https://login.example/?{urlencode({'onward': self.headers['X-Auth-Request-Redirect']})}")
        elif self.path.startswith("/oauth2/auth"):
            self.send_response(202 if name else 401)
            if name:
                self.send_header("X-Auth-Request-Email", f"{name}@company.example")
                self.send_header("X-Auth-Request-Groups", "country-team,quipu-operators" if name == "boss" else "country-team")
        else:
            self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def signed_in(client: httpx.Client, name: str = "luis") -> httpx.Response:
    form = {"name": name, "password": PASSWORD, "next": "/quipu/"}
    return client.post("sign-in", data=form, headers={"Origin": str(client.base_url).removesuffix("/quipu/")})


@needs_nginx
def test_behind_nginx_a_reader_signs_in_and_asks(served: Served, home: Home) -> None:
    with served.client() as client:
        assert client.get(served.proxy.plain + "/quipu/", follow_redirects=False).headers["location"] == "https://localhost/quipu/"
        assert client.get(served.proxy.origin + "/quipu").headers["location"] == f"{served.proxy.origin}/quipu/"
        assert client.get("readyz").json() == {"status": "ready"}
        assert client.get("").headers["location"].startswith("/quipu/sign-in?next=")
        entered = signed_in(client)
        assert entered.headers["location"] == "/quipu/"
        assert {"Path=/quipu", "Secure", "HttpOnly", "SameSite=lax"} <= set(entered.headers["set-cookie"].split("; "))
        page = client.get("")
        assert page.status_code == 200
        assert "/quipu/app-static/chat.css" in page.text
        assert client.get("app-static/chat.css").headers["content-type"].startswith("text/css")
        answer = client.post("api/ask", json={"question": "How many illegal sawmills were found?"}).json()
        assert answer["status"] == "answered"
        link = answer["citations"][0]["link"]
        assert link.startswith("/quipu/documents/")
        document = client.get(served.proxy.origin + link)
        assert document.status_code == 200
        assert "412 illegal sawmills" in document.text
        assert client.get("widget.js").headers["content-type"].startswith("text/javascript")
        limit(home, "forests.txt", ["board"])
        assert client.get(served.proxy.origin + link).status_code == 404


@needs_nginx
def test_behind_nginx_a_stream_comes_as_it_is_sent(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer isn't begun until the browser has been told that its question is being processed."""
    was_told, ask = threading.Event(), Assistant.ask

    def ask_when_told(*given: Any, **named: Any) -> Answer:  # noqa: ANN401 - as `ask` is given them
        assert was_told.wait(20)
        return ask(*given, **named)

    monkeypatch.setattr(Assistant, "ask", ask_when_told)
    with served.client() as client:
        signed_in(client)
        joined = {"data": ["How many illegal sawmills were found?", [], []], "fn_index": 1, "session_hash": "one"}
        assert client.post("gradio_api/queue/join", json=joined).status_code == 200
        events = []
        with client.stream("GET", "gradio_api/queue/data", params={"session_hash": "one"}) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    event = json.loads(line.removeprefix("data:"))
                    events.append(event["msg"])
                    if event["msg"] == "process_starts":
                        was_told.set()
                    if event["msg"] == "process_completed":
                        assert "412" in json.dumps(event["output"])
                        break
        assert events[-1] == "process_completed"


@needs_nginx
@pytest.mark.parametrize("served", [{"sign_in": "password,proxy"}], indirect=True)
def test_nobody_signs_in_by_sending_the_proxys_header(served: Served) -> None:
    with served.client() as client:
        for header in ("X-Forwarded-User", "x-forwarded-user", "X_Forwarded_User"):
            refused = client.get("api/documents", headers={header: "ana", "X-Forwarded-Groups": "quipu-operators"})
            assert refused.status_code == 401
        as_luis = client.get("metrics", auth=("luis", PASSWORD), headers={"X-Forwarded-Groups": "quipu-operators"})
        assert as_luis.status_code == 403
        assert client.get("metrics", auth=("ana", PASSWORD)).text.startswith("# HELP")


@needs_nginx
@pytest.mark.parametrize("served", [{"sign_in": "proxy,password", "sign_on": True}], indirect=True)
def test_behind_a_single_sign_on(served: Served) -> None:
    with served.client() as client:
        for link in (
            "/quipu/",
            "/quipu/documents/0123456789abcdef?start=12&end=40&q=89abcdef",
            "/quipu/documents?a=%26&b=%C3%B1#1",
        ):
            away = client.get(served.proxy.origin + link, headers={"X-Auth-Request-Redirect": "https://evil.example/"})
            assert away.status_code == 302
            assert urlsplit(away.headers["location"]).netloc == "login.example"
            assert parse_qs(urlsplit(away.headers["location"]).query) == {"onward": [link.partition("#")[0]]}
        spoofed = client.get("api/documents", headers={"X-Forwarded-User": "ana"})
        assert spoofed.status_code == 302
        assert client.get("widget.js").status_code == 200
        assert client.get("api/documents", headers={"Cookie": "sso=luis"}).status_code == 200
        assert client.get("metrics", headers={"Cookie": "sso=luis"}).status_code == 403
        assert client.get("metrics", headers={"Cookie": "sso=boss"}).status_code == 200
        assert client.get("metrics", auth=("ana", PASSWORD)).status_code == 200
        assert client.get("api/documents", headers={"Authorization": "Bearer none"}).status_code == 401


def visit(browser: Browser, site: Site, host: str, body: str, head: str = "") -> Page:
    """The site's page with this in it, opened by somebody new who reads English."""
    site.pages["/"] = f'<!doctype html><html lang="en"><head><title>Intranet</title>{head}</head><body>{body}</body></html>'
    page = browser.new_context(locale="en-US", ignore_https_errors=True).new_page()
    page.goto(f"{origin(site, host)}/")
    return page


@needs_nginx
@needs_browser
@pytest.mark.parametrize("served", [{"sign_in": "token"}], indirect=True)
@pytest.mark.parametrize("host", HOSTS)
def test_behind_nginx_the_widget_leads_to_the_place_in_the_document(
    served: Served, intranet: Site, browser: Browser, host: str
) -> None:
    body = '<quipu-chat inline token-url="/quipu-token"></quipu-chat>'
    page = visit(browser, intranet, host, body, tag(served.proxy.address))
    requests: list[str] = []
    page.context.on("request", lambda sent: requests.append(sent.url))
    widget = widget_of(page)
    expect(ask(widget, "How many illegal sawmills were found?").locator(".sentence").first).to_contain_text("412 illegal sawmills")
    source = cite(widget)
    expect(source.locator("mark")).to_contain_text("412 illegal sawmills")
    with page.context.expect_page() as opened:
        source.get_by_role("link", name="Open in the document").click()
    document = opened.value
    expect(document.locator("mark")).to_have_text(source.locator("mark").inner_text())
    expect(document.locator("mark")).to_be_in_viewport()
    expect(document.locator("main")).to_contain_text("Officers in Iquitos")
    assert document.url.startswith(f"{served.proxy.address}/documents/")
    (session,) = page.context.cookies()
    assert (session["name"], session["path"], session["secure"], session["httpOnly"]) == ("quipu_session", "/quipu", True, True)
    page.context.close()
    assert all(url.startswith((f"{served.proxy.address}/", f"{origin(intranet, host)}/")) for url in requests)
    assert not any("eyJ" in url for url in requests)  # no token in an address


@needs_nginx
@needs_browser
@pytest.mark.parametrize("served", [{"sign_in": "token"}], indirect=True)
def test_the_frame_of_the_guide_is_signed_in_on_pages_of_the_same_domain(served: Served, intranet: Site, browser: Browser) -> None:
    (example,) = re.findall(r"```html\n(.*?)```", GUIDE, re.DOTALL)
    example = example.replace("https://quipu.company.example/quipu", served.proxy.address)
    for host, said in (("localhost", "Respondido con los documentos"), ("127.0.0.1", say("widget_sign_in", "es"))):
        page = visit(browser, intranet, host, example.replace("TOKEN", token_for("rosa", [], SECRET)))
        widget = page.frame_locator("iframe").locator("quipu-chat")
        expect(ask(widget, "¿Quién incautó los camiones?")).to_contain_text(said)
        assert page.frames[1].url == f"{served.proxy.address}/embed?theme=light&lang=es"
        page.context.close()


def test_all_that_changes_the_widgets_look_is_named() -> None:
    style = (PROJECT / "ui" / "web" / "static" / "widget.css").read_text(encoding="utf-8")
    assert set(re.findall(r"--quipu-[a-z-]+", GUIDE)) == set(re.findall(r"--quipu-[a-z-]+", style))
