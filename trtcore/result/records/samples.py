"""The raw times of a run, or of a long one their distributions.

N is profiled iterations, M is un-profiled ones, L is layers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from trtcore.stats.arrays import FloatArray
from trtcore.stats.histogram import TimeHistograms


def no_samples() -> FloatArray:
    """Times that were not taken."""
    return np.empty(0, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class StreamedSeries:
    """All times of one of the series of `Samples`, by its name there."""

    name: str
    times: TimeHistograms


@dataclass(frozen=True, eq=False)
class Samples:
    """The raw times of one run.

    A streamed run keeps the distribution of all times, and the times of the last iterations only.

    Attributes:
        layer_ms: (N, L) float32, C order: time of each layer in each profiled iteration.
        wall_ms: (M,) float32: host time of an un-profiled iteration, from enqueue to synchronised.
        enqueue_ms: (M,) float32: host time of the enqueue call alone; empty on a CPU.
        gpu_ms: (M,) float32: time between the CUDA events around an un-profiled iteration; taken
            in iterations of its own, because events cost host time; empty on a CPU.
        profiled_wall_ms: (N,) float32: host time of the profiled iterations.
        profiled_gpu_ms: (N,) float32: time between events around the profiled iterations; gated if
            ``gated_ms`` is there.
        gated_ms: (M,) float32: time between events around un-profiled iterations with the launch
            overhead hidden (stream blocked until enqueued); empty where that cannot work.
        graph_ms: (M,) float32: time between events around the launch of a CUDA graph of an
            un-profiled iteration; empty where none can be captured.
        graph_wall_ms: (M,) float32: host time of the graph's launch and synchronisation.
        layer_histograms: of a streamed run: all times of the L layers.
        streamed: of a streamed run: all times of the other series.
    """

    layer_ms: FloatArray
    wall_ms: FloatArray
    enqueue_ms: FloatArray = field(default_factory=no_samples)
    gpu_ms: FloatArray = field(default_factory=no_samples)
    profiled_wall_ms: FloatArray = field(default_factory=no_samples)
    profiled_gpu_ms: FloatArray = field(default_factory=no_samples)
    gated_ms: FloatArray = field(default_factory=no_samples)
    graph_ms: FloatArray = field(default_factory=no_samples)
    graph_wall_ms: FloatArray = field(default_factory=no_samples)
    layer_histograms: TimeHistograms | None = None
    streamed: tuple[StreamedSeries, ...] = ()

    def histogram_of(self, name: str) -> TimeHistograms | None:
        """Returns all times of a series of a streamed run; None if there are no more than shown."""
        return next((series.times for series in self.streamed if series.name == name), None)


class TimedPass(NamedTuple):
    """An un-profiled pass.

    Attributes:
        series: its times, as a field of `trtcore.result.records.profile.Samples`.
        title: what it timed.
        work: how its work was submitted to the GPU; ``""`` for times of the host.
    """

    series: str
    title: str
    work: str = ""


# In the order in which reports list them.
PASSES = (
    TimedPass("wall_ms", "latency"),
    TimedPass("gpu_ms", "GPU time", "enqueued"),
    TimedPass("gated_ms", "gated GPU time", "gated"),
    TimedPass("graph_ms", "CUDA graph time", "CUDA graph"),
)
