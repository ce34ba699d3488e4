"""Graphs that the runtimes read and ONNX's checker does not: made such that it does too."""

from __future__ import annotations

from collections.abc import Sequence

import onnx.inliner
import onnx.shape_inference
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper

from trtcore.models.onnx.mending import mend
from trtcore.models.onnx.walk import bodies, called, free_reads, walk_nodes
from trtcore.models.onnx.weights import (
    INLINE_BYTES,
    weight_bytes,
    without_initializers,
    without_weights,
)

# From 13 on it may be left out; before 11 there was none.
_REGION_DEMANDED = (11, 12)


def complete_graph(proto: ModelProto, name: str) -> tuple[str, ...]:
    """Names a graph that has no name, types its outputs, and sorts its nodes if they need it.

    ONNX Runtime and TensorRT need none of it.

    Args:
        proto: the graph, changed in place.
        name: that it gets if it has none.

    Returns:
        A note on each change.
    """
    notes = []
    if not proto.graph.name:
        proto.graph.name = name
        notes.append("the graph has no name: the model's own was taken")
    notes += mend(proto)
    if untyped := _type_outputs(proto):
        notes.append(f"output {', '.join(map(repr, untyped))} has no type in the file: inferred")
    if filled := _fill_regions(proto):
        notes.append(f"Resize {', '.join(filled)} has no region: an empty one was put in")
    if _sort(proto.graph):
        notes.append("its nodes were not in the order in which they read each other: sorted")
    return tuple(notes)


def _type_outputs(proto: ModelProto) -> list[str]:
    """Gives outputs without a type the one that inference finds; returns their names."""
    untyped = [one for one in proto.graph.output if not one.HasField("type")]
    if not untyped:
        return []
    try:
        inferred = onnx.shape_inference.infer_shapes(without_weights(proto)).graph.output
    except (onnx.shape_inference.InferenceError, ValueError):
        return []  # ONNX's checker comes later, and says what is wrong
    types = {one.name: one.type for one in inferred if one.HasField("type")}
    for output in untyped:
        if output.name in types:
            output.type.CopyFrom(types[output.name])
    return [one.name for one in untyped if one.HasField("type")]


def _fill_regions(proto: ModelProto) -> list[str]:
    """Gives each Resize of operator sets 11 and 12 the region that these demand, an empty one.

    Only cropping reads it. PyTorch left it out, TensorRT reads such files, ONNX Runtime does not.

    Returns:
        The nodes' names.
    """
    versions = [one.version for one in proto.opset_import if one.domain in ("", "ai.onnx")]
    if not versions or versions[0] not in _REGION_DEMANDED:
        return []
    scopes = (proto.graph, *(body for node in walk_nodes(proto.graph) for body in bodies(node)))
    filled = []
    for graph in scopes:
        nodes: list[NodeProto] = []
        for node in graph.node:
            if node.op_type == "Resize" and len(node.input) > 1 and not node.input[1]:
                region = f"{next(iter(node.output), '')}__region"
                value = helper.make_tensor(region, TensorProto.FLOAT, [0], [])
                nodes.append(helper.make_node("Constant", [], [region], region, value=value))
                node.input[1] = region
                filled.append(f"'{called(node)}'")
            nodes.append(node)
        if len(nodes) > len(graph.node):
            kept = GraphProto(node=nodes)
            graph.ClearField("node")
            graph.node.extend(kept.node)
    return filled


def without_functions(proto: ModelProto) -> ModelProto:
    """The graph with the bodies of its local functions in the place of their calls.

    Runtimes inline them too; done here, the rows of every report have the same names.
    """
    if not proto.functions:
        return proto
    if weight_bytes(proto) <= INLINE_BYTES:
        return onnx.inliner.inline_local_functions(proto)
    # The inliner writes the graph out, which one message cannot hold: weights join it afterwards.
    whole = onnx.inliner.inline_local_functions(without_initializers(proto))
    whole.graph.initializer.extend(proto.graph.initializer)
    return whole


def _sort(graph: GraphProto) -> bool:
    """Sorts the nodes of a graph and its bodies where they are not; returns whether any were not.

    Nodes keep their order but where one reads what a later one writes. A cycle stays one.
    """
    moved = [_sort(body) for node in graph.node for body in bodies(node)]
    nodes = list(graph.node)
    order = _order(nodes)
    if order == list(range(len(nodes))):
        return any(moved)
    copies = GraphProto(node=[nodes[index] for index in order])
    graph.ClearField("node")
    graph.node.extend(copies.node)
    return True


def _order(nodes: Sequence[NodeProto]) -> list[int]:
    """The positions of nodes, each behind those of the nodes that it reads from."""
    writers = {name: i for i, node in enumerate(nodes) for name in node.output if name}
    order: list[int] = []
    is_known, is_open = [False] * len(nodes), [False] * len(nodes)
    for first in range(len(nodes)):
        waiting = [first]
        while waiting:
            index = waiting[-1]
            sources = () if is_known[index] else free_reads(nodes[index])
            missing = {writers[name] for name in sources if name in writers}
            is_open[index] = True
            missing = {i for i in missing if not is_open[i]}
            if missing:
                waiting += sorted(missing, reverse=True)
                continue
            waiting.pop()
            if not is_known[index]:
                is_known[index] = True
                order.append(index)
    return order
