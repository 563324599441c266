"""Searches a library: the one way from a query to passages."""

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
"""Candidates of each retriever that are fused."""

_REMEMBERED_GROUPS = 64
"""Combinations of groups for which it is remembered what they may find."""


class Index:
    """An opened generation, under the catalogue's present word on what may be found. Safe to use from several threads.

    Everything that is asked of documents is asked of a `Scope`: `within` gives the one of a question.
    """

    def __init__(self, home: Home, encoder: Encoder, generation: Generation, parsers: FileParsers = ISOLATED_PARSERS) -> None:
        self._home, self._encoder, self.store = home, encoder, generation.store
        self._volumes = {volume.id: volume for volume in generation.manifest.volumes}
        self._catalogue, self._files = Catalogue(home), DocumentFiles(home)
        self._languages = dict(zip(self._volumes, generation.manifest.languages, strict=True))
        self._documents = lru_cache(maxsize=128)(self._load)
        self._visible_to: dict[frozenset[str] | None, tuple[int, Visible]] = {}  # by a reader's groups, with the catalogue's state
        self._common = lru_cache(maxsize=32)(frozenset[str].intersection)
        self._number = generation.current
        self.generation = generation.manifest.number
        self.passages = generation.manifest.passages
        self._notice = generation.notice
        self._pool = parsers.open()
        self._unreadable: dict[str, str] = {}  # by document id, a sentence

    @classmethod
    def open(cls, home: Home, encoder: Encoder, parsers: FileParsers = ISOLATED_PARSERS) -> Self | None:
        """The index of `home`; None if nothing was ever indexed there. `parsers` read its originals anew.

        Raises LibraryError if no generation can be opened, EncoderError if it was made with another encoder.
        """
        generation = open_current(home)
        if generation is None:
            return None
        check_encoder(generation.manifest.model, encoder)
        return cls(home, encoder, generation, parsers)

    def within(self, documents: Collection[str] | None = None, groups: Collection[str] | None = None) -> Scope:
        """Return the scope of the documents with these ids (None: all) that a reader in these groups may see (None: an operator).

        Documents that are removed, or that such a reader may not see, aren't there, whoever names their ids.
        """
        readers = None if groups is None else frozenset(groups)
        visible = self._visible(readers)
        ids = visible.ids if documents is None else self._common(visible.ids, frozenset(documents))
        return Scope(self, visible, ids, documents, readers)

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

    def document(self, entry: Entry) -> Document:
        """Return the document of an entry. Raises LibraryError if its text is damaged or gone."""
        return self._documents(entry.id)

    def reread(self, entry: Entry) -> Document:
        """Parse the document of an entry anew from its original. Raises LibraryError or DocumentError if that can't be done."""
        kept = self._documents(entry.id) if self._is_readable(entry.id) else None
        return reread(self._home, entry, self._pool, kept)

    def original(self, entry: Entry) -> bytes:
        """Return the file that the document of an entry was read from. Raises LibraryError if it is gone."""
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
        asked = dict.fromkeys(term for phrasing in phrasings for term in question_terms(phrasing, question_language(phrasing)))
        lexical = self.store.lexical(list(asked), depth, ids)
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
        """Return what a reader in these groups may find now. A removal counts at once; while the catalogue stays as it is, it isn't
        gone through again.
        """
        state, entries = self._catalogue.state()
        kept = self._visible_to.get(groups)
        if kept is None or kept[0] != state:
            seen = tuple(
                entry for entry in entries if entry.removed is None and entry.id in self._volumes and entry.visible_to(groups)
            )
            by_id = {entry.id: entry for entry in seen}
            kept = state, Visible(seen, by_id, frozenset(by_id))
            if len(self._visible_to) >= _REMEMBERED_GROUPS:
                self._visible_to.clear()
            self._visible_to[groups] = kept
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
        return self._files.document(self._volumes[document_id])


def _best_of(found: Sequence[Candidates]) -> Candidates:
    """The candidates of several rankings, each with its best score."""
    scores: dict[Range, float] = {}
    for candidates in found:
        for place, score in candidates:
            scores[place] = max(score, scores.get(place, score))
    return sorted(scores.items(), key=lambda candidate: (-candidate[1], candidate[0]))
