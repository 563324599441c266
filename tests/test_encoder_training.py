"""The encoder's training, in the small: its batches, a few steps of a tiny model, and the folder that it is written to."""

import hashlib
import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer
from torch import Tensor
from transformers import BertConfig, BertModel

from index import default_folder
from tests.made import write
from tools.train.dossiers import Dossier, DossierQuestion, DossierSentence, DossierText
from tools.train.encoder import contrast, train_encoder
from tools.train.encoder_batches import (
    Asked,
    EncoderBatch,
    Window,
    askable,
    encoder_batch,
    make_encoder_batches,
    parallel_texts,
    window,
)
from tools.train.sentence_encoder import WEIGHTS, SentenceEncoder
from tools.train.spanish_pieces import SpanishPieces
from tools.train.steps import Plan

ENGLISH = 30522
"""The number of pieces of BERT's English vocabulary, which come first in that of the encoder that ships."""

HARBOUR = tuple(DossierSentence(number, "Causes" if number > 2 else "", f"Ship {number} sank.") for number in range(1, 7))
PRISON = tuple(DossierSentence(number, "", f"Cell {number} is full.") for number in range(7, 17))
WHO = DossierQuestion("who", "What sank third?", "¿Qué se hundió?", gold=frozenset({3}))
WHICH = DossierQuestion("which", "Which ships sank?", "¿Qué barcos?", gold=frozenset({3}), arguable=frozenset({4}))
CELLS = DossierQuestion("which", "What is full?", "¿Qué está lleno?", gold=frozenset({12}))
DOSSIER = Dossier(
    "w1-01",
    "en",
    (DossierText("news", "Harbour", HARBOUR), DossierText("audit", "Prison", PRISON)),
    (
        WHO,
        WHICH,
        CELLS,
        DossierQuestion("no-person", "Who sank them?", "¿Quién?", near=frozenset({3})),
        DossierQuestion("follow-up", "What sank? >> And then?", "¿Qué se hundió? >> ¿Y luego?", gold=frozenset({4})),
    ),
    {1: "El barco 1 se hundió.", 2: "El barco 2 se hundió."},
)


pytestmark = pytest.mark.usefixtures("one_thread")


def windows(number: int, most: int) -> list[Window]:
    draw = random.Random(1)
    return [window(DOSSIER, number, most, draw) for _ in range(200)]


def test_a_window_is_a_sentence_with_its_neighbours_often_under_its_title_and_heading() -> None:
    texts = {shown.text: shown.numbers for shown in windows(4, 2)}
    assert texts == {
        f"{title}{heading}{sentences}": numbers
        for title in ("", "Harbour\n")
        for heading in ("", "Causes\n")
        for sentences, numbers in (
            ("Ship 4 sank.", {4}),
            ("Ship 3 sank.\nShip 4 sank.", {3, 4}),
            ("Ship 4 sank.\nShip 5 sank.", {4, 5}),
        )
    }
    assert sum("Harbour" in shown.text for shown in windows(4, 2)) > 100
    assert all(7 in shown.numbers <= set(range(7, 12)) for shown in windows(7, 5))  # nothing from another text


def test_a_window_is_in_the_other_language_where_all_of_it_is_translated() -> None:
    texts = {shown.text.removeprefix("Harbour\n") for shown in windows(2, 2)}
    assert texts == {
        "Ship 2 sank.",
        "El barco 2 se hundió.",
        "Ship 1 sank.\nShip 2 sank.",
        "El barco 1 se hundió.\nEl barco 2 se hundió.",
        "Ship 2 sank.\nShip 3 sank.",  # the translation of 3 is missing
    }


def test_a_batch_masks_windows_that_answer_other_questions() -> None:
    asked: list[Asked] = [(DOSSIER, WHO), (DOSSIER, WHICH), (DOSSIER, CELLS)]
    for seed in range(50):
        batch = encoder_batch(asked, [("A", "B")], random.Random(seed))
        assert batch.english == ("What sank third?", "Which ships sank?", "What is full?")
        assert batch.spanish == ("¿Qué se hundió?", "¿Qué barcos?", "¿Qué está lleno?")
        third, fourth, twelfth = (
            {place for place, text in enumerate(batch.windows) if name in text} for name in ("Ship 3 ", "Ship 4 ", "Cell 12 ")
        )
        assert third >= {0, 1}
        assert twelfth >= {2}
        assert set(batch.masked) == {
            *((0, place) for place in third - {0}),
            *((1, place) for place in (third | fourth) - {1}),
            *((2, place) for place in twelfth - {2}),
        }
        assert not any(f"Ship {number} " in batch.windows[3] for number in (1, 2, 3, 4, 5))  # drawn for the first question
        assert not any(f"Cell {number} " in batch.windows[4] for number in range(10, 15))  # and for the third
        assert batch.twins == (("A", "B"),)


def test_questions_come_again_once_all_have_come() -> None:
    asked = askable([DOSSIER])
    assert [question for _, question in asked] == [WHO, WHICH, CELLS]  # one isn't answered, one is a follow-up
    twins = [("short", "corto"), ("long " * 20, "largo")]
    (first, second) = make_encoder_batches(asked, twins, 2, random.Random(1))
    assert first.english != second.english
    for batch in (first, second):
        assert [batch.english.count(question.english) for _, question in asked] == [8, 8, 8]
        assert [batch.twins.count(pair) for pair in twins] == [15, 15 + 1]


