"""The commands `quipu eval` and `quipu eval drafts`."""

import json
from pathlib import Path

import pytest

from assistant import Answer, Feedback, Reason
from index import Catalogue, Home
from tests.commands import Quipu
from tests.made import REPORT, pdf, write


def test_eval_reports_figures_by_kind_and_fails_below_a_threshold(quipu: Quipu, tmp_path: Path) -> None:
    questions = [
        {"id": "1", "question": "Who controls the VRAEM?", "kind": "factoid", "gold_quotes": ["Shining Path guerrilla group"]},
        {"id": "2", "question": "Is the weather nice?", "kind": "factoid", "gold_quotes": ["Prisons are overcrowded"]},
        {"id": "3", "question": "How do I bake bread?", "kind": "far", "answerable": False, "gold_quotes": []},
    ]
    asked, run = str(write(tmp_path / "q.jsonl", "\n".join(map(json.dumps, questions)))), str(tmp_path / "run.json")
    first = quipu("eval", asked, "--json", run)
    assert (first.code, first.err) == (0, "")
    rows = [line.split() for line in first.out.splitlines()]
    assert ["all", "3", "0.500", "0.500", "0.500", "0.500", "1.000"] in [row[:7] for row in rows]
    assert ["kind", "far", "1", "1.000"] in rows
    assert "Citations verified 1.000" in first.out
    assert json.loads(Path(run).read_text())["figures"]["all"]["correct"]["mean"] == 0.5
    again = quipu("eval", asked, "--baseline", run, "--fail-under", "refused=1", "--fail-under", "correct=0.9")
    assert (again.code, again.err) == (1, "quipu: correct is 0.500, but has to be at least 0.9.\n")
    page = tmp_path / "report.html"
    assert quipu("eval", asked, "--baseline", run, "--html", str(page)).code == 0
    assert "Is the weather nice?" in page.read_text()
    assert "Nothing changed." in page.read_text()
    less = quipu("eval", asked, "--fail-under", "ECE=0.2")
    assert (less.code, less.err) == (
        2,
        "quipu: --fail-under can't be used with ECE, for which lower is better: use another measure, such as AUROC.\n",
    )
    assert "Nothing changed against the baseline." in again.out
    for option, says in (
        ("speed=1", "'speed', which was not measured: there are answered,"),
        ("correct", "takes a measure and"),
    ):
        result = quipu("eval", asked, "--fail-under", option)
        assert result.code == 2
        assert says in result.err


def test_eval_measures_pages_of_documents_given_for_the_run(quipu: Quipu, tmp_path: Path, home: Home) -> None:
    pages = [["Trucks of mahogany were seized at the border."], ["Rivers are wide and brown here."]]
    write(tmp_path / "docs" / "forests.pdf", pdf(pages))
    questions = [{"id": "1", "question": "How wide are rivers?", "doc": "forests", "gold_pages": [1]}]
    printed = quipu("eval", str(write(tmp_path / "q.jsonl", json.dumps(questions[0]))), "--documents", str(tmp_path / "docs")).out
    assert ["all", "1", "1.000", "1.000", "1.000", "1.000"] in [line.split() for line in printed.splitlines()]
    assert not home.path.exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--fail-under", "correct=nan"], "its least value from 0 to 1"),
        (["--fail-under", "correct=85"], "its least value from 0 to 1"),
        (["--leave-out", "articles"], "--leave-out is for questions in a SQuAD file"),
        (["q.json", "--documents", "."], "A SQuAD file comes with its own documents"),
        (["--json", "missing/run.json"], "can't be written to missing/run.json: there is no folder missing."),
        (["q.jsonl", "--json", "."], "can't be written to .: Is a directory."),
    ],
)
def test_wrong_options_of_eval_are_reported_in_one_sentence(quipu: Quipu, tmp_path: Path, words: list[str], says: str) -> None:
    write(tmp_path / "q.jsonl", '{"id": "1", "question": "How do I bake?", "answerable": false, "gold_quotes": []}')
    result = quipu("eval", *words)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert says in result.err


def test_eval_indexes_a_squad_file_in_a_temporary_home(quipu: Quipu, tmp_path: Path, home: Home) -> None:
    asked = {"id": "1", "question": "Who seized trucks?", "answers": [{"text": "Officers", "answer_start": 0}]}
    paragraphs = [{"context": "Rivers are wide.", "qas": []}, {"context": "Officers seized forty trucks.", "qas": [asked]}]
    path = str(write(tmp_path / "q.json", json.dumps({"data": [{"title": "A", "paragraphs": paragraphs}]})))
    assert ["kind", "answerable", "1", "1.000", "1.000"] in [line.split()[:5] for line in quipu("eval", path).out.splitlines()]
    assert ["kind", "left", "out", "1", "1.000"] in [
        line.split() for line in quipu("eval", path, "--leave-out", "paragraphs").out.splitlines()
    ]
    assert not home.path.exists()


def test_eval_without_a_file_asks_the_shipped_questions_of_the_shipped_report(quipu: Quipu, tmp_path: Path, home: Home) -> None:
    quipu("add", str(write(tmp_path / "forests.txt", REPORT)))
    result = quipu("eval", "--fail-under", "correct=0.5")
    assert result.code == 0
    assert [path.name for path in home.documents.iterdir()] == [entry.id for entry in Catalogue(home).active()]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("", "contains no questions"),
        ('{"id": "1", "question": "x", "gold_quotes": ["y"]}\nnot json', "Line 2 of "),
        ('{"id": "1", "question": "x"}', "Line 1 of "),
        ('{"id": "1", "question": "x", "gold_quotes": "y"}', "Line 1 of "),
        ('{"id": "1", "question": "x", "gold_quotes": []}', "answerable if, and only if, it has gold"),
        (
            '{"id": "1", "question": "x", "gold_quotes": ["y"]}\n{"id": "1", "question": "y", "gold_quotes": ["y"]}',
            "repeats the id '1'",
        ),
    ],
)
def test_invalid_test_questions_are_reported_with_their_line(quipu: Quipu, tmp_path: Path, lines: str, says: str) -> None:
    result = quipu("eval", str(write(tmp_path / "q.jsonl", lines)))
    assert result.code == 2
    assert says in result.err


def test_drafts_are_made_from_kept_questions(quipu: Quipu, home: Home) -> None:
    empty = quipu("eval", "drafts")
    assert (empty.code, empty.out) == (2, "")
    assert empty.err == f"quipu: No question is kept in {home.path}: QUIPU_FEEDBACK=true makes `quipu serve` keep them.\n"
    feedback = Feedback(home)
    feedback.keep(Answer("Who controls the VRAEM?", "", "en", "answered"))
    fine = quipu("eval", "drafts")
    assert (fine.code, fine.out) == (0, "")
    assert fine.err == "Of the kept questions, none was refused, unsure or judged not helpful.\n"
    feedback.keep(Answer("¿Quién pagó?", "", "es", "not_in_documents", Reason("off_topic")))
    feedback.keep(Answer("Who paid?", "", "en", "unsure", Reason("unsure")))
    draft, unsure = map(json.loads, quipu("eval", "drafts").out.splitlines())
    assert (unsure["question"], unsure["why"], unsure["answerable"]) == ("Who paid?", ["unsure"], None)
    assert (draft["question"], draft["lang"], draft["why"], draft["answerable"]) == (
        "¿Quién pagó?",
        "es",
        ["refused: off_topic"],
        None,
    )
