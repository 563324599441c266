"""What holds the vectors and the words of a generation: FAISS and BM25 in this process."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol, Self

import bm25s
import faiss
import numpy as np
from numpy.typing import NDArray

from index.encoder import Vectors


class Range(NamedTuple):
    """Where a passage stands: its document's id, and its range of that document's text."""

    document_id: str
    start: int
    end: int


Candidates = list[tuple[Range, float]]
"""Ranges with their scores, best first, ties by range; higher is better whatever the engine."""


class Store(Protocol):
    """What a generation does for search. `allowed` names the documents that may be found; None allows all of them."""

    def dense(self, question: Vectors, k: int, allowed: Collection[str] | None = None) -> Candidates:
        """The `k` passages nearest to a (1, d) question vector, scored by cosine."""

    def lexical(self, terms: Sequence[str], k: int, allowed: Collection[str] | None = None) -> Candidates:
        """The at most `k` passages that share a term with the question, scored by BM25."""

    def size(self, allowed: Collection[str] | None = None) -> int:
        """How many passages there are."""

    def frequency(self, term: str, allowed: Collection[str] | None = None) -> int:
        """How many passages have this index term."""

    def terms(self, allowed: Collection[str] | None = None) -> tuple[str, ...]:
        """The index terms that the passages have, in the order of the alphabet."""


class LocalStore:
    """Exact search by FAISS, BM25 (Lucene's variant) by bm25s. Made by `build`, or by `load` from what `save` wrote."""

    def __init__(
        self, documents: Sequence[str], rows: NDArray[np.int64], vectors: faiss.IndexFlatIP, words: bm25s.BM25 | None
    ) -> None:
        self._documents = list(documents)
        self._rows = rows  # (n, 3): place of the document in `documents`, start, end
        self._vectors = vectors
        self._words = words  # None if no passage has a term
        self._rows_within = lru_cache(maxsize=16)(self._mask_of)
        self._terms_within = lru_cache(maxsize=16)(self._terms_of)

    @classmethod
    def build(cls, documents: Sequence[str], ranges: Sequence[Range], vectors: Vectors, terms: Sequence[Sequence[str]]) -> Self:
        """The store of n passages of these documents: their ranges, (n, d) unit vectors, and index terms, in one order."""
        number = {document_id: place for place, document_id in enumerate(documents)}
        rows = np.array([(number[place.document_id], place.start, place.end) for place in ranges], np.int64).reshape(-1, 3)
        flat = faiss.IndexFlatIP(vectors.shape[1])
        flat.add(vectors)
        words = None
        if any(terms):
            words = bm25s.BM25()
            words.index([list(found) for found in terms], show_progress=False)
        return cls(documents, rows, flat, words)

    def save(self, folder: Path) -> None:
        """Write the store into an existing folder, without pickle."""
        (folder / "vectors.faiss").write_bytes(faiss.serialize_index(self._vectors).tobytes())  # FAISS raises no OSError
        np.save(folder / "passages.npy", self._rows, allow_pickle=False)
        if self._words is not None:
            self._words.save(folder / "bm25", show_progress=False)

    @classmethod
    def load(cls, folder: Path, documents: Sequence[str]) -> Self:
        """The store that `save` wrote for these documents. Raises OSError, RuntimeError or ValueError if a file is damaged."""
        rows = np.load(folder / "passages.npy", allow_pickle=False)
        vectors = faiss.deserialize_index(np.fromfile(folder / "vectors.faiss", np.uint8))
        words = bm25s.BM25.load(folder / "bm25", show_progress=False) if (folder / "bm25").is_dir() else None
        return cls(documents, rows, vectors, words)

    def dense(self, question: Vectors, k: int, allowed: Collection[str] | None = None) -> Candidates:
        """See `Store.dense`. The allowed set is applied within FAISS, before the `k` best are taken."""
        mask = self._mask(allowed)
        found = min(k, len(self._rows) if mask is None else int(mask.sum()))
        if not found:
            return []
        only = (
            faiss.SearchParameters(sel=faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))) if mask is not None else None
        )
        scores, rows = self._vectors.search(question, found, params=only)
        return self._ordered(rows[0], scores[0])

    def lexical(self, terms: Sequence[str], k: int, allowed: Collection[str] | None = None) -> Candidates:
        """See `Store.lexical`."""
        if self._words is None or not (known := [term for term in terms if term in self._words.vocab_dict]):
            return []
        scores = self._words.get_scores(known, weight_mask=self._mask(allowed))
        found = np.flatnonzero(scores > 0)
        best = found[np.argsort(-scores[found], kind="stable")[:k]]
        return self._ordered(best, scores[best])

    def size(self, allowed: Collection[str] | None = None) -> int:
        """See `Store.size`."""
        mask = self._mask(allowed)
        return len(self._rows) if mask is None else int(mask.sum())

    def frequency(self, term: str, allowed: Collection[str] | None = None) -> int:
        """See `Store.frequency`."""
        if self._words is None or term not in self._words.vocab_dict:
            return 0
        number, postings = self._words.vocab_dict[term], self._words.scores
        rows = postings["indices"][postings["indptr"][number] : postings["indptr"][number + 1]]
        mask = self._mask(allowed)
        return len(rows) if mask is None else int(mask[rows].sum())

    def terms(self, allowed: Collection[str] | None = None) -> tuple[str, ...]:
        """See `Store.terms`."""
        return self._terms_within(None if allowed is None else frozenset(allowed))

    def _terms_of(self, allowed: frozenset[str] | None) -> tuple[str, ...]:
        if self._words is None:
            return ()
        mask = self._mask(allowed)
        known = self._words.vocab_dict
        if mask is not None:
            bounds, rows = self._words.scores["indptr"], self._words.scores["indices"]
            within = np.concatenate(([0], np.cumsum(mask[rows])))[bounds]  # postings in allowed passages, up to each term's first
            held = np.flatnonzero(np.diff(within)).tolist()
            names = {number: term for term, number in known.items()}
            known = {names[number]: number for number in held}
        return tuple(sorted(filter(None, known)))

    def _mask(self, allowed: Collection[str] | None) -> NDArray[np.bool_] | None:
        """Per row, whether it may be found; None if all may."""
        return None if allowed is None else self._rows_within(frozenset(allowed))

    def _mask_of(self, allowed: frozenset[str]) -> NDArray[np.bool_] | None:
        documents = np.array([document_id in allowed for document_id in self._documents], bool)
        if documents.all():
            return None
        return documents[self._rows[:, 0]]

    def _ordered(self, rows: NDArray[np.int64], scores: NDArray[np.float32]) -> Candidates:
        found = []
        for row, score in zip(rows, scores, strict=True):
            place, start, end = (int(value) for value in self._rows[row])
            found.append((Range(self._documents[place], start, end), round(float(score), 6)))
        return sorted(found, key=lambda candidate: (-candidate[1], candidate[0]))
