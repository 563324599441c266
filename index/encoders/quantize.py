"""Makes the matrix products of an encoder's graph int8, whichever of BERT, MPNet, RoBERTa or DistilBERT it is.

It goes by the graph's shape, not by names.

The products that share an input have their weights quantised per column ahead, and that input per text when it runs. A few columns
of the inputs are tens of times larger than the rest, and would leave those no digits. They are dealt with in one of two ways:

- Where the product widens the text's rows or keeps their width, the size of each column of the input is shared between it and the
  weights, in fp32 and before anything is rounded: SmoothQuant (Xiao et al. 2023, https://arxiv.org/abs/2211.10438).
- Where it narrows them (the second product of a feed-forward layer, whose input has the largest columns), the few largest columns
  stay in fp32, in a product of their own: LLM.int8() (Dettmers et al. 2022, https://arxiv.org/abs/2208.07339).
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
"""How much of a column's size goes from the input to the weights: 0 none, 1 all."""

_LARGEST = 8
"""Columns of the input that stay in fp32 where a product narrows."""

_SMALL_TABLE = 1 << 20
"""Tables of fewer numbers than this are left in fp32."""


def quantize(source: Path, target: Path, calibration: Sequence[Feed]) -> None:
    """Write the graph of `source` to `target` with int8 products. `calibration`: texts that show how large the inputs get.

    The same graph and the same texts give the same numbers. Raises ValueError if the graph has no product with constant weights.
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
        _prepare(model, name, products, weights, sizes[name])
    _sort(model)
    root = logging.getLogger()
    root.addFilter(_not_the_quantizers)
    try:
        quantize_dynamic(
            model,
            target,
            weight_type=QuantType.QInt8,
            per_channel=True,
            nodes_to_quantize=[product.name for products in groups.values() for product in products],
        )
    finally:
        root.removeFilter(_not_the_quantizers)


def halve_tables(path: Path) -> None:
    """Keep the graph's large tables (of the words' vectors) in fp16, half the size, and widen only the rows that a text has."""
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


def _not_the_quantizers(record: logging.LogRecord) -> bool:
    """False for what ONNX Runtime's quantizer says of each product, to the root's log."""
    return "onnxruntime" not in record.pathname


def _groups(model: "ModelProto") -> dict[str, list["NodeProto"]]:
    """The products with constant weights that no other node uses, by the input that they share, in the order of the graph."""
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
    """The largest size of each column of these inputs of products, over all tokens of the texts."""
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


def _prepare(
    model: "ModelProto",
    name: str,
    products: list["NodeProto"],
    weights: dict[str, "TensorProto"],
    sizes: NDArray[np.float32],
) -> None:
    """Even out the columns of the input `name` of these products, whose largest values are `sizes`."""
    from onnx import helper, numpy_helper

    sizes = np.maximum(sizes, 1e-5)
    matrices = [numpy_helper.to_array(weights[product.input[1]]) for product in products]
    apart = np.empty(0, np.int64)
    if any(matrix.shape[0] > matrix.shape[1] for matrix in matrices):
        apart = np.sort(np.argsort(-sizes, kind="stable")[:_LARGEST])
        scale = np.ones_like(sizes)
    else:
        rows = np.max([np.abs(matrix).max(axis=1) for matrix in matrices], axis=0)
        scale = sizes**_SMOOTHING / np.maximum(rows, 1e-5) ** (1 - _SMOOTHING)
        scale /= np.exp(np.log(scale).mean())
    kept = np.ones_like(scale)
    kept[apart] = 0
    even = f"{name}_even"
    model.graph.initializer.append(numpy_helper.from_array((kept / scale).astype(np.float32), f"{name}_scale"))
    model.graph.node.append(helper.make_node("Mul", [name, f"{name}_scale"], [even], f"{name}_even"))
    if len(apart):
        model.graph.initializer.append(numpy_helper.from_array(apart, f"{name}_columns"))
        gather = helper.make_node("Gather", [name, f"{name}_columns"], [f"{name}_apart"], f"{name}_apart", axis=-1)
        model.graph.node.append(gather)
    for product, matrix in zip(products, matrices, strict=True):
        stored, output = weights[product.input[1]], product.output[0]
        product.input[0] = even
        if len(apart):
            model.graph.initializer.append(numpy_helper.from_array(matrix[apart], f"{stored.name}_apart"))
            product.output[0] = f"{output}_even"
            own = helper.make_node("MatMul", [f"{name}_apart", f"{stored.name}_apart"], [f"{output}_apart"], f"{output}_apart")
            both = helper.make_node("Add", [f"{output}_even", f"{output}_apart"], [output], f"{output}_sum")
            model.graph.node.extend([own, both])
        rescaled = (matrix * (kept * scale)[:, None]).astype(np.float32)
        stored.CopyFrom(numpy_helper.from_array(rescaled, stored.name))


def _sort(model: "ModelProto") -> None:
    """Put each node after those whose outputs it takes, as ONNX wants it, keeping the order otherwise."""
    maker = {output: node for node in model.graph.node for output in node.output}
    placed: set[str] = set()

    def with_makers(node: "NodeProto") -> Iterator["NodeProto"]:
        waiting = [node]
        while waiting:
            last = waiting[-1]
            missing = [maker[name] for name in last.input if name in maker and maker[name].output[0] not in placed]
            if missing:
                waiting.append(missing[0])
                continue
            waiting.pop()
            if last.output[0] not in placed:
                placed.add(last.output[0])
                yield last

    ordered = [placed_node for node in model.graph.node for placed_node in with_makers(node)]
    del model.graph.node[:]
    model.graph.node.extend(ordered)
