"""Killed before any of its steps on the disk, a writer leaves a library that opens, answers, and goes on where it was."""

import multiprocessing
import shutil
import signal
from pathlib import Path

import pytest

from index import Home, Index, Library, add, remove, verify
from tests import killed_writer
from tests.fakes import WordEncoder
from tests.made import REPORT, write

FRESH = multiprocessing.get_context("forkserver")  # every writer starts in a process without threads, with its modules loaded
FRESH.set_forkserver_preload(["tests.killed_writer"])


def run(home: Home, last: int, *, added: Path | None = None, removed: str = "") -> tuple[int | None, int]:
    """The exit code of a writer that dies before step `last` (0: not at all), and the steps that it took."""
    steps = FRESH.Value("i", 0)
    writer = FRESH.Process(target=killed_writer.change, args=(home.path, added, removed, last, steps))
    writer.start()
    writer.join(60)
    return writer.exitcode, steps.value


def answers(home: Home, encoder: WordEncoder, query: str) -> str:
    index = Index.open(home, encoder)
    assert index is not None
    assert index.notice == ""
    return "".join(hit.passage.text for hit in index.search(query, 1))


def copied(start: Home, to: Path) -> Home:
    shutil.rmtree(to, ignore_errors=True)
    return Home(Path(shutil.copytree(start.path, to)))


@pytest.fixture
def start(tmp_path: Path, words: WordEncoder) -> Home:
    """A library that holds one document."""
    home = Home(tmp_path / "start")
    add(home, [write(tmp_path / "in" / "rivers.txt", "Rivers\n\nThe river Marañón is wide and brown.\n")], words)
    return home


def test_a_killed_add_leaves_the_old_library_or_the_new_one(start: Home, tmp_path: Path, words: WordEncoder) -> None:
    report = write(tmp_path / "in" / "forests.txt", REPORT)
    code, steps = run(copied(start, tmp_path / "work"), 0, added=report)
    assert code == 0
    assert steps >= 20
    for last in range(1, steps + 1):
        work = copied(start, tmp_path / "work")
        assert run(work, last, added=report) == (-signal.SIGKILL, last)
        assert "wide and brown" in answers(work, words, "the wide river")
        (again,) = add(work, [report], words)
        assert again.error is None
        assert "412" in answers(work, words, "illegal sawmills")
        assert [result.problem for result in verify(work)] == ["", ""]
        assert not list(work.path.rglob(".new-*"))


def test_a_killed_remove_hides_the_document_or_has_not_begun(start: Home, tmp_path: Path, words: WordEncoder) -> None:
    add(start, [write(tmp_path / "in" / "forests.txt", REPORT)], words)
    code, steps = run(copied(start, tmp_path / "work"), 0, removed="forests.txt")
    assert code == 0
    assert steps >= 15
    for last in range(1, steps + 1):
        work = copied(start, tmp_path / "work")
        assert run(work, last, removed="forests.txt") == (-signal.SIGKILL, last)
        assert "wide and brown" in answers(work, words, "the wide river")
        if [entry.name for entry in Library(work).active()] == ["rivers.txt"]:
            assert "412" not in answers(work, words, "illegal sawmills")
        if Library(work).entries()[1:]:
            remove(work, "forests.txt")
        else:
            add(work, [], words)
        assert [path for path in work.path.rglob("*") if path.is_file() and b"mahogany" in path.read_bytes()] == []
        assert "wide and brown" in answers(work, words, "the wide river")
