"""Goes through the nodes of an ONNX graph and of the graphs inside them."""

from __future__ import annotations

from collections.abc import Iterator

from onnx import GraphProto, NodeProto

from trtcore.models.onnx.bodies import bodies

__all__ = ["bodies", "free_reads", "walk_nodes"]


def walk_nodes(graph: GraphProto) -> Iterator[NodeProto]:
    """Every node, each followed by those of its bodies (If, Loop, Scan)."""
    for node in graph.node:
        yield node
        for body in bodies(node):
            yield from walk_nodes(body)


def free_reads(node: NodeProto) -> Iterator[str]:
    """What a node reads of the graph around it, and its bodies do: not what these make themselves.

    A body may call a value of its own as the graph calls another.
    """
    yield from node.input
    for body in bodies(node):
        own = {one.name for one in (*body.input, *body.initializer)}
        for inner in body.node:
            yield from (name for name in free_reads(inner) if name not in own)
            own.update(inner.output)
        yield from (output.name for output in body.output if output.name not in own)


def called(node: NodeProto) -> str:
    """What to call a node that need have no name, nor, before ONNX's checker, any output."""
    return node.name or next(iter(node.output), "") or node.op_type
