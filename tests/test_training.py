"""Training, in the small: the dossiers, the groups, the vocabulary, a few steps of a tiny model, the export, and the fit."""

import json
import lzma
import random
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import BertConfig

from assistant import SentenceRanker
from assistant.model import Calibration, CrossEncoder, ReadPassage, Signals, tokenizer
from assistant.model.cross_encoder import WEIGHTS
from assistant.model.passage_input import passage_inputs
from index import Encoder
from tests.made import REPORT, write
from tools import cpu_flags as processor
from tools.train import train as training
from tools.train.calibrate import CalibrationQuestion, ScoredQuestion, as_report, fit, score_questions
from tools.train.dossiers import Dossier, read_dossiers, read_records
from tools.train.examples import (
    REPORTS,
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
from tools.train.export import write_model
from tools.train.groups import Group, article_groups, as_read, dossier_groups, natural_groups, report_groups
from tools.train.model import TrainableCrossEncoder, batch_of
from tools.train.nearest import nearest_sentences
from tools.train.spanish_pieces import SpanishPieces, make_pieces
from tools.train.starting_weights import dequantised
from tools.train.steps import Plan, training_type
from tools.train.train import RATE, EncodedGroup, encoded, loss_of, make_batches, train

QED = (
    '{"id": "1", "question": "who controls the area", "title": "Area", "passage": "The area is large . The Path controls it'
    ' ( since 1980 ) .", "sentences": [], "answer_spans": [[20, 28]]}\n'
)
SQUAD = (
    '{"data": [{"title": "The_Area", "paragraphs": [{"context": "It is held by the Path.", "qas": [{"id": "1", "question": "Who?",'
    ' "answers": [{"text": "the Path", "answer_start": 14}]}]}, {"context": "It is large.", "qas": [{"id": "2", "question": "How?",'
    ' "answers": [{"text": "large", "answer_start": 6}]}]}]}]}'
)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """One thread for what is small: two would only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def on_reports() -> list[Example]:
    """All the questions on the written reports."""
    return list(report_examples(REPORTS))


def test_each_written_question_is_answered_by_its_gold_alone(on_reports: list[Example]) -> None:
    asked = [question for report in read_reports(REPORTS) for question in report["questions"]]
    assert len(on_reports) == len(asked) > 3000
    assert [example.answerable for example in on_reports] == [bool(question["gold_quotes"]) for question in asked]
    assert sum(example.answerable for example in on_reports) == len(on_reports) / 2
    for example in on_reports:
        for candidate in example.candidates:
            if candidate.span is not None:
                assert candidate.label
                assert candidate.text[slice(*candidate.span)].strip()


def test_the_written_reports_and_dossiers_are_not_about_the_report_that_is_measured_on() -> None:
    text = REPORTS.read_text(encoding="utf-8") + json.dumps(list(read_records()), ensure_ascii=False)
    assert [name for name in ("VRAEM", "Shining Path", "Pedro Castillo") if name in text] == []


def test_a_natural_question_is_answered_by_the_sentence_of_its_span(tmp_path: Path) -> None:
    (example,) = qed_examples(write(tmp_path / "q.jsonl", QED))
    assert [(candidate.text, candidate.label) for candidate in example.candidates] == [
        ("The area is large.", False),
        ("The Path controls it (since 1980).", True),
    ]
    assert example.candidates[1].span == (0, 8)
    assert example.candidates[1].headings == "Area"


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
    assert (example.question, example.other) == ("Who?", "¿Quién?")


def test_a_question_with_another_name_asks_something_else() -> None:
    gold = Candidate("In Lima, the Path rules.", "Lima", True)
    other = Candidate("It is said that Quito rules.", "Quito", False)
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


RECORD: dict[str, Any] = {
    "id": "w1-01",
    "language": "en",
    "texts": [
        {
            "genre": "report",
            "title": f"Chapter {chapter}",
            "sections": [
                {"heading": "", "sentences": {str(first): f"The port of town {chapter} was closed."}},
                {
                    "heading": "Causes",
                    "sentences": {str(first + 1): f"Silt blocked channel {chapter}.", str(first + 2): f"Dredger {chapter} sank."},
                },
            ],
        }
        for chapter, first in enumerate(range(1, 19, 3), 1)
    ],
    "translations": {"2": "El limo bloqueó el canal 1."},
    "questions": [
        {
            "text": 1,
            "kind": "why",
            "english": "Why can't ships enter?",
            "spanish": "¿Por qué no entran barcos?",
            "gold": [2],
            "arguable": [3],
            "near": [],
        },
        {
            "text": 2,
            "kind": "no-person",
            "english": "Who shut the port?",
            "spanish": "¿Quién cerró el puerto?",
            "gold": [],
            "arguable": [],
            "near": [4],
        },
    ],
}


@pytest.fixture
def dossier(tmp_path: Path) -> Dossier:
    (read,) = read_dossiers(packed(tmp_path, RECORD))
    return read


def packed(folder: Path, *records: dict[str, Any]) -> Path:
    path = folder / "dossiers.jsonl.xz"
    path.write_bytes(lzma.compress("".join(f"{json.dumps(record)}\n" for record in records).encode("utf-8")))
    return path


def test_the_sentences_nearest_to_a_question_are_those_most_like_it(dossier: Dossier) -> None:
    def embed(texts: Sequence[str]) -> Tensor:
        return torch.tensor([[float("ship" in text or "Silt" in text), float("port" in text)] for text in texts])

    why, who = nearest_sentences(dossier, embed)
    assert why[:6] == [2, 5, 8, 11, 14, 17]
    assert who[:6] == [1, 4, 7, 10, 13, 16]
    assert len(why) == 12


def many_groups(dossier: Dossier) -> tuple[list[Group], list[Group]]:
    """The groups of two hundred draws for the question with an answer, and for the one without."""
    draw = random.Random(1)
    pairs = [list(dossier_groups(dossier, [[2, 3, 1, 5, 8, 11], [4, 1, 7, 5]], draw)) for _ in range(200)]
    return [why for why, _ in pairs], [who for _, who in pairs]


def test_a_group_of_a_dossier_labels_gold_and_leaves_the_arguable_open(dossier: Dossier) -> None:
    groups, _ = many_groups(dossier)
    answered = [group for group in groups if True in group.labels]
    assert 0.8 < len(answered) / len(groups) < 0.97
    for group in answered:
        labels = dict(zip(group.sentences, group.labels, strict=True))
        assert labels.pop("Silt blocked channel 1.") is True
        assert labels.pop("Dredger 1 sank.", None) is None
        assert set(labels.values()) == {False}
        assert group.near == frozenset()
        assert group.headings in ("Causes; Chapter 1", "")
    assert {group.question for group in groups} == {"Why can't ships enter?", "¿Por qué no entran barcos?"}
    assert any(None in group.labels for group in groups)
    neighbours = [group for group in answered if "The port of town 1 was closed." in group.sentences]
    assert 0.2 < len(neighbours) / len(answered) < 0.9


def test_a_group_without_its_answer_shows_neither_gold_nor_what_one_may_argue_for(dossier: Dossier) -> None:
    groups, _ = many_groups(dossier)
    left_out = [group for group in groups if True not in group.labels]
    assert len(left_out) > 5
    for group in left_out:
        assert set(group.labels) == {False}
        assert not {"Silt blocked channel 1.", "Dredger 1 sank."} & set(group.sentences)


def test_a_group_of_an_unanswerable_question_names_its_near_miss(dossier: Dossier) -> None:
    _, groups = many_groups(dossier)
    for group in groups:
        assert set(group.labels) == {False}
        assert [group.sentences[place] for place in group.near] == ["The port of town 2 was closed."]
        assert 2 <= len(group.sentences) <= 6
    shown = {sentence for group in groups for sentence in group.sentences}
    assert {"The port of town 1 was closed.", "The port of town 3 was closed.", "Silt blocked channel 2."} <= shown


def test_a_follow_up_is_read_behind_the_earlier_question_or_by_itself() -> None:
    draw = random.Random(0)
    read = [as_read("Who paid? >> And why?", draw) for _ in range(200)]
    assert set(read) == {"Who paid? And why?", "And why?"}
    assert 0.7 < read.count("Who paid? And why?") / 200 < 0.9
    assert as_read("Who paid?", draw) == "Who paid?"


def example_of(*labels: bool | None) -> Example:
    candidates = (Candidate(f"Sentence {n}, in Lima.", "Area", label, (0, 10) if label else None) for n, label in enumerate(labels))
    return Example("a", "natural", "who rules in lima", tuple(candidates), "¿quién manda en Lima?")


def test_groups_of_older_data_are_passages_around_the_answer() -> None:
    example = example_of(False, False, None, False, True, False, False)
    draw = random.Random(1)
    for group in report_groups([example] * 100, draw):
        place = group.labels.index(True)
        assert group.sentences[place] == "Sentence 4, in Lima."
        assert group.span == (place, 0, 10)
        assert group.headings == "Area"
        numbers = [int(sentence.split()[1].strip(",")) for sentence in group.sentences]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    articles = list(article_groups([example] * 100, draw))
    assert {group.question for group in articles} == {"who rules in lima", "¿quién manda en Lima?"}
    assert 0.5 < sum(True in group.labels for group in articles) / 100 < 0.9
    unanswerable = list(report_groups([example_of(False, False, False, False)] * 10, draw))
    assert all(True not in group.labels and group.span is None for group in unanswerable)


def test_a_natural_question_with_another_name_is_answered_by_nothing() -> None:
    examples = [example_of(True, False), replace(example_of(True, False), candidates=(Candidate("It is Quito.", "B", True),))]
    groups = list(natural_groups(examples * 50, random.Random(1)))
    renamed = [group for group in groups if "quito" in group.question.lower()]
    assert renamed
    assert all(True not in group.labels and group.span is None for group in renamed)
    assert {group.question for group in groups} >= {"who rules in lima", "Who rules in lima?"}


def test_a_marker_sees_the_question_and_its_own_sentence_and_fillers_see_themselves() -> None:
    long, short = (
        next(passage_inputs(tokenizer(), question, "Area", sentences))
        for question, sentences in (("Who rules it?", ["The Path does.", "It is large."]), ("Who?", ["Yes."]))
    )
    ids, types, positions, attention = batch_of([long, short])
    first = len(long.ids) - 2
    (start, end), (_, last) = long.sentences
    question = list(range(1, long.types.index(1)))
    assert attention[0, first].nonzero().flatten().tolist() == [*question, *range(start, end), last, first]
    assert not attention[0, :first, first:].any()
    assert attention[0, :first, :first].all()
    assert positions[0, first:].tolist() == [0, 0]
    assert ids[0, first:].tolist() == [tokenizer().token_to_id("[CLS]")] * 2
    filled = len(short.ids)
    assert ids[1, filled:].sum() == types[1, filled:].sum() == 0
    for place in range(filled, len(long.ids)):
        assert attention[1, place].nonzero().flatten().tolist() == [place]


def test_a_span_is_the_tokens_of_its_range() -> None:
    group = Group("Who?", "", ("It is so.", "The Shining Path holds it."), (False, True), span=(1, 4, 16))
    made = encoded(tokenizer(), group)
    assert made.span == (1, 1, 2)
    long = "many words " * 60
    assert encoded(tokenizer(), replace(group, sentences=("", f"{long} the Path"), span=(1, 660, 668))).span is None
    two = encoded(tokenizer(), replace(group, sentences=(long, long, long, "The Path."), labels=(None,) * 4, span=(3, 4, 8)))
    assert [len(one.sentences) for one in two.inputs] == [2, 2]
    assert two.span == (3, 1, 1)


def test_the_score_of_a_sentence_does_not_depend_on_what_fills_up_its_batch(tiny: TrainableCrossEncoder) -> None:
    inputs = [next(passage_inputs(tokenizer(), question, "Area", ["The Path does."])) for question in ("Who?", "Who holds it all?")]
    with torch.no_grad():
        together, _ = tiny(*batch_of(inputs))
        alone, _ = tiny(*batch_of(inputs[:1]))
    assert torch.allclose(together[0, : len(inputs[0].ids)], alone[0], atol=1e-5)


FIRST_NEW = 30522
"""The id of the tokenizer's first piece for a Spanish word."""


def tiny_model() -> TrainableCrossEncoder:
    torch.manual_seed(0)
    return TrainableCrossEncoder(
        BertConfig(
            vocab_size=tokenizer().get_vocab_size(),
            hidden_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=64,
        )
    ).eval()


@pytest.fixture
def tiny() -> TrainableCrossEncoder:
    return tiny_model()


@pytest.fixture(scope="module")
def batches(on_reports: list[Example]) -> list[list[EncodedGroup]]:
    """Two batches of six questions on reports, some in Spanish, again and again."""
    groups = list(report_groups([example for example in on_reports if example.other][:24], random.Random(0)))
    return [batch[:6] for batch in make_batches([encoded(tokenizer(), group) for group in groups], random.Random(0))[:2]] * 12


@pytest.fixture(scope="module")
def trained(batches: list[list[EncodedGroup]], tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainableCrossEncoder, Path]:
    """A tiny model trained for a few steps, and the folder that it is exported to."""
    model = tiny_model()
    train(model, batches, FIRST_NEW, Plan(rate=0.05))
    folder = tmp_path_factory.mktemp("trained")
    write_model(model, tokenizer().to_str(), folder)
    return model, folder


def test_training_learns_and_moves_the_vectors_of_new_words_alone(
    trained: tuple[TrainableCrossEncoder, Path], tiny: TrainableCrossEncoder, batches: list[list[EncodedGroup]]
) -> None:
    with torch.no_grad():
        before, after = (sum(float(loss_of(model, batch)) for batch in batches[:2]) for model in (tiny, trained[0]))
    assert after < 0.8 * before
    words, words_before = (model.bert.embeddings.word_embeddings.weight for model in (trained[0], tiny))
    assert torch.equal(words[:FIRST_NEW], words_before[:FIRST_NEW])
    assert not torch.equal(words[FIRST_NEW:], words_before[FIRST_NEW:])


def test_training_goes_on_from_its_checkpoint_to_the_same_weights(
    tiny: TrainableCrossEncoder, batches: list[list[EncodedGroup]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(tiny, batches[:6], FIRST_NEW, Plan(rate=0.05))
    plan = Plan(rate=0.05, checkpoint=tmp_path / "training.pt", save_every=2)
    calls = []

    def failing(model: TrainableCrossEncoder, groups: Sequence[EncodedGroup]) -> Tensor:
        calls.append(groups)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return loss_of(model, groups)

    monkeypatch.setattr(training, "loss_of", failing)
    with pytest.raises(KeyboardInterrupt):
        train(tiny_model(), batches[:6], FIRST_NEW, plan)
    resumed = tiny_model()
    train(resumed, batches[:6], FIRST_NEW, plan)
    assert len(calls) == 3 + 1 + 4  # the third step was lost
    for name, values in tiny.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], values), name
    train(resumed, batches[:6], FIRST_NEW, plan)
    assert len(calls) == 8  # nothing is left to do
    with pytest.raises(ValueError, match="is of a training on other data"):
        train(resumed, batches[:5], FIRST_NEW, plan)


def test_training_ends_with_its_budget(tiny: TrainableCrossEncoder, batches: list[list[EncodedGroup]], tmp_path: Path) -> None:
    path = tmp_path / "training.pt"
    train(tiny, batches, FIRST_NEW, Plan(RATE, most_steps=1, checkpoint=path))
    assert torch.load(path, weights_only=True)["step"] == 1
    before = deepcopy(tiny.state_dict())
    train(tiny, batches, FIRST_NEW, Plan(RATE, minutes=1e-9))
    assert all(torch.equal(tiny.state_dict()[name], values) for name, values in before.items())


def test_the_exported_model_says_what_the_trained_one_says(trained: tuple[TrainableCrossEncoder, Path]) -> None:
    model, folder = trained
    passage = ReadPassage("Prisons; Area", ("The Path holds the area.", "Las cárceles están llenas, and have been for years."))
    exported = CrossEncoder.load(folder)
    assert exported is not None
    (scores,) = exported.score("Who holds the area?", [passage])
    with torch.no_grad():
        logits, _ = model(*batch_of(list(passage_inputs(tokenizer(), "Who holds the area?", passage.headings, passage.sentences))))
    for score, (answers, is_about) in zip(scores, logits[0, -2:].tolist(), strict=True):
        assert (score.answers, score.is_about) == pytest.approx((answers, is_about), abs=0.3)  # its weights have 7 bits
    whole = 4 * sum(parameter.numel() for parameter in model.parameters())  # bytes
    assert (folder / WEIGHTS).stat().st_size < 0.28 * whole


VOCABULARY = {"[PAD]": 0, "[UNK]": 1, "prison": 2, "bribe": 3, "journalist": 4, "casa": 5}


def of_meanings(words: Sequence[str]) -> NDArray[np.float32]:
    """Word vectors by what a word is about."""
    about = {"prison": 0, "cárceles": 0, "celdas": 0, "bribe": 1, "coimeó": 1, "journalist": 2}
    return np.eye(3, dtype=np.float32)[[about[word] for word in words]]


def test_a_spanish_piece_gets_the_vector_of_the_english_word_that_means_the_same() -> None:
    pieces = make_pieces({"coimeó": 3, "coimeo": 1, "celdas": 2, "casa": 9, "una": 1}, VOCABULARY, of_meanings)
    assert pieces.words == ("coimeo", "celdas")  # the most frequent first; "casa" has a piece, and "una" is too rare
    vectors = pieces.vectors(torch.eye(len(VOCABULARY)))
    assert vectors[0].tolist() == pytest.approx([0, 0, 0, 1, 0, 0], abs=1e-3)
    assert vectors[1].tolist() == pytest.approx([0, 0, 1, 0, 0, 0], abs=1e-3)


def test_the_glossary_has_most_of_a_spanish_piece() -> None:
    """The glossary says "prisons" of "cárceles"; here, the nearest word is another one."""

    def embed(words: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[float(word in ("cárceles", "bribe")), float(word == "prisons")] for word in words], np.float32)

    pieces = make_pieces({"cárceles": 2}, {"prisons": 0, "bribe": 1}, embed)
    assert pieces.shares == ({0: 0.7, 1: 0.3},)


