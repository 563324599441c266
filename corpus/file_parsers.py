"""The interface through which everything else parses files, and its implementation in this process."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Protocol, Self, TypeVar

from corpus.containers.unpack import unpack
from corpus.document import Document
from corpus.formats import read_bytes
from corpus.read_options import DEFAULT_READ_OPTIONS, ReadOptions

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class ParserPool(Protocol):
    """Parses files until it is closed. Thread-safe."""

    options: ReadOptions

    def parse(self, data: bytes, name: str, *, ocr: bool | None = None) -> Document:
        """Return the document in a file's bytes, as `read_bytes` does; `ocr` None means `options.ocr`.

        Raises DocumentError if the file can't be parsed, whatever it does to its parser.
        """

    def unpack(self, data: bytes, name: str) -> list[tuple[str, bytes]]:
        """Return the files in a zip, or attached to an email, each with its name there; see `corpus.containers.unpack`."""

    def begin(self, task: Callable[[], _Result]) -> Future[_Result]:
        """Start a task that uses this pool, in the background if the pool can, and return its future."""

    def prefetch(self, items: Iterable[_Item], weight: Callable[[_Item], int]) -> Iterator[_Item]:
        """Yield the items in order, fetching a bounded number ahead; `weight` returns how many bytes an item holds."""

    def close(self) -> None:
        """Abandon what is being parsed. Nothing can be parsed afterwards."""

    def __enter__(self) -> Self:
        """Return the pool itself."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the pool."""


class FileParsers(Protocol):
    """Opens parser pools that share the same options."""

    @property
    def options(self) -> ReadOptions:
        """How files are read, and the limits on a single file."""

    def open(self) -> ParserPool:
        """Open a pool. Close it, or use it in a `with` statement."""


class InlineParsers:
    """Opens pools that parse in this process, one file after another, without limits on time or memory.

    For tests and for trusted files only; parse anything else with `IsolatedParsers`.
    """

    def __init__(self, options: ReadOptions = DEFAULT_READ_OPTIONS) -> None:
        self.options = options

    def open(self) -> "InlinePool":
        """See `FileParsers.open`."""
        return InlinePool(self.options)


class InlinePool:
    """A `ParserPool` without processes or threads: `begin` runs its task immediately."""

    def __init__(self, options: ReadOptions) -> None:
        self.options = options

    def parse(self, data: bytes, name: str, *, ocr: bool | None = None) -> Document:
        """See `ParserPool.parse`."""
        return read_bytes(data, name, ocr=self.options.ocr if ocr is None else ocr)

    def unpack(self, data: bytes, name: str) -> list[tuple[str, bytes]]:
        """See `ParserPool.unpack`."""
        return list(unpack(data, name, self.options))

    def begin(self, task: Callable[[], _Result]) -> Future[_Result]:
        """See `ParserPool.begin`."""
        future: Future[_Result] = Future()
        try:
            future.set_result(task())
        except Exception as error:  # whatever it is, whoever asks for the result gets it, as from a thread
            future.set_exception(error)
        return future

    def prefetch(self, items: Iterable[_Item], weight: Callable[[_Item], int]) -> Iterator[_Item]:  # noqa: ARG002 - nothing is fetched ahead
        """See `ParserPool.prefetch`."""
        return iter(items)

    def close(self) -> None:
        """See `ParserPool.close`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
