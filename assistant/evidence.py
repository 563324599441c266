"""Finds, in the passages that a search gave, the sentences that answer a question, and says how surely each does."""

import math
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np

from assistant.model import Calibration, CrossEncoder, SentenceScore, Signals, calibrated_encoder, context
from assistant.question import Question, is_named
from assistant.table_rows import as_sentence, span_shown, telling_rows
from corpus import Document, sentences
from index import Encoder, Hit, LibraryError, Scope, Vectors, content_words, question_terms, terms

_COSINE_WEIGHT = 0.5
"""Of the passage's cosine, in choosing what is read; the rest is the weight of the sentence's coverage. Vectors of all
the sentences would choose no better, and making them would take longer than all the rest of a question."""

_READ = 8
"""Sentences that are read. Of the questions whose answer was in the passages that were found, it was among the first eight for 99%
of 201 on articles, 91% of 92 on scientific papers, and all of 72 on the report that ships; among the first six, for one to four in
a hundred fewer."""

_READ_LANGUAGE = "en"

_REMEMBERED = 4000  # sentences whose vectors are kept: 6 MB at 384 dimensions


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence as evidence: its document and range; the probability `score` that the question is answered, if no sentence is
    better; how `near` it is to the question by meaning and words, at most 1; and the range of `text` that is the answer itself,
    where there is a clear one.
    """

    document: Document
    start: int
    end: int
    score: float
    near: float = 0.0
    span: tuple[int, int] | None = None

    @property
    def text(self) -> str:
        """The sentence as it is shown."""
        return self.document.shown(self.start, self.end)


class Ranker(Protocol):
    """Reads passages with a question in mind."""

    @property
    def is_trained(self) -> bool:
        """Whether it knows more than likeness."""

    def rank(self, question: Question, scope: Scope, hits: Sequence[Hit]) -> list[Evidence]:
        """The sentences of the passages, best first; ties go by document and place."""


@dataclass(frozen=True, slots=True)
class CandidateSentence:
    """A sentence of a passage that was found, and its text as it is shown."""

    document: Document
    start: int
    end: int
    text: str
    hit: Hit

    def __lt__(self, other: "CandidateSentence") -> bool:
        return (self.document.id, self.start) < (other.document.id, other.start)


class SentenceRanker:
    """Chooses sentences by their words and by the cosine of their passage, reads them with a cross-encoder, and weighs all that was
    seen.

    Without a cross-encoder it weighs the rest. The cosines of an encoder with other weights than the one that was calibrated aren't
    weighed.
    """

    def __init__(self, encoder: Encoder, cross: CrossEncoder | None = None) -> None:
        self._encoder, self._cross = encoder, cross
        self._is_calibrated = encoder.fingerprint == calibrated_encoder()
        self._vectors: dict[str, Vectors] = {}
        self._lock = threading.Lock()

    @classmethod
    def load(cls, encoder: Encoder) -> Self:
        """A reader with the cross-encoder that ships, or without one if that is missing. Raises EncoderError if it is damaged."""
        return cls(encoder, CrossEncoder.load())

    @property
    def is_trained(self) -> bool:
        """See `Ranker.is_trained`."""
        return self._cross is not None

    def rank(self, question: Question, scope: Scope, hits: Sequence[Hit]) -> list[Evidence]:
        """See `Ranker.read`."""
        found = []
        for place, near, signals, span in self.weigh(question, scope, hits):
            calibration = Calibration.of(signals.seen)
            score = round(calibration.probability(calibration.logit(signals)), 6)
            found.append(Evidence(place.document, place.start, place.end, score, near, span))
        return sorted(found, key=lambda evidence: (-evidence.score, evidence.document.id, evidence.start))

    def weigh(
        self, question: Question, scope: Scope, hits: Sequence[Hit]
    ) -> list[tuple[CandidateSentence, float, Signals, tuple[int, int] | None]]:
        """The sentences that are nearest to the question: how near, what was seen of them, and the range of each that is the
        answer.

        Headings are none: they name a subject and say nothing of it.
        """
        places = _telling(_places(scope, hits), question)
        if not places:
            return []
        wanted = [_weighted_words(phrasing, language, scope) for phrasing, language in question.read_as]
        covered = [_most_covered(wanted, place.text, place.document.language) for place in places]
        near = [
            _COSINE_WEIGHT * place.hit.cosine + (1 - _COSINE_WEIGHT) * share for place, share in zip(places, covered, strict=True)
        ]
        chosen = sorted(range(len(places)), key=lambda row: (-round(near[row], 6), places[row]))[:_READ]
        surroundings = [context(places[row].document, places[row].start) for row in chosen]
        readings = self._readings(question, [(places[row], around) for row, around in zip(chosen, surroundings, strict=True)])
        cosines = self._cosines(question, [places[row] for row in chosen])
        weighed = []
        for row, around, reading, cosine in zip(chosen, surroundings, readings, cosines, strict=True):
            place = places[row]
            neighbourhood = "\n".join((place.text, *around, *_passage_of(place)))
            signals = Signals(
                reader=None if reading is None else reading.logit,
                cosine=cosine,
                coverage=covered[row],
                named=_named(question, neighbourhood, place.document.language),
                fits=float(question.fits(place.text)),
            )
            weighed.append((place, near[row], signals, None if reading is None else reading.span))
        return weighed

    def _readings(
        self, question: Question, found: Sequence[tuple[CandidateSentence, tuple[str, str]]]
    ) -> list[SentenceScore | None]:
        """What the cross-encoder says of each sentence; None of those in a language that it can't read."""
        if self._cross is None:
            return [None] * len(found)
        readable = [place.document.language == _READ_LANGUAGE for place, _ in found]
        said = [
            (as_sentence(place.document, place.start, place.end), around)
            for (place, around), can_read in zip(found, readable, strict=True)
            if can_read
        ]
        readings = iter(self._cross.read(question.read_as[-1][0], said))
        read = (next(readings) if can_read else None for can_read in readable)
        return [
            reading
            and replace(reading, span=span_shown(reading.span, question.read_as[-1][0], place.document, place.start, place.end))
            for reading, (place, _) in zip(read, found, strict=True)
        ]

    def _cosines(self, question: Question, places: Sequence[CandidateSentence]) -> list[float | None]:
        """The cosine of each sentence with the question as it is read; None if they aren't weighed."""
        if not self._is_calibrated:
            return [None] * len(places)
        asked = self._encoder.questions([phrasing for phrasing, _ in question.read_as])
        return [float(cosine) for cosine in (self._rows([place.text for place in places]) @ asked.T).max(axis=1)]

    def _rows(self, texts: Sequence[str]) -> Vectors:
        """A unit row per text, (n, d); of what was read lately, they are remembered."""
        with self._lock:
            rows = {text: self._vectors[text] for text in texts if text in self._vectors}
        if missing := [text for text in dict.fromkeys(texts) if text not in rows]:
            rows |= zip(missing, self._encoder.passages(missing), strict=True)
            with self._lock:
                self._vectors |= rows
                for text in list(self._vectors)[:-_REMEMBERED]:
                    del self._vectors[text]
        return np.stack([rows[text] for text in texts])


