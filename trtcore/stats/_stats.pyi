"""Kernels over sample arrays, without the GIL.

`benchmarks/stats_reference.py` says the same in NumPy. Arrays are C-contiguous and of exactly
these types. `trtcore.stats.histogram`, `trtcore.stats.batches` and `trtcore.stats.bootstrap` are
the ways in.
"""

import numpy as np
from numpy.typing import NDArray

LEAST_EXPONENT: int
"""Buckets begin at 2 to the power of this, in ms."""

OCTAVES: int
"""How often the range of the buckets doubles."""

PER_OCTAVE: int
"""Buckets of equal width in each octave."""

BUCKETS: int
"""All of them, with one for what is shorter than the range and one for what is longer."""

def fold(
    samples: NDArray[np.float32],
) -> tuple[
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.uint32],
]:
    """Means, squared deviations, least, most and buckets of (N, C) samples, by series.

    Returns:
        Four arrays (C,) and one (C, B); see `trtcore.result.TimeHistograms`.

    Raises:
        ValueError: no samples.
    """

def locate(buckets: NDArray[np.uint32], ranks: NDArray[np.int64]) -> NDArray[np.int32]:
    """Which buckets hold the samples of these ranks.

    Args:
        buckets: (C, B) counts.
        ranks: (C, K), from 0 for the shortest, ascending in each row.

    Returns:
        (C, K) bucket numbers; the last one for ranks beyond the samples.

    Raises:
        ValueError: shapes that do not fit.
    """

def batch_medians(batches: NDArray[np.float64]) -> NDArray[np.float64]:
    """(B, C) medians of (B, size, C) samples.

    Raises:
        ValueError: batches of no samples.
    """

def weighted_medians(
    ordered: NDArray[np.float32],
    order: NDArray[np.int32],
    weights: NDArray[np.int32],
) -> NDArray[np.float64]:
    """(R, C) medians of samples of which the n-th stands ``weights[r, n]`` times.

    Args:
        ordered: (C, N) samples of each series in ascending order.
        order: (C, N) which sample each of them is.
        weights: (R, N) how often each sample stands in each resample, 0 or more.

    Raises:
        ValueError: shapes that do not fit, a negative weight, or a resample without samples.
    """
