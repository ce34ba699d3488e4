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
from trtcore.models.onnx.walk import walk_nodes
from trtcore.precision.convert.nodes import rename_value
from trtcore.result.records.layers import Layer, TensorInfo

_ID = "trtcore_node_"
_CAST_PREFIX = "InsertedPrecisionFreeCast_"
# The word of a row's name for each body of a control-flow node: `/If/then/...`.
_BODY_WORDS = {"then_branch": "then", "else_branch": "else"}


@dataclass(frozen=True)
class TimedGraph:
    """The graph that is run, and its nodes as layers.

    Attributes:
        model: the graph, its nodes named by `node_id`, those of bodies too.
        layers: one per node of the graph, by id.
        holders: by id, the control-flow node in whose body a node is; -1 outside of bodies.
    """

    model: Model
    layers: tuple[Layer, ...]
    holders: tuple[int, ...]


@dataclass(frozen=True)
class _Place:
    """A node, what its row's name begins with, and the id of the node whose body it is in."""

    node: NodeProto
    prefix: str = ""
    holder: int = -1

    @property
    def row_name(self) -> str:
        return f"{self.prefix}{self.node.name.lstrip('/')}" if self.prefix else self.node.name


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


def row_names(model: Model) -> dict[str, str]:
    """The name of each node's row by the name of the node: bodies have a path, `/If/then/...`."""
    return {place.node.name: place.row_name for place in _places(model.proto.graph)}


def timed_graph(model: Model) -> TimedGraph:
    """Copies a model and names its nodes by id."""
    places = tuple(_places(model.proto.graph))
    layers = (_own_layer(place) for place in places)
    return _timed(model, model.proto, layers, places)


def flatten(model: Model, timed: TimedGraph, as_run: ModelProto) -> TimedGraph:
    """Returns the graph that ONNX Runtime made of a timed one, every node mapped to the model's.

    Args:
        model: the model itself.
        timed: its timed graph.
        as_run: what ONNX Runtime made of that.
    """
    own = tuple(place.node for place in _places(model.proto.graph))
    layers = _layers_as_run(model.proto.graph, as_run.graph, timed.layers, own)
    return _timed(model, as_run, layers, tuple(_places(as_run.graph)))


def _timed(
    model: Model, proto: ModelProto, layers: Iterable[Layer], places: tuple[_Place, ...]
) -> TimedGraph:
    # A copy: the caller's model keeps its node names.
    own = ModelProto()
    own.CopyFrom(proto)
    named = tuple(layers)
    _tell_casts_apart(own.graph)
    for index, node in enumerate(walk_nodes(own.graph)):
        node.name = node_id(index)
    holders = tuple(place.holder for place in places)
    return TimedGraph(Model(model.name, own, model.source), named, holders)


def _tell_casts_apart(graph: GraphProto) -> None:
    """Gives casts that ONNX Runtime put into bodies values of their own.

    It names them after the value they cast, so that a body and what is around it have the same.
    """
    for index, node in enumerate(walk_nodes(graph)):
        for word, body in _named_bodies(node):
            made = [name for inner in body.node for name in inner.output]
            for name in made:
                if name.startswith(_CAST_PREFIX):
                    for inner in body.node:
                        rename_value(inner, name, f"{name}__{index}_{word}")


def _places(
    graph: GraphProto, prefix: str = "", holder: int = -1, first: int = 0
) -> Iterator[_Place]:
    """Every node in the order of `walk_nodes`; ``first`` is the id of the graph's first one."""
    index = first
    for node in graph.node:
        place = _Place(node, prefix, holder)
        yield place
        own, index = index, index + 1
        for word, body in _named_bodies(node):
            for inner in _places(body, f"{place.row_name}/{word}/", own, index):
                yield inner
                index += 1


def _named_bodies(node: NodeProto) -> Iterator[tuple[str, GraphProto]]:
    """The bodies of a node in the order of `bodies`, each with the word for it."""
    for attribute in node.attribute:
        for body in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
            yield _BODY_WORDS.get(attribute.name, attribute.name), body


def _own_layer(place: _Place) -> Layer:
    node = place.node
    return Layer(
        place.row_name,
        node.op_type,
        (node.name,),
        inputs=_tensors(node.input),
        outputs=_tensors(node.output),
    )


def _layers_as_run(
    graph: GraphProto, as_run: GraphProto, layers: tuple[Layer, ...], own: tuple[NodeProto, ...]
) -> Iterator[Layer]:
    """One layer per node of a graph as it is run, and of its bodies."""
    for node, origin in zip(as_run.node, _origins(graph, as_run, own), strict=True):
        index = layer_index(node.name)
        yield layers[index] if index is not None else _extra_layer(node, origin)
        known = dict(_named_bodies(own[index])) if index is not None else {}
        for word, body in _named_bodies(node):
            # An operator that was replaced by a loop has no body in the model: all of it is its.
            inner = known.get(word)
            if inner is not None:
                yield from _layers_as_run(inner, body, layers, own)
            else:
                yield from (_extra_layer(one, origin) for one in walk_nodes(body))


def _tensors(names: Iterable[str]) -> tuple[TensorInfo, ...]:
    return tuple(TensorInfo(name, (), "") for name in names if name)


def _extra_layer(node: NodeProto, origin: str) -> Layer:
    # The operator tells it from the node it works for, which has a row of its own.
    name = f"{origin or '?'} ({node.op_type})"
    nodes = (origin,) if origin else ()
    return Layer(
        name, node.op_type, nodes, inputs=_tensors(node.input), outputs=_tensors(node.output)
    )


def _origins(graph: GraphProto, as_run: GraphProto, own: tuple[NodeProto, ...]) -> list[str]:
    """For each node as run, the model node whose result it makes or on whose result it works.

    Nodes are in topological order, so that going backwards a node's readers are known before it.
    """
    makers = {tensor: node.name for node in graph.node for tensor in node.output}
    readers: dict[str, str] = {}
    origins = []
    for node in reversed(as_run.node):
        index = layer_index(node.name)
        origin = own[index].name if index is not None else _origin_of_extra(node, makers, readers)
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
