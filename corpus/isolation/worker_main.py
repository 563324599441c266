"""The process that a `Worker` starts: files come by its standard input, and what is in them goes out by its standard output."""

import json
import os
import resource
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, BinaryIO

from corpus.errors import DocumentError
from corpus.formats import read_without_language
from corpus.heartbeat import on_alive
from corpus.isolation.frames import FrameError, receive, send
from corpus.isolation.process import OUT_OF_MEMORY
from corpus.read_options import MEGABYTE, ReadOptions
from corpus.unpack import unpack

_LARGEST_FILE = 16 << 20  # bytes that may be written to one file, such as the standard error
_GRACE = 30  # seconds more than its parent waits, by which it ends if that is gone
_IDLE = 60.0  # seconds without anything to do, after which it ends: another is started soon enough
_HEART = 0.2  # seconds between two signs of life
_PROGRAMS = frozenset(["tesseract"])
_REACHING = frozenset("socket.connect socket.bind socket.getaddrinfo socket.gethostbyname socket.sendto urllib.Request".split())
_STARTING = frozenset("os.system os.exec os.posix_spawn os.spawn".split())

_Jobs = SimpleQueue[tuple[dict[str, Any], bytes]]


def main(limits: str) -> None:
    """Work until the standard input ends. What readers print goes to the standard error."""
    options = ReadOptions(**json.loads(limits))
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    _limit(options)
    sys.addaudithook(_refuse)
    on_alive(_Heart(answers, options.seconds).beat)
    jobs: _Jobs = SimpleQueue()
    threading.Thread(target=_listen, args=(requests, jobs), daemon=True).start()
    while True:
        signal.alarm(0)
        try:
            message, data = jobs.get(timeout=_IDLE)
        except Empty:
            os._exit(0)
        signal.alarm(options.seconds + _GRACE)
        try:
            _work(message, data, options, answers)
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        del data


def _listen(requests: BinaryIO, jobs: _Jobs) -> None:
    """Take what is to be read, and end at once, with all that was started, when there is nobody left to read it for."""
    try:
        while True:
            jobs.put(receive(requests, sys.maxsize))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except (EOFError, FrameError):
        with suppress(OSError):
            os.killpg(os.getpid(), signal.SIGKILL)
        os._exit(0)


class _Heart:
    def __init__(self, answers: BinaryIO, seconds: int) -> None:
        self._answers, self._seconds, self._last = answers, seconds, 0.0

    def beat(self) -> None:
        """Send a sign of life, but not more often than one is looked for."""
        if time.monotonic() - self._last >= _HEART:
            send(self._answers, {"alive": True})
            signal.alarm(self._seconds + _GRACE)
            self._last = time.monotonic()


def _limit(options: ReadOptions) -> None:
    memory = options.memory * MEGABYTE
    limits = ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, _LARGEST_FILE))
    for limit, most in limits:
        with suppress(ValueError, OSError):  # not every system has each
            resource.setrlimit(limit, (most, most))


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook that lets no library reach another machine, and none but listed programs be started."""
    if event == "subprocess.Popen":
        if Path(os.fsdecode(arguments[0])).name not in _PROGRAMS:  # type: ignore[arg-type]  # a path, by this event
            raise PermissionError(f"a reader may not start {arguments[0]}")
    elif event in _REACHING or event in _STARTING:
        raise PermissionError(f"a reader may not use {event}")


def _work(message: dict[str, Any], data: bytes, options: ReadOptions, answers: BinaryIO) -> None:
    name = message["name"]
    try:
        if message["do"] == "read":
            document = read_without_language(data, name, ocr=message["ocr"])
            send(answers, {"document": {field.name: getattr(document, field.name) for field in fields(document)}})
        else:
            for part, content in unpack(data, name, options):
                send(answers, {"part": part}, content)
        send(answers, {"done": True})
    except DocumentError as error:
        send(answers, {"error": str(error)})
    except FrameError:
        send(answers, {"error": f"{name} holds more text, or more cells, than Quipu takes from one file: split it."})
    except MemoryError:
        raise
    except Exception as error:  # as good as the files that it was tried on
        send(answers, {"error": f"{name} can't be opened; {type(error).__name__}: {error}"})
