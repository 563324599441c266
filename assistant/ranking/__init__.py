"""Ranks the sentences of passages by how probably each answers: candidates are chosen by likeness and words, then scored."""

from assistant.ranking.evidence import Evidence, Ranker
from assistant.ranking.ranker import SentenceRanker

__all__ = [
    "Evidence",
    "Ranker",
    "SentenceRanker",
]
