"""Looking at and editing single nodes, names and types of an ONNX graph."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

from trtcore.models.onnx.graph import graph_inputs
from trtcore.models.onnx.walk import bodies, walk_nodes
from trtcore.precision.convert.plan import NOT_A_TENSOR
from trtcore.precision.formats import format_of, types


def elem_types(graph: GraphProto) -> dict[str, int]:
    """Element types of the values of one graph, without its bodies."""
    types = {tensor.name: tensor.data_type for tensor in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        is_tensor = value.type.HasField("tensor_type")
        types[value.name] = value.type.tensor_type.elem_type if is_tensor else NOT_A_TENSOR
    return types


def all_names(graph: GraphProto) -> set[str]:
    """Every name in use for a node or a value, at all levels."""
    names = {value.name for value in (*graph.input, *graph.initializer)}
    for node in walk_nodes(graph):
        names.update((node.name, *node.output))
        names.update(value.name for body in bodies(node) for value in body.input)
        names.update(tensor.name for body in bodies(node) for tensor in body.initializer)
    return names


def stated_value(node: NodeProto) -> TensorProto:
    """The float32 tensor that a Constant or ConstantOfShape node holds."""
    for attribute in node.attribute:
        if attribute.name == "value":
            tensor: TensorProto = attribute.t
            return tensor
        if attribute.name == "value_float":
            return numpy_helper.from_array(np.array(attribute.f, np.float32))
        if attribute.name == "value_floats":
            return numpy_helper.from_array(np.array(attribute.floats, np.float32))
    return numpy_helper.from_array(np.zeros(1, np.float32))


def set_attribute(node: NodeProto, name: str, value: int | TensorProto) -> None:
    """Sets an attribute; a Constant has one value, so that replaces its other forms."""
    same = {name, "value_float", "value_floats"} if name == "value" else {name}
    others = [attribute for attribute in node.attribute if attribute.name not in same]
    node.ClearField("attribute")
    node.attribute.extend([*others, helper.make_attribute(name, value)])


def rename_value(node: NodeProto, old: str, new: str) -> None:
    """Renames a value in the inputs and outputs of a node and of its bodies."""
    for names in (node.input, node.output):
        for index, name in enumerate(names):
            if name == old:
                names[index] = new
    for body in bodies(node):
        for inner in body.node:
            rename_value(inner, old, new)
        for output in body.output:
            output.name = new if output.name == old else output.name


def suffix(elem_type: int) -> str:
    """The ending of names of values of this type: ``fp16``."""
    return format_of(elem_type).label.lower()


def round_tensor(tensor: TensorProto, elem_type: int) -> tuple[TensorProto, float | None]:
    """Rounds a float32 tensor to the nearest values of a lower type, ties to even.

    Small values become subnormal or zero, as the format has it; nothing is clamped.

    Returns:
        The rounded tensor, same name and shape, and the largest finite value that became
        infinite (None if there is none).
    """
    values = numpy_helper.to_array(tensor).astype(np.float32, copy=False)
    encode = format_of(elem_type).encode
    if encode is None:
        return tensor, None
    raw, rounded = encode(values)
    lost = np.isinf(rounded) & np.isfinite(values)
    worst = float(values[lost][np.abs(values[lost]).argmax()]) if lost.any() else None
    low = TensorProto(name=tensor.name, data_type=elem_type, dims=tensor.dims, raw_data=raw)
    return low, worst


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
    floats = types()
    if not any(elements[kind] for kind in floats):
        elements.update(v.type.tensor_type.elem_type for v in graph_inputs(proto.graph))
    return max(floats, key=lambda kind: elements[kind])


def value_kinds(proto: ModelProto) -> set[int]:
    """The element types of all values of a graph whose shapes were inferred, and its constants."""
    return {*elem_types(proto.graph).values(), *(tensor.data_type for tensor in _constants(proto))}


def _constants(proto: ModelProto) -> Iterator[TensorProto]:
    yield from proto.graph.initializer
    for node in walk_nodes(proto.graph):
        if node.op_type == "Constant":
            yield from (attribute.t for attribute in node.attribute if attribute.name == "value")