def test_pieces_stand_behind_those_that_the_tokenizer_has() -> None:
    content = json.dumps({"truncation": {"max_length": 8}, "padding": {}, "model": {"vocab": VOCABULARY}})
    made = json.loads(SpanishPieces(("coimeo", "celdas"), ({}, {})).added_to(content))
    assert made["model"]["vocab"] == {**VOCABULARY, "coimeo": 6, "celdas": 7}
    assert (made["truncation"], made["padding"]) == (None, None)


def quantised(values: list[list[int]], name: str, scale: float, zero: int) -> list[Any]:
    from onnx import numpy_helper

    parts = {"quantized": np.array(values, np.uint8), "scale": np.float32(scale), "zero_point": np.uint8(zero)}
    return [numpy_helper.from_array(np.asarray(value), f"{name}_{part}") for part, value in parts.items()]


def test_quantised_weights_are_read_by_the_names_that_they_had() -> None:
    from onnx import TensorProto, helper, numpy_helper

    path = "/bert/encoder/layer.0/attention/self/query/MatMul_output_0_output_quantized"
    kept = [
        *quantised([[3, 5], [1, 1]], "onnx::MatMul_7", 0.5, 1),
        *quantised([[2], [4]], "classifier.weight", 2.0, 0),
        *quantised([[0, 1], [2, 3]], "bert.embeddings.word_embeddings.weight", 1.0, 2),
        numpy_helper.from_array(np.array([7.0], np.float32), "classifier.bias"),
    ]
    inputs = [helper.make_tensor_value_info("x", TensorProto.UINT8, [1, 2])]
    outputs = [helper.make_tensor_value_info(path, TensorProto.INT32, [1, 2])]
    products = [
        helper.make_node("MatMulInteger", ["x", "onnx::MatMul_7_quantized"], [path]),
        helper.make_node("MatMulInteger", ["x", "classifier.weight_quantized"], ["logits"]),
    ]
    weights = dequantised(helper.make_model(helper.make_graph(products, "graph", inputs, outputs, kept)).SerializeToString())
    assert {name: values.tolist() for name, values in weights.items()} == {
        "bert.encoder.layer.0.attention.self.query.weight": [[1.0, 0.0], [2.0, 0.0]],
        "classifier.weight": [[4.0, 8.0]],
        "bert.embeddings.word_embeddings.weight": [[-2.0, -1.0], [0.0, 1.0]],
        "classifier.bias": [7.0],
    }


