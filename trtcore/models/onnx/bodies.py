"""The graphs inside a control-flow node (If, Loop, Scan)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from onnx import AttributeProto, GraphProto, NodeProto


def bodies(node: NodeProto) -> Iterator[GraphProto]:
    """Every graph among a node's attributes."""
    for attribute in node.attribute:
        if attribute.type == AttributeProto.GRAPH:
            yield attribute.g
        yield from attribute.graphs


def misfit_body(nodes: Iterable[NodeProto]) -> str:
    """Names the first If whose branch has other outputs than the node; ``""`` if there is none.

    ONNX's checker does not compare them, and whoever follows a value out of a branch does.
    """
    for node in nodes:
        for body in bodies(node):
            if node.op_type == "If" and len(body.output) != len(node.output):
                return (
                    f"node '{node.name[:200]}' has {len(node.output)} outputs, its body "
                    f"'{body.name[:200]}' {len(body.output)}"
                )
    return ""


def forget_shapes(graph: GraphProto) -> None:
    """Drops shapes that may be stale: value_info at every level and the shapes of the outputs."""
    graph.ClearField("value_info")
    for value in graph.output:
        if value.type.HasField("tensor_type"):
            value.type.tensor_type.ClearField("shape")
    for node in graph.node:
        for body in bodies(node):
            forget_shapes(body)
