"""Decides which evidence answers a question or why none does, from the evidence alone and before any answer is composed."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from assistant.answer import Reason
from assistant.glossary import in_english
from assistant.question import Question, is_acronym, is_named, name_forms
from assistant.question.phrases import FUNCTION_WORDS
from assistant.ranking import Evidence
from assistant.vocabulary import Vocabulary, occurs
from corpus import USUAL_LANGUAGES, unusual_language
from index import fold, terms

Caution = Literal["careful", "balanced", "forthcoming"]

THRESHOLDS: dict[Caution, float] = {"careful": 0.8, "balanced": 0.65, "forthcoming": 0.5}
"""The least probability of an answer. `assistant/model/MODEL.md` gives the error rates of each."""

UNSURE = 0.35
"""The least probability with which the documents may answer a question: from here to the threshold of an answer, the closest
sentences are shown as what may be one."""

_FURTHER = 0.9  # of the best probability: the least that makes a further sentence part of the answer
_FURTHER_ON_TOPIC = 0.75  # the same for a question that names a topic and asks nothing about it
_MOST_SENTENCES = 3
_DUPLICATE = 0.8  # the share of common terms from which two sentences say the same
_LONGEST_ACRONYM = 10
_FAILED_CHECK = 0.1  # the share of the probability that is left when a check fails

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
    """The evidence that answers (the best first, the rest in the documents' order), or none and the reason. `confidence` is the
    probability that the documents answer the question.
    """

    chosen: tuple[Evidence, ...]
    reason: Reason | None
    confidence: float

    @property
    def is_unsure(self) -> bool:
        """Whether the documents may answer the question."""
        return self.reason is not None and self.reason.code in ("unsure", "unread")


def on_topic_similarity(passages: int) -> float:
    """Return the least similarity of the best sentence that makes a question on topic, if this many passages were searched.

    The best of many unrelated sentences is more similar than the best of few, by about the same for each doubling. This decides
    only which reason is given for a refusal.
    """
    return 0.20 + 0.01 * math.log(max(1, passages))


def decide(
    question: Question,
    evidence: Sequence[Evidence],
    vocabulary: Vocabulary,
    caution: Caution = "balanced",
) -> Decision:
    """Return which evidence answers the question, or why none does.

    `evidence` is best first; `vocabulary` is that of the documents that were searched.
    """
    if not vocabulary.size():
        return Decision((), Reason("no_documents"), 0.0)
    decision = _decide_in_known_language(question, evidence, vocabulary, caution)
    unread = unusual_language(question.text)
    if decision.chosen or decision.is_unsure:
        read = tuple(piece for piece in decision.chosen if piece.document.language in USUAL_LANGUAGES)
        if unread is None and not read and evidence[0].document.language not in USUAL_LANGUAGES:
            unread = evidence[0].document.language
        return replace(decision, chosen=read) if unread is None else replace(decision, chosen=(), reason=Reason("unread", unread))
    if unread is not None and unread not in vocabulary.languages():
        return replace(decision, reason=Reason("language", unread))
    return decision


def _decide_in_known_language(
    question: Question, evidence: Sequence[Evidence], vocabulary: Vocabulary, caution: Caution
) -> Decision:
    """Return the decision as if the question's language were known; see `decide`."""
    if not evidence:
        return Decision((), Reason("off_topic"), 0.0)
    confidence = evidence[0].score
    absent = next((name for name in question.names if _is_absent(name, question.language, vocabulary, evidence)), None)
    if absent is not None:
        return Decision((), Reason("name_absent", absent), _FAILED_CHECK * confidence)
    further = _FURTHER_ON_TOPIC if question.is_topic else _FURTHER
    good = [piece for piece in evidence if piece.score >= max(THRESHOLDS[caution], further * confidence)]
    if not good and confidence >= UNSURE:
        return Decision((), Reason("unsure"), confidence)
    if not good:
        is_on_topic = max(piece.similarity for piece in evidence) >= on_topic_similarity(vocabulary.size())
        return Decision((), Reason(_REASONS.get(question.asks_for, "not_said") if is_on_topic else "off_topic"), confidence)
    if question.asks_for in ("number", "year") and not (good := [piece for piece in good if question.fits(piece.text)]):
        return Decision((), Reason(_REASONS[question.asks_for]), _FAILED_CHECK * confidence)
    best, *more = distinct(good, _MOST_SENTENCES)
    more.sort(key=lambda piece: (piece.document.id != best.document.id, piece.document.id, piece.start))
    return Decision((best, *more), None, confidence)


def _is_absent(name: str, language: str, vocabulary: Vocabulary, evidence: Sequence[Evidence]) -> bool:
    """Return whether some word of a name occurs nowhere in the documents.

    If the documents are in another language, only a word that is a name in that language, too, counts as absent: "Ministerio" does
    not. An acronym may be written out in the documents of the evidence, and a name of several words may be an acronym there.
    """
    if (
        language not in vocabulary.languages()
        and not (in_english(name) if language == "es" else name)[:1].isupper()
        and not name.isdecimal()
    ):
        return False
    if any(all(occurs(forms, vocabulary) for forms in wording) for wording in name_forms(name, language)):
        return False
    if any(is_named(name, language, set(terms(piece.text, piece.document.language))) for piece in evidence):
        return False
    if is_acronym(name) and len(name) <= _LONGEST_ACRONYM:
        written_out = _written_out(name)
        documents = {piece.document.id: piece.document for piece in evidence}
        return not any(written_out.search(document.text) for document in documents.values())
    initials = fold("".join(word[0] for word in name.split()))
    return not (len(initials) > 2 and vocabulary.frequency(initials))


def _written_out(acronym: str) -> re.Pattern[str]:
    """Return a pattern of consecutive words that begin with the acronym's letters, skipping function words."""
    between = rf"[\w’']*[\s/-]+(?:(?:{FUNCTION_WORDS})\s+)*"
    return re.compile(rf"\b{between.join(map(re.escape, acronym))}", re.IGNORECASE)


def distinct(evidence: Iterable[Evidence], most: int) -> list[Evidence]:
    """Return the first `most` pieces of the evidence, without sentences that say nearly the same as one before, in nearly the same
    words.
    """
    kept: list[Evidence] = []
    seen: list[set[str]] = []
    for piece in evidence:
        own = set(terms(piece.text, piece.document.language))
        if not any(len(own & other) >= _DUPLICATE * len(own | other) for other in seen):
            kept.append(piece)
            seen.append(own)
        if len(kept) == most:
            break
    return kept
