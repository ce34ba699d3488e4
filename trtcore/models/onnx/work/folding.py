"""Shapes that ONNX's own inference leaves open, found by computing the arithmetic behind them.

Exporters write paddings and reshapes as chains of Shape, Gather, Concat and Cast. Where all of a
chain is constant its values are computed, and inference runs again with them in the graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

import numpy as np
import onnx
from onnx import GraphProto, ModelProto, NodeProto, numpy_helper

from trtcore.models.onnx.bodies import bodies
from trtcore.models.onnx.work.operands import Shape
from trtcore.models.onnx.work.shapes import known_shapes

Values = dict[str, "np.ndarray[Any, Any]"]

# Shape arithmetic is on vectors with an entry for each dimension; tables of positions are larger.
# Weights are not computed with: they are no part of a shape.
_MOST_ELEMENTS = 65536
# Each pass gets to the next shape that depends on one; a network has that in each of its blocks.
_MOST_PASSES = 50
_RANDOM = frozenset({"RandomNormal", "RandomUniform", "RandomNormalLike", "Multinomial"})


def completed_shapes(proto: ModelProto) -> dict[str, Shape]:
    """Every whole shape of a graph, those behind constant arithmetic too.

    Args:
        proto: with inferred shapes and without the data of its weights; it is changed.
    """
    shapes, values = known_shapes(proto.graph), _initial(proto.graph)
    for _ in range(_MOST_PASSES):
        if not _open(proto.graph, shapes):
            break
        shapes.update(_inferred(proto))
        found = _folded(proto, shapes, values)
        if not found:
            break
        values.update(found)
        _put_in(proto.graph, found)
    return shapes


def _inferred(proto: ModelProto) -> dict[str, Shape]:
    inferred = onnx.shape_inference.infer_shapes(proto, data_prop=True)
    del proto.graph.value_info[:]
    proto.graph.value_info.extend(inferred.graph.value_info)
    return known_shapes(inferred.graph)


def _open(graph: GraphProto, shapes: Mapping[str, Shape]) -> bool:
    return any(name and name not in shapes for node in graph.node for name in node.output)


def _initial(graph: GraphProto) -> Values:
    return {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in graph.initializer
        if prod(tensor.dims) <= _MOST_ELEMENTS and _has_data(tensor)
    }


def _has_data(tensor: onnx.TensorProto) -> bool:
    is_here = tensor.data_location != onnx.TensorProto.EXTERNAL
    fields = ("raw_data", "int64_data", "int32_data", "float_data", "double_data", "uint64_data")
    return is_here and (not prod(tensor.dims) or any(len(getattr(tensor, f)) for f in fields))


def _folded(proto: ModelProto, shapes: Mapping[str, Shape], values: Values) -> Values:
    """The results of every node whose inputs are known, in graph order."""
    found: Values = {}
    known = dict(values)
    for node in proto.graph.node:
        if node.output[0] not in known and _can_fold(node, shapes, known):
            results = dict(_computed(proto, node, shapes, known))
            known.update(results)
            found.update(results)
    return found


def _can_fold(node: NodeProto, shapes: Mapping[str, Shape], known: Values) -> bool:
    if node.op_type in _RANDOM or node.domain not in ("", "ai.onnx") or list(bodies(node)):
        return False
    if node.op_type == "Shape":
        return node.input[0] in shapes
    return all(not name or name in known for name in node.input)


def _computed(
    proto: ModelProto, node: NodeProto, shapes: Mapping[str, Shape], known: Values
) -> Iterator[tuple[str, Any]]:
    from onnx.reference import ReferenceEvaluator

    if node.op_type == "Shape" and not node.attribute:
        yield node.output[0], np.array(shapes[node.input[0]], np.int64)
        return
    names = [name for name in node.input if name]
    feeds = {name: known[name] for name in names} if node.op_type != "Shape" else {}
    if node.op_type == "Shape":
        feeds = {node.input[0]: np.broadcast_to(np.float32(0), shapes[node.input[0]])}
    graph = onnx.helper.make_graph(
        [node],
        "fold",
        [onnx.ValueInfoProto(name=name) for name in feeds],
        [onnx.ValueInfoProto(name=name) for name in node.output if name],
    )
    model = onnx.helper.make_model(graph, opset_imports=proto.opset_import)
    try:
        results = ReferenceEvaluator(model).run(None, feeds)
    except Exception:
        return
    for name, result in zip((name for name in node.output if name), results, strict=True):
        if isinstance(result, np.ndarray) and result.size <= _MOST_ELEMENTS:
            yield name, result


def _put_in(graph: GraphProto, found: Values) -> None:
    """Constants instead of the nodes that compute them."""
    kept = [node for node in graph.node if node.output[0] not in found]
    del graph.node[:]
    graph.node.extend(kept)
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in found.items())
