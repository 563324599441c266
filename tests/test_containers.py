"""Zips of documents and emails with attachments: each file inside becomes a document of its own."""

import os
from pathlib import Path

import pytest

from corpus import InlineParsers, parts_of, place_of
from index import AddResult, Catalogue, Home, LibraryError, limit, remove, remove_from
from tests.fakes import WordEncoder, files_holding, first_hit, open_index
from tests.inline import add, verify
from tests.made import REPORT, pdf, write
from tests.made_containers import mail, zipped
from tests.zips import packed

RIVERS = "Rivers\n\nThe river Marañón is wide.\n"
ROADS = "Roads\n\nThe road to Iquitos is long.\n"


def names(home: Home) -> list[str]:
    return [entry.name for entry in Catalogue(home).active()]


def states(results: list[AddResult]) -> list[tuple[str, str]]:
    """Return the name of each file with its outcome: "new", "known", "removed", or the error."""
    return [
        (result.name, result.error or ("removed" if result.removed else "known" if result.known else "new")) for result in results
    ]


def test_each_file_in_a_zip_becomes_a_document(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "2021/forests.txt": REPORT,
        "2021/figures.pdf": pdf([["Timber was dear."]]),
        "photo.png": b"\x89PNG",
    }
    results = add(home, [write(tmp_path / "reports.zip", packed(files))], words)
    assert states(results) == [
        ("reports.zip › forests.txt", "new"),
        ("reports.zip › figures.pdf", "new"),
        ("reports.zip › photo.png", "reports.zip › photo.png was passed over: Quipu doesn't read that type."),
    ]
    assert [result.failed for result in results] == [False, False, False]
    assert [result.summary.pages for result in results] == [0, 1, 0]
    place = f"{tmp_path}/reports.zip!/2021/"
    assert [entry.path for entry in Catalogue(home).active()] == [f"{place}forests.txt", f"{place}figures.pdf"]
    index = open_index(home, words)
    assert "412 illegal sawmills" in first_hit(home, words, "illegal sawmills")
    assert [index.within().document(entry.id).source for entry in index.within().entries()] == names(home)
    assert [checked.problem for checked in verify(home)] == ["", ""]
    assert sorted(path.name for path in home.documents.glob("*/original.*")) == ["original.pdf", "original.txt"]