def test_texts_in_both_languages_are_those_of_all_data(tmp_path: Path) -> None:
    report = {"questions": [{"question": "Why?", "spanish": "¿Por qué?"}, {"question": "Who?"}]}
    articles = [
        write(
            tmp_path / f"{name}.json",
            json.dumps({"data": [{"paragraphs": [{"context": context, "qas": [{"question": asked}]}]}]}),
        )
        for name, context, asked in (("en", "It is. It was.", "How?"), ("es", "Es. Era.", "¿Cómo?"))
    ]
    spanish = Dossier("w1-02", "es", (DossierText("news", "Cárcel", (DossierSentence(1, "", "Llena."),)),), (), {1: "Full."})
    found = list(parallel_texts([DOSSIER, spanish], write(tmp_path / "r.jsonl", json.dumps(report)), *articles))
    for twins in (
        ("What sank third?", "¿Qué se hundió?"),
        ("What sank? And then?", "¿Qué se hundió? ¿Y luego?"),
        ("Ship 1 sank.", "El barco 1 se hundió."),
        ("Full.", "Llena."),
        ("Why?", "¿Por qué?"),
        ("masses", "masas"),
        ("make", "hacer"),  # the glossary says "make do"
        ("How?", "¿Cómo?"),
        ("It is", "Es"),
        ("It was.", "Era."),
    ):
        assert found.count(twins) == 1, twins


PIECES = SpanishPieces(("carcel", "barco"), ({2003: 1.0}, {2004: 1.0}))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like that of the model that the encoder starts from, with a tiny model in it and English pieces alone."""
    folder = tmp_path_factory.mktemp("encoder") / "base"
    shutil.copytree(default_folder(), folder, ignore=shutil.ignore_patterns(WEIGHTS))
    vocabulary = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    pieces = vocabulary["model"]["vocab"]
    vocabulary["model"]["vocab"] = {piece: number for piece, number in pieces.items() if number < ENGLISH}
    (folder / "tokenizer.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "name_or_path": "its origin"}), encoding="utf-8")
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    model = BertModel(BertConfig(vocab_size=ENGLISH, **sizes))
    model.save_pretrained(folder)
    return folder


def test_training_draws_spanish_to_the_teachers_english_and_questions_to_what_answers(base: Path, tmp_path: Path) -> None:
    teacher, encoder = SentenceEncoder.start(base), SentenceEncoder.start(base, PIECES)
    twins = [("The prison is full.", "La cárcel está llena."), ("The ship sank.", "El barco se hundió.")]
    asked: list[Asked] = [(DOSSIER, WHO), (DOSSIER, CELLS)]
    batches = [encoder_batch(asked, twins, random.Random(1))] * 12

    @torch.no_grad()
    def measured() -> tuple[Tensor, Tensor, Tensor]:
        questions = encoder([*batches[0].english, *batches[0].spanish], 64)
        ahead = questions @ encoder(batches[0].windows, 64).T
        near = (encoder([text for _, text in twins], 64) * teacher([text for text, _ in twins], 64)).sum(1)
        return near, ahead[0] - ahead[1], contrast(encoder, batches[0])

    (near, _, lost), plan = measured(), Plan(3e-3, checkpoint=tmp_path / "training.pt", warm_up=2)
    train_encoder(encoder, teacher, batches, plan)
    near_after, ahead_after, lost_after = measured()
    assert (near_after > near).all()
    assert ahead_after[0] > 0 > ahead_after[1]  # each question is nearer to its own window
    assert lost_after < lost / 2
    with pytest.raises(ValueError, match="is of a training on other data"):
        train_encoder(encoder, teacher, batches[:3], plan)


def test_a_masked_window_is_no_example(base: Path) -> None:
    encoder = SentenceEncoder.start(base)
    batch = EncoderBatch(("A?", "B?"), ("A?", "B?"), ("A.", "B.", "C."), ((0, 1), (0, 2), (1, 0), (1, 2)), ())
    assert contrast(encoder, batch).item() == 0  # nothing is left but each question's own


def test_the_written_folder_is_a_model_of_sentence_transformers(
    base: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    encoder = SentenceEncoder.start(base, PIECES)
    digest = encoder.write(base, tmp_path / "written")
    weights = tmp_path / "written" / WEIGHTS
    assert digest == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert {values.dtype for values in load_file(weights).values()} == {torch.float16}
    capfd.readouterr()
    loaded = SentenceTransformer(str(tmp_path / "written"), device="cpu", local_files_only=True)
    assert "REPORT" not in "".join(capfd.readouterr())  # no weight is missing, and none left over
    assert loaded[0].auto_model.dtype == torch.float32
    assert loaded.max_seq_length == 256
    texts = ["¿Quién llenó la cárcel?", "The ship sank. " * 100]
    assert loaded.tokenizer.tokenize("Cárcel barco") == ["carcel", "barco"]
    with torch.no_grad():
        expected = encoder(texts, 256).numpy()
    np.testing.assert_allclose(loaded.encode(texts), expected, atol=2e-3)
    assert (tmp_path / "written" / "vocab.txt").read_text(encoding="utf-8").splitlines()[-2:] == ["carcel", "barco"]
    assert "its origin" not in "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "written").glob("*.json"))
    encoder.write(base, tmp_path / "written")  # over the same files
