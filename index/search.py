"""Searches a library: the one way from a query to passages."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Self

from corpus import DEFAULT_READ_OPTIONS, Document, ReadOptions, Worker
from index.analyser import question_language, question_terms
from index.encoders import Encoder
from index.errors import LibraryError
from index.fusion import fuse
from index.hit import Hit
from index.library import (
    Catalogue,
    DocumentFiles,
    DocumentVersion,
    Entry,
    Generation,
    Home,
    check_encoder,
    current_number,
    open_current,
    reread,
)
from index.store import Candidates, Range

_DEPTH = 50
"""Candidates of each retriever that are fused."""

_READERS = 64
"""Combinations of groups for which it is remembered what they may see."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a reader can find, in one state of the catalogue: entries in the order they were added, and their ids."""

    entries: tuple[Entry, ...]
    by_id: dict[str, Entry]
    ids: frozenset[str]


class Index:
    """An opened generation under the library's present word on what may be found. Safe to use from several threads."""

    _groups: frozenset[str] | None = None  # of the reader whom this is for; None: it finds everything

    def __init__(self, home: Home, encoder: Encoder, generation: Generation, reading: ReadOptions = DEFAULT_READ_OPTIONS) -> None:
        self._home, self._encoder, self._store = home, encoder, generation.store
        self._volumes = {volume.id: volume for volume in generation.manifest.volumes}
        self._library, self._shelf = Catalogue(home), DocumentFiles(home)
        self._languages = dict(zip(self._volumes, generation.manifest.languages, strict=True))
        self._documents = lru_cache(maxsize=128)(self._load)
        self._found_by: dict[frozenset[str] | None, tuple[int, _Found]] = {}  # by a reader's groups, with the catalogue's state
        self._common = lru_cache(maxsize=32)(frozenset[str].intersection)
        self._number = generation.current
        self.generation = generation.manifest.number
        self.passages = generation.manifest.passages
        self._notice = generation.notice
        self._worker = Worker(reading)
        self._unreadable: dict[str, str] = {}  # by document id, a sentence

    @classmethod
    def open(cls, home: Home, encoder: Encoder, reading: ReadOptions = DEFAULT_READ_OPTIONS) -> Self | None:
        """The index of `home`; None if nothing was ever indexed there. `reading` is how its originals are read anew.

        Raises LibraryError if no generation can be opened, EncoderError if it was made with another encoder.
        """
        generation = open_current(home)
        if generation is None:
            return None
        check_encoder(generation.manifest.model, encoder)
        return cls(home, encoder, generation, reading)

    def visible_to(self, groups: Collection[str] | None) -> Self:
        """The same index for a reader in these groups (None: for who may see everything): what they may not see isn't there for any
        method. How often words occur in it still counts in the scores of BM25.
        """
        seen = copy(self)
        seen._groups = None if groups is None else frozenset(groups)
        return seen

    def stale(self) -> bool:
        """Whether another generation was put in use since this one was opened."""
        return current_number(self._home) != self._number

    @property
    def notice(self) -> str:
        """What an operator should mend, in a sentence each; "" if nothing was noticed."""
        return " ".join(sentence for sentence in (self._notice, *self._unreadable.values()) if sentence)

    def outdated(self) -> bool:
        """Whether a document in it was read by another version of Quipu than this one."""
        fingerprint = self._encoder.fingerprint
        return any(volume != DocumentVersion.named(volume.id, volume.digest, fingerprint) for volume in self._volumes.values())

    def entries(self) -> list[Entry]:
        """The documents that can be found, in the order they were added: indexed, not removed, and for this reader to see."""
        return list(self._found().entries)

    def document(self, document_id: str) -> Document:
        """A document that can be found. Raises LibraryError if there is none of this id."""
        return self._documents(self._entry(document_id).id)

    def reread(self, document_id: str) -> Document:
        """A document that can be found, as it is read now from its kept original. Raises LibraryError or DocumentError if that
        can't be done.
        """
        entry = self._entry(document_id)
        kept = self._documents(entry.id) if self._is_readable(entry.id) else None
        return reread(self._home, entry, self._worker, kept)

    def original(self, document_id: str) -> bytes:
        """The file that a document which can be found was read from. Raises LibraryError if there is none, or it is gone."""
        return self._shelf.original(self._entry(document_id))

    def documents(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, Document]]:
        """The entries with their documents, but for what can't be read: removed in this very moment, or damaged."""
        for entry in entries:
            with suppress(LibraryError):
                yield entry, self.document(entry.id)

    def size(self, allowed: Collection[str] | None = None) -> int:
        """How many passages the documents with these ids have (None: all that can be found)."""
        return self._store.size(self._findable(allowed))

    def languages(self, allowed: Collection[str] | None = None) -> frozenset[str]:
        """The languages of the documents with these ids (None: of all that can be found)."""
        return frozenset(self._languages[document_id] for document_id in self._findable(allowed))

    def search(self, query: str | Sequence[str], k: int = 10, allowed: Collection[str] | None = None) -> list[Hit]:
        """The `k` best passages for a query, best first, out of the documents with these ids (None: of all that can be found).

        Several phrasings of a query count as one: a passage is as near as to the nearest of them, and has the words of all.
        Dense and BM25 candidates are filtered, then fused. Equal input gives equal output: ties go by document id and place.
        A document whose text is damaged is passed over; `notice` says so.
        """
        phrasings = [query] if isinstance(query, str) else query
        documents = self._findable(allowed)
        depth = max(k, _DEPTH)
        rows = self._encoder.questions(phrasings)
        dense = _best_of([self._store.dense(row[None, :], depth, documents) for row in rows])[:depth]
        asked = dict.fromkeys(term for phrasing in phrasings for term in question_terms(phrasing, question_language(phrasing)))
        lexical = self._store.lexical(list(asked), depth, documents)
        fused = fuse(dense, lexical)
        best = sorted(fused, key=lambda place: (-fused[place], place))
        found = {
            retriever: {place: (score, rank) for rank, (place, score) in enumerate(candidates, 1)}
            for retriever, candidates in (("dense", dense), ("lexical", lexical))
        }
        places = list(islice((place for place in best if self._is_readable(place.document_id)), k))
        cosines = self._store.cosines(rows, places)
        return [self._hit(place, fused[place], found, cosine) for place, cosine in zip(places, cosines, strict=True)]

    def frequency(self, term: str, allowed: Collection[str] | None = None) -> int:
        """How many passages of the documents with these ids (None: of all that can be found) have an index term."""
        return self._store.frequency(term, self._findable(allowed))

    def terms(self, allowed: Collection[str] | None = None) -> tuple[str, ...]:
        """The index terms of the documents with these ids (None: of all that can be found), in the order of the alphabet."""
        return self._store.terms(self._findable(allowed))

    def _entry(self, document_id: str) -> Entry:
        entry = self._found().by_id.get(document_id)
        if entry is None:
            raise LibraryError(f"There is no document '{document_id}'.")
        return entry

    def _findable(self, allowed: Collection[str] | None) -> frozenset[str]:
        """The ids of what can be found of these. Equal questions get the same object: the store knows it again, since a frozenset
        keeps its hash.
        """
        ids = self._found().ids
        return ids if allowed is None else self._common(ids, frozenset(allowed))

    def _found(self) -> _Found:
        """What can be found now. A removal counts at once; while the catalogue stays as it is, it isn't gone through again."""
        state, entries = self._library.state()
        kept = self._found_by.get(self._groups)
        if kept is None or kept[0] != state:
            seen = tuple(
                entry for entry in entries if entry.removed is None and entry.id in self._volumes and entry.visible_to(self._groups)
            )
            by_id = {entry.id: entry for entry in seen}
            kept = state, _Found(seen, by_id, frozenset(by_id))
            if len(self._found_by) >= _READERS:
                self._found_by.clear()
            self._found_by[self._groups] = kept
        return kept[1]

    def _hit(self, place: Range, score: float, found: dict[str, dict[Range, tuple[float, int]]], cosine: float) -> Hit:
        passage = self._documents(place.document_id).passage(place.start, place.end)
        scores, ranks = {}, {}
        for retriever, candidates in found.items():
            if place in candidates:
                scores[retriever], ranks[retriever] = candidates[place]
        return Hit(passage, score, scores, ranks, cosine)

    def _is_readable(self, document_id: str) -> bool:
        try:
            self._documents(document_id)
        except LibraryError as error:
            self._unreadable[document_id] = str(error)
            return False
        return True

    def _load(self, document_id: str) -> Document:
        return self._shelf.document(self._volumes[document_id])


def _best_of(found: Sequence[Candidates]) -> Candidates:
    """The candidates of several rankings, each with its best score."""
    scores: dict[Range, float] = {}
    for candidates in found:
        for place, score in candidates:
            scores[place] = max(score, scores.get(place, score))
    return sorted(scores.items(), key=lambda candidate: (-candidate[1], candidate[0]))
