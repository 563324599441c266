"""Writes a trained cross-encoder as int8 ONNX."""

import hashlib
import json
import tempfile
import warnings
from pathlib import Path

import torch

from assistant.model.cross_encoder import CHECKSUMS, TOKENIZER, WEIGHTS
from tools.train.model import TrainableCrossEncoder

_INPUTS = ["input_ids", "token_type_ids", "position_ids", "attention"]
_OUTPUTS = ["scores", "spans"]


def export(model: TrainableCrossEncoder, path: Path) -> None:
    """Write the model with int8 weights, a quarter of the size; activations are quantised as they come.

    Its weights have 7 bits, so that two products fit into the 16 bits in which processors without VNNI add them up.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model.eval()
    ids = torch.ones((2, 16), dtype=torch.long)
    axes = {name: {0: "n", 1: "t"} for name in (*_INPUTS, *_OUTPUTS)}
    axes["attention"][2] = "t"
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        whole = Path(folder) / "whole.onnx"
        # torch advises the newer exporter, which needs one more package, and warns of what it traces.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (ids, torch.zeros_like(ids), ids, torch.ones((2, 16, 16), dtype=torch.bool)),
            str(whole),
            input_names=_INPUTS,
            output_names=_OUTPUTS,
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
        quantize_dynamic(str(whole), str(path), weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)


def write_model(model: TrainableCrossEncoder, tokenizer: str, folder: Path) -> None:
    """Write a model and its tokenizer, given as JSON, into a folder, with the checksums that `CrossEncoder.load` compares."""
    export(model, folder / WEIGHTS)
    (folder / TOKENIZER).write_text(tokenizer, encoding="utf-8")
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (WEIGHTS, TOKENIZER)}
    (folder / CHECKSUMS).write_text(json.dumps(digests, indent=1) + "\n", encoding="utf-8")
