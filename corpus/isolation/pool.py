"""Reads several files at once, ahead of when they are needed."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, LifoQueue, SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeVar

from corpus.document import Document
from corpus.isolation.prefetch import Prefetcher
from corpus.isolation.worker import Worker
from corpus.read_options import DEFAULT_READ_OPTIONS, MEGABYTE, ReadOptions

_MOST_WORKERS = 4
_AHEAD = 4  # times as many documents as there are workers are held at once
_HEAVIEST = 64 * MEGABYTE  # held at once; the next file is taken only below that
_BYTES_A_CHARACTER = 20  # 6 to 12 were measured of PDFs; sheets of numbers take more

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class ProcessPool:
    """As many workers as processors may be used, but at most four. Each is started when all others are at work. Close it, or use it
    in a `with`. Safe to use from several threads.
    """

    def __init__(self, options: ReadOptions = DEFAULT_READ_OPTIONS, workers: int | None = None) -> None:
        self.options = options
        self._workers = [Worker(options) for _ in range(workers or min(_MOST_WORKERS, available_processors()))]
        self._free: LifoQueue[Worker] = LifoQueue()
        for worker in self._workers:
            self._free.put(worker)
        self._tasks: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._aheads: list[Prefetcher[Any]] = []

    def parse(self, data: bytes, name: str, *, ocr: bool | None = None) -> Document:
        """See `Worker.parse`; by one that is free, which is waited for."""
        worker = self._free.get()
        try:
            return worker.parse(data, name, ocr=ocr)
        finally:
            self._free.put(worker)

    def unpack(self, data: bytes, name: str) -> list[tuple[str, bytes]]:
        """See `Worker.unpack`; by one that is free, which is waited for."""
        worker = self._free.get()
        try:
            return worker.unpack(data, name)
        finally:
            self._free.put(worker)

    def begin(self, task: Callable[[], _Result]) -> Future[_Result]:
        """Have done, in a thread, what reads a file by this pool. As many tasks are at work at once as there are workers."""
        begun: Future[_Result] = Future()
        self._tasks.put((begun, task))
        if len(self._threads) < len(self._workers):
            thread = threading.Thread(target=self._run, name="quipu-parse", daemon=True)  # a program that ends waits for none
            self._threads.append(thread)
            thread.start()
        return begun

    def prefetch(self, items: Iterable[_Item], weight: Callable[[_Item], int]) -> Iterator[_Item]:
        """The items in their order, taken before they are asked for, in a thread of its own: so that files are opened, and begun to
        be read, beside what is done with those before.

        `weight` says how many bytes an item holds at the moment. So many items are held at once as keep the workers busy, and no
        more are taken while they are too heavy together: what is ahead takes the same memory, however many items there are.
        """
        ahead: Prefetcher[_Item] = Prefetcher(items, _AHEAD * len(self._workers), weight, _HEAVIEST)
        self._aheads.append(ahead)
        return ahead

    def close(self) -> None:
        """Give up what is being read, and end all processes and threads. Nothing can be read after it."""
        for ahead in self._aheads:
            ahead.stop()
        with suppress(Empty):
            while waiting := self._tasks.get_nowait():
                waiting[0].cancel()
        for worker in self._workers:
            worker.give_up()
        for ahead in self._aheads:
            ahead.join()
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()
        for worker in self._workers:
            worker.close()

    def _run(self) -> None:
        while begun := self._tasks.get():
            future, task = begun
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(task())
                except BaseException as error:  # whoever asks for the result is told of it
                    future.set_exception(error)
            del begun, future, task  # what it read is held no longer than whoever asked for it holds it

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class IsolatedParsers:
    """`FileParsers` for files of strangers: each pool parses in processes of its own, within the limits of `options`."""

    def __init__(self, options: ReadOptions = DEFAULT_READ_OPTIONS) -> None:
        self.options = options

    def open(self) -> ProcessPool:
        """See `FileParsers.open`. No process is started before the first file."""
        return ProcessPool(self.options)


ISOLATED_PARSERS = IsolatedParsers()
"""With the usual options and limits."""


def weight_of(document: Document) -> int:
    """About as many bytes as a document takes in memory: a text's blocks, cells and runs are objects of their own."""
    return _BYTES_A_CHARACTER * len(document.text)


def result_if_done(task: Future[_Result]) -> _Result | None:
    """What a task gave; None if it isn't done, or failed."""
    return task.result() if task.done() and not task.cancelled() and task.exception() is None else None


def available_processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
