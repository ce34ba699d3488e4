"""The raw times of a run, or of a long one their distributions.

N is profiled iterations, M is un-profiled ones, L is layers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
CountArray = NDArray[np.uint32]
ExactArray = NDArray[np.float64]


def no_samples() -> FloatArray:
    """Times that were not taken."""
    return np.empty(0, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class TimeHistograms:
    """Any number of times of each of C series, in constant memory; see `trtcore.histogram`.

    Attributes:
        count: times of each series.
        mean_ms: (C,) float64: arithmetic mean.
        deviations_ms2: (C,) float64: sum of the squared deviations from the mean.
        min_ms: (C,) float32: shortest.
        max_ms: (C,) float32: longest.
        buckets: (C, B) uint32: how many times lie in each bucket.
    """

    count: int
    mean_ms: ExactArray
    deviations_ms2: ExactArray
    min_ms: FloatArray
    max_ms: FloatArray
    buckets: CountArray


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
        gated_ms: (M,) float32: time between events around un-profiled iterations whose stream was
            held until all was queued; empty where that cannot work.
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
