"""In which order the parts of a slide are read: from the top left, column by column where they stand in columns."""

from collections.abc import Sequence
from typing import NamedTuple

_MOST_PARTED = 500  # boxes; finding the gaps takes the square of their number


class ShapeBox(NamedTuple):
    """Where something stands: its sides, in any unit, measured from the upper left corner."""

    left: int
    top: int
    right: int
    bottom: int


def reading_order(boxes: Sequence[ShapeBox]) -> list[int]:
    """The places of the boxes in the order in which they are read.

    They are parted where the widest gap runs through all of them, from side to side or from top to bottom, and each part again
    (Nagy and Seth, 1984: the X-Y cut). Those that no gap parts are read from top to bottom, and from left to right.
    """
    order: list[int] = []
    waiting = [list(range(len(boxes)))]
    if len(boxes) > _MOST_PARTED:
        return sorted(waiting[0], key=lambda place: boxes[place].top)
    while waiting:
        places = waiting.pop()
        across, below = _widest(boxes, places, 1, 3), _widest(boxes, places, 0, 2)
        side, cut, width = max((1, *across), (0, *below), key=lambda found: found[2])
        if width <= 0:
            order.extend(sorted(places, key=lambda place: (boxes[place].top, boxes[place].left, place)))
            continue
        waiting.append([place for place in places if boxes[place][side] >= cut])
        waiting.append([place for place in places if boxes[place][side] < cut])
    return order


def _widest(boxes: Sequence[ShapeBox], places: Sequence[int], start: int, end: int) -> tuple[int, int]:
    """Where the widest gap between the boxes ends, and how wide it is, along one direction; 0 if there is none."""
    widest, where = 0, 0
    reached: int | None = None
    for place in sorted(places, key=lambda place: boxes[place][start]):
        box = boxes[place]
        if reached is not None and box[start] - reached > widest:
            widest, where = box[start] - reached, box[start]
        reached = box[end] if reached is None else max(reached, box[end])
    return where, widest
