"""Fusing two rankings: a worked example, ties, and properties."""

from hypothesis import given
from hypothesis import strategies as st

from index import fuse


def test_worked_example() -> None:
    dense, lexical = [("a", 0.9), ("b", 0.7), ("c", 0.5)], [("c", 8.0), ("a", 2.0)]
    # a: 0.6 * 1 + 0.4 * 0; b: 0.6 * (0.7 - 0.5) / (0.9 - 0.5); c: 0.6 * 0 + 0.4 * 1
    assert fuse(dense, lexical, weight=0.6) == {"a": 0.6, "b": 0.3, "c": 0.4}


def test_one_ranking_alone_keeps_its_order_and_tied_scores_count_in_full() -> None:
    assert fuse([("a", 0.9), ("b", 0.5)], [], weight=0.6) == {"a": 0.6, "b": 0.0}
    assert fuse([], [("b", 3.0), ("a", 3.0)], weight=0.6) == {"b": 0.4, "a": 0.4}
    assert fuse([], []) == {}


@given(st.dictionaries(st.integers(0, 20), st.floats(-1, 1)), st.dictionaries(st.integers(0, 20), st.floats(0, 30)))
def test_scores_lie_between_0_and_1_and_every_item_is_kept(dense: dict[int, float], lexical: dict[int, float]) -> None:
    def ranked(scores: dict[int, float]) -> list[tuple[int, float]]:
        return sorted(scores.items(), key=lambda item: -item[1])

    fused = fuse(ranked(dense), ranked(lexical))
    assert fused.keys() == dense.keys() | lexical.keys()
    assert all(0 <= score <= 1 for score in fused.values())
