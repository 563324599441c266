"""What understanding a question, and deciding on its answer, need to know of the words in the documents that are asked."""

from typing import Protocol


class Vocabulary(Protocol):
    """The words of some documents, as index terms; `index.Scope` is one."""

    def size(self) -> int:
        """Return the number of passages."""

    def languages(self) -> frozenset[str]:
        """Return the documents' languages, as codes of two letters."""

    def frequency(self, term: str) -> int:
        """Return in how many passages an index term occurs."""

    def terms(self) -> tuple[str, ...]:
        """Return the index terms that occur, in alphabetical order."""
