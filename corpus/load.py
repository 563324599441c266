"""Load the bytes of a file, whole or not at all."""

import os
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from corpus.errors import DocumentError
from corpus.names import printable
from corpus.read_options import MEGABYTE

_ATTEMPTS = 2
"""How often a file is read if it changes during reading."""


def load(path: Path, megabytes: int | None = None) -> bytes:
    """Return the bytes of a file.

    Raises DocumentError if it doesn't exist, isn't a regular file, may not be read, is larger than `megabytes` (None: no limit), or
    changes during every attempt.
    """
    name = printable(str(path))
    try:
        mode = path.stat().st_mode
        if not S_ISREG(mode) and not S_ISDIR(mode):
            raise DocumentError(f"{name} is not a file.")  # reading a pipe would block
        for _ in range(_ATTEMPTS):
            if (data := _unchanged(path, name, megabytes)) is not None:
                return data
    except FileNotFoundError:
        raise DocumentError(f"There is no file {name}.") from None
    except OSError as error:
        raise DocumentError(f"{name} can't be read: {error.strerror}.") from None
    raise DocumentError(f"{name} kept changing while it was read: add it again when nothing writes to it any more.")


def _unchanged(path: Path, name: str, megabytes: int | None) -> bytes | None:
    """Return the file's bytes, or None if it changed while it was read."""
    with path.open("rb") as file:
        before = os.fstat(file.fileno())
        if megabytes is not None and before.st_size > megabytes * MEGABYTE:
            raise DocumentError(
                f"{name} is {before.st_size / MEGABYTE:.0f} MB, and Quipu reads files of up to {megabytes} MB: split it, or raise "
                f"QUIPU_READ_MEGABYTES."
            )
        data = file.read(before.st_size + 1)
        after = os.fstat(file.fileno())
    is_same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns) and len(data) == before.st_size
    return data if is_same else None
