"""Medians of runs, put side by side: of fresh processes, and of builds of one model."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan

import numpy as np

from trtcore.errors import RunError
from trtcore.result.analysis.steadiness import interval_of
from trtcore.result.analysis.summary import summarise_all_series
from trtcore.result.records.repeats import ProcessMedians, SeriesMedians
from trtcore.result.records.samples import Samples
from trtcore.stats.arrays import Floats
from trtcore.stats.histogram import medians
from trtcore.stats.intervals import Interval, ratio_of
from trtcore.stats.student import mean_interval

TOTALS = ("gated_ms", "gpu_ms", "wall_ms")
"""What runs are put in order by: of the series that all of them have the least noisy one."""


def layer_medians(samples: Samples) -> Floats:
    """Returns the (L,) median time of each layer, in ms; NaN where nothing was measured."""
    if samples.layer_histograms is not None:
        return medians(samples.layer_histograms)
    if not len(samples.layer_ms):
        return np.full(samples.layer_ms.shape[1], np.nan)
    middle: Floats = np.median(samples.layer_ms, axis=0).astype(np.float64)
    return middle


def series_medians(runs: Sequence[Samples]) -> tuple[SeriesMedians, ...]:
    """Returns the medians of each series that all runs have."""
    summaries = [summarise_all_series(samples) for samples in runs]
    return tuple(
        SeriesMedians(name, np.array([one.median_ms for one in found if one], dtype=np.float64))
        for name in summaries[0]
        if all(found := [each[name] for each in summaries])
    )


def half_width(samples: Samples) -> float:
    """Returns the half-width of the 95 % interval of a run's total, as a part; NaN if unknown."""
    summaries = summarise_all_series(samples)
    for name in TOTALS:
        if summary := summaries[name]:
            low, high = interval_of(samples, name, summary)
            return ratio_of((high - low) / 2, summary.median_ms)
    return nan


def process_medians(runs: Sequence[Samples], names: Sequence[tuple[str, ...]]) -> ProcessMedians:
    """Puts the medians of P processes side by side, and chooses the one in the middle.

    Args:
        runs: the samples of each.
        names: the (L,) layers of each, in order.

    Raises:
        RunError: processes ran other layers than the first one.
    """
    for i, own in enumerate(names):
        if own != names[0]:
            raise RunError(
                f"process {i + 1} ran {len(own)} layers that are not the {len(names[0])} of the "
                "first one, so their times cannot be put together; measure again"
            )
    layer_ms = np.array([layer_medians(samples) for samples in runs])
    series = series_medians(runs)
    known = {one.name: one.medians_ms for one in series}
    totals = next((known[name] for name in TOTALS if name in known), layer_ms.sum(axis=1))
    order = np.argsort(totals, kind="stable")
    return ProcessMedians(layer_ms, series, int(order[(len(runs) - 1) // 2]))


def process_interval(processes: ProcessMedians, name: str) -> Interval | None:
    """Returns the 95 % interval of a series' median over processes, in ms; None without it."""
    found = processes.of(name)
    return None if found is None or len(found) < 2 else mean_interval(found)


def apart(values: Floats) -> float:
    """Returns how far values lie apart: most less least over the median, as a part."""
    middle = float(np.median(values))
    return float(np.ptp(values)) / middle if middle > 0 else float("nan")
