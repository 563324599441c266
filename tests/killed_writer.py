"""Run by test_kill.py in a process of its own: changes a library, and dies as by `kill -9` before a given step on the disk."""

import os
import signal
from collections.abc import Callable
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

from corpus import read_bytes
from index import Catalogue, Home, add, remove
from tests.fakes import WordEncoder

read_bytes(b"What a reader loads on its first file, every writer finds loaded.", "first.txt")

_STEPS: tuple[tuple[Any, str], ...] = (
    (os, "fsync"),
    (os, "open"),
    (os, "rmdir"),
    (os, "unlink"),
    (Path, "mkdir"),
    (Path, "open"),
    (Path, "rename"),
    (Path, "replace"),
    (Path, "unlink"),
    (Path, "write_bytes"),
    (Path, "write_text"),
    (Catalogue, "put"),
    (Catalogue, "mark_removed"),
    (Catalogue, "forget"),
)


def counted(function: Callable[..., Any], last: int, steps: "Synchronized[int]") -> Callable[..., Any]:
    """The function as a step on the disk, which is counted; step `last` is never taken, since the process dies as by `kill -9`."""

    def step(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the function takes and gives
        steps.value += 1
        if steps.value == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)

    return step


def change(home: Path, added: Path | None, removed: str, last: int, steps: "Synchronized[int]") -> None:
    """Add the file, or remove the document of this name; die before step `last`, and count the steps until then."""

    for owner, name in _STEPS:
        setattr(owner, name, counted(getattr(owner, name), last, steps))
    if added is not None:
        add(Home(home), [added], WordEncoder())
    else:
        remove(Home(home), removed)