def test_an_email_and_each_attachment_become_documents(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    sent = mail("Sawmills", "See the report that is attached.\n", ("../forests.txt", REPORT.encode()), ("a.ics", b"BEGIN"))
    results = add(home, [write(tmp_path / "sent.eml", sent)], words)
    assert [(name, state[:40]) for name, state in states(results)] == [
        ("sent.eml", "new"),
        ("sent.eml › forests.txt", "new"),
        ("sent.eml › a.ics", "sent.eml › a.ics was passed over: Quipu "),
    ]
    assert [result.summary.title for result in results[:2]] == ["Sawmills", "Forests of the North"]
    assert [entry.path for entry in Catalogue(home).active()] == [f"{tmp_path}/sent.eml", f"{tmp_path}/sent.eml!/forests.txt"]
    assert "report that is attached" in first_hit(home, words, "See that is attached")


def test_zips_are_opened_two_levels_deep(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    deepest = zipped(roads__txt=ROADS)
    forwarded = mail("Fwd", "Rivers are attached.\n", ("rivers.zip", zipped(rivers__txt=RIVERS, deepest__zip=deepest)))
    results = add(home, [write(tmp_path / "all.zip", zipped(forests__txt=REPORT, fwd__eml=forwarded))], words)
    assert states(results) == [
        ("all.zip › forests.txt", "new"),
        ("all.zip › fwd.eml", "new"),
        ("all.zip › fwd.eml › rivers.zip › rivers.txt", "new"),
        (
            "all.zip › fwd.eml › rivers.zip › deepest.zip",
            "all.zip › fwd.eml › rivers.zip › deepest.zip is nested too deeply: take it out and add it separately.",
        ),
    ]
    assert results[-1].failed
    assert Catalogue(home).active()[-1].path == f"{tmp_path}/all.zip!/fwd.eml!/rivers.zip!/rivers.txt"


def test_a_zip_that_changed_replaces_its_documents_one_by_one(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    path = write(tmp_path / "x.zip", zipped(forests__txt=REPORT, rivers__txt=RIVERS, roads__txt=ROADS))
    add(home, [path], words)
    words.encoded_passages.clear()
    write(path, zipped(forests__txt=REPORT.replace("412", "977"), roads__txt=ROADS))
    results = add(home, [path], words)
    assert states(results) == [("x.zip › forests.txt", "new"), ("x.zip › roads.txt", "known"), ("x.zip › rivers.txt", "removed")]
    assert results[0].replaces is not None
    assert len(words.encoded_passages) == 2  # those of the report
    assert names(home) == ["x.zip › roads.txt", "x.zip › forests.txt"]
    assert "977 illegal" in first_hit(home, words, "illegal sawmills")
    assert files_holding(home, "412 illegal") == files_holding(home, "Marañón is wide") == []


def test_a_document_that_moves_within_a_zip_or_to_another_is_kept(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    add(home, [write(first, zipped(rivers__txt=RIVERS, roads__txt=ROADS))], words)
    write(first, packed({"new/rivers.txt": RIVERS, "roads.txt": ROADS}))
    assert states(add(home, [first], words)) == [("a.zip › rivers.txt", "known"), ("a.zip › roads.txt", "known")]
    write(first, zipped(roads__txt=ROADS))
    write(second, zipped(rivers__txt=RIVERS))
    assert states(add(home, [first, second], words)) == [("a.zip › roads.txt", "known"), ("b.zip › rivers.txt", "known")]
    assert [entry.path for entry in Catalogue(home).active()] == [f"{first}!/roads.txt", f"{second}!/rivers.txt"]
    write(tmp_path / "roads.txt", ROADS)
    add(home, [tmp_path / "roads.txt"], words)  # the zip still holds it
    assert Catalogue(home).active()[0].path == f"{first}!/roads.txt"
    write(first, zipped(other__txt=REPORT))
    assert states(add(home, [tmp_path / "roads.txt", first], words)) == [("roads.txt", "known"), ("a.zip › other.txt", "new")]
    assert sorted(entry.path for entry in Catalogue(home).active()) == [
        f"{first}!/other.txt",
        f"{second}!/rivers.txt",
        f"{tmp_path}/roads.txt",
    ]


def test_a_container_that_cannot_be_opened_removes_nothing(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    whole, inner = zipped(forests__txt=REPORT), zipped(rivers__txt=RIVERS)
    path = write(tmp_path / "x.zip", zipped(a__zip=inner, roads__txt=ROADS))
    add(home, [path], words)
    write(path, whole[: len(whole) // 2])
    (cut,) = add(home, [path], words)
    assert str(cut.error).startswith("x.zip is broken or cut short")
    assert len(names(home)) == 2
    write(path, zipped(a__zip=inner[: len(inner) // 2], b__txt="About bridges.\n"))
    results = add(home, [path], words)
    assert [(result.name, result.error is None) for result in results] == [
        ("x.zip › a.zip", False),
        ("x.zip › b.txt", True),
        ("x.zip › roads.txt", True),
    ]
    assert results[-1].removed is not None
    assert names(home) == ["x.zip › a.zip › rivers.txt", "x.zip › b.txt"]


def test_a_bad_document_in_a_zip_gives_an_error_of_its_own(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    path = write(tmp_path / "x.zip", zipped(empty__txt="", broken__docx="no zip", forests__txt=REPORT))
    results = add(home, [path], words)
    assert [result.failed for result in results] == [True, True, False]
    assert results[0].error == "x.zip › empty.txt is empty."
    assert str(results[1].error).startswith("x.zip › broken.docx ")


def test_hostile_names_are_made_harmless(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    long = "a" * 300
    files: dict[str, str | bytes] = {
        "../../etc/passwd.txt": "Passwords are kept here.\n",
        "/abs.txt": "An absolute path it is.\n",
        "two\nlines.txt": "Two lines it has.\n",
        f"{long}.txt": "A long name it has.\n",
        "C:\\x\\y!/z.txt": "A name of Windows it is.\n",
        "\u202egpj.txt": "Turned around it is.\n",
    }
    before = sorted(tmp_path.rglob("*"))
    results = add(home, [write(tmp_path / "x.zip", packed(files))], words)
    assert [result.name for result in results] == [
        "x.zip › passwd.txt",
        "x.zip › abs.txt",
        "x.zip › two lines.txt",
        f"x.zip › {'a' * 75}….txt",
        "x.zip › z.txt",
        "x.zip › \ufffdgpj.txt",
    ]
    assert all(result.error is None for result in results)
    assert [path for path in sorted(tmp_path.rglob("*")) if home.path not in (path, *path.parents)] == [*before, tmp_path / "x.zip"]
    assert len(add(home, [tmp_path / "x.zip"], words)) == 6
    assert len(names(home)) == 6


def test_two_attachments_of_one_name_are_two_documents(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    path = write(tmp_path / "m.eml", mail("Two", "Two files.\n", ("a.txt", RIVERS.encode()), ("a.txt", ROADS.encode())))
    add(home, [path], words)
    assert [entry.path for entry in Catalogue(home).active()] == [f"{path}", f"{path}!/a.txt", f"{path}!/a.txt (2)"]
    assert states(add(home, [path], words)) == [("m.eml", "known"), ("m.eml › a.txt", "known"), ("m.eml › a.txt", "known")]


def test_a_zip_with_too_many_files_is_read_in_part_with_an_error(
    home: Home, words: WordEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "x.zip", zipped(a__txt=RIVERS, b__txt=ROADS, c__txt=REPORT))
    add(home, [path], words)
    monkeypatch.setattr("corpus.containers.parts._MAX_FILES", 1)
    results = add(home, [path], words)
    assert states(results)[-1] == ("x.zip", "x.zip holds more than 1 files or 500 MB: add the rest separately.")
    assert len(names(home)) == 3


def test_the_name_of_a_zip_or_an_email_stands_for_what_is_in_it(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    sent = mail("Rivers", "See below.\n", ("rivers.txt", RIVERS.encode()))
    add(home, [write(tmp_path / "m.eml", sent), write(tmp_path / "x.zip", zipped(a__txt=REPORT, b__txt=ROADS))], words)
    assert [entry.groups for entry in limit(home, "x.zip", ["hr"])] == [("hr",), ("hr",)]
    assert [(entry.name, entry.groups) for entry in limit(home, "m.eml", ["board"])] == [
        ("m.eml", ("board",)),
        ("m.eml › rivers.txt", ("board",)),
    ]
    mail_id = Catalogue(home).active()[0].id
    assert [entry.name for entry in limit(home, mail_id, [])] == ["m.eml"]
    assert [entry.name for entry in remove(home, "x.zip")] == ["x.zip › a.txt", "x.zip › b.txt"]
    assert [entry.name for entry in remove(home, mail_id)] == ["m.eml"]
    assert names(home) == ["m.eml › rivers.txt"]
    add(home, [tmp_path / "m.eml"], words)
    assert [entry.name for entry in remove(home, "m.eml")] == ["m.eml", "m.eml › rivers.txt"]
    assert files_holding(home, "Marañón") == []
    paths = [write(tmp_path / folder / "x.zip", zipped(a__txt=f"About {folder}.\n")) for folder in ("loreto", "ucayali")]
    add(home, paths, words)
    with pytest.raises(LibraryError, match=r"Several files are named 'x.zip': remove what is in them by its ids"):
        remove(home, "x.zip")
    assert [entry.path for entry in remove_from(home, [place_of(paths[1])])] == [f"{paths[1]}!/a.txt"]
    assert remove_from(home, ["/nowhere.txt"]) == []
    assert [entry.path for entry in Catalogue(home).active()] == [f"{paths[0]}!/a.txt"]


def test_a_file_added_to_a_limited_zip_is_limited(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    path = write(tmp_path / "x.zip", zipped(a__txt=RIVERS))
    add(home, [path], words, groups=["hr"])
    write(path, zipped(a__txt=RIVERS, b__txt=ROADS))
    add(home, [path], words)
    assert [entry.groups for entry in Catalogue(home).active()] == [("hr",), ("hr",)]
    limit(home, Catalogue(home).active()[0].id, [])  # now not all of the zip is limited
    write(path, zipped(a__txt=RIVERS, b__txt=ROADS, c__txt=REPORT))
    add(home, [path], words)
    assert [entry.groups for entry in Catalogue(home).active()] == [(), ("hr",), ()]


def test_a_name_that_is_not_utf8_is_accepted(home: Home, words: WordEncoder, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.zip")
    path.write_bytes(zipped(a__txt=RIVERS))
    add(home, [path], words)
    assert names(home) == ["caf\ufffd.zip › a.txt"]
    write(path, zipped(b__txt=ROADS))
    assert states(add(home, [path], words)) == [("caf\ufffd.zip › b.txt", "new"), ("caf\ufffd.zip › a.txt", "removed")]


def test_a_zip_is_opened_part_by_part(tmp_path: Path) -> None:
    path = write(tmp_path / "x.zip", zipped(a__txt=RIVERS, photo__png=b"\x89PNG"))
    with InlineParsers().open() as pool:
        parts = list(parts_of(path, pool))
    assert [(part.ending, part.data, part.within) for part in parts] == [(".txt", RIVERS.encode(), True), (".png", b"", True)]
