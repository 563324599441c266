"""The engines that `search` compares: Quipu's store, and FAISS's exact index with bm25s, each in a process of its own.

    python -m tools.bench.engines quipu|baseline FOLDER SIZE

reads orders from standard input, one JSON list per line, and replies to each with one JSON object per line. FOLDER holds
`texts.json`, `vectors.npy` (a row per text, half precision), and `questions.json` with its vectors in `questions.npy`. The first
SIZE texts are indexed.
"""

import json
import os
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index import LocalStore, Range, question_language, question_terms, terms
from tools.bench.machine import memory
from tools.bench.results import timed
from tools.bench.sample_library import PER_DOCUMENT

KINDS = {
    "by vectors": (True, False, ""),
    "by words": (False, True, ""),
    "by both": (True, True, ""),
    "by both, in one document": (True, True, "one"),
    "by both, in half of the documents": (True, True, "half"),
}
"""The kinds of search by name: whether by vectors, whether by words, and within which documents."""

DEPTH = 50
"""Passages that each retriever returns, as in `Index.search`."""

BEST = 10
"""Passages whose recall is measured."""


class QuipuEngine:
    """Quipu's own store over documents of fifty passages. `build` writes it into a folder, `load` opens it from there."""

    def __init__(self, folder: Path, size: int, questions: list[str]) -> None:
        self._folder = folder
        self._documents = [f"{number:016x}" for number in range(-(-size // PER_DOCUMENT))]
        self._terms = [list(dict.fromkeys(question_terms(text, question_language(text)))) for text in questions]

    def build(self, texts: list[str], vectors: NDArray[np.float16]) -> None:
        """Index these texts with their vectors, (n, d)."""
        ranges = (Range(self._documents[row // PER_DOCUMENT], row, row + 1) for row in range(len(texts)))
        LocalStore.build(self._folder, self._documents, ranges, vectors, (terms(text, "en") for text in texts))

    def load(self) -> None:
        """Open what was built."""
        self._store = LocalStore.load(self._folder, self._documents)

    def dense(self, number: int, row: NDArray[np.float32], within: str) -> list[int]:
        """Return the numbers of the texts nearest to the question of this number, whose vector is the row, (1, d)."""
        return [place.start for place, _ in self._store.dense(row, DEPTH, self._allowed(number, within))]

    def lexical(self, number: int, within: str) -> None:
        """Find the texts that share words with the question of this number."""
        self._store.lexical(self._terms[number], DEPTH, self._allowed(number, within))

    def _allowed(self, number: int, within: str) -> frozenset[str] | None:
        if within == "one":
            return frozenset([self._documents[_chosen(number, len(self._documents))]])
        return self._half if within else None

    @cached_property
    def _half(self) -> frozenset[str]:
        return frozenset(self._documents[::2])


class BaselineEngine:
    """FAISS's exact index and bm25s, as in their quick starts. It has the methods of `QuipuEngine`."""

    def __init__(self, folder: Path, size: int, questions: list[str]) -> None:
        import bm25s
        import faiss

        self._bm25s, self._faiss = bm25s, faiss
        self._folder, self._size = folder, size
        self._tokens = bm25s.tokenize(questions, stopwords="en", return_ids=False, show_progress=False)

    def build(self, texts: list[str], vectors: NDArray[np.float16]) -> None:
        """See `QuipuEngine.build`."""
        index = self._faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors.astype(np.float32))
        self._faiss.write_index(index, str(self._folder / "vectors.faiss"))
        words = self._bm25s.BM25()
        words.index(self._bm25s.tokenize(texts, stopwords="en", show_progress=False), show_progress=False)
        words.save(self._folder / "words", show_progress=False)

    def load(self) -> None:
        """See `QuipuEngine.load`."""
        self._index = self._faiss.read_index(str(self._folder / "vectors.faiss"))
        self._words = self._bm25s.BM25.load(self._folder / "words", show_progress=False)

    def dense(self, number: int, row: NDArray[np.float32], within: str) -> list[int]:
        """See `QuipuEngine.dense`."""
        selector = None
        if within == "one":
            selector = self._faiss.IDSelectorRange(*self._one(number))
        elif within:
            selector = self._faiss.IDSelectorBitmap(np.packbits(self._half, bitorder="little"))
        parameters = self._faiss.SearchParameters(sel=selector) if selector else None
        return [int(number) for number in self._index.search(row, DEPTH, params=parameters)[1][0] if number >= 0]

    def lexical(self, number: int, within: str) -> None:
        """See `QuipuEngine.lexical`."""
        mask = self._half if within else None
        if within == "one":
            mask = np.zeros(self._size, bool)
            mask[slice(*self._one(number))] = True
        self._words.retrieve([self._tokens[number]], k=min(DEPTH, self._size), weight_mask=mask, show_progress=False)

    def _one(self, number: int) -> tuple[int, int]:
        first = PER_DOCUMENT * _chosen(number, -(-self._size // PER_DOCUMENT))
        return first, first + PER_DOCUMENT

    @cached_property
    def _half(self) -> NDArray[np.bool_]:
        return np.asarray(np.arange(self._size) // PER_DOCUMENT % 2 == 0)


def _chosen(number: int, documents: int) -> int:
    """Return the number of the document within which a question is asked, a different one for each question."""
    return (7919 * number + 1) % documents


class EngineProcess:
    """Carries out orders with one engine. Each returns what its reply holds."""

    def __init__(self, name: str, folder: Path, size: int) -> None:
        self._folder, self._place, self._size = folder, folder / f"{name}-{size}", size
        self._rows = np.load(folder / "questions.npy", allow_pickle=False)
        questions = json.loads((folder / "questions.json").read_bytes())
        self._engine = (QuipuEngine if name == "quipu" else BaselineEngine)(self._place, size, questions)

    def build(self) -> dict[str, Any]:
        """Build the index; return the seconds that took, and its megabytes on disk."""
        texts = json.loads((self._folder / "texts.json").read_bytes())[: self._size]
        vectors = np.load(self._folder / "vectors.npy", allow_pickle=False)[: self._size]
        self._place.mkdir()
        seconds = timed(lambda: self._engine.build(texts, vectors))
        size = sum(path.stat().st_size for path in self._place.rglob("*") if path.is_file())
        return {"seconds": seconds, "megabytes": size / 2**20}

    def load(self) -> dict[str, Any]:
        """Open what another process built; return the seconds that took, without those of the imports."""
        import faiss  # noqa: F401 - so that it doesn't count as the index's

        self._before = memory(os.getpid())["rss"]
        return {"seconds": timed(self._engine.load)}

    def ask(self, kind: str, first: int, last: int) -> dict[str, Any]:
        """Ask the questions from `first` up to `last`; return the seconds of each, and the best that were found by vectors."""
        by_vectors, by_words, within = KINDS[kind]
        found: list[list[int]] = []

        def once(number: int) -> None:
            if by_vectors:
                found.append(self._engine.dense(number, self._rows[number : number + 1], within)[:BEST])
            if by_words:
                self._engine.lexical(number, within)

        return {"seconds": [timed(once, number) for number in range(first, last)], "found": found}

    def resident(self) -> dict[str, Any]:
        """Return the resident megabytes gained since before the index was opened."""
        return {"megabytes": memory(os.getpid())["rss"] - self._before}


def main(name: str, folder: Path, size: int) -> None:
    """Carry out orders until there are no more."""
    engine = EngineProcess(name, folder, size)
    for line in sys.stdin:
        order, *arguments = json.loads(line)
        call: Callable[..., dict[str, Any]] = getattr(engine, order)
        print(json.dumps(call(*arguments)), flush=True)  # noqa: T201 - a program of its own


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
