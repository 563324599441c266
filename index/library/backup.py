"""A home as one file, and back. Each ends in one rename: killed at any moment, it leaves nothing half-done in its place."""

import gzip
import io
import json
import os
import re
import shutil
import sqlite3
import tarfile
import zlib
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from corpus import shown_name
from index.analyser import ANALYSER
from index.errors import LibraryError
from index.library.catalogue import Catalogue
from index.library.change import remove
from index.library.generations import FORMAT, current_number, discard_unused, open_current
from index.library.home import BusyError, Home, sync, write_folder

_TRIES = 60  # each waits as long as `Home.writing` does for another writer: ten minutes together
_HEAD = "quipu-backup.json"  # the first file of an archive, which says that it is one
_HEADER = b'{"format": 1}\n'
_FOLDERS = ("documents", "generations")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")  # of a file or folder that Quipu makes, and has finished
_PASSING = re.compile(r"lock|.+\.lock|.+-(?:wal|shm|journal)|session\.key")  # for a while, or for this machine alone
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """What was restored: how many documents, and in a sentence what is to be done before they can be asked, or ""."""

    documents: int
    notice: str = ""


def backup(home: Home, to: Path) -> int:
    """Write all that a home holds into one file, a .tar.gz that only its owner may read; gives the number of its documents.

    Readers may go on asking. Other writers wait, or are waited for: what is written is one state of the library. What was removed
    isn't in it, nor is the index of the report that ships, since it can be made again.
    Raises LibraryError if there is nothing to back up, or if the file is there already, would lie in the home, or can't be
    written; then nothing of it is left. Raises BusyError if others go on writing for ten minutes.
    """
    target = to.absolute()
    if target.resolve().is_relative_to(home.path.resolve()):
        raise LibraryError(f"{to} would lie in {home.path}, which is what is backed up: name a file in another folder.")
    if os.path.lexists(target):
        raise LibraryError(f"{to} is there already: name another file.")
    if not target.parent.is_dir():
        raise LibraryError(f"There is no folder {target.parent}: make it first.")
    if not _kept(home.path):
        raise LibraryError(f"There is nothing to back up in {home.path}.")
    for _ in range(_TRIES):
        try:
            # A writer that was killed, or couldn't wait for another, may have left something to remove.
            if left := next((entry for entry in Catalogue(home).entries() if entry.removed is not None), None):
                remove(home, left.id)  # and with it all others
            with home.writing():
                discard_unused(home)
                if (documents := _write(home, target)) is not None:
                    return documents
        except BusyError:
            continue
    raise BusyError(f"Another quipu went on changing {home.path} for too long: try again when it has finished.")


