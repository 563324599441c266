"""Counts the index terms of passages, and writes the lexical index of a generation, document by document, in bounded memory."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from index.store.bm25 import FOLDER

_K1, _B = 1.5, 0.75
_BLOCK = 1 << 20  # postings sorted at a time
_KINDS: dict[str, type] = {"terms": np.int32, "rows": np.int32, "counts": np.uint16, "held": np.int32}
"""The temporary files, until all documents are added: the term, passage and count of each posting, and each document's terms."""

_MAX_COUNT = np.iinfo(np.uint16).max  # a term that occurs more often in a passage counts as this often


@dataclass(frozen=True, slots=True)
class TermCounts:
    """The index terms of a document's n passages, counted.

    `vocabulary` holds the document's distinct terms. From `bounds[i]` to `bounds[i + 1]`, `places` holds the ascending positions in
    the vocabulary of the terms of passage i, and `counts` how often each occurs.
    """

    vocabulary: tuple[str, ...]
    bounds: NDArray[np.int64]
    places: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, passages: Sequence[Sequence[str]]) -> Self:
        """Count the terms of passages, given as one sequence of index terms each."""
        vocabulary = tuple(sorted(set(chain.from_iterable(passages))))
        number = {term: place for place, term in enumerate(vocabulary)}
        rows = np.repeat(np.arange(len(passages)), [len(terms) for terms in passages])
        numbers = np.array([number[term] for term in chain.from_iterable(passages)], np.int64)
        pairs, counts = np.unique(rows * max(len(vocabulary), 1) + numbers, return_counts=True)
        rows, places = np.divmod(pairs, max(len(vocabulary), 1))
        return cls(vocabulary, np.searchsorted(rows, np.arange(len(passages) + 1)), places, counts)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the counts as arrays for a file, each of the smallest type that holds it."""
        text = "\n".join(self.vocabulary).encode("utf-8", "replace")
        arrays = {"bounds": self.bounds, "places": self.places, "counts": self.counts}
        compact = {name: values.astype(np.min_scalar_type(int(values.max(initial=0)))) for name, values in arrays.items()}
        return {"vocabulary": np.frombuffer(text, np.uint8), **compact}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Self:
        """Return the counts in arrays made by `to_arrays`. Raises KeyError or ValueError if they are damaged."""
        text = arrays["vocabulary"].tobytes().decode("utf-8")
        bounds, places, counts = (arrays[name].astype(np.int64) for name in ("bounds", "places", "counts"))
        vocabulary = tuple(text.split("\n")) if text else ()
        if bounds[-1] != len(places) or len(places) != len(counts) or places.max(initial=-1) >= len(vocabulary):
            raise ValueError("its term counts don't match")
        return cls(vocabulary, bounds, places, counts)


class Bm25Writer:
    """Writes the lexical index of a new generation, for `Bm25Index` to open. Call `add` for each document, then `finish`.

    The `exit_stack` closes its files.
    """

    def __init__(self, folder: Path, exit_stack: ExitStack) -> None:
        self._folder = folder / FOLDER
        self._folder.mkdir()
        self._numbers: dict[str, int] = {}  # of the terms, in the order first added
        self._lengths: list[NDArray[np.int64]] = []  # of the passages, in terms
        self._size = 0
        self._document_sizes = [0]
        self._files = {name: exit_stack.enter_context((self._folder / f"{name}.new").open("wb")) for name in _KINDS}

    def add(self, term_counts: TermCounts) -> None:
        """Add the next document's terms."""
        numbers = self._numbers
        term_numbers = np.array([numbers.setdefault(term, len(numbers)) for term in term_counts.vocabulary], np.int32)
        passages = np.repeat(np.arange(len(term_counts.bounds) - 1), np.diff(term_counts.bounds))
        self._lengths.append(np.bincount(passages, term_counts.counts, len(term_counts.bounds) - 1).astype(np.int64))
        self._write("terms", term_numbers[term_counts.places])
        self._write("rows", passages + self._size)
        self._write("counts", np.minimum(term_counts.counts, _MAX_COUNT))
        self._write("held", term_numbers)
        self._document_sizes.append(len(term_numbers))
        self._size += len(term_counts.bounds) - 1

    def finish(self) -> None:
        """Write the index, sorted by term."""
        for file in self._files.values():
            file.close()
        if self._numbers:
            self._sort()
        for name in self._files:
            (self._folder / f"{name}.new").unlink()
        if not self._numbers:
            self._folder.rmdir()

    def _write(self, name: str, values: NDArray[Any]) -> None:
        self._files[name].write(values.astype(_KINDS[name]).tobytes())

    def _blocks(self, *names: str) -> Iterator[tuple[NDArray[Any], ...]]:
        """Yield the values in these temporary files, in parallel blocks."""
        with ExitStack() as exit_stack:
            files = [(exit_stack.enter_context((self._folder / f"{name}.new").open("rb")), _KINDS[name]) for name in names]
            while True:
                parts: tuple[NDArray[Any], ...] = tuple(np.fromfile(file, kind, _BLOCK) for file, kind in files)
                if not len(parts[0]):
                    return
                yield parts

    def _sort(self) -> None:
        ordered = sorted(self._numbers)
        rank = np.empty(len(ordered), np.int32)
        rank[[self._numbers[term] for term in ordered]] = np.arange(len(ordered))
        encoded = [term.encode("utf-8", "replace") for term in ordered]
        (self._folder / "terms.txt").write_bytes(b"".join(encoded))
        self._save("term_ends", np.cumsum([len(term) for term in encoded], dtype=np.int64))
        self._save("held_bounds", np.cumsum(self._document_sizes, dtype=np.int64))
        document_terms = self._mapped("held", np.int32, sum(self._document_sizes))
        for start, (numbers,) in zip(count(0, _BLOCK), self._blocks("held"), strict=False):
            document_terms[start : start + _BLOCK] = rank[numbers]
        document_terms.flush()
        frequencies = np.zeros(len(ordered), np.int64)
        for (numbers,) in self._blocks("terms"):
            frequencies += np.bincount(rank[numbers], minlength=len(ordered))
        bounds = np.concatenate(([0], np.cumsum(frequencies)))
        self._save("bounds", bounds)
        lengths = np.concatenate(self._lengths)
        idf = np.log(1 + (self._size - frequencies + 0.5) / (frequencies + 0.5))
        norm = _K1 * (1 - _B + _B * lengths / lengths.mean())
        sorted_rows = self._mapped("rows", np.int32, int(bounds[-1]))
        scores = self._mapped("scores", np.float32, int(bounds[-1]))
        free = bounds[:-1].copy()  # where the next posting of each term goes
        for terms, rows, counts in self._blocks("terms", "rows", "counts"):
            numbers = rank[terms]
            order = np.argsort(numbers, kind="stable")
            numbers, rows, occurring = numbers[order], rows[order], counts[order].astype(np.float64)
            added = np.bincount(numbers, minlength=len(ordered))
            places = free[numbers] + np.arange(len(numbers)) - np.repeat(np.cumsum(added) - added, added)
            sorted_rows[places] = rows
            scores[places] = idf[numbers] * occurring / (occurring + norm[rows])
            free += added
        self._save("best", np.maximum.reduceat(scores, bounds[:-1]))
        sorted_rows.flush()
        scores.flush()

    def _save(self, name: str, values: NDArray[Any]) -> None:
        np.save(self._folder / f"{name}.npy", values, allow_pickle=False)

    def _mapped(self, name: str, kind: type, size: int) -> np.memmap[Any, Any]:
        """Create an array in a file, to be filled in any order.

        Its space on the disk is allocated now: if the disk filled up later, a signal would kill the process.
        """
        path = self._folder / f"{name}.npy"
        array: np.memmap[Any, Any] = open_memmap(path, "w+", kind, (size,))
        if hasattr(os, "posix_fallocate"):
            with path.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        return array
