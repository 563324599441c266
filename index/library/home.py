"""The home folder: where its parts lie, who may write, and how to write so that a kill at any moment leaves it whole."""

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
    """Another process goes on writing."""


@dataclass(frozen=True, slots=True)
class Home:
    """Everything that Quipu keeps lies under `path`."""

    path: Path

    @property
    def documents(self) -> Path:
        """A folder per document, named by its id: the original, its text, and its vectors per encoder. Never changed."""
        return self.path / "documents"

    @property
    def generations(self) -> Path:
        """A folder per generation, named by its number. Never changed."""
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
        """Where a file that comes by the browser lies while it is added; nothing stays there."""
        return self.path / "uploads"

    @property
    def shipped(self) -> "Home":
        """The home of the reports that ship, used while nothing has been added to this one."""
        return Home(self.path / "shipped")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the home as its only writer. Raises LibraryError if it can't be written, BusyError if another goes on."""
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
        """Delete what a killed writer left half-written."""
        for folder in (self.path, self.documents, self.generations):
            for left in folder.glob(".new-*"):
                shutil.rmtree(left) if left.is_dir() else left.unlink()


def write_file(path: Path, data: bytes) -> None:
    """Put `data` at `path`, replacing what was there, all at once: a reader sees the old bytes or the new ones."""
    temporary = path.parent / f".new-{path.name}"
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync(path.parent)


@contextmanager
def write_folder(path: Path) -> Iterator[Path]:
    """Gives a folder to write into, which becomes `path` all at once when the block ends without an error."""
    temporary = path.parent / f".new-{path.name}"
    temporary.mkdir()
    yield temporary
    for written in (*temporary.rglob("*"), temporary):
        sync(written)
    temporary.rename(path)
    sync(path.parent)


def checksum(path: Path) -> str:
    """The sha256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Have what was written to a file, or entered in a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
