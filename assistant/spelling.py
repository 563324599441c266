"""Mends words that nobody knows: misspelt ones, and Spanish ones that look like the documents' English ones."""

import re
from collections.abc import Callable, Sequence

from assistant.reader import tokenizer
from index import content_words, fold, question_terms

_SHORTEST = 5  # letters: of shorter words, one letter makes another word
_LONG = 8  # letters: in a word at least this long, two letters may be wrong

_WORD = re.compile(r"[^\W\d_]+")


def mended(text: str, language: str, holds: Callable[[str], bool], terms: Sequence[str]) -> str:
    """The text with each unknown word exchanged for the one of the documents that is spelt most like it, if one is.

    A word is known if it stands in the documents (`holds` says so of an index term), or in the vocabulary of the encoder's
    tokenizer, which has the 20,000 commonest words of English: "Chile" is no misspelt "child". `terms` are the documents' index
    terms.
    """

    def mend(match: re.Match[str]) -> str:
        word = fold(match[0])
        if len(word) < _SHORTEST or not content_words(word, language) or is_known(word, holds):
            return match[0]
        return next(filter(holds, nearest(word, terms)), match[0])

    return _WORD.sub(mend, text)


def is_known(word: str, holds: Callable[[str], bool]) -> bool:
    """Whether a folded word is English, or stands in the documents."""
    return tokenizer().token_to_id(word) is not None or any(map(holds, question_terms(word, "")))


def nearest(word: str, terms: Sequence[str]) -> list[str]:
    """The terms that one change of a letter, or swap of two, makes of the word or its stem, or two in a long word: those that take
    the fewest first, then the longest, then in the order of the alphabet.
    """
    from rapidfuzz.distance import DamerauLevenshtein
    from rapidfuzz.process import cdist

    forms = list(dict.fromkeys([word, *question_terms(word, "")]))
    most = 2 if len(word) >= _LONG else 1
    lengths = {len(form) + more for form in forms for more in range(-most, most + 1)}
    fitting = [term for term in terms if len(term) in lengths and len(term) >= _SHORTEST - 1 and term.isalpha()]
    if not fitting:
        return []
    distances = cdist(forms, fitting, scorer=DamerauLevenshtein.distance, score_cutoff=most).min(axis=0)
    near = [(int(distance), -len(term), term) for distance, term in zip(distances, fitting, strict=True) if distance <= most]
    return [term for _, _, term in sorted(near)]
