"""Which of Quipu's languages a reader gets, and what languages are called."""

from collections.abc import Mapping
from contextlib import suppress
from http.cookies import CookieError, SimpleCookie
from typing import get_args

from ui.wording.words import Language, say

LANGUAGE_COOKIE = "quipu_language"
"""The cookie that remembers the language a reader chose."""

_NAMES = {
    "en": "language_english",
    "es": "language_spanish",
    "pt": "language_portuguese",
    "fr": "language_french",
    "de": "language_german",
    "it": "language_italian",
}


def language_of(headers: Mapping[str, str]) -> Language:
    """Return the language for a request: the one in the reader's cookie, or else the one that the browser prefers."""
    with suppress(CookieError):
        chosen = SimpleCookie(headers.get("cookie", "")).get(LANGUAGE_COOKIE)
        if chosen is not None and chosen.value in get_args(Language):
            return as_language(chosen.value)
    return language_for(headers.get("accept-language"))


def language_for(accept_language: str | None) -> Language:
    """Return whichever of English and Spanish an Accept-Language header prefers; English if it names neither."""
    weighted: list[tuple[float, int, str]] = []
    for position, part in enumerate((accept_language or "").split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighted.append((-float(weight or 1), position, tag.split("-")[0].lower()))
        except ValueError:
            continue
    return next((as_language(tag) for _, _, tag in sorted(weighted) if tag in get_args(Language)), "en")


def as_language(code: str) -> Language:
    """Return the language in which to speak to somebody who writes in the language `code`."""
    return "es" if code == "es" else "en"


def other_language(language: Language) -> Language:
    """Return the language that a page offers to switch to."""
    return "en" if language == "es" else "es"


def language_name(code: str, language: Language) -> str:
    """Return the name of the language `code`, or the code itself if Quipu has no name for it."""
    key = _NAMES.get(code)
    return code if key is None else say(key, language)
