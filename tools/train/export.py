"""Writes a trained cross-encoder as int8 ONNX."""

import tempfile
import warnings
from pathlib import Path

import torch

from tools.train.model import TrainableCrossEncoder


def export(model: TrainableCrossEncoder, path: Path) -> None:
    """Write the model with int8 weights, a quarter of the size; activations are quantised as they come."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model.eval()
    ids = torch.ones((2, 16), dtype=torch.long)
    axes = {name: {0: "n", 1: "t"} for name in ("input_ids", "attention_mask", "token_type_ids", "span")} | {"answers": {0: "n"}}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        whole = Path(folder) / "whole.onnx"
        # torch advises the newer exporter, which needs one more package, and warns of what it traces.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (ids, ids, torch.zeros_like(ids)),
            str(whole),
            input_names=["input_ids", "attention_mask", "token_type_ids"],
            output_names=["answers", "span"],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
        quantize_dynamic(str(whole), str(path), weight_type=QuantType.QInt8, per_channel=True)
