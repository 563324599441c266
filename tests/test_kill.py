"""Killed before any of its changes on the disk, a writer leaves a library that opens, answers, and goes on where it was."""

import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index import Catalogue, Home, Index, remove, stored
from tests.fakes import WordEncoder, files_holding
from tests.inline import add, verify
from tests.killed_writer import add_file, remove_document, until
from tests.made import REPORT, write


def each_kill(start: Home, work: Path, change: Callable[..., None], argument: object) -> Iterator[Home]:
    """Yield a copy of the home after a writer was killed in it, for each of the writer's changes, and one where it was not."""
    home = copied(start, work)
    code, changes = until(0, change, home.path, argument)
    assert code == 0
    assert changes >= 15
    yield home
    for last in range(1, changes + 1):
        home = copied(start, work)
        assert until(last, change, home.path, argument) == (-signal.SIGKILL, last)
        yield home


def answers(home: Home, encoder: WordEncoder, query: str) -> str:
    index = Index.open(home, encoder)
    assert index is not None
    assert index.notice == ""
    return "".join(hit.passage.text for hit in index.within().search(query, 1))


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
    for work in each_kill(start, tmp_path / "work", add_file, report):
        assert "wide and brown" in answers(work, words, "the wide river")
        if Catalogue(work).entries()[1:]:
            other = copied(work, tmp_path / "other")
            remove(other, "forests.txt")
            assert files_holding(other, "mahogany") == []
            assert "wide and brown" in answers(other, words, "the wide river")
        (again,) = add(work, [report], words)
        assert again.error is None
        assert "412" in answers(work, words, "illegal sawmills")
        assert [result.problem for result in verify(work)] == ["", ""]
        assert not list(work.path.rglob(".new-*"))


def test_a_killed_first_add_leaves_nothing_in_the_way(tmp_path: Path, words: WordEncoder) -> None:
    report = write(tmp_path / "in" / "forests.txt", REPORT)
    empty = Home(tmp_path / "empty")
    empty.path.mkdir()
    for work in each_kill(empty, tmp_path / "work", add_file, report):
        index = Index.open(work, words)
        assert index is None or "412" in answers(work, words, "illegal sawmills")
        assert [kept.document is None for kept in stored(work)] in ([], [True], [False])
        add(work, [report], words)
        assert "412" in answers(work, words, "illegal sawmills")
        assert [result.problem for result in verify(work)] == [""]


def test_a_killed_replacement_leaves_the_old_text_or_the_new_one(start: Home, tmp_path: Path, words: WordEncoder) -> None:
    changed = write(tmp_path / "in" / "rivers.txt", "Rivers\n\nThe river Marañón is narrow and clear.\n")
    roads = write(tmp_path / "in" / "roads.txt", "Roads\n\nThe road is long.\n")
    for work in each_kill(start, tmp_path / "work", add_file, changed):
        answer = answers(work, words, "the river")
        assert ("wide and brown" in answer) != ("narrow and clear" in answer)
        add(work, [roads], words)  # goes on with what is whole, and with that only
        answer = answers(work, words, "the river")
        assert ("wide and brown" in answer) != ("narrow and clear" in answer)
        add(work, [changed], words)
        assert "narrow and clear" in answers(work, words, "the river")
        assert files_holding(work, "wide and brown") == []
        assert len(Catalogue(work).entries()) == 2


def test_a_killed_remove_hides_the_document_or_has_not_begun(start: Home, tmp_path: Path, words: WordEncoder) -> None:
    add(start, [write(tmp_path / "in" / "forests.txt", REPORT)], words)
    for work in each_kill(start, tmp_path / "work", remove_document, "forests.txt"):
        assert "wide and brown" in answers(work, words, "the wide river")
        if [entry.name for entry in Catalogue(work).active()] == ["rivers.txt"]:
            assert "412" not in answers(work, words, "illegal sawmills")
        if Catalogue(work).entries()[1:]:
            remove(work, "forests.txt")
        else:
            add(work, [], words)
        assert files_holding(work, "mahogany") == []
        assert "wide and brown" in answers(work, words, "the wide river")
