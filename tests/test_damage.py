"""Damaged, outdated and interrupted libraries: falling back, saying so, and repair."""

import errno
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from corpus import ISOLATED_PARSERS, Document, Worker, document_id
from index import Catalogue, EncoderError, Home, Index, LibraryError, RebuildResult, remove, stored
from tests.fakes import WordEncoder, files_holding, first_hit, open_index
from tests.inline import add, rebuild, verify
from tests.made import REPORT, write


@pytest.mark.parametrize("damage", ["manifest.json", "vectors.f16", "ranges.npy", "words/terms.txt"])
@pytest.mark.parametrize("how", ["gone", "cut", "flipped"])
def test_a_damaged_generation_falls_back_to_an_older_one_with_a_notice(
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
        assert index.generation in (1, 2)  # a manifest that still parses is believed
        return
    assert index.generation == 1
    assert index.notice.startswith(f"Generation 2 of {home.path} is damaged (")
    assert index.notice.endswith("; generation 1 is used instead. Run `quipu rebuild` to mend it.")
    assert "412" in index.within().search("illegal sawmills", 1)[0].passage.text
    rebuild(home, words)
    assert open_index(home, words).notice == ""
    assert len(open_index(home, words).within().entries()) == 2


def test_without_an_intact_generation_the_error_says_what_to_do(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    shutil.rmtree(home.generations / "1")
    with pytest.raises(LibraryError, match=r"is damaged .*, and there is no older one: run `quipu rebuild`"):
        Index.open(home, words)
    home.current.write_text("not a number")
    with pytest.raises(LibraryError, match="run `quipu rebuild`"):
        Index.open(home, words)
    assert rebuild(home, words) == RebuildResult(1, ())
    assert "412" in first_hit(home, words, "illegal sawmills")


def test_a_full_disk_gives_an_error(home: Home, words: WordEncoder, report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fallocate(*_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.posix_fallocate", fallocate, raising=False)
    with pytest.raises(LibraryError, match="can't be written: No space left on device"):
        add(home, [report], words)
    monkeypatch.undo()
    add(home, [report], words)
    assert "412" in first_hit(home, words, "illegal sawmills")


def test_removing_works_without_an_intact_generation(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> None:
    add(home, [report, write(tmp_path / "in" / "rivers.txt", "Rivers\n\nThe river is wide.\n")], words)
    (home.generations / "1" / "vectors.f16").write_bytes(b"damaged")
    remove(home, "forests.txt")
    assert files_holding(home, "mahogani") == files_holding(home, "mahogany") == []
    with pytest.raises(LibraryError, match="run `quipu rebuild`"):
        Index.open(home, words)
    rebuild(home, words)
    assert "river is wide" in first_hit(home, words, "the river")


def test_a_document_of_a_killed_add_is_not_known(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    shutil.rmtree(home.generations)
    home.current.unlink()  # as if killed before the generation was put in use
    (again,) = add(home, [report], words)
    assert again.known is None
    assert "412" in first_hit(home, words, "illegal sawmills")


def test_an_index_of_another_format_says_what_to_do(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    path = home.generations / "1" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))
    with pytest.raises(LibraryError, match=r"has format 99 .*; this version of Quipu knows format 2 .* Run `quipu rebuild`"):
        Index.open(home, words)


def test_another_encoder_is_refused_until_the_library_is_rebuilt(
    home: Home, words: WordEncoder, report: Path, tmp_path: Path
) -> None:
    add(home, [report], words)
    other = WordEncoder("other words")
    message = r"made with the encoder 'bag of words' \(words\), and this one is 'bag of other words' .* Run `quipu rebuild`"
    with pytest.raises(EncoderError, match=message):
        Index.open(home, other)
    with pytest.raises(EncoderError, match=message):
        add(home, [write(tmp_path / "b.txt", "Rivers.")], other)
    assert [entry.name for entry in Catalogue(home).entries()] == ["forests.txt"]
    rebuild(home, other)
    assert len(other.encoded_passages) == 2
    assert "412" in first_hit(home, other, "illegal sawmills")


def test_rebuilding_embeds_nothing_that_is_embedded_already(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    words.encoded_passages.clear()
    rebuild(home, words)
    assert words.encoded_passages == []


def test_a_changed_text_is_never_quoted(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    entry = Catalogue(home).active()[0]
    (path,) = (home.documents / entry.id).glob("text.*.json")
    path.write_text(path.read_text(encoding="utf-8").replace("412 illegal", "413 illegal"), encoding="utf-8")
    index = open_index(home, words)
    assert index.within().search("illegal sawmills", 1) == []
    assert index.notice == f"{path} is missing or damaged (its content has changed): add the document again."
    assert stored(home)[0].document is None
    (again,) = add(home, [report], words)
    assert again.error is None
    assert "412" in first_hit(home, words, "illegal sawmills")


def test_a_catalogue_that_is_no_database_gives_an_error(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    home.catalogue.write_bytes(b"this is not a database, but it is long enough to be taken for one" * 20)
    with pytest.raises(LibraryError, match=r"can't be read: file is not a database. Restore it from a backup"):
        open_index(home, words).within().entries()


def test_a_generation_that_a_killed_writer_did_not_put_in_use_is_deleted(
    home: Home, words: WordEncoder, report: Path, tmp_path: Path
) -> None:
    add(home, [write(tmp_path / "in" / "rivers.txt", "Rivers\n\nThe river is wide.\n")], words)
    add(home, [report], words)
    home.current.write_text("1\n")  # as if killed before CURRENT was replaced
    assert "forests.txt" not in [entry.name for entry in open_index(home, words).within().entries()]
    remove(home, "forests.txt")
    assert files_holding(home, "mahogany") == files_holding(home, "mahogani") == []
    assert "river is wide" in first_hit(home, words, "the river")


def test_the_next_add_repairs_a_damaged_generation(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> None:
    add(home, [report], words)
    add(home, [write(tmp_path / "b.txt", "Rivers\n\nWide rivers.\n")], words)
    (home.generations / "2" / "vectors.f16").write_bytes(b"damaged")
    add(home, [write(tmp_path / "c.txt", "Roads\n\nLong roads.\n")], words)
    index = open_index(home, words)
    assert (index.generation, index.notice) == (3, "")
    assert [entry.name for entry in index.within().entries()] == ["forests.txt", "b.txt", "c.txt"]
    assert sorted(folder.name for folder in home.generations.iterdir()) == ["1", "3"]  # without the damaged one


def test_a_killed_replacement_leaves_the_old_document(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> None:
    add(home, [report], words)
    old = Catalogue(home).active()[0]
    write(report, REPORT.replace("412", "977"))
    add(Home(tmp_path / "elsewhere"), [report], words)
    new = Catalogue(Home(tmp_path / "elsewhere")).active()[0]
    Catalogue(home).put(new)  # as if killed before the new text was stored
    add(home, [write(tmp_path / "b.txt", "Rivers\n\nWide rivers.\n")], words)
    assert "412 illegal" in first_hit(home, words, "illegal sawmills")
    shutil.copytree(Home(tmp_path / "elsewhere").documents / new.id, home.documents / new.id)  # or before it was put in use
    add(home, [write(tmp_path / "c.txt", "Roads\n\nLong roads.\n")], words)
    assert "977 illegal" in first_hit(home, words, "illegal sawmills")
    assert old.id not in [entry.id for entry in Catalogue(home).entries()]
    assert files_holding(home, "412 illegal") == []


def test_a_damaged_text_does_not_affect_other_documents(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> None:
    add(home, [report, write(tmp_path / "b.txt", "Rivers\n\nWide rivers.\n")], words)
    damaged = Catalogue(home).active()[0]
    (path,) = (home.documents / damaged.id).glob("text.*.json")
    path.write_bytes(b"damaged")
    add(home, [write(tmp_path / "c.txt", "Roads\n\nLong roads.\n")], words)
    assert [entry.name for entry in open_index(home, words).within().entries()] == ["b.txt", "c.txt"]
    assert stored(home)[0].problem == (
        "forests.txt is not searched: it was never fully indexed, or its files are damaged. Add it again."
    )
    add(home, [report], words)
    assert "412 illegal" in first_hit(home, words, "illegal sawmills")


def test_rebuilding_reports_and_keeps_what_cannot_be_parsed_anew(
    home: Home, words: WordEncoder, report: Path, tmp_path: Path
) -> None:
    add(home, [report, write(tmp_path / "b.txt", "Rivers\n\nWide rivers.\n")], words)
    original = home.documents / Catalogue(home).active()[0].id / "original.txt"
    original.write_bytes(b"something else")
    rebuilt = rebuild(home, words)
    assert rebuilt == RebuildResult(1, (f"{original} is not the file that was added as forests.txt: add it again.",))
    assert "412 illegal" in first_hit(home, words, "illegal sawmills")
    add(home, [report], words)
    assert rebuild(home, words) == RebuildResult(2, ())
    original.unlink()
    assert rebuild(home, words).problems[0].startswith("The original of forests.txt is missing from ")


def test_a_text_that_is_parsed_differently_gets_its_own_passages(
    home: Home, words: WordEncoder, report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(home, [report], words)
    index = open_index(home, words)
    real = Worker.parse

    def parse_differently(worker: Worker, data: bytes, name: str, *, ocr: bool | None = None) -> Document:
        return replace(real(worker, data[:-90] + b"end.", name, ocr=ocr), id=document_id(data))

    monkeypatch.setattr(Worker, "parse", parse_differently)
    assert (
        verify(home, parsers=ISOLATED_PARSERS)[0].problem
        == "forests.txt reads differently now than when it was indexed: run `quipu rebuild`."
    )
    rebuild(home, words, parsers=ISOLATED_PARSERS)
    assert verify(home, parsers=ISOLATED_PARSERS)[0].problem == ""
    assert "412" in index.within().search("illegal sawmills", 1)[0].passage.text  # an open index keeps its own text
    assert all(hit.passage.text.endswith(("closed.", "end.")) for hit in open_index(home, words).within().search("sawmills", 9))


def test_the_same_bytes_under_another_name_are_parsed_under_their_first_name(
    home: Home, words: WordEncoder, tmp_path: Path
) -> None:
    marked = "# Forests\n\nThe ministry counted **412** illegal sawmills.\n"
    add(home, [write(tmp_path / "r.md", marked)], words)
    (path,) = home.documents.glob("*/text.*.json")
    path.write_bytes(b"damaged")
    add(home, [write(tmp_path / "r.txt", marked)], words)
    assert [result.problem for result in verify(home)] == [""]
    assert first_hit(home, words, "illegal sawmills").endswith("The ministry counted 412 illegal sawmills.")


def test_after_an_interrupted_removal_the_new_name_decides(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    marked = "# Forests\n\nThe ministry counted **412** illegal sawmills.\n"
    add(home, [write(tmp_path / "r.md", marked)], words)
    Catalogue(home).mark_removed([Catalogue(home).active()[0].id])
    add(home, [write(tmp_path / "r.txt", marked)], words)
    assert [result.problem for result in verify(home)] == [""]
    assert first_hit(home, words, "illegal sawmills").endswith("The ministry counted **412** illegal sawmills.")


def test_a_damaged_library_without_documents_is_repaired(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    (home.generations / "1" / "vectors.f16").write_bytes(b"damaged")
    remove(home, "forests.txt")
    assert rebuild(home, words) == RebuildResult(0, ())
    add(home, [report], words)
    assert "412" in first_hit(home, words, "illegal sawmills")


def test_a_missing_catalogue_is_not_an_empty_one(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    home.catalogue.unlink()
    with pytest.raises(LibraryError, match=r"library.sqlite is missing, which records what was removed. Restore it"):
        stored(home)


def test_an_inconsistent_manifest_is_damage(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    path = home.generations / "1" / "manifest.json"
    changes: list[dict[str, object]] = [{"languages": []}, {"files": []}, {"volumes": 5}]
    for changed in changes:
        intact = json.loads(path.read_text())
        path.write_text(json.dumps({**intact, **changed}))
        with pytest.raises(LibraryError, match="is damaged"):
            Index.open(home, words)
        path.write_text(json.dumps(intact))


def test_a_catalogue_without_its_table_is_an_empty_one(home: Home, words: WordEncoder, report: Path) -> None:
    home.path.mkdir()
    home.catalogue.touch()  # as SQLite leaves it if killed at the very start
    assert Catalogue(home).entries() == []
    add(home, [report], words)
    assert "412" in first_hit(home, words, "illegal sawmills")


def test_a_file_that_cannot_be_deleted_gives_an_error_and_can_be_tried_again(
    home: Home, words: WordEncoder, report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(home, [report], words)

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr("index.library.documents.shutil.rmtree", refuse)
        with pytest.raises(LibraryError, match=r"can't be written: Permission denied"):
            remove(home, "forests.txt")
    remove(home, "forests.txt")
    assert files_holding(home, "mahogany") == []


def test_a_generation_number_is_never_reused(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    index = open_index(home, words)
    shutil.rmtree(home.generations / "1")
    rebuild(home, words)
    assert index.stale()
    assert open_index(home, words).generation == 2


def test_adding_a_file_again_replaces_the_text_of_an_older_version(
    home: Home, words: WordEncoder, report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("index.library.documents.PARSERS_VERSION", 0)
        add(home, [report], words)
    assert open_index(home, words).outdated()
    add(home, [report], words)
    assert not open_index(home, words).outdated()
    assert "412" in first_hit(home, words, "illegal sawmills")


def test_a_large_file_is_checked_by_size_on_opening_and_by_checksum_on_verifying(
    home: Home, words: WordEncoder, report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(home, [report], words)
    path = home.generations / "1" / "vectors.f16"
    data = path.read_bytes()
    monkeypatch.setattr("index.library.generations._HASHED", len(data) - 1)
    assert verify(home)[0].problem == ""
    path.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    assert open_index(home, words).notice == ""
    with pytest.raises(
        LibraryError, match=r"Generation 1 of .* is damaged \(vectors.f16 does not match its checksum\): run `quipu"
    ):
        verify(home)
    path.write_bytes(data[:-2])
    with pytest.raises(LibraryError, match=r"is damaged .*, and there is no older one"):
        Index.open(home, words)
    rebuild(home, words)
    assert verify(home)[0].problem == ""


def test_rebuilding_replaces_an_index_of_another_format(home: Home, words: WordEncoder, report: Path) -> None:
    add(home, [report], words)
    manifest = home.generations / "1" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "format": 1}))
    with pytest.raises(LibraryError, match=r"has format 1 .* Run `quipu rebuild`"):
        Index.open(home, words)
    assert rebuild(home, words) == RebuildResult(1, ())
    assert "412" in first_hit(home, words, "illegal sawmills")
    assert json.loads((home.generations / "2" / "manifest.json").read_text())["arithmetic"] == ["words"]
