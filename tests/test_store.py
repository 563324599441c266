"""`LocalStore` against brute-force scans and bm25s, below and above the size from which codes are used."""

from collections.abc import Sequence
from pathlib import Path

import bm25s
import numpy as np
import pytest
from numpy.typing import NDArray

from index import LibraryError, LocalStore, Range

DOCUMENTS = ["a", "b", "c"]
RANGES = [Range(document, 100 * place, 100 * place + 50) for document in DOCUMENTS for place in range(20)]
TERMS = [[f"word{number % 7}", f"word{number % 3}", "common"] for number in range(len(RANGES))]

Rows = NDArray[np.float32]


def unit(rows: NDArray[np.float64]) -> Rows:
    """Scale rows to unit length and round them to fp16, so that stored vectors compare equal."""
    halves: NDArray[np.float16] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)
    return halves.astype(np.float32)


@pytest.fixture
def vectors() -> Rows:
    return unit(np.random.default_rng(7).normal(size=(len(RANGES), 16)))


@pytest.fixture
def store(vectors: Rows, tmp_path: Path) -> LocalStore:
    return LocalStore.build(tmp_path, DOCUMENTS, RANGES, vectors, TERMS)


class Scan:
    """A store of documents with 40 passages each, and the results of brute force on it."""

    def __init__(self, folder: Path, documents: int, seed: int = 3) -> None:
        random = np.random.default_rng(seed)
        self.documents = [f"{number:03}" for number in range(documents)]
        self.ranges = [Range(document, 10 * place, 10 * place + 9) for document in self.documents for place in range(40)]
        topics = random.normal(size=(60, 32))
        self.vectors = unit(topics[random.integers(0, 60, len(self.ranges))] + random.normal(size=(len(self.ranges), 32)))
        self.questions = unit(topics[:6] + random.normal(size=(6, 32)))
        numbers = np.minimum(random.zipf(1.3, size=(len(self.ranges), 9)), 400)
        self.terms = [[f"t{number}" for number in row if number != 13] for row in numbers.tolist()]
        self.row = {place: row for row, place in enumerate(self.ranges)}
        self.store = LocalStore.build(folder, self.documents, self.ranges, self.vectors, self.terms)

    def nearest(self, question: Rows, k: int, allowed: frozenset[str] | None) -> list[tuple[Range, float]]:
        scores = np.round((self.vectors @ question).astype(np.float64), 6)
        within = self.within(allowed)
        best = within[np.argsort(-scores[within], kind="stable")[:k]]
        return [(self.ranges[row], float(scores[row])) for row in best.tolist()]

    def within(self, allowed: frozenset[str] | None) -> NDArray[np.int64]:
        return np.array([row for row, place in enumerate(self.ranges) if allowed is None or place.document_id in allowed], np.int64)

    def of(self, numbers: Sequence[int]) -> frozenset[str]:
        return frozenset(self.documents[number] for number in numbers)

    def selections(self) -> list[frozenset[str] | None]:
        every = range(len(self.documents))
        return [None, self.of([5]), self.of(every[::3]), self.of(every[1:]), self.of(every[:-7]), self.of([]), frozenset({"?"})]


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Scan:
    return Scan(tmp_path_factory.mktemp("few"), 100)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Scan:
    """A store that compares codes first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.store.vectors.EXACT_UP_TO", 1000)
        return Scan(tmp_path_factory.mktemp("many"), 100)


def same(found: list[tuple[Range, float]], expected: list[tuple[Range, float]]) -> bool:
    return [place for place, _ in found] == [place for place, _ in expected] and np.allclose(
        [score for _, score in found], [score for _, score in expected], atol=2e-6
    )


def test_dense_search_of_few_passages_equals_a_scan(few: Scan) -> None:
    for allowed in few.selections():
        for question in few.questions:
            assert same(few.store.dense(question[None, :], 8, allowed), few.nearest(question, 8, allowed))


def test_dense_search_of_many_passages_finds_what_a_scan_finds(many: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    for least in (20_000, 100):  # selections are searched directly, then by filtering all candidates
        monkeypatch.setattr("index.store.vectors._FEW", least)
        for allowed in many.selections():
            for question in many.questions:
                found, expected = many.store.dense(question[None, :], 10, allowed), many.nearest(question, 10, allowed)
                if allowed is not None and least == 20_000:
                    assert same(found, expected)
                assert len(found) == len(expected)
                assert len({place for place, _ in found} & {place for place, _ in expected}) >= 0.9 * len(expected)
                assert allowed is None or {place.document_id for place, _ in found} <= allowed


def test_selected_passages_far_from_a_question_are_found(many: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.store.vectors._FEW", 100)
    monkeypatch.setattr("index.store.vectors._REFINED", 100)
    for question in many.questions:
        means = (many.vectors @ question).reshape(len(many.documents), -1).mean(axis=1)
        far = many.of(np.argsort(means)[:20].tolist())
        found = many.store.dense(question[None, :], 5, far)
        assert len({place for place, _ in found} & {place for place, _ in many.nearest(question, 5, far)}) >= 4


def test_the_codes_of_equal_vectors_are_equal(many: Scan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.store.vectors.EXACT_UP_TO", 1000)
    again = Scan(tmp_path, 100)
    for question in many.questions:
        assert again.store.dense(question[None, :], 50) == many.store.dense(question[None, :], 50)


def test_cosines_are_exact_with_and_without_codes(few: Scan, many: Scan) -> None:
    for scan in (few, many):
        places = [scan.ranges[number] for number in (3900, 3, 41, 3)]
        found = scan.store.cosines(scan.questions[:2], places)
        expected = (scan.vectors[[3900, 3, 41, 3]] @ scan.questions[:2].T).max(axis=1)
        assert found == pytest.approx(expected.tolist(), abs=1e-6)
        assert found == [round(value, 6) for value in found]
        nearest = scan.store.dense(scan.questions[:1], 20)
        assert scan.store.cosines(scan.questions[:1], [place for place, _ in nearest]) == [score for _, score in nearest]
        assert scan.store.cosines(scan.questions, []) == []
        with pytest.raises(KeyError):
            scan.store.cosines(scan.questions, [Range("000", 1, 2)])


def test_lexical_search_scores_as_bm25_does(tmp_path: Path) -> None:
    terms = [["x", "x", "y"], ["x", "z", "z", "z"], ["y"]]
    store = LocalStore.build(tmp_path, ["a"], RANGES[:3], np.eye(3, dtype=np.float32), terms)
    # Lucene's BM25, k1 = 1.5, b = 0.75; 3 passages, of 8/3 terms on average; x is in two of them
    idf = np.log(1 + (3 - 2 + 0.5) / (2 + 0.5))

    def score(frequency: int, length: int) -> float:
        return float(idf * frequency / (frequency + 1.5 * (1 - 0.75 + 0.75 * length / (8 / 3))))

    found = store.lexical(["x"], 5)
    assert [place for place, _ in found] == [RANGES[0], RANGES[1]]
    assert [value for _, value in found] == pytest.approx([score(2, 3), score(1, 4)], abs=1e-5)


@pytest.mark.parametrize("k", [1, 10, 60, 9000])
def test_lexical_search_finds_what_bm25s_finds(few: Scan, k: int) -> None:
    words = bm25s.BM25()
    words.index(few.terms, show_progress=False)
    questions = [["t1"], ["t1", "t2", "t3"], ["t300", "t1", "t2"], ["t390", "t77", "t5", "t1"], ["t2", "t2", "unheard"], ["t13"]]
    for question in questions:
        known = [term for term in question if term in words.vocab_dict]
        scores = words.get_scores(known) if known else np.zeros(len(few.ranges))
        for allowed in few.selections():
            found = few.store.lexical(question, k, allowed)
            within = few.within(allowed)
            best = np.sort(scores[within[scores[within] > 0]])[::-1][:k]
            assert [score for _, score in found] == pytest.approx(best.tolist(), abs=2e-6)
            rows = [few.row[place] for place, _ in found]
            assert scores[rows] == pytest.approx(best, abs=2e-6)
            assert set(rows) <= set(within.tolist())


def test_lexical_search_finds_only_passages_that_share_a_term(store: LocalStore) -> None:
    found = store.lexical(["word5", "unheard"], 50)
    assert {place for place, _ in found} == {place for place, terms in zip(RANGES, TERMS, strict=True) if "word5" in terms}
    assert {place.document_id for place, _ in store.lexical(["common"], 50, {"c"})} == {"c"}
    assert store.lexical(["unheard"], 5) == []
    assert store.lexical([], 5) == []


def test_equal_scores_are_ordered_by_place(store: LocalStore) -> None:
    found = store.lexical(["common"], 60)
    assert found == sorted(found, key=lambda candidate: (-candidate[1], candidate[0]))


def test_frequency_size_and_terms_respect_the_allowed_documents(few: Scan, store: LocalStore) -> None:
    assert (store.frequency("common"), store.frequency("common", {"a"}), store.frequency("unheard")) == (60, 20, 0)
    assert (store.size(), store.size({"a", "b"}), store.size({"unknown"})) == (60, 40, 0)
    for allowed in few.selections():
        within = [
            set(terms)
            for place, terms in zip(few.ranges, few.terms, strict=True)
            if allowed is None or place.document_id in allowed
        ]
        assert few.store.size(allowed) == len(within)
        assert few.store.terms(allowed) == tuple(sorted(set().union(*within)))
        for term in ("t1", "t9", "t399", "t13"):
            assert few.store.frequency(term, allowed) == sum(term in terms for terms in within)


def test_terms_in_any_script_are_found(tmp_path: Path) -> None:
    terms = [["niño", "z"], ["日本", "nin", "z"], ["1,500", "a" * 3000]]
    store = LocalStore.build(tmp_path, ["a"], RANGES[:3], np.eye(3, dtype=np.float32), terms)
    assert store.terms() == tuple(sorted({term for found in terms for term in found}))
    for row, found in enumerate(terms):
        for term in found:
            assert RANGES[row] in [place for place, _ in store.lexical([term], 3)]
    assert [store.frequency(term) for term in ("z", "nin", "niñ", "", "\ud800")] == [2, 1, 0, 0, 0]


def test_a_loaded_store_gives_the_same_results(store: LocalStore, vectors: Rows, tmp_path: Path) -> None:
    loaded = LocalStore.load(tmp_path, DOCUMENTS)
    assert loaded.dense(vectors[5:6], 9, {"a", "b"}) == store.dense(vectors[5:6], 9, {"a", "b"})
    assert loaded.lexical(["word1", "word2"], 9) == store.lexical(["word1", "word2"], 9)
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".pkl", ".pickle", ".new")]
    with pytest.raises(ValueError, match="its documents are not those of its manifest"):
        LocalStore.load(tmp_path, ["a", "b"])


def test_an_open_store_outlives_its_files(few: Scan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.store.vectors.EXACT_UP_TO", 1000)
    store = LocalStore.build(tmp_path, few.documents, few.ranges, few.vectors, few.terms)
    for path in [path for path in tmp_path.rglob("*") if path.is_file()]:
        path.unlink()
    assert store.dense(few.questions[:1], 5) == few.store.dense(few.questions[:1], 5)
    assert store.lexical(["t7"], 5, few.of([4])) == few.store.lexical(["t7"], 5, few.of([4]))


def test_vectors_truncated_while_open_give_an_error(few: Scan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.store.vectors.EXACT_UP_TO", 1000)
    store = LocalStore.build(tmp_path, few.documents, few.ranges, few.vectors, few.terms)
    (tmp_path / "vectors.f16").write_bytes(b"")
    with pytest.raises(LibraryError, match=r"vectors\.f16 is shorter than it was when it was opened: run `quipu rebuild`"):
        store.dense(few.questions[:1], 5)


def test_documents_without_passages_or_terms_are_allowed(vectors: Rows, tmp_path: Path) -> None:
    ranges, terms = [*RANGES[:2], *RANGES[40:42]], [["x"], [], [], ["x"]]
    store = LocalStore.build(tmp_path, ["a", "b", "c", "d"], ranges, vectors[:4], terms)
    assert [place for place, _ in store.lexical(["x"], 5)] == [ranges[0], ranges[3]]
    assert [place for place, _ in store.dense(vectors[3:4], 1)] == [ranges[3]]
    assert (store.size({"b"}), store.size({"c"}), store.terms({"b", "d"}), store.dense(vectors[:1], 3, {"b"})) == (0, 2, (), [])


def test_passages_in_another_order_than_their_documents_are_refused(vectors: Rows, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the passages of b are not in the order of the documents"):
        LocalStore.build(tmp_path, ["b", "a"], RANGES[:40], vectors[:40], TERMS[:40])


def test_an_empty_store_finds_nothing(tmp_path: Path) -> None:
    store = LocalStore.build(tmp_path, [], [], np.empty((0, 16), np.float32), [])
    assert store.dense(np.ones((1, 16), np.float32), 5) == []
    assert store.lexical(["common"], 5) == []
    assert (store.size(), store.frequency("common"), store.terms()) == (0, 0, ())
