from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index import LocalStore, Range

DOCUMENTS = ["a", "b", "c"]
RANGES = [Range(document, 100 * place, 100 * place + 50) for document in DOCUMENTS for place in range(20)]
TERMS = [[f"word{number % 7}", f"word{number % 3}", "common"] for number in range(len(RANGES))]


@pytest.fixture
def vectors() -> NDArray[np.float32]:
    rows = np.random.default_rng(7).normal(size=(len(RANGES), 16)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)  # type: ignore[no-any-return]


@pytest.fixture
def store(vectors: NDArray[np.float32]) -> LocalStore:
    return LocalStore.build(DOCUMENTS, RANGES, vectors, TERMS)


@pytest.mark.parametrize("allowed", [None, {"b"}, {"a", "c"}, set(), {"unknown"}])
def test_dense_search_equals_a_scan(store: LocalStore, vectors: NDArray[np.float32], allowed: set[str] | None) -> None:
    question = vectors[33:34]
    cosines = (vectors @ question[0]).tolist()
    scan = [(place, score) for place, score in zip(RANGES, cosines, strict=True) if allowed is None or place.document_id in allowed]
    expected = sorted(scan, key=lambda found: (-round(found[1], 6), found[0]))[:8]
    found = store.dense(question, 8, allowed)
    assert [place for place, _ in found] == [place for place, _ in expected]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=1e-6)


def test_lexical_search_scores_as_bm25_does() -> None:
    store = LocalStore.build(["a"], RANGES[:3], np.eye(3, dtype=np.float32), [["x", "x", "y"], ["x", "z", "z", "z"], ["y"]])
    # Lucene's BM25, k1 = 1.5, b = 0.75; 3 passages, of 8/3 terms on average; x is in two of them
    idf = np.log(1 + (3 - 2 + 0.5) / (2 + 0.5))

    def score(frequency: int, length: int) -> float:
        return float(idf * frequency / (frequency + 1.5 * (1 - 0.75 + 0.75 * length / (8 / 3))))

    found = store.lexical(["x"], 5)
    assert [place for place, _ in found] == [RANGES[0], RANGES[1]]
    assert [value for _, value in found] == pytest.approx([score(2, 3), score(1, 4)], abs=1e-5)


def test_lexical_search_gives_only_what_shares_a_term(store: LocalStore) -> None:
    found = store.lexical(["word5", "unheard"], 50)
    assert {place for place, _ in found} == {place for place, terms in zip(RANGES, TERMS, strict=True) if "word5" in terms}
    assert {place.document_id for place, _ in store.lexical(["common"], 50, {"c"})} == {"c"}
    assert store.lexical(["unheard"], 5) == []
    assert store.lexical([], 5) == []


def test_equal_scores_are_ordered_by_place(store: LocalStore) -> None:
    found = store.lexical(["common"], 60)
    assert found == sorted(found, key=lambda candidate: (-candidate[1], candidate[0]))


def test_frequency_and_size_respect_the_allowed_documents(store: LocalStore) -> None:
    assert (store.frequency("common"), store.frequency("common", {"a"}), store.frequency("unheard")) == (60, 20, 0)
    assert (store.size(), store.size({"a", "b"}), store.size({"unknown"})) == (60, 40, 0)


def test_saving_and_loading_gives_the_same_answers(store: LocalStore, vectors: NDArray[np.float32], tmp_path: Path) -> None:
    store.save(tmp_path)
    loaded = LocalStore.load(tmp_path, DOCUMENTS)
    assert loaded.dense(vectors[5:6], 9, {"a", "b"}) == store.dense(vectors[5:6], 9, {"a", "b"})
    assert loaded.lexical(["word1", "word2"], 9) == store.lexical(["word1", "word2"], 9)
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".pkl", ".pickle")]


def test_an_empty_store_finds_nothing(tmp_path: Path) -> None:
    LocalStore.build([], [], np.empty((0, 16), np.float32), []).save(tmp_path)
    store = LocalStore.load(tmp_path, [])
    assert store.dense(np.ones((1, 16), np.float32), 5) == []
    assert store.lexical(["common"], 5) == []
    assert (store.size(), store.frequency("common")) == (0, 0)
