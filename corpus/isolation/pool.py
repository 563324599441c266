"""Parses several files at once, each in a worker process."""

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

_MAX_WORKERS = 4
_PREFETCHED = 4  # items per worker that are held at once
_MAX_WEIGHT = 64 * MEGABYTE  # bytes held at once, above which no more items are fetched
_BYTES_PER_CHARACTER = 20  # in memory: PDFs measured 6 to 12, and sheets of numbers take more

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class ProcessPool:
    """A `ParserPool` with one worker per processor, at most four, each started when all others are busy.

    Close it, or use it in a `with` statement. Thread-safe.
    """

    def __init__(self, options: ReadOptions = DEFAULT_READ_OPTIONS, workers: int | None = None) -> None:
        self.options = options
        self._workers = [Worker(options) for _ in range(workers or min(_MAX_WORKERS, available_processors()))]
        self._free: LifoQueue[Worker] = LifoQueue()
        for worker in self._workers:
            self._free.put(worker)
        self._tasks: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._prefetchers: list[Prefetcher[Any]] = []

    def parse(self, data: bytes, name: str, *, ocr: bool | None = None) -> Document:
        """Parse a file with the next free worker; see `Worker.parse`."""
        worker = self._free.get()
        try:
            return worker.parse(data, name, ocr=ocr)
        finally:
            self._free.put(worker)

    def unpack(self, data: bytes, name: str) -> list[tuple[str, bytes]]:
        """Unpack a file with the next free worker; see `Worker.unpack`."""
        worker = self._free.get()
        try:
            return worker.unpack(data, name)
        finally:
            self._free.put(worker)

    def begin(self, task: Callable[[], _Result]) -> Future[_Result]:
        """Run a task that uses this pool in a thread, and return its future. As many tasks run at once as there are workers."""
        future: Future[_Result] = Future()
        self._tasks.put((future, task))
        if len(self._threads) < len(self._workers):
            # A daemon thread can't keep the program from ending.
            thread = threading.Thread(target=self._run, name="quipu-parse", daemon=True)
            self._threads.append(thread)
            thread.start()
        return future

    def prefetch(self, items: Iterable[_Item], weight: Callable[[_Item], int]) -> Iterator[_Item]:
        """Yield the items in order, fetching them ahead in a thread, so that files are opened while earlier ones are processed.

        `weight` returns how many bytes an item holds at the moment. Enough items are held to keep the workers busy, but no more are
        fetched while they are too heavy together, so memory does not grow with the number of items.
        """
        prefetcher: Prefetcher[_Item] = Prefetcher(items, _PREFETCHED * len(self._workers), weight, _MAX_WEIGHT)
        self._prefetchers.append(prefetcher)
        return prefetcher

    def close(self) -> None:
        """Abandon what is being parsed, and end all processes and threads. Nothing can be parsed afterwards."""
        for prefetcher in self._prefetchers:
            prefetcher.stop()
        with suppress(Empty):
            while waiting := self._tasks.get_nowait():
                waiting[0].cancel()
        for worker in self._workers:
            worker.give_up()
        for prefetcher in self._prefetchers:
            prefetcher.join()
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()
        for worker in self._workers:
            worker.close()

    def _run(self) -> None:
        while queued := self._tasks.get():
            future, task = queued
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(task())
                except BaseException as error:  # raised again by `Future.result`
                    future.set_exception(error)
            del queued, future, task  # so that this thread doesn't keep the result alive

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class IsolatedParsers:
    """`FileParsers` for untrusted files: each pool parses in its own processes, within the limits of `options`."""

    def __init__(self, options: ReadOptions = DEFAULT_READ_OPTIONS) -> None:
        self.options = options

    def open(self) -> ProcessPool:
        """See `FileParsers.open`. No process is started before the first file."""
        return ProcessPool(self.options)


ISOLATED_PARSERS = IsolatedParsers()
"""Isolated parsers with the default options and limits."""


def weight_of(document: Document) -> int:
    """Estimate the bytes that a document takes in memory, including its blocks, cells and runs."""
    return _BYTES_PER_CHARACTER * len(document.text)


def result_if_done(task: Future[_Result]) -> _Result | None:
    """Return a task's result, or None if it is not done or failed."""
    return task.result() if task.done() and not task.cancelled() and task.exception() is None else None


def available_processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
