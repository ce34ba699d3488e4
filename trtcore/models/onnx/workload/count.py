"""The work of every node of a graph whose shapes are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

from onnx import GraphProto, ModelProto, NodeProto

from trtcore.models.onnx.bodies import bodies
from trtcore.models.onnx.weights import without_weights
from trtcore.models.onnx.workload.elementwise import OPERATIONS
from trtcore.models.onnx.workload.folding import completed_shapes
from trtcore.models.onnx.workload.operands import Operands, Shape, UnknownShapeError
from trtcore.models.onnx.workload.products import PRODUCTS
from trtcore.models.onnx.workload.shapes import known_shapes
from trtcore.result.records.work import NodeWork

_DOMAINS = ("", "ai.onnx")
_FOLDED = NodeWork()


def count_work(proto: ModelProto) -> Iterator[tuple[NodeProto, NodeWork | None]]:
    """Counts the work of every node, those of control-flow bodies after the node that holds them.

    What depends on constants only is computed when an engine is built: such nodes have no work,
    and what they make counts as weights. A body counts once: how often a Loop runs is not known.

    Args:
        proto: with inferred shapes.

    Yields:
        A node and its work; None where a shape that its closed form needs is not known.
    """
    shapes = completed_shapes(without_weights(proto))
    yield from _count(proto.graph, shapes)


def _count(
    graph: GraphProto, shapes: Mapping[str, Shape]
) -> Iterator[tuple[NodeProto, NodeWork | None]]:
    own = {**shapes, **known_shapes(graph)}
    constants = {tensor.name for tensor in graph.initializer}
    for node in graph.node:
        if all(not name or name in constants for name in node.input) and not list(bodies(node)):
            constants.update(node.output)
            yield node, _FOLDED
            continue
        yield node, _work(node, own, constants)
        for body in bodies(node):
            yield from _count(body, own)


def _work(node: NodeProto, shapes: Mapping[str, Shape], constants: set[str]) -> NodeWork | None:
    operands = Operands(node, shapes)
    op = node.op_type if node.domain in _DOMAINS else ""
    try:
        macs = PRODUCTS[op](operands) if op in PRODUCTS else 0
        other = OPERATIONS[op](operands) if op in OPERATIONS else 0
    except (UnknownShapeError, IndexError, ValueError):
        return None
    weights = [name for name in node.input if name in constants and name in shapes]
    return NodeWork(
        macs=macs,
        flops=2 * macs + other,
        weights=sum(prod(shapes[name]) for name in weights),
        outputs=tuple(prod(shapes[name]) if name in shapes else -1 for name in node.output),
    )
