"""Reads files in a process of its own, with limits, so that one that breaks its reader, or never ends, costs a sentence."""

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

_Taken = TypeVar("_Taken")

_NONSENSE = (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError)
"""What comes of taking something else than a document for one."""


class Worker:
    """A process that reads one file after the other. It is started for the first one; close it, or use it in a `with`.

    A file that breaks it is a DocumentError, and the next one gets a new process. Safe to use from several threads.
    """

    def __init__(self, options: ReadOptions = DEFAULT_READ_OPTIONS) -> None:
        self.options = options
        self._process: Process | None = None
        self._lock = threading.Lock()
        self._is_given_up = False

    def parse(self, data: bytes, name: str, *, ocr: bool | None = None) -> Document:
        """The document in a file's bytes, as `read_bytes` gives it; `ocr` is that of `options` unless it is given.

        Raises DocumentError as that does, and if the reader crashes, hangs, or wants more memory than it may have.
        """

        def taken(answers: list[WorkerReply]) -> Document:
            known = {"id": document_id(data), "source": name, "media_type": FORMATS[Path(name).suffix.lower()].media_type}
            document = Document.from_json(answers[0].message["document"] | known)
            check(document)
            return in_its_language(document)

        return self._ask({"do": "read", "ocr": self.options.ocr if ocr is None else ocr}, data, name, taken)

    def unpack(self, data: bytes, name: str) -> list[tuple[str, bytes]]:
        """The files in a zip, or those attached to an e-mail, each with its name there, in order.

        What Quipu doesn't read isn't taken out of a zip: its bytes are b"". A zip in a zip is given as it is. Raises DocumentError
        as `parse` does.
        """

        def taken(answers: list[WorkerReply]) -> list[tuple[str, bytes]]:
            return [(str(answer.message["part"]), answer.data) for answer in answers]

        return self._ask({"do": "unpack"}, data, name, taken)

    def close(self) -> None:
        """End the process, if there is one. Another file would start another."""
        with self._lock:
            self._end()

    def give_up(self) -> None:
        """End the process at once, also while another thread waits for it: that gets a DocumentError, as all do from now on."""
        self._is_given_up = True
        if (process := self._process) is not None:
            process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _ask(self, message: dict[str, Any], data: bytes, name: str, taken: Callable[[list[WorkerReply]], _Taken]) -> _Taken:
        """What `taken` makes of the answers. A process that read other files before may be spent by them: a file that breaks it is
        given to a new one, too.
        """
        with self._lock:
            if self._process is not None and self._process.has_ended():
                self._end()
            if self._process is not None:
                try:
                    return self._ask_once(message, data, name, taken)
                except BrokenError as error:
                    if error.hung or self._is_given_up:
                        raise
            return self._ask_once(message, data, name, taken)

    def _ask_once(self, message: dict[str, Any], data: bytes, name: str, taken: Callable[[list[WorkerReply]], _Taken]) -> _Taken:
        is_usable = False  # afterwards: it has answered in full, and waits for the next file
        try:
            if self._process is None:
                self._process = Process(self.options, name)
            if self._is_given_up:  # asked after it was started, so that either this or `give_up` sees the other
                raise BrokenError(f"{name} isn't read: reading was stopped.")
            found = taken(self._process.ask(message | {"name": name}, data, name))
            is_usable = True
            return found
        except DocumentError as error:
            is_usable = not isinstance(error, BrokenError)
            raise
        except _NONSENSE as error:
            raise BrokenError(f"{name} can't be read: its reader gave what is no document ({error}).") from None
        finally:
            if not is_usable:
                self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.end()
