"""An If whose condition is known before any run, replaced by the branch that it takes.

PyTorch writes ``squeeze`` as an If over the length of the axis, and the branch that is never taken
need not fit the shapes. Runtimes look at both: ONNX Runtime infers their shapes when it loads the
graph, and TensorRT when it reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, helper

from trtcore.models.onnx.batch_edits import few_notes
from trtcore.models.onnx.walk import bodies, walk_nodes
from trtcore.models.onnx.weights import without_weights
from trtcore.models.onnx.workload.folding import known_values
from trtcore.models.onnx.workload.shapes import known_shapes

# Until then every initializer had to be an input of the graph, and a body has no inputs.
_FIRST_FREE_INITIALIZERS = 4
_BRANCHES = {True: ("then_branch", "then"), False: ("else_branch", "else")}


def take_constant_branches(proto: ModelProto, inferred: GraphProto) -> list[str]:
    """Puts the branch that is taken in the place of each If of the graph whose condition is known.

    Values keep their names where they can; nodes get those of their rows: ``/If/then/Squeeze``.

    Args:
        proto: the graph, changed in place.
        inferred: the same with all shapes that are known.

    Returns:
        A note on the first of either branch, with how many more there are; none if nothing was
        changed.
    """
    if proto.ir_version < _FIRST_FREE_INITIALIZERS:
        return []
    values = known_values(without_weights(proto), known_shapes(inferred))
    taken = {
        node.output[0]: bool(np.all(values[node.input[0]]))
        for node in proto.graph.node
        if node.op_type == "If" and node.input and node.input[0] in values
    }
    if not taken:
        return []
    names = _Names(proto.graph)
    nodes: list[NodeProto] = []
    settled: dict[bool, list[str]] = {}
    for node in proto.graph.node:
        is_true = taken.get(node.output[0]) if node.op_type == "If" else None
        if is_true is None:
            nodes.append(node)
            continue
        nodes += _branch(proto.graph, node, is_true, names)
        settled.setdefault(is_true, []).append(node.name)
    kept = GraphProto(node=nodes)
    proto.graph.ClearField("node")
    proto.graph.node.extend(kept.node)
    return [few_notes(_note(some[0], is_true), some) for is_true, some in settled.items()]


def _note(name: str, is_true: bool) -> str:
    return (
        f"node '{name}' (If): its condition is always {str(is_true).lower()}, so that its "
        f"{_BRANCHES[is_true][1]} branch stands in its place"
    )


class _Names:
    """The names of values and nodes in use, at all levels."""

    def __init__(self, graph: GraphProto) -> None:
        self._taken = {one.name for one in (*graph.input, *graph.initializer)}
        for node in walk_nodes(graph):
            self._taken.update((node.name, *node.output))
            for body in bodies(node):
                self._taken.update(one.name for one in (*body.input, *body.initializer))

    def free(self, wanted: str) -> str:
        """The name, with a number behind it if something has it."""
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name


def _branch(
    graph: GraphProto, node: NodeProto, is_true: bool, names: _Names
) -> Iterator[NodeProto]:
    """The nodes of the branch that is taken, with their values named for the graph around it."""
    attribute, word = _BRANCHES[is_true]
    body = next(one.g for one in node.attribute if one.name == attribute)
    start = f"{node.name}/{word}/"
    made = dict(_made(body, node, names))
    for tensor in body.initializer:
        tensor.name = made[tensor.name]
    graph.initializer.extend(body.initializer)
    for inner in body.node:
        _rename(inner, made)
        inner.name = names.free(start + inner.name.lstrip("/"))
        yield inner
    for value, output in zip(body.output, node.output, strict=True):
        own = made.get(value.name, value.name)
        if output and own != output:
            yield helper.make_node("Identity", [own], [output], names.free(f"{start}{output}"))


def _rename(node: NodeProto, names: Mapping[str, str]) -> None:
    """Renames what a node and its bodies read and write."""
    for values in (node.input, node.output):
        for index, name in enumerate(values):
            values[index] = names.get(name, name)
    for body in bodies(node):
        # A body may call its own values as the branch around it calls others.
        own = {one.name for one in (*body.input, *body.initializer)}
        own.update(name for inner in body.node for name in inner.output)
        outer = {name: new for name, new in names.items() if name not in own}
        for inner in body.node:
            _rename(inner, outer)
        for output in body.output:
            output.name = outer.get(output.name, output.name)


def _made(body: GraphProto, node: NodeProto, names: _Names) -> Mapping[str, str]:
    """A name in the graph around it for everything that a branch makes: its results have theirs."""
    computed = {name for inner in body.node for name in inner.output if name}
    results: dict[str, str] = {}
    for value, output in zip(body.output, node.output, strict=True):
        if output and value.name in computed and value.name not in results:
            results[value.name] = output
    others = (*computed, *(tensor.name for tensor in body.initializer))
    return {**{name: names.free(f"{node.name}/{name}") for name in others}, **results}
