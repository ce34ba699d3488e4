"""Maps engine layers to model nodes: by metadata, name, tensors, or by the layer that reads it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from trtcore.result.analysis.fusion.graph import ModelGraph
from trtcore.result.analysis.fusion.reasons import Reason
from trtcore.result.readers.inspector.layer_names import (
    foreign_range,
    model_tensor,
    nodes_in_name,
    only_moves,
)
from trtcore.result.records.layers import Layer, is_marker

_REFORMAT_KINDS = frozenset({"reformat", "noop", "copy", "cast"})


@dataclass
class Claims:
    """How the layers, by position, are mapped to the model.

    Attributes:
        nodes: the model nodes of a layer.
        leans_on: a layer without nodes, and the layer whose cost it is part of.
        reformats: layers that only reformat, cast or copy.
        opaque: layers that do not list their operations.
        markers: layers that only synchronise streams.
        unattributed: layers that are mapped to no node.
        reasons: why each node is mapped to its layer.
        reused: tensors of the model that several engine tensors are named after, though only one
            can be it: names of buffers that were used again.
        has_metadata: the plan names the model's nodes for its layers.
    """

    nodes: dict[int, tuple[str, ...]] = field(default_factory=dict)
    leans_on: dict[int, int] = field(default_factory=dict)
    reformats: set[int] = field(default_factory=set)
    opaque: set[int] = field(default_factory=set)
    markers: tuple[int, ...] = ()
    unattributed: tuple[int, ...] = ()
    reasons: dict[str, Reason] = field(default_factory=dict)
    reused: frozenset[str] = frozenset()
    has_metadata: bool = False

    def take(self, layer: int, nodes: tuple[str, ...], reason: Reason) -> None:
        """Gives nodes to a layer; the first reason of a node stands."""
        self.nodes[layer] = nodes
        for node in nodes:
            self.reasons.setdefault(node, reason)


def claim_nodes(layers: Sequence[Layer], graph: ModelGraph) -> Claims:
    """Finds the nodes of every layer.

    Args:
        layers: in order of execution.
        graph: the model; if it has no nodes, the names in a layer's name count as nodes.
    """
    claims = Claims(
        markers=tuple(i for i, layer in enumerate(layers) if is_marker(layer)),
        reused=_reused_names(layers, graph),
        has_metadata=any(layer.nodes for layer in layers),
    )
    rest = [i for i in range(len(layers)) if i not in set(claims.markers)]
    # The surest first, each for all layers: the later ones only share out the nodes that are left.
    for step in (_by_metadata, _by_name, _by_range, _by_tensors):
        for i in rest:
            if i not in claims.nodes:
                step(i, layers[i], graph, claims)
    _by_neighbours([i for i in rest if i not in claims.nodes], layers, graph, claims)
    _by_reader([i for i in rest if i not in claims.nodes], layers, claims)
    claims.unattributed = tuple(
        i for i in rest if i not in claims.nodes and i not in claims.leans_on
    )
    return claims


def _by_metadata(i: int, layer: Layer, graph: ModelGraph, claims: Claims) -> None:
    nodes = tuple(node for node in layer.nodes if not graph.nodes or node in graph.nodes)
    if nodes:
        claims.take(i, nodes, Reason.NAMED)
        _mark(i, layer, graph, claims)


def _by_name(i: int, layer: Layer, graph: ModelGraph, claims: Claims) -> None:
    # Without a model every name would count as a node, unless a plan has metadata for that. Plans
    # of before TensorRT 8.6 have details without it.
    has_details = bool(layer.inputs or layer.outputs)
    if not graph.nodes and ((claims.has_metadata and has_details) or foreign_range(layer.name)):
        return
    named = nodes_in_name(layer.name, graph.nodes or None)
    if named.nodes:
        claims.take(i, named.nodes, Reason.NAMED)
        if named.is_reformat:
            claims.reformats.add(i)
        _mark(i, layer, graph, claims)


def _by_range(i: int, layer: Layer, graph: ModelGraph, claims: Claims) -> None:
    """A ForeignNode holds what lies between its ends and belongs to no other layer."""
    ends = foreign_range(layer.name)
    if ends is None or not graph.nodes:
        return
    first, last = (_node_of(end, graph) for end in ends)
    taken = {node for nodes in claims.nodes.values() for node in nodes}
    if first and last:
        inside = graph.between(first, last)
    else:
        # An end that the parser generated is a weight or a shape: the range begins or ends
        # anywhere.
        inside = graph.ancestors([last]) if last else set(graph.nodes)
    nodes = graph.sort(inside - taken - graph.constants())
    if nodes:
        claims.take(i, nodes, Reason.IN_RANGE)
        claims.opaque.add(i)


def _by_tensors(i: int, layer: Layer, graph: ModelGraph, claims: Claims) -> None:
    """A layer holds the nodes from the tensors it reads to those it writes."""
    taken = {node for nodes in claims.nodes.values() for node in nodes}
    made = graph.tensors - claims.reused
    written = (model_tensor(tensor.name, made) for tensor in layer.outputs)
    read = (model_tensor(tensor.name, made) for tensor in layer.inputs)
    last = [node for t in written if t and (node := graph.maker(t)) and node not in taken]
    before = [node for t in read if t and (node := graph.maker(t))]
    inside = graph.ancestors(last, stop={*taken, *before}) - graph.constants()
    if inside:
        claims.take(i, graph.sort(inside), Reason.BY_TENSORS)


def _reused_names(layers: Sequence[Layer], graph: ModelGraph) -> frozenset[str]:
    names = {tensor.name for layer in layers for tensor in layer.outputs}
    counts = Counter(model_tensor(name, graph.tensors) for name in names)
    return frozenset(name for name, count in counts.items() if name and count > 1)


class _Neighbours:
    """The layers that write or read the tensors of other layers."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers
        self._readers: dict[str, list[int]] = defaultdict(list)
        self._writers: dict[str, list[int]] = defaultdict(list)
        for i, layer in enumerate(layers):
            for tensor in layer.inputs:
                self._readers[tensor.name].append(i)
            for tensor in layer.outputs:
                self._writers[tensor.name].append(i)

    def after(self, i: int) -> list[int]:
        """Later layers that read what a layer writes, nearest first."""
        return sorted(
            {j for tensor in self._layers[i].outputs for j in self._readers[tensor.name] if j > i}
        )

    def before(self, i: int) -> list[int]:
        """Earlier layers that write what a layer reads, nearest first."""
        writers = {
            j for tensor in self._layers[i].inputs for j in self._writers[tensor.name] if j < i
        }
        return sorted(writers, reverse=True)


