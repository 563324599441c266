"""What a question asks: whether it asks anything, in which language, of what, and what it leaves to the turn before it."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from assistant.answer import Reason
from assistant.errors import QuestionError
from assistant.glossary import in_english, in_plain_words
from assistant.phrases import (
    ASKED,
    ASKING,
    DATE,
    FILLER,
    FRAME,
    JOINT,
    KINDS,
    NUMBER,
    OPENER,
    PREPOSITION,
    PRONOUN,
    SMALL_TALK,
    YEAR,
)
from assistant.spelling import mended
from assistant.vocabulary import Vocabulary
from corpus import USUAL_LANGUAGES, language_of, split_sentences
from index import content_words, fold, question_language, question_terms, words

LONGEST_QUESTION = 2000
"""Characters. Several times the longest question that anyone has been seen to ask; the encoder sees about half of it."""

_MOST_PARTS = 3
_MOST_OF = 2 / 3  # of the words of an acronym that is written out
_LONG_WINDED = 25  # words: before the last sentence of a longer text somebody says why they ask
_ELLIPTICAL = 3  # content words: a longer turn asks a whole question, whatever it opens with
_ADJECTIVES = ("n", "an", "ian", "vian", "ese", "i")
_NO_NAMES = frozenset(["mr", "mrs", "ms", "dr", "sr", "sra", "srta", "don", "dona"])
_ROMAN = re.compile("X{0,3}(?:IX|IV|V?I{0,3})")  # numerals up to 39


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it was understood. `searched` is explicit: it can be searched without knowing what was asked before.

    `said` is `searched` in one way or several, each with its language: as it is, and if that differs, in the words of English
    reports, which come last. `read_as` is the same, but of a follow-up with words of its own without those of the question before:
    they help to find the place, and would be read as part of what is asked. `names` are the names and years that it asks about, and
    `own_words` what a follow-up adds to the question before it: an answer has to be about them. `asks` is the kind of thing that is
    asked for, a key of `phrases.ASKED` or "". `nothing` says why it asks nothing.
    """

    text: str
    searched: str
    language: str
    said: tuple[tuple[str, str], ...] = ()
    read_as: tuple[tuple[str, str], ...] = ()
    names: tuple[str, ...] = ()
    own_words: tuple[str, ...] = ()
    asks: str = ""
    nothing: Reason | None = None

    @property
    def phrasings(self) -> tuple[str, ...]:
        """`said` without the languages."""
        return tuple(phrasing for phrasing, _ in self.said)

    @property
    def is_topic(self) -> bool:
        """Whether it names a topic, as "prisons in the north", and asks nothing of it."""
        return ASKING.match(fold(self.searched).lstrip("¿ ")) is None

    def fits(self, text: str) -> bool:
        """Whether a text has a number, a year or a date, if one is asked for."""
        given = _GIVEN.get(self.asks)
        return given is None or given.search(fold(text)) is not None


_GIVEN = {"number": NUMBER, "year": YEAR, "date": DATE}


def understand(text: str, history: Sequence[str], vocabulary: Vocabulary) -> Question:
    """Return the question that `text` asks after the earlier questions `history`, oldest first, of documents with this vocabulary.

    Raises QuestionError if the text is too long to be a question; what is too long in the history is left out.
    """
    if len(text) > LONGEST_QUESTION:
        raise QuestionError(
            f"The question has {len(text):,} characters; Quipu takes up to {LONGEST_QUESTION:,}. Ask about one thing at a time."
        )
    text = " ".join(text.split())
    history = [earlier for earlier in history if len(earlier) <= LONGEST_QUESTION]
    language = question_language(text)
    if spoken := _small_talk(text):
        return Question(text, text, spoken, nothing=Reason("small_talk"))
    if not any(character.isalnum() for character in text):
        return Question(text, text, language, nothing=Reason("empty"))
    if _is_gibberish(text, vocabulary):
        return Question(text, text, language, nothing=Reason("gibberish"))
    folded = " ".join(words(text))
    searched = own = _unframed(text, language)
    own_words: list[str] = []
    if history and is_elliptical(text, language):
        added = content_words(text, language)
        known = [word for word in added if _occurs(question_terms(word, language), vocabulary)]
        own_words = [word for word in known if word not in KINDS]
        if known or not added or language not in vocabulary.languages():
            searched = " ".join([own, *_topic(text, history, vocabulary)])
    if searched == own:
        own_words = []
    said = _said(searched, language, vocabulary)
    return Question(
        text=text,
        searched=searched,
        language=language,
        said=said,
        read_as=_said(own, language, vocabulary) if own_words else said,
        names=tuple(filter(None, mended("\n".join(_names(text, language)), language, vocabulary).split("\n"))),
        own_words=tuple(own_words),
        asks=next((kind for kind, phrases in ASKED.items() if phrases.search(folded)), ""),
    )


