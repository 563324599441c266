"""Searches a library: every path from a query to passages goes through here."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import islice
from typing import Self

from corpus import ISOLATED_PARSERS, Document, FileParsers
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
from index.scope import Scope, Visible
from index.store import Candidates, Range

_DEPTH = 50
"""The number of candidates from each retriever that are fused, at least."""

_MAX_CACHED_GROUPS = 64
"""The most combinations of groups for which the visible documents are cached."""


class Index:
    """An open generation, filtered by what the catalogue allows at the moment. Thread-safe.

    Questions go to a `Scope`, which `within` returns.
    """

    def __init__(self, home: Home, encoder: Encoder, generation: Generation, parsers: FileParsers = ISOLATED_PARSERS) -> None:
        self._home, self._encoder, self.store = home, encoder, generation.store
        self._versions = {version.id: version for version in generation.manifest.versions}
        self._catalogue, self._files = Catalogue(home), DocumentFiles(home)
        self._languages = dict(zip(self._versions, generation.manifest.languages, strict=True))
        self._documents = lru_cache(maxsize=128)(self._load)
        self._visible_to: dict[frozenset[str] | None, tuple[int, Visible]] = {}  # by groups, with the catalogue's state number
        self._intersection = lru_cache(maxsize=32)(frozenset[str].intersection)
        self._number = generation.current
        self.generation = generation.manifest.number
        self.passages = generation.manifest.passages
        self._notice = generation.notice
        self._pool = parsers.open()
        self._unreadable: dict[str, str] = {}  # a sentence by document id

    @classmethod
    def open(cls, home: Home, encoder: Encoder, parsers: FileParsers = ISOLATED_PARSERS) -> Self | None:
        """Open the index of `home`. Return None if nothing was ever indexed there. `parsers` are used by `reread`.

        Raises LibraryError if no generation can be opened, and EncoderError if it was made with another encoder.
        """
        generation = open_current(home)
        if generation is None:
            return None
        check_encoder(generation.manifest.model, encoder)
        return cls(home, encoder, generation, parsers)

    def within(self, documents: Collection[str] | None = None, groups: Collection[str] | None = None) -> Scope:
        """Return the scope of the documents with these ids (None: all) that a reader in these groups may see (None: an operator).

        Ids of removed documents, or of documents that such a reader may not see, are ignored.
        """
        reader_groups = None if groups is None else frozenset(groups)
        visible = self._visible(reader_groups)
        ids = visible.ids if documents is None else self._intersection(visible.ids, frozenset(documents))
        return Scope(self, visible, ids, documents, reader_groups)

    def stale(self) -> bool:
        """Return whether another generation was put in use since this one was opened."""
        return current_number(self._home) != self._number

    @property
    def notice(self) -> str:
        """A sentence for each problem that an operator should fix; "" if there is none."""
        return " ".join(sentence for sentence in (self._notice, *self._unreadable.values()) if sentence)

    def outdated(self) -> bool:
        """Return whether any document was parsed by another version of Quipu."""
        fingerprint = self._encoder.fingerprint
        return any(version != DocumentVersion.named(version.id, version.digest, fingerprint) for version in self._versions.values())

    def document(self, entry: Entry) -> Document:
        """Return the document of an entry. Raises LibraryError if its text is damaged or missing."""
        return self._documents(entry.id)

    def reread(self, entry: Entry) -> Document:
        """Parse the document of an entry anew from its original. Raises LibraryError or DocumentError if that can't be done."""
        indexed = self._documents(entry.id) if self._is_readable(entry.id) else None
        return reread(self._home, entry, self._pool, indexed)

    def original(self, entry: Entry) -> bytes:
        """Return the file that the document of an entry was read from. Raises LibraryError if it is missing."""
        return self._files.original(entry)

    def languages(self, ids: Collection[str]) -> frozenset[str]:
        """Return the languages of the documents with these ids."""
        return frozenset(self._languages[document_id] for document_id in ids)

    def search(self, query: str | Sequence[str], k: int, ids: frozenset[str]) -> list[Hit]:
        """Return the `k` best passages among these documents; see `Scope.search`."""
        phrasings = [query] if isinstance(query, str) else query
        depth = max(k, _DEPTH)
        rows = self._encoder.questions(phrasings)
        dense = _best_of([self.store.dense(row[None, :], depth, ids) for row in rows])[:depth]
        terms = dict.fromkeys(term for phrasing in phrasings for term in question_terms(phrasing, question_language(phrasing)))
        lexical = self.store.lexical(list(terms), depth, ids)
        fused = fuse(dense, lexical)
        best = sorted(fused, key=lambda place: (-fused[place], place))
        found = {
            retriever: {place: (score, rank) for rank, (place, score) in enumerate(candidates, 1)}
            for retriever, candidates in (("dense", dense), ("lexical", lexical))
        }
        places = list(islice((place for place in best if self._is_readable(place.document_id)), k))
        cosines = self.store.cosines(rows, places)
        return [self._hit(place, fused[place], found, cosine) for place, cosine in zip(places, cosines, strict=True)]

    def _visible(self, groups: frozenset[str] | None) -> Visible:
        """Return the documents that a reader in these groups may find now, cached until the catalogue changes."""
        state, entries = self._catalogue.state()
        cached = self._visible_to.get(groups)
        if cached is None or cached[0] != state:
            visible_entries = tuple(
                entry for entry in entries if entry.removed is None and entry.id in self._versions and entry.visible_to(groups)
            )
            by_id = {entry.id: entry for entry in visible_entries}
            cached = state, Visible(visible_entries, by_id, frozenset(by_id))
            if len(self._visible_to) >= _MAX_CACHED_GROUPS:
                self._visible_to.clear()
            self._visible_to[groups] = cached
        return cached[1]

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
        return self._files.document(self._versions[document_id])


def _best_of(found: Sequence[Candidates]) -> Candidates:
    """Merge several rankings into one, giving each passage its best score."""
    scores: dict[Range, float] = {}
    for candidates in found:
        for place, score in candidates:
            scores[place] = max(score, scores.get(place, score))
    return sorted(scores.items(), key=lambda candidate: (-candidate[1], candidate[0]))
