"""Finds, in the passages that a search gave, the sentences that bear on a question."""

import math
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from corpus import Document, LibraryError, sentences
from index import Encoder, Hit, Index, content_words, question_terms, terms

COSINE_WEIGHT = 0.8
"""The rest is the weight of coverage. Cosine alone ranks a sentence about the topic above one that has the question's words."""

_REMEMBERED = 20_000  # sentences whose vectors are kept: 30 MB at 384 dimensions


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence as evidence: its document and range, and how near it is to the question, at most 1, higher is better."""

    document: Document
    start: int
    end: int
    score: float

    @property
    def text(self) -> str:
        """The sentence as it is shown."""
        return self.document.shown(self.start, self.end)


class Reader(Protocol):
    """Reads passages with a question in mind."""

    def read(self, question: str, language: str, index: Index, hits: Sequence[Hit]) -> list[Evidence]:
        """The sentences of the passages, best first; ties go by document and place."""


class SentenceReader:
    """Scores a sentence by its cosine with the question, and by the share of the question's words that it has.

    A word counts by its inverse document frequency in the whole library: the rarer, the more it says.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._vectors: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, question: str, language: str, index: Index, hits: Sequence[Hit]) -> list[Evidence]:
        """See `Reader.read`. Headings are no evidence: they name a subject and say nothing of it."""
        places = _sentences(index, hits)
        if not places:
            return []
        texts = [document.shown(start, end) for document, start, end in places]
        cosines = self._rows(texts) @ self._encoder.questions([question])[0]
        asked = _weighted_words(question, language, index)
        found = []
        for (document, start, end), text, cosine in zip(places, texts, cosines, strict=True):
            covered = coverage(asked, set(terms(text, document.language)))
            score = COSINE_WEIGHT * float(cosine) + (1 - COSINE_WEIGHT) * covered
            found.append(Evidence(document, start, end, round(score, 6)))
        return sorted(found, key=lambda evidence: (-evidence.score, evidence.document.id, evidence.start))

    def _rows(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit row per text. Each is encoded by itself, so that a sentence's vector doesn't depend on its neighbours."""
        rows = []
        for text in texts:
            with self._lock:
                row = self._vectors.get(text)
            if row is None:
                row = self._encoder.passages([text])[0]
                with self._lock:
                    self._vectors[text] = row
                    if len(self._vectors) > _REMEMBERED:
                        self._vectors.popitem(last=False)
            rows.append(row)
        return np.stack(rows)


def coverage(asked: Sequence[tuple[frozenset[str], float]], found: set[str]) -> float:
    """The share, by weight, of a question's words of which a sentence has some form; 0 for a question without any.

    >>> coverage([(frozenset({"prison"}), 3.0), (frozenset({"peru"}), 1.0)], {"prison", "overcrowd"})
    0.75
    """
    whole = sum(weight for _, weight in asked)
    return sum(weight for forms, weight in asked if forms & found) / whole if whole else 0.0


def _weighted_words(question: str, language: str, index: Index) -> list[tuple[frozenset[str], float]]:
    """The question's content words: the index terms that a word may be, and its inverse document frequency."""
    weighted = []
    for word in dict.fromkeys(content_words(question, language)):
        forms = frozenset(question_terms(word, language))
        frequency = max((index.frequency(form) for form in forms), default=0)
        weighted.append((forms, math.log(1 + (index.passages - frequency + 0.5) / (frequency + 0.5))))
    return weighted


def _sentences(index: Index, hits: Sequence[Hit]) -> list[tuple[Document, int, int]]:
    """The passages' sentences that are no headings, each once: a sentence may reach into the next passage.

    A document that was removed since the search has none.
    """
    places: dict[tuple[str, int, int], tuple[Document, int, int]] = {}
    for hit in hits:
        try:
            document = index.document(hit.passage.document_id)
        except LibraryError:
            continue
        headings = {heading.start for heading in document.headings}
        for block in document.blocks_within(hit.passage.start, hit.passage.end):
            if block.start not in headings:
                for start, end in sentences(document, max(block.start, hit.passage.start), min(block.end, hit.passage.end)):
                    places[document.id, start, end] = (document, start, end)
    return list(places.values())
