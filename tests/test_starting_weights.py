"""What training starts from: pieces for Spanish words, and the weights of a public model."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tools.train.spanish_pieces import SpanishPieces, make_pieces
from tools.train.starting_weights import dequantised

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
