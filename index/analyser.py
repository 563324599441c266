"""The analyser of the lexical index: splits text into words, and maps the forms of a word to one term."""

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
"""The name of what `terms` does, written in every manifest. Change it when the same text yields different terms."""

_STEMMERS = {"en": "english", "es": "spanish"}
_WORD = re.compile(r"\d+(?:[.,]\d+)+|\w+")
_SUPERSCRIPT = re.compile("[⁰¹²³⁴-⁹]+")
_LOCK = threading.Lock()  # a Snowball stemmer is not thread-safe


def fold(text: str) -> str:
    """Return the text in lower case, without accents and ligatures, so that "Perú", "PERU" and "peru" are equal."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def words(text: str) -> list[str]:
    """Return the folded words of a text, in order. A number with separators ("1,500", "3.5") is one word; superscripts are none."""
    return _WORD.findall(fold(_SUPERSCRIPT.sub(" ", text)))


def _stop_words(listed: tuple[str, ...], *, extra: str = "", without: str = "") -> frozenset[str]:
    return (frozenset(map(fold, listed)) | set(extra.split())) - set(without.split())


@cache
def _stop_words_of(language: str) -> frozenset[str]:
    """Return the folded stop words of a language; only English and Spanish have any."""
    if language == "en":
        return _stop_words(_bm25s_stop_words().STOPWORDS_EN_PLUS, extra="also could many may might much must shall us would")
    if language == "es":
        # "estado" (state) and "sentido" (sense) are nouns before they are forms of a verb; "has" marks a question as English.
        extra, without = "cuales cuanta cuantas cuanto cuantos", "has estado estados sentid sentida sentidas sentido sentidos"
        return _stop_words(_bm25s_stop_words().STOPWORDS_SPANISH, extra=extra, without=without)
    return frozenset()


@cache
def _bm25s_stop_words() -> ModuleType:
    """Import the stop word lists of bm25s alone, since importing all of it takes a fifth of a second."""
    package = find_spec("bm25s")
    folder = next(iter(package.submodule_search_locations or ()), "") if package else ""
    spec = spec_from_file_location("bm25s.stopwords", Path(folder) / "stopwords.py")
    if spec is None or spec.loader is None:
        raise ImportError("bm25s is not installed", name="bm25s")
    lists = module_from_spec(spec)
    spec.loader.exec_module(lists)
    return lists


def content_words(text: str, language: str) -> list[str]:
    """Return the folded words of a text, in order, without the stop words of its language."""
    stop_words = _stop_words_of(language)
    return [word for word in words(text) if word not in stop_words]


def question_language(text: str) -> str:
    """Return which of the usual languages a question is in.

    It is the one with more stop words in the question, because foreign names mislead a guess by letters; a tie is settled by such a
    guess.
    """
    stop_word_counts = {language: len(words(text)) - len(content_words(text, language)) for language in USUAL_LANGUAGES}
    most = [language for language in stop_word_counts if stop_word_counts[language] == max(stop_word_counts.values())]
    return most[0] if len(most) == 1 else language_of(text, USUAL_LANGUAGES)


def terms(text: str, language: str) -> list[str]:
    """Return the index terms of a passage: its content words, stemmed if `language` is English or Spanish."""
    return _stem(content_words(text, language), language)


def question_terms(text: str, language: str) -> list[str]:
    """Return the distinct index terms of a question in `language`.

    Each word is stemmed as English, as Spanish, and not at all, because the documents may be in any language.
    """
    content = content_words(text, language)
    forms = zip(_stem(content, "en"), _stem(content, "es"), content, strict=True)
    return list(dict.fromkeys(term for stemmed in forms for term in stemmed))


def _stem(unstemmed: list[str], language: str) -> list[str]:
    name = _STEMMERS.get(language)
    if name is None:
        return unstemmed
    with _LOCK:
        return [str(term) for term in _stemmer(name).stemWords(unstemmed)]


@cache
def _stemmer(name: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(name)
