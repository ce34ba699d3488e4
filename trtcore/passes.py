"""What the un-profiled passes of a run are called."""

from __future__ import annotations

from typing import NamedTuple


class TimedPass(NamedTuple):
    """An un-profiled pass.

    Attributes:
        series: its times, as a field of `trtcore.result.Samples`.
        title: what it timed.
        work: how its GPU work came to the GPU; ``""`` for times of the host.
    """

    series: str
    title: str
    work: str = ""


PASSES = (
    TimedPass("wall_ms", "latency"),
    TimedPass("gpu_ms", "GPU time", "enqueued"),
    TimedPass("gated_ms", "gated GPU time", "gated"),
    TimedPass("graph_ms", "CUDA graph time", "CUDA graph"),
)
