"""Zips, and the formats that are zips: bombs, names, and what their XML declares."""

import re
import socket
import struct
import zipfile
from pathlib import Path

import docx
import pytest

from corpus import DocumentError, Worker, read_bytes, shown_name
from corpus.containers.zips import documents, guard
from index import Home
from tests.bad import WHOLE, said
from tests.fakes import WordEncoder
from tests.inline import add
from tests.made import REPORT, docx_bytes, write
from tests.zips import packed, with_part

READ = frozenset([".txt", ".pdf", ".zip"])


def test_a_zip_bomb_is_told_by_its_ratio_before_it_is_opened() -> None:
    bomb = with_part(WHOLE["report.docx"], "word/document.xml", lambda _: bytes(30_000_000))
    sentence = said(bomb, "r.docx")
    assert sentence.startswith("r.docx would unpack from 29")
    assert sentence.endswith("bytes to 30 MB, as no real document does: it may be malicious, so Quipu does not open it.")


def declaring(data: bytes, size: int) -> bytes:
    """The zip with each member said to have so many bytes."""
    place = data.index(b"PK\x01\x02")
    while data[place : place + 4] == b"PK\x01\x02":
        data = data[: place + 20] + struct.pack("<II", size // 100, size) + data[place + 28 :]
        place += 46 + sum(struct.unpack_from("<HHH", data, place + 28))
    return data


def test_a_zip_bomb_is_told_by_its_size() -> None:
    for name in ("report.docx", "report.pptx", "report.xlsx", "report.epub"):
        sentence = said(declaring(WHOLE[name], 900_000_000), name)
        assert sentence.endswith("MB, more than the 1000 MB that Quipu accepts: split it, or add the files in it one by one.")
    sentence = "r.zip would unpack to 18 MB, more than the 10 MB that Quipu accepts: split it, or add the files in it one by one."
    with pytest.raises(DocumentError, match=f"^{re.escape(sentence)}$"):
        list(documents(declaring(packed({"a.txt": "a", "b.txt": "b"}), 9_000_000), "r.zip", 10_000_000, READ))


def test_what_stands_before_a_zip_hides_nothing() -> None:
    bomb = with_part(WHOLE["report.docx"], "word/document.xml", lambda _: bytes(30_000_000))
    assert said(b"hidden behind this" + bomb, "r.docx").endswith("it may be malicious, so Quipu does not open it.")


def test_a_member_gives_no_more_than_it_declares() -> None:
    data = packed({"a.txt": b"a" * 5000})
    place = data.index(b"PK\x01\x02")
    with pytest.raises(DocumentError, match=r"^r.zip is broken: a.txt can't be unpacked \(Bad CRC-32"):
        list(documents(data[: place + 24] + struct.pack("<I", 10) + data[place + 28 :], "r.zip", 10_000_000, READ))


def test_a_zip_of_too_many_parts() -> None:
    many = packed({f"{number}.txt": "" for number in range(10_001)}, zipfile.ZIP_STORED)
    with pytest.raises(DocumentError, match=r"^r.docx has 10001 parts, more than the 10000 that Quipu accepts: split it.$"):
        guard(many, "r.docx")


def test_what_is_not_read_is_not_unpacked() -> None:
    members = {"a.txt": b"Rivers.", "film.mp4": bytes(30_000_000), "inner.zip": packed({"b.txt": "x"}), "folder/": b""}
    hidden = {"__MACOSX/._a.txt": b"x", ".DS_Store": b"x", "b/~$r.docx": b"x", "Thumbs.db": b"x"}
    found = dict(documents(packed(members | hidden), "r.zip", 10_000, READ))
    assert found == {"a.txt": b"Rivers.", "film.mp4": b"", "inner.zip": members["inner.zip"]}


def test_an_encrypted_zip_is_one_sentence() -> None:
    data = packed({"a.txt": "Rivers."})
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.index(signature) + offset
        data = data[:place] + struct.pack("<H", 1) + data[place + 2 :]
    with pytest.raises(DocumentError, match=r"^r.zip is encrypted: unpack it with its password, and add the files in it.$"):
        list(documents(data, "r.zip", 10_000, READ))


def test_names_in_a_zip_are_shown_and_never_followed() -> None:
    names = ["../../etc/rivers.txt", "/etc/rivers.txt", "C:\\rivers.txt", "two\nlines.txt", "\u202etxt.exe.txt", "r" * 300 + ".txt"]
    found = list(dict(documents(packed(dict.fromkeys(names, "Rivers.")), "r.zip", 10_000, READ)))
    assert found == [
        "../../etc/rivers.txt",
        "/etc/rivers.txt",
        "C:/rivers.txt",
        "two lines.txt",
        "\ufffdtxt.exe.txt",
        "r" * 300 + ".txt",
    ]
    assert shown_name(found[-1]) == "r" * 250 + "….txt"


@pytest.mark.parametrize(
    ("raw", "shown"), [("señales.txt".encode("cp850"), "señales.txt"), ("señales.txt".encode(), "señales.txt")]
)
def test_a_name_without_its_encoding_is_taken_for_what_it_can_be(raw: bytes, shown: str) -> None:
    stand_in = b"x" * len(raw)
    data = packed({stand_in.decode(): "Rivers."}).replace(stand_in, raw)
    assert [name for name, _ in documents(data, "r.zip", 10_000, READ)] == [shown]


@pytest.mark.parametrize("name", ["a\nb.txt", "a\x1b[2Jb.txt", "\u202eb.txt", "n" * 251 + ".txt"])
def test_a_file_of_any_name_is_added(home: Home, words: WordEncoder, tmp_path: Path, name: str) -> None:
    (added,) = add(home, [write(tmp_path / "in" / name, REPORT)], words)
    assert added.error is None
    assert added.name.isprintable()
    (refused,) = add(home, [write(tmp_path / "in" / name, b"\0")], words)
    assert refused.error is not None
    assert refused.error.isprintable()


ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "before",
    [
        ENTITIES.encode(),
        b'<?xml version="1.0"?><!-- ' + b"x" * 200_000 + b" -->" + ENTITIES.encode(),
        (f'<?xml version="1.0" encoding="UTF-16"?>{ENTITIES}').encode("utf-16"),
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd">',
        b'<?xml version="1.0" encoding="utf-7"?>',
    ],
)
@pytest.mark.parametrize(
    ("name", "part"),
    [("report.docx", "word/document.xml"), ("report.pptx", "ppt/presentation.xml"), ("report.xlsx", "xl/workbook.xml")],
)
def test_office_files_that_declare_entities_are_not_opened(name: str, part: str, before: bytes) -> None:
    assert said(with_part(WHOLE[name], part, lambda content: before + content.partition(b"?>")[2]), name) == (
        f"{name} declares a document type or an unusual encoding in {Path(part).name}, which no genuine file of its kind does, "
        f"so Quipu does not open it."
    )


