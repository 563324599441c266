"""The commands `quipu eval` and `quipu eval drafts`."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from assistant import Answer, Feedback, QuestionError, Reason
from eval import Figure, shipped_sets
from index import Catalogue, Home
from tests.commands import Quipu
from tests.made import REPORT, pdf, write
from ui.cli.eval_tables import failures


def test_eval_reports_figures_by_kind_and_fails_below_a_threshold(quipu: Quipu, tmp_path: Path) -> None:
    questions = [
        {"id": "1", "question": "Who controls the VRAEM?", "kind": "factoid", "gold_quotes": ["Shining Path guerrilla group"]},
        {
            "id": "2",
            "question": "Is the weather nice?",
            "kind": "factoid",
            "gold_quotes": ["Budget cuts and transfers of officers"],
        },
        {"id": "3", "question": "How do I bake bread?", "kind": "far", "answerable": False, "gold_quotes": []},
    ]
    asked, run = str(write(tmp_path / "q.jsonl", "\n".join(map(json.dumps, questions)))), str(tmp_path / "run.json")
    first = quipu("eval", asked, "--json", run)
    assert (first.code, first.err) == (0, "")
    rows = [line.split() for line in first.out.splitlines()]
    assert ["Questions", "n", "kept", "first", "three", "shown", "refused", "sound", "unsure"] in rows
    assert ["all", "3", "0.500", "0.500", "0.500", "0.500", "1.000", "1.000", "0.000"] in rows
    assert ["kind", "far", "1", "1.000", "1.000", "0.000"] in rows
    assert ["all", "3", "0.500", "0.500", "0.500"] in [row[:5] for row in rows]
    assert "Citations verified 1.000" in first.out
    assert json.loads(Path(run).read_text())["figures"]["all"]["correct"]["mean"] == 0.5
    again = quipu("eval", asked, "--baseline", run, "--fail-under", "refused=1", "--fail-under", "correct=0.9")
    assert (again.code, again.err) == (1, "quipu: correct is 0.500, but has to be at least 0.9.\n")
    page = tmp_path / "report.html"
    assert quipu("eval", asked, "--baseline", run, "--html", str(page)).code == 0
    assert "Is the weather nice?" in page.read_text()
    assert "Nothing changed." in page.read_text()
    assert "Nothing changed against the baseline." in again.out


def test_a_threshold_is_of_all_questions_or_of_a_group() -> None:
    half, fifth = Figure(10, 0.5, 0.2, 0.8), Figure(5, 0.2, 0.0, 0.6)
    measured = {"all": {"first": half, "unsure": fifth, "ECE": fifth}, "lang es": {"first": fifth, "unsure": fifth}}
    least = [("first", 0.5), ("lang es: first", 0.3)]
    assert failures(measured, (), least) == ["lang es: first is 0.200, but has to be at least 0.3."]
    for name, says in (
        ("ECE", "can't be used with ECE, of which more is not better: use another measure, such as AUROC."),
        ("lang es: unsure", "can't be used with unsure, of which more is not better"),
        ("speed", "names 'speed', which was not measured: there are first, unsure, ECE."),
        ("lang fr: first", "names 'lang fr: first', which was not measured: there are the groups all, lang es."),
    ):
        with pytest.raises(QuestionError, match=says):
            failures(measured, (), [(name, 0.1)])


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
        (["--fail-under", "correct"], "takes a measure and its least value"),
        (["--fail-under", "correct=85"], "its least value from 0 to 1"),
        (["--leave-out", "articles"], "--leave-out is for questions in a SQuAD file"),
        (["q.json", "--documents", "."], "A SQuAD file comes with its own documents"),
        (["--documents", "."], "--documents needs the questions: name their file, or a folder with a file for each document."),
        (["q.jsonl", "--documents", "."], ". contains no document that Quipu reads."),
        (["."], ". is a folder: --documents has to name the folder of the documents to ask."),
        ([".", "--documents", "."], "q.jsonl has no document: no file that Quipu reads is named q."),
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
    assert ["kind", "left", "out", "1", "1.000", "1.000", "0.000"] in [
        line.split() for line in quipu("eval", path, "--leave-out", "paragraphs").out.splitlines()
    ]
    assert not home.path.exists()


def test_eval_without_a_file_asks_the_shipped_questions_of_their_reports(
    quipu: Quipu, tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = [replace(one, questions=one.questions[:2]) for one in shipped_sets()]
    monkeypatch.setattr("ui.cli.eval_command.shipped_sets", lambda: few)
    quipu("add", str(write(tmp_path / "forests.txt", REPORT)))
    result = quipu("eval", "--fail-under", "report peru-law-enforcement-corruption: first=1")
    assert (result.code, result.err) == (0, "")
    rows = [line.split()[:3] for line in result.out.splitlines()]
    assert [row for row in rows if row[:1] == ["report"]][:4] == [["report", one.name, "2"] for one in few]
    assert [path.name for path in home.documents.iterdir()] == [entry.id for entry in Catalogue(home).active()]


def test_eval_asks_each_document_of_a_folder_its_own_questions(quipu: Quipu, tmp_path: Path, home: Home) -> None:
    for number, name in ((3, "north"), (5, "south")):
        write(tmp_path / "docs" / f"{name}.md", f"# Policy\n\nWe keep your data for {number} years. We share it with nobody.\n")
        quote = f"We keep your data for {number} years."
        asked = {"id": name, "question": "How long do you keep my data?", "kind": "number", "gold_quotes": [quote]}
        write(tmp_path / "asked" / f"{name}.jsonl", json.dumps(asked))
    run, page = tmp_path / "run.json", tmp_path / "run.html"
    words = ("eval", str(tmp_path / "asked"), "--documents", str(tmp_path / "docs"))
    result = quipu(*words, "--json", str(run), "--html", str(page))
    assert (result.code, result.err) == (0, "")
    assert ["report", "south", "1", "1.000", "1.000"] in [line.split()[:5] for line in result.out.splitlines()]
    written = json.loads(run.read_text())
    assert (written["meta"]["name"], written["meta"]["documents"], written["meta"]["questions"]) == ("asked", 2, 2)
    assert [(row["report"], [quoted["quote"] for quoted in row["cited"]]) for row in written["rows"]] == [
        ("north", ["We keep your data for 3 years."]),
        ("south", ["We keep your data for 5 years."]),
    ]
    assert written["figures"]["report north"]["sound"]["mean"] == 1.0
    assert "report north" in page.read_text()
    assert "Nothing changed against the baseline." in quipu(*words, "--baseline", str(run)).out
    write(tmp_path / "asked" / "south.jsonl", json.dumps({"id": "s", "question": "Who?", "gold_quotes": ["nobody at all"]}))
    wrong = quipu(*words)
    assert (wrong.code, wrong.err.count("\n")) == (2, 1)
    assert f"“nobody at all” of question 's' (line 1 of {tmp_path / 'asked' / 'south.jsonl'}) is in none of the" in wrong.err
    assert not home.path.exists()


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
