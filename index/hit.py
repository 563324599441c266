"""What a search gives."""

from dataclasses import dataclass

from corpus import Passage


@dataclass(frozen=True, slots=True)
class Hit:
    """A found passage. `score` is the fused one, higher is better; `scores` and `ranks` (from 1) say per retriever,
    "dense" or "lexical", why it is there. A retriever that didn't find the passage has no entry. `cosine` is that of the passage's
    vector with the question's, the best over its phrasings, whoever found the passage.
    """

    passage: Passage
    score: float
    scores: dict[str, float]
    ranks: dict[str, int]
    cosine: float
