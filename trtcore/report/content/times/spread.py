"""Times of many iterations as a histogram and a short series, for pictures.

A picture has a few hundred points across. A report of 5,000 layers and 1,000 iterations would have
five million numbers in it otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import PASSES, Samples
from trtcore.stats.arrays import Floats
from trtcore.stats.histogram import TimeHistograms, value_at

BINS = 40
"""Bars of a histogram: 1,000 samples put 25 into each, which scatter by a fifth."""

SERIES_TITLES = {one.series: one.title for one in PASSES} | {"enqueue_ms": "enqueue"}
"""What the un-profiled series are called, by their names in `Samples`."""

_TAIL = 0.99
"""Quantile at which the last bar begins: single stragglers would squeeze the rest into one bar."""

_RANKS = 400
"""Order statistics that stand for a streamed distribution: ten for each bar."""


@dataclass(frozen=True, eq=False)
class Spread:
    """C series of times, each as a histogram and as medians of consecutive iterations.

    Attributes:
        low_ms: (C,) where the first bar begins: the shortest time.
        high_ms: (C,) where the last bar but one ends; what is longer is in the last one.
        shares: (C, BINS + 1) part of the iterations in each bar, the last of them open.
        series_ms: (C, P) medians of consecutive iterations.
        per_point: iterations of a point; 1 if every time is shown.
        iterations: that the series is of.
        is_end: these are only the last iterations of a streamed run.
    """

    low_ms: Floats
    high_ms: Floats
    shares: Floats
    series_ms: Floats
    per_point: int
    iterations: int
    is_end: bool


def layer_spread(profile: Profile, points: int) -> Spread | None:
    """Returns the times of every layer; None if there are none.

    Args:
        profile: of L layers.
        points: the most points of a series.
    """
    samples = profile.samples
    return _spread(samples.layer_ms, samples.layer_histograms, points)


def series_spreads(samples: Samples, points: int) -> dict[str, Spread]:
    """Returns the un-profiled passes that were measured, by their titles."""
    found = {}
    for name, title in SERIES_TITLES.items():
        times = getattr(samples, name).reshape(-1, 1)
        spread = _spread(times, samples.histogram_of(name), points)
        if spread is not None:
            found[title] = spread
    return found


def _spread(times: NDArray[np.float32], whole: TimeHistograms | None, points: int) -> Spread | None:
    if not times.size or not np.isfinite(times).all():
        return None
    shown = times if whole is None else _order_statistics(whole)
    low, high, shares = _histogram(shown)
    count = len(times)
    per_point = -(-count // points)
    return Spread(
        low, high, shares, _medians(times, per_point), per_point, count, whole is not None
    )


def _order_statistics(whole: TimeHistograms) -> NDArray[np.float32]:
    ranks = np.linspace(0, max(whole.count - 1, 0), _RANKS).astype(np.int64)
    values = value_at(whole, np.tile(ranks, (len(whole.min_ms), 1)))
    result: NDArray[np.float32] = values.T.astype(np.float32)
    return result


def _histogram(times: NDArray[np.float32]) -> tuple[Floats, Floats, Floats]:
    low = times.min(axis=0).astype(np.float64)
    rank = int(_TAIL * (len(times) - 1))
    high = np.partition(times, rank, axis=0)[rank].astype(np.float64)
    # Equal times make one bar; any width will do.
    width = np.where(high > low, high - low, 1.0)
    place = ((times - low) / width * BINS).astype(np.int64)
    # The time at the end belongs to the bar before it, so that only longer ones are in the last.
    place = np.where(times <= high, np.minimum(place, BINS - 1), BINS)
    flat = place + np.arange(times.shape[1]) * (BINS + 1)
    counts = np.bincount(flat.ravel(), minlength=times.shape[1] * (BINS + 1))
    return low, low + width, counts.reshape(-1, BINS + 1) / len(times)


def _medians(times: NDArray[np.float32], per_point: int) -> Floats:
    """(C, P) medians of consecutive iterations; the last point is of what is left."""
    whole = len(times) // per_point * per_point
    parts = times[:whole].reshape(-1, per_point, times.shape[1])
    medians = np.median(parts, axis=1)
    if whole < len(times):
        medians = np.vstack([medians, np.median(times[whole:], axis=0)])
    result: Floats = medians.T.astype(np.float64)
    return result
