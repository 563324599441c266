"""The vectors of a generation, as fp16 in one file: searched exactly while they are few, by their codes first when they are many.

The codes are 4 bits per 4 dimensions (product quantisation, Jégou, Douze and Schmid, "Product Quantization for Nearest Neighbor
Search", 2011), which FAISS compares in the processor's registers (André, Kermarrec and Le Scouarnec, "Cache Locality is not
Enough", 2015). All codes are compared, so what is found doesn't hang on how the vectors cluster, and nothing has to be tuned; then
the best are compared by their vectors.
"""

import math
import os
import weakref
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.encoders import Vectors
from index.errors import LibraryError
from index.store.selection import Selection

EXACT_UP_TO = 10_000
"""Vectors that are compared with a question one by one: 0.6 ms on one thread. Above that the codes are faster."""

_REFINED = 800
"""Candidates by their codes that are compared by their vectors. Of the true ten best, .993 are found among a hundred thousand
vectors and .977 among a million; docs/performance.md has the command.
"""

_FEW = 20_000
"""Selected vectors that are compared by themselves; of more, the candidates among all are filtered."""

_SAMPLE = 16_384  # vectors that the codes are learnt from
_ROUNDS = 10  # of k-means
VECTORS, _CODES = "vectors.f16", "codes.faiss"

_BLOCK = 16_384  # vectors that are coded at a time
_READ = 1024  # vectors that are read at a time

Half = NDArray[np.float16]


