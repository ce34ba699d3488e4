"""A copy of a model whose nodes are named by ids, so that every timed event maps to its node.

ONNX Runtime does not always run the graph it was given: operators without a kernel are replaced by
the body of their definition (HardSwish becomes HardSigmoid and Mul), and casts are put around
operators that lack a Half kernel. `flatten` takes the graph as it is run and finds, by the names of
the tensors, the model node that every extra node works for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from onnx import GraphProto, ModelProto, NodeProto

from trtcore.models.model import Model
from trtcore.models.onnx.bodies import bodies
from trtcore.models.onnx.graph import walk_nodes
from trtcore.result.records.layers import Layer, TensorInfo

_ID = "trtcore_node_"
INNER = "trtcore_inner"
"""Name of every node inside a body (If, Loop, Scan): its time is part of the outer node's."""

_CAST_PREFIX = "InsertedPrecisionFreeCast_"


@dataclass(frozen=True)
class TimedGraph:
    """The graph that is run, and its nodes as layers.

    Attributes:
        model: the graph, its nodes named by `node_id`.
        layers: one per node of the graph, by id.
    """

    model: Model
    layers: tuple[Layer, ...]


def node_id(index: int) -> str:
    """The name under which node ``index`` is run."""
    return f"{_ID}{index}"


def layer_index(name: str) -> int | None:
    """The index behind a `node_id`; None for any other name."""
    number = name.removeprefix(_ID)
    return int(number) if name.startswith(_ID) and number.isdecimal() else None


def real_names(text: str, layers: tuple[Layer, ...]) -> str:
    """Puts the model's own node names back into a message about a `TimedGraph`."""
    return re.sub(rf"{_ID}(\d+)", lambda match: layers[int(match[1])].name, text)


def timed_graph(model: Model) -> TimedGraph:
    """Copies a model and names its nodes by id."""
    layers = tuple(
        Layer(
            node.name,
            node.op_type,
            (node.name, *_inner_names(node)),
            inputs=_tensors(node.input),
            outputs=_tensors(node.output),
        )
        for node in model.proto.graph.node
    )
    return TimedGraph(_renamed(model, model.proto), layers)


def flatten(model: Model, timed: TimedGraph, as_run: ModelProto) -> TimedGraph:
    """Returns the graph that ONNX Runtime made of a timed one, every node mapped to the model's.

    Args:
        model: the model itself.
        timed: its timed graph.
        as_run: what ONNX Runtime made of that.
    """
    origins = _origins(model.proto.graph, as_run.graph)
    layers = tuple(
        timed.layers[index]
        if (index := layer_index(node.name)) is not None
        else _extra_layer(node, origins[i])
        for i, node in enumerate(as_run.graph.node)
    )
    return TimedGraph(_renamed(model, as_run), layers)


def _renamed(model: Model, proto: ModelProto) -> Model:
    # A copy: the caller's model keeps its node names.
    own = ModelProto()
    own.CopyFrom(proto)
    for node in walk_nodes(own.graph):
        node.name = INNER
    for index, node in enumerate(own.graph.node):
        node.name = node_id(index)
    return Model(model.name, own, model.source)


def _inner_names(node: NodeProto) -> Iterator[str]:
    return (inner.name for body in bodies(node) for inner in walk_nodes(body))


def _tensors(names: Iterable[str]) -> tuple[TensorInfo, ...]:
    return tuple(TensorInfo(name, (), "") for name in names if name)


def _extra_layer(node: NodeProto, origin: str) -> Layer:
    # The operator tells it from the node it works for, which has a row of its own.
    name = f"{origin or '?'} ({node.op_type})"
    nodes = (origin,) if origin else ()
    return Layer(
        name, node.op_type, nodes, inputs=_tensors(node.input), outputs=_tensors(node.output)
    )


def _origins(graph: GraphProto, as_run: GraphProto) -> list[str]:
    """For each node as run, the model node whose result it makes or on whose result it works.

    Nodes are in topological order, so that going backwards a node's readers are known before it.
    """
    makers = {tensor: node.name for node in graph.node for tensor in node.output}
    readers: dict[str, str] = {}
    origins = []
    for node in reversed(as_run.node):
        index = layer_index(node.name)
        if index is not None:
            origin = graph.node[index].name
        else:
            origin = _origin_of_extra(node, makers, readers)
        readers.update(dict.fromkeys(node.input, origin))
        origins.append(origin)
    return origins[::-1]


def _origin_of_extra(node: NodeProto, makers: dict[str, str], readers: dict[str, str]) -> str:
    made = [makers.get(tensor.removeprefix(_CAST_PREFIX)) for tensor in node.output]
    read = [readers.get(tensor) for tensor in node.output]
    # A cast that was put in front of a node works for its reader; any other extra node computes a
    # part of the node that makes its output.
    is_cast = node.name.startswith(_CAST_PREFIX)
    return next(filter(None, (*read, *made) if is_cast else (*made, *read)), "")
