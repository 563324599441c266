"""How much of a question's words a sentence has, rare words counting more."""

import math
from collections.abc import Iterable, Sequence

from assistant.vocabulary import Vocabulary
from index import content_words, question_terms, terms

WeightedWord = tuple[frozenset[str], float]
"""The index terms that a word of a question may appear as, and the word's inverse document frequency."""


def weighted_words(question: str, language: str, vocabulary: Vocabulary) -> list[WeightedWord]:
    """Return a question's content words, weighted by how rare they are in the documents' passages: the inverse document frequency
    of BM25 in Lucene's form, which is never negative.
    """
    weighted = []
    for word in dict.fromkeys(content_words(question, language)):
        forms = frozenset(question_terms(word, language))
        frequency = max((vocabulary.frequency(form) for form in forms), default=0)
        weighted.append((forms, math.log(1 + (vocabulary.size() - frequency + 0.5) / (frequency + 0.5))))
    return weighted


def coverage(words: Sequence[WeightedWord], sentence_terms: set[str]) -> float:
    """Return the share, by weight, of a question's words that a sentence has; 0 for a question without words.

    >>> coverage([(frozenset({"prison"}), 3.0), (frozenset({"peru"}), 1.0)], {"prison", "overcrowd"})
    0.75
    """
    total = sum(weight for _, weight in words)
    return sum(weight for forms, weight in words if forms & sentence_terms) / total if total else 0.0


def best_coverage(phrasings: Iterable[Sequence[WeightedWord]], text: str, language: str) -> float:
    """Return the coverage of the phrasing whose words a sentence covers best. `language` is the sentence's."""
    sentence_terms = set(terms(text, language))
    return max(coverage(words, sentence_terms) for words in phrasings)
