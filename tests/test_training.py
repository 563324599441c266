"""Training, in the small: the examples, a few steps of a tiny model, the export, and the fit."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertModel

from assistant import SentenceRanker
from assistant.model import Calibration, CrossEncoder, Signals, tokenizer
from assistant.model.cross_encoder import WEIGHTS
from index import Encoder
from tests.made import REPORT, write
from tools import cpu_flags as processor
from tools.train.__main__ import HELD_BACK, REPORTS, write_weights
from tools.train.calibrate import CalibrationQuestion, ScoredQuestion, fit, score_questions
from tools.train.examples import (
    Candidate,
    Example,
    qed_examples,
    quote_ranges,
    read_reports,
    report_examples,
    squad_examples,
    squad_library,
    with_other_name,
)
from tools.train.model import TrainableCrossEncoder
from tools.train.train import loss_of, report_epoch, train, training_pair, training_type

QED = (
    '{"id": "1", "question": "who controls the area", "title": "Area", "passage": "The area is large . The Path controls it'
    ' ( since 1980 ) .", "sentences": [], "answer_spans": [[20, 28]]}\n'
)
SQUAD = (
    '{"data": [{"title": "The_Area", "paragraphs": [{"context": "It is held by the Path.", "qas": [{"id": "1", "question": "Who?",'
    ' "answers": [{"text": "the Path", "answer_start": 14}]}]}, {"context": "It is large.", "qas": [{"id": "2", "question": "How?",'
    ' "answers": [{"text": "large", "answer_start": 6}]}]}]}]}'
)


@pytest.fixture(scope="module")
def on_reports() -> list[Example]:
    """All the questions on the written reports."""
    return list(report_examples(REPORTS))


def test_each_written_question_is_answered_by_its_gold_alone(on_reports: list[Example]) -> None:
    asked = [question for report in read_reports(REPORTS) for question in report["questions"]]
    assert len(on_reports) == len(asked) > 3000
    assert [example.answerable for example in on_reports] == [bool(question["gold_quotes"]) for question in asked]
    assert sum(example.answerable for example in on_reports) == len(on_reports) / 2
    assert 0 < sum(example.source.endswith(HELD_BACK) for example in on_reports) < len(on_reports) / 5
    for example in on_reports:
        for candidate in example.candidates:
            if candidate.span is not None:
                assert candidate.label
                assert candidate.text[slice(*candidate.span)].strip()


def test_the_written_reports_are_not_about_the_report_that_is_measured_on() -> None:
    text = REPORTS.read_text(encoding="utf-8")
    assert [name for name in ("VRAEM", "Shining Path", "Pedro Castillo") if name in text] == []


def test_a_natural_question_is_answered_by_the_sentence_of_its_span(tmp_path: Path) -> None:
    (example,) = qed_examples(write(tmp_path / "q.jsonl", QED))
    assert [(candidate.text, candidate.label) for candidate in example.candidates] == [
        ("The area is large.", False),
        ("The Path controls it (since 1980).", True),
    ]
    assert example.candidates[1].span == (0, 8)
    assert example.candidates[1].around == ("Area", "The area is large.")


def test_of_squad_every_second_paragraph_is_left_out_in_whatever_language_it_is_asked(tmp_path: Path) -> None:
    english, spanish = write(tmp_path / "s.json", SQUAD), write(tmp_path / "es.json", SQUAD.replace("Who?", "¿Quién?"))
    texts, questions = squad_library(english, slice(None), spanish)
    assert texts == {"0000.txt": "The Area\n\nIt is held by the Path."}
    (who, how) = questions
    assert who[0] == "¿Quién?"
    assert texts[who[1]][slice(*who[2][0])] == "the Path"
    assert how == ("How?", "0000.txt", ())
    (example, _) = squad_examples(english, slice(None), spanish)
    assert [(candidate.text, candidate.label) for candidate in example.candidates] == [
        ("It is held by the Path.", True),
        ("It is large.", False),
    ]
    assert (example.question, example.spanish) == ("Who?", "¿Quién?")


def test_a_question_with_another_name_asks_something_else() -> None:
    gold = Candidate("In Lima, the Path rules.", ("Lima", ""), True)
    other = Candidate("It is said that Quito rules.", ("Quito", ""), False)
    example, pool = Example("a", "natural", "who rules with the path", (gold,)), [Example("b", "natural", "x", (other,))]
    assert with_other_name(example, pool, random.Random(1)) == "who rules with the quito"
    assert with_other_name(replace(example, question="who rules"), pool, random.Random(1)) is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("flags\t\t: fpu avx2 avx512f avx512_bf16", torch.bfloat16),
        ("flags\t\t: fpu amx_bf16 amx_tile", torch.bfloat16),
        ("Features\t: fp asimddp bf16", torch.bfloat16),
        ("flags\t\t: fpu avx avx2 avx512f", torch.float32),
        ("", torch.float32),
    ],
)
def test_training_takes_bfloat16_only_where_the_processor_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, expected: torch.dtype
) -> None:
    flags = processor.processor_flags(write(tmp_path / "cpuinfo", f"processor\t: 0\n{line}\n"))
    monkeypatch.setattr(processor, "processor_flags", lambda: flags)
    assert training_type() == expected


def test_a_system_without_proc_has_no_flags(tmp_path: Path) -> None:
    assert processor.processor_flags(tmp_path / "missing") == frozenset()


@pytest.fixture(scope="module")
def trained(
    on_reports: list[Example], tmp_path_factory: pytest.TempPathFactory
) -> tuple[TrainableCrossEncoder, Path, float, float]:
    """A tiny model trained for a few steps on the questions of one report, its folder, and its loss before and after."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # two threads would only wait for each other
    torch.manual_seed(0)
    bert = BertModel(
        BertConfig(
            vocab_size=tokenizer().get_vocab_size(),
            hidden_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=64,
            attention_probs_dropout_prob=0.0,
            attn_implementation="eager",
        ),
        add_pooling_layer=False,
    )
    model = TrainableCrossEncoder(bert)
    examples = [example for example in on_reports if example.source == "a01"][:20]
    epoch = report_epoch(examples, tokenizer(), random.Random(0))
    words_before = model.bert.embeddings.word_embeddings.weight.clone()
    model.eval()
    with torch.no_grad():
        before = float(loss_of(model, epoch))
    train(model, [epoch] * 10, 1e-2, 0.1, random.Random(0))
    model.eval()
    with torch.no_grad():
        after = float(loss_of(model, epoch))
    assert torch.equal(model.bert.embeddings.word_embeddings.weight, words_before)
    torch.set_num_threads(threads)
    folder = tmp_path_factory.mktemp("trained")
    write_weights(model, folder)
    return model, folder, before, after


