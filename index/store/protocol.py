"""What a generation needs of whatever holds its vectors and its words: writing, opening, searching."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from index.encoders import Vectors
from index.store.bm25_writer import TermCounts


class Range(NamedTuple):
    """Where a passage stands: its document's id, and its range of that document's text."""

    document_id: str
    start: int
    end: int


Candidates = list[tuple[Range, float]]
"""Ranges with their scores, best first, ties by range; higher is better whatever the engine."""


class Store(Protocol):
    """The opened passages of a generation. `allowed` names the documents that may be found; None allows all of them."""

    def dense(self, question: Vectors, k: int, allowed: Collection[str] | None = None) -> Candidates:
        """The `k` passages nearest to a (1, d) question vector, scored by cosine."""

    def cosines(self, questions: Vectors, places: Sequence[Range]) -> list[float]:
        """Of each of these passages, the exact cosine with the nearest of the (q, d) question vectors."""

    def lexical(self, terms: Sequence[str], k: int, allowed: Collection[str] | None = None) -> Candidates:
        """The at most `k` passages that share a term with the question, scored by BM25."""

    def size(self, allowed: Collection[str] | None = None) -> int:
        """How many passages there are."""

    def frequency(self, term: str, allowed: Collection[str] | None = None) -> int:
        """How many passages have this index term."""

    def terms(self, allowed: Collection[str] | None = None) -> tuple[str, ...]:
        """The index terms that the passages have, in the order of the alphabet."""


class StoreWriter(Protocol):
    """Writes the passages of a new generation, one document after the other. Used in a `with`."""

    def add(self, ranges: NDArray[np.int64], vectors: NDArray[Any], terms: TermCounts) -> None:
        """Add the next document's n passages: their ranges in its text, (n, 2), their unit vectors, (n, d), and their terms."""

    def finish(self) -> int:
        """Write what is searched, and return the number of passages."""

    def __enter__(self) -> Self:
        """Return the writer itself."""

    def __exit__(self, *raised: object) -> None:
        """Close its files, whatever happened."""


class StoreEngine(Protocol):
    """A way to keep the passages of a generation. Nothing else opens the files that it writes, but to compare their checksums."""

    def write(self, folder: Path) -> StoreWriter:
        """Return a writer into an empty folder."""

    def load(self, folder: Path, documents: Sequence[str]) -> Store:
        """Open what was written there of the documents with these ids, in the order in which they were added.

        Raises OSError, RuntimeError or ValueError if a file is damaged.
        """
