"""How far several builds of one model differ: in time and in tactics, in all and per group."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from math import isnan

import numpy as np

from trtcore.result.analysis.fusion.graph import Components
from trtcore.result.analysis.fusion.groups import FusionMap, map_fusion
from trtcore.result.analysis.repeats import TOTALS, apart
from trtcore.result.records.profile import Profile
from trtcore.result.records.repeats import BuildMedians
from trtcore.stats.arrays import Floats


@dataclass(frozen=True, eq=False)
class GroupBuilds:
    """The smallest set of model nodes that every build can be timed for.

    Attributes:
        nodes: in the order of the model.
        median_ms: (B,) of each build: the sum over its layers.
        tactics: (B,) of each build: the tactics of its layers, sorted.
        is_fused_alike: whether the same layers hold these nodes in each build.
    """

    nodes: tuple[str, ...]
    median_ms: Floats
    tactics: tuple[tuple[str, ...], ...]
    is_fused_alike: bool

    @property
    def apart(self) -> float:
        """How far the builds lie apart: most less least over the median, as a part."""
        return apart(self.median_ms)

    @property
    def apart_ms(self) -> float:
        """Most less least."""
        return float(np.ptp(self.median_ms))

    @property
    def has_other_tactics(self) -> bool:
        """Whether builds chose different tactics."""
        return len(set(self.tactics)) > 1


@dataclass(frozen=True, eq=False)
class BuildVariance:
    """How far B builds differ.

    Attributes:
        series: the one that the totals are of, such as ``gated_ms``.
        total_ms: (B,) medians of it.
        half_width: the widest 95 % interval of a total within its run, half of it as a part.
        groups: those that differ most in time first.
    """

    series: str
    total_ms: Floats
    half_width: float
    groups: tuple[GroupBuilds, ...]

    @property
    def apart(self) -> float:
        """How far the totals lie apart, as a part of their median."""
        return apart(self.total_ms)

    @property
    def with_other_tactics(self) -> int:
        """How many groups have different tactics."""
        return sum(group.has_other_tactics for group in self.groups)


def build_variance(profile: Profile) -> BuildVariance | None:
    """Compares the builds of a profile; None if there is only one.

    Raises:
        ResultError: a model node is there twice.
    """
    if len(profile.builds) < 2:
        return None
    totals = {name: np.array([b.of(name) for b in profile.builds]) for name in TOTALS}
    series = next((n for n in TOTALS if not np.isnan(totals[n]).any()), "")
    sums = np.array([float(build.layer_ms.sum()) for build in profile.builds])
    maps = [map_fusion(replace(profile, layers=build.layers)) for build in profile.builds]
    groups = _groups(profile, maps)
    ordered = sorted(groups, key=lambda group: -_or_zero(group.apart_ms))
    widest = max(build.half_width for build in profile.builds)
    return BuildVariance(series, totals[series] if series else sums, widest, tuple(ordered))


def _or_zero(value: float) -> float:
    return 0.0 if isnan(value) else value


def _groups(profile: Profile, maps: list[FusionMap]) -> list[GroupBuilds]:
    """The connected sets of nodes over all builds: what one build fuses belongs together."""
    components: Components[str] = Components()
    for fusion in maps:
        for group in fusion.groups:
            for node in group.nodes:
                components.join(group.nodes[0], node)
    known, members = set(components), dict[str, list[str]]()
    for name in (node.name for node in profile.model.nodes):
        if name in known:
            members.setdefault(components.root(name), []).append(name)
    return [_group(tuple(nodes), profile.builds, maps) for nodes in members.values()]


def _group(
    nodes: tuple[str, ...], builds: tuple[BuildMedians, ...], maps: list[FusionMap]
) -> GroupBuilds:
    inside = set(nodes)
    of_each = [
        [group for group in fusion.groups if inside.intersection(group.nodes)] for fusion in maps
    ]
    layers = [[i for group in groups for i in group.layers] for groups in of_each]
    tactics = tuple(
        tuple(sorted(build.layers[i].tactic for i in own))
        for build, own in zip(builds, layers, strict=True)
    )
    shapes = {frozenset(Counter(group.nodes for group in groups).items()) for groups in of_each}
    sums = [float(build.layer_ms[own].sum()) for build, own in zip(builds, layers, strict=True)]
    return GroupBuilds(nodes, np.array(sums), tactics, len(shapes) == 1)