def coverage(asked: Sequence[tuple[frozenset[str], float]], found: set[str]) -> float:
    """The share, by weight, of a question's words of which a sentence has some form; 0 for a question without any.

    >>> coverage([(frozenset({"prison"}), 3.0), (frozenset({"peru"}), 1.0)], {"prison", "overcrowd"})
    0.75
    """
    whole = sum(weight for _, weight in asked)
    return sum(weight for forms, weight in asked if forms & found) / whole if whole else 0.0


def _most_covered(phrasings: Sequence[Sequence[tuple[frozenset[str], float]]], text: str, language: str) -> float:
    found = set(terms(text, language))
    return max(coverage(asked, found) for asked in phrasings)


def _weighted_words(question: str, language: str, scope: Scope) -> list[tuple[frozenset[str], float]]:
    """The question's content words: the index terms that a word may be, and its inverse document frequency."""
    weighted = []
    for word in dict.fromkeys(content_words(question, language)):
        forms = frozenset(question_terms(word, language))
        frequency = max((scope.frequency(form) for form in forms), default=0)
        weighted.append((forms, math.log(1 + (scope.size() - frequency + 0.5) / (frequency + 0.5))))
    return weighted


def _named(question: Question, text: str, language: str) -> float:
    """The share of the question's names that the text has; 1 for a question without any."""
    if not question.names:
        return 1.0
    found = set(terms(text, language))
    return sum(is_named(name, question.language, found) for name in question.names) / len(question.names)


def _telling(places: Sequence[CandidateSentence], question: Question) -> list[CandidateSentence]:
    """The places but for table rows that say less of what is asked than others of their table do; see `telling_rows`."""
    asked = {
        frozenset(question_terms(word, language))
        for phrasing, language in question.read_as
        for word in content_words(phrasing, language)
    }
    left_out: set[tuple[str, int]] = set()
    for document in {place.document.id: place.document for place in places}.values():
        rows = [place.start for place in places if place.document.id == document.id and document.row_at(place.start)]
        left_out |= {(document.id, start) for start in set(rows).difference(telling_rows(document, rows, asked))}
    return [place for place in places if (place.document.id, place.start) not in left_out]


def _passage_of(place: CandidateSentence) -> Iterator[str]:
    """The text of the passage that a sentence was found in; of a table row's, what isn't in other rows, which are about others."""
    document, passage = place.document, place.hit.passage
    is_row = document.row_at(place.start) is not None
    for block in document.blocks_within(passage.start, passage.end):
        if not is_row or document.row_at(block.start) is None:
            yield document.shown(max(block.start, passage.start), min(block.end, passage.end))


def _places(scope: Scope, hits: Sequence[Hit]) -> list[CandidateSentence]:
    """The passages' sentences that are no headings and name no columns, each once: a sentence may reach into the next passage.

    A document that was removed since the search has none.
    """
    places: dict[tuple[str, int, int], CandidateSentence] = {}
    for hit in hits:
        try:
            document = scope.document(hit.passage.document_id)
        except LibraryError:
            continue
        headings = {heading.start for heading in document.headings}
        for block in document.blocks_within(hit.passage.start, hit.passage.end):
            if block.start not in headings and not document.names_columns(block.start):
                for start, end in sentences(document, max(block.start, hit.passage.start), min(block.end, hit.passage.end)):
                    places.setdefault(
                        (document.id, start, end), CandidateSentence(document, start, end, document.shown(start, end), hit)
                    )
    return list(places.values())
