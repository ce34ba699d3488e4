"""A quantized model without its quantization: what its outputs are to be compared with."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from trtcore.models.model import Model
from trtcore.models.onnx.inference import infer_shapes
from trtcore.models.onnx.walk import bodies, walk_nodes
from trtcore.precision.convert.nodes import elem_types, quantized_nodes

_QUANTIZE, _DEQUANTIZE = "QuantizeLinear", "DequantizeLinear"
# They hand values on as they are, whatever the type; all but the first input are shapes or indices.
_HAND_ON = frozenset(
    (
        "Concat",
        "Expand",
        "Flatten",
        "Gather",
        "Identity",
        "MaxPool",
        "Reshape",
        "Slice",
        "Split",
        "Squeeze",
        "Tile",
        "Transpose",
        "Unsqueeze",
    )
)


@dataclass(frozen=True)
class Unquantized:
    """A model without its Quantize and Dequantize nodes.

    Attributes:
        model: without them, or as it was where that cannot be had.
        inseparable: name of the node or output that needs them; ``""`` where it could be had.
    """

    model: Model
    inseparable: str = ""


class _InseparableError(Exception):
    """Names what has no form without quantization."""


def without_quantization(model: Model) -> Unquantized:
    """Takes the Quantize and Dequantize nodes out of a model.

    Values that were quantized and dequantized again flow through as they are. Weights that are
    stored quantized become what they stand for; what rounding them had lost is lost.

    Args:
        model: any; it is not changed.
    """
    if not quantized_nodes(model.proto):
        return Unquantized(model)
    proto = ModelProto()
    proto.CopyFrom(model.proto)
    try:
        _Removal(proto).run()
    except _InseparableError as problem:
        return Unquantized(model, str(problem))
    infer_shapes(proto, model.name, is_lenient=True)
    return Unquantized(replace(model, proto=proto))


class _Removal:
    """One graph on its way to the same without quantization."""

    def __init__(self, proto: ModelProto) -> None:
        self.graph = proto.graph
        self.types = elem_types(self.graph)
        self.constants = {tensor.name: tensor for tensor in self.graph.initializer}
        self.wide: dict[str, str] = {}
        """Values that were quantized and are not now, each with the value it was made of."""

    def run(self) -> None:
        """Changes the graph in place.

        Raises:
            _InseparableError: something computes on quantized values.
        """
        for node in self.graph.node:
            for body in bodies(node):
                if any(one.op_type.endswith((_QUANTIZE, _DEQUANTIZE)) for one in walk_nodes(body)):
                    raise _InseparableError(node.name)
        nodes = [new for node in self.graph.node for new in self.replaced(node)]
        self.graph.ClearField("node")
        self.graph.node.extend(nodes)
        for output in self.graph.output:
            if output.name in self.wide:
                raise _InseparableError(output.name)
        self.drop_unread()

    def replaced(self, node: NodeProto) -> list[NodeProto]:
        """What stands in the place of a node."""
        if node.op_type == "Constant":
            self.note_constant(node)
        if node.op_type == _QUANTIZE:
            self.wide[node.output[0]] = node.input[0]
            return [_same(node, node.input[0])]
        if node.op_type == _DEQUANTIZE:
            return self.dequantized(node)
        if any(name in self.wide for name in node.input):
            if node.op_type not in _HAND_ON:
                raise _InseparableError(node.name)
            source = next(self.wide[name] for name in node.input if name in self.wide)
            self.wide.update(dict.fromkeys(node.output, source))
        elif node.op_type.startswith(("QLinear", "DynamicQuantize")) or node.op_type.endswith(
            "Integer"
        ):
            raise _InseparableError(node.name)
        return [node]

    def note_constant(self, node: NodeProto) -> None:
        for attribute in node.attribute:
            if attribute.name == "value":
                self.constants[node.output[0]] = attribute.t

    def dequantized(self, node: NodeProto) -> list[NodeProto]:
        """A value that was never quantized, or the numbers that stored ones stand for."""
        value = node.input[0]
        scale_type = self.types.get(node.input[1], TensorProto.FLOAT)
        if value in self.wide:
            if self.types.get(self.wide[value], scale_type) == scale_type:
                return [_same(node, value)]
            return [_cast(node, value, scale_type)]
        if not all(name in self.constants for name in node.input if name):
            raise _InseparableError(node.name)
        tensor = numpy_helper.from_array(self.numbers(node).astype(np.float32), node.output[0])
        if scale_type == TensorProto.FLOAT:
            self.graph.initializer.append(tensor)
            return []
        tensor.name = f"{node.output[0]}__numbers"
        self.graph.initializer.append(tensor)
        return [_cast(node, tensor.name, scale_type)]

    def numbers(self, node: NodeProto) -> NDArray[np.float64]:
        """What stored values stand for: (value - zero point) x scale."""
        stored, scale, *zero = (
            np.asarray(numpy_helper.to_array(self.constants[name]), np.float64)
            for name in node.input
            if name
        )
        given = {attribute.name: attribute.i for attribute in node.attribute}
        axis, block = given.get("axis", 1), given.get("block_size", 0)
        offset = _spread(zero[0], stored, axis, block) if zero else 0.0
        return np.asarray((stored - offset) * _spread(scale, stored, axis, block))

    def drop_unread(self) -> None:
        """Forgets the stored values that nothing reads any more."""
        read = {name for node in walk_nodes(self.graph) for name in node.input}
        read |= {output.name for output in self.graph.output}
        kept = [tensor for tensor in self.graph.initializer if tensor.name in read]
        self.graph.ClearField("initializer")
        self.graph.initializer.extend(kept)


def _spread(
    scale: NDArray[np.float64], stored: NDArray[np.float64], axis: int, block: int
) -> NDArray[np.float64]:
    """A scale or zero point for every value: one for all, along an axis, or by blocks of it."""
    if scale.size == 1:
        return scale.reshape(())
    if block:
        repeated = np.repeat(scale, block, axis=axis)
        return repeated[tuple(slice(0, length) for length in stored.shape)]
    shape = [1] * stored.ndim
    shape[axis] = scale.size
    return scale.reshape(shape)


def _same(node: NodeProto, value: str) -> NodeProto:
    return helper.make_node("Identity", [value], list(node.output), name=node.name)


def _cast(node: NodeProto, value: str, to: int) -> NodeProto:
    return helper.make_node("Cast", [value], list(node.output), name=node.name, to=to)
