"""Distributions of times in constant memory: making, merging and reading `TimeHistograms`.

Buckets are cut on the bits of a float32: 128 of equal width in every octave from 2**-20 to 2**14
ms. A time stands for the middle of its bucket, which is within 0.4 % of it. The first bucket takes
what is shorter than the range, such as the 0.0 of a stream sync layer, and the last what is longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from trtcore.stats import _stats
from trtcore.stats.arrays import CountArray, FloatArray, Floats

# Taken from the C++ header that fills the buckets, so that both sides cannot disagree.
LEAST_EXPONENT, OCTAVES, PER_OCTAVE, BUCKETS = (
    _stats.LEAST_EXPONENT,
    _stats.OCTAVES,
    _stats.PER_OCTAVE,
    _stats.BUCKETS,
)

ACCURACY = 1 / (2 * PER_OCTAVE + 1)
"""The largest relative error of a quantile: half a bucket's width over its middle, at the start of
an octave, where buckets are widest for their times."""

FULL = 2**32 - 1
"""A bucket stays at this count, the largest of a uint32, instead of starting again at 0."""


def fold(samples: NDArray[np.float32]) -> TimeHistograms:
    """Returns the distributions of (N, C) times, one of each column; N and C are at least 1."""
    return TimeHistograms(len(samples), *_stats.fold(np.ascontiguousarray(samples, np.float32)))


def merge(parts: Iterable[TimeHistograms]) -> TimeHistograms:
    """Joins distributions of the same series.

    Counts, extremes and buckets are the same to the last bit as if all samples had come at once,
    in whatever order; means and deviations are the same but for rounding.
    """
    first, *others = parts
    for part in others:
        first = _join(first, part)
    return first


def quantiles(histograms: TimeHistograms, shares: Sequence[float]) -> Floats:
    """Returns (C, Q) quantiles, each within 0.4 % of the exact one; NaN without samples.

    Args:
        histograms: of C series.
        shares: Q numbers between 0 and 1, ascending.
    """
    last = _counts(histograms) - 1
    place = np.outer(last, np.asarray(shares, dtype=np.float64))
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, last[:, None])
    below, above = value_at(histograms, low), value_at(histograms, high)
    between: Floats = below * (1 - (place - low)) + above * (place - low)
    return between


def medians(histograms: TimeHistograms) -> Floats:
    """Returns (C,) medians, each within 0.4 % of the exact one; NaN without samples."""
    return quantiles(histograms, (0.5,))[:, 0]


def value_at(histograms: TimeHistograms, ranks: NDArray[np.int64]) -> Floats:
    """Returns (C, K) times of the samples of these ranks, each within 0.4 %.

    Args:
        histograms: of C series.
        ranks: (C, K), from 0 for the shortest, ascending in each row.
    """
    return _values(histograms, ranks, _middles())


def ends_at(histograms: TimeHistograms, ranks: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Returns two (C, K) times between which the samples of these ranks lie: ends of buckets.

    Args:
        histograms: of C series.
        ranks: (C, K), from 0 for the shortest, ascending in each row.
    """
    edges = _edges()
    return _values(histograms, ranks, edges[:-1]), _values(histograms, ranks, edges[1:])


def _values(histograms: TimeHistograms, ranks: NDArray[np.int64], value_of: Floats) -> Floats:
    """(C, K) what stands for the samples of these ranks, never beyond the extremes."""
    if histograms.count == 0:
        return np.full(ranks.shape, np.nan)
    places = _stats.locate(histograms.buckets, np.ascontiguousarray(ranks))
    least = histograms.min_ms[:, None].astype(np.float64)
    most = histograms.max_ms[:, None].astype(np.float64)
    # The middle of the outermost bucket can lie beyond every sample, and is 0 or infinite where
    # times are out of range.
    return value_of[places].clip(least, most)


def _counts(histograms: TimeHistograms) -> NDArray[np.int64]:
    """(C,) samples in the buckets: all of them, unless one is full."""
    counts: NDArray[np.int64] = histograms.buckets.sum(axis=1, dtype=np.int64)
    return counts


def _join(one: TimeHistograms, two: TimeHistograms) -> TimeHistograms:
    # Source: T. F. Chan, G. H. Golub, R. J. LeVeque, Updating formulae and a pairwise algorithm for
    # computing sample variances (1979): no large sums of squares that cancel.
    count = one.count + two.count
    share = two.count / count if count else 0.0
    step = two.mean_ms - one.mean_ms
    buckets = one.buckets.astype(np.uint64) + two.buckets  # wide enough not to wrap round
    return TimeHistograms(
        count=count,
        mean_ms=one.mean_ms + step * share,
        deviations_ms2=one.deviations_ms2 + two.deviations_ms2 + step**2 * one.count * share,
        min_ms=np.minimum(one.min_ms, two.min_ms),
        max_ms=np.maximum(one.max_ms, two.max_ms),
        buckets=np.minimum(buckets, FULL).astype(np.uint32),
    )


@lru_cache(maxsize=1)
def _edges() -> Floats:
    """(B + 1,) where buckets begin and end."""
    step = np.arange(OCTAVES * PER_OCTAVE + 1)
    octave, part = np.divmod(step, PER_OCTAVE)
    finite = np.ldexp(1 + part / PER_OCTAVE, octave + LEAST_EXPONENT)
    return np.concatenate(([-np.inf], finite, [np.inf]))


@lru_cache(maxsize=1)
def _middles() -> Floats:
    """(B,) what stands for the times in a bucket: least far, as a part of them, from both ends."""
    lower, upper = _edges()[1:-2], _edges()[2:-1]
    return np.concatenate(([0.0], 2 * lower * upper / (lower + upper), [np.inf]))


@dataclass(frozen=True, eq=False)
class TimeHistograms:
    """Any number of times of each of C series, in constant memory.

    Attributes:
        count: times of each series.
        mean_ms: (C,) float64: arithmetic mean.
        deviations_ms2: (C,) float64: sum of the squared deviations from the mean.
        min_ms: (C,) float32: shortest.
        max_ms: (C,) float32: longest.
        buckets: (C, B) uint32: how many times lie in each bucket.
    """

    count: int
    mean_ms: Floats
    deviations_ms2: Floats
    min_ms: FloatArray
    max_ms: FloatArray
    buckets: CountArray
