"""Backup and restore: nothing is lost, no hostile archive gets in, and a failure leaves nothing behind."""

import gzip
import importlib
import io
import random
import resource
import signal
import sqlite3
import tarfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

from assistant import Assistant, SentenceRanker
from index import Catalogue, Encoder, Home, Index, LibraryError, RestoreResult, Vectors, backup, remove, restore
from tests.commands import Quipu
from tests.fakes import WordEncoder, files_holding, first_hit, open_index
from tests.inline import add, rebuild, verify
from tests.killed_writer import restore_home, until
from tests.made import write

RIVERS = "Rivers\n\nThe river Marañón is wide and brown.\n"
HEAD = ("quipu-backup.json", b'{"format": 1}\n')
MODULE = importlib.import_module("index.library.backup")  # `index.backup` is the function


@pytest.fixture
def library(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> Home:
    """A home with two documents, and with every other kind of file that a home may hold."""
    add(home, [report, write(tmp_path / "in" / "rivers.txt", RIVERS)], words)
    (home.path / "users.json").write_text(f'{{"ana": "{random.Random(0).randbytes(50_000).hex()}"}}')
    (home.path / "session.key").write_text("a key")
    write(home.uploads / "half.pdf", "half")
    write(home.shipped.path / "CURRENT", "1")
    return home


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    (tmp_path / "kept").mkdir()
    return tmp_path / "kept" / "quipu.tar.gz"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Home:
    return Home(tmp_path / "elsewhere" / "home")


def names(archive: Path) -> list[str]:
    with tarfile.open(archive) as opened:
        return opened.getnames()


def contents(archive: Path) -> bytes:
    with gzip.open(archive) as opened:
        return opened.read()


def is_untouched(home: Home) -> bool:
    """Return whether neither the home nor anything beside it exists."""
    return not home.path.exists() and (not home.path.parent.exists() or not any(home.path.parent.iterdir()))


def made(archive: Path, *members: tuple[str | tarfile.TarInfo, bytes]) -> Path:
    """Make an archive as an attacker or another program might."""
    with tarfile.open(archive, "w:gz") as opened:
        for named, data in members:
            member = tarfile.TarInfo(named) if isinstance(named, str) else named
            member.size = len(data)
            opened.addfile(member, io.BytesIO(data))
    return archive


def of_kind(kind: bytes, name: str, to: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, to
    return member


@contextmanager
def files_up_to(limit: int) -> Iterator[None]:
    """Simulate a full disk: no file can grow beyond `limit` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_restored_home_equals_the_one_backed_up(library: Home, archive: Path, elsewhere: Home, words: WordEncoder) -> None:
    assert backup(library, archive) == 2
    assert restore(elsewhere, archive) == RestoreResult(2)
    for question in ("illegal sawmills", "the wide river", "trucks"):
        assert open_index(elsewhere, words).within().search(question, 9) == open_index(library, words).within().search(question, 9)
    assert Catalogue(elsewhere).entries() == Catalogue(library).entries()
    assert [checked.problem for checked in verify(elsewhere)] == ["", ""]
    assert (elsewhere.path / "users.json").read_bytes() == (library.path / "users.json").read_bytes()
    assert not (elsewhere.path / "session.key").exists()  # it can forge anyone's session
    remove(elsewhere, "forests.txt")  # it works like any other home
    assert files_holding(elsewhere, "mahogany") == []


def test_the_assistant_gives_the_same_answer_after_a_restore(
    encoder: Encoder, ranker: SentenceRanker, home: Home, archive: Path, elsewhere: Home
) -> None:
    add(home, [write(archive.parent / "rivers.txt", RIVERS)], encoder)
    backup(home, archive)
    restore(elsewhere, archive)
    before, after = (Assistant(place, encoder, ranker).ask("What colour is the river Marañón?") for place in (home, elsewhere))
    assert before == after
    assert before.text == "The river Marañón is wide and brown."


def test_the_commands_report_what_they_did(
    quipu: Quipu, library: Home, archive: Path, elsewhere: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = quipu("backup", str(archive))
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"Backed up 2 documents and everything else into {archive} (")
    refused = quipu("restore", str(archive))
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith(f"quipu: {library.path} is not empty")
    monkeypatch.setenv("QUIPU_HOME", str(elsewhere.path))
    assert quipu("restore", str(archive)).out == f"Restored 2 documents and everything else into {elsewhere.path}.\n"
    assert quipu("verify").code == 0


def test_temporary_and_reproducible_files_are_left_out(library: Home, archive: Path) -> None:
    write(library.path / ".new-users.json", "half")
    write(library.path / "users.json.lock", "")
    write(library.path / "library.sqlite-journal", "")
    backup(library, archive)
    kept = names(archive)
    assert kept[0] == HEAD[0]
    assert kept[-1] == "library.sqlite"
    folders = {name.split("/")[0] for name in kept if "/" in name}
    assert folders == {"documents", "generations"}
    assert {name for name in kept if "/" not in name} == {HEAD[0], "CURRENT", "library.sqlite", "users.json"}


def test_only_the_owner_may_read_a_backup(library: Home, archive: Path, elsewhere: Home) -> None:
    backup(library, archive)
    assert archive.stat().st_mode & 0o777 == 0o600
    restore(elsewhere, archive)
    assert elsewhere.path.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in elsewhere.path.rglob("*") if path.is_file()} == {0o600}


def test_the_target_must_be_new_and_outside_the_home(library: Home, archive: Path, tmp_path: Path) -> None:
    archive.write_text("mine")
    with pytest.raises(LibraryError, match="already exists: name another file"):
        backup(library, archive)
    assert archive.read_text() == "mine"
    (tmp_path / "short").symlink_to(library.path)
    for inside in (library.path / "all.tar.gz", tmp_path / "short" / "documents" / "all.tar.gz"):
        with pytest.raises(LibraryError, match=r"would lie in .*: name a file in another folder"):
            backup(library, inside)
    with pytest.raises(LibraryError, match=r"There is no folder .*: create it first"):
        backup(library, tmp_path / "none" / "all.tar.gz")


def test_an_empty_home_is_not_backed_up(home: Home, archive: Path) -> None:
    with pytest.raises(LibraryError, match="There is nothing to back up"):
        backup(home, archive)
    assert not home.path.exists()


def test_a_home_without_documents_is_backed_up(home: Home, archive: Path, elsewhere: Home, words: WordEncoder) -> None:
    write(home.path / "users.json", "{}")
    assert backup(home, archive) == 0
    assert restore(elsewhere, archive) == RestoreResult(0)
    assert (elsewhere.path / "users.json").read_text() == "{}"
    assert Index.open(elsewhere, words) is None


def test_removed_text_is_not_in_the_backup(library: Home, archive: Path) -> None:
    remove(library, "forests.txt")
    backup(library, archive)
    assert b"mahogany" not in contents(archive)
    assert b"wide and brown" in contents(archive)


def test_a_killed_removal_is_finished_first(library: Home, archive: Path, elsewhere: Home) -> None:
    Catalogue(library).mark_removed([entry.id for entry in Catalogue(library).entries() if entry.name == "forests.txt"])
    assert backup(library, archive) == 1
    assert b"mahogany" not in contents(archive)
    assert files_holding(library, "mahogany") == []
    restore(elsewhere, archive)
    assert [entry.name for entry in Catalogue(elsewhere).entries()] == ["rivers.txt"]


def test_a_document_removed_meanwhile_is_not_in_the_backup(library: Home, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = MODULE._copy_database
    removals = ["forests.txt"]

    def remove_first(database: Path, to: Path) -> Path:
        if removals:
            name = removals.pop()
            Catalogue(library).mark_removed([entry.id for entry in Catalogue(library).entries() if entry.name == name])
        return Path(copy(database, to))

    monkeypatch.setattr(MODULE, "_copy_database", remove_first)
    assert backup(library, archive) == 1
    assert b"mahogany" not in contents(archive)
    assert [path.name for path in archive.parent.iterdir()] == [archive.name]


class Halting(WordEncoder):
    """Pauses in the middle of an `add` until `may_go_on` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.started, self.may_go_on = threading.Event(), threading.Event()

    def passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        self.started.set()
        self.may_go_on.wait(60)
        return super().passages(texts, progress)


def test_a_backup_waits_for_an_add(
    library: Home, archive: Path, elsewhere: Home, tmp_path: Path, words: WordEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.library.home._PATIENCE", 0.1)
    halting = Halting()
    roads = write(tmp_path / "in" / "roads.txt", "Roads\n\nThe road is long.\n")
    adding = threading.Thread(target=add, args=(library, [roads], halting))
    adding.start()
    assert halting.started.wait(60)
    documents: list[int] = []
    backing_up = threading.Thread(target=lambda: documents.append(backup(library, archive)))
    backing_up.start()
    assert first_hit(library, words, "the wide river")  # searching goes on
    halting.may_go_on.set()
    for thread in (adding, backing_up):
        thread.join(60)
    assert documents == [3]
    restore(elsewhere, archive)
    assert "The road is long" in first_hit(elsewhere, words, "long road")
    assert [checked.problem for checked in verify(elsewhere)] == ["", "", ""]


def test_a_writer_that_never_finishes_gives_an_error(library: Home, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.library.home._PATIENCE", 0.01)
    monkeypatch.setattr(MODULE, "_TRIES", 2)
    with FileLock(library.path / "lock"), pytest.raises(LibraryError, match="Another quipu kept changing"):
        backup(library, archive)
    assert list(archive.parent.iterdir()) == []


def test_a_database_being_written_is_copied_consistently(library: Home, archive: Path, elsewhere: Home) -> None:
    with closing(sqlite3.connect(library.path / "feedback.sqlite")) as writer:
        writer.execute("CREATE TABLE pairs (number INTEGER)")
        writer.executemany("INSERT INTO pairs VALUES (?)", [(1,), (1,)])
        writer.commit()
        writer.execute("INSERT INTO pairs VALUES (2)")  # its counterpart is inserted after the backup
        backup(library, archive)
        writer.execute("INSERT INTO pairs VALUES (2)")
        writer.commit()
    restore(elsewhere, archive)
    with closing(sqlite3.connect(elsewhere.path / "feedback.sqlite")) as restored:
        assert restored.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert restored.execute("SELECT number FROM pairs").fetchall() == [(1,), (1,)]


def test_a_full_disk_leaves_no_backup(library: Home, archive: Path) -> None:
    with files_up_to(50_000), pytest.raises(LibraryError, match=r"can't be used: File too large\. Nothing was backed up"):
        backup(library, archive)
    assert list(archive.parent.iterdir()) == []


def test_a_full_disk_leaves_nothing_restored(library: Home, archive: Path, elsewhere: Home) -> None:
    backup(library, archive)
    with files_up_to(50_000), pytest.raises(LibraryError, match=r"can't be used: File too large\. Nothing was restored"):
        restore(elsewhere, archive)
    assert is_untouched(elsewhere)


def test_the_remains_of_a_killed_backup_are_replaced(library: Home, archive: Path) -> None:
    write(archive.parent / f".new-{archive.name}" / "archive", "half")
    assert backup(library, archive) == 2
    assert [path.name for path in archive.parent.iterdir()] == [archive.name]


def test_a_restore_needs_an_empty_home(library: Home, archive: Path, elsewhere: Home) -> None:
    backup(library, archive)
    before = sorted(library.path.rglob("*"))
    with pytest.raises(LibraryError, match="is not empty: move it away, or set QUIPU_HOME"):
        restore(library, archive)
    assert sorted(library.path.rglob("*")) == before
    elsewhere.path.mkdir(parents=True)
    assert restore(elsewhere, archive).documents == 2


def test_a_second_restore_leaves_the_first_alone(library: Home, archive: Path, elsewhere: Home) -> None:
    backup(library, archive)
    other = write(elsewhere.path.parent / ".new-home" / "CURRENT", "1")
    with pytest.raises(LibraryError, match=r"\.new-home exists: another restore is running or was interrupted"):
        restore(elsewhere, archive)
    assert other.exists()


@pytest.mark.parametrize(
    "member",
    [
        ("../evil", b"x"),
        ("/tmp/evil", b"x"),  # noqa: S108 - refused
        ("documents/../../evil", b"x"),
        ("documents\\..\\evil", b"x"),
        ("documents//evil", b"x"),
        ("documents/.new-evil", b"x"),
        (".profile", b"x"),
        ("lock", b"x"),
        ("documents", b"x"),
        ("uploads/evil", b"x"),
        ("shipped/CURRENT", b"x"),
        (HEAD[0], b"x"),
        (of_kind(tarfile.SYMTYPE, "documents/evil", "/etc/passwd"), b""),
        (of_kind(tarfile.LNKTYPE, "documents/evil", HEAD[0]), b""),
        (of_kind(tarfile.CHRTYPE, "documents/evil"), b""),
        (of_kind(tarfile.FIFOTYPE, "documents/evil"), b""),
        (of_kind(tarfile.DIRTYPE, "documents/evil"), b""),
    ],
    ids=lambda member: member[0] if isinstance(member[0], str) else f"type {member[0].type.decode()}",
)
def test_a_hostile_archive_is_refused(archive: Path, elsewhere: Home, member: tuple[str | tarfile.TarInfo, bytes]) -> None:
    made(archive, HEAD, ("users.json", b"{}"), member)
    with pytest.raises(LibraryError, match=r"(it contains .*|not a regular file.*)Nothing was restored"):
        restore(elsewhere, archive)
    assert is_untouched(elsewhere)


@pytest.mark.parametrize(
    "members",
    [
        [("users.json", b"1"), ("users.json", b"2")],
        [("documents/one", b"1"), ("documents/one/two", b"2")],
    ],
)
def test_a_repeated_name_is_refused(archive: Path, elsewhere: Home, members: list[tuple[str, bytes]]) -> None:
    made(archive, HEAD, *members)
    with pytest.raises(LibraryError, match=r"contains the same name twice\. Nothing was restored"):
        restore(elsewhere, archive)
    assert is_untouched(elsewhere)


@pytest.mark.parametrize(
    "members",
    [[], [("users.json", b"{}")], [(HEAD[0], b'{"format": 2}\n')], [(of_kind(tarfile.SYMTYPE, HEAD[0], "users.json"), b"")]],
)
def test_another_archive_is_refused(archive: Path, elsewhere: Home, members: list[tuple[str, bytes]]) -> None:
    made(archive, *members)
    with pytest.raises(LibraryError, match="Nothing was restored"):
        restore(elsewhere, archive)
    assert is_untouched(elsewhere)


def test_a_file_that_is_not_an_archive_is_refused(archive: Path, elsewhere: Home) -> None:
    with pytest.raises(LibraryError, match=r"quipu\.tar\.gz can't be used: No such file"):
        restore(elsewhere, archive)
    for data in (b"", b"not at all", gzip.compress(b"not at all")):
        archive.write_bytes(data)
        with pytest.raises(LibraryError, match="is cut short, damaged, or not a backup"):
            restore(elsewhere, archive)
    assert is_untouched(elsewhere)


def test_a_truncated_archive_is_refused(library: Home, archive: Path, elsewhere: Home) -> None:
    backup(library, archive)
    whole = archive.read_bytes()
    for length in (5, len(whole) // 3, len(whole) // 2, len(whole) - 9, len(whole) - 1):
        archive.write_bytes(whole[:length])
        with pytest.raises(LibraryError, match="is cut short, damaged, or not a backup"):
            restore(elsewhere, archive)
        assert is_untouched(elsewhere)


def test_a_changed_archive_is_refused(library: Home, archive: Path, elsewhere: Home) -> None:
    backup(library, archive)
    whole = bytearray(archive.read_bytes())
    whole[-6] ^= 1  # in its checksum
    archive.write_bytes(whole)
    with pytest.raises(LibraryError, match="is cut short, damaged, or not a backup"):
        restore(elsewhere, archive)
    assert is_untouched(elsewhere)


def test_an_archive_without_an_intact_library_is_refused(library: Home, archive: Path, elsewhere: Home) -> None:
    (manifest,) = library.generations.glob("*/manifest.json")
    manifest.write_text(manifest.read_text().replace('"passages": ', '"passages": 1'))
    (vectors,) = library.generations.glob("*/vectors.f16")
    vectors.write_bytes(b"not what it was")
    backup(library, archive)
    with pytest.raises(LibraryError, match="contains no intact library: use another backup"):
        restore(elsewhere, archive)
    assert is_untouched(elsewhere)


def test_an_older_generation_is_used_if_the_newest_is_damaged(
    library: Home, archive: Path, elsewhere: Home, words: WordEncoder, tmp_path: Path
) -> None:
    add(library, [write(tmp_path / "in" / "roads.txt", "Roads\n\nThe road is long.\n")], words)
    (library.generations / library.current.read_text().strip() / "vectors.f16").write_bytes(b"not what it was")
    backup(library, archive)
    assert restore(elsewhere, archive).notice == (
        "The newest index in the backup is damaged, so an older one is used: run `quipu rebuild`."
    )
    assert "wide and brown" in first_hit(elsewhere, words, "the wide river")


def test_a_backup_made_by_another_version_can_be_restored_and_rebuilt(
    library: Home, archive: Path, elsewhere: Home, words: WordEncoder
) -> None:
    (manifest,) = library.generations.glob("*/manifest.json")
    manifest.write_text(manifest.read_text().replace('"analyser": "', '"analyser": "older '))
    backup(library, archive)
    assert restore(elsewhere, archive) == RestoreResult(
        2, "The backup was made by another version of Quipu: run `quipu rebuild` before you search it."
    )
    rebuild(elsewhere, words)
    assert "wide and brown" in first_hit(elsewhere, words, "the wide river")


def test_a_killed_restore_leaves_no_partial_home(home: Home, archive: Path, tmp_path: Path, words: WordEncoder) -> None:
    add(home, [write(tmp_path / "in" / "rivers.txt", RIVERS)], words)
    backup(home, archive)
    outcomes = []
    for last in range(1, 200):
        folder = tmp_path / f"killed before {last}"
        code, _ = until(last, restore_home, folder, archive)
        outcomes.append((folder / "home").exists())
        if outcomes[-1]:
            assert "wide and brown" in first_hit(Home(folder / "home"), words, "the wide river")
        if code == 0:
            break
        assert code == -signal.SIGKILL
    assert code == 0
    assert len(outcomes) >= 25
    assert outcomes == sorted(outcomes)
    assert (outcomes[0], outcomes[-1]) == (False, True)
