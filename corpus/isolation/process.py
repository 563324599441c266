"""The process behind a `Worker`, seen from the one that started it: how it is started, asked, watched and ended."""

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple, cast

from corpus.errors import DocumentError
from corpus.isolation.frames import FrameError, receive, send
from corpus.names import shown_sentence
from corpus.read_options import MEGABYTE, ReadOptions

_log = logging.getLogger(__name__)

OUT_OF_MEMORY = 77
"""What a worker exits with that can't have more memory."""

_MOST_PARTS = 10_000
"""Files that are taken out of one archive."""

_PROGRAM = "import sys; sys.path.append(sys.argv[1]); from corpus.isolation.worker_main import main; main(sys.argv[2])"
_NEEDED = "PATH HOME LANG LANGUAGE TMPDIR TESSDATA_PREFIX LD_LIBRARY_PATH DYLD_LIBRARY_PATH PYTHONPATH PYTHONHOME".split()
_SET = {
    "HF_HUB_OFFLINE": "1",
    "MALLOC_ARENA_MAX": "2",
    "OMP_NUM_THREADS": "1",
    "OMP_THREAD_LIMIT": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
_PATIENCE = 100  # times the seconds without a sign of life that one file may take in all, whatever its reader says
_DYING = 2.0  # seconds for a process that has closed its pipes to end by itself
_TAIL = 4000  # bytes of what it wrote on its standard error that are worth a look


class WorkerReply(NamedTuple):
    """What a worker says of a file, and the bytes that belong to it."""

    message: dict[str, Any]
    data: bytes


class BrokenError(DocumentError):
    """A file broke the process that read it; `hung` says that it never ended."""

    def __init__(self, sentence: str, *, hung: bool = False) -> None:
        super().__init__(sentence)
        self.hung = hung


class Process:
    """A running worker. It sees nothing of the environment but where to find programs, and can't reach a terminal."""

    def __init__(self, options: ReadOptions, name: str) -> None:
        """Start one to read the file of this name. Raises DocumentError if that can't be done."""
        environment = {key: value for key, value in os.environ.items() if key in _NEEDED or key.startswith("LC_")}
        self._options = options
        said = tempfile.TemporaryFile()  # noqa: SIM115 - `_end` closes it
        try:
            self._process = subprocess.Popen(  # noqa: S603 - a program of our own
                [sys.executable, "-P", "-c", _PROGRAM, str(Path(__file__).parents[2]), json.dumps(asdict(options))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                env=environment | _SET,
                start_new_session=True,
            )
        except OSError as error:
            said.close()
            raise BrokenError(f"{name} can't be read: no process can be started to read it ({error.strerror}).") from error
        self._ended = weakref.finalize(self, _end, self._process, said)

    def has_ended(self) -> bool:
        """Whether it is gone, as by the hand of an operator, or of a system that ran out of memory."""
        return self._process.poll() is not None

    def ask(self, message: dict[str, Any], data: bytes, name: str) -> list[WorkerReply]:
        """All that it answers of a file. Raises DocumentError with its own sentence if it has one, BrokenError if it breaks."""
        watch = _Watch(self._options.seconds, self.kill)
        try:
            send(cast("BinaryIO", self._process.stdin), message, data)
            return self._answers(watch)
        except (EOFError, OSError):
            watch.stop()
            raise BrokenError(self._end_of(name, watch), hung=watch.is_over) from None
        finally:
            watch.stop()

    def kill(self) -> None:
        """Kill it, and what it started; whoever waits for its answer gets a BrokenError. `end` it all the same."""
        _kill(self._process)

    def end(self) -> None:
        """End it, and what it started."""
        self._ended()

    def _answers(self, watch: "_Watch") -> list[WorkerReply]:
        answers: list[WorkerReply] = []
        room = self._options.megabytes * MEGABYTE
        while len(answers) <= _MOST_PARTS:
            message, data = receive(cast("BinaryIO", self._process.stdout), room)
            if "alive" in message:
                watch.restart()
            elif "error" in message:
                raise DocumentError(shown_sentence(str(message["error"])))
            elif "done" in message:
                return answers
            else:
                answers.append(WorkerReply(message, data))
                room -= len(data)
        raise FrameError(f"more than {_MOST_PARTS} files")

    def _end_of(self, name: str, watch: "_Watch") -> str:
        """Why it ended, for people."""
        if watch.is_over:
            return (
                f"{name} can't be read: its reader gave no sign of life for {self._options.seconds} seconds and was stopped. "
                f"Split the file or save it anew, or set QUIPU_READ_SECONDS higher."
            )
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_DYING)
        if self._process.returncode == OUT_OF_MEMORY:
            return f"{name} can't be read with {self._options.memory} MB of memory: split it, or set QUIPU_READ_MEMORY higher."
        code = self._process.returncode or 0
        how = f"crashed ({signal.Signals(-code).name})" if code < 0 else "ended too early"
        return f"{name} can't be read: its reader {how}. The file may be damaged: save it anew with the program that made it."


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill it, and what it started."""
    with suppress(OSError):  # it is gone already
        os.killpg(process.pid, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes], said: IO[bytes]) -> None:
    """Kill it, and log the end of what it wrote on its standard error."""
    _kill(process)
    with suppress(OSError), process:  # a pipe may still hold what nobody takes
        pass
    said.seek(max(0, said.seek(0, os.SEEK_END) - _TAIL))
    if text := said.read().decode("utf-8", "replace").strip():
        _log.debug("A reader said: %s", text)
    said.close()


class _Watch:
    """Calls `stop_it` when a time is over, unless it is restarted or stopped before."""

    def __init__(self, seconds: float, stop_it: Callable[[], None]) -> None:
        self.is_over = False
        self._seconds, self._stop_it = seconds, stop_it
        self._last = time.monotonic() + seconds * _PATIENCE
        self._timer = self._started()

    def restart(self) -> None:
        self.stop()
        self._timer = self._started()

    def stop(self) -> None:
        """After this, `is_over` says for good whether the time was over."""
        self._timer.cancel()
        self._timer.join()

    def _started(self) -> threading.Timer:
        timer = threading.Timer(max(0.0, min(self._seconds, self._last - time.monotonic())), self._bark)
        timer.daemon = True
        timer.start()
        return timer

    def _bark(self) -> None:
        self.is_over = True
        self._stop_it()
