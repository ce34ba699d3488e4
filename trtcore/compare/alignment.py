"""Two profiles of one model side by side: the smallest sets of nodes that both can be timed for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from trtcore.compare.same_graph import check_same_graph
from trtcore.errors import ResultError, argument
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.fusion.graph import Components
from trtcore.result.analysis.fusion.groups import FusionMap, Group
from trtcore.result.readers.sample_table import CUT, complete_names
from trtcore.result.readers.trtexec_times import has_no_layers
from trtcore.result.records.layers import ModelNode
from trtcore.result.records.profile import Profile

FEWEST_SHARED = 0.5
"""The least part of the time of either side that has to be in nodes of both. Below half, most of
what a table would show is on one side only; baselines of the same network have 95 % or more."""


@dataclass(frozen=True)
class Side:
    """One of the two profiles.

    Attributes:
        analysis: of the profile; cut names completed, and with the graph of the other side where
            it has none of its own.
    """

    analysis: Analysis

    @property
    def profile(self) -> Profile:
        """The profile."""
        return self.analysis.profile

    @property
    def fusion(self) -> FusionMap:
        """Its groups."""
        return self.analysis.fusion


@dataclass(frozen=True)
class Span:
    """Nodes that belong together on one side or the other.

    Attributes:
        nodes: their names.
        base_layers: positions in the base profile.
        new_layers: positions in the new one.
        is_refused: re-fused: the two sides group them differently.
    """

    nodes: tuple[str, ...]
    base_layers: tuple[int, ...]
    new_layers: tuple[int, ...]
    is_refused: bool


def align(
    base: Analysis,
    new: Analysis,
    *,
    allow_partial: bool = False,
    names: tuple[str, str] | None = None,
) -> tuple[Side, Side]:
    """Maps both profiles onto the nodes of one model.

    Args:
        base: before.
        new: after.
        allow_partial: go on although the models are not the same.
        names: labels of the two in error messages; None for their models' names.

    Raises:
        ResultError: they are not of the same model and ``allow_partial`` is not set, or a model
            node is there twice.
    """
    profiles = (base.profile, new.profile)
    # A side without a graph, such as a trtexec profile, borrows the other's: names and tensors of
    # its layers can then be mapped to nodes.
    nodes = base.profile.model.nodes or new.profile.model.nodes
    known = [node.name for node in nodes] or _named(profiles)
    sides = [
        _side(analysis, nodes, known, names[i] if names else "")
        for i, analysis in enumerate((base, new))
    ]
    # Times of whole inferences do not tell which model they are of.
    if not allow_partial and not any(map(has_no_layers, profiles)):
        quoted = (_quoted(base.profile), _quoted(new.profile))
        _check_same_model(sides, profiles, names or quoted)
    return sides[0], sides[1]


def spans(base: Side, new: Side) -> tuple[Span, ...]:
    """Returns the connected components of the groups of both sides, in the order of the base."""
    return tuple(_span(nodes, base, new) for nodes in node_sets((base, new)))


def node_sets(sides: Iterable[Side]) -> tuple[tuple[str, ...], ...]:
    """Returns the smallest sets of nodes that every one of the sides can be timed for.

    They are the connected components of the groups of all sides, in the order of the first.
    """
    components: Components[str] = Components()
    groups = [group for side in sides for group in side.fusion.groups]
    for group in groups:
        for node in group.nodes:
            components.join(group.nodes[0], node)
    members: dict[str, dict[str, None]] = {}
    for group in groups:
        for node in group.nodes:
            members.setdefault(components.root(node), {})[node] = None
    return tuple(tuple(nodes) for nodes in members.values())


def groups_of(side: Side, names: Iterable[str]) -> set[Group]:
    """Returns the groups of a side that any of these nodes is in."""
    return {side.fusion.group_of[name] for name in names if name in side.fusion.group_of}


def _span(nodes: tuple[str, ...], base: Side, new: Side) -> Span:
    before, after = groups_of(base, nodes), groups_of(new, nodes)
    same = {group.nodes for group in before} == {group.nodes for group in after}
    return Span(
        nodes=nodes,
        base_layers=_layers_of(before),
        new_layers=_layers_of(after),
        is_refused=bool(before and after) and not same,
    )


def _layers_of(groups: Iterable[Group]) -> tuple[int, ...]:
    return tuple(sorted(i for group in groups for i in group.layers))


def _side(
    analysis: Analysis, nodes: tuple[ModelNode, ...], names: Sequence[str], source: str
) -> Side:
    side = Side(_completed(analysis, nodes, names))
    # Computed here, where the error can still name the side.
    try:
        _ = side.fusion
    except ResultError as error:
        raise ResultError(f"{source}: {error}" if source else str(error)) from error
    return side


def _completed(analysis: Analysis, nodes: tuple[ModelNode, ...], names: Sequence[str]) -> Analysis:
    """The analysis itself, with its cached figures, where its profile is complete."""
    profile = analysis.profile
    model = profile.model if profile.model.nodes else replace(profile.model, nodes=nodes)
    layers = complete_names(profile.layers, names)
    if (model, layers) == (profile.model, profile.layers):
        return analysis
    return Analysis(replace(profile, model=model, layers=layers))


def _quoted(profile: Profile) -> str:
    return f"'{profile.model.name}'"


def _named(profiles: Iterable[Profile]) -> list[str]:
    layers = (layer for profile in profiles for layer in profile.layers)
    names = (node for layer in layers for node in layer.nodes if not node.endswith(CUT))
    return list(dict.fromkeys(names))


def _check_same_model(
    sides: Sequence[Side], profiles: tuple[Profile, Profile], names: tuple[str, str]
) -> None:
    if all(profile.model.nodes for profile in profiles):
        check_same_graph(profiles, names)
        return
    base, new = sides
    shared = base.fusion.group_of.keys() & new.fusion.group_of.keys()
    # One side is enough: the rows of a log that is cut short may all be in the other.
    if not any(_part_within(side, shared) >= FEWEST_SHARED for side in sides):
        raise ResultError(
            f"{names[0]} and {names[1]} are not the same model: layers of {len(shared)} "
            f"node{'s' * (len(shared) != 1)} are in both, less than half of the time on either "
            f"side; {argument('allow_partial', True)} compares what is"
        )


def _part_within(side: Side, shared: Iterable[str]) -> float:
    times = side.profile.samples.layer_ms.sum(axis=0, dtype=float)
    groups = groups_of(side, shared)
    total = float(times.sum())
    return sum(float(times[i]) for group in groups for i in group.layers) / total if total else 0.0
