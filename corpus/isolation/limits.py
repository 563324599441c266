"""What a process that parses a stranger's file may do: how much memory it may take, and no network and no other program.

Its time is limited by the process that started it (`process.py`).
"""

import os
import resource
from contextlib import suppress
from pathlib import Path

from corpus.read_options import MEGABYTE, ReadOptions

_LARGEST_FILE = 16 << 20  # bytes that may be written to one file, such as the standard error
_PROGRAMS = frozenset(["tesseract"])
_NETWORK_EVENTS = frozenset(
    "socket.connect socket.bind socket.getaddrinfo socket.gethostbyname socket.sendto urllib.Request".split()
)
_START_EVENTS = frozenset("os.system os.exec os.posix_spawn os.spawn".split())


def limit_resources(options: ReadOptions) -> None:
    """Limit the memory of this process to `options.memory` megabytes, and what it may write to one file; no core is dumped."""
    memory = options.memory * MEGABYTE
    limits = ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, _LARGEST_FILE))
    for limit, maximum in limits:
        with suppress(ValueError, OSError):  # not every system has every limit
            resource.setrlimit(limit, (maximum, maximum))


def audit(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse network connections, and starting any program but those listed; installed as an audit hook."""
    if event == "subprocess.Popen":
        if Path(os.fsdecode(arguments[0])).name not in _PROGRAMS:  # type: ignore[arg-type]  # a path, by this event
            raise PermissionError(f"a parser may not start {arguments[0]}")
    elif event in _NETWORK_EVENTS or event in _START_EVENTS:
        raise PermissionError(f"a parser may not use {event}")
