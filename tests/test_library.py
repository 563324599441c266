"""Adding, replacing, removing, rebuilding, and falling back, on a real disk with a real index."""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

from corpus import EncoderError, LibraryError
from corpus.readers.plain import read_plain
from index import Added, Home, Index, Library, Rebuilt, add, rebuild, remove, stored, verify
from tests.fakes import WordEncoder
from tests.made import REPORT, pdf, scanned_pdf, write


def open_index(home: Home, encoder: WordEncoder) -> Index:
    index = Index.open(home, encoder)
    assert index is not None
    return index


def first_hit(home: Home, encoder: WordEncoder, query: str) -> str:
    return open_index(home, encoder).search(query, 1)[0].passage.text


def files_holding(home: Home, text: str) -> list[str]:
    needles = [text.encode(), text.encode("utf-16-le")]
    return [str(path) for path in home.path.rglob("*") if path.is_file() and any(n in path.read_bytes() for n in needles)]


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return write(tmp_path / "in" / "forests.txt", REPORT)


def test_an_empty_home_has_no_index(home: Home, words: WordEncoder) -> None:
    assert Index.open(home, words) is None
    assert not home.path.exists()


def test_what_is_added_is_found(home: Home, words: WordEncoder, report: Path) -> None:
    (added,) = add(home, [report], words)
    assert (added.title, added.pages, added.passages, added.error, added.known) == ("Forests of the North", 0, 2, None, None)
    hit = open_index(home, words).search("illegal sawmills", 5)[0]
    assert "412 illegal sawmills" in hit.passage.text
    assert hit.ranks == {"dense": 1, "lexical": 1}
    assert hit.score == 1.0


def test_equal_libraries_give_equal_hits(tmp_path: Path, words: WordEncoder, report: Path) -> None:
    other = write(tmp_path / "in" / "rivers.txt", "Rivers\n\nThe river Marañón is wide. Trucks cross it.\n")
    add(Home(tmp_path / "one"), [report, other], words)
    add(Home(tmp_path / "two"), [other], words)
    add(Home(tmp_path / "two"), [report], words)
    found = [open_index(Home(tmp_path / name), words).search("trucks near the river", 10) for name in ("one", "two")]
    assert found[0] == found[1]
    assert [hit.score for hit in found[0]] == sorted((hit.score for hit in found[0]), reverse=True)


