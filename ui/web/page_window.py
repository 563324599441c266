"""Which part of a long document its page shows: a sheet may have more rows than a browser can lay out in a moment."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from assistant import Citation
from corpus import Block, Document
from ui.wording import Language, label, say

_MOST = 20_000  # blocks, a table row counting as its cells: such a page is about 2 MB, and laid out in less than a second
_BEFORE = _MOST // 4  # of them, at most, before what is cited


@dataclass(frozen=True, slots=True)
class Portion:
    """Some of a document's blocks, and where the portions begin that are its first, before and after this one, and its last;
    None where there is none.
    """

    blocks: Sequence[Block]
    first: int | None = None
    earlier: int | None = None
    later: int | None = None
    last: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole document."""
        return self.earlier is None and self.later is None

    def where(self, document: Document, language: Language) -> str:
        """Which part it is, in words: "Budget, row 2 to Budget, row 4000", or in shares of the text."""
        ends = self.blocks[0].start, self.blocks[-1].start
        labels = [label(Citation.of(1, document, start, start + 1), language) for start in ends]
        if not all(labels) or labels[0] == labels[1]:
            labels = [f"{100 * place // len(document.text)} %" for place in (self.blocks[0].start, self.blocks[-1].end)]
        return say("document_part_range", language, first=labels[0], last=labels[1])


def portion(document: Document, at: int | None, cited: tuple[int, int] | None) -> Portion:
    """The blocks from position `at` on, or those around what is cited, or the first ones; all, unless they are too many."""
    blocks = document.blocks
    rows = {row.start: len(row.cells) for table in document.tables for row in table.rows}
    weights = [0, *accumulate(rows.get(block.start, 1) for block in blocks)]
    if weights[-1] <= _MOST:
        return Portion(blocks)
    wanted = at if at is not None else cited[0] if cited else 0
    place = min(bisect_right(blocks, wanted, key=lambda block: block.end), len(blocks) - 1)
    if at is None and cited:
        place = bisect_left(weights, weights[place] - _BEFORE)
    last_of_all = min(bisect_left(weights, weights[-1] - _MOST), len(blocks) - 1)
    first = min(place, last_of_all)
    end = max(bisect_right(weights, weights[first] + _MOST) - 1, first + 1)
    earlier = blocks[min(bisect_left(weights, weights[first] - _MOST), first - 1)].start if first else None
    later = blocks[end].start if end < len(blocks) else None
    return Portion(
        blocks[first:end],
        None if earlier is None else blocks[0].start,
        earlier,
        later,
        None if later is None else blocks[last_of_all].start,
    )
