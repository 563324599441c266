"""The reading order of a slide's shapes."""

from collections.abc import Sequence

import pytest

from corpus.parsers.office.reading_order import ShapeBox, reading_order


@pytest.mark.parametrize(
    ("boxes", "order"),
    [
        ([(0, 0, 9, 1), (0, 2, 4, 3), (5, 2, 9, 3)], [0, 1, 2]),
        ([(5, 0, 9, 9), (0, 0, 4, 4), (0, 4, 4, 9)], [1, 2, 0]),
        ([(0, 0, 5, 5), (3, 3, 8, 8)], [0, 1]),
        ([(3, 0, 8, 5), (0, 0, 5, 5)], [1, 0]),
        ([(0, 9, 1, 9), (0, 0, 1, 0)], [1, 0]),
        ([], []),
    ],
)
def test_the_reading_order_of_boxes(boxes: Sequence[tuple[int, int, int, int]], order: list[int]) -> None:
    assert reading_order([ShapeBox(*sides) for sides in boxes]) == order