def restore(home: Home, file: Path) -> RestoreResult:
    """Put in place what `backup` wrote, after all of it was unpacked beside the home and checked.

    Raises LibraryError if the home holds anything, if the file isn't one of `backup`, is cut off or damaged, if no generation in it
    is whole, or if the home can't be written; then the home is as it was.
    """
    path = home.path.resolve()
    unpacked = Home(path.parent / f".new-{path.name}")  # where `write_folder` has us write
    is_ours = False
    try:
        if path.exists() and any(path.iterdir()):
            raise LibraryError(
                f"{home.path} holds something already: move it away, or set QUIPU_HOME to a folder that is yet to be made."
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        with file.open("rb"):
            pass  # or there is no such file, which is said before anything is made
        with write_folder(path) as folder:
            is_ours = True
            folder.chmod(0o700)
            _unpack(file, folder)
            restored = _checked(unpacked, file)
        is_ours = False
        return restored
    except FileExistsError:
        raise LibraryError(
            f"{unpacked.path} is there: another restore is at work, or was cut off. Delete that folder if none is."
        ) from None
    except OSError as error:
        raise LibraryError(f"{error.filename or path} can't be used: {error.strerror or error}. Nothing was restored.") from None
    finally:
        if is_ours:
            shutil.rmtree(unpacked.path, ignore_errors=True)


def _kept(home: Path) -> list[str]:
    """The files to keep, by their names from the home on; the catalogue is the last."""
    folders = [home / name for name in _FOLDERS]
    paths = [path for path in (*home.glob("*"), *(path for folder in folders for path in folder.rglob("*"))) if path.is_file()]
    names = [name for path in paths if _is_kept(name := path.relative_to(home).as_posix())]
    return sorted(names, key=lambda name: (name == "library.sqlite", name))


def _is_kept(name: str) -> bool:
    """Whether a file of this name belongs in a backup: one at the top of a home, or in one of the folders to keep."""
    parts = name.split("/")
    if not all(_NAME.fullmatch(part) for part in parts):
        return False
    return parts[0] in _FOLDERS if len(parts) > 1 else name not in (_HEAD, *_FOLDERS) and not _PASSING.fullmatch(name)


def _write(home: Home, to: Path) -> int | None:
    """Write the archive and give the number of its documents; None, and no archive, if one of them was removed meanwhile."""
    work = Home(to.parent / f".new-{to.name}")
    try:
        if work.path.exists():
            shutil.rmtree(work.path)  # a killed backup's
        work.path.mkdir(mode=0o700)
        packed = work.path / "archive"
        # Quickly rather than small: others wait meanwhile, and originals and vectors hardly shrink.
        with gzip.open(packed, "xb", compresslevel=1) as stream, tarfile.open(fileobj=stream, mode="w") as archive:
            _put(archive, _HEAD, io.BytesIO(_HEADER))
            for name in _kept(home.path):
                path = home.path / name
                if path.suffix == ".sqlite":
                    path = _copied(path, work.path / name)
                with path.open("rb") as content:
                    _put(archive, name, content)
        entries = Catalogue(work).entries()  # as they are in the archive
        if any(entry.removed is not None for entry in entries):
            return None
        packed.chmod(0o600)
        sync(packed)
        packed.rename(to)
        sync(to.parent)
        return len(entries)
    except OSError as error:
        raise LibraryError(f"{error.filename or to} can't be used: {error.strerror or error}. Nothing was backed up.") from None
    finally:
        shutil.rmtree(work.path, ignore_errors=True)


def _put(archive: tarfile.TarFile, name: str, content: IO[bytes]) -> None:
    """Add a file to an archive; not whose it was, nor when it was written."""
    member = tarfile.TarInfo(name)
    member.mode = 0o600
    member.size = content.seek(0, os.SEEK_END)
    content.seek(0)
    archive.addfile(member, content)


def _copied(database: Path, to: Path) -> Path:
    """A copy of an SQLite file that others may be writing to: one state of it."""
    try:
        with (
            closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True)) as source,
            closing(sqlite3.connect(to)) as copy,
        ):
            source.backup(copy)
    except sqlite3.Error as error:
        raise LibraryError(f"{database} can't be backed up: {error}.") from None
    return to


def _unpack(file: Path, folder: Path) -> None:
    """Write the files of an archive into a folder, each after its name and its kind were checked."""
    strange = f"{file} is not what `quipu backup` writes"
    try:
        with gzip.open(file) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            head = archive.next()
            if head is None or head.name != _HEAD or _content(archive, head).read(_BLOCK) != _HEADER:
                raise LibraryError(f"{strange}, or a later version of Quipu wrote it. Nothing was restored.")
            while member := archive.next():
                if not _is_kept(member.name):
                    raise LibraryError(f"{strange}: it holds {shown_name(member.name)}. Nothing was restored.")
                path = folder / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                with _content(archive, member) as content, path.open("xb") as written:
                    path.chmod(0o600)
                    shutil.copyfileobj(content, written)
            while stream.read(_BLOCK):  # to its end, where its checksum is
                pass
    except FileExistsError:
        raise LibraryError(f"{strange}: it holds a name twice. Nothing was restored.") from None
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise LibraryError(f"{file} is cut off, damaged, or no backup ({error}). Nothing was restored.") from None


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    """What is in a plain file of an archive. Raises ReadError for a folder, a link, a device and what else isn't one."""
    content = archive.extractfile(member) if member.type == tarfile.REGTYPE and not member.issparse() else None
    if content is None:
        raise tarfile.ReadError(f"{shown_name(member.name)} is no plain file")
    return content


def _checked(unpacked: Home, file: Path) -> RestoreResult:
    """What is in an unpacked home. Raises LibraryError unless its catalogue can be read, and a generation, if there is any."""
    try:
        documents = len(Catalogue(unpacked).active())
        if _is_anothers(unpacked):
            return RestoreResult(documents, "The backup is of another version of Quipu: run `quipu rebuild` before you ask.")
        generation = open_current(unpacked)
    except LibraryError:
        raise LibraryError(f"{file} holds no library that is whole: use another backup. Nothing was restored.") from None
    if generation is not None and generation.notice:
        return RestoreResult(documents, "The newest index in the backup is damaged, and an older one is used: run `quipu rebuild`.")
    return RestoreResult(documents)


def _is_anothers(home: Home) -> bool:
    """Whether the generation in use is of a version of Quipu whose indexes this one doesn't read."""
    try:
        manifest = json.loads((home.generations / str(current_number(home)) / "manifest.json").read_bytes())
        return (manifest["format"], manifest["analyser"]) != (FORMAT, ANALYSER)
    except (OSError, ValueError, KeyError, TypeError):
        return False
