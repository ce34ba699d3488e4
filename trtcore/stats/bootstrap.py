"""Bootstrap intervals of medians, and of differences and ratios of two runs' medians.

Iterations are resampled in blocks of neighbours, because neighbours are correlated: resampled one
by one they would give too narrow an interval. All layers are resampled together. Of a streamed run
only the distribution is there; its draws take the iterations as independent.

Comparisons draw with the same two functions, `draw_medians` and `draw_ranks`, and widen the result
where blocks are correlated too; see `trtcore.compare.significance.noise`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from trtcore.errors import OptionError
from trtcore.stats import _stats
from trtcore.stats.arrays import Floats
from trtcore.stats.batches import BATCH
from trtcore.stats.histogram import TimeHistograms, ends_at

# Each end of a 95 % interval then rests on the 25 draws beyond it.
DRAWS = 1000
# Weights that are made at once: 4 MB of int32, so that memory does not grow with the draws.
_AT_ONCE = 1 << 20
# Weights to add up, of half a nanosecond each: a thread takes 0.1 ms to begin and to end.
_WORTH_A_THREAD = 1 << 20
# With fewer blocks, draws repeat the same few combinations; blocks become shorter instead, at the
# price of ignoring correlation that reaches further than a block.
_FEWEST_BLOCKS = 8

Times = NDArray[np.float32] | TimeHistograms


def median_intervals(times: Times, confidence: float = 0.95, seed: int = 0) -> Floats:
    """Returns (C, 2): the bootstrap interval of each median, in ms.

    Args:
        times: (N, C) samples in the order they were taken, or the histograms of a streamed run.
        confidence: between 0 and 1.
        seed: of the draws.

    Raises:
        OptionError: no samples, or a confidence out of range.
    """
    return _interval(draw_medians(times, seed=seed), confidence)


def difference_intervals(
    base: Times, new: Times, confidence: float = 0.95, seed: int = 0
) -> Floats:
    """Returns (C, 2): the interval of each median of ``new`` minus that of ``base``, in ms.

    Args:
        base: as for `median_intervals`.
        new: another run of the same C series.
        confidence: between 0 and 1.
        seed: of the draws.

    Raises:
        OptionError: no samples, other series, or a confidence out of range.
    """
    before, after = _draw_both(base, new, seed)
    return _interval(after - before, confidence)


def ratio_intervals(base: Times, new: Times, confidence: float = 0.95, seed: int = 0) -> Floats:
    """Returns (C, 2): the interval of each median of ``new`` over that of ``base``.

    NaN where a median may be zero. Arguments and errors are those of `difference_intervals`.
    """
    before, after = _draw_both(base, new, seed)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where((before > 0).all(axis=0), after / before, np.nan)
    return _interval(ratios, confidence)


def draw_medians(
    times: Times, draws: int = DRAWS, block: int = BATCH, seed: int = 0, threads: int | None = None
) -> Floats:
    """Returns (R, C) medians of samples that are resampled with replacement.

    Args:
        times: as for `median_intervals`.
        draws: R.
        block: neighbouring iterations that are drawn together; fewer where there would be less
            than 8 blocks. The last iteration's neighbour is the first.
        seed: of the draws.
        threads: to use; None for as many as there are processors.

    Raises:
        OptionError: no samples.
    """
    if isinstance(times, TimeHistograms):
        return _draw_from_histograms(times, draws, seed)
    random = np.random.default_rng(seed)
    samples = np.ascontiguousarray(times, dtype=np.float32)
    if samples.ndim != 2 or 0 in samples.shape:
        raise OptionError(f"times have shape {samples.shape}, expected (N, C) with samples in it")
    # Sorted once: a draw only changes how often each sample counts, so its median is found by
    # adding up weights in this order.
    order = np.argsort(samples, axis=0).T.astype(np.int32, order="C")
    ordered = np.take_along_axis(samples.T, order, axis=1)
    size = max(1, min(block, len(samples) // _FEWEST_BLOCKS))
    medians = [
        _weighted_medians(ordered, order, weights, threads or _processors())
        for weights in _block_weights(len(samples), size, draws, random)
    ]
    return np.concatenate(medians)


def _weighted_medians(
    ordered: NDArray[np.float32], order: NDArray[np.int32], weights: NDArray[np.int32], threads: int
) -> Floats:
    """The series shared among threads, which the kernel runs without the GIL."""
    parts = min(threads, len(ordered), ordered.size * len(weights) // _WORTH_A_THREAD + 1)
    if parts == 1:
        return _stats.weighted_medians(ordered, order, weights)
    ends = [len(ordered) * i // parts for i in range(parts + 1)]
    with ThreadPoolExecutor(parts) as pool:
        found = pool.map(
            lambda first, end: _stats.weighted_medians(
                ordered[first:end], order[first:end], weights
            ),
            ends[:-1],
            ends[1:],
        )
        return np.concatenate(list(found), axis=1)


def _block_weights(
    count: int, block: int, draws: int, random: np.random.Generator
) -> Iterator[NDArray[np.int32]]:
    """Yields (r, N) weights, R rows in all: how often each sample stands in each draw."""
    blocks = -(-count // block)
    most = max(1, _AT_ONCE // count)
    for done in range(0, draws, most):
        rows = min(most, draws - done)
        starts = random.integers(0, count, (rows, blocks)) + np.arange(rows)[:, None] * count
        begun = np.bincount(starts.ravel(), minlength=rows * count).reshape(rows, count)
        # A sample is in every block that began at it or up to block - 1 before it, round the end.
        summed = np.cumsum(np.concatenate((begun[:, count - block :], begun), axis=1), axis=1)
        yield (summed[:, block:] - summed[:, :-block]).astype(np.int32)


def draw_ranks(
    count: int, share: float = 0.5, draws: int = DRAWS, seed: int = 0
) -> NDArray[np.int64]:
    """Returns (R,) ranks, from 0, at which a quantile of resampled samples lies.

    No samples are needed for that: the sample of rank k among n drawn from n is the one at n * U,
    where U is the k-th of n uniform numbers, which has a beta distribution.

    Args:
        count: of the samples, which are drawn one by one.
        share: of which quantile, between 0 and 1.
        draws: R.
        seed: of the draws.

    Raises:
        OptionError: no samples.
    """
    if count == 0:
        raise OptionError("the histograms hold no samples")
    place = share * (count - 1)
    ranks = np.random.default_rng(seed).beta(place + 1, count - place, draws) * count
    # A beta variate can round to 1.0, which would be one rank beyond the last.
    return ranks.astype(np.int64).clip(max=count - 1)


def _draw_from_histograms(histograms: TimeHistograms, draws: int, seed: int) -> Floats:
    """Draws medians without drawing samples. Where in its bucket each lies is not known."""
    ranks = draw_ranks(histograms.count, draws=draws, seed=seed)
    # The search wants ranks in order; the draws of one run must not follow those of another.
    order = np.argsort(ranks)
    series = len(histograms.mean_ms)
    lower, upper = ends_at(histograms, np.tile(ranks[order], (series, 1)))
    inside = np.random.default_rng((seed, 1)).random((series, draws))
    medians = np.empty((draws, series))
    medians[order] = (lower + (upper - lower) * inside).T
    return medians


def _draw_both(base: Times, new: Times, seed: int) -> tuple[Floats, Floats]:
    # Two seeds: with one, both runs would be resampled alike and their differences scatter too
    # little.
    before, after = draw_medians(base, seed=seed), draw_medians(new, seed=seed + 1)
    if before.shape != after.shape:
        raise OptionError(f"one run has {before.shape[1]} series, the other {after.shape[1]}")
    return before, after


def _interval(draws: Floats, confidence: float) -> Floats:
    if not 0 < confidence < 1:
        raise OptionError(f"confidence is {confidence}, expected a number between 0 and 1")
    tail = (1 - confidence) / 2
    interval: Floats = np.quantile(draws, (tail, 1 - tail), axis=0).T
    return interval


def _processors() -> int:
    return len(os.sched_getaffinity(0))
