"""Looking at and editing single nodes, names and types of an ONNX graph."""

from __future__ import annotations

import numpy as np
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper

from trtcore.models.onnx_graph import bodies, walk_nodes
from trtcore.precision_plan import NOT_A_TENSOR
from trtcore.precision_weights import LABELS


def elem_types(graph: GraphProto) -> dict[str, int]:
    """Element types of the values of one graph, its bodies left out."""
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
    """What a name ends in when its value is of this type: ``fp16``."""
    return LABELS[elem_type].lower()
