"""Quantizes the matrix products of an encoder's graph to int8.

It works for BERT, MPNet, RoBERTa and DistilBERT, because it goes by the shape of the graph and not by names.

Weights are quantized per column ahead of time, and the input that several products may share is quantized per text at run time. A
few columns of the inputs are tens of times larger than the rest, and would leave those without precision. There are two remedies:

- Where a product widens the rows or keeps their width, the size of each input column is divided between the input and the weights,
  in fp32 before anything is rounded: SmoothQuant (Xiao et al. 2023, https://arxiv.org/abs/2211.10438).
- Where it narrows them (the second product of a feed-forward layer, whose input has the largest columns), the few largest columns
  stay in fp32, in a separate product: LLM.int8() (Dettmers et al. 2022, https://arxiv.org/abs/2208.07339).
"""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

Feed = dict[str, NDArray[np.int64]]
"""The inputs of one run of a graph, by name."""

_SMOOTHING = 0.7
"""How much of a column's size moves from the input to the weights: 0 is none, 1 is all."""

_KEPT_COLUMNS = 8
"""The number of input columns that stay in fp32 where a product narrows the rows."""

_SMALL_TABLE = 1 << 20
"""Tables with fewer numbers than this stay in fp32."""


def quantize(source: Path, target: Path, calibration: Sequence[Feed]) -> None:
    """Write the graph of `source` to `target` with int8 products. The texts of `calibration` show how large the inputs get.

    The same graph and texts always give the same result. Raises ValueError if the graph has no product with constant weights.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model = onnx.load(source)
    groups = _groups(model)
    if not groups:
        raise ValueError("the graph has no matrix product with constant weights")
    sizes = _largest_inputs(source, list(groups), calibration)
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    for name, products in groups.items():
        _balance(model, name, products, weights, sizes[name])
    _sort(model)
    root = logging.getLogger()
    root.addFilter(_is_not_from_quantizer)
    try:
        quantize_dynamic(
            model,
            target,
            weight_type=QuantType.QInt8,
            per_channel=True,
            nodes_to_quantize=[product.name for products in groups.values() for product in products],
        )
    finally:
        root.removeFilter(_is_not_from_quantizer)


def halve_tables(path: Path) -> None:
    """Store a graph's large lookup tables (the token embeddings) as fp16, converting only the rows that a text needs to fp32."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(path)
    tables = {tensor.name: tensor for tensor in model.graph.initializer if tensor.data_type == TensorProto.FLOAT}
    uses = Counter(name for node in model.graph.node for name in node.input)
    for node in list(model.graph.node):
        table = tables.get(node.input[0]) if node.op_type == "Gather" else None
        if table is None or uses[table.name] > 1 or np.prod(table.dims) < _SMALL_TABLE:
            continue
        table.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(table).astype(np.float16), table.name))
        rows = node.output[0]
        node.output[0] = f"{rows}_half"
        widen = helper.make_node("Cast", [f"{rows}_half"], [rows], f"{node.name}_widen", to=TensorProto.FLOAT)
        model.graph.node.insert(list(model.graph.node).index(node) + 1, widen)
    onnx.save(model, path)


def _is_not_from_quantizer(record: logging.LogRecord) -> bool:
    """Return False for the messages that ONNX Runtime's quantizer sends to the root logger for each product."""
    return "onnxruntime" not in record.pathname


def _groups(model: "ModelProto") -> dict[str, list["NodeProto"]]:
    """Return the products whose constant weights no other node uses, grouped by their input, in the order of the graph."""
    from onnx import TensorProto

    matrices = {
        tensor.name for tensor in model.graph.initializer if len(tensor.dims) == 2 and tensor.data_type == TensorProto.FLOAT
    }
    uses = Counter(name for node in model.graph.node for name in node.input)
    groups: dict[str, list[NodeProto]] = {}
    for node in model.graph.node:
        if node.op_type == "MatMul" and node.input[1] in matrices and uses[node.input[1]] == 1:
            groups.setdefault(node.input[0], []).append(node)
    return groups


