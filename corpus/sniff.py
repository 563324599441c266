"""Detect files whose content is not what their ending says, and say what to do about them.

The list of kinds is short and our own: files that people misname or add by mistake, each with advice. Libraries that know a
thousand kinds mistake plain texts for some of them, and tell DOCX from XLSX only by the ending.
"""

import io
import struct
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

from corpus.containers.zips import BROKEN_ZIP
from corpus.errors import DocumentError

_HEAD = 4096  # bytes at the start of a file that identify most kinds
_PDF_WITHIN = 1024  # bytes before "%PDF-" that PDF software tolerates
_LONGEST_TYPE = 200  # bytes of a `mimetype` part
_OLE_NAMES = 1 << 20  # bytes at either end of an OLE file in which to look for the names of its streams
_HTML = (b"<!doctype html", b"<html", b"<head", b"<body")


class _Kind(NamedTuple):
    """A kind of file: its name with an article, its possible endings, and what to do with it ("": give it the right ending)."""

    label: str
    endings: frozenset[str]
    advice: str = ""


def _kind(label: str, endings: str, advice: str = "") -> _Kind:
    """Return the kind with these space-separated endings."""
    return _Kind(label, frozenset(endings.split()), advice)


_SAVE = "open it and save it as {}"
_PICTURE = "put it in a PDF and add that, so that OCR can read its words"
_PACKED = "unpack it and add the files in it"
_NO_DOCUMENT = "it is not a document"
_LOCKED = "remove its password and add it again"

_PDF = _kind("a PDF", ".pdf")
_ZIP = _kind("a zip archive", ".zip")
_HTML_PAGE = _kind("an HTML page, such as a server sends when it refuses a file", "", "download the file again")
_ENCRYPTED = _kind("an encrypted Office file", "", _LOCKED)
_OLE = _kind("an Office file from before 2007", "", _SAVE.format("DOCX, XLSX or PPTX"))

_OPEN_PARTS = (
    ("word/", _kind("a DOCX", ".docx")),
    ("xl/workbook.bin", _kind("a binary Excel workbook", ".xlsb", _SAVE.format("XLSX"))),
    ("xl/", _kind("an XLSX", ".xlsx")),
    ("ppt/", _kind("a PPTX", ".pptx")),
    ("Index/Document.iwa", _kind("a Pages, Numbers or Keynote file", ".pages .numbers .key", "export it as DOCX, XLSX or PPTX")),
)
"""The kind of a zip, by how the name of one of its parts begins."""

_OPEN_TYPES = {
    b"application/epub+zip": _kind("an EPUB", ".epub"),
    b"application/vnd.oasis.opendocument.text": _kind("an OpenDocument text document", ".odt", _SAVE.format("DOCX")),
    b"application/vnd.oasis.opendocument.spreadsheet": _kind("an OpenDocument spreadsheet", ".ods", _SAVE.format("XLSX")),
    b"application/vnd.oasis.opendocument.presentation": _kind("an OpenDocument presentation", ".odp", _SAVE.format("PPTX")),
}
"""The kind of a zip, by the content of its part `mimetype`."""

_OLE_STREAMS = (
    ("EncryptedPackage", _ENCRYPTED),
    ("WordDocument", _kind("a Word document from before 2007", ".doc", _SAVE.format("DOCX"))),
    ("PowerPoint Document", _kind("a PowerPoint presentation from before 2007", ".ppt", _SAVE.format("PPTX"))),
    ("Workbook", _kind("an Excel workbook from before 2007", ".xls", _SAVE.format("XLSX"))),
    ("Book", _kind("an Excel workbook from before 1997", ".xls", _SAVE.format("XLSX"))),
    ("__properties_version1.0", _kind("an Outlook message", ".msg", _SAVE.format("EML"))),
)
"""The kind of an OLE file, by the name of one of its streams."""

_MAGIC = (
    (0, b"{\\rtf", _kind("an RTF document", ".rtf", _SAVE.format("DOCX"))),
    (0, b"\x89PNG\r\n\x1a\n", _kind("a picture", ".png", _PICTURE)),
    (0, b"\xff\xd8\xff", _kind("a picture", ".jpg .jpeg", _PICTURE)),
    (0, b"GIF87a", _kind("a picture", ".gif", _PICTURE)),
    (0, b"GIF89a", _kind("a picture", ".gif", _PICTURE)),
    (0, b"II*\0", _kind("a picture", ".tif .tiff", _PICTURE)),
    (0, b"MM\0*", _kind("a picture", ".tif .tiff", _PICTURE)),
    (8, b"WEBPVP8", _kind("a picture", ".webp", _PICTURE)),
    (4, b"ftypheic", _kind("a picture", ".heic", _PICTURE)),
    (4, b"ftyp", _kind("a video or a sound recording", ".mp4 .m4a .mov", _NO_DOCUMENT)),
    (0, b"\x7fELF", _kind("a program", "", _NO_DOCUMENT)),
    (0, b"\xcf\xfa\xed\xfe", _kind("a program", "", _NO_DOCUMENT)),
    (0, b"\xca\xfe\xba\xbe", _kind("a program", "", _NO_DOCUMENT)),
    (0, b"\x1f\x8b\x08", _kind("a gzip archive", ".gz .tgz", _PACKED)),
    (0, b"7z\xbc\xaf\x27\x1c", _kind("a 7z archive", ".7z", _PACKED)),
    (0, b"Rar!\x1a\x07", _kind("a RAR archive", ".rar", _PACKED)),
    (0, b"\xfd7zXZ\0", _kind("an XZ archive", ".xz", _PACKED)),
    (257, b"ustar", _kind("a tar archive", ".tar", _PACKED)),
    (0, b"SQLite format 3\0", _kind("a database", ".sqlite .db", _NO_DOCUMENT)),
)
"""Kinds by the bytes at an offset of the file. No plain text has any of them there."""

