"""Summaries and confidence intervals of time samples: pure functions of arrays.

Samples are never dropped: medians and order statistics carry the headline, and what the sample
cannot support is NaN. Of histograms, counts, means and minima are exact, quantiles within 0.4 %,
and intervals reach to the ends of the buckets.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import floor, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trtcore.errors import OptionError
from trtcore.stats.arrays import Floats
from trtcore.stats.histogram import TimeHistograms, ends_at, quantiles

SAMPLES_NEEDED = {90: 64, 95: 130, 99: 662}
"""Samples below which a percentile is not reported.

Source: the early-stopping rule of MLPerf LoadGen (confidence 0.99, tolerance 0).
"""

LONG_SHARE = 0.9
"""Precision and steadiness are checked for the longest layers, which hold this part of the time: a
trade-off, as short layers scatter most and matter least."""
# The exact sum is compared with a float of up to 2**count, and those end at 2**1024.
_EXACT_UP_TO = 1000

MOST_AUTOCORRELATION = 0.99
"""Neighbours correlate by no more than this where an interval is widened: as if one of 200 samples
counted, see `widening`. A series that drifts comes near to 1, where it would have no end."""

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
    return interval_of_sorted(ordered, confidence)


@lru_cache(maxsize=64)
def interval_rank(count: int, confidence: float = 0.95) -> int:
    """Returns the rank among ``count`` samples that `median_interval` starts at; 0 if none does.

    It is the largest r with ``P(Binomial(count, 1/2) < r) <= (1 - confidence) / 2``; the interval
    ends at the r-th largest.
    """
    tail = (1 - confidence) / 2
    if count > _EXACT_UP_TO:
        return floor(count / 2 + NormalDist().inv_cdf(tail) * sqrt(count) / 2)
    # Binomial coefficients as integers: exact, and each follows from the one before.
    rank, term, below, limit = 0, 1, 1, tail * 2**count
    while below <= limit:
        rank += 1
        term = term * (count - rank + 1) // rank
        below += term
    return rank


def summarise_times(x: ArrayLike) -> TimeSummary | None:
    """Summarises a series of times in ms; None if it is empty."""
    ordered = np.sort(np.asarray(x, dtype=np.float64), axis=None)
    if ordered.size == 0:
        return None
    median, mean = quantile_of_sorted(ordered, 0.5), float(ordered.mean())
    quartiles = quantile_of_sorted(ordered, 0.75) - quantile_of_sorted(ordered, 0.25)
    return TimeSummary(
        count=ordered.size,
        median_ms=median,
        interval=interval_of_sorted(ordered),
        min_ms=float(ordered[0]),
        mean_ms=mean,
        p90_ms=tail_of_sorted(ordered, 90),
        p95_ms=tail_of_sorted(ordered, 95),
        p99_ms=tail_of_sorted(ordered, 99),
        variation=ratio_of(float(ordered.std(ddof=1)), mean) if ordered.size > 1 else float("nan"),
        # Quartiles of fewer than four samples are nothing but interpolation.
        spread=ratio_of(quartiles, median) if ordered.size > 3 else float("nan"),
    )


def summarise_histograms(histograms: TimeHistograms) -> tuple[TimeSummary, ...]:
    """Summarises the C series of a streamed run; their order statistics are within 0.4 %."""
    count = histograms.count
    shares = (0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
    low, median, high, *tails = quantiles(histograms, shares).T
    enough = [count >= SAMPLES_NEEDED[percent] for percent in (90, 95, 99)]
    p90, p95, p99 = (
        tail if is_enough else np.full_like(tail, np.nan)
        for tail, is_enough in zip(tails, enough, strict=True)
    )
    intervals = _intervals_of(histograms)
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = np.sqrt(histograms.deviations_ms2 / (count - 1 if count > 1 else np.nan))
        variation = np.where(histograms.mean_ms == 0, np.nan, deviation / histograms.mean_ms)
        spread = np.where((median == 0) | (count < 4), np.nan, (high - low) / median)
    columns = (median, histograms.min_ms, histograms.mean_ms, p90, p95, p99, variation, spread)
    return tuple(
        TimeSummary(count, float(figures[0]), interval, *map(float, figures[1:]))
        for interval, figures in zip(intervals, zip(*columns, strict=True), strict=True)
    )


def longest_layers(layer_ms: ArrayLike, share: float = LONG_SHARE) -> NDArray[np.intp]:
    """Returns the layers that together hold this part of the time, the longest first.

    Args:
        layer_ms: (L,) median of each layer; those below zero hold no time.
        share: 0 to 1; no layer that is needed to reach it is left out.

    Returns:
        (K,) positions in ``layer_ms``.
    """
    times = np.asarray(layer_ms, dtype=np.float64).clip(min=0.0)
    order = np.argsort(-times, kind="stable")  # equal layers in execution order on every machine
    before = np.cumsum(times[order]) - times[order]
    longest: NDArray[np.intp] = order[before < share * times.sum()]
    return longest


def _intervals_of(histograms: TimeHistograms) -> list[Interval]:
    series, rank = len(histograms.mean_ms), interval_rank(histograms.count)
    if rank == 0:
        return [NO_INTERVAL] * series
    ranks = np.tile(np.array([rank - 1, histograms.count - rank], dtype=np.int64), (series, 1))
    lower, upper = ends_at(histograms, ranks)
    return list(zip(lower[:, 0].tolist(), upper[:, 1].tolist(), strict=True))


def quantile_of_sorted(ordered: NDArray[Any], q: float) -> float:
    """Returns a quantile of sorted times, between the neighbouring two in float64; NaN of none."""
    if ordered.size == 0:
        return float("nan")
    place = q * (ordered.size - 1)
    low = floor(place)
    high = min(low + 1, ordered.size - 1)
    return float(ordered[low]) * (1 - (place - low)) + float(ordered[high]) * (place - low)


def tail_of_sorted(ordered: NDArray[Any], percent: int) -> float:
    """Returns a percentile of sorted times; NaN below `SAMPLES_NEEDED`."""
    enough = ordered.size >= SAMPLES_NEEDED[percent]
    return quantile_of_sorted(ordered, percent / 100) if enough else float("nan")


def interval_of_sorted(ordered: NDArray[Any], confidence: float = 0.95) -> Interval:
    """Returns the interval of the median of sorted times, as `median_interval` does."""
    rank = interval_rank(ordered.size, confidence)
    if rank == 0 or np.isnan(ordered[-1]):  # NumPy sorts NaN to the end
        return NO_INTERVAL
    return float(ordered[rank - 1]), float(ordered[-rank])


def ratio_of(part: float, whole: float) -> float:
    """Returns a part over the whole; NaN for a whole of 0."""
    return part / whole if whole else float("nan")


def lag_one(times: Floats) -> Floats:
    """Returns the correlation of neighbours, of (N,) samples or of each series of (N, C).

    It is 0 for series whose samples are all the same, and of few samples it says little.
    """
    centred = times - times.mean(axis=0)
    power = np.asarray((centred * centred).sum(axis=0))
    shared = (centred[1:] * centred[:-1]).sum(axis=0)
    correlation: Floats = np.divide(shared, power, out=np.zeros_like(power), where=power > 0)
    return correlation


def widening(r: Floats) -> Floats:
    """Returns the factor by which a lag-1 autocorrelation of r widens the interval of an average.

    Of a first-order process, whose variance of an average grows by (1 + r) / (1 - r).

    Args:
        r: below 1, see `MOST_AUTOCORRELATION`.
    """
    factor: Floats = np.sqrt((1 + r) / (1 - r))
    return factor


def student_t(probability: float, freedom: ArrayLike) -> Floats:
    """Returns quantiles of Student's t distribution, each for at least 5 degrees of freedom.

    Source: the Cornish-Fisher expansion, Abramowitz and Stegun 26.7.5; within 1 % at 5 degrees and
    probabilities up to 0.995.
    """
    z = NormalDist().inv_cdf(probability)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    powers = np.power.outer(freedom, -np.arange(1.0, len(terms) + 1))
    quantiles: Floats = z + powers @ np.array(terms)
    return quantiles
