"""Decides which evidence answers a question, or why none does: before anything is written, and from the evidence alone."""

import math
from collections.abc import Callable, Sequence

from assistant.answer import Reason
from assistant.evidence import Evidence
from assistant.phrases import NUMBER, YEAR
from assistant.question import Question
from index import content_words, fold, question_terms, terms

_AS_GOOD = 0.75  # of the best one's score: what a further sentence needs to be part of the answer
_MOST = 3  # sentences in an answer

_ADJECTIVES = ("n", "an", "ian", "vian", "ese", "i")


def near_enough(passages: int) -> float:
    """The score that the best sentence of so many searched passages needs to be about the question at all.

    The best of many unrelated sentences scores higher than the best of few, by about the same for each doubling. This refuses
    what is off the documents' topic; what is on it and yet not answered mostly passes, but for names, numbers and years.
    """
    return 0.20 + 0.01 * math.log(max(1, passages))


def decide(
    question: Question, evidence: Sequence[Evidence], passages: int, languages: frozenset[str], frequency: Callable[[str], int]
) -> tuple[list[Evidence], Reason | None]:
    """The evidence that answers, best first and then as the documents have it; or none, and the reason.

    `evidence` is best first. Of the documents that were searched, `passages` is the number of passages, `languages` are the
    languages, and `frequency` gives how many of the passages have an index term.
    """
    if question.own_words:
        added = {term for word in question.own_words for term in question_terms(word, question.language)}
        evidence = [found for found in evidence if not added.isdisjoint(terms(found.text, found.document.language))]
    if not evidence or evidence[0].score < near_enough(passages):
        return [], Reason("off_topic")
    absent = next((name for name in question.names if _is_absent(name, question.language, languages, frequency)), None)
    if absent is not None:
        return [], Reason("name_absent", absent)
    good = [found for found in evidence if found.score >= _AS_GOOD * evidence[0].score]
    if question.asks_year:
        good, missing = [found for found in good if YEAR.search(found.text)], "no_year"
    elif question.asks_number:
        good, missing = [found for found in good if NUMBER.search(fold(found.text))], "no_number"
    if not good:
        return [], Reason(missing)
    best, *more = _distinct(good)[:_MOST]
    return [best, *sorted(more, key=lambda found: (found.document.id != best.document.id, found.document.id, found.start))], None


def _is_absent(name: str, language: str, languages: frozenset[str], frequency: Callable[[str], int]) -> bool:
    """Whether a word of the name stands nowhere in the documents. In another language a name may be
    written otherwise, a year not.
    """
    if language not in languages and not name.isdecimal():
        return False
    return not all(
        any(frequency(term) for form in _forms(word) for term in question_terms(form, language))
        for word in content_words(name, language)
    )


def _forms(name: str) -> list[str]:
    """The name, and the names of the places whose adjective it may be: "peruvian" may be of "peru", "mexican" of "mexico"."""
    stems = [name[: -len(ending)] for ending in _ADJECTIVES if name.endswith(ending) and len(name) - len(ending) >= 4]
    return [name, *(stem + vowel for stem in stems for vowel in ("", "a", "o", "e"))]


def _distinct(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The evidence without sentences that say the same in the same words."""
    found: dict[str, Evidence] = {}
    for piece in evidence:
        found.setdefault(piece.text.casefold(), piece)
    return list(found.values())
