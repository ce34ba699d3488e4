"""The data flow of an ONNX graph: readers and writers of every value, at all levels."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, TensorProto, numpy_helper

from trtcore.models.onnx.walk import bodies, walk_nodes
from trtcore.precision.convert.nodes import stated_value
from trtcore.precision.convert.plan import TYPED_BY_VALUE

Values = NDArray[np.generic]


@dataclass(frozen=True)
class Use:
    """A node that reads a value.

    Attributes:
        node: the reader.
        index: which of its inputs the value is.
    """

    node: NodeProto
    index: int


@dataclass
class GraphFlow:
    """Readers and writers of every value of a graph, its bodies included.

    Attributes:
        uses: the readers of a value.
        writers: the node that writes a value.
        tensors: initializers by name.
        outputs: names of the network's outputs.
        leaves: outputs of a body: the control-flow node around it, and the output each becomes; an
            empty name where that is not the same value (a loop).
    """

    uses: dict[str, list[Use]] = field(default_factory=lambda: defaultdict(list))
    writers: dict[str, NodeProto] = field(default_factory=dict)
    tensors: dict[str, TensorProto] = field(default_factory=dict)
    outputs: frozenset[str] = frozenset()
    leaves: dict[str, tuple[NodeProto, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, graph: GraphProto) -> GraphFlow:
        """The flow of a graph."""
        flow = cls(outputs=frozenset(output.name for output in graph.output))
        flow.tensors.update((tensor.name, tensor) for tensor in graph.initializer)
        for node in walk_nodes(graph):
            flow._add(node)
        return flow

    def _add(self, node: NodeProto) -> None:
        for index, name in enumerate(node.input):
            if name:
                self.uses[name].append(Use(node, index))
        self.writers.update((name, node) for name in node.output if name)
        for body in bodies(node):
            self.tensors.update((tensor.name, tensor) for tensor in body.initializer)
            # A branch of an If writes the node's outputs one by one; a loop gathers or repeats.
            outputs = node.output if node.op_type == "If" else [""] * len(body.output)
            for inner, outer in zip(body.output, outputs, strict=True):
                self.leaves[inner.name] = (node, outer)

    def constant(self, name: str) -> Values | None:
        """The values of an initializer, or what a Constant or ConstantOfShape node states.

        Of a ConstantOfShape it is the one value that fills the tensor; None for any other value.
        """
        if name in self.tensors:
            return numpy_helper.to_array(self.tensors[name])
        node = self.writers.get(name)
        if node is None or node.op_type not in TYPED_BY_VALUE:
            return None
        return numpy_helper.to_array(stated_value(node))
