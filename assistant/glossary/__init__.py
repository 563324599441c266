"""Rewords questions: Spanish ones in English, and everyday English in the words of reports.

The default encoder and the cross-encoder know only English, and no translator is small enough to ship. A glossary is, and anybody
who knows both languages can check and correct its lines. Its output is for searching and scoring, never for display.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import Stemmer

from index import fold

_LONGEST_PHRASE = 5  # words
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_INFINITIVE = re.compile(r"[aei]r(?:se)?$")
_VERB = re.compile(r"(?:[ae]n|ó|[aei]ron|aba[ns]?|ía[ns]?|[aei]ndo|rán?|[ai]d[oa]s?)$")
"""The endings of verb forms that no noun has: "enfrentan" belongs to "enfrentar", not to "enfrente"."""

_QUESTION_WORDS = [
    (re.compile(rf"(?<!\w){word}(?!\w)", re.IGNORECASE), english)
    for word, english in (("por qué", "why"), ("para qué", "what for"), ("qué", "what"), ("cómo", "how"), ("cuál(?:es)?", "which"))
]
_VERB_FIRST = re.compile(
    r"^(es|son|era|eran|fue|fueron|está|están|estaba|estaban) (\w+(?: y \w+)?) "
    r"((?:el|la|los|las|un|una) \w+(?: (?:de|del|en) .*?)?)(?=\W*$)",
    re.IGNORECASE,
)
"""A Spanish question with the adjective before its subject, as in "¿Están llenas las cárceles?"."""

_OPENING_QUE = re.compile(r"^((?:(?:a|con|de|en|para|sobre) )?)que(?!\w)", re.IGNORECASE)  # "qué" typed without its accent
_FUNCTION_WORDS = dict(
    pair.split("=")
    for pair in """
    el=the la=the los=the las=the un=a una=a de=of del=of_the en=in por=by para=for con=with a=to al=to_the y=and e=and o=or
    u=or que=that se= le= les= lo= me= te= nos= su=its sus=its es=is son=are era=was eran=were fue=was fueron=were ser=be sea=be
    ha=has han=have había=had está=is están=are estaba=was estaban=were estar=be este=this esta=this estos=these estas=these
    ese=that esa=that esos=those esas=those hay=is_there hubo=was_there había=was_there no=not sobre=about entre=between
    hasta=until desde=since como=as si=if pero=but ni=nor tiene=has tienen=have tuvo=had tenía=had
    """.split()
)
"""Spanish function words with their English equivalents, in which "_" is a space."""


@dataclass(frozen=True, slots=True)
class Glossary:
    """Folded phrases with their English equivalents and, for forms that aren't listed, words and verbs by their stem."""

    phrases: dict[str, str]
    stems: dict[str, str]
    verbs: dict[str, str]
    stem: Callable[[str], str]

    @classmethod
    def load(cls, name: str, language: str) -> "Glossary":
        """Return the glossary in `<name>.tsv`, the left column of which is in `language` (as Snowball names it)."""
        stem = Stemmer.Stemmer(language).stemWord
        phrases: dict[str, str] = {}
        stems: dict[str, str] = {}
        verbs: dict[str, str] = {}
        for line in files("assistant.glossary").joinpath(f"{name}.tsv").read_text(encoding="utf-8").splitlines():
            left, right = line.split("\t")
            key = fold(left)
            phrases.setdefault(key, right)
            if " " not in key:
                (verbs if _INFINITIVE.search(key) else stems).setdefault(stem(key), right)
        return cls(phrases, {**verbs, **stems}, {**stems, **verbs}, stem)

    def replace_in(self, text: str, *, by_stem: bool, is_name: Callable[[str], bool] = lambda _: False) -> str:
        """Return the text with each phrase of the glossary replaced, the longest first. With `by_stem`, words that aren't listed
        are looked up by their stem.

        A capitalized word that isn't the first stays if `is_name` returns True for its folded form.
        """
        words = list(_WORD.finditer(text))
        folded = [fold(match[0]) for match in words]
        parts: list[str] = []
        index, end = 0, 0
        while index < len(words):
            for count in range(min(_LONGEST_PHRASE, len(words) - index), 0, -1):
                if count == 1 and index > 0 and words[index][0][0].isupper() and is_name(folded[index]):
                    replacement = None
                    break
                replacement = self.phrases.get(" ".join(folded[index : index + count]))
                if replacement is None and count == 1 and by_stem:
                    entries = self.verbs if _VERB.search(words[index][0].casefold()) else self.stems
                    replacement = entries.get(self.stem(folded[index]))
                if replacement is not None:
                    break
            parts += [text[end : words[index].start()], replacement if replacement is not None else words[index][0]]
            end = words[index + count - 1].end()
            index += count
        return "".join([*parts, text[end:]])


@cache
def _spanish() -> Glossary:
    glossary = Glossary.load("spanish", "spanish")
    for word, english in _FUNCTION_WORDS.items():
        glossary.phrases[fold(word)] = english.replace("_", " ")
    return glossary


@cache
def _english() -> Glossary:
    return Glossary.load("english", "english")


def in_english(question: str, is_name: Callable[[str], bool] = lambda _: False) -> str:
    """Return a Spanish question in English words, in the order of the Spanish ones. Unknown words stay, and so do capitalized words
    whose folded form is a name according to `is_name`.

    >>> in_english("¿Quién controla el VRAEM?")
    'who control the VRAEM?'
    """
    text = _OPENING_QUE.sub(r"\1qué", question.replace("¿", "").replace("¡", "").strip())
    text = _VERB_FIRST.sub(r"\1 \3 \2", text)
    for pattern, english in _QUESTION_WORDS:
        text = pattern.sub(english, text)
    return " ".join(_spanish().replace_in(text, by_stem=True, is_name=is_name).split())


def in_plain_words(question: str) -> str:
    """Return an English question with everyday words and acronyms replaced by the words of reports.

    >>> in_plain_words("Are the cops in bed with the crooks?")
    'Are the police complicit with the criminals?'
    """
    return _english().replace_in(question, by_stem=False)
