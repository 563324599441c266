"""The words of a generation: for each term, the passages that have it and what it scores there, by BM25.

The variant is Lucene's (k1 = 1.5, b = 0.75), after Kamphuis, de Vries, Boytsov and Lin, "Which BM25 Do You Mean?", 2020. Scores are
made when the index is (Lù, "BM25S", 2024). A question reads only the postings of its terms, and of common ones only what could
still be among the best (MaxScore: Turtle and Flood, "Query Evaluation: Strategies and Optimizations", 1995).
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.store.selection import Selection

FOLDER = "words"
"""Within a generation's folder; it isn't there if no passage has a term."""


_ROUNDING = 1e-9  # of sums of scores


class Bm25Index:
    """What `Bm25Writer` wrote, opened. Terms are numbered in the order of the alphabet."""

    def __init__(self, folder: Path, size: int) -> None:
        """Opens the postings of `size` passages in a generation's folder. Raises OSError or ValueError if a file is damaged."""
        own = folder / FOLDER
        self._size = size
        self._text = (own / "terms.txt").read_bytes()
        self._ends = np.load(own / "term_ends.npy", allow_pickle=False)
        self._bounds = np.load(own / "bounds.npy", allow_pickle=False)
        self._best = np.load(own / "best.npy", allow_pickle=False)
        self._rows = np.load(own / "rows.npy", mmap_mode="r", allow_pickle=False)
        self._scores = np.load(own / "scores.npy", mmap_mode="r", allow_pickle=False)
        self._held_bounds = np.load(own / "held_bounds.npy", allow_pickle=False)
        self._held = np.load(own / "held.npy", mmap_mode="r", allow_pickle=False)
        self._zeros: list[NDArray[np.float64]] = []  # a score of 0 for each passage; as many as questions were asked at once
        counts = {len(self._ends) + 1, len(self._bounds), len(self._best) + 1}
        if len(counts) != 1 or not len(self._rows) == len(self._scores) == self._bounds[-1]:
            raise ValueError(f"the files in {FOLDER} don't fit each other")

    def number(self, term: str) -> int | None:
        """The number of a term; None if no passage has it."""
        wanted = term.encode("utf-8", "replace")
        low, high = 0, len(self._ends)
        while low < high:
            middle = (low + high) // 2
            if self._term(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self._ends) and self._term(low) == wanted else None

    def frequency(self, number: int, selection: Selection | None) -> int:
        """How many of the selected passages have the term of this number."""
        start, end = self._bounds[number : number + 2].tolist()
        if selection is None:
            return int(end - start)
        within = selection.within(self._rows[start:end])
        return sum(part.stop - part.start for part in within) if isinstance(within, list) else len(within)

    @cached_property
    def terms(self) -> tuple[str, ...]:
        """All terms, in the order of the alphabet."""
        return tuple(self._term(number).decode("utf-8") for number in range(len(self._ends)))

    def terms_of(self, documents: NDArray[np.bool_]) -> tuple[str, ...]:
        """The terms of the documents that are marked, in the order of the alphabet."""
        held = np.zeros(len(self._ends), bool)
        for document in np.flatnonzero(documents).tolist():
            held[self._held[self._held_bounds[document] : self._held_bounds[document + 1]]] = True
        return tuple(self.terms[number] for number in np.flatnonzero(held).tolist())

    def search(self, terms: Sequence[str], k: int, selection: Selection | None) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The at most `k` selected passages that have one of the terms, with their scores: best first, equal ones by row."""
        numbers = [number for term in terms if (number := self.number(term)) is not None]
        numbers.sort(key=lambda number: (-float(self._best[number]), number))
        most = np.cumsum([0.0, *(float(self._best[number]) for number in reversed(numbers))])[::-1]  # from each term on
        try:
            scores = self._zeros.pop()
        except IndexError:  # no question before, or as many at once as never before
            scores = np.zeros(self._size)
        touched, best = [np.empty(0, np.int64)], np.empty(0, np.int64)
        least = 0.0  # what the passage in place `k` has already
        left = list(enumerate(numbers))
        while left and most[left[0][0]] >= least - _ROUNDING:
            rows, values = self._postings(left.pop(0)[1], selection)
            touched.append(rows[scores[rows] == 0])
            scores[rows] += values
            best = _best_of(np.concatenate([rows, best[~_is_in(best, rows)[0]]]), scores, k)
            least = float(scores[best[-1]]) if len(best) == k else 0.0
        if left:  # passages that have none but the terms that are left aren't among the best
            found = np.concatenate(touched)
            for place, number in left:
                found = found[scores[found] + most[place] >= least - _ROUNDING]
                rows, values = self._postings(number, None)  # what is found is selected
                is_in, at = _is_in(found, rows)
                scores[found[is_in]] += values[at[is_in]]
                best = _best_of(found, scores, k)
                least = float(scores[best[-1]])
        found_scores = scores[best]
        for once in touched:
            scores[once] = 0
        self._zeros.append(scores)
        return best, found_scores

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
        none = slice(0, 0)
        return np.concatenate([rows[part] for part in (none, *within)]), np.concatenate([scores[part] for part in (none, *within)])

    def _term(self, number: int) -> bytes:
        return self._text[int(self._ends[number - 1]) if number else 0 : int(self._ends[number])]


def _is_in(some: NDArray[np.int64], rows: NDArray[np.int32]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which of some rows are among these ascending ones, and where each would stand."""
    if not len(rows):
        return np.zeros(len(some), bool), np.zeros(len(some), np.int64)
    at = np.minimum(np.searchsorted(rows, some.astype(rows.dtype)), len(rows) - 1)
    return rows[at] == some, at


def _best_of(rows: NDArray[np.int64], scores: NDArray[np.float64], k: int) -> NDArray[np.int64]:
    """The at most `k` of the rows whose scores are the highest: highest first, equal ones ascending."""
    found = scores[rows]
    if k < len(rows):
        rows = rows[found >= np.partition(found, -k)[-k]]
    return np.asarray(rows[np.lexsort((rows, -scores[rows]))[:k]], np.int64)