def test_adding_one_document_to_a_hundred_embeds_only_its_passages(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    many = [write(tmp_path / "in" / f"{n}.txt", f"Report {n}\n\nTown number {n} has {n} sawmills.\n") for n in range(100)]
    add(home, many, words)
    words.encoded_passages.clear()
    (added,) = add(home, [write(tmp_path / "in" / "new.txt", REPORT)], words)
    assert len(words.encoded_passages) == added.passages == 2
    assert all("Forests of the North" in text for text in words.encoded_passages)
    assert len(open_index(home, words).entries()) == 101
    assert "Town number 73" in first_hit(home, words, "town number 73 sawmills")


def test_the_same_bytes_are_one_document(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> None:
    add(home, [report], words)
    generation = open_index(home, words).generation
    (again,) = add(home, [write(tmp_path / "other" / "copy.txt", REPORT)], words)
    assert again.known is not None
    assert again.known.name == "forests.txt"
    assert [entry.name for entry in Library(home).active()] == ["forests.txt"]
    assert open_index(home, words).generation == generation


def test_a_changed_file_replaces_what_it_was(home: Home, words: WordEncoder, report: Path) -> None:
    (before,) = add(home, [report], words)
    write(report, REPORT.replace("412", "977"))
    (after,) = add(home, [report], words)
    assert after.replaces is not None
    assert before.title == after.title
    assert [entry.name for entry in open_index(home, words).entries()] == ["forests.txt"]
    assert "977 illegal" in first_hit(home, words, "illegal sawmills")
    assert files_holding(home, "412 illegal") == []


def test_two_files_of_one_name_are_two_documents(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    paths = [write(tmp_path / folder / "report.txt", f"Report\n\nAbout {folder}.\n") for folder in ("loreto", "ucayali")]
    add(home, paths, words)
    first, second = Library(home).active()
    with pytest.raises(LibraryError, match=f"2 documents are named 'report.txt': remove one by its id, {first.id} or {second.id}"):
        remove(home, "report.txt")
    assert [entry.path for entry in remove(home, first.id)] == [str(paths[0])]
    assert [entry.id for entry in Library(home).active()] == [second.id]


def test_a_bad_file_costs_a_sentence_and_the_rest_is_added(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> None:
    bad = [tmp_path / "missing.txt", tmp_path, write(tmp_path / "scan.pdf", scanned_pdf(2)), write(tmp_path / "x.doc", b"\xd0\xcf")]
    outcomes = add(home, [*bad, report], words)
    assert [outcome.error is None for outcome in outcomes] == [False, False, False, False, True]
    assert "There is no file" in str(outcomes[0].error)
    assert "can't be read: Is a directory." in str(outcomes[1].error)
    assert "needs OCR" in str(outcomes[2].error)
    assert [path.name for path in home.documents.iterdir()] == [Library(home).active()[0].id]


def test_only_bad_files_leave_nothing_behind(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    outcomes = add(home, [write(tmp_path / "empty.txt", b"")], words)
    assert outcomes == [Added(tmp_path / "empty.txt", error="empty.txt is empty.")]
    assert Library(home).entries() == []
    assert list(home.documents.iterdir()) == []


def test_pages_without_text_are_reported(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    (added,) = add(home, [write(tmp_path / "half.pdf", scanned_pdf(3, with_text=[2]))], words)
    assert (added.pages, added.pages_without_text) == (3, (1, 3))


def test_after_removal_no_file_holds_the_text(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> None:
    add(home, [write(tmp_path / "in" / "rivers.txt", "Rivers\n\nThe river is wide.\n")], words)
    add(home, [report], words)
    add(home, [write(tmp_path / "in" / "roads.txt", "Roads\n\nThe road is long.\n")], words)
    index = open_index(home, words)
    removed = Library(home).active()[1]
    assert files_holding(home, "mahogany")
    assert [entry.name for entry in remove(home, "forests.txt")] == ["forests.txt"]
    for text in ("mahogany", "sawmills", "sawmil", "Forests of the North", "forests.txt", removed.id, REPORT[40:60]):
        assert files_holding(home, text) == []
    assert [folder.name for folder in home.generations.iterdir()] == ["4"]
    assert [entry.name for entry in index.entries()] == ["rivers.txt", "roads.txt"]  # the index that was open before, too
    assert all(hit.passage.document_id != removed.id for hit in index.search("mahogany trucks", 10))
    with pytest.raises(LibraryError, match=f"There is no document '{removed.id}'."):
        index.document(removed.id)
    assert index.stale()
    with pytest.raises(LibraryError, match=r"There is no document 'forests.txt' in .*: `quipu documents` lists what is there"):
        remove(home, "forests.txt")


def test_what_was_removed_can_be_added_again(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    remove(home, "forests.txt")
    assert open_index(home, words).entries() == []
    assert open_index(home, words).search("sawmills", 5) == []
    add(home, [report], words)
    assert "412" in first_hit(home, words, "illegal sawmills")


def test_as_many_hits_as_are_asked_for(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    towns = "".join(f"## Town {number}\n\nThe town of number {number} has sawmills.\n\n" for number in range(70))
    add(home, [write(tmp_path / "towns.md", f"# Towns\n\n{towns}")], words)
    index = open_index(home, words)
    assert [len(index.search("sawmills of the town", k)) for k in (3, 60, 70, 99)] == [3, 60, 70, 70]
    assert all(hit.score == round(hit.score, 6) for hit in index.search("sawmills of the town", 70))


def test_a_search_stays_within_the_allowed_documents(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> None:
    add(home, [report, write(tmp_path / "other.txt", "Other\n\nIllegal sawmills were nowhere to be seen.\n")], words)
    index = open_index(home, words)
    forests, other = index.entries()
    assert {hit.passage.document_id for hit in index.search("illegal sawmills", 10)} == {forests.id, other.id}
    assert {hit.passage.document_id for hit in index.search("illegal sawmills", 10, [other.id])} == {other.id}
    assert index.search("illegal sawmills", 10, []) == []
    assert (index.size([other.id]), index.frequency("mahogani"), index.frequency("mahogani", [other.id])) == (1, 1, 0)


@pytest.mark.parametrize("damage", ["manifest.json", "vectors.faiss", "passages.npy", "bm25/vocab.index.json"])
@pytest.mark.parametrize("how", ["gone", "cut", "flipped"])
def test_a_damaged_generation_falls_back_and_says_so(
    home: Home, words: WordEncoder, report: Path, tmp_path: Path, damage: str, how: str
) -> None:
    add(home, [report], words)
    add(home, [write(tmp_path / "b.txt", "Rivers\n\nWide rivers.\n")], words)
    path = home.generations / "2" / damage
    data = path.read_bytes()
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(data[: len(data) // 2] if how == "cut" else data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    index = open_index(home, words)
    if damage == "manifest.json" and how == "flipped":
        assert index.generation in (1, 2)  # a manifest that is still one, but for a letter, is believed
        return
    assert index.generation == 1
    assert index.notice.startswith(f"Generation 2 of {home.path} is damaged (")
    assert index.notice.endswith("; generation 1 is used instead. Run `quipu rebuild` to mend it.")
    assert "412" in index.search("illegal sawmills", 1)[0].passage.text
    rebuild(home, words)
    assert open_index(home, words).notice == ""
    assert len(open_index(home, words).entries()) == 2


def test_without_a_generation_to_fall_back_to_it_says_what_to_do(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    shutil.rmtree(home.generations / "1")
    with pytest.raises(LibraryError, match=r"is damaged .*, and there is no older one: run `quipu rebuild`"):
        Index.open(home, words)
    home.current.write_text("not a number")
    with pytest.raises(LibraryError, match="run `quipu rebuild`"):
        Index.open(home, words)
    assert rebuild(home, words) == Rebuilt(1, ())
    assert "412" in first_hit(home, words, "illegal sawmills")


def test_removing_works_where_nothing_can_be_opened(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> None:
    add(home, [report, write(tmp_path / "in" / "rivers.txt", "Rivers\n\nThe river is wide.\n")], words)
    (home.generations / "1" / "vectors.faiss").write_bytes(b"damaged")
    remove(home, "forests.txt")
    assert files_holding(home, "mahogani") == files_holding(home, "mahogany") == []
    with pytest.raises(LibraryError, match="run `quipu rebuild`"):
        Index.open(home, words)
    rebuild(home, words)
    assert "river is wide" in first_hit(home, words, "the river")


def test_a_killed_add_is_not_taken_for_known(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    shutil.rmtree(home.generations)
    home.current.unlink()  # as if killed before the generation was in use
    (again,) = add(home, [report], words)
    assert again.known is None
    assert "412" in first_hit(home, words, "illegal sawmills")


def test_an_index_of_another_format_says_what_to_do(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    path = home.generations / "1" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))
    with pytest.raises(LibraryError, match=r"has format 99 .*; this version of Quipu knows format 1 .* Run `quipu rebuild`"):
        Index.open(home, words)


def test_another_encoder_is_refused_until_the_library_is_rebuilt(
    home: Home, words: WordEncoder, report: Path, tmp_path: Path
) -> None:
    add(home, [report], words)
    other = WordEncoder("other words")
    says = r"made with the encoder 'bag of words' \(words\), and this one is 'bag of other words' .* run `quipu rebuild`"
    with pytest.raises(EncoderError, match=says):
        Index.open(home, other)
    with pytest.raises(EncoderError, match=says):
        add(home, [write(tmp_path / "b.txt", "Rivers.")], other)
    assert [entry.name for entry in Library(home).entries()] == ["forests.txt"]
    rebuild(home, other)
    assert len(other.encoded_passages) == 2
    assert "412" in first_hit(home, other, "illegal sawmills")


def test_rebuilding_embeds_nothing_that_is_there(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    words.encoded_passages.clear()
    rebuild(home, words)
    assert words.encoded_passages == []


def test_a_home_that_cannot_be_written_is_one_sentence(words: WordEncoder, report: Path, tmp_path: Path) -> None:
    write(tmp_path / "file", b"")
    with pytest.raises(LibraryError, match=r"can't be written: Not a directory. Set QUIPU_HOME to a folder of your own"):
        add(Home(tmp_path / "file" / "home"), [report], words)


def test_verify_rereads_the_originals(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> None:
    add(home, [report, write(tmp_path / "r.pdf", pdf([["One page of text."]]))], words)
    assert [(result.entry.name, result.problem) for result in verify(home)] == [("forests.txt", ""), ("r.pdf", "")]
    forests = Library(home).active()[0].id
    original = home.documents / forests / "original.txt"
    original.write_bytes(original.read_bytes().replace(b"412", b"413"))
    assert "is not the file that was added" in verify(home)[0].problem
    original.unlink()
    assert "is missing" in verify(home)[0].problem


def test_a_changed_text_is_never_quoted(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    entry = Library(home).active()[0]
    (path,) = (home.documents / entry.id).glob("text.*.json")
    path.write_text(path.read_text(encoding="utf-8").replace("412 illegal", "413 illegal"), encoding="utf-8")
    index = open_index(home, words)
    assert index.search("illegal sawmills", 1) == []
    assert index.notice == f"{path} is missing or damaged (it isn't what was written): add the document again."
    assert stored(home)[0].document is None
    (again,) = add(home, [report], words)
    assert again.error is None
    assert "412" in first_hit(home, words, "illegal sawmills")


def test_a_catalogue_that_is_no_database_is_one_sentence(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    home.library.write_bytes(b"this is no database, and long enough to be looked at as if it were one" * 20)
    with pytest.raises(LibraryError, match=r"library.sqlite can't be read: file is not a database."):
        open_index(home, words).entries()


def test_the_catalogue_keeps_nothing_of_what_it_deletes(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    remove(home, "forests.txt")
    connection = sqlite3.connect(home.library)
    assert connection.execute("SELECT count(*) FROM documents").fetchone() == (0,)
    connection.close()
    assert b"forests" not in home.library.read_bytes()


def test_a_generation_that_a_killed_writer_did_not_put_in_use_holds_nothing_back(
    home: Home, words: WordEncoder, report: Path, tmp_path: Path
) -> None:
    add(home, [write(tmp_path / "in" / "rivers.txt", "Rivers\n\nThe river is wide.\n")], words)
    add(home, [report], words)
    home.current.write_text("1\n")  # as if killed before CURRENT was flipped
    assert "forests.txt" not in [entry.name for entry in open_index(home, words).entries()]
    remove(home, "forests.txt")
    assert files_holding(home, "mahogany") == files_holding(home, "mahogani") == []
    assert "river is wide" in first_hit(home, words, "the river")


def test_what_falls_back_is_mended_by_the_next_add(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> None:
    add(home, [report], words)
    add(home, [write(tmp_path / "b.txt", "Rivers\n\nWide rivers.\n")], words)
    (home.generations / "2" / "vectors.faiss").write_bytes(b"damaged")
    add(home, [write(tmp_path / "c.txt", "Roads\n\nLong roads.\n")], words)
    index = open_index(home, words)
    assert (index.generation, index.notice) == (3, "")
    assert [entry.name for entry in index.entries()] == ["forests.txt", "b.txt", "c.txt"]
    assert sorted(folder.name for folder in home.generations.iterdir()) == ["1", "3"]  # and not the damaged one


def test_adding_what_is_known_changes_nothing(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> None:
    add(home, [report], words)
    add(home, [write(tmp_path / "b.txt", "Rivers\n\nWide rivers.\n")], words)
    before = {path: path.stat().st_mtime_ns for path in home.path.rglob("*") if path.is_file() and path.name != "lock"}
    add(home, [report], words)
    assert {path: path.stat().st_mtime_ns for path in home.path.rglob("*") if path.is_file() and path.name != "lock"} == before


def test_of_two_files_with_the_same_bytes_the_second_is_known(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> None:
    first, second = add(home, [report, write(tmp_path / "copy.txt", REPORT)], words)
    assert (first.known, second.known and second.known.name) == (None, "forests.txt")


def test_a_replacement_that_was_killed_leaves_what_it_replaces(
    home: Home, words: WordEncoder, report: Path, tmp_path: Path
) -> None:
    add(home, [report], words)
    old = Library(home).active()[0]
    write(report, REPORT.replace("412", "977"))
    add(Home(tmp_path / "elsewhere"), [report], words)
    new = Library(Home(tmp_path / "elsewhere")).active()[0]
    Library(home).put(new)  # as if killed before the new text was on the shelf
    add(home, [write(tmp_path / "b.txt", "Rivers\n\nWide rivers.\n")], words)
    assert "412 illegal" in first_hit(home, words, "illegal sawmills")
    shutil.copytree(Home(tmp_path / "elsewhere").documents / new.id, home.documents / new.id)  # or before it was in use
    add(home, [write(tmp_path / "c.txt", "Roads\n\nLong roads.\n")], words)
    assert "977 illegal" in first_hit(home, words, "illegal sawmills")
    assert old.id not in [entry.id for entry in Library(home).entries()]
    assert files_holding(home, "412 illegal") == []


def test_a_file_that_goes_back_to_what_it_was_replaces_what_it_became(home: Home, words: WordEncoder, report: Path) -> None:
    for number in ("412", "977", "412"):
        write(report, REPORT.replace("412", number))
        add(home, [report], words)
        assert f"{number} illegal" in first_hit(home, words, "illegal sawmills")
        assert len(Library(home).entries()) == 1


def test_a_file_that_was_moved_is_replaced_from_its_new_place(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> None:
    add(home, [report], words)
    moved = report.rename(tmp_path / "moved.txt")
    assert add(home, [moved], words)[0].known is not None
    write(moved, REPORT.replace("412", "977"))
    assert add(home, [moved], words)[0].replaces is not None
    assert len(Library(home).entries()) == 1
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
    assert [entry.name for entry in open_index(home, words).entries()] == ["forests.txt"]
    assert files_holding(home, "river is wide") == []


def test_a_damaged_text_does_not_hold_up_the_rest(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> None:
    add(home, [report, write(tmp_path / "b.txt", "Rivers\n\nWide rivers.\n")], words)
    damaged = Library(home).active()[0]
    (path,) = (home.documents / damaged.id).glob("text.*.json")
    path.write_bytes(b"damaged")
    add(home, [write(tmp_path / "c.txt", "Roads\n\nLong roads.\n")], words)
    assert [entry.name for entry in open_index(home, words).entries()] == ["b.txt", "c.txt"]
    assert stored(home)[0].problem == (
        "forests.txt is not searched: it was never fully indexed, or its files are damaged. Add it again."
    )
    add(home, [report], words)
    assert "412 illegal" in first_hit(home, words, "illegal sawmills")


def test_rebuilding_says_what_cannot_be_read_anew_and_keeps_it(
    home: Home, words: WordEncoder, report: Path, tmp_path: Path
) -> None:
    add(home, [report, write(tmp_path / "b.txt", "Rivers\n\nWide rivers.\n")], words)
    original = home.documents / Library(home).active()[0].id / "original.txt"
    original.write_bytes(b"something else")
    rebuilt = rebuild(home, words)
    assert rebuilt == Rebuilt(1, (f"{original} is not the file that was added as forests.txt: add it again.",))
    assert "412 illegal" in first_hit(home, words, "illegal sawmills")
    add(home, [report], words)
    assert rebuild(home, words) == Rebuilt(2, ())
    original.unlink()
    assert rebuild(home, words).problems[0].startswith("The original of forests.txt is missing from ")


def test_a_document_is_hidden_while_another_writer_is_at_work(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    with FileLock(home.path / "lock"), pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.home._PATIENCE", 0.0)
        with pytest.raises(LibraryError, match="Another quipu is changing"):
            remove(home, "forests.txt")
    assert open_index(home, words).entries() == []
    assert [entry.name for entry in remove(home, "forests.txt")] == ["forests.txt"]
    assert files_holding(home, "mahogany") == []


@pytest.mark.parametrize("name", [b"caf\xe9.txt", b"two\nlines.txt", "\u202egpj.txt".encode()])
def test_a_strange_file_name_is_shown_as_it_can_be(home: Home, words: WordEncoder, tmp_path: Path, name: bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    path.write_text(REPORT, encoding="utf-8")
    (added,) = add(home, [path], words)
    assert added.error is None
    entry = Library(home).active()[0]
    assert entry.name.isprintable()
    assert entry.name.endswith(".txt")
    assert open_index(home, words).document(entry.id).source == entry.name
    path.write_text(REPORT.replace("412", "977"), encoding="utf-8")
    assert add(home, [path], words)[0].replaces == entry


def test_a_text_that_reads_otherwise_gets_its_own_passages(
    home: Home, words: WordEncoder, report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(home, [report], words)
    index = open_index(home, words)
    real = read_plain
    monkeypatch.setattr("corpus.readers.plain.read_plain", lambda data, name: real(data[:-90] + b"end.", name))
    assert verify(home)[0].problem == "forests.txt reads differently now than when it was indexed: run `quipu rebuild`."
    rebuild(home, words)
    assert verify(home)[0].problem == ""
    assert "412" in index.search("illegal sawmills", 1)[0].passage.text  # what was open goes on with its own text
    assert all(hit.passage.text.endswith(("closed.", "end.")) for hit in open_index(home, words).search("sawmills", 9))


def test_the_same_bytes_under_another_name_are_read_as_what_they_were_added_as(
    home: Home, words: WordEncoder, tmp_path: Path
) -> None:
    marked = "# Forests\n\nThe ministry counted **412** illegal sawmills.\n"
    add(home, [write(tmp_path / "r.md", marked)], words)
    (path,) = home.documents.glob("*/text.*.json")
    path.write_bytes(b"damaged")
    add(home, [write(tmp_path / "r.txt", marked)], words)
    assert [result.problem for result in verify(home)] == [""]
    assert first_hit(home, words, "illegal sawmills").endswith("The ministry counted 412 illegal sawmills.")


def test_a_removal_cut_short_and_another_name_leave_no_mixture(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    marked = "# Forests\n\nThe ministry counted **412** illegal sawmills.\n"
    add(home, [write(tmp_path / "r.md", marked)], words)
    Library(home).mark_removed([Library(home).active()[0].id])
    add(home, [write(tmp_path / "r.txt", marked)], words)
    assert [result.problem for result in verify(home)] == [""]
    assert first_hit(home, words, "illegal sawmills").endswith("The ministry counted **412** illegal sawmills.")


def test_a_damaged_library_that_lost_its_last_document_is_mended(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    (home.generations / "1" / "vectors.faiss").write_bytes(b"damaged")
    remove(home, "forests.txt")
    assert rebuild(home, words) == Rebuilt(0, ())
    add(home, [report], words)
    assert "412" in first_hit(home, words, "illegal sawmills")


def test_a_catalogue_without_its_table_is_an_empty_one(home: Home, words: WordEncoder, report: Path) -> None:
    home.path.mkdir()
    home.library.touch()  # as SQLite leaves it if it is killed in its first moment
    assert Library(home).entries() == []
    add(home, [report], words)
    assert "412" in first_hit(home, words, "illegal sawmills")


def test_a_document_that_is_added_while_its_removal_waits_is_removed(
    home: Home, words: WordEncoder, report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(home, [report], words)
    (entry,) = Library(home).active()
    real = Home.writing

    @contextmanager
    def writing(of: Home) -> Iterator[None]:
        Library(home).put(entry)  # what an `add` does that had the lock before
        with real(of):
            yield

    monkeypatch.setattr(Home, "writing", writing)
    remove(home, "forests.txt")
    assert Library(home).entries() == []
    assert files_holding(home, "mahogany") == []


def test_a_file_that_cannot_be_deleted_is_said_and_tried_again(
    home: Home, words: WordEncoder, report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(home, [report], words)

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr("index.shelf.shutil.rmtree", refuse)
        with pytest.raises(LibraryError, match=r"can't be written: Permission denied"):
            remove(home, "forests.txt")
    remove(home, "forests.txt")
    assert files_holding(home, "mahogany") == []


def test_a_number_is_never_used_twice(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    index = open_index(home, words)
    shutil.rmtree(home.generations / "1")
    rebuild(home, words)
    assert index.stale()
    assert open_index(home, words).generation == 2


def test_an_older_versions_text_is_made_anew_by_adding_it_again(
    home: Home, words: WordEncoder, report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("index.shelf.READER", 0)
        add(home, [report], words)
    assert open_index(home, words).outdated()
    add(home, [report], words)
    assert not open_index(home, words).outdated()
    assert "412" in first_hit(home, words, "illegal sawmills")
