"""The evaluation: measures against values worked out by hand, equal runs, and worse assistants that are detected."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import roc_auc_score

import assistant.assistant as assistant_module
import index.search as search_module
from assistant import Answer, Assistant, Citation, Evidence, QuestionError, SentenceRanker, Status
from assistant.decision import Decision
from corpus import Document, QuipuError, language_of, read_bytes
from corpus import read as read_file
from eval import (
    LeftOut,
    QuestionResult,
    QuotedRange,
    TestQuestion,
    ask_all,
    compare,
    curves,
    figures,
    read_questions,
    read_run,
    read_sets,
    read_squad,
    run_file,
    shipped_questions,
    shipped_sets,
)
from eval.confidence import auroc, calibration_error, interval, reliability, risk_area, risk_coverage
from eval.measures import attribution, covered, evidence, mean_interval, retrieval
from eval.outcome import outcome
from index import Encoder, Home, fuse
from tests.inline import add
from tests.made import REPORT, pdf, write


def test_retrieval_measures_worked_out_by_hand() -> None:
    measures = retrieval({"a", "b", "c"}, [["b"], [], ["b"], ["a"], [], ["x"]])
    log = np.log2
    ideal = 1 / log(2) + 1 / log(3) + 1 / log(4)
    assert measures == pytest.approx(
        {
            "Success@1": 1.0,
            "Success@5": 1.0,
            "Success@10": 1.0,
            "R@5": 2 / 3,
            "R@10": 2 / 3,
            "RR@10": 1.0,
            "nDCG@10": (1 / log(2) + 1 / log(5)) / ideal,
        }
    )
    assert retrieval({"a"}, [[], [], ["a"]])["RR@10"] == pytest.approx(1 / 3)
    assert set(retrieval({"a"}, [[], []]).values()) == set(retrieval({"a"}, []).values()) == {0.0}
    assert retrieval({"a"}, [[]] * 10 + [["a"]])["R@10"] == 0.0


def test_coverage_counts_a_character_once() -> None:
    assert covered(("d", 0, 10), [("d", 0, 5), ("d", 3, 8)]) == 0.8
    assert covered(("d", 0, 10), [("e", 0, 10)]) == covered(("d", 0, 10), []) == 0.0


def test_evidence_measures_worked_out_by_hand() -> None:
    gold = [("d", 0, 10), ("d", 20, 50)]
    cited = [("d", 0, 12), ("d", 20, 35), ("d", 90, 99), ("d", 44, 47)]  # all, half, none and a tenth of a gold quote
    needed = evidence(gold, cited, needs_all=True)
    assert needed["evidence precision"] == 0.5
    assert needed["evidence recall"] == pytest.approx((10 + 15 + 3) / 40)
    assert needed["evidence F1"] == pytest.approx(2 * 0.5 * 0.7 / 1.2)
    assert evidence(gold, cited, needs_all=False)["evidence recall"] == 1.0
    assert evidence(gold, [], needs_all=True) == {"evidence precision": 0.0, "evidence recall": 0.0, "evidence F1": 0.0}


def test_attribution_worked_out_by_hand() -> None:
    alone = ("A is B.", ["A is B.", "Before. A is B."])  # each citation supports it alone
    joined = ("A is B. C is D.", ["A is B.", "C is D."])  # both are needed
    padded = ("A is B.", ["A is B.", "E is F."])  # the second is not needed
    wrong = ("A is B.", ["s B. C"])
    assert attribution([alone, joined]) == {"citation recall": 1.0, "citation precision": 1.0}
    assert attribution([padded, wrong]) == {"citation recall": 0.5, "citation precision": pytest.approx(1 / 3)}
    assert attribution([("A is B.", [])]) == {"citation recall": 0.0, "citation precision": 0.0}


def drawn(n: int) -> tuple[list[bool], list[float]]:
    """Random questions: whether each is answerable, and a confidence correlated with it. Some are tied; one is 0 and one is 1."""
    random = np.random.default_rng(7)
    answerable = random.random(n) < 0.6
    confidence = np.round(np.clip(random.normal(0.4 + 0.2 * answerable, 0.2), 0, 1), 2)
    return answerable.tolist(), [0.0, 1.0, *confidence[2:].tolist()]


def test_auroc_equals_scikit_learns() -> None:
    answerable, confidence = drawn(200)
    assert auroc(answerable, confidence) == pytest.approx(roc_auc_score(answerable, confidence))


def test_reliability_equals_scikit_learns() -> None:
    answerable, confidence = drawn(200)
    shares, means = calibration_curve(answerable, confidence, n_bins=10)
    bins = reliability(answerable, confidence)
    assert [one.share for one in bins] == pytest.approx(shares, abs=1e-6)
    assert [one.confidence for one in bins] == pytest.approx(means, abs=1e-6)
    members = [[value for value in confidence if one.low < value <= one.high or value == one.low == 0] for one in bins]
    assert [one.n for one in bins] == [len(values) for values in members]
    assert sum(one.n for one in bins) == 200


def test_calibration_error_worked_out_by_hand() -> None:
    # two questions at 0.25, one of them answerable; two at 0.95, both answerable
    assert calibration_error([True, False, True, True], [0.22, 0.28, 0.92, 0.98]) == pytest.approx((2 * 0.25 + 2 * 0.05) / 4)
    assert calibration_error([True, True, False], [1.0, 1.0, 0.0]) == 0.0


def test_risk_and_coverage_worked_out_by_hand() -> None:
    right, confidence = [True, False, True, True, False], [0.9, 0.8, 0.5, 0.5, 0.1]
    assert risk_coverage(right, confidence, asked=10) == [
        (0.1, 0.0),
        (0.2, 0.5),
        (0.4, 0.25),  # two are tied
        (0.5, 0.4),
    ]
    assert risk_area(right, confidence) == pytest.approx((0 + 0.5 + 0.25 + 0.25 + 0.4) / 5)
    assert risk_area([True], [0.3]) == 0.0


def test_the_interval_of_a_measure_contains_it_and_is_always_the_same() -> None:
    answerable, confidence = drawn(200)
    for measure in (calibration_error, risk_area):
        low, high = interval(measure, answerable, confidence, paired=True)
        assert low < measure(answerable, confidence) < high
        assert interval(measure, answerable, confidence, paired=True) == (low, high)
    low, high = interval(calibration_error, answerable, confidence, paired=True, mirrored=True)
    first, last = interval(calibration_error, answerable, confidence, paired=True)
    error = calibration_error(answerable, confidence)
    assert (low, high) == pytest.approx((max(0.0, 2 * error - last), 2 * error - first))
    assert interval(risk_area, [False], [0.5], paired=True) == (1.0, 1.0)


def test_the_interval_of_a_mean_contains_it_and_is_always_the_same() -> None:
    values = [1.0] * 30 + [0.0] * 10
    low, high = mean_interval(values)
    assert 0.58 < low < 0.66
    assert 0.84 < high < 0.90
    assert mean_interval(values) == (low, high)
    assert mean_interval([0.5]) == mean_interval([0.5, 0.5]) == (0.5, 0.5)


def row(number: int, **measures: float) -> QuestionResult:
    question = f"question {number}"
    cited = (QuotedRange("d", 0, 5, "quote"),)
    return QuestionResult(str(number), question, (), question, "en", "factoid", True, "answered", "", 0.5, cited, (), measures)


def refused(number: int, confidence: float) -> QuestionResult:
    asked = replace(row(number, refused=1.0), lang="es", kind="far", answerable=False, status="not_in_documents", cited=())
    return replace(asked, confidence=confidence, history=("before",))


def test_figures_are_means_by_group() -> None:
    groups = figures([row(1, correct=1.0), row(2, correct=0.0), refused(3, 0.1)])
    assert {name: (figure.n, figure.mean) for name, figure in groups["all"].items()} == {
        "correct": (2, 0.5),
        "refused": (1, 1.0),
        "AUROC": (3, 1.0),
        "ECE": (3, pytest.approx((0.5 + 0.5 + 0.1) / 3, abs=1e-6)),
        "AURC": (2, 0.5),
    }
    assert list(groups) == ["all", "answerable", "kind factoid", "kind far", "lang en", "lang es", "unanswerable", "with history"]
    assert groups["lang es"].keys() == {"refused"}
    reports = figures([replace(row(1, correct=1.0), report="b"), replace(row(2, correct=0.0), report="a"), row(3, correct=1.0)])
    assert list(reports)[:3] == ["all", "report a", "report b"]
    assert [reports[name]["correct"].mean for name in ("report a", "report b")] == [0.0, 1.0]
    nothing = figures([replace(row(1, correct=0.0), cited=()), refused(2, 0.1)])
    assert "AURC" not in nothing["all"]


def test_curves_are_derived_from_the_rows() -> None:
    rows = [row(1, **{"correct": 1.0, "RR@10": 1.0}), row(2, **{"correct": 0.0, "RR@10": 1 / 3}), refused(3, 0.1)]
    run_curves = curves(rows)
    assert run_curves.hits == (0.5, 0.5, *[1.0] * 8)
    assert run_curves.risk == ((2 / 3, 0.5),)
    assert [(one.n, one.share) for one in run_curves.bins] == [(1, 0.0), (2, 1.0)]
    assert curves(rows[:2]).bins == ()
    page = replace(row(4, **{"Success@5 in document": 1.0, "RR@10": 1.0}), kind="page")
    assert curves([*rows, page]).risk == run_curves.risk  # answers to questions about pages are not judged
    nothing = curves([refused(1, 0.1)])
    assert (nothing.hits, nothing.risk) == ((), ())


def test_a_comparison_is_paired_by_question() -> None:
    before = [row(number, correct=float(number % 2)) for number in range(40)]
    (same,) = compare(before, before)
    assert (same.difference.mean, same.less, same.more, same.is_drop) == (0.0, (), (), False)
    (one,) = compare([row(1, correct=0.0), *before[:1], *before[2:]], before)
    assert (one.less, one.more, one.is_drop) == (("1",), (), False)  # one question may be chance
    (many,) = compare([row(number, correct=0.0) for number in range(40)], before)
    assert many.is_drop
    assert len(many.less) == 20
    (neither,) = compare([row(number, unsure=0.0) for number in range(40)], [row(number, unsure=1.0) for number in range(40)])
    assert (len(neither.less), neither.is_drop) == (40, False)  # an answer that is no longer unsure may be right or wrong
    with pytest.raises(QuestionError, match=r"The baseline has other questions: 1 differ \(39\)"):
        compare(before[:39], before)
    with pytest.raises(QuestionError, match="1 differ"):
        compare([replace(before[0], question="another"), *before[1:]], before)


@pytest.fixture(scope="module")
def real(encoder: Encoder, ranker: SentenceRanker, shipped_home: Home) -> Assistant:
    return Assistant(shipped_home, encoder, ranker)


@pytest.fixture
def baseline(shipped_results: list[QuestionResult]) -> list[QuestionResult]:
    return shipped_results


def test_the_shipped_sets_are_many_and_varied() -> None:
    sets = shipped_sets()
    assert [one.name for one in sets] == [
        "peru-law-enforcement-corruption",
        "pesca-ilegal-bahia-arcon",
        "residuos-valdoria",
        "water-supply-tarn-valley",
    ]
    assert sets[0].questions == tuple(read_questions(shipped_questions()))
    for one in sets:
        text = read_file(one.files[0]).text
        assert len(one.questions) >= 45
        assert 0.55 < sum(question.answerable for question in one.questions) / len(one.questions) < 0.65, one.name
        assert {question.lang for question in one.questions} == {"en", "es"}
        assert {"near-miss", "wrong-entity", "out-of-domain", "yes-no", "follow-up"} <= {q.kind for q in one.questions}
        for question in one.questions:
            assert [quote for quote in question.gold_quotes if text.count(quote) != 1] == [], question.id
            assert (question.kind == "follow-up") == bool(question.history), question.id
    assert all(
        language_of(question.question, ("en", "es")) == question.lang
        for question in sets[0].questions
        if question.kind == "factoid"
    )


TEXT = "Rivers are wide. Few boats cross them. Bridges were built in 1931. Nobody repaired them since."
ABOUT_RIVERS = read_bytes(TEXT.encode(), "rivers.txt")


def places(*quotes: str) -> tuple[Citation, ...]:
    """Citations of these quotes."""
    starts = [TEXT.index(quote) for quote in quotes]
    return tuple(Citation.of(1, ABOUT_RIVERS, start, start + len(quote)) for start, quote in zip(starts, quotes, strict=True))


WIDE, FEW, BUILT, NOBODY = "Rivers are wide.", "Few boats cross them.", "Bridges were built in 1931.", "Nobody repaired them since."


@pytest.mark.parametrize(
    ("kind", "status", "cited", "nearest", "measures"),
    [
        ("why", "answered", [FEW, WIDE], [], {"kept": 1, "first": 1, "three": 1, "shown": 1, "sound": 1, "unsure": 0}),
        ("why", "partly", [WIDE, NOBODY, FEW], [], {"kept": 1, "first": 0, "three": 1, "shown": 1, "sound": 1, "unsure": 0}),
        ("why", "answered", [WIDE], [], {"kept": 1, "first": 0, "three": 0, "shown": 0, "sound": 0, "unsure": 0}),
        (
            "why",
            "answered",
            [WIDE, NOBODY, WIDE, FEW],
            [],
            {"kept": 1, "first": 0, "three": 0, "shown": 0, "sound": 0, "unsure": 0},
        ),
        ("why", "answered", ["Few boats"], [], {"kept": 1, "first": 0, "three": 0, "shown": 0, "sound": 0, "unsure": 0}),
        ("why", "unsure", [], [WIDE, FEW], {"kept": 0, "first": 0, "three": 0, "shown": 1, "sound": 1, "unsure": 1}),
        ("why", "not_in_documents", [], [FEW], {"kept": 0, "first": 0, "three": 0, "shown": 1, "sound": 1, "unsure": 0}),
        (
            "why",
            "not_in_documents",
            [],
            [WIDE, NOBODY, WIDE, FEW],
            {"kept": 0, "first": 0, "three": 0, "shown": 0, "sound": 1, "unsure": 0},
        ),
        ("overview", "answered", [WIDE, WIDE, WIDE, BUILT], [], {"kept": 1, "wanted": 0.5, "unsure": 0}),
        ("comparison", "unsure", [], [FEW, BUILT], {"kept": 0, "wanted": 0, "unsure": 1}),
        ("near-miss", "answered", [WIDE], [], {"refused": 0, "near": 0, "sound": 0, "unsure": 0}),
        ("near-miss", "unsure", [], [WIDE], {"refused": 1, "near": 1, "sound": 1, "unsure": 1}),
        ("smalltalk", "no_question", [], [], {"refused": 1, "sound": 1, "unsure": 0}),
    ],
)
def test_what_becomes_of_a_question_worked_out_by_hand(
    kind: str, status: Status, cited: list[str], nearest: list[str], measures: dict[str, float]
) -> None:
    answerable = kind not in ("near-miss", "smalltalk")
    gold = (FEW, BUILT) if kind in ("overview", "comparison") else (FEW,)
    question = TestQuestion("1", "?", "en", kind, answerable, gold if answerable else (), (), None, frozenset(), "")
    answer = Answer("?", "?", "en", status, citations=places(*cited), nearest=places(*nearest))
    ranges = [(place.document_id, place.start, place.end) for place in places(*question.gold_quotes)]
    assert outcome(question, answer, ranges) == measures


def test_a_long_citation_points_at_no_place() -> None:
    document = read_bytes(f"{'Rivers are wide. ' * 60}".encode(), "rivers.txt")
    question = TestQuestion("1", "?", "en", "why", True, (WIDE,), (), None, frozenset(), "")
    for end, first in ((700, 1.0), (701, 0.0)):
        answer = Answer("?", "?", "en", "answered", citations=(Citation.of(1, document, 0, end),))
        assert outcome(question, answer, [(document.id, 0, len(WIDE))])["first"] == first


def test_two_runs_are_equal(shipped_home: Home, encoder: Encoder, baseline: list[QuestionResult], tmp_path: Path) -> None:
    fresh = Assistant(shipped_home, encoder, SentenceRanker.load(encoder))
    again = [asked for asked, _ in ask_all(fresh, read_questions(shipped_questions())[::8])]
    before = baseline[::4]
    assert again == before
    first, second = (run_file(rows, figures(rows), {"when": when}) for when, rows in enumerate([before, again]))
    assert (first["figures"], first["rows"]) == (second["figures"], second["rows"])
    assert all(first["figures"]["all"][name]["mean"] == 1.0 for name in ("verified", "citation recall", "citation precision"))
    assert read_run(write(tmp_path / "run.json", json.dumps(first))) == before


def drops(real: Assistant, baseline: list[QuestionResult]) -> set[str]:
    worse = [asked for asked, _ in ask_all(real, read_questions(shipped_questions())[::2])]
    return {change.measure for change in compare(worse, baseline) if change.is_drop}


def test_an_assistant_that_never_refuses_is_caught(
    real: Assistant, baseline: list[QuestionResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_: object, evidence: list[Evidence], *__: object) -> Decision:
        return Decision(tuple(evidence[:1]), None, 0.5)

    monkeypatch.setattr(assistant_module, "decide", never)
    assert drops(real, baseline) >= {"refused"}


def test_shifted_offsets_are_caught(real: Assistant, baseline: list[QuestionResult], monkeypatch: pytest.MonkeyPatch) -> None:
    original = Citation.of

    def shifted(number: int, document: Document, start: int, end: int) -> Citation:
        citation = original(number, document, start, end)
        return Citation(**{**asdict(citation), "start": start + 3, "end": end + 3})

    monkeypatch.setattr(Citation, "of", shifted)
    assert drops(real, baseline) >= {"verified", "citation recall", "citation precision", "correct"}


def test_a_reversed_ranking_is_caught(real: Assistant, baseline: list[QuestionResult], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_module, "fuse", lambda *ranks: {number: 1 - score for number, score in fuse(*ranks).items()})
    assert drops(real, baseline) & {"RR@10", "nDCG@10", "Success@1", "correct"}


def test_a_failed_question_scores_zero_and_is_counted(real: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise QuipuError("it broke")

    monkeypatch.setattr(real, "ask", fail)
    questions = [
        {"id": "1", "question": "Who controls the VRAEM?", "gold_quotes": ["Shining Path guerrilla group"]},
        {"id": "2", "question": "How do I bake?", "answerable": False, "gold_quotes": []},
    ]
    rows = [asked for asked, _ in ask_all(real, read_questions(write(tmp_path / "q.jsonl", "\n".join(map(json.dumps, questions)))))]
    assert [(asked.status, asked.reason, set(asked.measures.values())) for asked in rows] == [("failed", "it broke", {0.0})] * 2
    assert rows[0].measures.keys() >= {"correct", "RR@10", "kept", "sound"}


def read(tmp_path: Path, **values: object) -> list[TestQuestion]:
    return read_questions(write(tmp_path / "q.jsonl", json.dumps({"id": "1", "question": "x", **values})))


def test_gold_that_is_missing_is_reported_with_the_closest_sentence(real: Assistant, tmp_path: Path) -> None:
    says = (
        r"“Prisons are half empty” of question '1' \(line 1 of .*q\.jsonl\) is in none of the documents; "
        "the closest sentence is “Prisons are overcrowded,"
    )
    with pytest.raises(QuestionError, match=says):
        ask_all(real, read(tmp_path, gold_quotes=["Prisons are half empty"]))
    with pytest.raises(QuestionError, match=r"Question '1' \(line 1 of .*\) is about 'other', which is not among the documents"):
        ask_all(real, read(tmp_path, doc="other", gold_pages=[0]))


def test_pages_are_retrieved_from_their_document_and_from_all(
    encoder: Encoder, ranker: SentenceRanker, home: Home, tmp_path: Path
) -> None:
    pages = [["Trucks of mahogany were seized at the border."], ["Rivers are wide and brown here."]]
    add(home, [write(tmp_path / "rivers.pdf", pdf(pages)), write(tmp_path / "forests.txt", REPORT)], encoder)
    measured = Assistant(home, encoder, ranker)
    questions = read(tmp_path, question="How wide are rivers?", doc="rivers", gold_pages=[1])
    ((asked, milliseconds),) = ask_all(measured, questions)
    assert asked.measures["Success@5"] == asked.measures["RR@10 in document"] == 1.0
    assert [page.quote for page in asked.expected] == ["Rivers are wide and brown here."]
    assert milliseconds > 0
    with pytest.raises(QuestionError, match="has the gold pages 5; 'rivers' has pages 0 to 1"):
        ask_all(measured, read(tmp_path, doc="rivers", gold_pages=[5]))


@pytest.mark.parametrize("data", [b"not json", b"[]", b'{"rows": [{}]}', b'{"rows": 5}', b"\xff"])
def test_a_file_that_is_not_a_run_is_rejected(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(QuestionError, match=r"run\.json is not a run that `quipu eval --json` wrote"):
        read_run(write(tmp_path / "run.json", data))


SQUAD: dict[str, Any] = {
    "data": [
        {
            "title": "Forests_*of* the North",
            "paragraphs": [
                {
                    "context": "The ministry *counted* 412 sawmills. Few of\nthe 412 were closed.\n\n# Nobody knows why.",
                    "qas": [
                        {"id": "a", "question": "How many were counted?", "answers": [{"text": "412", "answer_start": 22}]},
                        {"id": "b", "question": "How many were closed?", "answers": [{"text": " Few of", "answer_start": 33}]},
                        {"id": "c", "question": "Who knows why?", "answers": [{"text": "Nobody", "answer_start": 60}]},
                        {"id": "d", "question": "Who paid?", "answers": [], "is_impossible": True},
                    ],
                },
                {
                    "context": "Officers seized forty trucks.",
                    "qas": [{"id": "e", "question": "Who seized trucks?", "answers": [{"text": "Officers", "answer_start": 0}]}],
                },
            ],
        },
        {"paragraphs": [{"context": "Rivers are wide.", "qas": []}]},
    ]
}


def test_squad_articles_keep_every_character_and_gold_is_the_sentence_of_the_answer(tmp_path: Path) -> None:
    articles, questions = read_squad(write(tmp_path / "q.json", json.dumps(SQUAD)))
    first, second = (read_bytes(article.text.encode(), article.name) for article in articles)
    assert (first.title, second.title) == ("Forests *of* the North", "Article 2")
    assert [first.text[start:end] for start, end in first.blocks[1:]] == [
        "The ministry *counted* 412 sawmills. Few of the 412 were closed.",
        "# Nobody knows why.",
        "Officers seized forty trucks.",
    ]
    assert [(question.id, question.kind, question.gold_quotes) for question in questions] == [
        ("a", "answerable", ("The ministry *counted* 412 sawmills.",)),
        ("b", "answerable", ("Few of the 412 were closed.",)),
        ("c", "answerable", ("# Nobody knows why.",)),
        ("d", "impossible", ()),
        ("e", "answerable", ("Officers seized forty trucks.",)),
    ]
    assert all(quote in first.text for question in questions for quote in question.gold_quotes)


@pytest.mark.parametrize(
    ("left_out", "names", "out"),
    [(LeftOut.PARAGRAPHS, ["0001.md", "0002.md"], ["e"]), (LeftOut.ARTICLES, ["0001.md"], [])],
)
def test_questions_on_what_is_left_out_are_unanswerable(
    tmp_path: Path, left_out: LeftOut, names: list[str], out: list[str]
) -> None:
    articles, questions = read_squad(write(tmp_path / "q.json", json.dumps(SQUAD)), left_out)
    assert [article.name for article in articles] == names
    assert ("trucks" in articles[0].text) == (left_out == LeftOut.ARTICLES)
    assert [question.id for question in questions if question.kind == "left out"] == out


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("not json", "isn't in SQuAD format"),
        ('{"data": [{"paragraphs": [{"qas": []}]}]}', "KeyError: 'context'"),
        ('{"data": []}', "contains no questions"),
        (json.dumps(SQUAD).replace('"b"', '"a"'), "repeats the id 'a'"),
        (json.dumps(SQUAD).replace('"Nobody"', '"Somebody"'), "the answer “Somebody” is not in its paragraph"),
    ],
)
def test_an_invalid_squad_file_is_rejected(tmp_path: Path, data: str, says: str) -> None:
    with pytest.raises(QuestionError, match=says):
        read_squad(write(tmp_path / "q.json", data))


def test_within_asks_each_question_of_its_own_document(
    encoder: Encoder, ranker: SentenceRanker, home: Home, tmp_path: Path
) -> None:
    texts = [f"# Policy {number}\n\nWe keep your data for {number} years. We share it with nobody.\n" for number in (3, 5)]
    add(home, [write(tmp_path / f"{number}.md", text) for number, text in enumerate(texts)], encoder)
    measured = Assistant(home, encoder, ranker)
    other = {"id": "2", "question": "Who gets it?", "doc": "0", "gold_quotes": ["We share it with nobody."]}
    questions = read(tmp_path, question="How long do you keep my data?", doc="1", gold_quotes=["We keep your data for 5 years."])
    questions += read_questions(write(tmp_path / "r.jsonl", json.dumps(other)))
    within = [asked for asked, _ in ask_all(measured, questions, within=True)]
    assert [asked.measures["R@5"] for asked in within] == [1.0, 1.0]
    assert within[0].measures["correct"] == 1.0
    assert all("3 years" not in quoted.quote for quoted in within[0].cited)
    assert any("3 years" in quoted.quote for quoted in next(ask_all(measured, questions))[0].cited)


def test_a_lone_surrogate_is_rejected(tmp_path: Path) -> None:
    path = write(tmp_path / "q.jsonl", '{"id": "1", "question": "Who \\ud800?", "answerable": false, "gold_quotes": []}')
    with pytest.raises(QuestionError, match=r"Line 1 of .* is not a question"):
        read_questions(path)


ASKED = '{"id": "1", "question": "Who?", "answerable": false, "gold_quotes": []}'


def test_a_set_is_a_document_with_the_questions_that_have_its_name(tmp_path: Path) -> None:
    for name in ("b.md", "a.txt", ".a.txt.tmp", "notes.xyz"):
        write(tmp_path / "docs" / name, REPORT)
    for number, name in enumerate(("a", "b")):
        write(tmp_path / "asked" / f"{name}.jsonl", ASKED.replace('"1"', f'"{number}"'))
    sets = read_sets(tmp_path / "docs", tmp_path / "asked")
    assert [(one.name, [path.name for path in one.files], [question.id for question in one.questions]) for one in sets] == [
        ("a", ["a.txt"], ["0"]),
        ("b", ["b.md"], ["1"]),
    ]


@pytest.mark.parametrize(
    ("documents", "asked", "says"),
    [
        (["a.txt"], ["a.jsonl", "b.jsonl"], r"asked/b\.jsonl has no document: no file that Quipu reads is named b\.$"),
        (["a.txt", "b.md"], ["a.jsonl"], r"docs/b\.md has no questions: there is no .*asked/b\.jsonl\.$"),
        (["a.txt"], ["notes.txt"], r"asked contains no questions: it needs a file NAME\.jsonl for each document NAME\.$"),
        (
            ["a.txt", "a.md"],
            ["a.jsonl"],
            r"docs/a\.md and .*docs/a\.txt have the same name; a\.jsonl can be asked of one file only\.$",
        ),
        (["a.txt", "b.md"], ["a.jsonl", "b.jsonl"], r"The id '1' occurs twice: line 1 of .*a\.jsonl and line 1 of .*b\.jsonl\.$"),
        ([], ["a.jsonl"], r"The folder .*docs can't be opened: No such file or directory\.$"),
    ],
)
def test_documents_and_questions_that_do_not_pair_are_reported(
    tmp_path: Path, documents: list[str], asked: list[str], says: str
) -> None:
    for name in documents:
        write(tmp_path / "docs" / name, REPORT)
    for name in asked:
        write(tmp_path / "asked" / name, ASKED)
    with pytest.raises(QuestionError, match=says):
        read_sets(tmp_path / "docs", tmp_path / "asked")
