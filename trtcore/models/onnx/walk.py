"""Goes through the nodes of an ONNX graph and of the graphs inside them."""

from __future__ import annotations

from collections.abc import Iterator

from onnx import AttributeProto, GraphProto, NodeProto


def walk_nodes(graph: GraphProto) -> Iterator[NodeProto]:
    """Every node, each followed by those of its bodies (If, Loop, Scan)."""
    for node in graph.node:
        yield node
        for body in bodies(node):
            yield from walk_nodes(body)


def bodies(node: NodeProto) -> Iterator[GraphProto]:
    """The graphs inside a control-flow node."""
    for attribute in node.attribute:
        if attribute.type == AttributeProto.GRAPH:
            yield attribute.g
        yield from attribute.graphs
