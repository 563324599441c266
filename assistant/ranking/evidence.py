"""`Evidence`, a sentence with the probability that it answers, and `Ranker`, what finds it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from assistant.question import Question
from corpus import Document
from index import Hit, Scope


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence of a document as evidence for an answer.

    `score` is the probability that the documents answer the question, provided that no sentence is better than this one.
    `similarity`, at most 1, is how close it is to the question by meaning and words. `span` is the range of `text` that is the
    answer itself, or None if no range clearly is.
    """

    document: Document
    start: int
    end: int
    score: float
    similarity: float = 0.0
    span: tuple[int, int] | None = None

    @property
    def text(self) -> str:
        """The sentence as it is shown."""
        return self.document.shown(self.start, self.end)


class Ranker(Protocol):
    """Ranks the sentences of the passages that a search found by how probably they answer a question."""

    @property
    def is_trained(self) -> bool:
        """Whether it uses a trained model, and not similarity alone."""

    def rank(self, question: Question, scope: Scope, hits: Sequence[Hit]) -> list[Evidence]:
        """Return the sentences of the hits' passages that may answer, best first; ties go by document id and position."""
