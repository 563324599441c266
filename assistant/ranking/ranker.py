"""`SentenceRanker`, which chooses the sentences that are closest to a question and scores how probably each answers it."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from assistant.model import Calibration, CrossEncoder, SentenceScore, Signals, calibrated_encoder, context
from assistant.question import Question, is_named
from assistant.ranking.candidates import CandidateSentence, candidate_sentences
from assistant.ranking.coverage import best_coverage, weighted_words
from assistant.ranking.evidence import Evidence
from assistant.ranking.table_rows import as_sentence, shown_span
from index import Encoder, Hit, Scope, Vectors, content_words, question_terms, terms

_COSINE_WEIGHT = 0.5
"""The weight of the passage's cosine in `similarity`; the sentence's coverage has the rest. Cosines of all the sentences themselves
would choose no better, and computing them would take longer than the rest of a question."""

_SCORED = 8
"""How many sentences are scored. Where a retrieved passage held the answer, it was among the first eight sentences for 99% of 201
questions on articles, 91% of 92 on scientific papers, and all of 72 on the report that ships; among the first six for 1 to 4
percentage points fewer.
"""

_SCORED_LANGUAGE = "en"
"""The language of the sentences that the cross-encoder can score."""

_CACHED_VECTORS = 4000  # sentences: 6 MB at 384 dimensions


@dataclass(frozen=True, slots=True)
class MeasuredSentence:
    """A candidate sentence, its similarity to the question, its signals, and the range of its text that is the answer itself."""

    sentence: CandidateSentence
    similarity: float
    signals: Signals
    span: tuple[int, int] | None


class SentenceRanker:
    """Chooses sentences by their words and the cosine of their passage, scores them with a cross-encoder, and calibrates all
    signals into a probability.

    Without a cross-encoder, the probability rests on the other signals. Cosines count only if the encoder has the weights (by its
    fingerprint) that the calibration was fitted with.
    """

    def __init__(self, encoder: Encoder, cross_encoder: CrossEncoder | None = None) -> None:
        self._encoder, self._cross_encoder = encoder, cross_encoder
        self._is_calibrated = encoder.fingerprint == calibrated_encoder()
        self._vectors: dict[str, Vectors] = {}  # by sentence, oldest first
        self._lock = threading.Lock()

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
            calibration = Calibration.of(measured.signals.names)
            score = round(calibration.probability(calibration.logit(measured.signals)), 6)
            sentence = measured.sentence
            evidence.append(Evidence(sentence.document, sentence.start, sentence.end, score, measured.similarity, measured.span))
        return sorted(evidence, key=lambda piece: (-piece.score, piece.document.id, piece.start))

    def measure(self, question: Question, scope: Scope, hits: Sequence[Hit]) -> list[MeasuredSentence]:
        """Return the `_SCORED` sentences that are most similar to the question, most similar first, with their signals."""
        asked_words = {
            frozenset(question_terms(word, language))
            for phrasing, language in question.scored_as
            for word in content_words(phrasing, language)
        }
        candidates = candidate_sentences(scope, hits, asked_words)
        if not candidates:
            return []
        phrasings = [weighted_words(phrasing, language, scope) for phrasing, language in question.scored_as]
        coverages = [best_coverage(phrasings, candidate.text, candidate.document.language) for candidate in candidates]
        similarities = [
            _COSINE_WEIGHT * candidate.hit.cosine + (1 - _COSINE_WEIGHT) * covered
            for candidate, covered in zip(candidates, coverages, strict=True)
        ]
        order = sorted(range(len(candidates)), key=lambda index: (-round(similarities[index], 6), candidates[index]))[:_SCORED]
        chosen = [candidates[index] for index in order]
        contexts = [context(candidate.document, candidate.start) for candidate in chosen]
        scores = self._scores(question, chosen, contexts)
        cosines = self._cosines(question, chosen)
        measured = []
        for index, candidate, around, score, cosine in zip(order, chosen, contexts, scores, cosines, strict=True):
            neighbourhood = "\n".join((candidate.text, *around, *candidate.passage_texts()))
            signals = Signals(
                cross_encoder=None if score is None else score.logit,
                cosine=cosine,
                coverage=coverages[index],
                named=_named_share(question, neighbourhood, candidate.document.language),
                fits=float(question.fits(candidate.text)),
            )
            measured.append(MeasuredSentence(candidate, similarities[index], signals, None if score is None else score.span))
        return measured

    def _scores(
        self, question: Question, chosen: Sequence[CandidateSentence], contexts: Sequence[tuple[str, str]]
    ) -> list[SentenceScore | None]:
        """Return the cross-encoder's score of each sentence, its span in the text as shown; None for sentences in a language that
        it can't score.
        """
        if self._cross_encoder is None:
            return [None] * len(chosen)
        asked = question.scored_as[-1].text
        scorable = [
            (index, as_sentence(candidate.document, candidate.start, candidate.end), around)
            for index, (candidate, around) in enumerate(zip(chosen, contexts, strict=True))
            if candidate.document.language == _SCORED_LANGUAGE
        ]
        scores: list[SentenceScore | None] = [None] * len(chosen)
        results = self._cross_encoder.score(asked, [(text, around) for _, text, around in scorable])
        for (index, _, _), score in zip(scorable, results, strict=True):
            sentence = chosen[index]
            span = shown_span(score.span, asked, sentence.document, sentence.start, sentence.end)
            scores[index] = replace(score, span=span)
        return scores

    def _cosines(self, question: Question, chosen: Sequence[CandidateSentence]) -> list[float | None]:
        """Return the cosine of each sentence with the phrasing nearest to it; None if cosines don't count."""
        if not self._is_calibrated:
            return [None] * len(chosen)
        phrasings = self._encoder.questions([phrasing.text for phrasing in question.scored_as])
        cosines = self._sentence_vectors([candidate.text for candidate in chosen]) @ phrasings.T
        return [float(cosine) for cosine in cosines.max(axis=1)]

    def _sentence_vectors(self, texts: Sequence[str]) -> Vectors:
        """Return a unit row per text, shape (n, d). The vectors of recent texts are cached."""
        with self._lock:
            rows = {text: self._vectors[text] for text in texts if text in self._vectors}
        if missing := [text for text in dict.fromkeys(texts) if text not in rows]:
            rows |= zip(missing, self._encoder.passages(missing), strict=True)
            with self._lock:
                self._vectors |= rows
                for text in list(self._vectors)[:-_CACHED_VECTORS]:
                    del self._vectors[text]
        return np.stack([rows[text] for text in texts])


def _named_share(question: Question, text: str, language: str) -> float:
    """Return the share of the question's names that a text has; 1 for a question without names."""
    if not question.names:
        return 1.0
    text_terms = set(terms(text, language))
    return sum(is_named(name, question.language, text_terms) for name in question.names) / len(question.names)
