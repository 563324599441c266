"""Backs a home up into one file, and restores it. Each ends with one rename, so a kill at any moment leaves nothing partial."""

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

_TRIES = 60  # each waits for another writer as long as `Home.writing` does: ten minutes in all
_HEAD = "quipu-backup.json"  # the first file of an archive, which identifies it
_HEADER = b'{"format": 1}\n'
_FOLDERS = ("documents", "generations")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")  # of a finished file or folder of Quipu's
_TEMPORARY = re.compile(r"lock|.+\.lock|.+-(?:wal|shm|journal)|session\.key")  # or for this machine only
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """The outcome of `restore`: how many documents, and a sentence on what to do before they can be searched, or ""."""

    documents: int
    notice: str = ""


def backup(home: Home, to: Path) -> int:
    """Write everything in a home into one .tar.gz that only its owner may read. Return the number of documents.

    Searching goes on meanwhile, and other writers take turns with the backup, so it holds one consistent state of the library. It
    leaves out removed documents, and the index of the report that ships with Quipu, which can be made again.

    Raises LibraryError if there is nothing to back up, or if the file exists, would lie in the home, or can't be written; then
    nothing is left behind. Raises BusyError if other processes keep writing for ten minutes.
    """
    target = to.absolute()
    if target.resolve().is_relative_to(home.path.resolve()):
        raise LibraryError(f"{to} would lie in {home.path}, the folder to be backed up: name a file in another folder.")
    if os.path.lexists(target):
        raise LibraryError(f"{to} already exists: name another file.")
    if not target.parent.is_dir():
        raise LibraryError(f"There is no folder {target.parent}: create it first.")
    if not _files_to_keep(home.path):
        raise LibraryError(f"There is nothing to back up in {home.path}.")
    for _ in range(_TRIES):
        try:
            # A writer that was killed, or gave up waiting, may have left marked documents to delete.
            if marked := next((entry for entry in Catalogue(home).entries() if entry.removed is not None), None):
                remove(home, marked.id)  # which deletes all marked documents
            with home.writing():
                discard_unused(home)
                if (documents := _write(home, target)) is not None:
                    return documents
        except BusyError:
            continue
    raise BusyError(f"Another quipu kept changing {home.path} for too long: try again when it has finished.")


def restore(home: Home, file: Path) -> RestoreResult:
    """Restore a home from a file that `backup` wrote, once all of it is unpacked beside the home and checked.

    Raises LibraryError if the home is not empty, if the file is not a backup, is cut short or damaged, or has no intact generation,
    or if the home can't be written; the home is unchanged then.
    """
    path = home.path.resolve()
    unpacked = Home(path.parent / f".new-{path.name}")  # the folder that `write_folder` yields
    is_partial = False
    try:
        if path.exists() and any(path.iterdir()):
            raise LibraryError(f"{home.path} is not empty: move it away, or set QUIPU_HOME to a folder that does not exist yet.")
        path.parent.mkdir(parents=True, exist_ok=True)
        with file.open("rb"):
            pass  # report a missing file before creating anything
        with write_folder(path) as folder:
            is_partial = True
            folder.chmod(0o700)
            _unpack(file, folder)
            restored = _check(unpacked, file)
        is_partial = False
        return restored
    except FileExistsError:
        raise LibraryError(
            f"{unpacked.path} exists: another restore is running or was interrupted. Delete that folder if none is running."
        ) from None
    except OSError as error:
        raise LibraryError(f"{error.filename or path} can't be used: {error.strerror or error}. Nothing was restored.") from None
    finally:
        if is_partial:
            shutil.rmtree(unpacked.path, ignore_errors=True)


def _files_to_keep(home: Path) -> list[str]:
    """Return the files that belong in a backup, as paths relative to the home, the catalogue last."""
    folders = [home / name for name in _FOLDERS]
    paths = [path for path in (*home.glob("*"), *(path for folder in folders for path in folder.rglob("*"))) if path.is_file()]
    names = [name for path in paths if _is_kept(name := path.relative_to(home).as_posix())]
    return sorted(names, key=lambda name: (name == "library.sqlite", name))


def _is_kept(name: str) -> bool:
    """Return whether a file with this relative path belongs in a backup: at the top of a home, or in one of `_FOLDERS`."""
    parts = name.split("/")
    if not all(_NAME.fullmatch(part) for part in parts):
        return False
    return parts[0] in _FOLDERS if len(parts) > 1 else name not in (_HEAD, *_FOLDERS) and not _TEMPORARY.fullmatch(name)


