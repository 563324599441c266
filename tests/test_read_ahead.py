"""Parsing ahead does not change the results of an `add`, and an interrupted `add` repeats no finished work."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from corpus import Document, ProcessPool, Worker, document_id
from index import AddResult, Catalogue, Home, Vectors, add, rebuild, verify
from index.library.generations import open_current
from tests.commands import Quipu
from tests.fakes import WordEncoder, files_holding, first_hit
from tests.made import REPORT, pdf, write
from tests.made_containers import mail, zipped

Begin = Callable[[ProcessPool, Callable[[], Any]], Future[Any]]


class Stopping(WordEncoder):
    """Calls `do` before it encodes the passages of document number `last`, counted from 1."""

    def __init__(self, last: int, do: Callable[[], None]) -> None:
        super().__init__()
        self.last, self.do = last, do

    def passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        self.last -= 1
        if self.last == 0:
            self.do()
        return super().passages(texts, progress)


class Steps:
    """Records the progress of an `add`."""

    def __init__(self) -> None:
        self.read: list[tuple[str, int, int, float, float]] = []
        self.of = self.done = 0

    def reading(self, name: str, number: int, total: int, done: float, share: float) -> None:
        self.read.append((name, number, total, round(done, 3), round(share, 3)))

    def encoding(self, passages: int) -> None:
        self.of += passages

    def encoded(self, passages: int) -> None:
        self.done += passages


def interrupt() -> None:
    raise KeyboardInterrupt


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def add_until_it_dies(home: Path, paths: Sequence[Path], last: int) -> None:
    add(Home(home), paths, Stopping(last, die))


class Never(Future[Any]):
    """A task that runs only when its result is requested."""

    def __init__(self, _: ProcessPool, task: Callable[[], Any]) -> None:
        super().__init__()
        self.task = task

    def result(self, timeout: float | None = None) -> Any:  # noqa: ARG002, ANN401 - as in the base class
        return self.task()


def at_once(_: ProcessPool, task: Callable[[], Any]) -> Future[Any]:
    """Run a task immediately."""
    begun: Future[Any] = Future()
    try:
        begun.set_result(task())
    except Exception as error:  # as a pool's thread does
        begun.set_exception(error)
    return begun


def plain(outcomes: Sequence[AddResult]) -> list[AddResult]:
    """Return the results without the times of their entries."""

    def timeless(added: AddResult) -> AddResult:
        entries = {name: getattr(added, name) for name in ("known", "replaces", "removed")}
        return replace(added, **{name: entry and replace(entry, added="") for name, entry in entries.items()})

    return [timeless(added) for added in outcomes]


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that workers parse from now on."""
    real, names = Worker.parse, list[str]()

    def parse(worker: Worker, data: bytes, name: str, *, ocr: bool | None = None) -> Document:
        names.append(name)
        return real(worker, data, name, ocr=ocr)

    monkeypatch.setattr(Worker, "parse", parse)
    return names


@pytest.fixture
def rivers(tmp_path: Path) -> list[Path]:
    """Six files with different texts."""
    names = ("Amazonas", "Huallaga", "Marañón", "Napo", "Putumayo", "Ucayali")
    return [write(tmp_path / "in" / f"{name}.txt", f"{name}\n\nThe river {name} is wide.\n") for name in names]


