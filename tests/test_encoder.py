"""The default encoder: its vectors, its token counts, and how it reports progress."""

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from index import Encoder, OnnxEncoder, SentenceTransformerEncoder, default_folder, load_encoder
from index.encoders.export import trial_texts

PROJECT = Path(__file__).parent.parent


def test_rows_are_unit_vectors_and_similar_for_similar_meanings(encoder: Encoder) -> None:
    (question,) = encoder.questions(["Are jails too full?"])
    passages = encoder.passages(["Prisons are overcrowded.", "The informal economy has grown."])
    assert passages.shape == (2, encoder.dimension) == (2, 384)
    assert passages.dtype == np.float32
    assert np.linalg.norm(passages, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert passages[0] @ question > 0.4 > passages[1] @ question


def test_vectors_equal_those_of_the_original_model(encoder: Encoder) -> None:
    original = SentenceTransformerEncoder.load()
    assert encoder.arithmetic.startswith("onnxruntime ")
    assert (encoder.fingerprint, encoder.limit, encoder.notice) == (original.fingerprint, original.limit, "")
    texts = ["", "¿Quién?", *trial_texts()["passages"][::16], " ".join(trial_texts()["passages"][:9])]
    for rows, expected in (
        (encoder.questions(texts), original.questions(texts)),
        (encoder.passages(texts), original.passages(texts)),
    ):
        assert (rows * expected).sum(axis=1).min() > 0.995
    assert [encoder.count_tokens(text) for text in texts] == [original.count_tokens(text) for text in texts]


def test_a_vector_depends_only_on_its_text(encoder: Encoder) -> None:
    texts = [text[: 20 + 29 * number] for number, text in enumerate(trial_texts()["passages"][:12])]
    alone = [encoder.passages([text]).tobytes() for text in texts]

    def rows(encoder: Encoder, texts: Sequence[str]) -> list[bytes]:
        return [row.tobytes() for row in encoder.passages(texts)]

    assert rows(encoder, texts) == alone
    assert rows(encoder, texts[::-1]) == alone[::-1]
    assert [row.tobytes() for row in encoder.questions(texts)] == alone
    for threads in (1, 5):
        assert rows(load_encoder(threads=threads), texts) == alone


def test_threads_get_the_vectors_of_their_own_texts(encoder: Encoder) -> None:
    texts = [f"The ministry counted {number} sawmills in the {'far ' * (number % 9)}north." for number in range(40)]
    alone = [encoder.questions([text]).tobytes() for text in texts]
    with ThreadPoolExecutor(8) as threads:
        assert [rows.tobytes() for rows in threads.map(lambda text: encoder.questions([text]), texts)] == alone
        assert list(threads.map(encoder.count_tokens, texts)) == [encoder.count_tokens(text) for text in texts]


def test_no_texts_give_no_rows(encoder: Encoder) -> None:
    assert encoder.questions([]).shape == encoder.passages([]).shape == (0, 384)


def test_tokens_are_counted_beyond_the_limit(encoder: Encoder) -> None:
    assert (encoder.count_tokens(""), encoder.count_tokens("one two"), encoder.count_tokens("one " * 500)) == (2, 4, 502)
    assert encoder.limit == 256


@pytest.mark.parametrize(("number", "steps"), [(3, [3]), (64, [64]), (130, [64, 64, 2]), (600, [64] * 8 + [64, 24])])
def test_progress_adds_up(encoder: Encoder, number: int, steps: list[int]) -> None:
    done: list[int] = []
    encoder.passages(["a"] * number, done.append)
    assert done == steps


def test_the_same_model_in_a_folder_gives_the_same_vectors(encoder: Encoder) -> None:
    loaded = load_encoder(str(default_folder()))
    assert isinstance(loaded, OnnxEncoder)
    assert loaded.fingerprint == encoder.fingerprint
    assert loaded.questions(["Who?"]).tobytes() == encoder.questions(["Who?"]).tobytes()


@pytest.mark.usefixtures("encoder")
def test_asking_needs_no_torch() -> None:
    heavy = ("torch", "transformers", "sentence_transformers", "huggingface_hub", "onnx")
    program = (
        "import sys; from index import load_encoder; encoder = load_encoder(); encoder.questions(['Who?']); "
        f"encoder.passages(['She.']); print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
