"""The library of a home: adds, removes, limits, rebuilds and verifies its documents."""

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
    """Keeps data about documents outside the library, which must be deleted with them."""

    def forget_removed(self) -> None:
        """Delete the data about documents that are no longer in the library. Raises LibraryError if that fails."""


class Library:
    """The documents of a home, for everything that changes them: the terminal, the web page, the folder watcher.

    After every change, successful or not, the `followers` are told to forget what was removed or replaced. The functions of the
    same names in this package say what the methods do and raise in full; for `documents` it is `stored`.
    """

    def __init__(self, home: Home, parsers: FileParsers = ISOLATED_PARSERS, followers: Sequence[Follower] = ()) -> None:
        self.home, self.parsers = home, parsers
        self._followers = followers
        self._catalogue = Catalogue(home)

    def entries(self, groups: Collection[str] | None = None) -> list[Entry]:
        """Return the entries that a reader in `groups` may see, in the order they were added; None means an operator.

        Documents that are not searched yet are included.
        """
        return [entry for entry in self._catalogue.active() if entry.visible_to(groups)]

    def add(
        self, paths: Sequence[Path], encoder: Encoder, progress: Progress = NO_PROGRESS, groups: Collection[str] = ()
    ) -> list[AddResult]:
        """Add files. A file that changed replaces the document it was."""
        with self._followers_told():
            return add(self.home, paths, encoder, progress, groups, self.parsers)

    def remove(self, name: str) -> list[Entry]:
        """Remove the document with this name or id, and return the entries removed."""
        with self._followers_told():
            return remove(self.home, name)

    def remove_from(self, places: Collection[str]) -> list[Entry]:
        """Remove the documents that were added from the files at these places, and return their entries."""
        with self._followers_told():
            return remove_from(self.home, places)

    def limit(self, name: str, groups: Collection[str]) -> list[Entry]:
        """Let only readers in one of these groups see the document with this name or id; everyone, if there are none."""
        return limit(self.home, name, groups)

    def rebuild(self, encoder: Encoder, progress: Progress = NO_PROGRESS) -> RebuildResult:
        """Parse every document anew, and embed those that this version of Quipu and this encoder haven't."""
        with self._followers_told():
            return rebuild(self.home, encoder, progress, self.parsers)

    def documents(self) -> list[StoredDocument]:
        """Return every document with its stored text."""
        return stored(self.home)

    def verify(self) -> list[VerifyResult]:
        """Parse every original anew and compare it with the text that is searched and quoted."""
        return verify(self.home, self.parsers)

    def reread(self, entry: Entry, pool: ParserPool) -> Document:
        """Parse one document anew from its original."""
        return reread(self.home, entry, pool)

    @contextmanager
    def _followers_told(self) -> Iterator[None]:
        try:
            yield
        finally:
            for follower in self._followers:
                follower.forget_removed()
