"""Recognizes texts that ask nothing: empty ones, small talk and gibberish."""

import re

from assistant.question.phrases import SMALL_TALK, SMALL_TALK_FILLER
from assistant.question.words import is_stop_word, surface_words
from assistant.vocabulary import Vocabulary, occurs
from index import content_words, fold, question_terms, words


def small_talk_language(text: str) -> str | None:
    """Return the language of a text that is nothing but small talk, or None for any other text."""
    folded = " ".join(words(text))
    for language, phrases in SMALL_TALK.items():
        rest = phrases.sub(" ", folded)
        if rest != folded and not [word for word in content_words(rest, language) if word not in SMALL_TALK_FILLER]:
            return language
    return None


def is_empty(text: str) -> bool:
    """Return whether a text has neither letters nor digits."""
    return not any(character.isalnum() for character in text)


def is_gibberish(text: str, vocabulary: Vocabulary) -> bool:
    """Return whether no word of a text is known and most of them can't be words of any language spelled like English or Spanish."""
    spelled = [word for word in surface_words(text) if word.isalpha()]
    if any(is_stop_word(word) or occurs(question_terms(word, ""), vocabulary) for word in spelled):
        return False
    impossible = [word for word in spelled if not word.isupper() and _is_unpronounceable(fold(word))]
    return len(impossible) > len(spelled) / 2


def _is_unpronounceable(word: str) -> bool:
    """Return whether a folded word has no vowel, four consonants in a row (a digraph counts as one), a q without u, or a letter
    three times in a row.
    """
    sounds = re.sub("tch|[cpst]h|gh|ng|st|ck", "t", word)
    return word.isascii() and re.search(r"^[^aeiouy]+$|[^aeiouy]{4}|q(?!u)|(.)\1\1", sounds) is not None
