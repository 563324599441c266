"""A part that stands in at a Protocol's seam, to test one thing fast, and what tests ask of a library made with it."""

import re
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from assistant import Ranker
from assistant.decision import THRESHOLDS, UNSURE
from assistant.question import Question
from assistant.ranking import Evidence
from index import Hit, Home, Index, Scope, Vectors, fold

_DIMENSION = 256


class WordEncoder:
    """A deterministic bag of words: two texts are as near as the words that they share. It counts what it encodes."""

    def __init__(self, fingerprint: str = "words", limit: int = 64) -> None:
        self.name = f"bag of {fingerprint}"
        self.fingerprint = fingerprint
        self.arithmetic = "words"
        self.notice = ""
        self.limit = limit
        self.dimension = _DIMENSION
        self.encoded_passages: list[str] = []

    def questions(self, texts: Sequence[str]) -> Vectors:
        return self._rows(texts)

    def passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        self.encoded_passages.extend(texts)
        if progress is not None:
            progress(len(texts))
        return self._rows(texts)

    def count_tokens(self, text: str) -> int:
        return 2 + len(text.split())

    def _rows(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), _DIMENSION), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[0] = 0.01  # so that a text without a word has a direction too
            for word in re.findall(r"\w+", fold(text)):
                row[zlib.crc32(word.encode()) % _DIMENSION] += 1.0
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


class Words:
    """A `Vocabulary` of these index terms, each in one of so many passages."""

    def __init__(self, terms: Iterable[str], passages: int = 8, languages: Iterable[str] = ("en",)) -> None:
        self._terms, self._passages, self._languages = tuple(sorted(set(terms))), passages, frozenset(languages)

    def size(self) -> int:
        return self._passages

    def languages(self) -> frozenset[str]:
        return self._languages

    def frequency(self, term: str) -> int:
        return int(term in self._terms)

    def terms(self) -> tuple[str, ...]:
        return self._terms


class Unsure:
    """A `Ranker` that finds what another finds, and is unsure of it if the question has this word."""

    is_trained = True

    def __init__(self, ranker: Ranker, word: str = "") -> None:
        self._ranker, self._word = ranker, word

    def rank(self, question: Question, scope: Scope, hits: Sequence[Hit]) -> list[Evidence]:
        found = self._ranker.rank(question, scope, hits)
        middling = (UNSURE + THRESHOLDS["balanced"]) / 2
        return [replace(piece, score=middling) for piece in found] if self._word in question.text else found


def open_index(home: Home, encoder: WordEncoder) -> Index:
    index = Index.open(home, encoder)
    assert index is not None
    return index


def first_hit(home: Home, encoder: WordEncoder, query: str) -> str:
    return open_index(home, encoder).within().search(query, 1)[0].passage.text


def files_holding(home: Home, text: str) -> list[str]:
    needles = [text.encode(), text.encode("utf-16-le")]
    return [str(path) for path in home.path.rglob("*") if path.is_file() and any(n in path.read_bytes() for n in needles)]
