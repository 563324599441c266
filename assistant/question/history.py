"""Makes follow-ups explicit: recognizes turns that depend on an earlier question, and adds its topic words to them."""

from collections.abc import Sequence

from assistant.question.no_question import small_talk_language
from assistant.question.phrases import FOLLOW_UP_OPENER, KIND_WORDS, PREPOSITION, PRONOUN
from assistant.question.words import is_content_word, surface_words
from assistant.vocabulary import Vocabulary, occurs
from index import content_words, fold, question_language, question_terms, words

_MOST_ELLIPTICAL = 3  # content words: a longer turn asks a complete question, however it begins


def is_elliptical(text: str, language: str) -> bool:
    """Return whether a turn makes no sense without the previous one, as in "and in the north?", "what about them?" or "why?"."""
    folded = " ".join(words(text))
    content = content_words(text, language)
    if not content:
        return True
    is_dependent = FOLLOW_UP_OPENER.match(folded) or PRONOUN.search(folded) or PREPOSITION.match(folded)
    return is_dependent is not None and len(content) <= _MOST_ELLIPTICAL


def made_explicit(
    query: str, text: str, language: str, history: Sequence[str], vocabulary: Vocabulary
) -> tuple[str, tuple[str, ...]]:
    """Return `query`, which is `text` without its framing, followed by the topic words of the last complete question if `text`
    depends on one; and the words that `text` itself contributes, none if nothing was added.

    A turn in the documents' language none of whose words occurs in them takes no topic: it asks about something else.
    """
    if not history or not is_elliptical(text, language):
        return query, ()
    content = content_words(text, language)
    occurring = [word for word in content if occurs(question_terms(word, language), vocabulary)]
    if content and not occurring and language in vocabulary.languages():
        return query, ()
    explicit = " ".join([query, *_topic_words(text, history, vocabulary)])
    return explicit, tuple(word for word in occurring if word not in KIND_WORDS) if explicit != query else ()


def complete_question(history: Sequence[str]) -> str | None:
    """Return the last of the earlier questions that makes sense alone, or None."""
    for earlier in reversed(history):
        if not is_elliptical(earlier, question_language(earlier)) and not small_talk_language(earlier):
            return earlier
    return None


def _topic_words(text: str, history: Sequence[str], vocabulary: Vocabulary) -> list[str]:
    """Return the topic words of the last complete question in `history`: those that occur in the documents, or all if none does.

    After the word scoring of HQE (Lin et al., "Multi-Stage Conversational Passage Retrieval", 2020), with the index's own
    vocabulary in place of a threshold.
    """
    earlier = complete_question(history) or ""
    own, language = set(words(text)), question_language(earlier)
    topic = [word for word in surface_words(earlier) if is_content_word(word, language) and fold(word) not in own]
    occurring = [word for word in topic if occurs(question_terms(word, language), vocabulary)]
    return list(dict.fromkeys(occurring or topic))
