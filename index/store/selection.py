"""Which rows of a generation may be found: those of some of its documents."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

_FEW = 64  # ranges that are looked for one by one; of more, a mask of all rows is cheaper


class Selection:
    """The rows of the documents that `chosen` (one truth value per document) names. `bounds` (documents + 1) says where the rows of
    each begin: they lie together. Making one takes time by the number of documents, not by that of rows.
    """

    def __init__(self, chosen: NDArray[np.bool_], bounds: NDArray[np.int64]) -> None:
        self.documents = chosen
        self._bounds = bounds
        edges = np.diff(np.concatenate(([False], chosen, [False])).astype(np.int8))
        self.ranges = np.stack([bounds[np.flatnonzero(edges == 1)], bounds[np.flatnonzero(edges == -1)]], axis=1)
        """(r, 2): where the rows begin and end, neighbouring documents together."""
        self.size = int(np.diff(self.ranges, axis=1).sum())

    @property
    def rows(self) -> NDArray[np.int64]:
        """All rows, ascending."""
        sizes = np.diff(self.ranges, axis=1)[:, 0]
        skipped: NDArray[np.int64] = self.ranges[:, 1] - np.cumsum(sizes)  # rows that aren't selected, up to each range
        return np.arange(self.size) + np.repeat(skipped, sizes)

    @cached_property
    def mask(self) -> NDArray[np.bool_]:
        """One truth value per row of the generation."""
        return np.repeat(self.documents, np.diff(self._bounds))

    def within(self, rows: NDArray[np.int32]) -> list[slice] | NDArray[np.int64]:
        """Where in these ascending rows the selected ones stand: in these parts, or at these places."""
        if len(self.ranges) > _FEW:
            return np.flatnonzero(self.mask[rows])
        return [slice(*found) for found in np.searchsorted(rows, self.ranges.astype(rows.dtype)).tolist()]
