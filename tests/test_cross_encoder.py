"""The cross-encoder's arithmetic: the same scores on every processor."""

from pathlib import Path

import numpy as np

from assistant.model.cross_encoder import session_options


def test_int8_products_are_exact_on_every_processor(tmp_path: Path) -> None:
    """Large weights and inputs: two products in a row exceed 16 bits, where processors without VNNI would saturate."""
    from onnx import TensorProto, helper, numpy_helper, save_model
    from onnxruntime import InferenceSession

    chance = np.random.default_rng(5)
    inputs = chance.integers(200, 256, size=(4, 64), dtype=np.uint8)
    weights = chance.integers(100, 128, size=(64, 32), dtype=np.int8)
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["inputs", "weights"], ["products"])],
        "graph",
        [helper.make_tensor_value_info("inputs", TensorProto.UINT8, [4, 64])],
        [helper.make_tensor_value_info("products", TensorProto.INT32, [4, 32])],
        [numpy_helper.from_array(weights, "weights")],
    )
    path = tmp_path / "product.onnx"
    save_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    (products,) = InferenceSession(str(path), session_options()).run(None, {"inputs": inputs})
    assert np.array_equal(products, inputs.astype(np.int64) @ weights.astype(np.int64))
