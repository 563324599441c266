"""What one question may be answered from: some documents of an index, and everything that may be known of them."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from corpus import Document
from index.errors import LibraryError
from index.hit import Hit
from index.library import Entry

if TYPE_CHECKING:
    from index.search import Index


@dataclass(frozen=True, slots=True)
class Visible:
    """The documents that a reader may find, in one state of the catalogue: entries in the order they were added, and their ids."""

    entries: tuple[Entry, ...]
    by_id: dict[str, Entry]
    ids: frozenset[str]


class Scope:
    """Some of an index's documents. The same documents decide what is searched, how rare a word is, and what there is to answer
    from; no other document can be seen through it. `Index.within` makes one in no time; ask for another for the next question.
    """

    def __init__(
        self,
        index: "Index",
        visible: Visible,
        ids: frozenset[str],
        documents: Collection[str] | None,
        groups: frozenset[str] | None,
    ) -> None:
        self._index, self._visible, self._ids = index, visible, ids
        self._asked = documents, groups

    @property
    def generation(self) -> int:
        """The number of the generation that is searched."""
        return self._index.generation

    @property
    def state(self) -> tuple[int, frozenset[str]]:
        """What is the same for as long as the same documents of the same generation are searched: its number, and their ids."""
        return self.generation, self._ids

    def stale(self) -> bool:
        """Return whether the library changed since this scope was made, so that it would hold other documents now."""
        return self._index.stale() or self._index.within(*self._asked)._ids != self._ids

    def entries(self) -> list[Entry]:
        """Return the catalogue's entries of its documents, in the order they were added."""
        return [entry for entry in self._visible.entries if entry.id in self._ids]

    def document(self, document_id: str) -> Document:
        """Return the document with this id. Raises LibraryError if it isn't in the scope, or is damaged."""
        return self._index.document(self._entry(document_id))

    def documents(self, entries: Iterable[Entry] | None = None) -> Iterator[tuple[Entry, Document]]:
        """Yield these entries (None: all) with their documents, leaving out what can't be read: damaged, or removed a moment ago."""
        for entry in self.entries() if entries is None else entries:
            with suppress(LibraryError):
                yield entry, self._index.document(entry)

    def original(self, document_id: str) -> bytes:
        """Return the file that a document was read from. Raises LibraryError if it isn't in the scope, or its file is gone."""
        return self._index.original(self._entry(document_id))

    def reread(self, document_id: str) -> Document:
        """Parse a document anew from its original. Raises LibraryError or DocumentError if that can't be done."""
        return self._index.reread(self._entry(document_id))

    def size(self) -> int:
        """Return the number of passages."""
        return self._index.store.size(self._ids)

    def passages_of(self, document_id: str) -> int:
        """Return the number of passages of one document. Raises LibraryError if it isn't in the scope."""
        return self._index.store.size(frozenset([self._entry(document_id).id]))

    def languages(self) -> frozenset[str]:
        """Return the documents' languages, as codes of two letters."""
        return self._index.languages(self._ids)

    def frequency(self, term: str) -> int:
        """Return in how many passages an index term occurs."""
        return self._index.store.frequency(term, self._ids)

    def terms(self) -> tuple[str, ...]:
        """Return the index terms that occur, in alphabetical order."""
        return self._index.store.terms(self._ids)

    def search(self, query: str | Sequence[str], k: int = 10) -> list[Hit]:
        """Return the `k` best passages for a query, best first; ties go by document id and place.

        Several phrasings count as one query: a passage is as near as to the nearest of them, and has the words of all. Candidates
        of both retrievers are filtered before the best are taken, then fused. A document whose text is damaged is passed over;
        `Index.notice` says so. How often a term occurs in the whole index still counts in the scores of BM25.
        """
        return self._index.search(query, k, self._ids)

    def _entry(self, document_id: str) -> Entry:
        if document_id not in self._ids:
            raise LibraryError(f"There is no document '{document_id}'.")
        return self._visible.by_id[document_id]