def parts_of(text: str) -> list[str]:
    """The questions that a text asks one after the other, or joined by "and"; the text itself if it asks one.

    >>> parts_of("How big are the gangs, and how far does their reach extend?")
    ['How big are the gangs', 'how far does their reach extend?']
    """
    text = " ".join(text.split())
    asked = [text[start:end] for start, end in split_sentences(text)]
    if not all(sentence.endswith("?") for sentence in asked):
        return [text]
    parts = [part for sentence in asked for part in JOINT.split(sentence)]
    return parts if len(parts) <= _MOST_PARTS else [text]


def is_elliptical(text: str, language: str) -> bool:
    """Whether a turn can't be understood without the one before: "and in the north?", "what about them?", "why?"."""
    folded = " ".join(words(text))
    content = content_words(text, language)
    if not content:
        return True
    leans = OPENER.match(folded) or PRONOUN.search(folded) or PREPOSITION.match(folded)
    return leans is not None and len(content) <= _ELLIPTICAL


def unknown_language(text: str) -> str | None:
    """The code of the language that a text is in, if it is plainly neither of the usual ones."""
    known = [word for word in words(text) if not all(_is_content(word, language) for language in USUAL_LANGUAGES)]
    if len(known) > len(words(text)) / 4:
        return None
    found = language_of(text)
    return found if found not in USUAL_LANGUAGES else None


