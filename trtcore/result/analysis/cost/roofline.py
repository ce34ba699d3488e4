"""How fast each group works beside what the device can do, and what holds it back.

Source of the model: S. Williams, A. Waterman, D. Patterson, Roofline: an insightful visual
performance model for multicore architectures, CACM 52(4), 2009.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from math import isnan, nan

from trtcore.result.analysis.cost.work import GroupWork
from trtcore.result.analysis.reconciliation.reconcile import RESOLUTION_MS
from trtcore.result.records.layers import LayerProfile
from trtcore.result.records.peaks import Peaks

# 1 TFLOP/s is 10^9 operations in a millisecond, 1 GB/s is 10^6 bytes.
_FLOPS_IN_MS = 1e9
_BYTES_IN_MS = 1e6
# A layer that takes longer than so many starts has another reason: too few tiles for the device, or
# a kernel that does not fit. Of those with less work than a start in ViT, Swin and MobileNet on an
# H200 nine of ten end within 3.7 starts.
_MOST_STARTS = 4


class Bound(Enum):
    """What the least time of a group comes from."""

    COMPUTE = "compute"
    MEMORY = "memory"
    LATENCY = "latency"
    """Neither: starting and ending its kernels takes longer than its work would at the peaks."""
    UNKNOWN = "unknown"
    """A peak is missing."""


@dataclass(frozen=True)
class GroupCost:
    """A group's work, the time it takes, and the time it would take at the peaks.

    Attributes:
        work: what it computes and moves.
        ms: corrected time of its layers, or the median where that is not known.
        compute_ms: time of its operations at the peak of their type; NaN without one.
        memory_ms: time of its bytes at the peak bandwidth; NaN without one.
        start_ms: time of as many layers that have next to nothing to do.
        is_below_resolution: ``ms`` is below timer resolution and indicative only.
    """

    work: GroupWork
    ms: float
    compute_ms: float = nan
    memory_ms: float = nan
    start_ms: float = 0.0
    is_below_resolution: bool = False

    @property
    def tflops(self) -> float:
        """10^12 operations a second; NaN without a time."""
        return self.work.flops / _FLOPS_IN_MS / self.ms if self.ms > 0 else nan

    @property
    def bandwidth_gbs(self) -> float:
        """10^9 bytes a second; NaN without a time."""
        return self.work.moved_bytes / _BYTES_IN_MS / self.ms if self.ms > 0 else nan

    @property
    def least_ms(self) -> float:
        """The time at the peaks: the longer of the two; NaN unless both are known."""
        if isnan(self.compute_ms) or isnan(self.memory_ms):
            return nan
        return max(self.compute_ms, self.memory_ms)

    @property
    def share_of_peak(self) -> float:
        """``least_ms`` as a part of ``ms``. Above 1 where data came from a cache."""
        return self.least_ms / self.ms if self.ms > 0 else nan

    @property
    def bound(self) -> Bound:
        """What the longer of the two times at the peaks comes from, or latency.

        A kernel that starts, reads one tile and ends takes about 2 us on a GPU. Where the work
        would take less than that at the peaks, and the group does not take much longer, neither
        peak is what it waits for.
        """
        if isnan(self.least_ms):
            return Bound.UNKNOWN
        if self.least_ms < self.start_ms and self.ms <= _MOST_STARTS * self.start_ms:
            return Bound.LATENCY
        return Bound.COMPUTE if self.compute_ms >= self.memory_ms else Bound.MEMORY


@dataclass(frozen=True)
class NetworkCost:
    """The groups of a network, and all of them together.

    Attributes:
        groups: in order of execution.
        total_ms: time of all layers, those in no group too.
        peaks: what they were compared with; None if there are none.
        latency_ms: of the un-profiled inference; NaN if it was not measured.
    """

    groups: tuple[GroupCost, ...]
    total_ms: float
    peaks: Peaks | None
    latency_ms: float = nan

    @property
    def macs(self) -> int:
        """Multiply-adds of an iteration."""
        return sum(group.work.macs for group in self.groups)

    @property
    def flops(self) -> int:
        """Operations of an iteration."""
        return sum(group.work.flops for group in self.groups)

    @property
    def moved_bytes(self) -> float:
        """What all groups read and write, weights included."""
        return sum(group.work.moved_bytes for group in self.groups)

    @property
    def weight_bytes(self) -> float:
        """Of the constants that groups read."""
        return sum(group.work.weight_bytes for group in self.groups)

    @property
    def is_at_least(self) -> bool:
        """Whether the work of a group is not known in full."""
        return any(group.work.is_at_least for group in self.groups)

    @property
    def is_assumed(self) -> bool:
        """Whether a type had to be taken from the network's precision."""
        return any(group.work.is_assumed for group in self.groups)

    @property
    def main_dtype(self) -> str:
        """The type of most multiply-adds; ``""`` if there are none."""
        macs: dict[str, int] = {}
        for group in self.groups:
            macs[group.work.dtype] = macs.get(group.work.dtype, 0) + group.work.macs
        dtype = max(macs, key=macs.__getitem__, default="")
        return dtype if macs.get(dtype) else ""

    @property
    def least_ms(self) -> float:
        """Time of all groups at the peaks; NaN unless it is known of each."""
        return sum((group.least_ms for group in self.groups), 0.0)

    @property
    def share_of_peak(self) -> float:
        """``least_ms`` as a part of the time of all layers."""
        return self.least_ms / self.total_ms if self.total_ms > 0 else nan

    def bound_share(self, bound: Bound) -> float:
        """Part of the time of all layers in groups that are bound like this, 0 to 1."""
        if not self.total_ms > 0:
            return nan
        return sum(group.ms for group in self.groups if group.bound is bound) / self.total_ms


def network_cost(
    works: Sequence[GroupWork],
    rows: Sequence[LayerProfile],
    peaks: Peaks | None,
    *,
    latency_ms: float = nan,
    clock_step_ms: float = 0.0,
) -> NetworkCost:
    """Puts times and peaks beside the work of each group.

    Args:
        works: of the groups.
        rows: one per layer.
        peaks: of the device that ran it; None leaves everything beside them NaN.
        latency_ms: of the un-profiled inference.
        clock_step_ms: the smallest time that the layers' timer can tell.
    """
    ms = [row.own_ms for row in rows]
    start = start_ms(peaks, clock_step_ms)
    groups = tuple(
        GroupCost(
            work,
            ms=sum(ms[i] for i in work.layers),
            compute_ms=_compute_ms(work, peaks),
            memory_ms=work.moved_bytes / _BYTES_IN_MS / peaks.bandwidth_gbs if peaks else nan,
            start_ms=start * len(work.layers),
            is_below_resolution=all(rows[i].is_below_resolution for i in work.layers),
        )
        for work in works
    )
    return NetworkCost(groups, sum(ms), peaks, latency_ms)


def start_ms(peaks: Peaks | None, clock_step_ms: float) -> float:
    """Time of a layer that has next to nothing to do.

    On a GPU the resolution of corrected times, which is that too: of the kernels of ViT, Swin,
    ConvNeXt, MobileNet and ResNet-50 on an H200 the shortest tenth take 1.2 to 2.3 us, whatever
    they do, but for ResNet-50, which has no such layers.
    """
    if peaks is not None and not isnan(peaks.layer_ms):
        return peaks.layer_ms
    return max(RESOLUTION_MS, clock_step_ms)


def _compute_ms(work: GroupWork, peaks: Peaks | None) -> float:
    if not work.flops:
        return 0.0 if peaks else nan
    return work.flops / _FLOPS_IN_MS / peaks.tflops(work.dtype) if peaks else nan
