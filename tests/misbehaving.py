"""A parser that does to its process what a text file orders. `PROGRAM` starts a worker that uses it for plain text."""

import ctypes
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import corpus.isolation.frames
import corpus.isolation.worker_main
from corpus import FORMATS
from corpus.draft import Draft
from corpus.formats import Format
from corpus.heartbeat import alive
from corpus.isolation.worker_main import main

PROGRAM = "import sys; sys.path.append(sys.argv[1]); from tests.misbehaving import misbehave; misbehave()"

_read = 0


def misbehave() -> None:
    FORMATS[".txt"] = Format("text/plain", __name__, "read_order")
    main(sys.argv[2])


def read_order(data: bytes, name: str) -> Draft:
    global _read
    _read += 1
    draft = Draft(name)
    order, _, rest = data.decode().partition(" ")
    draft.block(f"{order}: {_ORDERS[order](rest)}")
    return draft


def _crash(_: str) -> str:
    return str(ctypes.string_at(0))


def _crash_if_used(_: str) -> str:
    return _crash("") if _read > 1 else "whole"


def _hang(fifo: str) -> str:
    if fifo:
        Path(fifo).write_text(str(os.getpid()))
    threading.Event().wait()
    return ""


def _spin(_: str) -> str:
    return str(re.match(r"(a|a|b?)*$", "a" * 200 + "c"))  # holds Python's lock until the sun is cold


def _eat(_: str) -> str:
    return str(len(bytes(3_000_000_000)))


def _go_on(times: str) -> str:
    for _ in range(int(times)):
        time.sleep(0.25)
        alive()
    return times


def _print(_: str) -> str:
    print("what a library prints", flush=True)  # noqa: T201 - on purpose
    os.write(1, b"and what it writes")
    return "printed"


def _connect(port: str) -> str:
    with socket.socket() as connection:
        connection.connect(("127.0.0.1", int(port)))
    return "connected"


def _start(program: str) -> str:
    return str(subprocess.run([program], check=True))


def _fill(path: str) -> str:
    return str(Path(path).write_bytes(bytes(20 << 20)))


def _be_idle(_: str) -> str:
    corpus.isolation.worker_main._IDLE = 0.001
    return str(os.getpid())


def _long(_: str) -> str:
    corpus.isolation.frames.LARGEST_MESSAGE = 1000
    return "long " * 1000


_ORDERS: dict[str, Callable[[str], str]] = {
    "pid": lambda _: str(os.getpid()),
    "environment": lambda _: " ".join(sorted(os.environ)),
    "crash": _crash,
    "crash-if-used": _crash_if_used,
    "be-idle": _be_idle,
    "hang": _hang,
    "spin": _spin,
    "eat": _eat,
    "go-on": _go_on,
    "print": _print,
    "connect": _connect,
    "start": _start,
    "fill": _fill,
    "long": _long,
}
