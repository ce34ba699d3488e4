"""Groups of engine layers and model nodes that belong together, with nothing left out.

Groups are the connected components of layers and nodes: the smallest sets that can be compared.
Every node ends in one group or one of the lists of `FusionMap`; every layer in one group, among
the stream sync layers or unattributed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from trtcore.errors import few
from trtcore.result.analysis.fusion.claims import Claims, claim_nodes
from trtcore.result.analysis.fusion.graph import Components, ModelGraph
from trtcore.result.analysis.fusion.leftover import Group, Leftovers
from trtcore.result.analysis.fusion.reasons import ELIMINATED, FOLDED, UNKNOWN, Reason
from trtcore.result.records.profile import Profile

_MODES = ("input", "output")

__all__ = ["FusionMap", "Group", "describe_fusion", "map_fusion", "model_graph"]


@dataclass(frozen=True)
class FusionMap:
    """The groups of a profile, and what is in none.

    Attributes:
        groups: in order of their first layer.
        folded: nodes whose results are constants of the engine.
        eliminated: nodes that do nothing, or whose work the layers beside them do.
        unknown: nodes that could not be mapped.
        markers: layers that only synchronise streams.
        unattributed: other layers that are mapped to no node.
        guessed: layers in groups that are mapped to no node themselves, and that do more than
            move data: they count for a layer beside them.
        reasons: why each node of the model is where it is.
    """

    groups: tuple[Group, ...]
    folded: tuple[str, ...] = ()
    eliminated: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    markers: tuple[int, ...] = ()
    unattributed: tuple[int, ...] = ()
    guessed: tuple[int, ...] = ()
    reasons: Mapping[str, Reason] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def group_of(self) -> dict[str, Group]:
        """The group of each node that has one."""
        return {node: group for group in self.groups for node in group.nodes}

    @property
    def node_coverage(self) -> float:
        """Part of the model's nodes that are accounted for, 0 to 1; 1 without a known model."""
        found = len(self.group_of) + len(self.folded) + len(self.eliminated)
        return found / (found + len(self.unknown)) if found + len(self.unknown) else 1.0

    def time_coverage(self, layer_ms: Sequence[float]) -> float:
        """Part of the layer time that is in groups, 0 to 1; 1 where there is no time at all."""
        total = sum(layer_ms)
        inside = sum(layer_ms[i] for group in self.groups for i in group.layers)
        return inside / total if total else 1.0


def map_fusion(profile: Profile) -> FusionMap:
    """Works out which layers and nodes belong together.

    Layers name their nodes in the plan's metadata. Where they do not, they are mapped by their name
    or their tensors, and a layer that only reformats counts for the layer that reads its result.

    Raises:
        ResultError: a model node is there twice.
    """
    graph = model_graph(profile)
    claims = claim_nodes(profile.layers, graph)
    left = Leftovers(
        graph,
        profile.layers,
        claims.nodes,
        _groups(claims, graph),
        claims.unattributed,
        claims.reused,
    )
    groups = left.place()
    reasons = {**claims.reasons, **left.reasons}
    return FusionMap(
        groups=groups,
        folded=_with(FOLDED, graph, reasons),
        eliminated=_with(ELIMINATED, graph, reasons),
        unknown=_with(UNKNOWN, graph, reasons),
        markers=claims.markers,
        unattributed=claims.unattributed,
        guessed=tuple(sorted(claims.leans_on.keys() - claims.reformats)),
        reasons={name: reasons[name] for name in graph.nodes},
    )


def model_graph(profile: Profile) -> ModelGraph:
    """Returns the graph of a profile's model.

    Raises:
        ResultError: a model node is there twice.
    """
    inputs, outputs = ([t.name for t in profile.io if t.mode == mode] for mode in _MODES)
    return ModelGraph(profile.model.nodes, inputs, outputs)


def _with(
    some: frozenset[Reason], graph: ModelGraph, reasons: Mapping[str, Reason]
) -> tuple[str, ...]:
    return tuple(name for name in graph.nodes if reasons[name] in some)


def describe_fusion(profile: Profile, fusion: FusionMap, layer_ms: Sequence[float]) -> str:
    """Returns the coverage in nodes and in time, in one line; ``""`` without a known model."""
    nodes = profile.model.nodes
    if not nodes:
        return ""
    ops = {node.name: node.op for node in nodes}
    mapped, count = len(nodes) - len(fusion.unknown), len(fusion.groups)
    parts = [
        f"{mapped} of {len(nodes)} model nodes ({fusion.node_coverage:.1%}) accounted for in "
        f"{count} group{'s' * (count != 1)}",
        _listed("folded into constants", fusion.folded, ops),
        _listed("eliminated", fusion.eliminated, ops),
        _listed("unknown", fusion.unknown, ops),
        *_time_words(fusion, layer_ms),
        "opaque layers do not list their nodes" if any(g.is_opaque for g in fusion.groups) else "",
    ]
    return "; ".join(filter(None, parts))


def _time_words(fusion: FusionMap, layer_ms: Sequence[float]) -> list[str]:
    total = sum(layer_ms)
    if not total > 0:
        return []
    reformats = sum(layer_ms[i] for group in fusion.groups for i in group.reformats)
    return [
        f"{fusion.time_coverage(layer_ms):.1%} of the layer time is in groups",
        f"reformats, casts and copies take {reformats / total:.1%}" if reformats else "",
    ]


def _listed(title: str, names: Sequence[str], ops: dict[str, str]) -> str:
    if not names:
        return ""
    kinds = ", ".join(f"{n} {op}" for op, n in Counter(ops[name] for name in names).items())
    return f"{title}: {kinds} ({few(names)})"


def _groups(claims: Claims, graph: ModelGraph) -> tuple[Group, ...]:
    """Connected components of the claims; layers that lean on another one go with it."""
    # Layers by position and nodes by name in one set: an int and a str never clash.
    components: Components[int | str] = Components()
    for layer, nodes in claims.nodes.items():
        for node in nodes:
            components.join(layer, node)
    for layer, other in claims.leans_on.items():
        components.join(layer, other)
    members: dict[int | str, list[int | str]] = defaultdict(list)
    for member in components:
        members[components.root(member)].append(member)
    groups = [_group(set(parts), claims, graph) for parts in members.values()]
    return tuple(sorted(groups, key=lambda group: group.layers))


def _group(parts: Iterable[int | str], claims: Claims, graph: ModelGraph) -> Group:
    members = set(parts)
    layers = tuple(sorted(part for part in members if isinstance(part, int)))
    return Group(
        layers=layers,
        nodes=graph.sort(part for part in members if isinstance(part, str)),
        reformats=tuple(i for i in layers if i in claims.reformats),
        is_opaque=any(i in claims.opaque for i in layers),
    )
