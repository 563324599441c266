"""Training, in the small: what a model is given, its loss, a few steps of a tiny model, and the export."""

import random
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from transformers import BertConfig

from assistant.model import CrossEncoder, ReadPassage, tokenizer
from assistant.model.cross_encoder import WEIGHTS
from assistant.model.passage_input import passage_inputs
from tests.made import write
from tools import cpu_flags as processor
from tools.train import train as training
from tools.train.examples import (
    Example,
)
from tools.train.export import write_model
from tools.train.groups import Group, report_groups
from tools.train.model import TrainableCrossEncoder, batch_of
from tools.train.steps import Plan, training_type
from tools.train.train import RATE, EncodedGroup, encoded, loss_of, make_batches, train

pytestmark = pytest.mark.usefixtures("one_thread")


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
