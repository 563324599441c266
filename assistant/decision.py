"""Decides which evidence answers a question, or why none does: before anything is written, and from the evidence alone."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from assistant.answer import Reason
from assistant.evidence import Evidence
from assistant.glossary import in_english
from assistant.phrases import JOINING
from assistant.question import Question, is_acronym, is_named, name_forms, unknown_language
from assistant.vocabulary import Vocabulary
from index import fold, terms

Caution = Literal["careful", "balanced", "forthcoming"]

ENOUGH: dict[Caution, float] = {"careful": 0.5, "balanced": 0.3, "forthcoming": 0.15}
"""The probability that an answer needs. What each costs is in `assistant/reader/MODEL.md`."""

_AS_GOOD = 0.9  # of the best one's probability: what a further sentence needs to be part of the answer
_AS_GOOD_ON_TOPIC = 0.75  # the same where a topic is named and nothing is asked of it
_MOST = 3  # sentences in an answer
_SAME = 0.8  # of the words of both: then two sentences say the same
_LONGEST_ACRONYM = 10
_CHECKED = 0.1  # what is left of the probability when a check fails, whatever the sentences say

_REASONS = {
    "number": "no_number",
    "year": "no_year",
    "date": "no_date",
    "person": "no_person",
    "place": "no_place",
    "cause": "no_cause",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """The evidence that answers, best first and then as the documents have it; or none, and the reason. `confidence` is the
    probability that the documents answer the question.
    """

    chosen: tuple[Evidence, ...]
    reason: Reason | None
    confidence: float


def near_enough(passages: int) -> float:
    """How near the best sentence of so many searched passages has to be for the question to be on the documents' topic at all.

    The best of many unrelated sentences is nearer than the best of few, by about the same for each doubling. This only tells why
    there is no answer.
    """
    return 0.20 + 0.01 * math.log(max(1, passages))


def decide(
    question: Question,
    evidence: Sequence[Evidence],
    vocabulary: Vocabulary,
    caution: Caution = "balanced",
) -> Decision:
    """What answers the question, or why nothing does.

    `evidence` is best first, `vocabulary` is that of the documents that were searched.
    """
    if not vocabulary.size():
        return Decision((), Reason("no_documents"), 0.0)
    decision = _weigh(question, evidence, vocabulary, caution)
    spoken = None if decision.chosen else unknown_language(question.text)
    if spoken is not None and spoken not in vocabulary.languages():
        return replace(decision, reason=Reason("language", spoken))
    return decision


def _weigh(question: Question, evidence: Sequence[Evidence], vocabulary: Vocabulary, caution: Caution) -> Decision:
    """See `decide`, for a question in a language that is understood."""
    if question.own_words:
        added = {
            term for word in question.own_words for way in name_forms(word, question.language) for forms in way for term in forms
        }
        evidence = [found for found in evidence if not added.isdisjoint(terms(found.text, found.document.language))]
    if not evidence:
        return Decision((), Reason("off_topic"), 0.0)
    confidence = evidence[0].score
    absent = next((name for name in question.names if _is_absent(name, question.language, vocabulary, evidence)), None)
    if absent is not None:
        return Decision((), Reason("name_absent", absent), _CHECKED * confidence)
    as_good = _AS_GOOD_ON_TOPIC if question.is_topic else _AS_GOOD
    good = [found for found in evidence if found.score >= max(ENOUGH[caution], as_good * confidence)]
    if not good:
        is_near = max(found.near for found in evidence) >= near_enough(vocabulary.size())
        return Decision((), Reason(_REASONS.get(question.asks, "not_said") if is_near else "off_topic"), confidence)
    if question.asks in ("number", "year") and not (good := [found for found in good if question.fits(found.text)]):
        return Decision((), Reason(_REASONS[question.asks]), _CHECKED * confidence)
    best, *more = _distinct(good)[:_MOST]
    more.sort(key=lambda found: (found.document.id != best.document.id, found.document.id, found.start))
    return Decision((best, *more), None, confidence)


def _is_absent(name: str, language: str, vocabulary: Vocabulary, evidence: Sequence[Evidence]) -> bool:
    """Whether a word of the name stands nowhere in the documents. Where they are in another language, only what is a name there
    too can be missed, not a "Ministerio".

    An acronym may be written out in the documents of the evidence, and a name of several words may be an acronym there.
    """
    if (
        language not in vocabulary.languages()
        and not (in_english(name) if language == "es" else name)[:1].isupper()
        and not name.isdecimal()
    ):
        return False
    if any(all(any(map(vocabulary.frequency, forms)) for forms in way) for way in name_forms(name, language)):
        return False
    if any(is_named(name, language, set(terms(found.text, found.document.language))) for found in evidence):
        return False
    if is_acronym(name) and len(name) <= _LONGEST_ACRONYM:
        spelt = _spelling(name)
        return not any(
            spelt.search(document.text) for document in {found.document.id: found.document for found in evidence}.values()
        )
    initials = fold("".join(word[0] for word in name.split()))
    return not (len(initials) > 2 and vocabulary.frequency(initials))


def _spelling(acronym: str) -> re.Pattern[str]:
    """A pattern of consecutive words that begin with the acronym's letters, little words between them aside."""
    between = rf"[\w’']*[\s/-]+(?:(?:{JOINING})\s+)*"
    return re.compile(rf"\b{between.join(map(re.escape, acronym))}", re.IGNORECASE)


def _distinct(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The evidence without sentences that say nearly the same as a better one, in nearly the same words."""
    found: list[Evidence] = []
    for piece in evidence:
        said = set(terms(piece.text, piece.document.language))
        others = [set(terms(other.text, other.document.language)) for other in found]
        if not any(len(said & other) >= _SAME * len(said | other) for other in others):
            found.append(piece)
    return found
