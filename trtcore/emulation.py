"""A 16-bit graph computed in FP32 with every value rounded to 16 bits.

ONNX Runtime's CPU kernels know few 16-bit types: it computes most nodes in FP32 and leaves out the
rounding between neighbours, so an FP16 graph shows neither its errors nor its overflows there, and
a BF16 graph does not run at all. With explicit rounding it does, on any processor. Sums are kept in
FP32, as on Tensor Cores.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
from onnx import (
    AttributeProto,
    GraphProto,
    ModelProto,
    NodeProto,
    TensorProto,
    helper,
    numpy_helper,
)

from trtcore.models.model import Model
from trtcore.models.onnx_graph import bodies
from trtcore.models.onnx_weights import without_weights
from trtcore.precision_nodes import elem_types
from trtcore.precision_plan import TYPE_ATTRIBUTES

_LOW = (TensorProto.FLOAT16, TensorProto.BFLOAT16)


def emulated(model: Model, *, rounds: bool = True) -> Model:
    """Rewrites a 16-bit graph so that ONNX Runtime's CPU kernels show what 16 bits do to it.

    Inputs and outputs become float32; values keep their names.

    Args:
        model: in any precision.
        rounds: round every value to its type; without it only the weights are.
    """
    proto = ModelProto()
    proto.CopyFrom(model.proto)
    inferred = onnx.shape_inference.infer_shapes(without_weights(proto), data_prop=True)
    _emulate(proto.graph, inferred.graph, rounds)
    return replace(model, proto=proto)


def _emulate(graph: GraphProto, inferred: GraphProto, rounds: bool) -> None:
    types = elem_types(inferred) if rounds else {}
    nodes: list[NodeProto] = []
    for node, typed in zip(graph.node, inferred.node, strict=True):
        for body, typed_body in zip(bodies(node), bodies(typed), strict=True):
            _emulate(body, typed_body, rounds)
        for attribute in node.attribute:
            _widen_attribute(attribute)
        nodes += _rounded(node, types)
    graph.ClearField("node")
    graph.node.extend(nodes)
    for tensor in graph.initializer:
        _widen(tensor)
    for value in (*graph.input, *graph.output, *graph.value_info):
        if value.type.tensor_type.elem_type in _LOW:
            value.type.tensor_type.elem_type = TensorProto.FLOAT


def _rounded(node: NodeProto, types: dict[str, int]) -> list[NodeProto]:
    """The node, with its 16-bit outputs rounded behind it."""
    nodes = [NodeProto()]
    nodes[0].CopyFrom(node)
    for index, name in enumerate(node.output):
        if types.get(name) in _LOW:
            exact, low = f"{name}__exact", f"{name}__rounded"
            nodes[0].output[index] = exact
            nodes.append(helper.make_node("Cast", [exact], [low], name=low, to=types[name]))
            wide = helper.make_node("Cast", [low], [name], name=f"{name}__wide", to=1)
            nodes.append(wide)
    return nodes


def _widen_attribute(attribute: AttributeProto) -> None:
    if attribute.name in TYPE_ATTRIBUTES and attribute.i in _LOW:
        attribute.i = TensorProto.FLOAT
    if attribute.name == "value" and attribute.type == AttributeProto.TENSOR:
        _widen(attribute.t)


def _widen(tensor: TensorProto) -> None:
    if tensor.data_type in _LOW:
        values = numpy_helper.to_array(tensor).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
