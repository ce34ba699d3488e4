"""Shapes that ONNX's own inference leaves open, found by computing the arithmetic behind them.

Exporters write paddings and reshapes as chains of Shape, Gather, Concat and Cast. Where all of a
chain is constant its values are computed, and inference runs again with them in the graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod

import onnx
from onnx import GraphProto, ModelProto, NodeProto, numpy_helper

from trtcore.models.onnx.bodies import bodies
from trtcore.models.onnx.randomness import RANDOM_OPERATORS
from trtcore.models.onnx.workload.computing import MOST_ELEMENTS, Values, results_of
from trtcore.models.onnx.workload.operands import Shape
from trtcore.models.onnx.workload.shapes import known_shapes

Types = dict[str, onnx.ValueInfoProto]

# Each pass gets to the next shape that depends on one; a network has that in each of its blocks.
_MOST_PASSES = 50


def completed_shapes(proto: ModelProto) -> dict[str, Shape]:
    """Every whole shape of a graph, those behind constant arithmetic too.

    Args:
        proto: with inferred shapes and without the data of its weights; it is changed.
    """
    graph = proto.graph
    shapes, values = known_shapes(graph), _initial(graph)
    types: Types = {}
    for done in range(_MOST_PASSES):
        waiting = _open(graph, shapes)
        if not waiting:
            break
        # Only the first pass looks at all nodes: what is known by then stays as it is.
        part = _part(proto, waiting, types) if done else proto
        inferred = onnx.shape_inference.infer_shapes(part, data_prop=True).graph
        types |= {value.name: value for value in _values(inferred)}
        shapes.update(known_shapes(inferred))
        found = _folded(proto, shapes, values)
        if not found:
            break
        values.update(found)
        shapes.update((name, value.shape) for name, value in found.items())
        _put_in(graph, found)
    return shapes


def known_values(proto: ModelProto, shapes: Mapping[str, Shape]) -> Values:
    """Every value of a graph that follows from its constants and from shapes.

    Args:
        proto: without the data of its weights.
        shapes: of its values, as far as they are known.
    """
    values = _initial(proto.graph)
    return {**values, **_folded(proto, shapes, values)}


def _part(proto: ModelProto, nodes: Sequence[NodeProto], types: Types) -> ModelProto:
    """Some nodes of a graph as one of their own, with what they read from the others as inputs."""
    part = ModelProto(ir_version=proto.ir_version)
    part.opset_import.extend(proto.opset_import)
    part.functions.extend(proto.functions)
    part.graph.node.extend(nodes)
    made = {name for node in nodes for name in node.output}
    read = {name for node in nodes for name in _reads(node)} - made
    part.graph.initializer.extend(one for one in proto.graph.initializer if one.name in read)
    read -= {tensor.name for tensor in part.graph.initializer}
    part.graph.input.extend(types[name] for name in sorted(read) if name in types)
    return part


def _reads(node: NodeProto) -> Iterator[str]:
    """What a node reads, its bodies included, and the names that only these have."""
    yield from node.input
    for body in bodies(node):
        for inner in body.node:
            yield from _reads(inner)


def _values(graph: GraphProto) -> Iterator[onnx.ValueInfoProto]:
    yield from graph.input
    yield from graph.value_info
    yield from graph.output


def _open(graph: GraphProto, shapes: Mapping[str, Shape]) -> list[NodeProto]:
    """The nodes with a result whose shape is not known."""
    return [n for n in graph.node if any(name and name not in shapes for name in n.output)]


def _initial(graph: GraphProto) -> Values:
    return {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in graph.initializer
        if prod(tensor.dims) <= MOST_ELEMENTS and _has_data(tensor)
    }


def _has_data(tensor: onnx.TensorProto) -> bool:
    is_here = tensor.data_location != onnx.TensorProto.EXTERNAL
    fields = ("raw_data", "int64_data", "int32_data", "float_data", "double_data", "uint64_data")
    return is_here and (not prod(tensor.dims) or any(len(getattr(tensor, f)) for f in fields))


def _folded(proto: ModelProto, shapes: Mapping[str, Shape], values: Values) -> Values:
    """The results of every node whose inputs are known, in graph order."""
    found: Values = {}
    known = dict(values)
    versions = {opset.domain: opset.version for opset in proto.opset_import}
    for node in proto.graph.node:
        # A node of an unknown operator may write nothing: nobody has checked it.
        if node.output and node.output[0] not in known and _can_fold(node, shapes, known):
            results = dict(results_of(node, versions, shapes, known))
            known.update(results)
            found.update(results)
    return found


def _can_fold(node: NodeProto, shapes: Mapping[str, Shape], known: Values) -> bool:
    if node.op_type in RANDOM_OPERATORS or node.domain not in ("", "ai.onnx") or list(bodies(node)):
        return False
    if node.op_type == "Shape":
        return node.input[0] in shapes
    return all(not name or name in known for name in node.input)


def _put_in(graph: GraphProto, found: Values) -> None:
    """Constants instead of the nodes that compute them."""
    kept = [node for node in graph.node if not node.output or node.output[0] not in found]
    del graph.node[:]
    graph.node.extend(kept)
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in found.items())
