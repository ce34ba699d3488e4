"""FP8 weights reach TensorRT's parser as the bytes they are, in every place a graph has them."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from quantized_models import CONVOLUTIONS, quantized

import trtcore
from trtcore.engine.tensorrt.fp8_weights import store_fp8_as_bytes

# 1, 2, -3 and 0.5 in E4M3 (sign, four bits of exponent with bias 7, three of mantissa).
VALUES, BYTES = [1.0, 2.0, -3.0, 0.5], bytes([0x38, 0x40, 0xC4, 0x30])


def fp8(name: str) -> TensorProto:
    return helper.make_tensor(name, TensorProto.FLOAT8E4M3FN, [4], VALUES)


def graph_of(*nodes: onnx.NodeProto, initializers: list[TensorProto]) -> onnx.GraphProto:
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT8E4M3FN, [4])
    return helper.make_graph(list(nodes), "g", [], [output], initializers)


def test_values_move_to_bytes_at_every_level() -> None:
    constant = helper.make_node("Constant", [], ["c"], value=fp8("c_value"))
    body = graph_of(helper.make_node("Identity", ["b"], ["y"]), initializers=[fp8("b")])
    choice = helper.make_node("If", ["is"], ["y"], then_branch=body, else_branch=body)
    graph = graph_of(constant, choice, initializers=[fp8("w")])
    store_fp8_as_bytes(graph)
    bodies = [attribute.g for attribute in graph.node[1].attribute]
    tensors = [
        graph.initializer[0],
        graph.node[0].attribute[0].t,
        *(one.initializer[0] for one in bodies),
    ]
    assert [(one.name, one.raw_data, len(one.int32_data)) for one in tensors] == [
        ("w", BYTES, 0),
        ("c_value", BYTES, 0),
        ("b", BYTES, 0),
        ("b", BYTES, 0),
    ]
    assert all(numpy_helper.to_array(one).astype("f4").tolist() == VALUES for one in tensors)


@pytest.mark.parametrize(
    "tensor",
    [
        helper.make_tensor("raw", TensorProto.FLOAT8E4M3FN, [4], BYTES, raw=True),
        helper.make_tensor("empty", TensorProto.FLOAT8E4M3FN, [0], []),
        helper.make_tensor("int8", TensorProto.INT8, [2], [1, -2]),
        helper.make_tensor("half", TensorProto.FLOAT16, [2], [1.0, 2.0]),
    ],
    ids=lambda tensor: tensor.name,
)
def test_other_tensors_stay_as_they_are(tensor: TensorProto) -> None:
    graph = graph_of(helper.make_node("Identity", ["w"], ["y"]), initializers=[tensor])
    before = graph.SerializeToString()
    store_fp8_as_bytes(graph)
    assert graph.SerializeToString() == before


def test_a_plan_holds_the_weights_of_the_model() -> None:
    """The parser would read three of four as zero, without an error."""
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    proto = quantized(CONVOLUTIONS, "fp8", stored=True)
    tensors = {tensor.name: tensor for tensor in proto.graph.initializer}
    assert tensors["wf_i"].int32_data
    plan = trtcore.build_model(proto)
    dense, conv = (numpy_helper.to_array(tensors[name]).view(np.uint8) for name in ("wf_i", "w1_i"))
    assert dense.tobytes() in plan.content
    assert np.ascontiguousarray(np.moveaxis(conv, 1, -1)).tobytes() in plan.content  # NHWC
    assert tensors["wf_i"].int32_data, "the caller's graph has changed"
