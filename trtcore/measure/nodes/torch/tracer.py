"""Makes a `TorchGraph`: runs an ONNX graph once and records a PyTorch call for each node."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from numpy.typing import NDArray
from onnx import NodeProto, ValueInfoProto
from torch import Tensor

from trtcore.errors import ModelError, few
from trtcore.measure.nodes.torch.graph import Step, TorchGraph, Values, explained
from trtcore.measure.nodes.torch.operators import OLDEST_OPSET, OPERATORS
from trtcore.measure.nodes.torch.operators.call import Call, Kernel, Operator
from trtcore.measure.nodes.torch.tensors import checked_dtype, dtype_label, to_torch
from trtcore.models.model import Model
from trtcore.models.onnx.graph import ONNX_DOMAINS, graph_inputs, opset_version
from trtcore.result.records.layers import Layer, TensorInfo


def prepare(model: Model, inputs: Mapping[str, NDArray[Any]], device: str) -> TorchGraph:
    """Turns a graph into steps by running it once.

    Args:
        model: the model.
        inputs: an array per input.
        device: ``cuda`` or ``cpu``.

    Raises:
        ModelError: operators or weights that PyTorch does not run here, or a node that failed.
        RunError: the device's memory does not hold it.
    """
    check_operators(model)
    return _Tracer(model, inputs, device).trace()


def check_operators(model: Model) -> None:
    """Raises ModelError if an operator has no PyTorch function.

    Raises:
        ModelError: names all such operators and nodes.
    """
    opset = opset_version(model.proto)
    if opset < OLDEST_OPSET:
        raise ModelError(
            f"{model.name}: is written for opset {opset}, PyTorch eager runs {OLDEST_OPSET} and "
            "later here; ONNX Runtime runs it"
        )
    unknown: dict[str, list[str]] = defaultdict(list)
    for node in model.proto.graph.node:
        if node.domain not in ONNX_DOMAINS:
            unknown[f"{node.domain}.{node.op_type}"].append(node.name)
        elif node.op_type not in OPERATORS:
            unknown[node.op_type].append(node.name)
    if unknown:
        listed = "; ".join(f"{op} ({few(map(repr, names))})" for op, names in unknown.items())
        raise ModelError(
            f"{model.name}: PyTorch eager does not run these operators here: {listed}; ONNX "
            "Runtime does"
        )


@dataclass(eq=False)
class _Tracer:
    """Runs a graph node by node, and records each step.

    Attributes:
        constants: values that are the same in every run, on the CPU.
        given: the constants that a step reads, and the graph's inputs, on the device.
        values: all values alive on the device.
        uses: how many nodes will still read a value; one more if it is an output.
    """

    model: Model
    inputs: Mapping[str, NDArray[Any]]
    device: str
    constants: Values = field(default_factory=dict)
    given: Values = field(default_factory=dict)
    values: Values = field(default_factory=dict)
    uses: Counter[str] = field(default_factory=Counter)
    steps: list[Step] = field(default_factory=list)
    known: list[NodeProto] = field(default_factory=list)

    def trace(self) -> TorchGraph:
        graph = self.model.proto.graph
        self.uses.update(name for node in graph.node for name in set(node.input))
        self.uses.update(output.name for output in graph.output)
        self.constants = {tensor.name: to_torch(tensor) for tensor in graph.initializer}
        for value in graph_inputs(graph):
            self.given[value.name] = self.fed(value)
        self.values = dict(self.given)
        for node in graph.node:
            self.add(node)
        outputs = tuple(output.name for output in graph.output)
        for name in outputs:
            self.place(name)
        return TorchGraph(
            self.model.name, tuple(self.steps), self.given, outputs, tuple(self.known)
        )

    def fed(self, value: ValueInfoProto) -> Tensor:
        """An input of the graph, on the device."""
        if value.name not in self.inputs:
            raise ModelError(f"{self.model.name}: input '{value.name}' is missing")
        dtype = checked_dtype(f"input '{value.name}'", value.type.tensor_type.elem_type)
        return torch.tensor(self.inputs[value.name]).to(self.device, dtype)

    def add(self, node: NodeProto) -> None:
        """Runs a node: once on the CPU if its result is constant, else as a step of every run."""
        operator = OPERATORS[node.op_type]
        layer = Layer(node.name, node.op_type, (node.name,))
        with explained(self.model.name, layer):
            if operator.is_static or all(name in self.constants for name in node.input if name):
                self.fold(node, operator)
            else:
                self.add_step(node, operator, layer)

    def fold(self, node: NodeProto, operator: Operator) -> None:
        kernel, names = self.make(node, operator)
        made = kernel(*(self.value(name) for name in names))
        self.constants.update(zip(node.output, _several(made), strict=False))
        self.known.append(node)
        self.forget(node)

    def add_step(self, node: NodeProto, operator: Operator, layer: Layer) -> None:
        # Parameters behind the data inputs stay on the CPU, where `Call.parameter` reads them.
        for name in node.input[: operator.data]:
            self.place(name)
        kernel, names = self.make(node, operator)
        made = _several(kernel(*(self.value(name) for name in names)))
        self.refuse_missing(node, len(made))
        outputs = tuple(node.output[: len(made)])
        self.values.update(zip(outputs, made, strict=False))
        layer = self.described(layer, node, made)
        self.steps.append(Step(layer, kernel, names, outputs, self.forget(node)))

    def make(self, node: NodeProto, operator: Operator) -> tuple[Kernel, tuple[str | None, ...]]:
        """Returns the kernel and the names of its inputs."""
        names = [name or None for name in node.input]
        call = Call(
            node,
            opset_version(self.model.proto),
            [self.value(name) for name in names],
            [None if name is None else self.constants.get(name) for name in names],
        )
        return operator.make(call), tuple(names[: operator.data])

    def value(self, name: str | None) -> Tensor | None:
        if name is None:
            return None
        return self.values[name] if name in self.values else self.constants[name]

    def place(self, name: str) -> None:
        """Puts a constant onto the device."""
        if name in self.constants and name not in self.given:
            self.given[name] = self.values[name] = self.constants[name].to(self.device)

    def refuse_missing(self, node: NodeProto, made: int) -> None:
        for name in node.output[made:]:
            if self.uses[name]:
                raise ModelError(
                    f"node '{node.name}' ({node.op_type}): its output '{name}' is used, which "
                    "PyTorch eager does not make here; ONNX Runtime does"
                )

    def forget(self, node: NodeProto) -> tuple[str, ...]:
        """Counts the node's reads; returns the values on the device that no later node reads."""
        self.uses.subtract(set(node.input))
        ended = dict.fromkeys((*node.input, *node.output))
        dead = tuple(name for name in ended if name in self.values and self.uses[name] <= 0)
        for name in dead:
            del self.values[name]
        # Inputs and constants outlive the run: the next one reads them again.
        return tuple(name for name in dead if name not in self.given)

    def described(self, layer: Layer, node: NodeProto, made: Sequence[Tensor]) -> Layer:
        reads = [(name, self.value(name)) for name in node.input if name]
        writes = zip(node.output, made, strict=False)
        return Layer(
            layer.name,
            layer.kind,
            layer.nodes,
            inputs=tuple(_tensor_info(name, value) for name, value in reads),
            outputs=tuple(_tensor_info(name, value) for name, value in writes if name),
        )


def _several(made: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return made if isinstance(made, tuple) else (made,)


def _tensor_info(name: str, value: Tensor) -> TensorInfo:
    return TensorInfo(name, tuple(value.shape), dtype_label(value.dtype))
