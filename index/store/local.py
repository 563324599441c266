"""The store in use: searches vectors and terms in this process, in files that never change."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import ExitStack
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from index.encoders import Vectors
from index.store.bm25 import FOLDER, Bm25Index
from index.store.bm25_writer import Bm25Writer, TermCounts
from index.store.protocol import Candidates, Range
from index.store.selection import Selection
from index.store.vectors import VECTORS, VectorIndex, cosines, write_codes


class LocalStore:
    """A `Store` in the files of one folder: `LocalStoreWriter` writes them, `load` opens them."""

    def __init__(self, documents: Sequence[str], folder: Path) -> None:
        self._documents = list(documents)
        self._numbers = {document_id: number for number, document_id in enumerate(self._documents)}
        self._ranges = np.load(folder / "ranges.npy", mmap_mode="r", allow_pickle=False)  # (n, 2): start, end
        self._bounds = np.load(folder / "bounds.npy", allow_pickle=False)  # where each document's rows begin
        size = len(self._ranges)
        if len(self._bounds) != len(self._documents) + 1 or self._bounds[-1] != size:
            raise ValueError("its documents are not those of its manifest")
        self._vectors = VectorIndex(folder, size)
        self._words = Bm25Index(folder, size) if (folder / FOLDER).is_dir() else None  # None if no passage has a term
        self._selections = lru_cache(maxsize=16)(self._selection_of)
        self._terms_within = lru_cache(maxsize=4)(self._terms_of)

    @classmethod
    def build(
        cls,
        folder: Path,
        documents: Sequence[str],
        ranges: Iterable[Range],
        vectors: NDArray[Any],
        terms: Iterable[Sequence[str]],
    ) -> Self:
        """Write a store into an empty folder and open it.

        The n passages are given as their ranges, (n, d) unit vectors and index terms, ordered as the documents are.
        """
        groups = groupby(zip(ranges, terms, strict=True), key=lambda passage: passage[0].document_id)
        group = next(groups, None)
        start = 0
        with LocalStoreWriter(folder) as writer:
            for document_id in documents:
                passages = []
                if group is not None and group[0] == document_id:
                    passages, group = list(group[1]), next(groups, None)
                places = np.array([(place.start, place.end) for place, _ in passages], np.int64).reshape(-1, 2)
                writer.add(
                    places, vectors[start : start + len(passages)], TermCounts.of([passage_terms for _, passage_terms in passages])
                )
                start += len(passages)
            if group is not None:
                raise ValueError(f"the passages of {group[0]} are not in the order of the documents")
            writer.finish()
        return cls.load(folder, documents)

    @classmethod
    def load(cls, folder: Path, documents: Sequence[str]) -> Self:
        """Open the store of these documents. Raises OSError, RuntimeError or ValueError if a file is damaged."""
        return cls(documents, folder)

    def dense(self, question: Vectors, k: int, allowed: Collection[str] | None = None) -> Candidates:
        """See `Store.dense`. Exact up to `EXACT_UP_TO` passages, and if few are allowed."""
        return self._ordered(*self._vectors.search(question[0], k, self._selection(allowed)))

    def cosines(self, questions: Vectors, places: Sequence[Range]) -> list[float]:
        """See `Store.cosines`. Raises KeyError if there is no such passage."""
        if not places:
            return []
        rows = self._vectors.rows(np.array([self._row(place) for place in places]))
        return [round(float(best), 6) for best in np.max([cosines(rows, question) for question in questions], axis=0)]

    def lexical(self, terms: Sequence[str], k: int, allowed: Collection[str] | None = None) -> Candidates:
        """See `Store.lexical`."""
        if self._words is None or k < 1:
            return []
        return self._ordered(*self._words.search(terms, k, self._selection(allowed)))

    def size(self, allowed: Collection[str] | None = None) -> int:
        """See `Store.size`."""
        selection = self._selection(allowed)
        return len(self._ranges) if selection is None else selection.size

    def frequency(self, term: str, allowed: Collection[str] | None = None) -> int:
        """See `Store.frequency`."""
        if self._words is None or (number := self._words.number(term)) is None:
            return 0
        return self._words.frequency(number, self._selection(allowed))

    def terms(self, allowed: Collection[str] | None = None) -> tuple[str, ...]:
        """See `Store.terms`."""
        if self._words is None:
            return ()
        selection = self._selection(allowed)
        return self._words.terms if selection is None else self._terms_within(selection)

    def _terms_of(self, selection: Selection) -> tuple[str, ...]:
        return self._words.terms_of(selection.documents) if self._words is not None else ()

    def _selection(self, allowed: Collection[str] | None) -> Selection | None:
        """Return the rows that may be found, or None if all may. Selections are cached by the set of allowed documents."""
        return None if allowed is None else self._selections(frozenset(allowed))

    def _selection_of(self, allowed: frozenset[str]) -> Selection | None:
        is_selected = np.zeros(len(self._documents), bool)
        is_selected[[number for document_id in allowed if (number := self._numbers.get(document_id)) is not None]] = True
        return None if is_selected.all() else Selection(is_selected, self._bounds)

    def _row(self, place: Range) -> int:
        number = self._numbers[place.document_id]
        first, last = self._bounds[number : number + 2].tolist()
        same = np.flatnonzero((self._ranges[first:last] == (place.start, place.end)).all(axis=1))
        if not len(same):
            raise KeyError(place)
        return int(first + same[0])

    def _ordered(self, rows: NDArray[np.int64], scores: NDArray[Any]) -> Candidates:
        documents = np.searchsorted(self._bounds, rows, side="right") - 1
        candidates = [
            (Range(self._documents[number], start, end), round(score, 6))
            for number, (start, end), score in zip(documents.tolist(), self._ranges[rows].tolist(), scores.tolist(), strict=True)
        ]
        return sorted(candidates, key=lambda candidate: (-candidate[1], candidate[0]))


class LocalStoreWriter:
    """A `StoreWriter` that fills an empty folder in bounded memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ranges = [np.empty((0, 2), np.int32)]
        self._sizes = [0]
        self._exit_stack = ExitStack()
        self._vectors = self._exit_stack.enter_context((folder / VECTORS).open("wb"))
        self._words = Bm25Writer(folder, self._exit_stack)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._exit_stack.close()

    def add(self, ranges: NDArray[np.int64], vectors: NDArray[Any], terms: TermCounts) -> None:
        """See `StoreWriter.add`."""
        self._ranges.append(ranges.astype(np.int32))
        self._sizes.append(len(ranges))
        self._vectors.write(np.ascontiguousarray(vectors, np.float16).tobytes())
        self._words.add(terms)

    def finish(self) -> int:
        """See `StoreWriter.finish`."""
        self._vectors.close()
        ranges = np.concatenate(self._ranges)
        np.save(self._folder / "ranges.npy", ranges, allow_pickle=False)
        np.save(self._folder / "bounds.npy", np.cumsum(self._sizes, dtype=np.int64), allow_pickle=False)
        write_codes(self._folder, len(ranges))
        self._words.finish()
        return len(ranges)


class LocalEngine:
    """The `StoreEngine` in use: the files of one folder, searched in this process."""

    def write(self, folder: Path) -> LocalStoreWriter:
        """See `StoreEngine.write`."""
        return LocalStoreWriter(folder)

    def load(self, folder: Path, documents: Sequence[str]) -> LocalStore:
        """See `StoreEngine.load`."""
        return LocalStore.load(folder, documents)
