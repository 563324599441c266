"""The words of a question as they were typed, and which of them carry its meaning."""

import re

from corpus import USUAL_LANGUAGES
from index import content_words


def surface_words(text: str) -> list[str]:
    """Return the words of a text as they are written, in order. Hyphens within a word are part of it."""
    return re.findall(r"[^\W_]+(?:-[^\W_]+)*", text)


def is_content_word(word: str, language: str) -> bool:
    """Return whether a word is no stop word of the language."""
    return bool(content_words(word, language))


def is_stop_word(word: str) -> bool:
    """Return whether a word is a stop word of either usual language."""
    return not all(is_content_word(word, language) for language in USUAL_LANGUAGES)
