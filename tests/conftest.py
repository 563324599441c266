import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, sync_playwright

from assistant import Assistant, Feedback, SentenceRanker
from assistant.model import CrossEncoder
from eval import QuestionResult, ask_all, read_questions, shipped_questions
from index import Catalogue, Encoder, Home, limit, load_encoder
from tests.asked import Client, Serve, enter, secret_file, served
from tests.browsing import ARGUMENTS, CHROMIUM, Visitor
from tests.commands import Quipu
from tests.fakes import WordEncoder
from tests.inline import PARSERS, add
from tests.made import REPORT, write
from tests.made_dossiers import RECORD, packed
from tests.remembering import RememberingCrossEncoder
from tests.serving import serving
from tools.train.dossiers import Dossier, read_dossiers
from tools.train.examples import REPORTS, Example, report_examples
from ui.server import create_app
from ui.settings import ServerSettings

signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite started in the background inherits that it is ignored


@pytest.fixture(scope="session", autouse=True)
def _one_application_per_page() -> Iterator[None]:
    """Gradio makes an application whenever a page is begun, ends or gets a queue, and another one, the one in use, to mount it. The
    others, which would cost the suite a minute, aren't made.
    """
    with patch("gradio.blocks.App"):
        yield


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The real default encoder."""
    return load_encoder()


@pytest.fixture(scope="session")
def remembering() -> CrossEncoder:
    """The cross-encoder that ships, loaded once."""
    loaded = RememberingCrossEncoder.load()
    assert loaded is not None
    return loaded


@pytest.fixture(scope="session")
def ranker(encoder: Encoder, remembering: CrossEncoder) -> SentenceRanker:
    """The ranker in use, with the cross-encoder that ships."""
    return SentenceRanker(encoder, remembering)


@pytest.fixture(scope="session")
def shipped_home(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder, ranker: SentenceRanker) -> Home:
    """A home that holds nothing but the index of the report that ships, for tests that change nothing."""
    home = Home(tmp_path_factory.mktemp("shipped") / "home")
    Assistant(home, encoder, ranker, parsers=PARSERS).scope()
    return home


@pytest.fixture(scope="session")
def shipped_report(shipped_home: Home) -> Home:
    """The index of the report that ships, as each home has it."""
    return shipped_home.shipped


@pytest.fixture(scope="session")
def shipped_results(shipped_home: Home, encoder: Encoder, ranker: SentenceRanker) -> list[QuestionResult]:
    """The results of every second question about the report that ships."""
    return [result for result, _ in ask_all(Assistant(shipped_home, encoder, ranker), read_questions(shipped_questions())[::2])]


@pytest.fixture
def begun(home: Home, shipped_report: Home) -> Home:
    """The home with that index in it, so that it need not be made anew."""
    shutil.copytree(shipped_report.path, home.shipped.path)
    return home


@pytest.fixture(scope="session")
def unlimited(shipped_home: Home) -> ServerSettings:
    """The settings of a server that many tests share: it answers as many questions as they ask."""
    with pytest.MonkeyPatch.context() as patch:
        _forget_settings(patch)
        return ServerSettings.load(home=shipped_home.path, rate="100000/minute")


def _forget_settings(patch: pytest.MonkeyPatch) -> None:
    for name in ServerSettings.model_fields:
        patch.delenv(f"QUIPU_{name.upper()}", raising=False)


@pytest.fixture
def words() -> WordEncoder:
    return WordEncoder()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the settings, the home or the folder of whoever runs it."""
    _forget_settings(monkeypatch)
    monkeypatch.setenv("QUIPU_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return write(tmp_path / "in" / "forests.txt", REPORT)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def address(begun: Home, encoder: Encoder, ranker: SentenceRanker) -> Iterator[str]:
    """A served assistant over `home`."""
    with serving(Assistant(begun, encoder, ranker, parsers=PARSERS), Feedback(begun), ServerSettings.load()) as address:
        yield address


@pytest.fixture(scope="session")
def shipped_address(shipped_home: Home, encoder: Encoder, ranker: SentenceRanker, unlimited: ServerSettings) -> Iterator[str]:
    """A served assistant over the report that ships, for tests that change nothing but their own conversation."""
    with serving(Assistant(shipped_home, encoder, ranker, parsers=PARSERS), Feedback(shipped_home), unlimited) as address:
        yield address


@pytest.fixture
def client(encoder: Encoder, begun: Home, ranker: SentenceRanker) -> Iterator[TestClient]:
    """A client of an assistant over `home`."""
    app = create_app(Assistant(begun, encoder, ranker, parsers=PARSERS))
    with TestClient(app, base_url="http://localhost:7860", client=("127.0.0.1", 50000)) as client:
        yield client


@pytest.fixture(scope="session")
def _shared_client(shipped_home: Home, encoder: Encoder, ranker: SentenceRanker, unlimited: ServerSettings) -> Iterator[TestClient]:
    app = create_app(Assistant(shipped_home, encoder, ranker, parsers=PARSERS), settings=unlimited)
    with TestClient(app, base_url="http://localhost:7860", client=("127.0.0.1", 50000)) as client:
        yield client


@pytest.fixture
def shipped_client(_shared_client: TestClient) -> TestClient:
    """A client of an assistant over the report that ships, for tests that change nothing."""
    _shared_client.cookies.clear()
    return _shared_client


def _visit(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    context = browser.new_context(locale="en-US", color_scheme=getattr(request, "param", "light"))
    visitor = Visitor(context, address)
    yield visitor
    context.close()
    assert visitor.stayed_here()


@pytest.fixture
def visitor(browser: Browser, shipped_address: str, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """Someone who reads English, and prefers light pages unless a test says otherwise, and asks the report that ships."""
    yield from _visit(browser, shipped_address, request)


@pytest.fixture
def visitor_of_home(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """The same, but of an assistant over `home`, which the test looks into or changes."""
    yield from _visit(browser, address, request)


@pytest.fixture
def quipu(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], encoder: Encoder, remembering: CrossEncoder
) -> Quipu:
    def load(model: str = "") -> Encoder:
        assert model == "minilm-en-es"
        return encoder

    for user in ("assistant.assistant", "ui.cli.commands", "ui.cli.eval_command"):
        monkeypatch.setattr(f"{user}.load_encoder", load)
    monkeypatch.setattr(CrossEncoder, "load", lambda: remembering)
    monkeypatch.setenv("COLUMNS", "200")
    return Quipu(monkeypatch, capsys)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A library of one document, for tests that change nothing."""
    folder = tmp_path_factory.mktemp("library")
    home = Home(folder / "home")
    add(home, [write(folder / "forests.txt", REPORT)], WordEncoder())
    enter(home, "rosa")
    return home


@pytest.fixture
def serve(library: Home, home: Home) -> Iterator[Serve]:
    """Serves a library of one document, with these settings."""
    shutil.copytree(library.path, home.path)
    with ExitStack() as opened:
        yield lambda **settings: opened.enter_context(served(home, WordEncoder(), **settings))


@pytest.fixture(scope="module")
def by_token(library: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    key = secret_file(tmp_path_factory.mktemp("token"))
    with served(library, WordEncoder(), sign_in="token", token_key=key) as client:
        yield client


@pytest.fixture
def by_password(serve: Serve, home: Home) -> Client:
    enter(home, "rosa", groups=("staff",))
    enter(home, "olga", operator=True)
    return serve(sign_in="password")


@pytest.fixture
def limited(library: Home) -> Iterator[Callable[[list[str]], None]]:
    """Limits the document of the library; every reader may see it again after the test."""
    (entry,) = Catalogue(library).active()

    def to(groups: list[str]) -> None:
        limit(library, entry.id, groups)

    yield to
    limit(library, entry.id, [])


@pytest.fixture
def dossier(tmp_path: Path) -> Dossier:
    """The dossier of `RECORD`, as it is read from a packed file."""
    (read,) = read_dossiers(packed(tmp_path, RECORD))
    return read


@pytest.fixture(scope="session")
def on_reports() -> list[Example]:
    """All the questions on the written reports that the cross-encoder is trained on."""
    return list(report_examples(REPORTS))


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """One thread for the training of what is small: two would only wait for each other."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
