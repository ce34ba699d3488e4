"""The graph of an engine: its layers, and which of them reads what another one writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from itertools import pairwise
from typing import NamedTuple

from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.layers import Layer, ModelNode, is_marker


class EdgeSource(Enum):
    """What the edges of a graph are taken from."""

    TENSORS = "tensors"
    """The engine's layers name what they read and write."""
    NODES = "nodes"
    """They do not, but the nodes of the model in them do."""
    ORDER = "order"
    """Neither is known: each layer is followed by the next one executed."""


class Edge(NamedTuple):
    """A tensor from one layer to another, by their positions; ``""`` where it has no name."""

    start: int
    end: int
    tensor: str


class EngineGraph(NamedTuple):
    """The layers of an engine and what flows between them.

    Attributes:
        layers: positions of the layers, without those that only synchronise streams.
        edges: each pair of layers and tensor once.
        source: what the edges are taken from.
    """

    layers: tuple[int, ...]
    edges: tuple[Edge, ...]
    source: EdgeSource


def engine_graph(analysis: Analysis) -> EngineGraph:
    """Returns the layers of a profile and their edges, from the best source there is."""
    profile = analysis.profile
    places = tuple(i for i, layer in enumerate(profile.layers) if not is_marker(layer))
    for source, flows in (
        (EdgeSource.TENSORS, _tensors_of_layers(profile.layers)),
        (EdgeSource.NODES, _tensors_of_nodes(analysis)),
    ):
        if edges := _edges(places, *flows):
            return EngineGraph(places, edges, source)
    order = tuple(Edge(start, end, "") for start, end in pairwise(places))
    return EngineGraph(places, order, EdgeSource.ORDER)


_Flow = Mapping[int, Sequence[str]]


def _tensors_of_layers(layers: Sequence[Layer]) -> tuple[_Flow, _Flow]:
    """What each layer reads and writes."""
    reads = {i: [tensor.name for tensor in layer.inputs] for i, layer in enumerate(layers)}
    writes = {i: [tensor.name for tensor in layer.outputs] for i, layer in enumerate(layers)}
    return reads, writes


def _tensors_of_nodes(analysis: Analysis) -> tuple[_Flow, _Flow]:
    """The same by the nodes in each layer."""
    known: Mapping[str, ModelNode] = analysis.graph.nodes
    reads: dict[int, list[str]] = {}
    writes: dict[int, list[str]] = {}
    for i, layer in enumerate(analysis.profile.layers):
        nodes = [known[name] for name in layer.nodes if name in known]
        writes[i] = [tensor for node in nodes for tensor in node.outputs]
        # Two layers can do one node together: neither reads what it writes itself.
        own = set(writes[i])
        reads[i] = [tensor for node in nodes for tensor in node.inputs if tensor not in own]
    return reads, writes


def _edges(places: Iterable[int], reads: _Flow, writes: _Flow) -> tuple[Edge, ...]:
    """Each layer that reads a tensor after those that wrote it, in order of execution.

    Several layers can write parts of one tensor, as into a concatenation: its readers follow them
    all. Names repeat (Myelin's scratch memory): a tensor that is written after it was read is a new
    one. What is read before it is written is what a loop carries around.
    """
    values: dict[str, _Value] = defaultdict(_Value)
    last = {tensor: i for i in places for tensor in writes[i]}
    found: dict[Edge, None] = {}
    for i in places:
        for tensor in filter(None, dict.fromkeys(reads[i])):
            starts = values[tensor].writers or [last.get(tensor, i)]
            values[tensor].is_read = True
            found |= {Edge(start, i, tensor): None for start in starts if start != i}
        for tensor in filter(None, dict.fromkeys(writes[i])):
            if values[tensor].is_read:
                values[tensor] = _Value()
            values[tensor].writers.append(i)
    return tuple(found)


class _Value:
    """The layers that have written a tensor, and whether one has read it since."""

    def __init__(self) -> None:
        self.writers: list[int] = []
        self.is_read = False
