"""How a series of times behaves: outliers, two modes, drift. No sample is dropped."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from numpy.typing import ArrayLike

from trtcore.stats.arrays import Floats
from trtcore.stats.intervals import MOST_AUTOCORRELATION, interval_rank, lag_one, widening
from trtcore.stats.resolution import EVENT_RESOLUTION_MS

LEAST_SHARE = 0.1
"""Of the samples, for a mode, unless the caller gives another: fewer are outliers to a reader."""

INNER_FENCE, OUTER_FENCE = 1.5, 3.0
"""In IQR, beyond the quartiles: a sample further out than these is a mild, a severe
outlier. Source: J. W. Tukey, Exploratory Data Analysis (1977)."""

# Below this a tenth of the samples, the least that makes a mode, is three: as good as chance.
_LEAST_SAMPLES = 32
# Of the lower hill. Shallower dips are seen in single broad hills too; deeper ones would miss modes
# that overlap.
_VALLEY_DEPTH = 0.5
# Series that are sorted at once: a million samples of them are 256 MB.
_COLUMNS = 32
# Intervals are then 1.4 times as wide as for independent samples (see `widening`): worth reporting.
_CORRELATED = 0.3


@dataclass(frozen=True)
class Series:
    """How a series of times behaves. Figures are NaN, and labels False, below 32 samples.

    Attributes:
        count: number of samples.
        mild: samples 1.5 to 3 IQR beyond the quartiles (Tukey's fences).
        severe: samples further out than that.
        autocorrelation: of neighbouring samples, -1 to 1; above 0.3 a plain interval is too narrow.
        modes_ms: the two values it jumps between; empty if it does not.
        drift: last half over first half, as medians, minus 1; 0 if the halves agree.
    """

    count: int
    mild: int
    severe: int
    autocorrelation: float
    modes_ms: tuple[float, ...]
    drift: float

    @property
    def is_labelled(self) -> bool:
        """Whether there are enough samples to say anything about them."""
        return self.count >= _LEAST_SAMPLES

    @property
    def is_bimodal(self) -> bool:
        """Whether a single median says too little; the quartiles say more."""
        return bool(self.modes_ms)

    @property
    def is_drifting(self) -> bool:
        """Whether it became slower or faster as it went on."""
        return self.drift != 0

    @property
    def is_autocorrelated(self) -> bool:
        """Whether neighbours are so correlated that the effective sample size is much smaller."""
        return self.autocorrelation > _CORRELATED


def describe(x: ArrayLike, tolerance: float = 0.01) -> Series:
    """Describes a series of times in ms, in the order they were taken.

    Args:
        x: (N,) times.
        tolerance: modes and drift below this part of the median are ignored. At 1 % they are no
            larger than the difference of two processes with one plan (docs/compare.md).
    """
    times = np.asarray(x, dtype=np.float64)
    mild, severe = count_outliers(times)
    return Series(
        count=times.size,
        mild=mild,
        severe=severe,
        autocorrelation=autocorrelation(times),
        modes_ms=find_modes(times, tolerance),
        drift=find_drift(times, tolerance),
    )


def count_outliers(x: ArrayLike) -> tuple[int, int]:
    """Returns how many samples lie beyond Tukey's inner fences but not the outer, and beyond both.

    The fences lie 1.5 and 3 IQR from the quartiles, but never closer than the
    clock's resolution, as quantised times can have an IQR of 0.
    """
    times = np.asarray(x, dtype=np.float64)
    if times.size < _LEAST_SAMPLES:
        return 0, 0
    beyond, distance = beyond_quartiles(times)
    # Quantised times often have equal quartiles; every other step would be an outlier then.
    distance = max(distance, EVENT_RESOLUTION_MS)
    severe = int((beyond > OUTER_FENCE * distance).sum())
    return int((beyond > INNER_FENCE * distance).sum()) - severe, severe


def beyond_quartiles(times: Floats) -> tuple[Floats, float]:
    """Returns how far beyond the quartiles each of (N,) times lies, and how far apart those are.

    Times between the quartiles have figures of 0 or less.
    """
    low, high = np.quantile(times, (0.25, 0.75))
    beyond: Floats = np.maximum(low - times, times - high)
    return beyond, float(high - low)


def autocorrelation(x: ArrayLike) -> float:
    """Returns the correlation of neighbouring samples; 0 if they are all the same."""
    times = np.asarray(x, dtype=np.float64)
    return float(lag_one(times)) if times.size >= _LEAST_SAMPLES else float("nan")


def find_modes(
    x: ArrayLike, tolerance: float = 0.01, least_share: float = LEAST_SHARE
) -> tuple[float, ...]:
    """Returns the two values a series jumps between, or nothing.

    The series is cut where the variance within both parts is least (Otsu's threshold), among the
    cuts that leave the least share on either side. For this choice that share at either end counts
    as if it all lay at its inner edge, so that no outlier draws the cut to itself. The parts'
    medians must differ by more than the tolerance and the clock's resolution, and there must be a
    valley: half way between the medians at most half the samples that the thinner part has around
    its median, by a margin that is not chance.

    Args:
        x: (N,) times in ms, in any order.
        tolerance: modes closer than this part of the median are one.
        least_share: of the samples, for a mode; outliers on one side have to be fewer.
    """
    ordered = np.sort(np.asarray(x, dtype=np.float64))
    if ordered.size < _LEAST_SAMPLES:
        return ()
    margin = ceil(least_share * ordered.size)
    # One clock step apart, two values are one time that falls between them.
    least = max(tolerance * abs(float(np.median(ordered))), 2 * EVENT_RESOLUTION_MS)
    # No part is smaller than the margin, so no median lies further out than half of it: most steady
    # series are done with here, for a third of the time.
    inside = (margin - 1) // 2
    if not ordered[-1 - inside] - ordered[inside] > least:
        return ()
    cut = _otsu_cut(ordered, margin)
    low, high = float(np.median(ordered[:cut])), float(np.median(ordered[cut:]))
    if not high - low > least or not _has_valley(ordered, low, high):
        return ()
    return low, high


def find_drift(x: ArrayLike, tolerance: float = 0.01) -> float:
    """Returns last half over first half minus 1, or 0 where that may be chance.

    Medians are compared; they must differ by more than the tolerance, the clock's resolution and
    their 95 % intervals together. The intervals are those of the halves without their own slope,
    because a steady drift is no noise.
    """
    times = np.asarray(x, dtype=np.float64)
    if times.size < 2 * _LEAST_SAMPLES:
        return 0.0
    first, last = np.array_split(times, 2)
    before, after = float(np.median(first)), float(np.median(last))
    change = abs(after - before)
    least = max(tolerance * before, EVENT_RESOLUTION_MS)
    if not (change > least and before > 0):
        return 0.0
    # Last, because it takes the longest: most series differ too little to come here.
    least = max(least, _half_width(first) + _half_width(last))
    return after / before - 1 if change > least else 0.0


def estimate(x: ArrayLike) -> tuple[float, float]:
    """Returns the median and the half-width of its 95 % interval, widened for autocorrelation.

    Those of `estimate_columns` for (N,) samples of one series.
    """
    medians, half_widths = estimate_columns(np.asarray(x, dtype=np.float64)[:, None])
    return float(medians[0]), float(half_widths[0])


def estimate_columns(x: ArrayLike) -> tuple[Floats, Floats]:
    """Returns (C,) medians of (N, C) series, and the half-widths of their 95 % intervals.

    Correlated neighbours count for less, so the interval of the order statistics is widened, see
    `widening`. NaN below 6 samples, and for series with a NaN in them.
    """
    series = np.asarray(x, dtype=np.float64)
    figures = np.full((2, series.shape[1]), np.nan)
    if len(series):
        # A few at a time take little memory of their own, however many there are.
        for start in range(0, series.shape[1], _COLUMNS):
            block = slice(start, start + _COLUMNS)
            figures[:, block] = _estimate_block(series[:, block])
    return figures[0], figures[1]


def _estimate_block(series: Floats) -> tuple[Floats, Floats]:
    ordered, count = np.sort(series, axis=0), len(series)
    middle = ordered[(count - 1) // 2 : count // 2 + 1].mean(axis=0)
    medians: Floats = np.where(np.isnan(ordered[-1]), np.nan, middle)
    rank = interval_rank(count)
    if rank == 0:
        return medians, np.full_like(medians, np.nan)
    half_widths = np.maximum(ordered[-rank] - medians, medians - ordered[rank - 1])
    # The autocorrelation of fewer samples is mostly chance, and would widen at random.
    if count >= _LEAST_SAMPLES:
        half_widths *= widening(lag_one(series).clip(0.0, MOST_AUTOCORRELATION))
    return medians, half_widths


def _half_width(times: Floats) -> float:
    """Of the interval of a median, when its samples are freed of their slope."""
    place = np.arange(times.size) - (times.size - 1) / 2
    slope = float((place * times).sum() / (place * place).sum())
    return estimate(times - slope * place)[1]


def _otsu_cut(ordered: Floats, margin: int) -> int:
    """Returns how many of N sorted samples lie below Otsu's threshold: ``margin`` to N - margin."""
    count = ordered.size
    inner = ordered.clip(ordered[margin - 1], ordered[count - margin])
    sums = np.cumsum(inner - inner.mean())[margin - 1 : count - margin]
    below = np.arange(margin, count - margin + 1)
    # Centred, both parts' sums are opposite, and the variance between them is this.
    return int(np.argmax(sums * sums / (below * (count - below)))) + margin


def _has_valley(ordered: Floats, low: float, high: float) -> bool:
    # Three windows, each a third of the distance wide, that do not overlap.
    reach = (high - low) / 6

    def near(place: float) -> int:
        return int(np.diff(np.searchsorted(ordered, (place - reach, place + reach)))[0])

    valley, hill = near((low + high) / 2), min(near(low), near(high))
    # Counts scatter by their root: three such deviations are not chance.
    return valley <= _VALLEY_DEPTH * hill and hill - valley > 3 * (hill + valley) ** 0.5


CHANCE = 2.5
"""Deviations of Kendall's S that chance seldom reaches: in one of eighty steady series."""


def pair_slopes(x: Floats, y: Floats) -> Floats:
    """Returns the slopes between all pairs of (N,) points that differ in ``x``, sorted.

    Their median is the slope of Theil and Sen, which a quarter of bad points cannot bend.

    Source:
        P. K. Sen, Estimates of the regression coefficient based on Kendall's tau, JASA 63 (1968).
    """
    first, second = np.triu_indices(x.size, k=1)
    differ = x[first] != x[second]
    first, second = first[differ], second[differ]
    slopes: Floats = np.sort((y[second] - y[first]) / (x[second] - x[first]))
    return slopes


def find_rise(times: Floats) -> float:
    """Returns by how much (N,) times rise from first to last, below zero where they fall.

    It is 0 where that may be chance: Mann and Kendall's test compares how many pairs rise with how
    many fall, which assumes no shape. With correlated neighbours it finds a rise more often than
    one in eighty times, never less.
    """
    count = times.size
    if count < 2:
        return 0.0
    slopes = pair_slopes(np.arange(count, dtype=np.float64), times)
    deviation = sqrt(count * (count - 1) * (2 * count + 5) / 18)
    if abs(float(np.sign(slopes).sum())) <= CHANCE * deviation:
        return 0.0
    return float(np.median(slopes)) * (count - 1)
