"""The documents that one question may be answered from, and everything that may be known about them."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from corpus import Document
from index.errors import LibraryError
from index.hit import Hit
from index.library import Entry
from index.store import Store


@dataclass(frozen=True, slots=True)
class Visible:
    """The documents that a reader may find in one state of the catalogue; `entries` are in the order they were added."""

    entries: tuple[Entry, ...]
    by_id: dict[str, Entry]
    ids: frozenset[str]


class ScopedIndex(Protocol):
    """What a scope needs of the index that it is part of; `Index` is one."""

    generation: int
    store: Store

    def within(self, documents: Collection[str] | None = None, groups: Collection[str] | None = None) -> "Scope":
        """See `Index.within`."""

    def stale(self) -> bool:
        """See `Index.stale`."""

    def document(self, entry: Entry) -> Document:
        """See `Index.document`."""

    def original(self, entry: Entry) -> bytes:
        """See `Index.original`."""

    def reread(self, entry: Entry) -> Document:
        """See `Index.reread`."""

    def languages(self, ids: Collection[str]) -> frozenset[str]:
        """See `Index.languages`."""

    def search(self, query: str | Sequence[str], k: int, ids: frozenset[str]) -> list[Hit]:
        """See `Index.search`."""


class Scope:
    """Some of an index's documents: the only ones that are searched, counted for word frequencies, or quoted.

    `Index.within` makes one quickly. Get a new one for each question.
    """

    def __init__(
        self,
        index: ScopedIndex,
        visible: Visible,
        ids: frozenset[str],
        documents: Collection[str] | None,
        groups: frozenset[str] | None,
    ) -> None:
        self._index, self._visible, self._ids = index, visible, ids
        self._request = documents, groups

    @property
    def generation(self) -> int:
        """The number of the generation being searched."""
        return self._index.generation

    @property
    def state(self) -> tuple[int, frozenset[str]]:
        """The generation's number and the documents' ids: equal for two scopes that search the same documents."""
        return self.generation, self._ids

    def stale(self) -> bool:
        """Return whether the library changed so that a new scope would hold other documents."""
        return self._index.stale() or self._index.within(*self._request)._ids != self._ids

    def entries(self) -> list[Entry]:
        """Return the catalogue entries of the documents, in the order they were added."""
        return [entry for entry in self._visible.entries if entry.id in self._ids]

    def document(self, document_id: str) -> Document:
        """Return the document with this id. Raises LibraryError if it is not in the scope, or is damaged."""
        return self._index.document(self._entry(document_id))

    def documents(self, entries: Iterable[Entry] | None = None) -> Iterator[tuple[Entry, Document]]:
        """Yield these entries (None: all) with their documents, skipping those that are damaged or were just removed."""
        for entry in self.entries() if entries is None else entries:
            with suppress(LibraryError):
                yield entry, self._index.document(entry)

    def original(self, document_id: str) -> bytes:
        """Return the file that a document was read from. Raises LibraryError if the document or its file is not there."""
        return self._index.original(self._entry(document_id))

    def reread(self, document_id: str) -> Document:
        """Parse a document anew from its original. Raises LibraryError or DocumentError if that can't be done."""
        return self._index.reread(self._entry(document_id))

    def size(self) -> int:
        """Return the number of passages."""
        return self._index.store.size(self._ids)

    def passages_of(self, document_id: str) -> int:
        """Return the number of passages of one document. Raises LibraryError if it is not in the scope."""
        return self._index.store.size(frozenset([self._entry(document_id).id]))

    def languages(self) -> frozenset[str]:
        """Return the documents' languages as two-letter codes."""
        return self._index.languages(self._ids)

    def frequency(self, term: str) -> int:
        """Return the number of passages that contain an index term."""
        return self._index.store.frequency(term, self._ids)

    def terms(self) -> tuple[str, ...]:
        """Return the index terms of the passages, in alphabetical order."""
        return self._index.store.terms(self._ids)

    def search(self, query: str | Sequence[str], k: int = 10) -> list[Hit]:
        """Return the `k` best passages for a query, best first; ties are ordered by document id and position.

        Several phrasings count as one query: a passage is compared with the nearest phrasing, and with the words of all. The scope
        filters the candidates of both retrievers before the best are taken and fused. A document whose text is damaged is skipped,
        and `Index.notice` says so. BM25 scores do count how often a term occurs in the whole index.
        """
        return self._index.search(query, k, self._ids)

    def _entry(self, document_id: str) -> Entry:
        if document_id not in self._ids:
            raise LibraryError(f"There is no document '{document_id}'.")
        return self._visible.by_id[document_id]