def test_results_do_not_depend_on_when_files_are_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "in"
    report = write(folder / "forests.txt", REPORT)
    copy = write(folder / "copy.md", REPORT)  # the same bytes, which another parser would parse differently
    broken, gone = write(folder / "broken.pdf", b"%PDF-1.4 broken"), folder / "gone.txt"
    figures = write(folder / "figures.pdf", pdf([["Timber was dear."]]))
    mailed = write(folder / "mail.eml", mail("Forests", "See below.", ("forests.txt", REPORT.encode()), ("song.mp3", b"la")))
    archive = write(folder / "all.zip", zipped(a__txt="A river.", b__txt="A road.", bad__pdf=b"%PDF-1.4 no", photo__png=b"\x89"))
    by_way: dict[str, tuple[list[list[AddResult]], dict[str, str], list[Any]]] = {}
    ways: dict[str, Begin] = {"usual": ProcessPool.begin, "never": lambda *given: Never(*given), "at once": at_once}
    for way, begin in ways.items():
        monkeypatch.setattr(ProcessPool, "begin", begin)
        home, words = Home(tmp_path / way), WordEncoder()
        write(figures, pdf([["Timber was dear."]]))
        write(archive, zipped(a__txt="A river.", b__txt="A road.", bad__pdf=b"%PDF-1.4 no", photo__png=b"\x89"))
        outcomes = [add(home, [copy, report, broken, gone, figures, report, mailed, archive], words)]
        write(figures, pdf([["Timber was cheap."]]))
        write(archive, zipped(b__txt="A road.", c__txt="A lake."))
        outcomes.append(add(home, [archive, figures, mailed, report], words))
        generation = open_current(home)
        assert generation is not None
        entries = [replace(entry, added="") for entry in Catalogue(home).entries()]
        by_way[way] = [plain(each) for each in outcomes], generation.manifest.files, [entries, sorted(words.encoded_passages)]
    assert by_way["usual"] == by_way["never"] == by_way["at once"]
    outcomes_of_first_add = [(added.name, added.error is None, added.known is not None) for added in by_way["usual"][0][0]]
    assert outcomes_of_first_add[:7] == [
        ("copy.md", True, False),
        ("forests.txt", True, True),
        ("broken.pdf", False, False),
        ("gone.txt", False, False),
        ("figures.pdf", True, False),
        ("forests.txt", True, True),
        ("mail.eml", True, False),
    ]


def test_a_stored_document_is_not_parsed_again(home: Home, words: WordEncoder, rivers: list[Path], parsed: list[str]) -> None:
    add(home, rivers[:4], words)
    assert sorted(parsed) == [path.name for path in rivers[:4]]
    parsed.clear()
    outcomes = add(home, rivers, words)
    assert [outcome.known is not None for outcome in outcomes] == [True] * 4 + [False] * 2
    assert sorted(parsed) == [path.name for path in rivers[4:]]


def test_an_add_continues_a_killed_one(home: Home, tmp_path: Path, rivers: list[Path], parsed: list[str]) -> None:
    """Killed before the passages of the fourth document are encoded, `add` leaves its text stored, and three documents done."""
    within = zipped(**{f"{path.stem}__txt": path.read_text() for path in rivers[2:5]})
    paths = [*rivers[:2], write(tmp_path / "x.zip", within), rivers[5]]
    killed = multiprocessing.get_context("forkserver").Process(target=add_until_it_dies, args=(home.path, paths, 4))
    killed.start()
    killed.join(60)
    assert killed.exitcode == -signal.SIGKILL
    words = WordEncoder()
    outcomes = add(home, paths, words)
    assert [outcome.error for outcome in outcomes] == [None] * 6
    assert sorted(name.rpartition(" ")[2] for name in parsed) == ["Putumayo.txt", "Ucayali.txt"]
    assert [text.split()[0] for text in words.encoded_passages] == ["Napo", "Putumayo", "Ucayali"]
    assert [checked.problem for checked in verify(home)] == [""] * 6
    again = WordEncoder()
    assert all(outcome.known for outcome in add(home, paths, again))
    assert again.encoded_passages == []


def test_an_interrupted_add_puts_in_use_what_is_finished(home: Home, rivers: list[Path], parsed: list[str]) -> None:
    with pytest.raises(KeyboardInterrupt):
        add(home, rivers, Stopping(4, interrupt))
    words = WordEncoder()
    assert "Marañón is wide" in first_hit(home, words, "Marañón")
    assert [checked.problem for checked in verify(home)][:3] == ["", "", ""]
    parsed.clear()
    outcomes = add(home, rivers, words)
    assert [outcome.known is not None for outcome in outcomes] == [True] * 3 + [False] * 3
    assert sorted(parsed) == ["Putumayo.txt", "Ucayali.txt"]
    assert [text.split()[0] for text in words.encoded_passages] == ["Napo", "Putumayo", "Ucayali"]