def _largest_inputs(source: Path, names: list[str], calibration: Sequence[Feed]) -> dict[str, NDArray[np.float32]]:
    """Return the largest absolute value in each column of these inputs, over all tokens of the calibration texts."""
    import onnx
    from onnx import TensorProto, helper
    from onnxruntime import InferenceSession

    model = onnx.load(source)
    del model.graph.output[:]
    model.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    session = InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    largest: dict[str, NDArray[np.float32]] = {}
    for feed in calibration:
        for name, values in zip(names, session.run(names, feed), strict=True):
            columns = np.abs(values).reshape(-1, values.shape[-1]).max(axis=0)
            largest[name] = np.maximum(largest.get(name, columns), columns)
    return largest


def _balance(
    model: "ModelProto",
    name: str,
    products: list["NodeProto"],
    weights: dict[str, "TensorProto"],
    sizes: NDArray[np.float32],
) -> None:
    """Balance the columns of the input `name` of these products; `sizes` are the largest absolute values of the columns."""
    from onnx import helper, numpy_helper

    sizes = np.maximum(sizes, 1e-5)
    matrices = [numpy_helper.to_array(weights[product.input[1]]) for product in products]
    separate = np.empty(0, np.int64)
    if any(matrix.shape[0] > matrix.shape[1] for matrix in matrices):
        separate = np.sort(np.argsort(-sizes, kind="stable")[:_KEPT_COLUMNS])
        scale = np.ones_like(sizes)
    else:
        rows = np.max([np.abs(matrix).max(axis=1) for matrix in matrices], axis=0)
        scale = sizes**_SMOOTHING / np.maximum(rows, 1e-5) ** (1 - _SMOOTHING)
        scale /= np.exp(np.log(scale).mean())
    is_quantized = np.ones_like(scale)
    is_quantized[separate] = 0
    balanced = f"{name}_even"
    model.graph.initializer.append(numpy_helper.from_array((is_quantized / scale).astype(np.float32), f"{name}_scale"))
    model.graph.node.append(helper.make_node("Mul", [name, f"{name}_scale"], [balanced], f"{name}_even"))
    if len(separate):
        model.graph.initializer.append(numpy_helper.from_array(separate, f"{name}_columns"))
        gather = helper.make_node("Gather", [name, f"{name}_columns"], [f"{name}_apart"], f"{name}_apart", axis=-1)
        model.graph.node.append(gather)
    for product, matrix in zip(products, matrices, strict=True):
        stored, output = weights[product.input[1]], product.output[0]
        product.input[0] = balanced
        if len(separate):
            model.graph.initializer.append(numpy_helper.from_array(matrix[separate], f"{stored.name}_apart"))
            product.output[0] = f"{output}_even"
            separate_product = helper.make_node(
                "MatMul", [f"{name}_apart", f"{stored.name}_apart"], [f"{output}_apart"], f"{output}_apart"
            )
            total = helper.make_node("Add", [f"{output}_even", f"{output}_apart"], [output], f"{output}_sum")
            model.graph.node.extend([separate_product, total])
        balanced_matrix = (matrix * (is_quantized * scale)[:, None]).astype(np.float32)
        stored.CopyFrom(numpy_helper.from_array(balanced_matrix, stored.name))


def _sort(model: "ModelProto") -> None:
    """Put each node after those whose outputs it uses, as ONNX requires, and keep the order otherwise."""
    producer = {output: node for node in model.graph.node for output in node.output}
    placed: set[str] = set()

    def with_producers(node: "NodeProto") -> Iterator["NodeProto"]:
        pending = [node]
        while pending:
            current = pending[-1]
            missing = [producer[name] for name in current.input if name in producer and producer[name].output[0] not in placed]
            if missing:
                pending.append(missing[0])
                continue
            pending.pop()
            if current.output[0] not in placed:
                placed.add(current.output[0])
                yield current

    ordered = [sorted_node for node in model.graph.node for sorted_node in with_producers(node)]
    del model.graph.node[:]
    model.graph.node.extend(ordered)
