"""What a file is by its content, where that isn't what its ending says.

The list is short and our own: it has what people name wrongly or add by mistake, each with what to do. Libraries that know a
thousand kinds take texts for some of them, and tell DOCX from XLSX by their endings.
"""

import io
import struct
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

from corpus.archive import BROKEN_ZIP
from corpus.errors import DocumentError

_HEAD = 4096  # bytes of a file by which most kinds are known
_PDF_WITHIN = 1024  # bytes before "%PDF-" that readers of PDF put up with
_LONGEST_TYPE = 200  # bytes
_OLE_NAMES = 1 << 20  # bytes at either end of an OLE file in which its streams are named
_HTML = (b"<!doctype html", b"<html", b"<head", b"<body")


class _Kind(NamedTuple):
    """A kind of file: what it is called, the endings it may have, and what to do to have it read, if it isn't its ending alone."""

    called: str
    endings: frozenset[str]
    advice: str = ""


def _kind(called: str, endings: str, advice: str = "") -> _Kind:
    return _Kind(called, frozenset(endings.split()), advice)


_SAVE = "open it and save it as {}"
_PICTURE = "put it into a PDF and add that, so that its words are read by OCR"
_PACKED = "unpack it and add what is in it"
_NO_DOCUMENT = "it is no document"
_LOCKED = "remove its password and add it again"

_PDF = _kind("a PDF", ".pdf")
_ZIP = _kind("a zip archive", ".zip")
_HTML_PAGE = _kind("an HTML page, as a server sends in place of a file that it doesn't give", "", "fetch the file again")
_ENCRYPTED = _kind("an encrypted Office file", "", _LOCKED)
_OLE = _kind("an Office file of before 2007", "", _SAVE.format("DOCX, XLSX or PPTX"))

_OPEN_PARTS = (
    ("word/", _kind("a DOCX", ".docx")),
    ("xl/workbook.bin", _kind("a binary Excel workbook", ".xlsb", _SAVE.format("XLSX"))),
    ("xl/", _kind("an XLSX", ".xlsx")),
    ("ppt/", _kind("a PPTX", ".pptx")),
    ("Index/Document.iwa", _kind("a Pages, Numbers or Keynote file", ".pages .numbers .key", "export it as DOCX, XLSX or PPTX")),
)
"""What is in a zip by the name of a part."""

_OPEN_TYPES = {
    b"application/epub+zip": _kind("an EPUB", ".epub"),
    b"application/vnd.oasis.opendocument.text": _kind("an OpenDocument text", ".odt", _SAVE.format("DOCX")),
    b"application/vnd.oasis.opendocument.spreadsheet": _kind("an OpenDocument spreadsheet", ".ods", _SAVE.format("XLSX")),
    b"application/vnd.oasis.opendocument.presentation": _kind("an OpenDocument presentation", ".odp", _SAVE.format("PPTX")),
}
"""What is in a zip by its first part, `mimetype`."""

_OLE_STREAMS = (
    ("EncryptedPackage", _ENCRYPTED),
    ("WordDocument", _kind("a Word document of before 2007", ".doc", _SAVE.format("DOCX"))),
    ("PowerPoint Document", _kind("a PowerPoint presentation of before 2007", ".ppt", _SAVE.format("PPTX"))),
    ("Workbook", _kind("an Excel workbook of before 2007", ".xls", _SAVE.format("XLSX"))),
    ("Book", _kind("an Excel workbook of before 1997", ".xls", _SAVE.format("XLSX"))),
    ("__properties_version1.0", _kind("an Outlook message", ".msg", _SAVE.format("EML"))),
)
"""What an OLE file is by the name of a stream."""

