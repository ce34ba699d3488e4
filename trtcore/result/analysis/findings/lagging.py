"""The rule about products that lag behind the others of their kind."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

from trtcore.result.analysis.cost.roofline import Bound, GroupCost
from trtcore.result.analysis.findings.evidence import Evidence
from trtcore.result.analysis.findings.finding import Finding, FindingKind
from trtcore.result.records.layers import Layer

# Fewer than four others have no middle; groups of one kind often lie a factor of two apart.
_FEWEST_OTHERS = 4
_FAR_BELOW = 1 / 3


@dataclass(frozen=True)
class Lagging:
    """A group far below the others.

    Attributes:
        group: the group.
        usual: the part of their peak that the others reach, their median.
        others: how many those are.
    """

    group: GroupCost
    usual: float
    others: int

    @property
    def saves_ms(self) -> float:
        """What it could save: at the rate of the others, and no shorter than its layers start."""
        # A layer above the peak reads from a cache, which is no measure for others.
        usual_ms = self.group.least_ms / min(self.usual, 1.0)
        return max(self.group.ms - max(usual_ms, self.group.start_ms), 0.0)


def slow_groups(evidence: Evidence) -> Iterator[Finding]:
    """Products that reach far less of their peak than the others of the same kind."""
    slow = lagging_groups(evidence)
    if not slow:
        return
    worst = max(slow, key=lambda one: one.saves_ms)
    layers = tuple(i for one in slow for i in one.group.work.layers)
    reached = (worst.group.share_of_peak, worst.usual, worst.others)
    numbers = (len(slow), evidence.time_of(layers), *reached)
    names = (evidence.longest(worst.group.work.layers),)
    saved = sum(one.saves_ms for one in slow)
    yield Finding(FindingKind.SLOW, saved, numbers=numbers, names=names, layers=layers)


def lagging_groups(evidence: Evidence) -> tuple[Lagging, ...]:
    """Every group that reaches less than a third of what the others of its kind do."""
    kinds: dict[tuple[str, bool], list[GroupCost]] = {}
    for group in evidence.cost.groups if evidence.cost else ():
        # What is bound by latency reaches nothing of any peak, and has its own finding.
        if group.work.macs and group.bound in (Bound.COMPUTE, Bound.MEMORY):
            kind = group.work.dtype, _is_grouped(group, evidence.profile.layers)
            kinds.setdefault(kind, []).append(group)
    return tuple(found for groups in kinds.values() for found in _lagging(groups))


def _lagging(groups: Sequence[GroupCost]) -> Iterator[Lagging]:
    others = len(groups) - 1
    if others < _FEWEST_OTHERS:
        return
    ordered = sorted(group.share_of_peak for group in groups)
    for group in groups:
        usual = _median_without(ordered, group.share_of_peak)
        if group.share_of_peak < _FAR_BELOW * usual:
            yield Lagging(group, usual, others)


def _median_without(ordered: Sequence[float], one: float) -> float:
    """The median of ascending numbers less one of them, at no more than a look at its place."""
    place, count = bisect_left(ordered, one), len(ordered) - 1
    low, high = (ordered[i + (i >= place)] for i in ((count - 1) // 2, count // 2))
    return (low + high) / 2


def _is_grouped(group: GroupCost, layers: Sequence[Layer]) -> bool:
    """Whether a group is a convolution of which each result is made of some channels only.

    Such, the depthwise ones above all, have no products for Tensor Cores to be measured by: a value
    takes fewer multiply-adds than there are channels.
    """
    if len(group.work.layers) != 1:
        return False
    layer = layers[group.work.layers[0]]
    shapes = [tensors[0].shape for tensors in (layer.inputs, layer.outputs) if tensors]
    if len(shapes) < 2 or not all(len(shape) in (4, 5) and min(shape) > 0 for shape in shapes):
        return False
    return group.work.macs / prod(shapes[1]) < shapes[0][1]
