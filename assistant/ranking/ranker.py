"""`SentenceRanker`, which reads the passages that a search found and scores how probably each of their sentences answers."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby
from typing import Self

from assistant.model import Calibration, CrossEncoder, ReadPassage, SentenceScore, Signals, calibrated_encoder
from assistant.question import Question, is_named
from assistant.ranking.candidates import CandidateSentence, candidate_sentences
from assistant.ranking.coverage import best_coverage, weighted_words
from assistant.ranking.evidence import Evidence
from assistant.ranking.table_rows import as_sentence, shown_span
from corpus import USUAL_LANGUAGES
from index import Encoder, Hit, Scope, content_words, question_terms, terms

_COSINE_WEIGHT = 0.5
"""The weight of the passage's cosine in `similarity`; the sentence's coverage has the rest."""

_MOST_CHARACTERS = 4000
"""The sentences that are read have at most this many characters together, unless the first has more."""

_MOST_OF_A_SENTENCE = 1000
"""The characters of a sentence that the cross-encoder is given: more than the tokens that it reads."""


@dataclass(frozen=True, slots=True)
class MeasuredSentence:
    """A candidate sentence, its similarity to the question, its signals, and the range of its text that is the answer itself."""

    sentence: CandidateSentence
    similarity: float
    signals: Signals
    span: tuple[int, int] | None


class SentenceRanker:
    """Reads passages with a cross-encoder, and calibrates its scores and the signals of search into a probability.

    Without a cross-encoder, the probability rests on the other signals. Cosines count only if the encoder has the weights (by its
    fingerprint) that the calibration was fitted with.
    """

    def __init__(self, encoder: Encoder, cross_encoder: CrossEncoder | None = None) -> None:
        self._cross_encoder = cross_encoder
        self._is_calibrated = encoder.fingerprint == calibrated_encoder()

    @classmethod
    def load(cls, encoder: Encoder) -> Self:
        """Return a ranker with the cross-encoder that ships, if it is there. Raises EncoderError if it is damaged."""
        return cls(encoder, CrossEncoder.load())

    @property
    def is_trained(self) -> bool:
        """See `Ranker.is_trained`."""
        return self._cross_encoder is not None

    def rank(self, question: Question, scope: Scope, hits: Sequence[Hit]) -> list[Evidence]:
        """See `Ranker.rank`."""
        evidence = []
        for measured in self.measure(question, scope, hits):
            signals = measured.signals if self._is_calibrated else replace(measured.signals, cosine=None)
            calibration = Calibration.of(signals.names)
            score = round(calibration.probability(calibration.logit(signals)), 6)
            sentence = measured.sentence
            evidence.append(Evidence(sentence.document, sentence.start, sentence.end, score, measured.similarity, measured.span))
        return sorted(evidence, key=lambda piece: (-piece.score, piece.document.id, piece.start))

    def measure(self, question: Question, scope: Scope, hits: Sequence[Hit]) -> list[MeasuredSentence]:
        """Return the sentences of the passages that are read, passage by passage, with their signals."""
        asked_words = {
            frozenset(question_terms(word, language))
            for phrasing, language in question.scored_as
            for word in content_words(phrasing, language)
        }
        passages = _to_read(candidate_sentences(scope, hits, asked_words))
        phrasings = [weighted_words(phrasing, language, scope) for phrasing, language in question.scored_as]
        measured = []
        for passage, scores in zip(passages, self._scores(question, passages), strict=True):
            for candidate, score in zip(passage, scores, strict=True):
                covered = best_coverage(phrasings, candidate.text, candidate.document.language)
                signals = Signals(
                    answers=None if score is None else score.answers,
                    is_about=None if score is None else score.is_about,
                    cosine=candidate.hit.cosine,
                    coverage=covered,
                    named=_named_share(question, candidate),
                    fits=float(question.fits(candidate.text)),
                )
                similarity = _COSINE_WEIGHT * candidate.hit.cosine + (1 - _COSINE_WEIGHT) * covered
                measured.append(MeasuredSentence(candidate, similarity, signals, None if score is None else score.span))
        return measured

    def _scores(
        self, question: Question, passages: Sequence[Sequence[CandidateSentence]]
    ) -> Sequence[Sequence[SentenceScore | None]]:
        """Return the cross-encoder's scores of the sentences of each passage, their spans in the text as shown; None for a passage
        in a language that it doesn't read.
        """
        scores: list[Sequence[SentenceScore | None]] = [[None] * len(passage) for passage in passages]
        if self._cross_encoder is None:
            return scores
        asked = question.scored_as[-1].text
        for language in USUAL_LANGUAGES:
            legible = [place for place, passage in enumerate(passages) if passage[0].document.language == language]
            read = self._cross_encoder.score(question.read_in(language), [_as_read(passages[place]) for place in legible])
            for place, of_passage in zip(legible, read, strict=True):
                scores[place] = [
                    replace(score, span=shown_span(score.span, asked, one.document, one.start, one.end))
                    for one, score in zip(passages[place], of_passage, strict=True)
                ]
        return scores


def _to_read(candidates: Sequence[CandidateSentence]) -> list[list[CandidateSentence]]:
    """Return the sentences that are read, passage by passage, those of each in the document's order.

    Only whole passages are read, but for the first if it is too long.
    """
    passages: list[list[CandidateSentence]] = []
    room = _MOST_CHARACTERS
    for _, group in groupby(candidates, key=lambda candidate: candidate.hit.passage):
        passage = sorted(group)
        ends = list(accumulate(len(candidate.text) for candidate in passage))
        if ends[-1] > room and passages:
            break
        passages.append(passage[: max(1, bisect_right(ends, room))])
        room -= ends[-1]
    return passages


def _as_read(passage: Sequence[CandidateSentence]) -> ReadPassage:
    sentences = (as_sentence(one.document, one.start, one.end)[:_MOST_OF_A_SENTENCE] for one in passage)
    return ReadPassage(_headings(passage[0]), tuple(sentences))


def _headings(candidate: CandidateSentence) -> str:
    """Return the headings above a sentence, nearest first, and the title last."""
    return "; ".join([*reversed(candidate.document.heading_path(candidate.start)), candidate.document.title])


def _named_share(question: Question, candidate: CandidateSentence) -> float:
    """Return the share of the question's names that a sentence, its passage or its headings have; 1 if the question has none."""
    if not question.names:
        return 1.0
    neighbourhood = "\n".join((candidate.text, _headings(candidate), *candidate.passage_texts()))
    found = set(terms(neighbourhood, candidate.document.language))
    return sum(is_named(name, question.language, found) for name in question.names) / len(question.names)
