"""Parses files in a worker process with limits, so that a file that crashes or hangs its parser costs one error message."""

import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from corpus.document import Document
from corpus.errors import DocumentError
from corpus.formats import FORMATS, document_id, in_its_language
from corpus.isolation.process import BrokenError, Process, WorkerReply
from corpus.isolation.validate import check
from corpus.read_options import DEFAULT_READ_OPTIONS, ReadOptions

_Converted = TypeVar("_Converted")

_MALFORMED = (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError)
"""The errors that come of converting malformed replies."""


class Worker:
    """A process that parses one file after another, started for the first one. Close it, or use it in a `with` statement.

    A file that breaks the process raises DocumentError, and the next file gets a new process. Thread-safe.
    """

    def __init__(self, options: ReadOptions = DEFAULT_READ_OPTIONS) -> None:
        self.options = options
        self._process: Process | None = None
        self._lock = threading.Lock()
        self._is_given_up = False

    def parse(self, data: bytes, name: str, *, ocr: bool | None = None) -> Document:
        """Return the document in a file's bytes, as `read_bytes` does; `ocr` None means `options.ocr`.

        Raises DocumentError as `read_bytes` does, and if the parser crashes, hangs, or needs more memory than it may use.
        """

        def to_document(replies: list[WorkerReply]) -> Document:
            known = {"id": document_id(data), "source": name, "media_type": FORMATS[Path(name).suffix.lower()].media_type}
            document = Document.from_json(replies[0].message["document"] | known)
            check(document)
            return in_its_language(document)

        return self._ask({"do": "read", "ocr": self.options.ocr if ocr is None else ocr}, data, name, to_document)

    def unpack(self, data: bytes, name: str) -> list[tuple[str, bytes]]:
        """Return the files in a zip, or attached to an email, as `corpus.containers.unpack` does.

        Raises DocumentError as `parse` does.
        """

        def to_files(replies: list[WorkerReply]) -> list[tuple[str, bytes]]:
            return [(str(reply.message["part"]), reply.data) for reply in replies]

        return self._ask({"do": "unpack"}, data, name, to_files)

    def close(self) -> None:
        """End the process, if there is one. The next file would start another."""
        with self._lock:
            self._end()

    def give_up(self) -> None:
        """Kill the process, even while another thread waits for it. That call, and every later one, raises DocumentError."""
        self._is_given_up = True
        if (process := self._process) is not None:
            process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _ask(
        self, message: dict[str, Any], data: bytes, name: str, convert: Callable[[list[WorkerReply]], _Converted]
    ) -> _Converted:
        """Return the worker's replies, converted by `convert`.

        A process that parsed other files before may have been worn out by them, so a file that breaks it is tried once more in a
        new process.
        """
        with self._lock:
            if self._process is not None and self._process.has_ended():
                self._end()
            if self._process is not None:
                try:
                    return self._ask_once(message, data, name, convert)
                except BrokenError as error:
                    if error.hung or self._is_given_up:
                        raise
            return self._ask_once(message, data, name, convert)

    def _ask_once(
        self, message: dict[str, Any], data: bytes, name: str, convert: Callable[[list[WorkerReply]], _Converted]
    ) -> _Converted:
        is_usable = False  # whether the process has replied in full and waits for the next file
        try:
            if self._process is None:
                self._process = Process(self.options, name)
            if self._is_given_up:  # checked after the start, so that either this or `give_up` sees the other
                raise BrokenError(f"{name} was not read: reading was stopped.")
            converted = convert(self._process.ask(message | {"name": name}, data, name))
            is_usable = True
            return converted
        except DocumentError as error:
            is_usable = not isinstance(error, BrokenError)
            raise
        except _MALFORMED as error:
            raise BrokenError(f"{name} can't be read: its parser returned something that is not a document ({error}).") from None
        finally:
            if not is_usable:
                self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.end()
