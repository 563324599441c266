"""Zip archives: the documents inside one, and the checks that any zip-based file passes before its parser opens it.

Zip bombs are detected from the sizes that the archive declares, before anything is unpacked; Python's `zipfile` never takes more
out of a member than it declares. Nothing is ever written to disk, so a member's name can do no harm.
"""

import io
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from lzma import LZMAError
from pathlib import PurePosixPath
from typing import IO
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile, ZipInfo, is_zipfile

from corpus.errors import DocumentError
from corpus.names import printable, shown_name
from corpus.read_options import MEGABYTE

_MOST_MEMBERS = 10_000
"""A presentation of a thousand slides has about six thousand parts."""

_MOST_UNPACKED = 1000 * MEGABYTE  # for an Office file or an EPUB; a workbook of a million full rows has less
_PLAUSIBLE = 25 * MEGABYTE  # unpacked; a smaller member may be compressed to any ratio
_BEST_RATIO = 200  # Office XML hardly compresses better; a bomb that repeats one byte reaches 1000
_LONGEST_PATH = 1000  # characters
_CHUNK = 1 << 16  # bytes; the root element of an XML part begins within the first chunk
_UTF8_NAME = 0x800  # the flag bit of a member whose name is in UTF-8

_PICTURES = (".svg", ".png", ".jpeg", ".jpg", ".gif", ".emf", ".wmf")
"""Parts that no parser opens, so they are not checked: some programs write SVG that declares entities."""

BROKEN_ZIP = (BadZipFile, EOFError, OSError, RuntimeError, ValueError, LZMAError, zlib.error)
"""The errors that `zipfile` raises for a zip that is damaged or uses an unsupported compression method."""


def guard(data: bytes, name: str, *, may_name_type: bool = False) -> None:
    """Raise DocumentError for a zip that would unpack to an implausible size, is encrypted, or has XML parts that declare entities.

    An entity may stand for a file on this machine, or expand without end. Set `may_name_type` for EPUB, whose parts may name a
    document type (it is never fetched); the parts of Office files have none.
    """
    if not data.startswith(b"PK") and not is_zipfile(io.BytesIO(data)):
        return  # the parser reports that it is not a zip
    with _opened(data, name) as archive:
        members = archive.infolist()
        _refuse_bomb(members, name, _MOST_UNPACKED)
        _refuse_encrypted(members, name)
        for member in members:
            if not member.filename.lower().endswith(_PICTURES):
                _refuse_entities(archive, member, name, may_name_type=may_name_type)


