"""The home folder: the paths in it, the lock for writing, and writes that leave it intact if killed at any moment."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from index.errors import LibraryError

_PATIENCE = 10.0  # seconds to wait for another writer


class BusyError(LibraryError):
    """Another process is writing, and did not finish in time."""


@dataclass(frozen=True, slots=True)
class Home:
    """The folder `path`, under which Quipu keeps everything."""

    path: Path

    @property
    def documents(self) -> Path:
        """The folder with one folder per document, named by its id: the original, its texts, and its passages per encoder."""
        return self.path / "documents"

    @property
    def generations(self) -> Path:
        """The folder with one folder per generation, named by its number. A generation never changes."""
        return self.path / "generations"

    @property
    def current(self) -> Path:
        """The file that holds the number of the generation in use."""
        return self.path / "CURRENT"

    @property
    def catalogue(self) -> Path:
        """The catalogue, an SQLite file."""
        return self.path / "library.sqlite"

    @property
    def uploads(self) -> Path:
        """The folder that holds a file uploaded from a browser while it is being added."""
        return self.path / "uploads"

    @property
    def shipped(self) -> "Home":
        """The home of the reports that ship with Quipu, used as long as nothing has been added to this one."""
        return Home(self.path / "shipped")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Lock the home for writing. Raises LibraryError if it can't be written, BusyError if another process holds the lock."""
        try:
            for folder in (self.documents, self.generations):
                folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self.path / "lock", timeout=_PATIENCE):
                self._clear()
                yield
        except Timeout:
            raise BusyError(f"Another quipu is changing {self.path}: try again when it has finished.") from None
        except OSError as error:
            place = error.filename or self.path
            raise LibraryError(f"{place} can't be written: {error.strerror}. Set QUIPU_HOME to a folder of your own.") from error

    def _clear(self) -> None:
        """Delete what a killed writer left unfinished."""
        for folder in (self.path, self.documents, self.generations):
            for unfinished in folder.glob(".new-*"):
                shutil.rmtree(unfinished) if unfinished.is_dir() else unfinished.unlink()


def write_file(path: Path, data: bytes) -> None:
    """Write `data` to `path` atomically: another process sees either the old bytes or the new ones."""
    temporary = path.parent / f".new-{path.name}"
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync(path.parent)


@contextmanager
def write_folder(path: Path) -> Iterator[Path]:
    """Yield a folder to write into. It is renamed to `path` when the block ends without an error."""
    temporary = path.parent / f".new-{path.name}"
    temporary.mkdir()
    yield temporary
    for written in (*temporary.rglob("*"), temporary):
        sync(written)
    temporary.rename(path)
    sync(path.parent)


def checksum(path: Path) -> str:
    """Return the sha256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Flush a file, or the entries of a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
