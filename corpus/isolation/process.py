"""The parent's side of a worker process: starts it, sends it requests, watches it, and ends it."""

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
"""The exit code of a worker that ran out of memory."""

_MAX_PARTS = 10_000
"""The most files accepted from one archive."""

_PROGRAM = "import sys; sys.path.append(sys.argv[1]); from corpus.isolation.worker_main import main; main(sys.argv[2])"
_INHERITED = "PATH HOME LANG LANGUAGE TMPDIR TESSDATA_PREFIX LD_LIBRARY_PATH DYLD_LIBRARY_PATH PYTHONPATH PYTHONHOME".split()
_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "MALLOC_ARENA_MAX": "2",
    "OMP_NUM_THREADS": "1",
    "OMP_THREAD_LIMIT": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
_PATIENCE = 100  # one file may take this many times `ReadOptions.seconds` in all, however many signs of life its parser gives
_EXIT_TIMEOUT = 2.0  # seconds that a process may take to exit once it has closed its pipes
_MAX_LOGGED = 4000  # bytes of its standard error, the last ones


class WorkerReply(NamedTuple):
    """One message of a worker about a file, and the bytes that came with it."""

    message: dict[str, Any]
    data: bytes


class BrokenError(DocumentError):
    """A file broke the process that parsed it. `hung` says that it gave no sign of life and was stopped."""

    def __init__(self, sentence: str, *, hung: bool = False) -> None:
        super().__init__(sentence)
        self.hung = hung


class Process:
    """A running worker. It inherits only the few environment variables it needs, and has no terminal."""

    def __init__(self, options: ReadOptions, name: str) -> None:
        """Start a worker to read the file called `name`. Raises DocumentError if no process can be started."""
        environment = {key: value for key, value in os.environ.items() if key in _INHERITED or key.startswith("LC_")}
        self._options = options
        stderr_file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `_end`
        try:
            self._process = subprocess.Popen(  # noqa: S603 - a program of our own
                [sys.executable, "-P", "-c", _PROGRAM, str(Path(__file__).parents[2]), json.dumps(asdict(options))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr_file,
                env=environment | _ENVIRONMENT,
                start_new_session=True,
            )
        except OSError as error:
            stderr_file.close()
            raise BrokenError(f"{name} can't be read: no process can be started to read it ({error.strerror}).") from error
        self._finalizer = weakref.finalize(self, _end, self._process, stderr_file)

    def has_ended(self) -> bool:
        """Return whether the process has ended, for instance because an operator or the system killed it."""
        return self._process.poll() is not None

    def ask(self, message: dict[str, Any], data: bytes, name: str) -> list[WorkerReply]:
        """Send a file and return all replies. Raises DocumentError with the parser's own message, or BrokenError if it breaks."""
        watchdog = _Watchdog(self._options.seconds, self.kill)
        try:
            send(cast("BinaryIO", self._process.stdin), message, data)
            return self._replies(watchdog)
        except (EOFError, OSError):
            watchdog.stop()
            raise BrokenError(self._explain(name, watchdog), hung=watchdog.has_expired) from None
        finally:
            watchdog.stop()

    def kill(self) -> None:
        """Kill the process and what it started, so that `ask` raises BrokenError. Call `end` as well."""
        _kill(self._process)

    def end(self) -> None:
        """Kill the process and what it started, and release its pipes and files."""
        self._finalizer()

    def _replies(self, watchdog: "_Watchdog") -> list[WorkerReply]:
        replies: list[WorkerReply] = []
        bytes_left = self._options.megabytes * MEGABYTE
        while len(replies) <= _MAX_PARTS:
            message, data = receive(cast("BinaryIO", self._process.stdout), bytes_left)
            if "alive" in message:
                watchdog.restart()
            elif "error" in message:
                raise DocumentError(shown_sentence(str(message["error"])))
            elif "done" in message:
                return replies
            else:
                replies.append(WorkerReply(message, data))
                bytes_left -= len(data)
        raise FrameError(f"more than {_MAX_PARTS} files")

    def _explain(self, name: str, watchdog: "_Watchdog") -> str:
        """Return why the process ended, as a sentence for people."""
        if watchdog.has_expired:
            return (
                f"{name} can't be read: its parser gave no sign of life for {self._options.seconds} seconds and was stopped. "
                f"Split the file, save it again, or raise QUIPU_READ_SECONDS."
            )
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_EXIT_TIMEOUT)
        if self._process.returncode == OUT_OF_MEMORY:
            return f"{name} can't be read with {self._options.memory} MB of memory: split it, or raise QUIPU_READ_MEMORY."
        code = self._process.returncode or 0
        ending = f"crashed ({signal.Signals(-code).name})" if code < 0 else "ended too early"
        return f"{name} can't be read: its parser {ending}. The file may be damaged: save it again with the program that made it."


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and what it started."""
    with suppress(OSError):  # it has ended already
        os.killpg(process.pid, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes], stderr_file: IO[bytes]) -> None:
    """Kill a process, and log the end of what it wrote to its standard error."""
    _kill(process)
    with suppress(OSError), process:  # closing a pipe fails if it still holds data
        pass
    stderr_file.seek(max(0, stderr_file.seek(0, os.SEEK_END) - _MAX_LOGGED))
    if text := stderr_file.read().decode("utf-8", "replace").strip():
        _log.debug("A worker wrote: %s", text)
    stderr_file.close()


class _Watchdog:
    """Calls `on_expiry` after `seconds`, unless it is restarted or stopped first.

    Restarting can't postpone expiry beyond `_PATIENCE` times `seconds`.
    """

    def __init__(self, seconds: float, on_expiry: Callable[[], None]) -> None:
        self.has_expired = False
        self._seconds, self._on_expiry = seconds, on_expiry
        self._deadline = time.monotonic() + seconds * _PATIENCE
        self._timer = self._start()

    def restart(self) -> None:
        """Start the time anew."""
        self.stop()
        self._timer = self._start()

    def stop(self) -> None:
        """Stop the timer. Afterwards `has_expired` no longer changes."""
        self._timer.cancel()
        self._timer.join()

    def _start(self) -> threading.Timer:
        timer = threading.Timer(max(0.0, min(self._seconds, self._deadline - time.monotonic())), self._bark)
        timer.daemon = True
        timer.start()
        return timer

    def _bark(self) -> None:
        self.has_expired = True
        self._on_expiry()
