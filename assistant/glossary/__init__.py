"""Says a question in other words: a Spanish one in English, and everyday English in the words of reports.

The default encoder and the reader know English only, and no translator is small enough to ship. A glossary is: its lines can be
read, and mended, by anybody who knows both languages. What comes out is for searching and reading, never for showing.
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
"""How a form of a verb may end that is of no noun: "enfrentan" is of "enfrentar", and not of "enfrente"."""

_ASKING = [
    (re.compile(rf"(?<!\w){word}(?!\w)", re.IGNORECASE), said)
    for word, said in (("por qué", "why"), ("para qué", "what for"), ("qué", "what"), ("cómo", "how"), ("cuál(?:es)?", "which"))
]
_VERB_FIRST = re.compile(
    r"^(es|son|era|eran|fue|fueron|está|están|estaba|estaban) (\w+(?: y \w+)?) "
    r"((?:el|la|los|las|un|una) \w+(?: (?:de|del|en) .*?)?)(?=\W*$)",
    re.IGNORECASE,
)
"""A Spanish question that has the adjective before what it is about: "¿Están llenas las cárceles?"."""

_OPENING_QUE = re.compile(r"^((?:(?:a|con|de|en|para|sobre) )?)que(?!\w)", re.IGNORECASE)  # as typed without accents
_LITTLE = dict(
    pair.split("=")
    for pair in """
    el=the la=the los=the las=the un=a una=a de=of del=of_the en=in por=by para=for con=with a=to al=to_the y=and e=and o=or
    u=or que=that se= le= les= lo= me= te= nos= su=its sus=its es=is son=are era=was eran=were fue=was fueron=were ser=be sea=be
    ha=has han=have había=had está=is están=are estaba=was estaban=were estar=be este=this esta=this estos=these estas=these
    ese=that esa=that esos=those esas=those hay=is_there hubo=was_there había=was_there no=not sobre=about entre=between
    hasta=until desde=since como=as si=if pero=but ni=nor tiene=has tienen=have tuvo=had tenía=had
    """.split()
)
"""Spanish words that say how others hang together, and what stands for them in English; "_" is a space."""


@dataclass(frozen=True, slots=True)
class Glossary:
    """Phrases, folded, with what they are in English; and for the forms that aren't listed, words and verbs by their stem."""

    phrases: dict[str, str]
    stems: dict[str, str]
    verbs: dict[str, str]
    stem: Callable[[str], str]

    @classmethod
    def load(cls, name: str, language: str) -> "Glossary":
        """The glossary in `<name>.tsv`, whose left sides are in `language` (as Snowball names it)."""
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

    def put(self, text: str, *, by_stem: bool, is_name: Callable[[str], bool] = lambda _: False) -> str:
        """The text with its phrases exchanged, the longest first, then its words, as they are or (`by_stem`) by their stem; but for
        a word in capitals within it of which `is_name` says that it is a name.
        """
        found = list(_WORD.finditer(text))
        folded = [fold(match[0]) for match in found]
        parts: list[str] = []
        place, end = 0, 0
        while place < len(found):
            for count in range(min(_LONGEST_PHRASE, len(found) - place), 0, -1):
                if count == 1 and place > 0 and found[place][0][0].isupper() and is_name(folded[place]):
                    said = None
                    break
                said = self.phrases.get(" ".join(folded[place : place + count]))
                if said is None and count == 1 and by_stem:
                    by = self.verbs if _VERB.search(found[place][0].casefold()) else self.stems
                    said = by.get(self.stem(folded[place]))
                if said is not None:
                    break
            parts += [text[end : found[place].start()], said if said is not None else found[place][0]]
            end = found[place + count - 1].end()
            place += count
        return "".join([*parts, text[end:]])


@cache
def _spanish() -> Glossary:
    glossary = Glossary.load("spanish", "spanish")
    for word, said in _LITTLE.items():
        glossary.phrases[fold(word)] = said.replace("_", " ")
    return glossary


@cache
def _english() -> Glossary:
    return Glossary.load("english", "english")


def in_english(question: str, is_name: Callable[[str], bool] = lambda _: False) -> str:
    """A Spanish question in English words, in the order of the Spanish ones. A word that isn't known stays, and so does one in
    capitals of which `is_name` says, by its folded form, that it is a name.

    >>> in_english("¿Quién controla el VRAEM?")
    'who control the VRAEM?'
    """
    text = _OPENING_QUE.sub(r"\1qué", question.replace("¿", "").replace("¡", "").strip())
    text = _VERB_FIRST.sub(r"\1 \3 \2", text)
    for pattern, said in _ASKING:
        text = pattern.sub(said, text)
    return " ".join(_spanish().put(text, by_stem=True, is_name=is_name).split())


def in_plain_words(question: str) -> str:
    """An English question with everyday words and acronyms exchanged for what reports say.

    >>> in_plain_words("Are the cops in bed with the crooks?")
    'Are the police complicit with the criminals?'
    """
    return _english().put(question, by_stem=False)
