"""A 16-bit graph computed in FP32 with every value rounded to 16 bits.

ONNX Runtime has few 16-bit kernels for CPUs: it computes most nodes in FP32 and skips the rounding
between neighbours, so an FP16 graph shows neither its errors nor its overflows there, and
a BF16 graph does not run at all. With explicit rounding it does, on any processor. Sums are kept in
FP32, as on Tensor Cores.
"""

from __future__ import annotations

from collections.abc import Callable
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
from trtcore.models.onnx.bodies import bodies
from trtcore.models.onnx.graph import opset_version
from trtcore.models.onnx.weights import without_weights
from trtcore.precision.convert.nodes import elem_types
from trtcore.precision.convert.plan import TYPE_ATTRIBUTES
from trtcore.precision.formats import low_types

Rounding = Callable[[str, str, int], list[NodeProto]]
"""From the name of an exact value, that of the rounded one and its type to the nodes between."""

# Operator set 13 gave Cast the type bfloat16.
_FIRST_BFLOAT16_CAST = 13
# x * 65537 - (x * 65537 - x) is x rounded to 8 of its 24 bits. The product overflows float32 from
# 5.2e33 on: values beyond the limit, with a margin, stay as they are.
_SPLIT_AT_8_BITS = 2**16 + 1
_LARGEST_TO_SPLIT = 1e33
_SPLITTER, _LIMIT = "trtcore_splitter", "trtcore_split_limit"


def emulated(model: Model, *, rounds: bool = True) -> Model:
    """Rewrites a 16-bit graph so that ONNX Runtime's CPU kernels show its rounding errors.

    Inputs and outputs become float32; values keep their names.

    Args:
        model: in any precision.
        rounds: round every value to its type; without it only the weights are.
    """
    proto = ModelProto()
    proto.CopyFrom(model.proto)
    inferred = onnx.shape_inference.infer_shapes(without_weights(proto), data_prop=True)
    rounding = None
    if rounds:
        casts = opset_version(proto) >= _FIRST_BFLOAT16_CAST
        rounding = _cast if casts else _cast_or_split
    _emulate(proto.graph, inferred.graph, rounding)
    if rounding is _cast_or_split:
        _prepend_constants(proto.graph)
    return replace(model, proto=proto)


def _prepend_constants(graph: GraphProto) -> None:
    """Puts the constants of `_cast_or_split` in front, as nodes.

    IR versions before 4 require every initializer to be a graph input.
    """
    constants = {_SPLITTER: _SPLIT_AT_8_BITS, _LIMIT: _LARGEST_TO_SPLIT}
    nodes = [
        helper.make_node(
            "Constant", [], [name], name, value=numpy_helper.from_array(np.float32(value))
        )
        for name, value in constants.items()
    ]
    nodes += graph.node
    graph.ClearField("node")
    graph.node.extend(nodes)


def _emulate(graph: GraphProto, inferred: GraphProto, rounding: Rounding | None) -> None:
    types = elem_types(inferred) if rounding else {}
    nodes: list[NodeProto] = []
    for node, typed in zip(graph.node, inferred.node, strict=True):
        for body, typed_body in zip(bodies(node), bodies(typed), strict=True):
            _emulate(body, typed_body, rounding)
        for attribute in node.attribute:
            _widen_attribute(attribute)
        nodes += _rounded(node, types, rounding or _cast)
    graph.ClearField("node")
    graph.node.extend(nodes)
    for tensor in graph.initializer:
        _widen(tensor)
    for value in (*graph.input, *graph.output, *graph.value_info):
        if value.type.tensor_type.elem_type in low_types():
            value.type.tensor_type.elem_type = TensorProto.FLOAT


def _rounded(node: NodeProto, types: dict[str, int], rounding: Rounding) -> list[NodeProto]:
    """The node, with its 16-bit outputs rounded behind it."""
    nodes = [NodeProto()]
    nodes[0].CopyFrom(node)
    for index, name in enumerate(node.output):
        if types.get(name) in low_types():
            exact = f"{name}__exact"
            nodes[0].output[index] = exact
            nodes += rounding(exact, name, types[name])
    return nodes


def _cast(exact: str, name: str, elem_type: int) -> list[NodeProto]:
    low = f"{name}__rounded"
    return [
        helper.make_node("Cast", [exact], [low], name=low, to=elem_type),
        helper.make_node("Cast", [low], [name], name=f"{name}__wide", to=TensorProto.FLOAT),
    ]


def _cast_or_split(exact: str, name: str, elem_type: int) -> list[NodeProto]:
    """Rounds to BF16 by Veltkamp's splitting, where the operator set has no BF16 to cast to."""
    if elem_type != TensorProto.BFLOAT16:
        return _cast(exact, name, elem_type)
    steps = (
        ("Mul", (exact, _SPLITTER), "product"),
        ("Sub", ("product", exact), "low"),
        ("Sub", ("product", "low"), "high"),
        ("Abs", (exact,), "size"),
        ("Less", ("size", _LIMIT), "fits"),
        ("Where", ("fits", "high", exact), ""),
    )
    inner = {step: f"{name}__{step}" if step else name for _, _, step in steps}
    return [
        helper.make_node(op, [inner.get(read, read) for read in reads], [inner[step]], inner[step])
        for op, reads, step in steps
    ]


def _widen_attribute(attribute: AttributeProto) -> None:
    if attribute.name in TYPE_ATTRIBUTES and attribute.i in low_types():
        attribute.i = TensorProto.FLOAT
    if attribute.name == "value" and attribute.type == AttributeProto.TENSOR:
        _widen(attribute.t)


def _widen(tensor: TensorProto) -> None:
    if tensor.data_type in low_types():
        values = numpy_helper.to_array(tensor).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
