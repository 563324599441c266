"""The library of a home: the one way by which its documents are added, removed, limited, rebuilt and verified."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from corpus import ISOLATED_PARSERS, Document, FileParsers, ParserPool
from index.encoders import Encoder
from index.library.add import AddResult, add
from index.library.catalogue import Catalogue, Entry
from index.library.change import NO_PROGRESS, Progress, RebuildResult, limit, rebuild, remove, remove_from
from index.library.home import Home
from index.library.verify import StoredDocument, VerifyResult, reread, stored, verify


class Follower(Protocol):
    """What keeps something of documents beside the library, and must not outlive them."""

    def forget_removed(self) -> None:
        """Delete what is kept of documents that aren't in the library any more. Raises LibraryError if that fails."""


class Library:
    """The documents of a home, for everybody who changes them: the terminal, the page, the watcher.

    `followers` are told to forget what was removed or replaced, after every change and whatever became of it. What `add`, `remove`,
    `limit`, `rebuild`, `documents` and `verify` do and raise is said at the functions of the same names in this package.
    """

    def __init__(self, home: Home, parsers: FileParsers = ISOLATED_PARSERS, followers: Sequence[Follower] = ()) -> None:
        self.home, self.parsers = home, parsers
        self._followers = followers
        self._catalogue = Catalogue(home)

    def entries(self, groups: Collection[str] | None = None) -> list[Entry]:
        """Return the entries of the documents that a reader in these groups may see (None: an operator), in the order they were
        added; also of those that aren't searched yet.
        """
        return [entry for entry in self._catalogue.active() if entry.visible_to(groups)]

    def add(
        self, paths: Sequence[Path], encoder: Encoder, progress: Progress = NO_PROGRESS, groups: Collection[str] = ()
    ) -> list[AddResult]:
        """Add files; a file that changed replaces what it was."""
        with self._told():
            return add(self.home, paths, encoder, progress, groups, self.parsers)

    def remove(self, name: str) -> list[Entry]:
        """Remove the document of this name or id, and return what was removed."""
        with self._told():
            return remove(self.home, name)

    def remove_from(self, places: Collection[str]) -> list[Entry]:
        """Remove the documents that were added from files at these places, and return them."""
        with self._told():
            return remove_from(self.home, places)

    def limit(self, name: str, groups: Collection[str]) -> list[Entry]:
        """Let only readers in one of these groups see the document of this name or id; every reader, if there are none."""
        return limit(self.home, name, groups)

    def rebuild(self, encoder: Encoder, progress: Progress = NO_PROGRESS) -> RebuildResult:
        """Read and embed every document anew, where this version of Quipu or this encoder hasn't."""
        with self._told():
            return rebuild(self.home, encoder, progress, self.parsers)

    def documents(self) -> list[StoredDocument]:
        """Return every document with what is stored of it."""
        return stored(self.home)

    def verify(self) -> list[VerifyResult]:
        """Parse every original anew and compare it with what is searched and quoted."""
        return verify(self.home, self.parsers)

    def reread(self, entry: Entry, pool: ParserPool) -> Document:
        """Parse one document anew from its original."""
        return reread(self.home, entry, pool)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        finally:
            for follower in self._followers:
                follower.forget_removed()
