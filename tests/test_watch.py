"""`quipu add --watch`: keeping a library in step with a folder."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from index import Catalogue, Home, Library, LibraryError, remove
from tests.commands import Quipu
from tests.fakes import WordEncoder, first_hit
from tests.inline import add
from tests.made import REPORT, write
from tests.made_containers import mail, zipped
from tests.test_containers import RIVERS, ROADS
from ui.cli.watch import Watch, folders_in

Look = Callable[[], tuple[list[str], list[str]]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def watch(home: Home, words: WordEncoder, folder: Path) -> Watch:
    return Watch(Library(home), [folder], words)


@pytest.fixture
def look(watch: Watch, capsys: pytest.CaptureFixture[str]) -> Look:
    """Look twice, since a file must stay unchanged between two looks; return the lines on stdout and stderr."""

    def look() -> tuple[list[str], list[str]]:
        capsys.readouterr()
        watch.look()
        watch.look()
        said = capsys.readouterr()
        return said.out.splitlines(), said.err.splitlines()

    return look


def names(home: Home) -> list[str]:
    return sorted(entry.name for entry in Catalogue(home).active())


def test_new_changed_and_deleted_files(home: Home, words: WordEncoder, folder: Path, look: Look) -> None:
    write(folder / "forests.txt", REPORT)
    assert look() == (["forests.txt: 2 passages, English. “Forests of the North”.", "The library is in step with 1 file."], [])
    assert look() == ([], [])
    write(folder / "deep" / "rivers.txt", RIVERS)
    assert look() == (["rivers.txt: 1 passage, English. “Rivers”."], [])
    write(folder / "forests.txt", REPORT.replace("412", "977"))
    (said,), _ = look()
    assert said.startswith("forests.txt: 2 passages, English. “Forests of the North”. It replaces what was added on 20")
    assert "977 illegal" in first_hit(home, words, "illegal sawmills")
    (folder / "forests.txt").unlink()
    assert look() == (["forests.txt was removed: its file is gone."], [])
    assert names(home) == ["rivers.txt"]
    shutil.rmtree(folder / "deep")
    write(folder / "roads.txt", ROADS)
    assert look()[0] == ["roads.txt: 1 passage, English. “Roads”.", "rivers.txt was removed: its file is gone."]
    assert names(home) == ["roads.txt"]


def test_a_file_being_written_is_left_alone_until_it_is_finished(home: Home, folder: Path, watch: Watch) -> None:
    path = folder / "forests.txt"
    with path.open("w", encoding="utf-8") as file:
        for line in REPORT.splitlines(keepends=True):
            file.write(line)
            file.flush()
            watch.look()
            assert names(home) == []
    watch.look()
    assert names(home) == ["forests.txt"]


def test_a_file_that_disappears_briefly_is_kept(home: Home, folder: Path, watch: Watch, look: Look) -> None:
    path = write(folder / "forests.txt", REPORT)
    write(folder / "rivers.txt", RIVERS)
    look()
    path.rename(folder / "forests.tmp")  # as programs save
    watch.look()
    (folder / "forests.tmp").rename(path)
    assert look() == ([], [])
    assert names(home) == ["forests.txt", "rivers.txt"]


def test_a_moved_file_is_not_embedded_again(home: Home, words: WordEncoder, folder: Path, look: Look) -> None:
    write(folder / "forests.txt", REPORT)
    write(folder / "copy.txt", RIVERS)
    write(folder / "rivers.txt", RIVERS)
    look()
    assert names(home) == ["copy.txt", "forests.txt"]
    words.encoded_passages.clear()
    (folder / "forests.txt").rename(folder / "woods.txt")
    (folder / "copy.txt").unlink()
    assert look() == ([], [])
    assert words.encoded_passages == []
    assert sorted(entry.path for entry in Catalogue(home).active()) == [f"{folder}/rivers.txt", f"{folder}/woods.txt"]
    write(folder / "bridges.txt", RIVERS)
    look()
    write(folder / "rivers.txt", "Rivers are brown.\n")  # the other copy keeps what it was
    look()
    assert sorted(entry.path for entry in Catalogue(home).active()) == [
        f"{folder}/bridges.txt",
        f"{folder}/rivers.txt",
        f"{folder}/woods.txt",
    ]


def test_a_missing_or_empty_folder_removes_nothing(home: Home, folder: Path, look: Look) -> None:
    write(folder / "forests.txt", REPORT)
    write(folder / "rivers.txt", RIVERS)
    look()
    away = folder.rename(folder.with_name("away"))
    assert look() == ([], [f"{folder} isn't there: nothing is removed, and it is looked for again."])
    assert look() == ([], [])
    folder.mkdir()
    out, (said,) = look()
    assert said.startswith(f"{folder} is empty: nothing is removed, since a shared folder that is not connected looks the same.")
    assert look() == (out, []) == ([], [])
    folder.rmdir()
    away.rename(folder)
    assert look() == ([], [])
    assert names(home) == ["forests.txt", "rivers.txt"]
    (folder / "rivers.txt").unlink()
    assert look() == (["rivers.txt was removed: its file is gone."], [])


def test_a_folder_that_cannot_be_opened_removes_nothing(
    home: Home, folder: Path, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(folder / "deep" / "forests.txt", REPORT)
    write(folder / "rivers.txt", RIVERS)
    look()
    real = os.walk

    def walk(top: Path, onerror: Callable[[OSError], None]) -> Iterator[tuple[str, list[str], list[str]]]:
        for place, folders, files in real(top):
            if "deep" in folders:
                folders.remove("deep")
                onerror(PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(Path(place, "deep"))))
            yield place, folders, files

    with monkeypatch.context() as patch:
        patch.setattr("ui.cli.file_arguments.os.walk", walk)
        path.unlink()
        problem = f"quipu: {folder}/deep can't be opened: Permission denied. Nothing that was in it is removed."
        assert look() == ([], [problem])
        assert look() == ([], [])
    assert names(home) == ["forests.txt", "rivers.txt"]
    assert look() == (["forests.txt was removed: its file is gone."], [])


def test_a_file_deleted_before_the_watch_is_removed(
    home: Home, words: WordEncoder, folder: Path, tmp_path: Path, look: Look
) -> None:
    outside = write(tmp_path / "elsewhere.txt", ROADS)
    add(home, [write(folder / "gone.txt", RIVERS), write(folder / "forests.txt", REPORT), outside], words)
    (folder / "gone.txt").unlink()
    outside.unlink()
    assert look() == (["gone.txt was removed: its file is gone.", "The library is in step with 1 file."], [])
    assert names(home) == ["elsewhere.txt", "forests.txt"]


def test_a_removed_document_stays_removed_until_its_file_changes(home: Home, folder: Path, look: Look) -> None:
    path = write(folder / "forests.txt", REPORT)
    write(folder / "rivers.txt", RIVERS)
    look()
    remove(home, "forests.txt")
    write(folder / "roads.txt", ROADS)
    look()
    assert names(home) == ["rivers.txt", "roads.txt"]
    write(path, REPORT + "More.\n")
    look()
    assert names(home) == ["forests.txt", "rivers.txt", "roads.txt"]


def test_an_unreadable_file_is_reported_once_per_content(folder: Path, look: Look) -> None:
    path = write(folder / "broken.pdf", b"%PDF nonsense")
    write(folder / "photo.png", b"\x89PNG")
    _, problems = look()
    assert problems[0] == f"{folder}/photo.png was passed over: Quipu doesn't read that type."
    assert problems[1].startswith("quipu: broken.pdf ")
    os.utime(path, (1, 1))
    assert look() == ([], [])
    write(path, b"")
    assert look() == ([], ["quipu: broken.pdf is empty."])


def test_hidden_and_unfinished_files_are_ignored(home: Home, folder: Path, look: Look) -> None:
    for name in (".hidden.txt", "~$report.docx", "report.txt.part", "report.pdf.crdownload", "x.tmp", ".git/notes.txt"):
        write(folder / name, REPORT)
    assert look() == (["The library is in step with 0 files."], [])
    assert not home.catalogue.exists()


def test_quipus_own_files_are_not_added(
    words: WordEncoder, folder: Path, quipu: Quipu, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "forests.txt", REPORT)
    monkeypatch.setenv("QUIPU_HOME", "in/own")
    assert quipu("add", "in").out == "forests.txt: 2 passages, English. “Forests of the North”.\n"
    again = quipu("add", "in", "in/*", str(folder))
    assert (again.out.splitlines(), again.err) == (["forests.txt: already in the library as forests.txt."] * 2, "")
    shutil.rmtree(folder / "own")
    watch = Watch(Library(Home(folder / "quipu")), [folder], words)
    for _ in range(3):
        watch.look()
    said = capsys.readouterr()
    assert (said.out.splitlines()[-1], said.err) == ("The library is in step with 1 file.", "")


def test_the_documents_of_zips_and_emails_are_removed_with_them(home: Home, folder: Path, look: Look) -> None:
    path = write(folder / "x.zip", zipped(forests__txt=REPORT, rivers__txt=RIVERS))
    write(folder / "m.eml", mail("Roads", "They are attached.\n", ("roads.txt", ROADS.encode())))
    look()
    assert names(home) == ["m.eml", "m.eml › roads.txt", "x.zip › forests.txt", "x.zip › rivers.txt"]
    write(path, zipped(forests__txt=REPORT))
    assert look() == (["x.zip › rivers.txt was removed: x.zip no longer contains it."], [])
    (folder / "m.eml").unlink()
    assert look()[0] == ["m.eml was removed: its file is gone.", "m.eml › roads.txt was removed: its file is gone."]
    path.unlink()
    look()  # nothing is in the folder now, as if it were not connected
    assert names(home) == ["x.zip › forests.txt"]


def test_another_writer_is_waited_for(
    home: Home, folder: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("index.library.home._PATIENCE", 0.0)
    write(folder / "forests.txt", REPORT)
    home.path.mkdir()
    with FileLock(home.path / "lock"):
        watch.look()
        assert watch.look() == 30.0
        assert watch.look() == 30.0
        assert capsys.readouterr().err == f"quipu: Another quipu is changing {home.path}: try again when it has finished.\n"
    assert watch.look() < 30.0
    assert names(home) == ["forests.txt"]


def test_a_first_look_that_fails_is_an_error_and_later_ones_are_retried(home: Home, folder: Path, watch: Watch, look: Look) -> None:
    write(folder / "forests.txt", REPORT)
    write(home.path, b"in the way")
    watch.look()
    with pytest.raises(LibraryError, match="can't be written"):
        watch.look()
    home.path.unlink()
    look()
    watch.look()
    assert watch.is_in_step
    home.path.rename(home.path.with_name("away"))
    write(home.path, b"in the way")
    write(folder / "rivers.txt", RIVERS)
    _, problems = look()
    assert len(problems) == 1
    home.path.unlink()
    home.path.with_name("away").rename(home.path)
    assert look()[0] == ["rivers.txt: 1 passage, English. “Rivers”."]


def test_groups_limit_what_is_added(home: Home, words: WordEncoder, folder: Path) -> None:
    watch = Watch(Library(home), [folder], words, ["hr"])
    write(folder / "forests.txt", REPORT)
    watch.look()
    watch.look()
    assert Catalogue(home).active()[0].groups == ("hr",)


def test_only_folders_are_watched(quipu: Quipu, tmp_path: Path) -> None:
    path = write(tmp_path / "forests.txt", REPORT)
    assert folders_in([tmp_path]) == [tmp_path]
    for given in (str(path), "missing"):
        result = quipu("add", "--watch", given)
        assert (result.code, result.out) == (2, "")
        assert result.err == f"quipu: {given} is no folder: --watch keeps the library in step with folders.\n"


def test_ctrl_c_ends_the_watch_silently(quipu: Quipu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []

    def rest(seconds: float) -> None:
        rests.append(seconds)
        if len(rests) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("ui.cli.watch.time.sleep", rest)
    write(tmp_path / "in" / "forests.txt", REPORT)
    result = quipu("add", "--watch", str(tmp_path / "in"), "--group", "hr")
    assert (result.code, result.err) == (130, "")
    assert result.out.splitlines() == [
        f"Watching {tmp_path}/in; Ctrl-C stops it.",
        "forests.txt: 2 passages, English. “Forests of the North”.",
        "The library is in step with 1 file.",
    ]
    assert all(2.0 <= rest < 30.0 for rest in rests)
