"""`Vocabulary`: what understanding a question and deciding on its answer need to know about the documents' words."""

from collections.abc import Iterable
from typing import Protocol


class Vocabulary(Protocol):
    """The words of some documents, as index terms. `index.Scope` is one."""

    def size(self) -> int:
        """Return the number of passages."""

    def languages(self) -> frozenset[str]:
        """Return the documents' languages, as two-letter codes."""

    def frequency(self, term: str) -> int:
        """Return the number of passages in which an index term occurs."""

    def terms(self) -> tuple[str, ...]:
        """Return the index terms that occur, in alphabetical order."""


def occurs(terms: Iterable[str], vocabulary: Vocabulary) -> bool:
    """Return whether any of these index terms occurs in the documents."""
    return any(vocabulary.frequency(term) > 0 for term in terms)
