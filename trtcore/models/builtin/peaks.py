"""Networks of one layer, whose rate is a peak of a device: a matrix product, and a copy."""

from __future__ import annotations

from collections.abc import Mapping

import onnx
from onnx import TensorProto, helper

from trtcore.models.model import Model

_TYPES: Mapping[str, int] = {
    "fp32": TensorProto.FLOAT,
    "tf32": TensorProto.FLOAT,
    "fp16": TensorProto.FLOAT16,
    "bf16": TensorProto.BFLOAT16,
}
# Sums of a few thousand products then fit into FP16.
_SCALE = 1 / 128
_QUANTIZED: Mapping[str, int] = {"fp8": TensorProto.FLOAT8E4M3FN, "int8": TensorProto.INT8}
QUANTIZED_TYPES = tuple(_QUANTIZED)
"""Types whose products need a scale for each operand; not every TensorRT and GPU has them."""
PRODUCT_TYPES = (*_TYPES, *_QUANTIZED)
"""Types whose products can be measured."""


def product(rows: int, inner: int, dtype: str) -> Model:
    """The product of two matrices; both are inputs, so that neither is known to the builder.

    Args:
        rows: of the first one, and columns of the second.
        inner: columns of the first one, and rows of the second.
        dtype: one of `PRODUCT_TYPES`.
    """
    if dtype in _QUANTIZED:
        return _quantized_product(rows, inner, dtype)
    node = helper.make_node("MatMul", ["a", "b"], ["y"], name="product")
    shapes = {"a": [rows, inner], "b": [inner, rows], "y": [rows, rows]}
    return _model(f"product in {dtype}", node, shapes, _TYPES[dtype])


def _quantized_product(rows: int, inner: int, dtype: str) -> Model:
    """The same of 8-bit inputs and an FP16 output, so that nothing is left to quantize."""
    kind = _QUANTIZED[dtype]
    # Q/DQ of FP8, and scales in FP16: ONNX has both from operator set 19 on.
    scale = helper.make_tensor("scale", TensorProto.FLOAT16, [], [_SCALE])
    zero = helper.make_tensor("zero", kind, [], [0])
    nodes = [
        helper.make_node("DequantizeLinear", [name, "scale", "zero"], [f"{name}_d"], name=name)
        for name in ("a", "b")
    ]
    nodes.append(helper.make_node("MatMul", ["a_d", "b_d"], ["y"], name="product"))
    ends = [
        helper.make_tensor_value_info("a", kind, [rows, inner]),
        helper.make_tensor_value_info("b", kind, [inner, rows]),
        helper.make_tensor_value_info("y", TensorProto.FLOAT16, [rows, rows]),
    ]
    graph = helper.make_graph(nodes, "peak", ends[:2], ends[2:], [scale, zero])
    opset = helper.make_opsetid("", 19)
    proto: onnx.ModelProto = helper.make_model(graph, opset_imports=[opset], ir_version=9)
    return Model(f"product in {dtype}", proto, "built-in")


def copy(elements: int) -> Model:
    """A copy of FP32 values.

    Relu, as a builder removes Identity: it reads and writes every value once and computes as good
    as nothing.
    """
    node = helper.make_node("Relu", ["a"], ["y"], name="copy")
    # Rows of a length that every vector load divides.
    shape = [elements // 1024, 1024]
    return _model("copy", node, {"a": shape, "y": shape}, TensorProto.FLOAT)


def _model(name: str, node: onnx.NodeProto, shapes: dict[str, list[int]], kind: int) -> Model:
    """A model of one node; the last of the shapes is that of its output."""
    ends = [helper.make_tensor_value_info(each, kind, shape) for each, shape in shapes.items()]
    graph = helper.make_graph([node], "peak", ends[:-1], ends[-1:])
    # As the Caffe importer: see its OPSET.
    opset = helper.make_opsetid("", 17)
    proto: onnx.ModelProto = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    return Model(name, proto, "built-in")