def encodable(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON may hold and UTF-8 can't."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _said(searched: str, language: str, vocabulary: Vocabulary) -> tuple[tuple[str, str], ...]:
    """See `Question.said`. A word in capitals that English documents have too is a name: "Castillo", and no castle."""

    def is_name(word: str) -> bool:
        return _occurs(question_terms(word, ""), vocabulary)

    english = mended(in_english(searched, is_name) if language == "es" else in_plain_words(searched), "en", vocabulary)
    return tuple(dict.fromkeys([(searched, language), (english, "en")]))


def _unframed(text: str, language: str) -> str:
    """The question without what leads up to it, and without words about the asking, unless nothing else is in it."""
    asked = text
    if len(words(text)) > _LONG_WINDED and text.endswith("?"):
        first, last = split_sentences(text)[-1]
        _, colon, rest = text[first:last].rpartition(": ")
        asked = rest if colon and ASKING.match(fold(rest).lstrip("¿")) else text[first:last]
        asked = asked if len(content_words(asked, language)) > 1 else text
    rest = " ".join(FRAME.sub("", asked).split()).replace("¿ ", "¿")
    return rest if content_words(rest, language) else text


def _topic(text: str, history: Sequence[str], vocabulary: Vocabulary) -> list[str]:
    """The topic words of the last whole question: those that stand in the documents, or all of them if none does.

    After the word scoring of HQE (Lin et al., "Multi-Stage Conversational Passage Retrieval", 2020), with the index's own
    vocabulary in place of a threshold.
    """
    own = set(words(text))
    for earlier in reversed(history):
        language = question_language(earlier)
        if not is_elliptical(earlier, language) and not _small_talk(earlier):
            topic = [word for word in _surface_words(earlier) if _is_content(word, language) and fold(word) not in own]
            found = [word for word in topic if _occurs(question_terms(word, language), vocabulary)]
            return list(dict.fromkeys(found or topic))
    return []


def _small_talk(text: str) -> str | None:
    """The language of a text that is small talk and nothing else; None for any other text."""
    folded = " ".join(words(text))
    for language, phrases in SMALL_TALK.items():
        rest = phrases.sub(" ", folded)
        if rest != folded and not [word for word in content_words(rest, language) if word not in FILLER]:
            return language
    return None


def _is_gibberish(text: str, vocabulary: Vocabulary) -> bool:
    """Whether no word is known, and most could not be words of any language that is written as English and Spanish are."""
    found = [word for word in _surface_words(text) if word.isalpha()]
    if any(_is_known(word, vocabulary) for word in found):
        return False
    strange = [word for word in found if not word.isupper() and _is_unpronounceable(fold(word))]
    return len(strange) > len(found) / 2


def _is_known(word: str, vocabulary: Vocabulary) -> bool:
    """Whether a word is a stop word of either language, or stands in the documents."""
    return not all(_is_content(word, language) for language in USUAL_LANGUAGES) or _occurs(question_terms(word, ""), vocabulary)


def _is_unpronounceable(word: str) -> bool:
    """Whether a folded word has no vowel, four consonants in a row (a digraph counts as one), a q without u, or a letter thrice."""
    sounds = re.sub("tch|[cpst]h|gh|ng|st|ck", "t", word)
    return word.isascii() and re.search(r"^[^aeiouy]+$|[^aeiouy]{4}|q(?!u)|(.)\1\1", sounds) is not None


def _names(text: str, language: str) -> tuple[str, ...]:
    """The names in a question, by their capitals, and its years. In title case, where even stop words have them, they say nothing.

    A sentence's first word has its capital anyway, and is left out unless it is an acronym.
    """
    names: list[str] = []
    capitals: list[bool] = []  # of the stop words within sentences
    for start, end in split_sentences(text):
        joined = False
        for place, word in enumerate(_surface_words(text[start:end])):
            is_content, capital = _is_content(word, language), word[0].isupper()
            is_no_name = fold(word) in _NO_NAMES or _ROMAN.fullmatch(word)
            is_name = is_content and capital and (place > 0 or is_acronym(word)) and not is_no_name
            if is_name and joined:
                names[-1] += f" {word}"
            elif is_name:
                names.append(word)
            elif place > 0 and not is_content and word != "I":
                capitals.append(capital)
            joined = is_name
    if sum(capitals) > len(capitals) / 2:
        names = []
    return (*names, *YEAR.findall(text))


def name_forms(name: str, language: str) -> list[list[frozenset[str]]]:
    """The ways to say a name: as it is, and in English if it is Spanish; each as the index terms that each of its words may be:
    itself, and the place whose adjective it may be ("peruvian" may be of "peru", "mexican" of "mexico").
    """
    said = [(name, language), *([(in_english(name), "en")] if language == "es" else [])]
    return [[_word_forms(word, spoken) for word in dict.fromkeys(content_words(way, spoken))] for way, spoken in said]


def _word_forms(word: str, language: str) -> frozenset[str]:
    stems = [word[: -len(ending)] for ending in _ADJECTIVES if word.endswith(ending) and len(word) - len(ending) >= 4]
    forms = [word, *(stem + vowel for stem in stems for vowel in ("", "a", "o", "e"))]
    return frozenset(term for form in forms for term in question_terms(form, language))


def is_named(name: str, language: str, found: Collection[str]) -> bool:
    """Whether a name is among these index terms: each word of it, or of an acronym most of what the glossary has for it ("money
    laundering" is of AML, "anti-money laundering").
    """
    if any(all(not forms.isdisjoint(found) for forms in way) for way in name_forms(name, language)):
        return True
    written_out = {frozenset(question_terms(word, "en")) for word in content_words(in_plain_words(name), "en")}
    return (
        is_acronym(name)
        and len(written_out) > 1
        and sum(not forms.isdisjoint(found) for forms in written_out) >= _MOST_OF * len(written_out)
    )


def is_acronym(word: str) -> bool:
    """Whether a word is written in capitals alone."""
    return len(word) > 1 and word.isupper()


def _occurs(terms: Collection[str], vocabulary: Vocabulary) -> bool:
    """Whether one of these index terms stands in the documents."""
    return any(vocabulary.frequency(term) > 0 for term in terms)


def _surface_words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:-[^\W_]+)*", text)


def _is_content(word: str, language: str) -> bool:
    return bool(content_words(word, language))
