"""Archives: the documents in a zip, and what every file that is a zip inside has to pass before a reader opens it.

A bomb is told by what the zip says of itself, before anything is unpacked: Python's `zipfile` takes no more out of a member than
that. Nothing is ever written to a disk, so a member's name can do no harm.
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

_MOST_UNPACKED = 1000 * MEGABYTE  # of an Office file or an EPUB: more than a workbook of a million full rows
_PLAUSIBLE = 25 * MEGABYTE  # unpacked, below which it doesn't matter how well a member is packed
_BEST_RATIO = 200  # what an Office file's XML comes near to at most; a bomb of one byte repeated has 1000
_LONGEST_PATH = 1000
_CHUNK = 1 << 16  # bytes; the root element of an XML part begins in the first
_UTF8_NAME = 0x800  # the flag of a member whose name is UTF-8

_PICTURES = (".svg", ".png", ".jpeg", ".jpg", ".gif", ".emf", ".wmf")
"""Parts that no reader opens. Some programs declare entities in the SVG that they write."""

BROKEN_ZIP = (BadZipFile, EOFError, OSError, RuntimeError, ValueError, LZMAError, zlib.error)
"""What `zipfile` raises for a zip that is damaged, or packed in a way of its own."""


def guard(data: bytes, name: str, *, may_name_type: bool = False) -> None:
    """Raises DocumentError for a zip that would unpack to more than a document does, is encrypted, or has XML parts that declare
    entities: what they stand for may be a file of this machine, or grow without end.

    An EPUB's parts may name their document type, which is never fetched (`may_name_type`); those of Office files have none.
    """
    if not data.startswith(b"PK") and not is_zipfile(io.BytesIO(data)):
        return  # the reader says so
    with _opened(data, name) as archive:
        members = archive.infolist()
        _refuse_bomb(members, name, _MOST_UNPACKED)
        _refuse_encrypted(members, name)
        for member in members:
            if not member.filename.lower().endswith(_PICTURES):
                _refuse_entities(archive, member, name, may_name_type=may_name_type)


def documents(data: bytes, name: str, most: int, read: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """The files in a zip, each with its path there, in order; of what has none of the endings `read` only the path, with b"".

    Hidden files and those that macOS and Office put beside others are passed over. Raises DocumentError for a zip that is broken or
    encrypted, or whose documents have more than `most` bytes.
    """
    with _opened(data, name) as archive:
        members = {_path(member): member for member in archive.infolist() if not member.is_dir()}
        shown = {path: member for path, member in members.items() if not _is_hidden(path)}
        taken = {path: member for path, member in shown.items() if PurePosixPath(path).suffix.lower() in read}
        _refuse_bomb(list(taken.values()), name, most)
        _refuse_encrypted(taken.values(), name)
        for path, member in shown.items():
            try:
                yield path, archive.read(member) if path in taken else b""
            except BROKEN_ZIP as error:
                inner = shown_name(PurePosixPath(path).name)
                raise DocumentError(f"{name} is broken: {inner} can't be unpacked ({printable(str(error))}).") from None


@contextmanager
def _opened(data: bytes, name: str) -> Iterator[ZipFile]:
    try:
        archive = ZipFile(io.BytesIO(data))
    except BROKEN_ZIP as error:
        raise DocumentError(
            f"{name} is broken or cut short ({printable(str(error))}): copy or download it again, and add that."
        ) from None
    with archive:
        if len(archive.infolist()) > _MOST_MEMBERS:
            raise DocumentError(f"{name} has {len(archive.infolist())} parts, and Quipu takes {_MOST_MEMBERS}: split it.")
        yield archive


def _refuse_bomb(members: Collection[ZipInfo], name: str, most: int) -> None:
    unpacked = sum(member.file_size for member in members)
    if unpacked > most:
        raise DocumentError(
            f"{name} would unpack to {unpacked // MEGABYTE} MB, and Quipu takes {most // MEGABYTE} MB: split it, or add its parts."
        )
    for member in members:
        if member.file_size > max(_PLAUSIBLE, _BEST_RATIO * member.compress_size):
            raise DocumentError(
                f"{name} would unpack {member.compress_size} bytes to {member.file_size // MEGABYTE} MB, as no document does: "
                f"it may be made to do harm, and is not opened."
            )


def _refuse_encrypted(members: Collection[ZipInfo], name: str) -> None:
    if any(member.flag_bits & 1 for member in members):
        raise DocumentError(f"{name} is encrypted: unpack it with its password, and add what is in it.")


def _refuse_entities(archive: ZipFile, member: ZipInfo, name: str, *, may_name_type: bool) -> None:
    """Looks at what stands before the root element, if a part is XML, by a parser that reads no further."""
    try:
        with archive.open(member) as part:
            refused = _declares(part, may_name_type=may_name_type)
    except BROKEN_ZIP:
        return  # the reader says what is wrong with it
    if refused:
        inner = shown_name(PurePosixPath(member.filename).name)
        raise DocumentError(
            f"{name} declares a document type or an odd encoding in {inner}, as no such file does: it is not opened."
        )


def _declares(part: IO[bytes], *, may_name_type: bool) -> bool:
    """Whether XML declares a document type (or, if it may name one, declares anything in it), or is in an encoding that this
    parser doesn't know and another might.
    """
    declared = begun = False

    def note_type(_name: str, _system: str | None, _public: str | None, has_declarations: int) -> None:
        nonlocal declared
        declared = declared or bool(has_declarations) or not may_name_type

    def note_root(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal begun
        begun = True

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler, parser.StartElementHandler = note_type, note_root
    try:
        while not declared and not begun and (chunk := part.read(_CHUNK)):
            parser.Parse(chunk, False)
    except expat.ExpatError:
        pass  # it isn't XML, or the reader says what is wrong with it
    except (LookupError, ValueError):
        return True  # an encoding of several bytes a character, or of none that there is
    return declared


def _path(member: ZipInfo) -> str:
    """A member's path, as it can be shown. Without the flag for UTF-8 it is in the code page of a Windows of Western Europe, unless
    it is UTF-8 all the same.
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
    """Whether it is hidden, or put beside a document by macOS, Windows or Office."""
    parts = PurePosixPath(path).parts
    return any(part.startswith((".", "~$", "__MACOSX")) and part not in (".", "..") for part in parts) or parts[-1:] == (
        "Thumbs.db",
    )
