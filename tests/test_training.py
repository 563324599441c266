"""Training, in the small: the examples, a few steps, the export, and the fit."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from onnxruntime import InferenceSession

from assistant.evidence import SentenceRanker
from assistant.model import CrossEncoder, tokenizer
from assistant.model.calibration import Calibration, Signals
from index import Encoder, default_folder
from tests.made import REPORT, write
from tools.train.__main__ import HELD_BACK, REPORTS
from tools.train.calibrate import Asked, Seen, fit, look
from tools.train.examples import Candidate, Group, places, qed, reports, squad, squad_groups, swapped, written
from tools.train.export import export
from tools.train.model import ReaderModel
from tools.train.train import loss_of, row, train, written_epoch

QED = (
    '{"id": "1", "question": "who controls the area", "title": "Area", "passage": "The area is large . The Path controls it'
    ' ( since 1980 ) .", "sentences": [], "answer_spans": [[20, 28]]}\n'
)
SQUAD = (
    '{"data": [{"title": "The_Area", "paragraphs": [{"context": "It is held by the Path.", "qas": [{"id": "1", "question": "Who?",'
    ' "answers": [{"text": "the Path", "answer_start": 14}]}]}, {"context": "It is large.", "qas": [{"id": "2", "question": "How?",'
    ' "answers": [{"text": "large", "answer_start": 6}]}]}]}]}'
)


def test_each_written_question_is_answered_by_its_gold_alone() -> None:
    groups = list(written(REPORTS))
    asked = [question for report in reports(REPORTS) for question in report["questions"]]
    assert len(groups) == len(asked) > 3000
    assert [group.answerable for group in groups] == [bool(question["gold_quotes"]) for question in asked]
    assert sum(group.answerable for group in groups) == len(groups) / 2
    assert 0 < sum(group.source.endswith(HELD_BACK) for group in groups) < len(groups) / 5
    for group in groups:
        for candidate in group.candidates:
            if candidate.span is not None:
                assert candidate.label
                assert candidate.text[slice(*candidate.span)].strip()


def test_the_written_reports_are_not_about_the_report_that_is_measured_on() -> None:
    text = REPORTS.read_text(encoding="utf-8")
    assert [name for name in ("VRAEM", "Shining Path", "Pedro Castillo") if name in text] == []


def test_a_natural_question_is_answered_by_the_sentence_of_its_span(tmp_path: Path) -> None:
    (group,) = qed(write(tmp_path / "q.jsonl", QED))
    assert [(found.text, found.label) for found in group.candidates] == [
        ("The area is large.", False),
        ("The Path controls it (since 1980).", True),
    ]
    assert group.candidates[1].span == (0, 8)
    assert group.candidates[1].around == ("Area", "The area is large.")


def test_of_squad_every_second_paragraph_is_left_out_in_whatever_language_it_is_asked(tmp_path: Path) -> None:
    english, spanish = write(tmp_path / "s.json", SQUAD), write(tmp_path / "es.json", SQUAD.replace("Who?", "¿Quién?"))
    texts, questions = squad(english, slice(None), spanish)
    assert texts == {"0000.txt": "The Area\n\nIt is held by the Path."}
    (who, how) = questions
    assert who[0] == "¿Quién?"
    assert texts[who[1]][slice(*who[2][0])] == "the Path"
    assert how == ("How?", "0000.txt", ())
    (group, _) = squad_groups(english, slice(None), spanish)
    assert [(found.text, found.label) for found in group.candidates] == [("It is held by the Path.", True), ("It is large.", False)]
    assert (group.question, group.spanish) == ("Who?", "¿Quién?")


def test_a_swapped_question_asks_of_another_name() -> None:
    gold = Candidate("In Lima, the Path rules.", ("Lima", ""), True)
    other = Candidate("It is said that Quito rules.", ("Quito", ""), False)
    group, pool = Group("a", "natural", "who rules with the path", (gold,)), [Group("b", "natural", "x", (other,))]
    assert swapped(group, pool, random.Random(1)) == "who rules with the quito"
    assert swapped(replace(group, question="who rules"), pool, random.Random(1)) is None


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[ReaderModel, Path, float, float]:
    """A model trained for a few steps on the questions of one report, its file, and the loss before and after."""
    torch.manual_seed(0)
    groups = [group for group in written(REPORTS) if group.source == "a01"][:20]
    model, epoch = ReaderModel(default_folder()), written_epoch(groups, tokenizer(), random.Random(0))
    model.eval()
    with torch.no_grad():
        before = float(loss_of(model, epoch))
    train(model, [epoch] * 4, 1e-4, 0.1, random.Random(0))
    model.eval()
    with torch.no_grad():
        after = float(loss_of(model, epoch))
    path = tmp_path_factory.mktemp("trained") / "model.onnx"
    export(model, path)
    return model, path, before, after


def test_training_learns(trained: tuple[ReaderModel, Path, float, float]) -> None:
    assert trained[3] < 0.8 * trained[2]


def test_the_exported_model_says_what_the_trained_one_says(trained: tuple[ReaderModel, Path, float, float]) -> None:
    model, path, _, _ = trained
    texts = [("The Path holds the area.", ("Area", "")), ("Prisons are full, and have been for years.", ("Prisons", "It is so."))]
    read = CrossEncoder(InferenceSession(path), tokenizer()).read("Who holds the area?", texts)
    for found, (text, around) in zip(read, texts, strict=True):
        pair = row(tokenizer(), "Who holds the area?", Candidate(text, around, False))
        with torch.no_grad():
            logit, _ = model(torch.tensor([pair.ids]), torch.ones(1, len(pair.ids), dtype=torch.long), torch.tensor([pair.types]))
        assert found.logit == pytest.approx(float(logit), abs=0.3)  # its weights have 8 bits
    assert path.stat().st_size < 25_000_000


def test_what_is_seen_of_a_question_names_the_sentence_that_answers(encoder: Encoder) -> None:
    quote = "412 illegal sawmills"
    asked = [Asked("How many sawmills were counted?", "r.txt", places(REPORT, [quote])), Asked("What of llamas?", "r.txt", ())]
    found, lost = look({"r.txt": REPORT}, asked, encoder, SentenceRanker(encoder))
    assert (found.answerable, lost.answerable) == (True, False)
    assert sum(found.answers) == 1
    assert not any(lost.answers)
    assert max(found.signals, key=lambda signals: signals.coverage) == found.signals[found.answers.index(True)]


def test_the_fit_finds_which_signal_tells_and_how_surely() -> None:
    """Coverage tells without error here, and names tell nothing; of the questions, every fourth that looks answered isn't."""
    draw = random.Random(0)
    seen = []
    for number in range(400):
        coverages = [draw.random() / 2, draw.random() / 2 + (0.5 if number % 2 else 0.0)]
        signals = tuple(Signals(None, None, coverage, draw.random(), 1.0) for coverage in coverages)
        answerable = bool(number % 2) and bool(number % 8 != 1)
        seen.append(Seen(signals, (False, answerable), answerable))
    key, values = fit(seen, ())
    assert key == "coverage named fits"
    calibration = Calibration(**values)
    assert calibration.weights["coverage"] > 10 * abs(calibration.weights["named"])
    sure = [calibration.probability(max(map(calibration.logit, one.signals))) for one in seen]
    assert sum(sure) / 400 == pytest.approx(sum(one.answerable for one in seen) / 400, abs=0.01)
    assert sum(sure[1::2]) > 4 * sum(sure[::2])
