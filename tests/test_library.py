"""Adding, replacing, removing and searching, on a real disk with a real index."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from corpus import ISOLATED_PARSERS, Document, IsolatedParsers, ReadOptions, Worker, document_id
from index import AddResult, Catalogue, Home, Index, LibraryError, LocalStore, RebuildResult, Vectors, limit, remove, terms
from tests.fakes import WordEncoder, files_holding, first_hit, open_index
from tests.inline import add, rebuild, verify
from tests.made import REPORT, pdf, scanned_pdf, write


def test_an_empty_home_has_no_index(home: Home, words: WordEncoder) -> None:
    assert Index.open(home, words) is None
    assert not home.path.exists()


def test_what_is_added_is_found(home: Home, words: WordEncoder, report: Path) -> None:
    (added,) = add(home, [report], words)
    assert (added.summary.title, added.summary.pages, added.passages, added.error, added.known) == (
        "Forests of the North",
        0,
        2,
        None,
        None,
    )
    hit = open_index(home, words).within().search("illegal sawmills", 5)[0]
    assert "412 illegal sawmills" in hit.passage.text
    assert hit.ranks == {"dense": 1, "lexical": 1}
    assert hit.score == 1.0


def test_equal_libraries_give_equal_hits(tmp_path: Path, words: WordEncoder, report: Path) -> None:
    other = write(tmp_path / "in" / "rivers.txt", "Rivers\n\nThe river Marañón is wide. Trucks cross it.\n")
    add(Home(tmp_path / "one"), [report, other], words)
    add(Home(tmp_path / "two"), [other], words)
    add(Home(tmp_path / "two"), [report], words)
    found = [open_index(Home(tmp_path / name), words).within().search("trucks near the river", 10) for name in ("one", "two")]
    assert found[0] == found[1]
    assert [hit.score for hit in found[0]] == sorted((hit.score for hit in found[0]), reverse=True)


def test_adding_one_document_to_a_hundred_embeds_only_its_passages(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    many = [write(tmp_path / "in" / f"{n}.txt", f"Report {n}\n\nTown number {n} has {n} sawmills.\n") for n in range(100)]
    add(home, many, words)
    words.encoded_passages.clear()
    (added,) = add(home, [write(tmp_path / "in" / "new.txt", REPORT)], words)
    assert len(words.encoded_passages) == added.passages == 2
    assert all("Forests of the North" in text for text in words.encoded_passages)
    assert len(open_index(home, words).within().entries()) == 101
    assert "Town number 73" in first_hit(home, words, "town number 73 sawmills")


def test_the_same_bytes_added_twice_are_one_document(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> None:
    add(home, [report], words)
    generation = open_index(home, words).generation
    (again,) = add(home, [write(tmp_path / "other" / "copy.txt", REPORT)], words)
    assert again.known is not None
    assert again.known.name == "forests.txt"
    assert [entry.name for entry in Catalogue(home).active()] == ["forests.txt"]
    assert open_index(home, words).generation == generation


def test_a_changed_file_replaces_the_document_it_was(home: Home, words: WordEncoder, report: Path) -> None:
    (before,) = add(home, [report], words)
    write(report, REPORT.replace("412", "977"))
    (after,) = add(home, [report], words)
    assert after.replaces is not None
    assert before.summary.title == after.summary.title
    assert [entry.name for entry in open_index(home, words).within().entries()] == ["forests.txt"]
    assert "977 illegal" in first_hit(home, words, "illegal sawmills")
    assert files_holding(home, "412 illegal") == []


def test_two_files_of_one_name_are_two_documents(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    paths = [write(tmp_path / folder / "report.txt", f"Report\n\nAbout {folder}.\n") for folder in ("loreto", "ucayali")]
    add(home, paths, words)
    first, second = Catalogue(home).active()
    with pytest.raises(LibraryError, match=f"2 documents are named 'report.txt': remove one by its id, {first.id} or {second.id}"):
        remove(home, "report.txt")
    assert [entry.path for entry in remove(home, first.id)] == [str(paths[0])]
    assert [entry.id for entry in Catalogue(home).active()] == [second.id]


def test_a_bad_file_gives_an_error_and_the_others_are_added(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    bad = [
        tmp_path / "pipe.txt",
        tmp_path / "missing.txt",
        tmp_path,
        write(tmp_path / "scan.pdf", scanned_pdf(2)),
        write(tmp_path / "x.doc", b"\xd0\xcf"),
    ]
    outcomes = add(home, [*bad, report], words, parsers=IsolatedParsers(ReadOptions(ocr=False)))
    assert [outcome.error is None for outcome in outcomes] == [False, False, False, False, False, True]
    assert str(outcomes[0].error).endswith("pipe.txt is not a file.")
    assert "There is no file" in str(outcomes[1].error)
    assert "can't be read: Is a directory." in str(outcomes[2].error)
    assert "needs OCR" in str(outcomes[3].error)
    assert [path.name for path in home.documents.iterdir()] == [Catalogue(home).active()[0].id]


def test_only_bad_files_leave_nothing_behind(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    outcomes = add(home, [write(tmp_path / "empty.txt", b"")], words)
    assert outcomes == [AddResult(tmp_path / "empty.txt", "empty.txt", document_id(b""), error="empty.txt is empty.")]
    assert Catalogue(home).entries() == []
    assert list(home.documents.iterdir()) == []


def test_pages_without_text_are_reported(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    (added,) = add(home, [write(tmp_path / "half.pdf", scanned_pdf(3, with_text=[2]))], words)
    assert (added.summary.pages, added.summary.pages_without_text) == (3, (1, 3))


def test_a_scan_is_parsed_anew_once_ocr_is_available(
    home: Home, words: WordEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "half.pdf", scanned_pdf(2, with_text=[1]))
    add(home, [path], words, parsers=IsolatedParsers(ReadOptions(ocr=False)))
    real, has_tesseract = Worker.parse, True

    def parse(worker: Worker, data: bytes, name: str, *, ocr: bool | None = None) -> Document:
        """Pretend that tesseract, if installed and allowed, reads "Seen sawmills." on the second page."""
        if not has_tesseract or not (worker.options.ocr if ocr is None else ocr):
            return real(worker, data, name, ocr=False)
        document = real(worker, pdf([["Page 1 was typed and can be read."], ["Seen sawmills."]]), name, ocr=False)
        return replace(document, id=document_id(data), pages=(document.pages[0], document.pages[1]._replace(ocr=True)))

    monkeypatch.setattr(Worker, "parse", parse)
    monkeypatch.setattr(ReadOptions, "can_ocr", property(lambda options: options.ocr))
    assert add(home, [path], words, parsers=IsolatedParsers(ReadOptions(ocr=False)))[0].known is not None
    (added,) = add(home, [path], words, parsers=ISOLATED_PARSERS)
    assert (added.known, added.summary.ocr_pages, added.summary.pages_without_text) == (None, (2,), ())
    assert "Seen sawmills." in first_hit(home, words, "seen sawmills")
    (again,) = add(home, [path], words, parsers=ISOLATED_PARSERS)
    assert again.known is not None
    assert rebuild(home, words, parsers=IsolatedParsers(ReadOptions(ocr=False))) == RebuildResult(1, ())
    assert [checked.problem for checked in verify(home, parsers=ISOLATED_PARSERS)] == [""]
    has_tesseract = False
    problem = "half.pdf was read by OCR, which is not available now: install tesseract and rebuild again."
    assert rebuild(home, words, parsers=ISOLATED_PARSERS) == RebuildResult(0, (problem,))
    assert add(home, [path], words, parsers=ISOLATED_PARSERS)[0].known is not None
    assert "Seen sawmills." in first_hit(home, words, "seen sawmills")


def test_after_removal_no_file_holds_the_text(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> None:
    add(home, [write(tmp_path / "in" / "rivers.txt", "Rivers\n\nThe river is wide.\n")], words)
    add(home, [report], words)
    add(home, [write(tmp_path / "in" / "roads.txt", "Roads\n\nThe road is long.\n")], words)
    index = open_index(home, words)
    removed = Catalogue(home).active()[1]
    assert files_holding(home, "mahogany")
    assert [entry.name for entry in remove(home, "forests.txt")] == ["forests.txt"]
    for text in ("mahogany", "sawmills", "sawmil", "Forests of the North", "forests.txt", removed.id, REPORT[40:60]):
        assert files_holding(home, text) == []
    assert [folder.name for folder in home.generations.iterdir()] == ["4"]
    assert [entry.name for entry in index.within().entries()] == [
        "rivers.txt",
        "roads.txt",
    ]  # even in the index that was open before
    assert all(hit.passage.document_id != removed.id for hit in index.within().search("mahogany trucks", 10))
    with pytest.raises(LibraryError, match=f"There is no document '{removed.id}'."):
        index.within().document(removed.id)
    assert index.stale()
    with pytest.raises(LibraryError, match=r"There is no document 'forests.txt' in .*: `quipu documents` lists what is there"):
        remove(home, "forests.txt")


def test_what_was_removed_can_be_added_again(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    remove(home, "forests.txt")
    assert open_index(home, words).within().entries() == []
    assert open_index(home, words).within().search("sawmills", 5) == []
    add(home, [report], words)
    assert "412" in first_hit(home, words, "illegal sawmills")


def test_search_returns_as_many_hits_as_requested(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    towns = "".join(f"## Town {number}\n\nThe town of number {number} has sawmills.\n\n" for number in range(70))
    add(home, [write(tmp_path / "towns.md", f"# Towns\n\n{towns}")], words)
    index = open_index(home, words)
    assert [len(index.within().search("sawmills of the town", k)) for k in (3, 60, 70, 99)] == [3, 60, 70, 70]
    assert all(hit.score == round(hit.score, 6) for hit in index.within().search("sawmills of the town", 70))


def test_a_search_stays_within_the_allowed_documents(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> None:
    add(home, [report, write(tmp_path / "other.txt", "Other\n\nIllegal sawmills were nowhere to be seen.\n")], words)
    index = open_index(home, words)
    forests, other = index.within().entries()
    assert {hit.passage.document_id for hit in index.within().search("illegal sawmills", 10)} == {forests.id, other.id}
    assert {hit.passage.document_id for hit in index.within([other.id]).search("illegal sawmills", 10)} == {other.id}
    assert index.within([]).search("illegal sawmills", 10) == []
    assert (
        index.within([other.id]).size(),
        index.within().frequency("mahogani"),
        index.within([other.id]).frequency("mahogani"),
    ) == (
        1,
        1,
        0,
    )


def test_a_home_that_cannot_be_written_gives_an_error(words: WordEncoder, report: Path, tmp_path: Path) -> None:
    write(tmp_path / "file", b"")
    with pytest.raises(LibraryError, match=r"can't be written: Not a directory. Set QUIPU_HOME to a folder of your own"):
        add(Home(tmp_path / "file" / "home"), [report], words)


def test_verify_parses_the_originals_anew(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> None:
    add(home, [report, write(tmp_path / "r.pdf", pdf([["One page of text."]]))], words)
    assert [(result.entry.name, result.problem) for result in verify(home)] == [("forests.txt", ""), ("r.pdf", "")]
    forests = Catalogue(home).active()[0].id
    original = home.documents / forests / "original.txt"
    original.write_bytes(original.read_bytes().replace(b"412", b"413"))
    assert "is not the file that was added" in verify(home)[0].problem
    original.unlink()
    assert "is missing" in verify(home)[0].problem


def test_the_catalogue_keeps_no_trace_of_a_deleted_entry(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    remove(home, "forests.txt")
    connection = sqlite3.connect(home.catalogue)
    assert connection.execute("SELECT count(*) FROM documents").fetchone() == (0,)
    connection.close()
    assert b"forests" not in home.catalogue.read_bytes()


def test_adding_a_known_file_changes_nothing(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> None:
    add(home, [report], words)
    add(home, [write(tmp_path / "b.txt", "Rivers\n\nWide rivers.\n")], words)
    before = {path: path.stat().st_mtime_ns for path in home.path.rglob("*") if path.is_file() and path.name != "lock"}
    add(home, [report], words)
    assert {path: path.stat().st_mtime_ns for path in home.path.rglob("*") if path.is_file() and path.name != "lock"} == before


def test_of_two_files_with_the_same_bytes_the_second_is_known(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> None:
    first, second = add(home, [report, write(tmp_path / "copy.txt", REPORT)], words)
    assert (first.known, second.known and second.known.name) == (None, "forests.txt")


def test_a_file_changed_back_replaces_its_changed_version(home: Home, words: WordEncoder, report: Path) -> None:
    for number in ("412", "977", "412"):
        write(report, REPORT.replace("412", number))
        add(home, [report], words)
        assert f"{number} illegal" in first_hit(home, words, "illegal sawmills")
        assert len(Catalogue(home).entries()) == 1


def test_a_file_that_was_moved_is_replaced_from_its_new_place(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> None:
    add(home, [report], words)
    moved = report.rename(tmp_path / "moved.txt")
    assert add(home, [moved], words)[0].known is not None
    write(moved, REPORT.replace("412", "977"))
    assert add(home, [moved], words)[0].replaces is not None
    assert len(Catalogue(home).entries()) == 1
    assert "977 illegal" in first_hit(home, words, "illegal sawmills")


def test_a_file_that_became_a_copy_of_another_leaves_the_library(
    home: Home, words: WordEncoder, report: Path, tmp_path: Path
) -> None:
    rivers = write(tmp_path / "rivers.txt", "Rivers\n\nThe river is wide.\n")
    add(home, [report, rivers], words)
    write(rivers, REPORT)
    (added,) = add(home, [rivers], words)
    assert added.known is not None
    assert added.replaces is not None
    assert [entry.name for entry in open_index(home, words).within().entries()] == ["forests.txt"]
    assert files_holding(home, "river is wide") == []


def test_a_document_is_hidden_while_another_writer_is_at_work(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    with FileLock(home.path / "lock"), pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.library.home._PATIENCE", 0.0)
        with pytest.raises(LibraryError, match=r"forests.txt can no longer be searched; its files are deleted when the quipu"):
            remove(home, "forests.txt")
    assert open_index(home, words).within().entries() == []
    assert [entry.name for entry in remove(home, "forests.txt")] == ["forests.txt"]
    assert files_holding(home, "mahogany") == []


@pytest.mark.parametrize("name", [b"caf\xe9.txt", b"two\nlines.txt", "\u202egpj.txt".encode()])
def test_a_strange_file_name_is_made_printable(home: Home, words: WordEncoder, tmp_path: Path, name: bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    path.write_text(REPORT, encoding="utf-8")
    (added,) = add(home, [path], words)
    assert added.error is None
    entry = Catalogue(home).active()[0]
    assert entry.name.isprintable()
    assert entry.name.endswith(".txt")
    assert open_index(home, words).within().document(entry.id).source == entry.name
    path.write_text(REPORT.replace("412", "977"), encoding="utf-8")
    assert add(home, [path], words)[0].replaces == entry


def test_a_document_that_is_added_while_its_removal_waits_is_removed(
    home: Home, words: WordEncoder, report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(home, [report], words)
    (entry,) = Catalogue(home).active()
    real = Home.writing

    @contextmanager
    def writing(of: Home) -> Iterator[None]:
        Catalogue(home).put(entry)  # as an `add` that held the lock first would
        with real(of):
            yield

    monkeypatch.setattr(Home, "writing", writing)
    remove(home, "forests.txt")
    assert Catalogue(home).entries() == []
    assert files_holding(home, "mahogany") == []


def test_a_limit_set_while_a_file_is_replaced_holds_for_its_replacement(home: Home, report: Path, words: WordEncoder) -> None:
    class Limiting(WordEncoder):
        """Limits the file while it is being embedded."""

        def passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
            (entry,) = limit(home, "forests.txt", ["hr"])
            assert entry.groups == ("hr",)
            return super().passages(texts, progress)

    add(home, [report], words, groups=["finance"])
    report.write_text(f"{REPORT}\nOne more line.\n", encoding="utf-8")
    add(home, [report], Limiting())
    (entry,) = Catalogue(home).active()
    assert entry.groups == ("hr",)
    index = Index.open(home, words)
    assert index is not None
    assert [len(index.within(None, groups).entries()) for groups in (None, ["hr"], ["finance"], [])] == [1, 1, 0, 0]


def test_terms_are_counted_once_per_document(
    home: Home, words: WordEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []

    def count(text: str, language: str) -> list[str]:
        counted.append(text)
        return [*terms(text, language), analyser]

    analyser = "one"
    monkeypatch.setattr("index.library.documents.terms", count)
    for name in ("wide rivers", "long roads", "deep lakes"):
        add(home, [write(tmp_path / f"{name}.txt", f"The {name} of the north.")], words)
    assert len(counted) == 3
    analyser = "another"
    monkeypatch.setattr("index.library.generations.ANALYSER", analyser)
    rebuild(home, words)
    store = LocalStore.load(home.generations / home.current.read_text().strip(), [entry.id for entry in Catalogue(home).active()])
    assert (store.frequency("one"), store.frequency("another"), len(counted)) == (0, 3, 6)