def documents(data: bytes, name: str, most: int, read: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the bytes of each file in a zip, in order; b"" unless its ending is among those to `read`.

    Hidden files, and those that macOS and Office leave beside documents, are skipped. Raises DocumentError for a zip that is broken
    or encrypted, or whose documents unpack to more than `most` bytes.
    """
    with _opened(data, name) as archive:
        members = {_path(member): member for member in archive.infolist() if not member.is_dir()}
        visible = {path: member for path, member in members.items() if not _is_hidden(path)}
        readable = {path: member for path, member in visible.items() if PurePosixPath(path).suffix.lower() in read}
        _refuse_bomb(list(readable.values()), name, most)
        _refuse_encrypted(readable.values(), name)
        for path, member in visible.items():
            try:
                yield path, archive.read(member) if path in readable else b""
            except BROKEN_ZIP as error:
                inner = shown_name(PurePosixPath(path).name)
                raise DocumentError(f"{name} is broken: {inner} can't be unpacked ({printable(str(error))}).") from None


@contextmanager
def _opened(data: bytes, name: str) -> Iterator[ZipFile]:
    """Open a zip for reading. Raises DocumentError if it is broken or has more than `_MOST_MEMBERS` parts."""
    try:
        archive = ZipFile(io.BytesIO(data))
    except BROKEN_ZIP as error:
        raise DocumentError(
            f"{name} is broken or cut short ({printable(str(error))}): copy or download it again, then add the new copy."
        ) from None
    with archive:
        if len(archive.infolist()) > _MOST_MEMBERS:
            raise DocumentError(
                f"{name} has {len(archive.infolist())} parts, more than the {_MOST_MEMBERS} that Quipu accepts: split it."
            )
        yield archive


def _refuse_bomb(members: Collection[ZipInfo], name: str, most: int) -> None:
    """Raise DocumentError if the members unpack to more than `most` bytes in all, or one is compressed implausibly well."""
    unpacked = sum(member.file_size for member in members)
    if unpacked > most:
        raise DocumentError(
            f"{name} would unpack to {unpacked // MEGABYTE} MB, more than the {most // MEGABYTE} MB that Quipu accepts: "
            f"split it, or add the files in it one by one."
        )
    for member in members:
        if member.file_size > max(_PLAUSIBLE, _BEST_RATIO * member.compress_size):
            raise DocumentError(
                f"{name} would unpack from {member.compress_size} bytes to {member.file_size // MEGABYTE} MB, as no real document "
                f"does: it may be malicious, so Quipu does not open it."
            )


def _refuse_encrypted(members: Collection[ZipInfo], name: str) -> None:
    """Raise DocumentError if any member is encrypted."""
    if any(member.flag_bits & 1 for member in members):
        raise DocumentError(f"{name} is encrypted: unpack it with its password, and add the files in it.")


def _refuse_entities(archive: ZipFile, member: ZipInfo, name: str, *, may_name_type: bool) -> None:
    """Raise DocumentError if an XML part could define entities. Only what comes before its root element is read."""
    try:
        with archive.open(member) as part:
            is_refused = _declares(part, may_name_type=may_name_type)
    except BROKEN_ZIP:
        return  # the parser reports what is wrong with it
    if is_refused:
        inner = shown_name(PurePosixPath(member.filename).name)
        raise DocumentError(
            f"{name} declares a document type or an unusual encoding in {inner}, which no genuine file of its kind does, "
            f"so Quipu does not open it."
        )


def _declares(part: IO[bytes], *, may_name_type: bool) -> bool:
    """Return whether an XML part declares a document type (with `may_name_type`, whether it declares anything inside one), or uses
    an encoding that expat cannot read and another XML parser might.
    """
    declares = root_reached = False

    def on_doctype(_name: str, _system: str | None, _public: str | None, has_declarations: int) -> None:
        nonlocal declares
        declares = declares or bool(has_declarations) or not may_name_type

    def on_element(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal root_reached
        root_reached = True

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler, parser.StartElementHandler = on_doctype, on_element
    try:
        while not declares and not root_reached and (chunk := part.read(_CHUNK)):
            parser.Parse(chunk, False)
    except expat.ExpatError:
        pass  # it isn't XML, or the parser reports what is wrong with it
    except (LookupError, ValueError):
        return True  # an unknown encoding, or one of several bytes per character
    return declares


def _path(member: ZipInfo) -> str:
    """Return a member's path in printable characters, with forward slashes.

    Without the UTF-8 flag, `zipfile` decodes the name as code page 437. It is decoded again: as UTF-8 where that is valid, which
    some programs write without the flag, and otherwise as code page 850, that of Windows in Western Europe.
    """
    path = member.filename
    if not member.flag_bits & _UTF8_NAME:
        try:
            raw = path.encode("cp437")
            path = raw.decode("utf-8")
        except UnicodeEncodeError:
            pass
        except UnicodeDecodeError:
            path = raw.decode("cp850")
    return printable(path.replace("\\", "/"))[-_LONGEST_PATH:]


def _is_hidden(path: str) -> bool:
    """Return whether a path is hidden, or is a file that macOS, Windows or Office leaves beside documents."""
    parts = PurePosixPath(path).parts
    return any(part.startswith((".", "~$", "__MACOSX")) and part not in (".", "..") for part in parts) or parts[-1:] == (
        "Thumbs.db",
    )
