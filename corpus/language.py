"""Language detection by py3langid: small, offline, and accurate on short questions if the choice is narrowed."""

import threading
from copy import copy
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

USUAL_LANGUAGES = ("en", "es")
"""The ISO 639-1 codes of the languages that questions are asked in and most documents are written in."""

_SAMPLE = 5000  # characters; more take longer and don't change the result

_CLEARLY = 12.0
"""By how many nats a language has to be likelier than the usual ones to be clearly another one: 0.06% of 6,700 questions in the
usual languages, misspelled ones and keywords among them, look so, and 38 of 40 in eleven other languages.
"""

_loading = threading.RLock()  # two threads that unpack the model at once would take twice the memory


@cache
def _identifier(languages: tuple[str, ...]) -> "LanguageIdentifier":
    """Return an identifier of these languages, or of all that it knows if none is given. The first call unpacks the model, which
    takes a quarter of a second.
    """
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    if not languages:
        return LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier = copy(_identifier(()))
    identifier.set_languages(list(languages))
    return identifier


def language_of(text: str, among: tuple[str, ...] = ()) -> str:
    """Return the ISO 639-1 code of the text's language, one of `among` if given; "en" for a text without letters."""
    if not any(character.isalpha() for character in text):
        return "en"
    with _loading:
        identifier = _identifier(among)
    language, _ = identifier.classify(text[:_SAMPLE])
    return str(language)


def unusual_language(text: str) -> str | None:
    """Return the ISO 639-1 code of a text's language if that is clearly none of `USUAL_LANGUAGES`, else None."""
    if not any(character.isalpha() for character in text):
        return None
    with _loading:
        likelihoods = dict(_identifier(()).rank(text[:_SAMPLE]))
    likeliest = max(likelihoods, key=likelihoods.__getitem__)
    margin = likelihoods[likeliest] - max(likelihoods[language] for language in USUAL_LANGUAGES)
    return str(likeliest) if margin > _CLEARLY else None
