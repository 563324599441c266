"""What a question asks: whether it asks anything, in which language, of what, and what it leaves to the turn before it."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from assistant.answer import Reason
from assistant.phrases import FILLER, FRAME, NUMBER_ASKED, OPENER, PREPOSITION, PRONOUN, SMALL_TALK, YEAR, YEAR_ASKED
from corpus import USUAL_LANGUAGES, QuestionError, split_sentences
from index import content_words, fold, question_language, question_terms, words

LONGEST_QUESTION = 2000
"""Characters. Several times the longest question that anyone has been seen to ask; the encoder sees about half of it."""

_ELLIPTICAL = 3  # content words: a longer turn asks a whole question, whatever it opens with
_NO_NAMES = frozenset(["mr", "mrs", "ms", "dr", "sr", "sra", "srta", "don", "dona", "i", "ii", "iii", "iv"])


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it was understood. `searched` is explicit: it can be searched without knowing what was asked before.

    `names` are the names and years that it asks about, and `own_words` what a follow-up adds to the question before it: an
    answer has to be about them. `nothing` says why it asks nothing.
    """

    text: str
    searched: str
    language: str
    names: tuple[str, ...] = ()
    own_words: tuple[str, ...] = ()
    asks_number: bool = False
    asks_year: bool = False
    nothing: Reason | None = None


def understand(text: str, history: Sequence[str], languages: Collection[str], holds: Callable[[str], bool]) -> Question:
    """The question that `text` asks after the earlier questions `history`, oldest first.

    `languages` are those of the documents, and `holds` says whether an index term stands in them. What is too long to be a
    question is left out of the history; as the text, it raises QuestionError.
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
    if _is_gibberish(text, holds):
        return Question(text, text, language, nothing=Reason("gibberish"))
    folded = " ".join(words(text))
    searched = own = _unframed(text, language)
    own_words: list[str] = []
    if history and is_elliptical(text, language):
        added = content_words(text, language)
        own_words = [word for word in added if any(map(holds, question_terms(word, language)))]
        if own_words or not added or language not in languages:
            searched = " ".join([own, *_topic(text, history, holds)])
    return Question(
        text=text,
        searched=searched,
        language=language,
        names=_names(text, language),
        own_words=tuple(own_words) if searched != own else (),
        asks_number=NUMBER_ASKED.search(folded) is not None,
        asks_year=YEAR_ASKED.search(folded) is not None,
    )


def is_elliptical(text: str, language: str) -> bool:
    """Whether a turn can't be understood without the one before: "and in the north?", "what about them?", "why?"."""
    folded = " ".join(words(text))
    content = content_words(text, language)
    if not content:
        return True
    leans = OPENER.match(folded) or PRONOUN.search(folded) or PREPOSITION.match(folded)
    return leans is not None and len(content) <= _ELLIPTICAL


def encodable(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON may hold and UTF-8 can't."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _unframed(text: str, language: str) -> str:
    """The question without words about the asking, unless nothing else is in it."""
    rest = " ".join(FRAME.sub("", text).split()).replace("¿ ", "¿")
    return rest if content_words(rest, language) else text


def _topic(text: str, history: Sequence[str], holds: Callable[[str], bool]) -> list[str]:
    """The topic words of the last whole question: those that stand in the documents, or all of them if none does.

    After the word scoring of HQE (Lin et al., "Multi-Stage Conversational Passage Retrieval", 2020), with the index's own
    vocabulary in place of a threshold.
    """
    own = set(words(text))
    for earlier in reversed(history):
        language = question_language(earlier)
        if not is_elliptical(earlier, language) and not _small_talk(earlier):
            topic = [word for word in _surface_words(earlier) if _is_content(word, language) and fold(word) not in own]
            found = [word for word in topic if any(map(holds, question_terms(word, language)))]
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


def _is_gibberish(text: str, holds: Callable[[str], bool]) -> bool:
    """Whether no word is known, and most could not be words of any language that is written as English and Spanish are."""
    found = [word for word in _surface_words(text) if word.isalpha()]
    if any(_is_known(word, holds) for word in found):
        return False
    strange = [word for word in found if not word.isupper() and _is_unpronounceable(fold(word))]
    return len(strange) > len(found) / 2


def _is_known(word: str, holds: Callable[[str], bool]) -> bool:
    """Whether a word is a stop word of either language, or stands in the documents."""
    return not all(_is_content(word, language) for language in USUAL_LANGUAGES) or any(map(holds, question_terms(word, "")))


def _is_unpronounceable(word: str) -> bool:
    """Whether a folded word has no vowel, four consonants in a row (a digraph counts as one), a q without u, or a letter thrice."""
    sounds = re.sub("tch|[cpst]h|gh|ng|st|ck", "t", word)
    return word.isascii() and re.search(r"^[^aeiouy]+$|[^aeiouy]{4}|q(?!u)|(.)\1\1", sounds) is not None


def _names(text: str, language: str) -> tuple[str, ...]:
    """The names in a question, by their capitals, and its years. In title case, where even stop words have them, they say nothing.

    A sentence's first word and acronyms are left out: the first has its capital anyway, and the others may be written out in
    the documents.
    """
    names: list[str] = []
    capitals: list[bool] = []  # of the stop words within sentences
    for start, end in split_sentences(text):
        joined = False
        for place, word in enumerate(_surface_words(text[start:end])):
            is_content, capital = _is_content(word, language), word[0].isupper()
            is_name = place > 0 and is_content and capital and not word.isupper() and fold(word) not in _NO_NAMES
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


def _surface_words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:-[^\W_]+)*", text)


def _is_content(word: str, language: str) -> bool:
    return bool(content_words(word, language))
