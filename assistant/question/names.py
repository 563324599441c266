"""The names in a question, the index terms that a name may appear as, and whether a text has them."""

import re
from collections.abc import Collection

from assistant.glossary import in_english, in_plain_words
from assistant.question.phrases import YEAR
from assistant.question.words import is_content_word, surface_words
from corpus import split_sentences
from index import content_words, fold, question_terms

_WRITTEN_OUT_SHARE = 2 / 3  # of the words that an acronym stands for: so many make it written out
_ADJECTIVE_ENDINGS = ("n", "an", "ian", "vian", "ese", "i")
_TITLES = frozenset(["mr", "mrs", "ms", "dr", "sr", "sra", "srta", "don", "dona"])
_ROMAN_NUMERAL = re.compile("X{0,3}(?:IX|IV|V?I{0,3})")  # up to 39


def names_in(text: str, language: str) -> tuple[str, ...]:
    """Return the names in a question, recognized by their capitals, and then the years.

    The first word of a sentence is capitalized anyway, so it counts only if it is an acronym. In title case, where even stop words
    are capitalized, capitals mean nothing and there are no names.
    """
    names: list[str] = []
    capitalized_stop_words: list[bool] = []  # for each stop word after the first word of its sentence
    for start, end in split_sentences(text):
        continues_name = False
        for index, word in enumerate(surface_words(text[start:end])):
            is_content, is_capitalized = is_content_word(word, language), word[0].isupper()
            is_excluded = fold(word) in _TITLES or _ROMAN_NUMERAL.fullmatch(word)
            is_name = is_content and is_capitalized and (index > 0 or is_acronym(word)) and not is_excluded
            if is_name and continues_name:
                names[-1] += f" {word}"
            elif is_name:
                names.append(word)
            elif index > 0 and not is_content and word != "I":
                capitalized_stop_words.append(is_capitalized)
            continues_name = is_name
    if sum(capitalized_stop_words) > len(capitalized_stop_words) / 2:
        names = []
    return (*names, *YEAR.findall(text))


def name_forms(name: str, language: str) -> list[list[frozenset[str]]]:
    """Return the wordings of a name: as it is, and in English if it is Spanish. A wording is a list with the index terms that each
    of its words may appear as: the word itself, or the place whose adjective it may be ("peruvian" from "peru", "mexican" from
    "mexico").
    """
    wordings = [(name, language), *([(in_english(name), "en")] if language == "es" else [])]
    return [
        [_word_forms(word, wording_language) for word in dict.fromkeys(content_words(wording, wording_language))]
        for wording, wording_language in wordings
    ]


def is_named(name: str, language: str, terms: Collection[str]) -> bool:
    """Return whether a name is among the index terms of a text: every word of it, or most of the words that the glossary gives for
    an acronym ("money laundering" counts as AML, "anti-money laundering").
    """
    if any(all(not forms.isdisjoint(terms) for forms in wording) for wording in name_forms(name, language)):
        return True
    written_out = {frozenset(question_terms(word, "en")) for word in content_words(in_plain_words(name), "en")}
    return (
        is_acronym(name)
        and len(written_out) > 1
        and sum(not forms.isdisjoint(terms) for forms in written_out) >= _WRITTEN_OUT_SHARE * len(written_out)
    )


def is_acronym(word: str) -> bool:
    """Return whether a word has at least two letters, all of them capitals."""
    return len(word) > 1 and word.isupper()


def _word_forms(word: str, language: str) -> frozenset[str]:
    stems = [word[: -len(ending)] for ending in _ADJECTIVE_ENDINGS if word.endswith(ending) and len(word) - len(ending) >= 4]
    forms = [word, *(stem + vowel for stem in stems for vowel in ("", "a", "o", "e"))]
    return frozenset(term for form in forms for term in question_terms(form, language))
