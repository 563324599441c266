"""What parses files for everybody else: the seam between a library and the way in which its files are opened."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Protocol, Self, TypeVar

from corpus.document import Document
from corpus.formats import read_bytes
from corpus.read_options import DEFAULT_READ_OPTIONS, ReadOptions
from corpus.unpack import unpack

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class ParserPool(Protocol):
    """Parses files until it is closed. Safe to use from several threads."""

    options: ReadOptions

    def parse(self, data: bytes, name: str, *, ocr: bool | None = None) -> Document:
        """Return the document in a file's bytes, as `read_bytes` does; `ocr` None means `options.ocr`.

        Raises DocumentError, in one sentence, for whatever the file does to its parser.
        """

    def unpack(self, data: bytes, name: str) -> list[tuple[str, bytes]]:
        """Return the files in a zip, or attached to an e-mail, with their names in it; see `corpus.unpack`."""

    def begin(self, task: Callable[[], _Result]) -> Future[_Result]:
        """Start a task that uses this pool, beside the caller where that is possible."""

    def prefetch(self, items: Iterable[_Item], weight: Callable[[_Item], int]) -> Iterator[_Item]:
        """Yield the items in order, taking a bounded number before they are asked for; `weight` is the bytes that an item holds."""

    def close(self) -> None:
        """Give up what is being parsed. Nothing can be parsed afterwards."""

    def __enter__(self) -> Self:
        """Return the pool itself."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the pool."""


class FileParsers(Protocol):
    """Opens pools of parsers that all obey the same options."""

    @property
    def options(self) -> ReadOptions:
        """How files are read, and the limits of one."""

    def open(self) -> ParserPool:
        """Open a pool; close it, or use it in a `with`."""


class InlineParsers:
    """Parses in this process, one file after the other and without limits on time or memory: for files that are trusted, and for
    tests. Anything else is parsed by `IsolatedParsers`.
    """

    def __init__(self, options: ReadOptions = DEFAULT_READ_OPTIONS) -> None:
        self.options = options

    def open(self) -> "InlinePool":
        """See `FileParsers.open`."""
        return InlinePool(self.options)


class InlinePool:
    """A `ParserPool` without processes or threads: what it begins is done at once."""

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
        done: Future[_Result] = Future()
        try:
            done.set_result(task())
        except Exception as error:
            done.set_exception(error)
        return done

    def prefetch(self, items: Iterable[_Item], weight: Callable[[_Item], int]) -> Iterator[_Item]:  # noqa: ARG002 - nothing is held
        """See `ParserPool.prefetch`."""
        return iter(items)

    def close(self) -> None:
        """See `ParserPool.close`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
