"""What `trtcore.stats._stats` computes, in NumPy: the reference of its tests and benchmarks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LEAST = (127 - 20) << 7
_BUCKETS = (34 << 7) + 2


def bucket_of(samples: NDArray[np.float32]) -> NDArray[np.int64]:
    """Returns the bucket of each time: see ``cpp/recorder/time_histogram.hpp``."""
    bits = np.ascontiguousarray(samples, dtype=np.float32).view(np.int32)
    return ((bits >> 16).astype(np.int64) - _LEAST + 1).clip(0, _BUCKETS - 1)


def fold(
    samples: NDArray[np.float32],
) -> tuple[
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.uint32],
]:
    """Returns means, squared deviations, least, most and buckets of (N, C) samples."""
    mean = samples.mean(axis=0, dtype=np.float64)
    deviations = ((samples - mean) ** 2).sum(axis=0)
    series = samples.shape[1]
    places = bucket_of(samples) + np.arange(series) * _BUCKETS
    buckets = np.bincount(places.ravel(), minlength=series * _BUCKETS).astype(np.uint32)
    least, most = samples.min(axis=0), samples.max(axis=0)
    return mean, deviations, least, most, buckets.reshape(series, _BUCKETS)


def locate(buckets: NDArray[np.uint32], ranks: NDArray[np.int64]) -> NDArray[np.int32]:
    """Returns (C, K) numbers of the buckets that hold the samples of these ranks."""
    up_to = np.cumsum(buckets, axis=1, dtype=np.int64)
    found = [
        np.searchsorted(counts, wanted, side="right")
        for counts, wanted in zip(up_to, ranks, strict=True)
    ]
    return np.array(found, dtype=np.int32).clip(max=buckets.shape[1] - 1)


def batch_medians(batches: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns (B, C) medians of (B, size, C) samples."""
    medians: NDArray[np.float64] = np.median(batches, axis=1)
    return medians


def weighted_medians(
    samples: NDArray[np.float32], weights: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Returns (R, C) medians of (N, C) samples of which the n-th stands ``weights[r, n]`` times."""
    exact = samples.astype(np.float64)
    return np.array([np.median(np.repeat(exact, row, axis=0), axis=0) for row in weights])
