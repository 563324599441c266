"""Corrects unknown words: misspelled ones, and Spanish ones that look like the documents' English ones."""

import re
from collections.abc import Container
from functools import cache, lru_cache
from importlib.resources import files

from assistant.vocabulary import Vocabulary, occurs
from index import content_words, fold, question_terms

_SHORTEST = 5  # letters: changing one letter of a shorter word makes another word
_MOST_UNKNOWN = 5  # words: a text with more of them isn't corrected
_LONG = 8  # letters: a word at least this long may have two wrong letters

_WORD = re.compile(r"[^\W\d_]+")


def corrected(text: str, language: str, vocabulary: Vocabulary, also_known: Container[str] = ()) -> str:
    """Return the text with each unknown word replaced by the documents' word that is spelled most like it, if there is one.

    A word is known if it occurs in the documents, is one of the common words of English, or is one of the folded words
    `also_known`: "Chile" is no misspelled "child". The replacement is a common word if one fits, else one of the documents' own
    index terms. A text with many unknown words is returned unchanged: it isn't misspelled, but in another language.
    """

    def is_known(word: str) -> bool:
        return (
            len(word) < _SHORTEST
            or not content_words(word, language)
            or word in _known_words()
            or word in also_known
            or occurs(question_terms(word, ""), vocabulary)
        )

    unknown = {word for word in map(fold, _WORD.findall(text)) if not is_known(word)}
    if len(unknown) > _MOST_UNKNOWN:
        return text
    corrections = {word: _correction(word, vocabulary) for word in unknown}
    return _WORD.sub(lambda match: corrections.get(fold(match[0])) or match[0], text)


def _correction(word: str, vocabulary: Vocabulary) -> str | None:
    """Return the word of the documents that is spelled most like an unknown one, or None."""
    candidates = (other for words in (_common_words(), vocabulary.terms()) for other in similar_words(word, words))
    return next((other for other in candidates if occurs(question_terms(other, ""), vocabulary)), None)


@cache
def _known_words() -> frozenset[str]:
    return frozenset(files("assistant.question").joinpath("common_words.txt").read_text(encoding="utf-8").split())


@cache
def _common_words() -> tuple[str, ...]:
    """Return the 20,000 or so most common words of English: those that BERT's vocabulary has whole."""
    return tuple(sorted(word for word in _known_words() if word.isascii()))


def similar_words(word: str, words: tuple[str, ...]) -> list[str]:
    """Return those of `words` that differ from the word or its stem by one edit (a letter added, dropped or changed, or two
    adjacent ones swapped), or by two in a long word: fewest edits first, then the longest, then in alphabetical order.
    """
    from rapidfuzz.distance import DamerauLevenshtein
    from rapidfuzz.process import cdist

    forms = list(dict.fromkeys([word, *question_terms(word, "")]))
    most = 2 if len(word) >= _LONG else 1
    lengths = sorted({len(form) + more for form in forms for more in range(-most, most + 1)})
    candidates = [other for length in lengths for other in _by_length(words).get(length, ())]
    if not candidates:
        return []
    distances = cdist(forms, candidates, scorer=DamerauLevenshtein.distance, score_cutoff=most).min(axis=0)
    ranked = sorted(
        (int(distance), -len(other), other) for distance, other in zip(distances, candidates, strict=True) if distance <= most
    )
    return [other for _, _, other in ranked]


@lru_cache(maxsize=4)
def _by_length(words: tuple[str, ...]) -> dict[int, list[str]]:
    """Return the words that may replace a misspelled one, by their number of letters."""
    by_length: dict[int, list[str]] = {}
    for word in words:
        if len(word) >= _SHORTEST - 1 and word.isalpha():
            by_length.setdefault(len(word), []).append(word)
    return by_length
