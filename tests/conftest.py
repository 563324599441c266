from pathlib import Path

import pytest

from index import Home, SentenceTransformerEncoder
from tests.fakes import WordEncoder
from tests.made import REPORT, write


@pytest.fixture(scope="session")
def encoder() -> SentenceTransformerEncoder:
    """The real default encoder."""
    return SentenceTransformerEncoder.load()


@pytest.fixture
def words() -> WordEncoder:
    return WordEncoder()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the settings, the home or the folder of whoever runs it."""
    monkeypatch.setenv("QUIPU_HOME", str(tmp_path / "home"))
    for name in ("QUIPU_MODEL", "QUIPU_HOST", "QUIPU_PORT", "QUIPU_FEEDBACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return write(tmp_path / "in" / "forests.txt", REPORT)