_MAGIC = (
    (0, b"{\\rtf", _kind("an RTF text", ".rtf", _SAVE.format("DOCX"))),
    (0, b"\x89PNG\r\n\x1a\n", _kind("a picture", ".png", _PICTURE)),
    (0, b"\xff\xd8\xff", _kind("a picture", ".jpg .jpeg", _PICTURE)),
    (0, b"GIF87a", _kind("a picture", ".gif", _PICTURE)),
    (0, b"GIF89a", _kind("a picture", ".gif", _PICTURE)),
    (0, b"II*\0", _kind("a picture", ".tif .tiff", _PICTURE)),
    (0, b"MM\0*", _kind("a picture", ".tif .tiff", _PICTURE)),
    (8, b"WEBPVP8", _kind("a picture", ".webp", _PICTURE)),
    (4, b"ftypheic", _kind("a picture", ".heic", _PICTURE)),
    (4, b"ftyp", _kind("a video or sound", ".mp4 .m4a .mov", _NO_DOCUMENT)),
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
"""Kinds by what stands at a place of the file; none of it begins a text."""

_TEMPLATES = (
    _kind("a Word document with macros or a template", ".docm .dotx .dot", _SAVE.format("DOCX")),
    _kind("an Excel workbook with macros or a template", ".xlsm .xltx .xlt", _SAVE.format("XLSX")),
    _kind("a presentation with macros or a template", ".pptm .potx .pps", _SAVE.format("PPTX")),
)
"""Kinds that only their endings tell from others."""

_BY_ENDING = {
    ending: kind
    for kind in (*(kind for *_, kind in (*_OLE_STREAMS, *_OPEN_PARTS, *_MAGIC)), *_OPEN_TYPES.values(), *_TEMPLATES)
    for ending in kind.endings
    if kind.advice
}
"""What to do with a file whose content tells nothing."""

_DOCUMENTS = {ending: kind.advice for ending, kind in _BY_ENDING.items() if kind.advice not in (_PICTURE, _NO_DOCUMENT)}
"""What to do to have a file of this ending read, which may well be a document."""


def _kind_of(data: bytes) -> _Kind | None:
    """What the content is known to be; None for text, and for what isn't in the list."""
    head = data[:_HEAD]
    if head.startswith(b"PK\x03\x04"):
        return _in_zip(data)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _in_ole(data)
    if b"%PDF-" in head[:_PDF_WITHIN]:
        return _PDF
    if _is_windows_program(head):
        return _kind("a program", ".exe .dll", _NO_DOCUMENT)
    return next((kind for place, magic, kind in _MAGIC if head.startswith(magic, place)), None)


def refuse_other(data: bytes, name: str, *, is_text: bool, is_zip: bool) -> None:
    """Raises DocumentError, with what the file is and what to do, if its content is known to be another than its ending says.

    A text (`is_text`) may hold HTML, and name a PDF's first line; what no text begins with is refused. Of a format that is a zip
    inside (`is_zip`), a zip that is none of the known ones is left to its reader.
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
    raise DocumentError(f"{name} is not {ending[1:].upper()}, as its ending says, but {kind.called}: {_to_do(kind, name)}.")


def unknown(data: bytes, name: str, known: Collection[str]) -> DocumentError:
    """What to say of a file whose ending is none of the `known`: what it is by its content or its ending, and what to do."""
    kind = _kind_of(data)
    if kind is _ENCRYPTED:
        return DocumentError(f"{name} is encrypted: {_LOCKED}.")
    if kind is not None and kind.endings & set(known):
        return DocumentError(f"{name} is {kind.called} by its content: {_to_do(kind, name)}.")
    kind = kind if kind is not None and kind.advice else _BY_ENDING.get(Path(name).suffix.lower())
    if kind is not None:
        return DocumentError(f"{name} is {kind.called}, which Quipu doesn't read: {kind.advice}.")
    listed = ", ".join(sorted(other[1:].upper() for other in known))
    return DocumentError(f"{name} is of a type that Quipu doesn't read. It reads {listed}.")


def passed_over(name: str) -> str:
    """What to say of a file among others that isn't read: what would have it read, if it may be a document by its ending.

    >>> passed_over("old.doc"), passed_over("logo.png")
    ("old.doc was passed over: Quipu doesn't read that type; open it and save it as DOCX.", \
"logo.png was passed over: Quipu doesn't read that type.")
    """
    advice = _DOCUMENTS.get(Path(name).suffix.lower())
    return f"{name} was passed over: Quipu doesn't read that type{f'; {advice}' if advice else ''}."


def _to_do(kind: _Kind, name: str) -> str:
    """What would have it read."""
    if kind.advice:
        return kind.advice
    return f"name it {Path(name).stem}{min(kind.endings)} and add it again"


def _in_zip(data: bytes) -> _Kind | None:
    """What is in a zip; None for one that can't be opened."""
    with suppress(*BROKEN_ZIP), ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        if "mimetype" in names and archive.getinfo("mimetype").file_size < _LONGEST_TYPE:
            return _OPEN_TYPES.get(archive.read("mimetype").strip(), _ZIP)
        if "[Content_Types].xml" in names or any(name.endswith(".iwa") for name in names):
            return next((kind for part, kind in _OPEN_PARTS if any(name.startswith(part) for name in names)), None)
        return _ZIP
    return None


def _in_ole(data: bytes) -> _Kind:
    """What is in an OLE file, whose directory of UTF-16 names may stand anywhere; mostly near an end."""
    parts = data[:_OLE_NAMES] + data[-_OLE_NAMES:]
    return next((kind for stream, kind in _OLE_STREAMS if stream.encode("utf-16-le") in parts), _OLE)


def _is_windows_program(head: bytes) -> bool:
    """Whether it is one: a text may begin with "MZ", too."""
    if not head.startswith(b"MZ") or len(head) < 64:
        return False
    (place,) = struct.unpack_from("<I", head, 60)
    return head[place : place + 4] == b"PE\0\0"


def _begins_html(data: bytes) -> bool:
    return data[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_HTML)