def test_an_interrupted_replacement_leaves_the_old_text(home: Home, words: WordEncoder, rivers: list[Path]) -> None:
    add(home, rivers, words)
    write(rivers[0], "Amazonas\n\nThe river Amazonas is narrow.\n")
    write(rivers[1], "Huallaga\n\nThe river Huallaga is narrow.\n")
    with pytest.raises(KeyboardInterrupt):
        add(home, rivers, Stopping(2, interrupt))
    assert "Amazonas is narrow" in first_hit(home, words, "Amazonas")
    assert "Huallaga is wide" in first_hit(home, words, "Huallaga")
    assert files_holding(home, "Amazonas is wide") == []
    add(home, rivers, words)
    assert "Huallaga is narrow" in first_hit(home, words, "Huallaga")


def test_an_add_interrupted_within_a_zip_removes_nothing(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    path = write(tmp_path / "x.zip", zipped(a__txt="A river.", b__txt="A road."))
    add(home, [path], words)
    write(path, zipped(c__txt="A lake.", d__txt="A sea.", a__txt="A river.", b__txt="A road."))
    with pytest.raises(KeyboardInterrupt):
        add(home, [path], Stopping(2, interrupt))
    assert "A road." in first_hit(home, words, "road")
    assert "A lake." in first_hit(home, words, "lake")


def test_progress_is_measured_by_size(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    first = write(tmp_path / "first.txt", "a " * 500)
    archive = write(tmp_path / "x.zip", zipped(b__txt="b " * 100, c__txt="c " * 300))
    last = write(tmp_path / "last.txt", "d " * 500)
    whole = 2000 + archive.stat().st_size
    share = archive.stat().st_size / whole
    steps = Steps()
    added = add(home, [first, archive, last], words, steps)
    assert steps.read == [
        ("first.txt", 1, 3, 0.0, round(1000 / whole, 3)),
        ("x.zip › b.txt", 2, 3, round(1000 / whole, 3), round(share / 4, 3)),
        ("x.zip › c.txt", 2, 3, round(1000 / whole + share / 4, 3), round(3 * share / 4, 3)),
        ("last.txt", 3, 3, round(1 - 1000 / whole, 3), round(1000 / whole, 3)),
    ]
    assert steps.of == steps.done == sum(outcome.passages for outcome in added) > 10


def test_a_library_is_rebuilt_in_the_order_it_was_added(
    home: Home, words: WordEncoder, rivers: list[Path], parsed: list[str]
) -> None:
    add(home, rivers, words)
    parsed.clear()
    damaged = next((home.documents / document_id(rivers[1].read_bytes())).glob("original.*"))
    damaged.write_text("Another text.")
    steps = Steps()
    rebuilt = rebuild(home, WordEncoder("others"), steps)
    assert (rebuilt.documents, len(rebuilt.problems)) == (5, 1)
    assert [name for name, *_ in steps.read] == [path.name for path in rivers]
    assert sorted(parsed) == [path.name for path in rivers if path != rivers[1]]


def test_sigterm_stops_the_command_as_ctrl_c_does(
    home: Home, rivers: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stopping = Stopping(4, lambda: os.kill(os.getpid(), signal.SIGTERM))
    monkeypatch.setattr("ui.cli.commands.load_encoder", lambda _: stopping)
    before = signal.getsignal(signal.SIGTERM)
    try:
        result = Quipu(monkeypatch, capsys)("add", *map(str, rivers))
    finally:
        signal.signal(signal.SIGTERM, before)
    said = "quipu: Stopped. What was read can be asked; the same `quipu add` goes on from there.\n"
    assert (result.code, result.out, result.err) == (130, "", said)
    assert "Marañón is wide" in first_hit(home, stopping, "Marañón")
