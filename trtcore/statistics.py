"""Statistics of time samples: pure functions of arrays, with a stated answer for too few samples.

Samples are never dropped: medians and order statistics carry the headline, and what the sample
cannot support is NaN. Sums are kept in float64, because float32 sums of a million samples are off
by 0.3 %.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import floor, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trtcore.errors import OptionError
from trtcore.reconcile import reconcile_profile
from trtcore.result import LayerProfile, Profile

SAMPLES_NEEDED = {90: 64, 95: 130, 99: 662}
"""Samples below which a percentile is not reported.

Source: the early-stopping rule of MLPerf LoadGen (confidence 0.99, tolerance 0).
"""

_BLOCK = 16
_EXACT_UP_TO = 1000

Interval = tuple[float, float]
NO_INTERVAL: Interval = (float("nan"), float("nan"))


@dataclass(frozen=True)
class TimeSummary:
    """One series of times. NaN where there are too few samples for a figure.

    Attributes:
        count: number of samples.
        median_ms: their median.
        interval: 95 % confidence interval of the median, in ms.
        min_ms: shortest.
        mean_ms: arithmetic mean.
        p90_ms: 90th percentile, from 64 samples on.
        p95_ms: 95th percentile, from 130 samples on.
        p99_ms: 99th percentile, from 662 samples on.
        variation: standard deviation over mean (CoV).
        spread: distance between the quartiles over the median.
    """

    count: int
    median_ms: float
    interval: Interval
    min_ms: float
    mean_ms: float
    p90_ms: float
    p95_ms: float
    p99_ms: float
    variation: float
    spread: float


@dataclass(frozen=True)
class Latency:
    """The un-profiled inference. A series that was not measured is None.

    Attributes:
        wall: host time from enqueue to synchronised.
        gpu: time between the CUDA events around an iteration.
        enqueue: host time of the enqueue call alone.
        items_per_s: batch items over wall time, one iteration after the other; NaN without wall
            or without a known batch.
    """

    wall: TimeSummary | None
    gpu: TimeSummary | None
    enqueue: TimeSummary | None
    items_per_s: float


def median_interval(x: ArrayLike, confidence: float = 0.95) -> Interval:
    """Returns a distribution-free confidence interval of the median.

    Its ends are samples: the r-th smallest and the r-th largest, with the largest r that keeps the
    confidence (exact binomial up to 1000 samples, its normal approximation above). Samples are
    taken as independent of each other.

    Args:
        x: samples, any shape.
        confidence: between 0 and 1.

    Returns:
        (low, high), in the unit of the samples; (NaN, NaN) where even the smallest and the largest
        sample do not reach the confidence (fewer than 6 samples at 0.95) or a sample is NaN.

    Raises:
        OptionError: the confidence is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise OptionError(f"confidence is {confidence}, expected a number between 0 and 1")
    ordered = np.sort(np.asarray(x, dtype=np.float64), axis=None)
    return _interval_of_sorted(ordered, confidence)


def summarise_times(x: ArrayLike) -> TimeSummary | None:
    """Summarises a series of times in ms; None if it is empty."""
    ordered = np.sort(np.asarray(x, dtype=np.float64), axis=None)
    if ordered.size == 0:
        return None
    median, mean = _quantile(ordered, 0.5), float(ordered.mean())
    quartiles = _quantile(ordered, 0.75) - _quantile(ordered, 0.25)
    return TimeSummary(
        count=ordered.size,
        median_ms=median,
        interval=_interval_of_sorted(ordered),
        min_ms=float(ordered[0]),
        mean_ms=mean,
        p90_ms=_tail(ordered, 90),
        p95_ms=_tail(ordered, 95),
        p99_ms=_tail(ordered, 99),
        variation=_ratio(float(ordered.std(ddof=1)), mean) if ordered.size > 1 else float("nan"),
        spread=_ratio(quartiles, median) if ordered.size > 3 else float("nan"),
    )


