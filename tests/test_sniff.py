"""Files whose content is not what their ending says, or that Quipu does not read, get one sentence that says what to do."""

import struct
import zipfile

import pytest

from corpus import read_bytes
from tests.bad import WHOLE, said
from tests.zips import packed


@pytest.mark.parametrize(
    ("content", "called"),
    [
        ("report.pdf", "a PDF: name it r.pdf and add it again."),
        ("report.docx", "a DOCX: name it r.docx and add it again."),
        ("report.pptx", "a PPTX: name it r.pptx and add it again."),
        ("report.xlsx", "an XLSX: name it r.xlsx and add it again."),
        ("report.epub", "an EPUB: name it r.epub and add it again."),
    ],
)
def test_a_wrong_ending_is_detected_from_the_content(content: str, called: str) -> None:
    for ending in {"txt", "csv", "pdf", "docx", "xlsx", "html"} - {content.rpartition(".")[2]}:
        assert said(WHOLE[content], f"r.{ending}") == f"r.{ending} ends in .{ending} but is {called}"
    assert said(WHOLE[content], "r.bin") == f"r.bin is {called.replace(':', ' by its content:')}"
    assert said(WHOLE[content], "r").startswith(f"r is {called.partition(':')[0]} by its content: name it r.")


@pytest.mark.parametrize(
    ("data", "called"),
    [
        (b"\x89PNG\r\n\x1a\n", "a picture: put it in a PDF and add that, so that OCR can read its words."),
        (b"\xff\xd8\xff\xe0 JFIF", "a picture: put it in a PDF and add that, so that OCR can read its words."),
        (b"{\\rtf1 Rivers}", "an RTF document: open it and save it as DOCX."),
        (b"\x7fELF\x02\x01", "a program: it is not a document."),
        (b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0", "a program: it is not a document."),
        (b"\x1f\x8b\x08\0 gz", "a gzip archive: unpack it and add the files in it."),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it and add the files in it."),
        (
            b"<!DOCTYPE html><p>Sign in",
            "an HTML page, such as a server sends when it refuses a file: download the file again.",
        ),
    ],
)
def test_a_file_that_is_not_a_document_is_named(data: bytes, called: str) -> None:
    assert said(data, "r.pdf") == f"r.pdf ends in .pdf but is {called}"


def ole(stream: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + stream.encode("utf-16-le") + bytes(500)


@pytest.mark.parametrize(
    ("stream", "name", "sentence"),
    [
        (
            "WordDocument",
            "r.doc",
            "r.doc is a Word document from before 2007, which Quipu doesn't read: open it and save it as DOCX.",
        ),
        (
            "Workbook",
            "r.xls",
            "r.xls is an Excel workbook from before 2007, which Quipu doesn't read: open it and save it as XLSX.",
        ),
        ("PowerPoint Document", "r.ppt", "r.ppt is a PowerPoint presentation from before 2007, which Quipu doesn't read: "),
        (
            "WordDocument",
            "r.docx",
            "r.docx ends in .docx but is a Word document from before 2007: open it and save it",
        ),
        ("EncryptedPackage", "r.docx", "r.docx is encrypted: remove its password and add it again."),
        ("EncryptedPackage", "r.xlsx", "r.xlsx is encrypted: remove its password and add it again."),
        ("EncryptedPackage", "r.doc", "r.doc is encrypted: remove its password and add it again."),
        (
            "__properties_version1.0",
            "r.eml",
            "r.eml ends in .eml but is an Outlook message: open it and save it as EML.",
        ),
    ],
)
def test_old_and_encrypted_office_files_are_distinguished(stream: str, name: str, sentence: str) -> None:
    assert said(ole(stream), name).startswith(sentence)


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("r.doc", "a Word document from before 2007, which Quipu doesn't read: open it and save it as DOCX."),
        ("r.odt", "an OpenDocument text document, which Quipu doesn't read: open it and save it as DOCX."),
        ("r.ods", "an OpenDocument spreadsheet, which Quipu doesn't read: open it and save it as XLSX."),
        ("r.rtf", "an RTF document, which Quipu doesn't read: open it and save it as DOCX."),
        ("r.pages", "a Pages, Numbers or Keynote file, which Quipu doesn't read: export it as DOCX, XLSX or PPTX."),
        ("r.xlsm", "an Excel workbook with macros or a template, which Quipu doesn't read: open it and save it as XLSX."),
        ("r.jpeg", "a picture, which Quipu doesn't read: put it in a PDF and add that, so that OCR can read its words."),
        ("r.msg", "an Outlook message, which Quipu doesn't read: open it and save it as EML."),
        ("r.rar", "a RAR archive, which Quipu doesn't read: unpack it and add the files in it."),
    ],
)
def test_an_unsupported_ending_gets_advice(name: str, called: str) -> None:
    assert said(b"whatever it holds", name) == f"{name} is {called}"


def test_an_opendocument_file_is_distinguished_from_a_zip() -> None:
    data = packed({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<x/>"}, zipfile.ZIP_STORED)
    assert said(data, "r.docx") == "r.docx ends in .docx but is an OpenDocument text document: open it and save it as DOCX."
    assert said(packed({"a.txt": "x"}), "r.txt") == "r.txt ends in .txt but is a zip archive: name it r.zip and add it again."
    assert said(packed({"a.txt": "x"}), "r.docx").startswith("r.docx is not a DOCX file")


@pytest.mark.parametrize(
    "text", ["MZ is how it begins.", "BM, too.", "Of the first line, %PDF-1.4, of a PDF.", "<html> is a tag.", "PK."]
)
def test_a_plain_text_may_begin_with_anything(text: str) -> None:
    assert read_bytes(text.encode(), "r.txt").text == text
