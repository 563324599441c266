"""`Question`, and how one is understood from what was typed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from assistant.answer import Reason
from assistant.errors import QuestionError
from assistant.glossary import in_english, in_plain_words
from assistant.model import known_words
from assistant.question.history import complete_question, made_explicit
from assistant.question.names import names_in
from assistant.question.no_question import is_empty, is_gibberish, small_talk_language
from assistant.question.phrases import ASKED_FOR, DATE, FRAMING, NEXT_PART, NUMBER, QUESTION_OPENER, YEAR
from assistant.question.spelling import corrected
from assistant.vocabulary import Vocabulary, occurs
from corpus import split_sentences
from index import content_words, fold, question_language, question_terms, words

LONGEST_QUESTION = 2000
"""Characters. Several times the longest question seen in practice; the encoder reads about half of it."""

_MOST_PARTS = 3
_LONG_WINDED = 25  # words: in a longer text, what precedes the last sentence tells why somebody asks

_GIVES = {"number": NUMBER, "year": YEAR, "date": DATE}
"""For some of the keys of `ASKED_FOR`, the pattern of what gives such a thing."""


class Phrasing(NamedTuple):
    """A wording of a question, and its language."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it was understood. `searched` is explicit: it can be searched without knowing what was asked before.

    `searched_as` holds `searched` as it is and, if that differs, in the English words of reports, which come last. `scored_as`
    is what sentences are scored against: the same, except that a follow-up with words of its own leaves out the topic words it
    took from an earlier question. Those help to find the passage, but would count as part of what is asked. `read_as` is what the
    cross-encoder reads: `searched` without misspelled words. `in_full` is `text` without misspelled words, behind the earlier
    question if it is a follow-up: it is searched, too. `names` are the names and years in the question. `asks_for` is a key of
    `ASKED_FOR`, the kind of thing asked for, or "". `no_question` is the reason why the text asks nothing, or None.
    """

    text: str
    searched: str
    language: str
    searched_as: tuple[Phrasing, ...] = ()
    scored_as: tuple[Phrasing, ...] = ()
    read_as: str = ""
    in_full: str = ""
    names: tuple[str, ...] = ()
    asks_for: str = ""
    no_question: Reason | None = None

    @property
    def phrasings(self) -> tuple[str, ...]:
        """The texts that are searched: those of `searched_as`, and `in_full`, which has what led up to the question, too."""
        texts = [phrasing.text for phrasing in self.searched_as]
        return tuple(dict.fromkeys(filter(None, [*texts, self.in_full])))

    def read_in(self, language: str) -> str:
        """Return what the cross-encoder reads of documents in a language: of English ones, a Spanish question in the glossary's
        English, which it reads better.
        """
        return self.searched_as[-1].text if (self.language, language) == ("es", "en") else self.read_as

    @property
    def is_topic(self) -> bool:
        """Whether it names a topic, as in "prisons in the north", and asks nothing about it."""
        return QUESTION_OPENER.match(fold(self.searched).lstrip("¿ ")) is None

    def fits(self, text: str) -> bool:
        """Return whether a text gives a number, a year or a date, if the question asks for one."""
        pattern = _GIVES.get(self.asks_for)
        return pattern is None or pattern.search(fold(text)) is not None


def understand(text: str, history: Sequence[str], vocabulary: Vocabulary) -> Question:
    """Return the question that `text` asks after the earlier questions `history` (oldest first), of documents with this vocabulary.

    Raises QuestionError if the text is too long to be a question. Texts in the history that are too long are ignored.
    """
    if len(text) > LONGEST_QUESTION:
        raise QuestionError(
            f"The question has {len(text):,} characters; Quipu takes up to {LONGEST_QUESTION:,}. Ask about one thing at a time."
        )
    text = " ".join(text.split())
    history = [earlier for earlier in history if len(earlier) <= LONGEST_QUESTION]
    language = question_language(text)
    if chat_language := small_talk_language(text):
        return Question(text, text, chat_language, no_question=Reason("small_talk"))
    if is_empty(text):
        return Question(text, text, language, no_question=Reason("empty"))
    if is_gibberish(text, vocabulary):
        return Question(text, text, language, no_question=Reason("gibberish"))
    folded = " ".join(words(text))
    query = _without_framing(text, language)
    searched, own_words = made_explicit(query, text, language, history, vocabulary)
    earlier = complete_question(history) if searched != query else None
    searched_as = _phrasings(searched, language, vocabulary)
    return Question(
        text=text,
        searched=searched,
        language=language,
        searched_as=searched_as,
        scored_as=_phrasings(query, language, vocabulary) if own_words else searched_as,
        read_as=_without_misspelled_words(searched, vocabulary),
        in_full=" ".join(_without_misspelled_words(turn, vocabulary) for turn in [*filter(None, [earlier]), text]),
        names=tuple(filter(None, corrected("\n".join(names_in(text, language)), language, vocabulary).split("\n"))),
        asks_for=next((kind for kind, phrases in ASKED_FOR.items() if phrases.search(folded)), ""),
    )


def parts_of(text: str) -> list[str]:
    """Return the questions that a text asks one after the other, or joined by "and". If it asks only one, return the text alone.

    >>> parts_of("How big are the gangs, and how far does their reach extend?")
    ['How big are the gangs', 'how far does their reach extend?']
    """
    text = " ".join(text.split())
    asked = [text[start:end] for start, end in split_sentences(text)]
    if not all(sentence.endswith("?") for sentence in asked):
        return [text]
    parts = [part for sentence in asked for part in NEXT_PART.split(sentence)]
    return parts if len(parts) <= _MOST_PARTS else [text]


def encodable(text: str) -> str:
    """Return the text with lone surrogates, which JSON allows and UTF-8 doesn't, replaced by U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _phrasings(query: str, language: str, vocabulary: Vocabulary) -> tuple[Phrasing, ...]:
    """Return a query as `Question.searched_as` holds it.

    A capitalized Spanish word that the documents have too is a name and isn't translated: "Castillo" is no castle.
    """

    def is_name(word: str) -> bool:
        return occurs(question_terms(word, ""), vocabulary)

    english = corrected(in_english(query, is_name) if language == "es" else in_plain_words(query), "en", vocabulary)
    return tuple(dict.fromkeys([Phrasing(query, language), Phrasing(english, "en")]))


def _without_misspelled_words(text: str, vocabulary: Vocabulary) -> str:
    return corrected(" ".join(text.split()), question_language(text), vocabulary, known_words())


def _without_framing(text: str, language: str) -> str:
    """Return the question without what leads up to it and without its framing, unless nothing else is left."""
    asked = text
    if len(words(text)) > _LONG_WINDED and text.endswith("?"):
        first, last = split_sentences(text)[-1]
        _, colon, rest = text[first:last].rpartition(": ")
        asked = rest if colon and QUESTION_OPENER.match(fold(rest).lstrip("¿")) else text[first:last]
        asked = asked if len(content_words(asked, language)) > 1 else text
    rest = " ".join(FRAMING.sub("", asked).split()).replace("¿ ", "¿")
    return rest if content_words(rest, language) else text