_TEMPLATES = (
    _kind("a Word document with macros or a template", ".docm .dotx .dot", _SAVE.format("DOCX")),
    _kind("an Excel workbook with macros or a template", ".xlsm .xltx .xlt", _SAVE.format("XLSX")),
    _kind("a presentation with macros or a template", ".pptm .potx .pps", _SAVE.format("PPTX")),
)
"""Kinds that only their endings distinguish from others."""

_BY_ENDING = {
    ending: kind
    for kind in (*(kind for *_, kind in (*_OLE_STREAMS, *_OPEN_PARTS, *_MAGIC)), *_OPEN_TYPES.values(), *_TEMPLATES)
    for ending in kind.endings
    if kind.advice
}
"""The kind of a file whose content doesn't tell, by its ending."""

_DOCUMENTS = {ending: kind.advice for ending, kind in _BY_ENDING.items() if kind.advice not in (_PICTURE, _NO_DOCUMENT)}
"""The advice for each ending of a file that is probably a document."""


def _kind_of(data: bytes) -> _Kind | None:
    """Return the kind of a file by its content, or None for plain text and for anything not in the list."""
    head = data[:_HEAD]
    if head.startswith(b"PK\x03\x04"):
        return _in_zip(data)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _in_ole(data)
    if b"%PDF-" in head[:_PDF_WITHIN]:
        return _PDF
    if _is_windows_program(head):
        return _kind("a program", ".exe .dll", _NO_DOCUMENT)
    return next((kind for offset, magic, kind in _MAGIC if head.startswith(magic, offset)), None)


def refuse_mismatch(data: bytes, name: str, *, is_text: bool, is_zip: bool) -> None:
    """Raise DocumentError, saying what the file is and what to do, if its content is of another kind than its ending says.

    If the ending is that of a text format (`is_text`), the file may hold HTML or quote a PDF's first line. If it is that of a
    zip-based format (`is_zip`), a zip of no known kind is left to the parser.
    """
    ending = Path(name).suffix.lower()
    kind = _kind_of(data)
    if kind is None and not is_text and _begins_html(data):
        kind = _HTML_PAGE
    if kind is None or ending in kind.endings or (is_zip and kind is _ZIP):
        return
    if is_text and kind is _PDF and not data.startswith(b"%PDF-"):
        return
    if kind is _ENCRYPTED:
        raise DocumentError(f"{name} is encrypted: {_LOCKED}.")
    raise DocumentError(f"{name} ends in {ending} but is {kind.label}: {_remedy(kind, name)}.")


def unsupported(data: bytes, name: str, known: Collection[str]) -> DocumentError:
    """Return the error for a file whose ending is not among the `known` ones: what it is, by content or ending, and what to do."""
    kind = _kind_of(data)
    if kind is _ENCRYPTED:
        return DocumentError(f"{name} is encrypted: {_LOCKED}.")
    if kind is not None and kind.endings & set(known):
        return DocumentError(f"{name} is {kind.label} by its content: {_remedy(kind, name)}.")
    kind = kind if kind is not None and kind.advice else _BY_ENDING.get(Path(name).suffix.lower())
    if kind is not None:
        return DocumentError(f"{name} is {kind.label}, which Quipu doesn't read: {kind.advice}.")
    formats = ", ".join(sorted(other[1:].upper() for other in known))
    return DocumentError(f"{name} is of a type that Quipu doesn't read. It reads {formats}.")


def passed_over(name: str) -> str:
    """Return the notice for a file that is left out of a folder or an archive, with advice if its ending suggests a document.

    >>> passed_over("old.doc"), passed_over("logo.png")
    ("old.doc was passed over: Quipu doesn't read that type; open it and save it as DOCX.", \
"logo.png was passed over: Quipu doesn't read that type.")
    """
    advice = _DOCUMENTS.get(Path(name).suffix.lower())
    return f"{name} was passed over: Quipu doesn't read that type{f'; {advice}' if advice else ''}."


def _remedy(kind: _Kind, name: str) -> str:
    """Return what to do so that Quipu can read a file of this kind."""
    if kind.advice:
        return kind.advice
    return f"name it {Path(name).stem}{min(kind.endings)} and add it again"


def _in_zip(data: bytes) -> _Kind | None:
    """Return the kind of a zip; None for one that can't be opened or is an Office file of no known kind."""
    with suppress(*BROKEN_ZIP), ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        if "mimetype" in names and archive.getinfo("mimetype").file_size < _LONGEST_TYPE:
            return _OPEN_TYPES.get(archive.read("mimetype").strip(), _ZIP)
        if "[Content_Types].xml" in names or any(name.endswith(".iwa") for name in names):
            return next((kind for part, kind in _OPEN_PARTS if any(name.startswith(part) for name in names)), None)
        return _ZIP
    return None


def _in_ole(data: bytes) -> _Kind:
    """Return the kind of an OLE file. Its directory, of UTF-16 names, may be anywhere but is usually near one end."""
    ends = data[:_OLE_NAMES] + data[-_OLE_NAMES:]
    return next((kind for stream, kind in _OLE_STREAMS if stream.encode("utf-16-le") in ends), _OLE)


def _is_windows_program(head: bytes) -> bool:
    """Return whether a file begins as a Windows program does. "MZ" alone isn't enough: a text may begin with it."""
    if not head.startswith(b"MZ") or len(head) < 64:
        return False
    (offset,) = struct.unpack_from("<I", head, 60)
    return head[offset : offset + 4] == b"PE\0\0"


def _begins_html(data: bytes) -> bool:
    return data[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_HTML)
