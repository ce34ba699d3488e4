"""The layer times of one side of a comparison, by the model nodes they belong to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trtcore.alignment import Side
from trtcore.reconcile import reconcile_profile
from trtcore.result import Profile
from trtcore.sampled_times import SampledTimes, sample_times
from trtcore.series import EVENT_RESOLUTION_MS

_CPU_RESOLUTION_MS = 0.001

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LayerTimes:
    """One side of a comparison with its times.

    Attributes:
        side: the profile and its groups.
        times: of its L layers.
    """

    side: Side
    times: SampledTimes

    @property
    def step_ms(self) -> float:
        """The resolution of the clock that layers were timed with."""
        on_cpu = self.side.profile.backend == "onnxruntime"
        return _CPU_RESOLUTION_MS if on_cpu else EVENT_RESOLUTION_MS

    @property
    def all_layers(self) -> SampledTimes:
        """The time over all layers."""
        return self.times.sums([range(self.times.medians.size)])

    @property
    def rest(self) -> tuple[int, ...]:
        """The positions of markers and of layers that no node is known for."""
        return (*self.side.fusion.markers, *self.side.fusion.unattributed)

    @property
    def tax(self) -> tuple[int, ...]:
        """The positions of reformats, casts and copies."""
        return tuple(i for group in self.side.fusion.groups for i in group.tax)


def time_layers(side: Side, seed: int, event_ms: Floats | None = None) -> LayerTimes:
    """Returns a side with the times of its layers.

    Args:
        side: has times.
        seed: of the draws; sides that are compared need different ones.
        event_ms: (L,) what to take off each layer, see `event_costs`; None for nothing.
    """
    samples = side.profile.samples
    times = sample_times(samples.layer_ms, samples.layer_histograms, seed)
    return LayerTimes(side, times if event_ms is None else times.less(event_ms))


def event_costs(profile: Profile) -> Floats | None:
    """Returns (L,) what the profiler's events cost each layer, in ms; None if that is not known."""
    reconciled = reconcile_profile(profile)
    if reconciled is None or not reconciled.is_corrected:
        return None
    return reconciled.raw_ms - reconciled.corrected_ms