def test_training_learns(trained: tuple[TrainableCrossEncoder, Path, float, float]) -> None:
    assert trained[3] < 0.8 * trained[2]


def test_the_exported_model_says_what_the_trained_one_says(trained: tuple[TrainableCrossEncoder, Path, float, float]) -> None:
    model, folder, _, _ = trained
    texts = [("The Path holds the area.", ("Area", "")), ("Prisons are full, and have been for years.", ("Prisons", "It is so."))]
    exported = CrossEncoder.load(folder)
    assert exported is not None
    for score, (text, around) in zip(exported.score("Who holds the area?", texts), texts, strict=True):
        pair = training_pair(tokenizer(), "Who holds the area?", Candidate(text, around, False))
        with torch.no_grad():
            logit, _ = model(torch.tensor([pair.ids]), torch.ones(1, len(pair.ids), dtype=torch.long), torch.tensor([pair.types]))
        assert score.logit == pytest.approx(float(logit), abs=0.3)  # its weights have 8 bits
    whole = 4 * sum(parameter.numel() for parameter in model.parameters())  # bytes
    assert (folder / WEIGHTS).stat().st_size < 0.28 * whole


def test_the_score_of_a_question_names_the_sentence_that_answers(encoder: Encoder) -> None:
    quote = "412 illegal sawmills"
    asked = [
        CalibrationQuestion("How many sawmills were counted?", "r.txt", quote_ranges(REPORT, [quote])),
        CalibrationQuestion("What of llamas?", "r.txt", ()),
    ]
    answered, unanswered = score_questions({"r.txt": REPORT}, asked, encoder, SentenceRanker(encoder))
    assert (answered.answerable, unanswered.answerable) == (True, False)
    assert sum(answered.answers) == 1
    assert not any(unanswered.answers)
    assert max(answered.signals, key=lambda signals: signals.coverage) == answered.signals[answered.answers.index(True)]


def test_the_fit_finds_which_signal_tells_and_how_surely() -> None:
    """Coverage tells without error here, and names tell nothing; of the questions, every fourth that looks answered isn't."""
    draw = random.Random(0)
    scored = []
    for number in range(400):
        coverages = [draw.random() / 2, draw.random() / 2 + (0.5 if number % 2 else 0.0)]
        signals = tuple(Signals(None, None, coverage, draw.random(), 1.0) for coverage in coverages)
        answerable = bool(number % 2) and bool(number % 8 != 1)
        scored.append(ScoredQuestion(signals, (False, answerable), answerable))
    key, values = fit(scored, ())
    assert key == "coverage named fits"
    calibration = Calibration(**values)
    assert calibration.weights["coverage"] > 10 * abs(calibration.weights["named"])
    sure = [calibration.probability(max(map(calibration.logit, one.signals))) for one in scored]
    assert sum(sure) / 400 == pytest.approx(sum(one.answerable for one in scored) / 400, abs=0.01)
    assert sum(sure[1::2]) > 4 * sum(sure[::2])
