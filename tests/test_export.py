"""Exporting small models made here: their vectors, and what happens if an export can't be made, read or stored."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from transformers import BertConfig, BertModel, BertTokenizer

from assistant.model.cross_encoder import session_options
from index import EncoderError, OnnxEncoder, SentenceTransformerEncoder, Vectors, default_folder, load_encoder
from index.encoders.export import export, open_export, trial_texts
from index.encoders.model_files import fingerprint
from index.encoders.onnx_encoder import has_int8
from index.encoders.quantize import quantize

Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Make a sentence-transformers model with a random two-layer BERT, and return its folder."""

    def made(prompts: dict[str, str] | None = None, include_prompt: bool = True) -> Path:
        torch.manual_seed(0)
        words = sorted({word for texts in trial_texts().values() for text in texts for word in text.lower().split()})
        vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
        size = BertConfig(
            vocab_size=len(vocabulary), hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=256
        )
        model = BertModel(size)
        with torch.no_grad():
            model.embeddings.word_embeddings.weight.normal_()
        layers, folder = tmp_path / "layers", tmp_path / "tiny"
        model.save_pretrained(layers)
        BertTokenizer(vocab={word: number for number, word in enumerate(vocabulary)}).save_pretrained(layers)
        modules = [Transformer(str(layers), max_seq_length=48), Pooling(64, include_prompt=include_prompt), Normalize()]
        SentenceTransformer(modules=modules, prompts=prompts).save(str(folder))
        return folder

    return made


@pytest.fixture
def exports(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the models exported, in this process, because it has loaded torch already."""
    names: list[str] = []

    def export_here(model: str, folder: Path, *, int8: bool) -> None:
        names.append(model)
        export(SentenceTransformerEncoder.load(model), folder, int8=int8)

    monkeypatch.setattr("index.encoders.load.export_apart", export_here)
    return names


def least_cosine(one: Vectors, other: Vectors) -> float:
    assert one.shape == other.shape
    return float((one * other).sum(axis=1).min())


@pytest.mark.parametrize(("int8", "arithmetic", "least"), [(True, "onnxruntime int8", 0.99), (False, "onnxruntime fp32", 0.99999)])
def test_a_model_is_exported_once_and_gives_the_same_vectors(
    save: Save, exports: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, int8: bool, arithmetic: str, least: float
) -> None:
    monkeypatch.setattr("index.encoders.load.has_int8", lambda: int8)
    folder = save(prompts={"query": "who was the ", "document": "report: "})
    original = SentenceTransformerEncoder.load(str(folder))
    for _ in range(2):
        encoder = load_encoder(str(folder), cache=tmp_path / "cache")
        assert isinstance(encoder, OnnxEncoder)
        assert (encoder.arithmetic, encoder.notice) == (arithmetic, "")
        assert (encoder.name, encoder.fingerprint) == (original.name, original.fingerprint)
        assert (encoder.limit, encoder.dimension) == (original.limit, original.dimension) == (48, 64)
        texts = [*trial_texts()["questions"][:9], "", "word " * 60]
        assert least_cosine(encoder.questions(texts), original.questions(texts)) > least
        assert least_cosine(encoder.passages(texts), original.passages(texts)) > least
        assert least_cosine(encoder.questions(texts), original.passages(texts)) < 0.99  # the prompts matter
        assert [encoder.count_tokens(text) for text in texts] == [original.count_tokens(text) for text in texts]
    assert exports == [str(folder)]
    assert [path.name.split("-")[1] for path in (tmp_path / "cache").iterdir() if path.is_dir()] == ["int8" if int8 else "fp32"]


def test_a_damaged_export_is_replaced(save: Save, exports: list[str], tmp_path: Path) -> None:
    folder = save()
    before = load_encoder(str(folder), cache=tmp_path / "cache").passages(["the police"])
    (place,) = (path for path in (tmp_path / "cache").iterdir() if path.is_dir())
    whole = {path: path.read_bytes() for path in place.iterdir()}
    assert {path.name for path in whole} == {"model.onnx", "tokenizer.json", "encoder.json"}
    for path, content in whole.items():
        path.write_bytes(content[: len(content) // 2] + b"\0" + content[len(content) // 2 + 1 :])
        assert open_export(place, "tiny") is None
        path.write_bytes(content)
    assert isinstance(open_export(place, "tiny"), OnnxEncoder)
    (place / "model.onnx").write_bytes(b"")
    assert load_encoder(str(folder), cache=tmp_path / "cache").passages(["the police"]).tobytes() == before.tobytes()
    assert len(exports) == 2
    assert {path: path.read_bytes() for path in place.iterdir()} == whole


def test_a_model_that_cannot_be_exported_is_run_by_sentence_transformers(
    save: Save, exports: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def trace(*_: object) -> None:
        raise RuntimeError("the operator 'fold' is unknown\nand more that only its authors understand")

    monkeypatch.setattr("index.encoders.export._trace", trace)
    folder = save()
    expected = (
        f"The encoder {folder} is run by sentence-transformers, which starts and works several times more slowly, since ONNX "
        f"Runtime can't run it: RuntimeError: the operator 'fold' is unknown."
    )
    for times in (1, 2):
        encoder = load_encoder(str(folder), cache=tmp_path / "cache")
        assert (encoder.arithmetic, encoder.notice) == ("sentence-transformers fp32", expected)
        assert caplog.messages.count(expected) == times
        assert encoder.passages(["the police"]).shape == (1, 64)
    assert len(exports) == 1  # the failure is remembered until another version of a library is installed
    assert [path.name for path in (tmp_path / "cache").glob("*/*")] == ["encoder.json"]
    monkeypatch.setattr("index.encoders.export.version", lambda name: f"another {name}")
    load_encoder(str(folder), cache=tmp_path / "cache")
    assert len(exports) == 2


@pytest.mark.usefixtures("exports")
def test_an_export_with_different_vectors_is_not_used(save: Save, tmp_path: Path) -> None:
    """This model leaves its prompt out of the mean of its tokens, which an export can't."""
    folder = save(include_prompt=False, prompts={"query": "who was the police and the ministry of health: "})
    encoder = load_encoder(str(folder), cache=tmp_path / "cache")
    assert encoder.arithmetic == "sentence-transformers fp32"
    assert "a vector has the cosine 0." in encoder.notice


def test_without_a_writable_cache_the_model_is_run_by_sentence_transformers(save: Save, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    folder = save()
    encoder = load_encoder(str(folder), cache=tmp_path / "file" / "cache")
    assert encoder.arithmetic == "sentence-transformers fp32"
    assert encoder.notice.endswith(f"since it can't be exported to {tmp_path / 'file' / 'cache'}: Not a directory.")
    assert encoder.dimension == 64


def test_an_export_that_fails_leaves_nothing_behind(save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "index.encoders.load._PROGRAM", "import sys; open(sys.argv[3] + '/half', 'w').close(); sys.exit('it burst')"
    )
    folder = save()
    for _ in range(2):
        assert "it burst" in load_encoder(str(folder), cache=tmp_path / "cache").notice
        assert [path.name for path in (tmp_path / "cache").iterdir() if path.suffix not in (".lock", ".json")] == []


def test_a_model_that_is_not_on_this_machine_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="neither a folder nor a model in the local Hugging Face cache"):
        load_encoder("some-team/some-model")
    with pytest.raises(EncoderError, match="contains no model"):
        load_encoder(str(tmp_path))


@pytest.mark.usefixtures("exports")
def test_invalid_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(EncoderError, match="can't be loaded by sentence-transformers"):
        load_encoder(str(tmp_path), cache=tmp_path / "cache")


def test_changed_default_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(default_folder(), tmp_path / "copy"))
    before = fingerprint(copy)
    with (copy / "model.safetensors").open("ab") as weights:
        weights.write(b"\0")
    assert fingerprint(copy) != before
    monkeypatch.setattr("index.encoders.model_files.default_folder", lambda: copy)
    for load in (load_encoder, SentenceTransformerEncoder.load):
        with pytest.raises(EncoderError, match="are not the ones that Quipu was evaluated with"):
            load()


