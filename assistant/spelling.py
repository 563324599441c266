"""Mends words that nobody knows: misspelt ones, and Spanish ones that look like the documents' English ones."""

import re
from functools import cache, lru_cache
from importlib.resources import files

from assistant.vocabulary import Vocabulary
from index import content_words, fold, question_terms

_SHORTEST = 5  # letters: of shorter words, one letter makes another word
_MOST = 5  # unknown words in a text whose spelling is mended
_LONG = 8  # letters: in a word at least this long, two letters may be wrong

_WORD = re.compile(r"[^\W\d_]+")


def mended(text: str, language: str, vocabulary: Vocabulary) -> str:
    """The text with each unknown word exchanged for the one of the documents that is spelt most like it, if one is. A text with
    many unknown words is as it was: it isn't misspelt, but in another language.

    A word is known if it stands in the documents, or is one of the common words of English: "Chile" is no misspelt "child". The
    documents' own index terms are used where no common word is like it.
    """

    def is_known(word: str) -> bool:
        return len(word) < _SHORTEST or not content_words(word, language) or _is_common(word) or _is_held(word, vocabulary)

    unknown = {word for word in map(fold, _WORD.findall(text)) if not is_known(word)}
    if len(unknown) > _MOST:
        return text
    alike = {word: _alike(word, vocabulary) for word in unknown}
    return _WORD.sub(lambda match: alike.get(fold(match[0])) or match[0], text)


def _alike(word: str, vocabulary: Vocabulary) -> str | None:
    found = (
        other for words in (_common_words(), vocabulary.terms()) for other in nearest(word, words) if _is_held(other, vocabulary)
    )
    return next(found, None)


def _is_common(word: str) -> bool:
    return word in _all_common_words()


@cache
def _all_common_words() -> frozenset[str]:
    return frozenset(files("assistant").joinpath("common_words.txt").read_text(encoding="utf-8").split())


@cache
def _common_words() -> tuple[str, ...]:
    """The 20,000 or so commonest words of English: those that BERT's vocabulary has whole."""
    return tuple(sorted(word for word in _all_common_words() if word.isascii()))


def _is_held(word: str, vocabulary: Vocabulary) -> bool:
    return any(vocabulary.frequency(term) > 0 for term in question_terms(word, ""))


def nearest(word: str, words: tuple[str, ...]) -> list[str]:
    """Those of the words that one change of a letter, or swap of two, makes of the word or its stem, or two in a long word: those
    that take the fewest first, then the longest, then in the order of the alphabet.
    """
    from rapidfuzz.distance import DamerauLevenshtein
    from rapidfuzz.process import cdist

    forms = list(dict.fromkeys([word, *question_terms(word, "")]))
    most = 2 if len(word) >= _LONG else 1
    lengths = sorted({len(form) + more for form in forms for more in range(-most, most + 1)})
    fitting = [other for length in lengths for other in _by_length(words).get(length, ())]
    if not fitting:
        return []
    distances = cdist(forms, fitting, scorer=DamerauLevenshtein.distance, score_cutoff=most).min(axis=0)
    near = [(int(distance), -len(other), other) for distance, other in zip(distances, fitting, strict=True) if distance <= most]
    return [other for _, _, other in sorted(near)]


@lru_cache(maxsize=4)
def _by_length(words: tuple[str, ...]) -> dict[int, list[str]]:
    """The words that a misspelt one may stand for, by their number of letters."""
    found: dict[int, list[str]] = {}
    for word in words:
        if len(word) >= _SHORTEST - 1 and word.isalpha():
            found.setdefault(len(word), []).append(word)
    return found
