"""Which language a text is in. py3langid: small, offline, and right on short questions when the choice is narrowed."""

import threading
from copy import copy
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

USUAL_LANGUAGES = ("en", "es")
"""Those that questions are asked in, and most documents are written in."""

_SAMPLE = 5000  # characters; more doesn't change the answer and costs time

_unpacking = threading.RLock()  # a model that two threads unpack at once takes twice the memory


@cache
def _identifier(languages: tuple[str, ...]) -> "LanguageIdentifier":
    """The identifier of these languages, or of all that it knows. To unpack its model takes a quarter of a second."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    if not languages:
        return LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier = copy(_identifier(()))
    identifier.set_languages(list(languages))
    return identifier


def language_of(text: str, among: tuple[str, ...] = ()) -> str:
    """The ISO 639-1 code of the text's language, out of `among` where that is given; "en" for text without a letter."""
    if not any(character.isalpha() for character in text):
        return "en"
    with _unpacking:
        identifier = _identifier(among)
    language, _ = identifier.classify(text[:_SAMPLE])
    return str(language)
