"""The pages of a format that lays them down one after the other."""

from collections.abc import Sequence

from corpus.draft import Draft
from corpus.parts import Page


def tiled(draft: Draft, firsts: Sequence[int], labels: Sequence[str | None]) -> list[Page]:
    """Pages that tile the text: for each how many blocks had been laid down when it began, and its label. One without a block
    is an empty range where the next one begins.
    """
    starts = [draft.blocks[first].start if first < len(draft.blocks) else draft.length for first in firsts]
    starts = [0, *starts[1:], draft.length]
    return [Page(number, label, starts[number - 1], starts[number]) for number, label in enumerate(labels, 1)]
