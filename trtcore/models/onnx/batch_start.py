"""What walks through one graph share, whatever the batch: most of a graph does not depend on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, TypeProto

from trtcore.models.onnx.batch_values import Known, computed, constant
from trtcore.models.onnx.bodies import forget_shapes
from trtcore.models.onnx.inference import is_odd
from trtcore.models.onnx.weights import without_weights

_WITH_BODIES = frozenset({"If", "Loop", "Scan"})


class Constants:
    """Constants and what is computed of them, by the value's name: also for a graph changed since.

    Each is kept with what it was made of, and made again where that is something else now.
    """

    def __init__(self) -> None:
        self._constants: dict[str, tuple[TensorProto, Known]] = {}
        self._computed: dict[str, tuple[NodeProto, Sequence[Known], Known]] = {}

    def constant(self, tensor: TensorProto, name: str) -> Known:
        """A constant; the same object for the same values."""
        before = self._constants.get(name)
        if before is None or before[0] != tensor:
            before = self._constants[name] = tensor, constant(tensor)
        return before[1]

    def computed(self, node: NodeProto, inputs: Sequence[Known], opset: int) -> Known | None:
        """The result of shape arithmetic, see `batch_values.computed`."""
        name = node.output[0] if node.output else ""
        node_before, read, found = self._computed.get(name, (None, (), None))
        if node_before == node and _are_the_same(read, inputs):
            return found
        result = computed(node, inputs, opset)
        if result is not None:
            if found is not None and result.equals(found):
                result = found  # its readers were computed with that
            self._computed[name] = node, inputs, result
        return result


class Starts:
    """Where walks through one graph start, one start for each set of input shapes.

    For one graph that nobody changes but for the shapes of its inputs, and for its copies without
    weights.

    Attributes:
        constants: of the graph; those of an earlier version of it may be given.
    """

    def __init__(self, constants: Constants | None = None) -> None:
        self.constants = constants or Constants()
        self._starts: dict[bytes, Start | None] = {}
        self._odd: bool | None = None

    def of(self, proto: ModelProto) -> Start | None:
        """The start with the input shapes that the graph has; None where it cannot be inferred."""
        key = b"".join(value.SerializeToString() for value in proto.graph.input)
        if key not in self._starts:
            self._starts[key] = _start(proto, self.constants)
        return self._starts[key]

    def is_odd(self, proto: ModelProto) -> bool:
        """Whether inference fails on the file's own shapes, which the graph still has."""
        if self._odd is None:
            self._odd = is_odd(proto)
        return self._odd


def _are_the_same(some: Sequence[Known], others: Sequence[Known]) -> bool:
    return len(some) == len(others) and all(a is b for a, b in zip(some, others, strict=True))


def _start(proto: ModelProto, constants: Constants) -> Start | None:
    bare = without_weights(proto)
    at_old = _at_old(bare)
    return None if at_old is None else Start(bare, at_old, constants)


def _at_old(bare: ModelProto) -> GraphProto | None:
    """The graph with its shapes at the old batch; None where nothing can be inferred."""
    infer = onnx.shape_inference.infer_shapes
    try:
        return infer(bare, strict_mode=True, data_prop=True).graph
    except (onnx.shape_inference.InferenceError, ValueError):
        # What inference objects to in one place says nothing of the others, unless it is what the
        # file says of its results.
        forget_shapes(bare.graph)
    try:
        return infer(bare, data_prop=True).graph
    except (onnx.shape_inference.InferenceError, ValueError):
        return None


class Start:
    """A graph at the old batch, and what earlier walks found that does not depend on theirs.

    Attributes:
        bare: the graph without its weights.
        nodes: its nodes.
        reads: the values that each reads.
        writes: the values that each writes.
        types: of its values, without those of its bodies.
        constants: its constants.
        readers: the nodes that read each value.
    """

    def __init__(self, bare: ModelProto, at_old: GraphProto, constants: Constants) -> None:
        self.bare = bare
        self.constants = constants
        self.nodes = tuple(at_old.node)
        self.reads = [tuple(name for name in node.input if name) for node in self.nodes]
        self.writes = [tuple(node.output) for node in self.nodes]
        self.types = types_of(at_old)
        self.readers: dict[str, list[NodeProto]] = {}
        for node in self.nodes:
            for name in node.input:
                self.readers.setdefault(name, []).append(node)
        self._settled: dict[int, tuple[Sequence[Known], Mapping[str, Known]]] = {}
        self._written: dict[int, Mapping[str, Known]] = {}

    def written(self, place: int, inputs: Sequence[Known]) -> Mapping[str, Known] | None:
        """What a node writes if it reads what it read before, none of which changes."""
        read, written = self._settled.get(place, (None, None))
        return written if read is not None and _are_the_same(read, inputs) else None

    def keep(
        self, place: int, inputs: Sequence[Known], outputs: Mapping[str, Known]
    ) -> Mapping[str, Known]:
        """Keeps what a node writes for other walks.

        Returns:
            The same; where it equals what was kept before, that, so that its readers are known.
        """
        before = self._written.get(place)
        if before is not None and all(one.equals(before[name]) for name, one in outputs.items()):
            outputs = before
        self._written[place] = outputs
        # A body writes values of its own, which a walk that skips it would not know.
        is_plain = self.nodes[place].op_type not in _WITH_BODIES
        if is_plain and not any(one.changes for one in inputs):
            self._settled[place] = inputs, outputs
        return outputs


def types_of(graph: GraphProto) -> dict[str, TypeProto]:
    """The types of the values of a graph, without those of its bodies."""
    return {one.name: one.type for one in (*graph.input, *graph.value_info, *graph.output)}
