"""The dense index of a generation: fp16 vectors in one file, searched exactly if they are few, and by codes first if they are many.

The codes have 4 bits per 4 dimensions (product quantisation: Jégou, Douze and Schmid, "Product Quantization for Nearest Neighbor
Search", 2011), which FAISS compares in the processor's registers (André, Kermarrec and Le Scouarnec, "Cache Locality is not
Enough", 2015). All codes are compared, so the results do not depend on how the vectors cluster, and nothing needs tuning. The best
candidates are then compared by their vectors.
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
"""The most vectors that are compared with a question directly, in 0.6 ms on one thread. Above that, codes are faster."""

_REFINED = 800
"""The number of candidates by code that are compared by their vectors. It finds .993 of the true ten best among a hundred thousand
vectors, and .977 among a million; docs/performance.md has the command.
"""

_FEW = 20_000
"""The most selected vectors that are compared directly; for more, the candidates among all vectors are filtered."""

_SAMPLE = 16_384  # vectors that the codes are trained on
_ROUNDS = 10  # of k-means
VECTORS, _CODES = "vectors.f16", "codes.faiss"

_BLOCK = 16_384  # vectors encoded at a time
_READ = 1024  # vectors read at a time

Half = NDArray[np.float16]


class VectorIndex:
    """The (n, d) vectors in `vectors.f16`, row by row, and their codes if there are many."""

    def __init__(self, folder: Path, size: int) -> None:
        """Open the vectors and codes in a folder. Raises OSError, RuntimeError or ValueError if a file is damaged."""
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
            raise ValueError(f"{_CODES} has the wrong number of vectors")
        self._file = os.open(path, os.O_RDONLY)  # stays readable after its generation is deleted
        weakref.finalize(self, os.close, self._file)

    def rows(self, numbers: NDArray[np.int64]) -> Vectors:
        """Return the vectors of these rows."""
        if self._matrix is not None:
            return self._matrix[numbers]
        distinct, places = np.unique(numbers, return_inverse=True)
        halves: Half = np.empty((len(distinct), self._shape[1]), np.float16)
        self._read(distinct, halves)
        return halves.astype(np.float32)[places]

    def search(self, question: Vectors, k: int, selection: Selection | None) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the `k` selected rows nearest to a (d,) question, and their cosines: best first, ties by row."""
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
        """Return ascending rows that include the `k` nearest selected ones, and their vectors."""
        import faiss

        faiss.omp_set_num_threads(1)  # waiting for a second thread can take long on a busy machine
        refined = max(_REFINED, 2 * k)
        if selection is None:
            return self._nearest(question, 2 * k, np.sort(self._coded(question, refined)))
        depth = 2 * refined * self._size // max(selection.size, 1)
        while selection.size > max(_FEW, refined) and depth < self._size // 4:
            candidates = self._coded(question, depth)
            candidates = candidates[selection.mask[candidates]]
            if len(candidates) >= refined // 2:
                return self._nearest(question, 2 * k, np.sort(candidates[:refined]))
            depth *= 4
        return self._nearest(question, 2 * k, selection.rows)  # few rows are selected, or all of them are far from the question

    def _coded(self, question: Vectors, depth: int) -> NDArray[np.int64]:
        """Return the `depth` rows whose codes are nearest, best first."""
        _, candidates = self._codes.search(question[None, :], min(depth, self._size))
        rows: NDArray[np.int64] = candidates[0]
        return rows[rows >= 0]

    def _nearest(self, question: Vectors, k: int, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], Vectors]:
        """Return a superset of the `k` nearest of these ascending rows, in ascending order, and their vectors."""
        import faiss

        buffer: Half = np.empty((min(_READ, len(rows)), self._shape[1]), np.float16)
        flat = faiss.IndexScalarQuantizer(self._shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        best_rows, vectors = [np.empty(0, np.int64)], [buffer[:0]]
        for start in range(0, len(rows), _READ):
            block = rows[start : start + _READ]
            halves = buffer[: len(block)]
            self._read(block, halves)
            flat.reset()
            flat.add_sa_codes(halves.view(np.uint8))  # several times faster than numpy, which is slow at fp16
            places = np.sort(flat.search(question[None, :], min(k, len(block)))[1][0])
            best_rows.append(block[places])
            vectors.append(halves[places])
        return np.concatenate(best_rows), np.concatenate(vectors).astype(np.float32)

    def _read(self, rows: NDArray[np.int64], into: Half) -> None:
        """Read the vectors of ascending rows into a buffer. A memory map would keep everything ever read in memory.

        Raises LibraryError if the file is too short.
        """
        width = into.itemsize * self._shape[1]
        buffer = memoryview(into.view(np.uint8).reshape(-1).data)
        edges = [0, *(np.flatnonzero(np.diff(rows) != 1) + 1).tolist(), len(rows)]
        for first, last, row in zip(edges, edges[1:], rows[edges[:-1]].tolist(), strict=False):
            refined = buffer[first * width : last * width]
            if os.preadv(self._file, [refined], row * width) != len(refined):
                raise LibraryError(f"{self._path} is shorter than it was when it was opened: run `quipu rebuild`.")


def write_codes(folder: Path, size: int) -> None:
    """Write the codes of the `size` vectors in a folder, if there are many. The same vectors always get the same codes."""
    if size <= EXACT_UP_TO:
        return
    import faiss

    path = folder / VECTORS
    _, dimension = _shape(path, size)
    codes = faiss.IndexPQFastScan(dimension, dimension // math.gcd(dimension, 4), 4, faiss.METRIC_INNER_PRODUCT)
    codes.pq.cp.niter = _ROUNDS
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # so that sums are always taken in the same order
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
    (folder / _CODES).write_bytes(faiss.serialize_index(codes).tobytes())  # unlike `faiss.write_index`, this raises OSError


def cosines(rows: Vectors, question: Vectors) -> NDArray[np.float32]:
    """Return the dot product of each of the (n, d) rows with a (d,) question.

    A row's result does not depend on other rows or on threads. BLAS would use several threads, which wait for each other when the
    machine is busy.
    """
    return np.asarray(np.einsum("ij,j->i", rows, question), np.float32)


def best_of(scores: NDArray[Any], k: int) -> NDArray[np.int64]:
    """Return the positions of the `k` highest scores, highest first, ties in their order."""
    candidates = np.flatnonzero(scores >= np.partition(scores, -k)[-k]) if k < len(scores) else np.arange(len(scores))
    return candidates[np.argsort(-scores[candidates], kind="stable")[:k]]


def _shape(path: Path, size: int) -> tuple[int, int]:
    """Return the shape of the `size` vectors in a file. Raises OSError or ValueError if the file has another size."""
    values = path.stat().st_size // 2
    if values % max(size, 1) or bool(values) != bool(size):
        raise ValueError(f"{path.name} does not have the size that was written")
    return size, values // max(size, 1)
