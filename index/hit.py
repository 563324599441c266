"""The result of a search."""

from dataclasses import dataclass

from corpus import Passage


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a search found. `score` is the fused score, higher is better.

    `scores` and `ranks` (from 1) explain it per retriever, "dense" or "lexical"; a retriever that did not find the passage has no
    entry. `cosine` is the cosine of the passage's vector with the question's, the highest over its phrasings, whichever retriever
    found the passage.
    """

    passage: Passage
    score: float
    scores: dict[str, float]
    ranks: dict[str, int]
    cosine: float
