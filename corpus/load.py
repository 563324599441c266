"""Loads the bytes of a file, whole or not at all."""

import os
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from corpus.errors import DocumentError
from corpus.names import printable
from corpus.read_options import MEGABYTE

_TIMES_READ = 2
"""A file that changed while it was read is read once more."""


def load(path: Path, megabytes: int | None = None) -> bytes:
    """The bytes of a file. Raises DocumentError if it isn't there, isn't a file, may not be read, has more than `megabytes` (None:
    no matter how many), or changes whenever it is read.
    """
    name = printable(str(path))
    try:
        mode = path.stat().st_mode
        if not S_ISREG(mode) and not S_ISDIR(mode):
            raise DocumentError(f"{name} is not a file.")  # a pipe would be waited for
        for _ in range(_TIMES_READ):
            if (data := _unchanged(path, name, megabytes)) is not None:
                return data
    except FileNotFoundError:
        raise DocumentError(f"There is no file {name}.") from None
    except OSError as error:
        raise DocumentError(f"{name} can't be read: {error.strerror}.") from None
    raise DocumentError(f"{name} is being changed while it is read: add it again when that has finished.")


def _unchanged(path: Path, name: str, megabytes: int | None) -> bytes | None:
    """The file's bytes; None if it changed meanwhile."""
    with path.open("rb") as file:
        before = os.fstat(file.fileno())
        if megabytes is not None and before.st_size > megabytes * MEGABYTE:
            raise DocumentError(
                f"{name} has {before.st_size / MEGABYTE:.0f} MB, and Quipu takes files of up to {megabytes} MB: split it, or set "
                f"QUIPU_READ_MEGABYTES higher."
            )
        data = file.read(before.st_size + 1)
        after = os.fstat(file.fileno())
    is_same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns) and len(data) == before.st_size
    return data if is_same else None
