"""Run by tests in a process of its own: changes a home, and dies as by `kill -9` before a given change on the disk."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from index import Catalogue, Home, remove, restore
from tests.fakes import WordEncoder
from tests.inline import add

FRESH = multiprocessing.get_context("forkserver")  # every writer starts in a process without threads, with its modules loaded
FRESH.set_forkserver_preload(["tests.killed_writer"])

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate"}

with TemporaryDirectory() as folder:  # what a writer loads when it first adds a file, every writer finds loaded
    path = Path(folder) / "first.txt"
    path.write_text("A file.")
    add(Home(Path(folder) / "home"), [path], WordEncoder())


class _Death:
    """Counts the changes that this process makes in a folder. Change number `last` isn't made: the process dies before it.

    A change makes, removes or renames a file or a folder, opens a file to write to it, or writes to the catalogue. Dying before
    anything else, as before a file is opened to be read, or before `fsync`, leaves on the disk what dying before the next change
    leaves.
    """

    def __init__(self, folder: Path, last: int, changes: "Synchronized[int]") -> None:
        self._folder, self._last, self._changes = f"{folder}{os.sep}", last, changes
        sys.addaudithook(self._audit)
        for name in ("put", "mark_removed", "forget"):
            setattr(Catalogue, name, self._counted(getattr(Catalogue, name)))

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Count an event that Python is about to carry out, if it is a change: https://docs.python.org/3/library/audit_events.html."""
        is_change = bool(arguments[2] & _WRITES) if event == "open" else event in _CHANGES
        if not is_change or isinstance(arguments[0], int):  # a number is a file that is open
            return
        path = os.fsdecode(arguments[0])
        if self._is_within(path) and not (event == "os.mkdir" and Path(path).is_dir()):
            self._count()

    def _is_within(self, path: str) -> bool:
        """Return whether a path is in the folder; a relative one is, which `rmtree` gives within a folder that it has opened."""
        return not path.startswith(os.sep) or path.startswith(self._folder)

    def _count(self) -> None:
        self._changes.value += 1
        if self._changes.value == self._last:
            os.kill(os.getpid(), signal.SIGKILL)

    def _counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def change(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the function takes and gives
            self._count()
            return function(*arguments, **named)

        return change


def until(last: int, target: Callable[..., None], folder: Path, *arguments: object) -> tuple[int | None, int]:
    """Run `target(folder, *arguments)` in a process that dies before its change number `last` in the folder (0: it doesn't).

    Return the process's exit code and how many changes it began.
    """
    changes = FRESH.Value("i", 0)
    writer = FRESH.Process(target=_run, args=(target, folder, arguments, last, changes))
    writer.start()
    writer.join(60)
    return writer.exitcode, changes.value


def _run(target: Callable[..., None], folder: Path, arguments: tuple[object, ...], last: int, changes: "Synchronized[int]") -> None:
    _Death(folder, last, changes)
    target(folder, *arguments)


def add_file(home: Path, added: Path) -> None:
    """Add a file to the library of a home."""
    add(Home(home), [added], WordEncoder())


def remove_document(home: Path, name: str) -> None:
    """Remove a document from the library of a home."""
    remove(Home(home), name)


def restore_home(folder: Path, archive: Path) -> None:
    """Restore a backup into the home of this name in a folder."""
    restore(Home(folder / "home"), archive)
