"""The precision a model has before anything is done to it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from onnx import ModelProto, TensorProto

from trtcore.models.onnx_graph import graph_inputs, walk_nodes

_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16)
_QUANTIZED = frozenset(
    (
        "QuantizeLinear",
        "DequantizeLinear",
        "DynamicQuantizeLinear",
        "QLinearConv",
        "QLinearMatMul",
        "ConvInteger",
        "MatMulInteger",
    )
)


def quantized_nodes(proto: ModelProto) -> int:
    """How many nodes quantize, dequantize or compute on integers."""
    return sum(node.op_type in _QUANTIZED for node in walk_nodes(proto.graph))


def float_type(proto: ModelProto) -> int:
    """The element type of most float weights; of the inputs where there are no weights."""
    elements: Counter[int] = Counter()
    for tensor in _constants(proto):
        elements[tensor.data_type] += math.prod(tensor.dims)
    if not any(elements[kind] for kind in _FLOATS):
        elements.update(v.type.tensor_type.elem_type for v in graph_inputs(proto.graph))
    return max(_FLOATS, key=lambda kind: elements[kind])


def _constants(proto: ModelProto) -> Iterator[TensorProto]:
    yield from proto.graph.initializer
    for node in walk_nodes(proto.graph):
        if node.op_type == "Constant":
            yield from (attribute.t for attribute in node.attribute if attribute.name == "value")
