"""The interface to the engine that stores and searches the passages of a generation."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from index.encoders import Vectors
from index.store.bm25_writer import TermCounts


class Range(NamedTuple):
    """The position of a passage: its document's id, and its range in that document's text."""

    document_id: str
    start: int
    end: int


Candidates = list[tuple[Range, float]]
"""Ranges with their scores, best first, ties by range. A higher score is better, whatever the engine."""


class Store(Protocol):
    """The open passages of a generation. `allowed` holds the ids of the documents that may be found; None allows all."""

    def dense(self, question: Vectors, k: int, allowed: Collection[str] | None = None) -> Candidates:
        """Return the `k` passages nearest to a (1, d) question vector, scored by cosine."""

    def cosines(self, questions: Vectors, places: Sequence[Range]) -> list[float]:
        """Return the exact cosine of each of these passages with the nearest of the (q, d) question vectors."""

    def lexical(self, terms: Sequence[str], k: int, allowed: Collection[str] | None = None) -> Candidates:
        """Return the best passages, at most `k`, that share a term with the question, scored by BM25."""

    def size(self, allowed: Collection[str] | None = None) -> int:
        """Return the number of passages."""

    def frequency(self, term: str, allowed: Collection[str] | None = None) -> int:
        """Return the number of passages that have this index term."""

    def terms(self, allowed: Collection[str] | None = None) -> tuple[str, ...]:
        """Return the index terms of the passages, in alphabetical order."""


class StoreWriter(Protocol):
    """Writes the passages of a new generation, one document after another. Use it in a `with` statement."""

    def add(self, ranges: NDArray[np.int64], vectors: NDArray[Any], terms: TermCounts) -> None:
        """Add the next document's n passages: their (n, 2) ranges in its text, their (n, d) unit vectors, and their terms."""

    def finish(self) -> int:
        """Write the rest of the files, and return the number of passages."""

    def __enter__(self) -> Self:
        """Return the writer itself."""

    def __exit__(self, *raised: object) -> None:
        """Close its files."""


class StoreEngine(Protocol):
    """A way to store the passages of a generation. Nothing else opens its files, except to verify their checksums."""

    def write(self, folder: Path) -> StoreWriter:
        """Return a writer that fills an empty folder."""

    def load(self, folder: Path, documents: Sequence[str]) -> Store:
        """Open the folder that holds the documents with these ids, given in the order they were added.

        Raises OSError, RuntimeError or ValueError if a file is damaged.
        """
