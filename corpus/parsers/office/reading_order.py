"""The reading order of a slide's shapes: from the top left, column by column where there are columns."""

from collections.abc import Sequence
from typing import NamedTuple

_MOST_SPLIT = 500  # boxes; finding the gaps takes quadratic time


class ShapeBox(NamedTuple):
    """A shape's sides, in any one unit, measured from the upper left corner of the slide."""

    left: int
    top: int
    right: int
    bottom: int


def reading_order(boxes: Sequence[ShapeBox]) -> list[int]:
    """Return the indices of the boxes in reading order.

    The boxes are split at the widest horizontal or vertical gap that runs through all of them, and each part again: the X-Y cut
    (Nagy and Seth, 1984). Those that no gap separates are read from top to bottom, then left to right. More than 500 boxes are only
    sorted by their tops.
    """
    order: list[int] = []
    parts = [list(range(len(boxes)))]
    if len(boxes) > _MOST_SPLIT:
        return sorted(parts[0], key=lambda index: boxes[index].top)
    while parts:
        indices = parts.pop()
        horizontal, vertical = _widest_gap(boxes, indices, 1, 3), _widest_gap(boxes, indices, 0, 2)
        side, cut, width = max((1, *horizontal), (0, *vertical), key=lambda gap: gap[2])
        if width <= 0:
            order.extend(sorted(indices, key=lambda index: (boxes[index].top, boxes[index].left, index)))
            continue
        parts.append([index for index in indices if boxes[index][side] >= cut])
        parts.append([index for index in indices if boxes[index][side] < cut])
    return order


def _widest_gap(boxes: Sequence[ShapeBox], indices: Sequence[int], start: int, end: int) -> tuple[int, int]:
    """Return where the widest gap between the boxes ends along one axis, and its width; both 0 if there is none."""
    widest, gap_end = 0, 0
    reached: int | None = None
    for index in sorted(indices, key=lambda index: boxes[index][start]):
        box = boxes[index]
        if reached is not None and box[start] - reached > widest:
            widest, gap_end = box[start] - reached, box[start]
        reached = box[end] if reached is None else max(reached, box[end])
    return gap_end, widest