def test_a_model_starts_with_the_weights_of_a_cross_encoder_and_the_vectors_of_new_words(tiny: TrainableCrossEncoder) -> None:
    weights = {name: values for name, values in tiny.state_dict().items() if name.startswith("bert.")}
    weights |= {f"bert.pooler.dense.{part}": tiny.state_dict()[f"dense.{part}"] for part in ("weight", "bias")}
    weights |= {"classifier.weight": torch.ones(1, 32), "classifier.bias": torch.tensor([0.5])}
    started = TrainableCrossEncoder.start(weights, torch.full((2, 32), 9.0))
    words = started.bert.embeddings.word_embeddings.weight
    assert torch.equal(words[:-2], tiny.bert.embeddings.word_embeddings.weight)
    assert words[-2:].unique().tolist() == [9.0]
    assert started.scores.weight.tolist() == [[1.0] * 32] * 2
    assert started.scores.bias.tolist() == [0.5, 0.5]
    assert torch.equal(started.dense.weight, tiny.dense.weight)
    del weights["bert.encoder.layer.0.output.dense.bias"]
    with pytest.raises(ValueError, match=r"do not fit: bert\.encoder\.layer\.0\.output\.dense\.bias"):
        TrainableCrossEncoder.start(weights, torch.zeros(2, 32))


