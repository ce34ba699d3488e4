"""What the rules look at: a profile and the figures that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import isnan

from trtcore.result.analysis.cost.roofline import NetworkCost, start_ms
from trtcore.result.analysis.fusion.groups import FusionMap
from trtcore.result.analysis.reconciliation.kernels import KernelTotals
from trtcore.result.analysis.reconciliation.reconcile import Reconciliation
from trtcore.result.analysis.summary import summarise_series
from trtcore.result.records.layers import LayerProfile
from trtcore.result.records.profile import Profile
from trtcore.stats.intervals import TimeSummary


@dataclass(frozen=True, eq=False)
class Evidence:
    """A profile, and what `trtcore.Analysis` has of it.

    Attributes:
        profile: the profile.
        rows: one per layer.
        fusion: its groups.
        series: the un-profiled passes.
        cost: of the groups; None where the model's work is not known.
        reconciliation: of layers and latency; None without gated passes.
        kernel_totals: of a traced iteration; None without one.
    """

    profile: Profile
    rows: tuple[LayerProfile, ...]
    fusion: FusionMap
    series: Mapping[str, TimeSummary | None]
    cost: NetworkCost | None = None
    reconciliation: Reconciliation | None = None
    kernel_totals: KernelTotals | None = None

    @cached_property
    def ops(self) -> Mapping[str, str]:
        """The operators of the model's nodes by their names."""
        return {node.name: node.op for node in self.profile.model.nodes}

    @cached_property
    def total_ms(self) -> float:
        """Time of all layers."""
        return self.time_of(range(len(self.rows)))

    @property
    def start_ms(self) -> float:
        """Time of a layer that has next to nothing to do, which no change of its work saves."""
        return start_ms(self.profile.peaks, self.profile.timed_by.clock_step_ms)

    @property
    def latency_ms(self) -> float:
        """Of the un-profiled inference, or of all layers where that was not measured."""
        wall = self.median_of("wall_ms")
        return self.total_ms if isnan(wall) else wall

    def median_of(self, series: str) -> float:
        """The median of an un-profiled pass; NaN if it was not measured."""
        found = self.summary_of(series)
        return float("nan") if found is None else found.median_ms

    def summary_of(self, series: str) -> TimeSummary | None:
        """The times of an un-profiled pass; None if it was not measured."""
        known = self.series
        return known[series] if series in known else summarise_series(self.profile.samples, series)

    def time_of(self, layers: Iterable[int]) -> float:
        """Corrected time of layers, or their medians where that is not known."""
        return sum(self.ms(i) for i in layers)

    def ms(self, layer: int) -> float:
        """Time of one layer."""
        return self.rows[layer].own_ms

    def part_of(self, ms: float) -> float:
        """A time as a part of that of all layers; 0 where there is none."""
        return ms / self.total_ms if self.total_ms > 0 else 0.0

    def longest(self, layers: Iterable[int]) -> str:
        """The nodes of the layer that takes longest, or its name: as rows are labelled."""
        layer = self.profile.layers[max(layers, key=self.ms)]
        return " + ".join(layer.nodes) or layer.name
