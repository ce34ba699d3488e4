"""Times of fresh processes: how far equal ones lie apart is what a difference has to exceed.

One process repeats itself more closely than two agree (1 % on an H200 against 0.1 %), so that the
iterations of one, however many, say nothing of another.
"""

from __future__ import annotations

import numpy as np

from trtcore.compare.alignment import Side
from trtcore.compare.significance.times import DRAWS, LayerTimes, SampledTimes, sample_series
from trtcore.result.records.profile import Profile
from trtcore.result.records.repeats import ProcessMedians
from trtcore.stats.arrays import Floats

FEWEST_PROCESSES = 3
"""On each side. Two have a single difference to tell their spread by: the t quantile of their two
degrees of freedom is so large that hardly any change would stand out."""


def both_have_processes(base: Profile, new: Profile) -> bool:
    """Whether the spread between processes can be told on both sides."""
    return all(
        profile.processes is not None and profile.processes.count >= FEWEST_PROCESSES
        for profile in (base, new)
    )


def process_times(medians: Floats, seed: int = 0) -> SampledTimes:
    """Returns the times of C series, of which each of P processes has a median.

    Args:
        medians: (P, C), in ms.
        seed: of the draws; sides that are compared need different ones.
    """
    chosen = np.random.default_rng(seed).integers(0, len(medians), (DRAWS, len(medians)))
    draws = np.median(medians[chosen], axis=1)
    return SampledTimes(np.median(medians, axis=0), medians, draws, of_processes=True)


def process_layers(side: Side, processes: ProcessMedians, seed: int) -> LayerTimes:
    """Returns a side with the times of its layers over the processes."""
    return LayerTimes(side, process_times(processes.layer_ms, seed))


def series_times(base: Profile, new: Profile, series: str) -> tuple[SampledTimes, SampledTimes]:
    """The times of a series of both sides, over processes where both have them.

    Args:
        base: before.
        new: after.
        series: name of an array of `Samples`, which both have.
    """
    if both_have_processes(base, new):
        first, second = (side.processes.of(series) for side in (base, new) if side.processes)
        if first is not None and second is not None:
            return process_times(first[:, None], 0), process_times(second[:, None], 1)
    return sample_series(base.samples, series, 0), sample_series(new.samples, series, 1)