def test_dossiers_are_calibrated_on_as_one_text(dossier: Dossier) -> None:
    text, asked = as_report([replace(dossier, id="first"), dossier])
    assert text.startswith("Chapter 1\n\nThe port of town 1 was closed.\n\nCauses\n\nSilt blocked channel 1.\n\n")
    assert [one.source for one in asked] == ["first"] * 4 + [dossier.id] * 4
    assert [(one.question, [text[start:end] for start, end in one.gold]) for one in asked[4:]] == [
        ("Why can't ships enter?", ["Silt blocked channel 1."]),
        ("¿Por qué no entran barcos?", ["Silt blocked channel 1."]),
        ("Who shut the port?", []),
        ("¿Quién cerró el puerto?", []),
    ]


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


def made_scores(draw: random.Random, source: str = "") -> list[ScoredQuestion]:
    scored = []
    for number in range(400):
        coverages = [draw.random() / 2, draw.random() / 2 + (0.5 if number % 2 else 0.0)]
        signals = tuple(Signals(None, None, 0.5, coverage, draw.random(), 1.0) for coverage in coverages)
        answerable = bool(number % 2) and bool(number % 8 != 1)
        scored.append(ScoredQuestion(signals, (False, answerable), answerable, source))
    return scored


def test_the_fit_finds_which_signal_tells_and_how_surely() -> None:
    """Coverage tells without error here, and names tell nothing; of the questions, every fourth that looks answered isn't."""
    scored = made_scores(random.Random(0))
    key, values = fit(scored, ())
    assert key == "cosine coverage named fits"
    calibration = Calibration(**values)
    assert calibration.weights["coverage"] > 10 * abs(calibration.weights["named"])
    sure = [calibration.probability(max(map(calibration.logit, one.signals))) for one in scored]
    assert sum(sure) / 400 == pytest.approx(sum(one.answerable for one in scored) / 400, abs=0.01)
    assert sum(sure[1::2]) > 4 * sum(sure[::2])


def test_without_the_cross_encoder_articles_alone_say_how_surely() -> None:
    """In dossiers, what looks answered isn't, here always."""
    articles = made_scores(random.Random(0), "articles en")
    misleading = [replace(one, answerable=not one.answerable) for one in made_scores(random.Random(1), "w1-13")]
    assert Calibration(**fit([*articles, *misleading], ("answers", "is_about"))[1]).slope > 0
    with pytest.raises(ValueError, match="by cosine, coverage, named, fits, questions with a better sentence are not more often"):
        fit(misleading, ())
