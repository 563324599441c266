"""What a generation does for search, whatever holds it."""

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from index.encoders import Vectors


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
