"""The rows of a generation that a search may find: those of some of its documents."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

_MAX_RANGES = 64  # that are looked up one by one; for more, a mask of all rows is cheaper


class Selection:
    """The rows of the selected documents.

    `documents` holds one truth value per document, and `bounds` (documents + 1) where the contiguous rows of each begin. Creating a
    selection takes time proportional to the number of documents, not of rows.
    """

    def __init__(self, documents: NDArray[np.bool_], bounds: NDArray[np.int64]) -> None:
        self.documents = documents
        self._bounds = bounds
        edges = np.diff(np.concatenate(([False], documents, [False])).astype(np.int8))
        self.ranges = np.stack([bounds[np.flatnonzero(edges == 1)], bounds[np.flatnonzero(edges == -1)]], axis=1)
        """(r, 2): where the selected rows begin and end, with neighbouring documents merged."""
        self.size = int(np.diff(self.ranges, axis=1).sum())

    @property
    def rows(self) -> NDArray[np.int64]:
        """All selected rows, ascending."""
        sizes = np.diff(self.ranges, axis=1)[:, 0]
        skipped: NDArray[np.int64] = self.ranges[:, 1] - np.cumsum(sizes)  # rows before each range that are not selected
        return np.arange(self.size) + np.repeat(skipped, sizes)

    @cached_property
    def mask(self) -> NDArray[np.bool_]:
        """One truth value per row of the generation."""
        return np.repeat(self.documents, np.diff(self._bounds))

    def within(self, rows: NDArray[np.int32]) -> list[slice] | NDArray[np.int64]:
        """Return where the selected rows stand among these ascending rows: as slices, or as positions."""
        if len(self.ranges) > _MAX_RANGES:
            return np.flatnonzero(self.mask[rows])
        return [slice(*bounds) for bounds in np.searchsorted(rows, self.ranges.astype(rows.dtype)).tolist()]