def test_a_part_by_another_name_is_looked_at_too() -> None:
    renamed = with_part(WHOLE["report.docx"], "word/other.bin", lambda _: ENTITIES.encode() + b"<x/>")
    assert said(renamed, "r.docx").startswith("r.docx declares a document type or an unusual encoding in other.bin")


def test_an_epub_may_name_its_document_type_and_declare_nothing() -> None:
    public = b'<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://localhost:1/xhtml11.dtd">'

    def typed(content: bytes) -> bytes:
        return public + content.partition(b"<!DOCTYPE html>")[2]

    assert "412 illegal ones." in read_bytes(with_part(WHOLE["report.epub"], "OEBPS/one.xhtml", typed), "r.epub").text
    declaring_one = with_part(WHOLE["report.epub"], "OEBPS/one.xhtml", lambda content: ENTITIES.encode() + content)
    assert said(declaring_one, "r.epub").startswith("r.epub declares a document type or an unusual encoding in one.xhtml")


RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def test_nothing_that_a_docx_refers_to_is_fetched() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        place = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        report = docx.Document()
        report.add_paragraph("Rivers are wide.")
        for kind in ("image", "attachedTemplate", "hyperlink", "footnotes", "header"):
            report.part.relate_to(place, f"{RELATIONS}/{kind}", is_external=True)
        with Worker() as worker:
            assert worker.parse(docx_bytes(report), "r.docx").text == "Rivers are wide."
            page = f'<html><link rel=stylesheet href="{place}"><img src="{place}"><iframe src="{place}"></iframe><p>Wide.</p>'
            assert worker.parse(page.encode(), "r.html").text == "Wide."
        with pytest.raises(BlockingIOError):
            server.accept()