class VectorIndex:
    """The (n, d) vectors that `vectors.f16` holds, row by row, and their codes if there are many."""

    def __init__(self, folder: Path, size: int) -> None:
        """Opens what `write_codes` left in a folder. Raises OSError, RuntimeError or ValueError if a file is damaged."""
        path = folder / VECTORS
        self._path, self._size = path, size
        self._shape = _shape(path, size)
        self._matrix: Vectors | None = None
        if size <= EXACT_UP_TO:
            self._matrix = np.fromfile(path, np.float16).reshape(self._shape).astype(np.float32)
            return
        import faiss

        self._codes = faiss.read_index(str(folder / _CODES))
        if self._codes.ntotal != size:
            raise ValueError(f"{_CODES} isn't what was written")
        self._file = os.open(path, os.O_RDONLY)  # it stays readable when its generation is deleted
        weakref.finalize(self, os.close, self._file)

    def rows(self, numbers: NDArray[np.int64]) -> Vectors:
        """The vectors of these rows."""
        if self._matrix is not None:
            return self._matrix[numbers]
        distinct, places = np.unique(numbers, return_inverse=True)
        halves: Half = np.empty((len(distinct), self._shape[1]), np.float16)
        self._read(distinct, halves)
        return halves.astype(np.float32)[places]

    def search(self, question: Vectors, k: int, selection: Selection | None) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The `k` rows nearest to a (d,) question, out of the selected ones, with their cosines: best first, equal ones by row."""
        size = self._size if selection is None else selection.size
        if not size or k < 1:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        if self._matrix is not None:
            rows, scores = self._scan(self._matrix, question, selection)
        else:
            rows, vectors = self._candidates(question, k, selection)
            scores = cosines(vectors, question)
        best = best_of(scores, k)
        return rows[best], scores[best]

    @staticmethod
    def _scan(matrix: Vectors, question: Vectors, selection: Selection | None) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        if selection is None:
            return np.arange(len(matrix)), cosines(matrix, question)
        return selection.rows, np.concatenate([cosines(matrix[start:end], question) for start, end in selection.ranges.tolist()])

    def _candidates(self, question: Vectors, k: int, selection: Selection | None) -> tuple[NDArray[np.int64], Vectors]:
        """Rows among which the `k` nearest are, ascending, and their vectors."""
        import faiss

        faiss.omp_set_num_threads(1)  # a question that waits for a second thread can wait long
        wanted = max(_REFINED, 2 * k)
        if selection is None:
            return self._nearest(question, 2 * k, np.sort(self._coded(question, wanted)))
        depth = 2 * wanted * self._size // max(selection.size, 1)
        while selection.size > max(_FEW, wanted) and depth < self._size // 4:
            found = self._coded(question, depth)
            found = found[selection.mask[found]]
            if len(found) >= wanted // 2:
                return self._nearest(question, 2 * k, np.sort(found[:wanted]))
            depth *= 4
        return self._nearest(question, 2 * k, selection.rows)  # few are selected, or all that are lie far from the question

    def _coded(self, question: Vectors, depth: int) -> NDArray[np.int64]:
        """The rows whose codes are nearest, best first."""
        _, found = self._codes.search(question[None, :], min(depth, self._size))
        rows: NDArray[np.int64] = found[0]
        return rows[rows >= 0]

    def _nearest(self, question: Vectors, k: int, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], Vectors]:
        """The `k` nearest of some ascending rows, but for rounding, and their vectors."""
        import faiss

        buffer: Half = np.empty((min(_READ, len(rows)), self._shape[1]), np.float16)
        flat = faiss.IndexScalarQuantizer(self._shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        kept, vectors = [np.empty(0, np.int64)], [buffer[:0]]
        for start in range(0, len(rows), _READ):
            block = rows[start : start + _READ]
            halves = buffer[: len(block)]
            self._read(block, halves)
            flat.reset()
            flat.add_sa_codes(halves.view(np.uint8))  # several times as fast as numpy, which is slow with fp16
            places = np.sort(flat.search(question[None, :], min(k, len(block)))[1][0])
            kept.append(block[places])
            vectors.append(halves[places])
        return np.concatenate(kept), np.concatenate(vectors).astype(np.float32)

    def _read(self, rows: NDArray[np.int64], into: Half) -> None:
        """Read the vectors of ascending rows from the file: were it mapped, all that was ever read would stay in memory.

        Raises LibraryError if they aren't all there.
        """
        width = into.itemsize * self._shape[1]
        buffer = memoryview(into.view(np.uint8).reshape(-1).data)
        edges = [0, *(np.flatnonzero(np.diff(rows) != 1) + 1).tolist(), len(rows)]
        for first, last, row in zip(edges, edges[1:], rows[edges[:-1]].tolist(), strict=False):
            wanted = buffer[first * width : last * width]
            if os.preadv(self._file, [wanted], row * width) != len(wanted):
                raise LibraryError(f"{self._path} is shorter than it was when it was opened: run `quipu rebuild`.")


def write_codes(folder: Path, size: int) -> None:
    """Write the codes of the `size` vectors in a folder, if they are many. Equal vectors get equal codes."""
    if size <= EXACT_UP_TO:
        return
    import faiss

    path = folder / VECTORS
    _, dimension = _shape(path, size)
    codes = faiss.IndexPQFastScan(dimension, dimension // math.gcd(dimension, 4), 4, faiss.METRIC_INNER_PRODUCT)
    codes.pq.cp.niter = _ROUNDS
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # so that sums are taken in one order
    try:
        sample = np.linspace(0, size - 1, min(size, _SAMPLE)).astype(np.int64)
        halves: Half = np.memmap(path, np.float16, "r", shape=(size, dimension))
        codes.train(np.asarray(halves[sample], np.float32))
        del halves
    finally:
        faiss.omp_set_num_threads(threads)
    with path.open("rb") as file:
        for start in range(0, size, _BLOCK):
            values = np.fromfile(file, np.float16, min(_BLOCK, size - start) * dimension)
            codes.add(values.reshape(-1, dimension).astype(np.float32))
    (folder / _CODES).write_bytes(faiss.serialize_index(codes).tobytes())  # FAISS raises no OSError


def cosines(rows: Vectors, question: Vectors) -> NDArray[np.float32]:
    """The product of each of the (n, d) rows with a (d,) question. A row's doesn't depend on the others, or on threads: BLAS would
    use several, which wait for each other where another process is busy.
    """
    return np.asarray(np.einsum("ij,j->i", rows, question), np.float32)


def best_of(scores: NDArray[Any], k: int) -> NDArray[np.int64]:
    """Where the `k` highest scores stand: highest first, equal ones in their order."""
    found = np.flatnonzero(scores >= np.partition(scores, -k)[-k]) if k < len(scores) else np.arange(len(scores))
    return found[np.argsort(-scores[found], kind="stable")[:k]]


def _shape(path: Path, size: int) -> tuple[int, int]:
    """The shape of the vectors in a file that holds `size`. Raises OSError or ValueError if it can't be."""
    values = path.stat().st_size // 2
    if values % max(size, 1) or bool(values) != bool(size):
        raise ValueError(f"{path.name} isn't what was written")
    return size, values // max(size, 1)
