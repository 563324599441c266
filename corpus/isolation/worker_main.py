"""The process that a `Worker` starts: files come in on its standard input, and documents go out on its standard output."""

import json
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, BinaryIO

from corpus.containers.unpack import unpack
from corpus.errors import DocumentError
from corpus.formats import read_without_language
from corpus.heartbeat import on_alive
from corpus.isolation.frames import FrameError, receive, send
from corpus.isolation.limits import audit, limit_resources
from corpus.isolation.process import OUT_OF_MEMORY
from corpus.read_options import ReadOptions

_GRACE = 30  # seconds that it outlasts its parent's patience before it ends by itself
_IDLE = 60.0  # seconds without work after which it ends; starting another is quick
_BEAT = 0.2  # seconds between two signs of life, at least

_Jobs = SimpleQueue[tuple[dict[str, Any], bytes]]


def main(limits: str) -> None:
    """Handle requests until the standard input ends. What parsers print goes to the standard error."""
    options = ReadOptions(**json.loads(limits))
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with Path(os.devnull).open("rb") as null:
        os.dup2(null.fileno(), 0)
    os.dup2(2, 1)
    limit_resources(options)
    sys.addaudithook(audit)
    on_alive(_Heartbeat(replies, options.seconds).beat)
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
            _handle(message, data, options, replies)
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        del data


def _listen(requests: BinaryIO, jobs: _Jobs) -> None:
    """Queue the requests. When the parent is gone, end at once, with every process that was started."""
    try:
        while True:
            jobs.put(receive(requests, sys.maxsize))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except (EOFError, FrameError):
        with suppress(OSError):
            os.killpg(os.getpid(), signal.SIGKILL)
        os._exit(0)


class _Heartbeat:
    def __init__(self, replies: BinaryIO, seconds: int) -> None:
        self._answers, self._seconds, self._last = replies, seconds, 0.0

    def beat(self) -> None:
        """Send a sign of life, unless the last one was sent a moment ago."""
        if time.monotonic() - self._last >= _BEAT:
            send(self._answers, {"alive": True})
            signal.alarm(self._seconds + _GRACE)
            self._last = time.monotonic()


def _handle(message: dict[str, Any], data: bytes, options: ReadOptions, replies: BinaryIO) -> None:
    name = message["name"]
    try:
        if message["do"] == "read":
            document = read_without_language(data, name, ocr=message["ocr"])
            send(replies, {"document": {field.name: getattr(document, field.name) for field in fields(document)}})
        else:
            for part, content in unpack(data, name, options):
                send(replies, {"part": part}, content)
        send(replies, {"done": True})
    except DocumentError as error:
        send(replies, {"error": str(error)})
    except FrameError:
        send(replies, {"error": f"{name} holds more text, or more cells, than Quipu accepts from one file: split it."})
    except MemoryError:
        raise
    except Exception as error:  # a parser is only as good as the files that it was tested with
        send(replies, {"error": f"{name} can't be opened; {type(error).__name__}: {error}"})
