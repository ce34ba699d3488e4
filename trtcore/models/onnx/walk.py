"""Goes through the nodes of an ONNX graph and of the graphs inside them."""

from __future__ import annotations

from collections.abc import Iterator

from onnx import GraphProto, NodeProto

from trtcore.models.onnx.bodies import bodies

__all__ = ["bodies", "walk_nodes"]


def walk_nodes(graph: GraphProto) -> Iterator[NodeProto]:
    """Every node, each followed by those of its bodies (If, Loop, Scan)."""
    for node in graph.node:
        yield node
        for body in bodies(node):
            yield from walk_nodes(body)
