"""The lexical index of a generation: for each term, the passages that contain it and the term's BM25 score in each.

The variant is Lucene's (k1 = 1.5, b = 0.75), after Kamphuis, de Vries, Boytsov and Lin, "Which BM25 Do You Mean?", 2020. Scores are
computed when the index is built (Lù, "BM25S", 2024). A search reads only the postings of its terms, and for common terms it scores
only passages that can still be among the best (MaxScore: Turtle and Flood, "Query Evaluation: Strategies and Optimizations", 1995).
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.store.selection import Selection

FOLDER = "words"
"""The folder inside a generation's folder. It is missing if no passage has a term."""


_ROUNDING = 1e-9  # tolerance for rounding errors in sums of scores


class Bm25Index:
    """An open index that `Bm25Writer` wrote. Terms are numbered in alphabetical order, passages by their row."""

    def __init__(self, folder: Path, size: int) -> None:
        """Open the index of `size` passages in a generation's folder. Raises OSError or ValueError if a file is damaged."""
        words_folder = folder / FOLDER
        self._size = size
        self._terms_text = (words_folder / "terms.txt").read_bytes()
        self._ends = np.load(words_folder / "term_ends.npy", allow_pickle=False)
        self._bounds = np.load(words_folder / "bounds.npy", allow_pickle=False)
        self._best_scores = np.load(words_folder / "best.npy", allow_pickle=False)
        self._rows = np.load(words_folder / "rows.npy", mmap_mode="r", allow_pickle=False)
        self._scores = np.load(words_folder / "scores.npy", mmap_mode="r", allow_pickle=False)
        self._document_bounds = np.load(words_folder / "held_bounds.npy", allow_pickle=False)
        self._document_terms = np.load(words_folder / "held.npy", mmap_mode="r", allow_pickle=False)
        self._zeros: list[NDArray[np.float64]] = []  # reusable zeros, one per passage: as many arrays as searches ran at once
        counts = {len(self._ends) + 1, len(self._bounds), len(self._best_scores) + 1}
        if len(counts) != 1 or not len(self._rows) == len(self._scores) == self._bounds[-1]:
            raise ValueError(f"the files in {FOLDER} don't match")

    def number(self, term: str) -> int | None:
        """Return the number of a term, or None if no passage has it."""
        encoded = term.encode("utf-8", "replace")
        low, high = 0, len(self._ends)
        while low < high:
            middle = (low + high) // 2
            if self._term(middle) < encoded:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self._ends) and self._term(low) == encoded else None

    def frequency(self, number: int, selection: Selection | None) -> int:
        """Return how many of the selected passages (None: of all) have the term with this number."""
        start, end = self._bounds[number : number + 2].tolist()
        if selection is None:
            return int(end - start)
        within = selection.within(self._rows[start:end])
        return sum(part.stop - part.start for part in within) if isinstance(within, list) else len(within)

    @cached_property
    def terms(self) -> tuple[str, ...]:
        """All terms, in alphabetical order."""
        return tuple(self._term(number).decode("utf-8") for number in range(len(self._ends)))

    def terms_of(self, documents: NDArray[np.bool_]) -> tuple[str, ...]:
        """Return the terms of the documents marked True, in alphabetical order."""
        is_present = np.zeros(len(self._ends), bool)
        for document in np.flatnonzero(documents).tolist():
            is_present[self._document_terms[self._document_bounds[document] : self._document_bounds[document + 1]]] = True
        return tuple(self.terms[number] for number in np.flatnonzero(is_present).tolist())

    def search(self, terms: Sequence[str], k: int, selection: Selection | None) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the rows and scores of the `k` best selected passages that have any of the terms: best first, ties by row."""
        numbers = [number for term in terms if (number := self.number(term)) is not None]
        numbers.sort(key=lambda number: (-float(self._best_scores[number]), number))
        # The most that the terms from each one on can add to a passage's score.
        max_remaining = np.cumsum([0.0, *(float(self._best_scores[number]) for number in reversed(numbers))])[::-1]
        try:
            scores = self._zeros.pop()
        except IndexError:  # more searches at once than ever before
            scores = np.zeros(self._size)
        touched, best = [np.empty(0, np.int64)], np.empty(0, np.int64)
        threshold = 0.0  # the score of the `k`-th best passage so far
        remaining = list(enumerate(numbers))
        while remaining and max_remaining[remaining[0][0]] >= threshold - _ROUNDING:
            rows, values = self._postings(remaining.pop(0)[1], selection)
            touched.append(rows[scores[rows] == 0])
            scores[rows] += values
            best = _best_of(np.concatenate([rows, best[~_find(best, rows)[0]]]), scores, k)
            threshold = float(scores[best[-1]]) if len(best) == k else 0.0
        if remaining:  # a passage that has only the remaining terms can't be among the best
            candidates = np.concatenate(touched)
            for place, number in remaining:
                candidates = candidates[scores[candidates] + max_remaining[place] >= threshold - _ROUNDING]
                rows, values = self._postings(number, None)  # the candidates are selected already
                is_found, positions = _find(candidates, rows)
                scores[candidates[is_found]] += values[positions[is_found]]
                best = _best_of(candidates, scores, k)
                threshold = float(scores[best[-1]])
        best_scores = scores[best]
        for touched_rows in touched:
            scores[touched_rows] = 0
        self._zeros.append(scores)
        return best, best_scores

    def _postings(self, number: int, selection: Selection | None) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        start, end = self._bounds[number : number + 2].tolist()
        rows, scores = self._rows[start:end], self._scores[start:end]
        if selection is None:
            return np.asarray(rows), np.asarray(scores)
        within = selection.within(rows)
        if not isinstance(within, list):
            return rows[within], scores[within]
        if len(within) == 1:
            return np.asarray(rows[within[0]]), np.asarray(scores[within[0]])
        empty = slice(0, 0)
        return np.concatenate([rows[part] for part in (empty, *within)]), np.concatenate(
            [scores[part] for part in (empty, *within)]
        )

    def _term(self, number: int) -> bytes:
        return self._terms_text[int(self._ends[number - 1]) if number else 0 : int(self._ends[number])]


def _find(wanted: NDArray[np.int64], rows: NDArray[np.int32]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return which of the `wanted` rows are among the ascending `rows`, and the position of each there."""
    if not len(rows):
        return np.zeros(len(wanted), bool), np.zeros(len(wanted), np.int64)
    positions = np.minimum(np.searchsorted(rows, wanted.astype(rows.dtype)), len(rows) - 1)
    return rows[positions] == wanted, positions


def _best_of(rows: NDArray[np.int64], scores: NDArray[np.float64], k: int) -> NDArray[np.int64]:
    """Return the at most `k` rows with the highest scores: highest first, ties ascending. `scores` are of all passages."""
    row_scores = scores[rows]
    if k < len(rows):
        rows = rows[row_scores >= np.partition(row_scores, -k)[-k]]
    return np.asarray(rows[np.lexsort((rows, -scores[rows]))[:k]], np.int64)