def _by_neighbours(
    rest: Sequence[int], layers: Sequence[Layer], graph: ModelGraph, claims: Claims
) -> None:
    """A layer that computes holds the nodes that are left between the layers on its two sides."""
    neighbours, between = _Neighbours(layers), {}
    taken = {node for nodes in claims.nodes.values() for node in nodes}
    constants = graph.constants()
    for i in rest:
        if _moves(layers[i]) or not graph.nodes:
            continue
        behind = {node for node in _claimed(i, neighbours.after, claims) if node in graph.nodes}
        ahead = {node for node in _claimed(i, neighbours.before, claims) if node in graph.nodes}
        up = graph.ancestors((b for node in behind for b in graph.before(node)), stop=taken)
        down = graph.descendants((a for node in ahead for a in graph.after(node)), stop=taken)
        if inside := (up & down) - constants:
            between[i] = graph.sort(inside)
    # Only now: claimed one by one, the first of two layers side by side would take all the nodes.
    for i, nodes in between.items():
        claims.take(i, nodes, Reason.BETWEEN_LAYERS)


def _claimed(i: int, step: Callable[[int], list[int]], claims: Claims) -> set[str]:
    """The nodes of the nearest layers in one direction that have any."""
    nodes: set[str] = set()
    waiting, seen = step(i), {i}
    while waiting:
        other = waiting.pop()
        if other not in seen:
            seen.add(other)
            nodes.update(claims.nodes.get(other, ()))
            waiting += () if other in claims.nodes else step(other)
    return nodes


def _by_reader(rest: Sequence[int], layers: Sequence[Layer], claims: Claims) -> None:
    """A layer without nodes counts for the next layer that reads it, else for the one it read."""
    neighbours = _Neighbours(layers)
    # Backwards, so that each layer in a chain of reformats finds its reader settled already.
    for i in reversed(rest):
        _lean(i, layers[i], neighbours.after(i), claims)
    for i in rest:
        if i not in claims.leans_on:
            _lean(i, layers[i], neighbours.before(i), claims)


def _lean(i: int, layer: Layer, others: Sequence[int], claims: Claims) -> None:
    for other in others:
        if other in claims.nodes or other in claims.leans_on:
            claims.leans_on[i] = other
            if _moves(layer):
                claims.reformats.add(i)
            return


def _moves(layer: Layer) -> bool:
    return layer.kind.lower() in _REFORMAT_KINDS or only_moves(layer.name)


def _mark(i: int, layer: Layer, graph: ModelGraph, claims: Claims) -> None:
    """Notes whether a layer with nodes is opaque, or only moves data for nodes that compute."""
    if foreign_range(layer.name):
        claims.opaque.add(i)
    if _moves(layer) and any(graph.computes(node) for node in claims.nodes[i]):
        claims.reformats.add(i)


def _node_of(end: str, graph: ModelGraph) -> str | None:
    return end if end in graph.nodes else graph.maker(end)
