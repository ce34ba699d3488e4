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
PRODUCT_TYPES = tuple(_TYPES)
"""Types whose products can be measured; what others need is a scale for each tensor."""


def product(rows: int, inner: int, dtype: str) -> Model:
    """The product of two matrices; both are inputs, so that neither is known to the builder.

    Args:
        rows: of the first one, and columns of the second.
        inner: columns of the first one, and rows of the second.
        dtype: one of `PRODUCT_TYPES`.
    """
    node = helper.make_node("MatMul", ["a", "b"], ["y"], name="product")
    shapes = {"a": [rows, inner], "b": [inner, rows], "y": [rows, rows]}
    return _model(f"product in {dtype}", node, shapes, _TYPES[dtype])


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