def test_files_are_hashed_again_only_if_they_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, cache = tmp_path / "model", tmp_path / "cache"
    folder.mkdir()
    weights = folder / "model.safetensors"
    weights.write_bytes(b"one")
    times = weights.stat().st_atime_ns, weights.stat().st_mtime_ns
    monkeypatch.setattr("index.encoders.model_files._SETTLED", -1.0)
    first = fingerprint(folder, cache)
    with monkeypatch.context() as patch:
        patch.delattr("hashlib.file_digest")
        assert fingerprint(folder, cache) == first
    weights.write_bytes(b"two")
    os.utime(weights, ns=times)
    assert fingerprint(folder, cache) == fingerprint(folder) != first
    (cache / "fingerprints.json").write_text("{")
    assert fingerprint(folder, cache) == fingerprint(folder)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [("fpu avx512f avx512_vnni", True), ("fpu avx2 avx_vnni", True), ("amx_tile amx_int8", True), ("fpu avx2 avx512f", False)],
)
def test_the_processors_flags_choose_the_arithmetic(tmp_path: Path, flags: str, expected: bool) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(f"processor\t: 0\nmodel name\t: Some processor\nflags\t\t: {flags}\n\n" * 2)
    assert has_int8(path) is expected
    assert has_int8(tmp_path / "absent") is False


@pytest.mark.parametrize(("rows", "columns"), [(64, 256), (64, 64), (256, 64)])
def test_int8_products_stay_exact_with_much_larger_columns(tmp_path: Path, rows: int, columns: int) -> None:
    from onnx import TensorProto, helper, numpy_helper, save_model
    from onnxruntime import InferenceSession
    from onnxruntime.quantization import QuantType, quantize_dynamic

    chance = np.random.default_rng(3)
    weights = chance.normal(size=(rows, columns)).astype(np.float32)
    values = chance.normal(size=(1, 30, rows)).astype(np.float32)
    values[:, :, 5] *= 80
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["words", "input_ids"], ["x"], "rows"),
            helper.make_node("MatMul", ["x", "w"], ["sentence_embedding"], "product"),
        ],
        "graph",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "tokens"])],
        [helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT, [1, "tokens", columns])],
        [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(values[0], "words")],
    )
    plain, ours, usual = (tmp_path / name for name in ("plain.onnx", "ours.onnx", "usual.onnx"))
    save_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), plain)
    feed = {"input_ids": np.arange(30)[None]}
    quantize(plain, ours, [feed])
    quantize_dynamic(plain, usual, weight_type=QuantType.QInt8, per_channel=True, nodes_to_quantize=["product"])
    exact, near, far = (InferenceSession(str(path), session_options()).run(None, feed)[0] for path in (plain, ours, usual))
    assert np.abs(near - exact).mean() < np.abs(far - exact).mean() / 5
