"""Which part of a long document its page shows: a sheet may have more rows than a browser lays out in reasonable time."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from assistant import Citation
from corpus import Block, Document
from ui.wording import Language, label, say

_MOST = 20_000  # blocks, counting a table row as its cells: a page of about 2 MB, laid out in less than a second
_BEFORE = _MOST // 4  # of these, at most, come before the cited range


@dataclass(frozen=True, slots=True)
class PageWindow:
    """The blocks of a document that one page shows, and the positions at which other such windows start.

    `first` and `last` are the windows at either end of the document, `earlier` and `later` those next to this one; None where
    there is none.
    """

    blocks: Sequence[Block]
    first: int | None = None
    earlier: int | None = None
    later: int | None = None
    last: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it shows the whole document."""
        return self.earlier is None and self.later is None

    def where(self, document: Document, language: Language) -> str:
        """Return the range it shows: "Budget, row 2 to Budget, row 4000", or percentages of the text."""
        starts = self.blocks[0].start, self.blocks[-1].start
        labels = [label(Citation.of(1, document, start, start + 1), language) for start in starts]
        if not all(labels) or labels[0] == labels[1]:
            labels = [f"{100 * position // len(document.text)} %" for position in (self.blocks[0].start, self.blocks[-1].end)]
        return say("document_part_range", language, first=labels[0], last=labels[1])


def page_window(document: Document, at: int | None, cited: tuple[int, int] | None) -> PageWindow:
    """Return the window from position `at` on, or else around the cited range, or else from the beginning.

    A document that isn't too long is shown whole.
    """
    blocks = document.blocks
    row_cells = {row.start: len(row.cells) for table in document.tables for row in table.rows}
    weights = [0, *accumulate(row_cells.get(block.start, 1) for block in blocks)]  # of all blocks before each one
    if weights[-1] <= _MOST:
        return PageWindow(blocks)
    wanted = at if at is not None else cited[0] if cited else 0
    first = min(bisect_right(blocks, wanted, key=lambda block: block.end), len(blocks) - 1)
    if at is None and cited:
        first = bisect_left(weights, weights[first] - _BEFORE)
    last_window = min(bisect_left(weights, weights[-1] - _MOST), len(blocks) - 1)
    first = min(first, last_window)
    end = max(bisect_right(weights, weights[first] + _MOST) - 1, first + 1)
    earlier = blocks[min(bisect_left(weights, weights[first] - _MOST), first - 1)].start if first else None
    later = blocks[end].start if end < len(blocks) else None
    return PageWindow(
        blocks[first:end],
        None if earlier is None else blocks[0].start,
        earlier,
        later,
        None if later is None else blocks[last_window].start,
    )
