"""Counts the words of passages, and writes the postings of a generation: document by document, in bounded memory."""

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
_BLOCK = 1 << 20  # postings that are sorted at a time
_KINDS: dict[str, type] = {"terms": np.int32, "rows": np.int32, "counts": np.uint16, "held": np.int32}
"""What is kept until all was added: of each posting its term, its passage and its count; of each document its terms."""

_MOST = np.iinfo(np.uint16).max  # that a term is counted in a passage


@dataclass(frozen=True, slots=True)
class TermCounts:
    """The index terms of a document's n passages: its distinct terms, and for each passage, from `bounds[i]` to `bounds[i + 1]`,
    the places of its own among them, ascending, with how often each occurs.
    """

    vocabulary: tuple[str, ...]
    bounds: NDArray[np.int64]
    places: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, passages: Sequence[Sequence[str]]) -> Self:
        """The words of passages with these index terms."""
        vocabulary = tuple(sorted(set(chain.from_iterable(passages))))
        number = {term: place for place, term in enumerate(vocabulary)}
        rows = np.repeat(np.arange(len(passages)), [len(terms) for terms in passages])
        found = np.array([number[term] for term in chain.from_iterable(passages)], np.int64)
        pairs, counts = np.unique(rows * max(len(vocabulary), 1) + found, return_counts=True)
        rows, places = np.divmod(pairs, max(len(vocabulary), 1))
        return cls(vocabulary, np.searchsorted(rows, np.arange(len(passages) + 1)), places, counts)

    def packed(self) -> dict[str, NDArray[Any]]:
        """The same as arrays, each of the smallest type that holds it."""
        text = "\n".join(self.vocabulary).encode("utf-8", "replace")
        arrays = {"bounds": self.bounds, "places": self.places, "counts": self.counts}
        small = {name: values.astype(np.min_scalar_type(int(values.max(initial=0)))) for name, values in arrays.items()}
        return {"vocabulary": np.frombuffer(text, np.uint8), **small}

    @classmethod
    def unpacked(cls, arrays: dict[str, NDArray[Any]]) -> Self:
        """What `packed` gave. Raises KeyError or ValueError if it isn't that."""
        text = arrays["vocabulary"].tobytes().decode("utf-8")
        bounds, places, counts = (arrays[name].astype(np.int64) for name in ("bounds", "places", "counts"))
        vocabulary = tuple(text.split("\n")) if text else ()
        if bounds[-1] != len(places) or len(places) != len(counts) or places.max(initial=-1) >= len(vocabulary):
            raise ValueError("its words don't fit each other")
        return cls(vocabulary, bounds, places, counts)


class Bm25Writer:
    """Writes into the folder of a new generation what `Bm25Index` opens. `add` takes one document after the other.

    `opened` closes its files, whatever happens.
    """

    def __init__(self, folder: Path, opened: ExitStack) -> None:
        self._folder = folder / FOLDER
        self._folder.mkdir()
        self._numbers: dict[str, int] = {}  # of the terms, in the order they came
        self._lengths: list[NDArray[np.int64]] = []  # of the passages, in terms
        self._size = 0
        self._held_sizes = [0]
        self._files = {name: opened.enter_context((self._folder / f"{name}.new").open("wb")) for name in _KINDS}

    def add(self, words: TermCounts) -> None:
        """The next document's words."""
        numbers = self._numbers
        own = np.array([numbers.setdefault(term, len(numbers)) for term in words.vocabulary], np.int32)
        passages = np.repeat(np.arange(len(words.bounds) - 1), np.diff(words.bounds))
        self._lengths.append(np.bincount(passages, words.counts, len(words.bounds) - 1).astype(np.int64))
        self._write("terms", own[words.places])
        self._write("rows", passages + self._size)
        self._write("counts", np.minimum(words.counts, _MOST))
        self._write("held", own)
        self._held_sizes.append(len(own))
        self._size += len(words.bounds) - 1

    def finish(self) -> None:
        """Write what was added in the order of the terms."""
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
        """What was written under these names, side by side, block by block."""
        with ExitStack() as opened:
            files = [(opened.enter_context((self._folder / f"{name}.new").open("rb")), _KINDS[name]) for name in names]
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
        self._save("held_bounds", np.cumsum(self._held_sizes, dtype=np.int64))
        held = self._mapped("held", np.int32, sum(self._held_sizes))
        for start, (numbers,) in zip(count(0, _BLOCK), self._blocks("held"), strict=False):
            held[start : start + _BLOCK] = rank[numbers]
        held.flush()
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
        """An array in a file, to be filled in any order. Its room on the disk is taken now: were the disk found to be full later, a
        signal would end the process.
        """
        path = self._folder / f"{name}.npy"
        array: np.memmap[Any, Any] = open_memmap(path, "w+", kind, (size,))
        if hasattr(os, "posix_fallocate"):
            with path.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        return array
