"""What walks through one graph share, whatever the batch: most of a graph does not depend on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx
from onnx import GraphProto, ModelProto, TypeProto

from trtcore.models.onnx.batch_values import Known, constant
from trtcore.models.onnx.inference import is_odd
from trtcore.models.onnx.weights import without_weights

_WITH_BODIES = frozenset({"If", "Loop", "Scan"})


class Starts:
    """Where walks through one graph start, one start for each set of input shapes.

    For one graph that nobody changes but for the shapes of its inputs, and for its copies without
    weights.
    """

    def __init__(self) -> None:
        self._starts: dict[bytes, Start | None] = {}
        self._odd: bool | None = None

    def of(self, proto: ModelProto) -> Start | None:
        """The start with the input shapes that the graph has; None where it cannot be inferred."""
        key = b"".join(value.SerializeToString() for value in proto.graph.input)
        if key not in self._starts:
            self._starts[key] = _start(proto)
        return self._starts[key]

    def is_odd(self, proto: ModelProto) -> bool:
        """Whether inference fails on the file's own shapes, which the graph still has."""
        if self._odd is None:
            self._odd = is_odd(proto)
        return self._odd


def _start(proto: ModelProto) -> Start | None:
    bare = without_weights(proto)
    try:
        at_old = onnx.shape_inference.infer_shapes(bare, strict_mode=True, data_prop=True).graph
    except (onnx.shape_inference.InferenceError, ValueError):
        return None
    return Start(bare, at_old)


class Start:
    """A graph at the old batch, and what earlier walks found that does not depend on theirs.

    Attributes:
        bare: the graph without its weights.
        nodes: its nodes.
        types: of its values, without those of its bodies.
        constants: its initializers.
    """

    def __init__(self, bare: ModelProto, at_old: GraphProto) -> None:
        self.bare = bare
        self.nodes = tuple(at_old.node)
        self.types = types_of(at_old)
        self.constants = {one.name: constant(one) for one in bare.graph.initializer}
        self._settled: dict[int, tuple[Sequence[Known], Mapping[str, Known]]] = {}
        self._written: dict[int, Mapping[str, Known]] = {}

    def written(self, place: int, inputs: Sequence[Known]) -> Mapping[str, Known] | None:
        """What a node writes if it reads what it read before, none of which changes."""
        read, written = self._settled.get(place, (None, None))
        if read is None or any(a is not b for a, b in zip(read, inputs, strict=True)):
            return None
        return written

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
