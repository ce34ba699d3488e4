"""The ONNX graph under construction: unique names, static shapes, weights filled in last."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

# The last operator set in which ReduceMean takes its axes as an attribute, as the converters write
# them; IR version 8 is the one that ONNX released with it (1.12).
OPSET = 17
IR_VERSION = 8
# Caffe counts the elements of a blob in an int (blob.cpp, Blob::Reshape).
MAX_ELEMENTS = 2**31 - 1

Shape = tuple[int, ...]
Values = NDArray[np.float32] | NDArray[np.int64]


@dataclass(frozen=True)
class Tensor:
    """A tensor of the graph.

    Attributes:
        name: its name.
        shape: its dimensions; the most it can have where ``is_open``.
        dtype: ONNX's number of its type, float32 unless said.
        is_open: whether the first dimension depends on the data, as what a suppression keeps does.
    """

    name: str
    shape: Shape
    dtype: int = TensorProto.FLOAT
    is_open: bool = False


@dataclass(frozen=True)
class _Constant:
    tensor: Tensor
    make: Callable[[], Values]


def text(shape: Iterable[int]) -> str:
    """A shape for messages: ``64x3x7x7``, ``scalar``."""
    return "x".join(map(str, shape)) or "scalar"


class _Names:
    """Names in use; a ``reserved`` one is given to its owner only."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._reserved = frozenset(reserved)
        self._taken: set[str] = set()
        self._last: dict[str, int] = {}

    def take(self, name: str, owner: str) -> str:
        """The name itself, or with the first number from 2 on that makes it unique."""
        candidate = name
        while candidate in self._taken or (candidate != owner and candidate in self._reserved):
            self._last[name] = self._last.get(name, 1) + 1
            candidate = f"{name}_{self._last[name]}"
        self._taken.add(candidate)
        return candidate


class Graph:
    """Nodes, inputs and constants in the order they were added.

    Args:
        layer_names: kept for the nodes and tensors that layers end in; others avoid them.
    """

    def __init__(self, layer_names: Iterable[str]) -> None:
        layer_names = frozenset(layer_names)
        self.inputs: list[Tensor] = []
        self._node_names = _Names(layer_names)
        self._tensor_names = _Names(layer_names)
        self._tensors: dict[str, Tensor] = {}
        self._constants: dict[str, _Constant] = {}
        self._nodes: list[onnx.NodeProto] = []

    def input(self, name: str, shape: Shape) -> Tensor:
        """Adds an input of the net."""
        self.inputs.append(self._tensor(Tensor(name, shape), name))
        return self.inputs[-1]

    def node(
        self,
        op: str,
        name: str,
        owner: str,
        inputs: Sequence[Tensor],
        outputs: Sequence[Tensor],
        **attributes: Any,
    ) -> list[Tensor]:
        """Adds a node of the layer ``owner``; its name and its outputs' are made unique.

        Returns:
            The outputs under the names they got.
        """
        made = [self._tensor(output, owner) for output in outputs]
        node = helper.make_node(
            op,
            [tensor.name for tensor in inputs],
            [tensor.name for tensor in made],
            name=self._node_names.take(name, owner),
            **attributes,
        )
        self._nodes.append(node)
        return made

    def constant(self, tensor: Tensor, make: Callable[[], Values]) -> Tensor:
        """Adds an initializer whose values are made only when the graph is finished."""
        tensor = self._tensor(tensor, owner="")
        self._constants[tensor.name] = _Constant(tensor, make)
        return tensor

    def finish(self, name: str, outputs: Sequence[Tensor]) -> tuple[onnx.ModelProto, list[str]]:
        """Makes the model of what the outputs need.

        Returns:
            The model, and the names of the nodes and inputs that no output needs.
        """
        nodes, needed = self._needed(outputs)
        model = onnx.ModelProto(ir_version=IR_VERSION, producer_name="trtcore")
        model.opset_import.add(domain="", version=OPSET)
        graph = model.graph
        # The ONNX checker refuses a graph without a name.
        graph.name = name or "net"
        graph.node.extend(nodes)
        kept_inputs = [tensor for tensor in self.inputs if tensor.name in needed]
        graph.input.extend(_value_info(tensor) for tensor in kept_inputs)
        graph.output.extend(_value_info(tensor) for tensor in outputs)
        ends = {tensor.name for tensor in (*kept_inputs, *outputs)}
        made = [self._tensors[output] for node in nodes for output in node.output]
        inner = (t for t in made if t.name not in ends and not t.is_open)
        graph.value_info.extend(map(_value_info, inner))
        for constant in self._constants.values():
            if constant.tensor.name in needed:
                _add_initializer(graph, constant)
        left_out = [node.name for node in self._nodes if not needed.intersection(node.output)]
        return model, left_out + [t.name for t in self.inputs if t.name not in needed]

    def structure(self, outputs: Sequence[Tensor]) -> dict[str, bytes]:
        """What each node that the outputs need does, and what their constants are, by name.

        Of weights it holds the shapes alone: no value is read or drawn.
        """
        nodes, needed = self._needed(outputs)
        found = {node.name: node.SerializeToString(deterministic=True) for node in nodes}
        for name, constant in self._constants.items():
            if name in needed:
                is_whole = constant.tensor.dtype == TensorProto.INT64
                values = constant.make().tobytes() if is_whole else b""
                found[name] = text(constant.tensor.shape).encode() + values
        return found

    def _needed(self, outputs: Sequence[Tensor]) -> tuple[list[onnx.NodeProto], set[str]]:
        needed = {tensor.name for tensor in outputs}
        # Nodes were added in topological order: one pass from the end finds all that are needed.
        nodes = []
        for node in reversed(self._nodes):
            if needed.intersection(node.output):
                needed.update(node.input)
                nodes.append(node)
        return nodes[::-1], needed

    def _tensor(self, tensor: Tensor, owner: str) -> Tensor:
        """The tensor under a name of its own."""
        tensor = replace(tensor, name=self._tensor_names.take(tensor.name, owner))
        self._tensors[tensor.name] = tensor
        return tensor


def fits_in_a_blob(shape: Shape) -> bool:
    """Whether every dimension is at least 1 and Caffe could count the elements."""
    return all(dim >= 1 for dim in shape) and math.prod(shape) <= MAX_ELEMENTS


def _value_info(tensor: Tensor) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(tensor.name, tensor.dtype, tensor.shape)


def _add_initializer(graph: onnx.GraphProto, constant: _Constant) -> None:
    """Fills the initializer where it will stay, so that big weights are copied once."""
    tensor = constant.tensor
    proto = graph.initializer.add(name=tensor.name, dims=tensor.shape, data_type=tensor.dtype)
    proto.raw_data = constant.make().tobytes()