def _write(home: Home, to: Path) -> int | None:
    """Write the archive and return its number of documents. If one of them was removed meanwhile, return None and write nothing."""
    working_home = Home(to.parent / f".new-{to.name}")
    try:
        if working_home.path.exists():
            shutil.rmtree(working_home.path)  # left by a killed backup
        working_home.path.mkdir(mode=0o700)
        archive_path = working_home.path / "archive"
        # Fast rather than small: other writers wait meanwhile, and originals and vectors hardly shrink.
        with gzip.open(archive_path, "xb", compresslevel=1) as stream, tarfile.open(fileobj=stream, mode="w") as archive:
            _put(archive, _HEAD, io.BytesIO(_HEADER))
            for name in _files_to_keep(home.path):
                path = home.path / name
                if path.suffix == ".sqlite":
                    path = _copy_database(path, working_home.path / name)
                with path.open("rb") as content:
                    _put(archive, name, content)
        entries = Catalogue(working_home).entries()  # as they are in the archive
        if any(entry.removed is not None for entry in entries):
            return None
        archive_path.chmod(0o600)
        sync(archive_path)
        archive_path.rename(to)
        sync(to.parent)
        return len(entries)
    except OSError as error:
        raise LibraryError(f"{error.filename or to} can't be used: {error.strerror or error}. Nothing was backed up.") from None
    finally:
        shutil.rmtree(working_home.path, ignore_errors=True)


def _put(archive: tarfile.TarFile, name: str, content: IO[bytes]) -> None:
    """Add a file to an archive, without its owner and times."""
    member = tarfile.TarInfo(name)
    member.mode = 0o600
    member.size = content.seek(0, os.SEEK_END)
    content.seek(0)
    archive.addfile(member, content)


def _copy_database(database: Path, to: Path) -> Path:
    """Copy one consistent state of an SQLite file that others may be writing to. Return the path of the copy."""
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
    """Unpack an archive into a folder, checking the name and the type of each member first."""
    refusal = f"{file} is not a backup made by `quipu backup`"
    try:
        with gzip.open(file) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            head = archive.next()
            if head is None or head.name != _HEAD or _content(archive, head).read(_BLOCK) != _HEADER:
                raise LibraryError(f"{refusal}, or was made by a later version of Quipu. Nothing was restored.")
            while member := archive.next():
                if not _is_kept(member.name):
                    raise LibraryError(f"{refusal}: it contains {shown_name(member.name)}. Nothing was restored.")
                path = folder / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                with _content(archive, member) as content, path.open("xb") as written:
                    path.chmod(0o600)
                    shutil.copyfileobj(content, written)
            while stream.read(_BLOCK):  # read to the end, where the checksum is
                pass
    except FileExistsError:
        raise LibraryError(f"{refusal}: it contains the same name twice. Nothing was restored.") from None
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise LibraryError(f"{file} is cut short, damaged, or not a backup ({error}). Nothing was restored.") from None


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    """Return the content of a regular file in an archive. Raises ReadError for folders, links, devices and anything else."""
    content = archive.extractfile(member) if member.type == tarfile.REGTYPE and not member.issparse() else None
    if content is None:
        raise tarfile.ReadError(f"{shown_name(member.name)} is not a regular file")
    return content


def _check(unpacked: Home, file: Path) -> RestoreResult:
    """Check an unpacked home. Raises LibraryError if its catalogue can't be read, or if none of its generations can be opened."""
    try:
        documents = len(Catalogue(unpacked).active())
        if _has_another_format(unpacked):
            return RestoreResult(
                documents, "The backup was made by another version of Quipu: run `quipu rebuild` before you search it."
            )
        generation = open_current(unpacked)
    except LibraryError:
        raise LibraryError(f"{file} contains no intact library: use another backup. Nothing was restored.") from None
    if generation is not None and generation.notice:
        return RestoreResult(documents, "The newest index in the backup is damaged, so an older one is used: run `quipu rebuild`.")
    return RestoreResult(documents)


def _has_another_format(home: Home) -> bool:
    """Return whether the generation in use was made by a version of Quipu whose indexes this version does not read."""
    try:
        manifest = json.loads((home.generations / str(current_number(home)) / "manifest.json").read_bytes())
        return (manifest["format"], manifest["analyser"]) != (FORMAT, ANALYSER)
    except (OSError, ValueError, KeyError, TypeError):
        return False
