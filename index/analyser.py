"""The analyser of the word index: what counts as a word, and which forms of it are one term."""

import re
import threading
import unicodedata
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import Stemmer

from corpus import USUAL_LANGUAGES, language_of

ANALYSER = "fold-snowball-1"
"""Names what `terms` does; it stands in every manifest. Change it when the same text gives other terms."""

_STEMMERS = {"en": "english", "es": "spanish"}
_WORD = re.compile(r"\d+(?:[.,]\d+)+|\w+")
_SUPERSCRIPT = re.compile("[⁰¹²³⁴-⁹]+")
_LOCK = threading.Lock()  # a Snowball stemmer keeps state


def fold(text: str) -> str:
    """Lower case without accents and ligatures, so that "Perú", "PERU" and "peru" are one."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def words(text: str) -> list[str]:
    """The folded words of a text, in order. A number with its separators ("1,500", "3.5") is one word; a superscript is none."""
    return _WORD.findall(fold(_SUPERSCRIPT.sub(" ", text)))


def _stop_words(listed: tuple[str, ...], *, more: str = "", fewer: str = "") -> frozenset[str]:
    return (frozenset(map(fold, listed)) | set(more.split())) - set(fewer.split())


@cache
def _stop_words_of(language: str) -> frozenset[str]:
    """The stop words of a language, folded; none of most."""
    if language == "en":
        return _stop_words(_published().STOPWORDS_EN_PLUS, more="also could many may might much must shall us would")
    if language == "es":
        # "estado" is a state and "sentido" a sense before they are forms of a verb; "has" tells a question in English
        more, fewer = "cuales cuanta cuantas cuanto cuantos", "has estado estados sentid sentida sentidas sentido sentidos"
        return _stop_words(_published().STOPWORDS_SPANISH, more=more, fewer=fewer)
    return frozenset()


@cache
def _published() -> ModuleType:
    """The lists of bm25s, without the rest of it, which takes a fifth of a second to import."""
    package = find_spec("bm25s")
    folder = next(iter(package.submodule_search_locations or ()), "") if package else ""
    spec = spec_from_file_location("bm25s.stopwords", Path(folder) / "stopwords.py")
    if spec is None or spec.loader is None:
        raise ImportError("bm25s can't be found", name="bm25s")
    lists = module_from_spec(spec)
    spec.loader.exec_module(lists)
    return lists


def content_words(text: str, language: str) -> list[str]:
    """The folded words of a text that aren't stop words of its language, in order."""
    stop_words = _stop_words_of(language)
    return [word for word in words(text) if word not in stop_words]


def question_language(text: str) -> str:
    """The usual language that a question is in: that whose stop words it has more of, since names of other languages mislead a
    guess by letters; by such a guess if both have as many.
    """
    own = {language: len(words(text)) - len(content_words(text, language)) for language in USUAL_LANGUAGES}
    most = [language for language in own if own[language] == max(own.values())]
    return most[0] if len(most) == 1 else language_of(text, USUAL_LANGUAGES)


def terms(text: str, language: str) -> list[str]:
    """The index terms of a passage in `language`: its content words, stemmed if that is English or Spanish."""
    return _stem(content_words(text, language), language)


def question_terms(text: str, language: str) -> list[str]:
    """The distinct index terms of a question in `language`: stemmed as English, as Spanish, and as they are, since it may be
    asked of documents in any language.
    """
    found = content_words(text, language)
    forms = zip(_stem(found, "en"), _stem(found, "es"), found, strict=True)
    return list(dict.fromkeys(term for stemmed in forms for term in stemmed))


def _stem(found: list[str], language: str) -> list[str]:
    name = _STEMMERS.get(language)
    if name is None:
        return found
    with _LOCK:
        return [str(term) for term in _stemmer(name).stemWords(found)]


@cache
def _stemmer(name: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(name)
