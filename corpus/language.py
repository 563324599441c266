"""Which language a text is in. py3langid: small, offline, and right on short questions when the choice is narrowed."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

USUAL_LANGUAGES = ("en", "es")
"""Those that questions are asked in, and most documents are written in."""

_SAMPLE = 5000  # characters; more doesn't change the answer and costs time


@cache
def _identifier(languages: tuple[str, ...]) -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    if languages:
        identifier.set_languages(list(languages))
    return identifier


def language_of(text: str, among: tuple[str, ...] = ()) -> str:
    """The ISO 639-1 code of the text's language, out of `among` where that is given; "en" for text without a letter."""
    if not any(character.isalpha() for character in text):
        return "en"
    language, _ = _identifier(among).classify(text[:_SAMPLE])
    return str(language)