def summarise_latency(profile: Profile) -> Latency:
    """Summarises the un-profiled iterations of a profile."""
    samples = profile.samples
    wall = summarise_times(samples.wall_ms)
    return Latency(
        wall=wall,
        gpu=summarise_times(samples.gpu_ms),
        enqueue=summarise_times(samples.enqueue_ms),
        items_per_s=_items_per_s(profile.batch, wall),
    )


def _items_per_s(batch: int, wall: TimeSummary | None) -> float:
    return _ratio(1000.0 * batch, wall.mean_ms) if wall and batch else float("nan")


def summarise_layers(profile: Profile) -> tuple[LayerProfile, ...]:
    """Returns one row per layer, in execution order.

    Shares are parts of the sum of the medians, so that the rows of a table add up to its total;
    they are 0 if that sum is 0, and NaN (as every figure is) without any iteration.
    """
    ordered = list(_sorted_columns(profile.samples.layer_ms))
    medians = np.array([_quantile(column, 0.5) for column, _ in ordered], dtype=np.float64)
    total = float(medians.sum())
    shares = medians / total if total else medians * 0.0
    reconciled = reconcile_profile(profile)
    corrected = reconciled.corrected_ms if reconciled else np.full(medians.size, np.nan)
    return tuple(
        LayerProfile(
            index=i,
            layer=layer,
            median_ms=float(medians[i]),
            share=float(shares[i]),
            p95_ms=_tail(column, 95),
            min_ms=float(column[0]) if column.size else float("nan"),
            mean_ms=mean,
            interval=_interval_of_sorted(column),
            corrected_ms=float(corrected[i]),
        )
        for i, (layer, (column, mean)) in enumerate(zip(profile.layers, ordered, strict=True))
    )


def _sorted_columns(layer_ms: NDArray[np.float32]) -> Iterator[tuple[NDArray[Any], float]]:
    """Yields each column of an (N, L) array, sorted, with its mean.

    Blocks of columns are transposed before sorting: the sort then runs along contiguous memory,
    two to three times faster than along axis 0, with little memory of its own.
    """
    for start in range(0, layer_ms.shape[1], _BLOCK):
        block = np.sort(layer_ms[:, start : start + _BLOCK].T, axis=1)
        sums = block.sum(axis=1, dtype=np.float64)
        for column, total in zip(block, sums, strict=True):
            yield column, _ratio(float(total), column.size)


def _quantile(ordered: NDArray[Any], q: float) -> float:
    """Linear interpolation between the neighbouring order statistics, in float64."""
    if ordered.size == 0:
        return float("nan")
    place = q * (ordered.size - 1)
    low = floor(place)
    high = min(low + 1, ordered.size - 1)
    return float(ordered[low]) * (1 - (place - low)) + float(ordered[high]) * (place - low)


def _tail(ordered: NDArray[Any], percent: int) -> float:
    enough = ordered.size >= SAMPLES_NEEDED[percent]
    return _quantile(ordered, percent / 100) if enough else float("nan")


def _interval_of_sorted(ordered: NDArray[Any], confidence: float = 0.95) -> Interval:
    rank = _interval_rank(ordered.size, confidence)
    if rank == 0 or np.isnan(ordered[-1]):
        return NO_INTERVAL
    return float(ordered[rank - 1]), float(ordered[-rank])


@lru_cache(maxsize=64)
def _interval_rank(count: int, confidence: float) -> int:
    """The largest r with ``P(Binomial(count, 1/2) < r) <= (1 - confidence) / 2``; 0 if none."""
    tail = (1 - confidence) / 2
    if count > _EXACT_UP_TO:
        return floor(count / 2 + NormalDist().inv_cdf(tail) * sqrt(count) / 2)
    rank, term, below, limit = 0, 1, 1, tail * 2**count
    while below <= limit:
        rank += 1
        term = term * (count - rank + 1) // rank
        below += term
    return rank


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
