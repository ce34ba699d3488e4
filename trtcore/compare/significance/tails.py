"""Percentiles of two runs: whether the tail of the latency grew, or that may be chance."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from trtcore.compare.comparison import Change
from trtcore.compare.significance.noise import batch_widening
from trtcore.compare.significance.times import DRAWS, WANTED_BATCHES, draw_streamed
from trtcore.errors import OptionError
from trtcore.result.records.samples import Samples
from trtcore.stats.arrays import Floats
from trtcore.stats.batches import batch_size
from trtcore.stats.histogram import ACCURACY, TimeHistograms, quantiles
from trtcore.stats.intervals import SAMPLES_NEEDED

_CONFIDENCE = 0.95

Times = NDArray[np.float32]


def compare_tails(base: Samples, new: Samples, percent: int) -> Change:
    """Compares a percentile of the un-profiled latency, of the GPU time where both have it.

    The interval comes from resampling batches of neighbouring iterations with replacement, widened
    for the autocorrelation of how much of each batch is in the tail; of a streamed run, from
    resampling all its iterations, widened for the autocorrelation of its last ones, and out to the
    ends of the buckets.

    Args:
        base: samples before.
        new: samples after.
        percent: 90, 95 or 99.

    Raises:
        OptionError: too few iterations on one side for this percentile.
    """
    has_gpu = bool(base.gpu_ms.size and new.gpu_ms.size)
    name = "gpu_ms" if has_gpu else "wall_ms"
    counts = [_count(samples, name) for samples in (base, new)]
    if min(counts) < SAMPLES_NEEDED[percent]:
        raise OptionError(
            f"p{percent} needs {SAMPLES_NEEDED[percent]} un-profiled iterations on both sides, "
            f"there are {counts[0]} and {counts[1]}"
        )
    (before, draws), (after, others) = (
        _drawn(samples, name, percent, seed) for seed, samples in enumerate((base, new))
    )
    tail = (1 - _CONFIDENCE) / 2
    low, high = (float(q) for q in np.quantile(others / draws, (tail, 1 - tail)))
    blur = np.prod([1 + ACCURACY * (s.histogram_of(name) is not None) for s in (base, new)])
    low, high = low / float(blur), high * float(blur)
    title = f"p{percent} of the un-profiled {'GPU time' if has_gpu else 'latency'}"
    return Change(title, before, after, (low, high), is_noise=low <= 1 <= high)


def _count(samples: Samples, name: str) -> int:
    streamed = samples.histogram_of(name)
    return len(getattr(samples, name)) if streamed is None else streamed.count


def _drawn(samples: Samples, name: str, percent: int, seed: int) -> tuple[float, Floats]:
    """A percentile of a series, and (draws,) of it in resampled runs."""
    times, streamed = getattr(samples, name), samples.histogram_of(name)
    if streamed is not None:
        return _drawn_from_histogram(times, streamed, percent, seed)
    random = np.random.default_rng(seed)
    size = batch_size(times.size, WANTED_BATCHES)
    count = times.size // size
    batches = times[: count * size].reshape(count, size)
    places = (random.integers(0, count, count) for _ in range(DRAWS))
    draws = _percentiles(batches, places, percent)
    middle = float(np.percentile(times, percent))
    # A tail that comes in stretches shows in how full of it neighbouring batches are. The power
    # widens the ratio of each draw to the percentile, as a factor on its logarithm.
    beyond = (batches > middle).mean(axis=1, keepdims=True)
    return middle, middle * (draws / middle) ** batch_widening(beyond)


def _percentiles(batches: Times, places: Iterable[NDArray[np.int64]], percent: int) -> Floats:
    """The (draws,) percentiles of resampled runs, each of the (count, size) batches at its places.

    The times are sorted once: a draw only changes how often each of them counts.
    """
    order = np.argsort(batches, axis=None)
    ordered, owners = batches.ravel()[order].astype(np.float64), order // batches.shape[1]
    rank = percent / 100 * (ordered.size - 1)
    ranks = np.array([np.floor(rank), np.ceil(rank)])
    # As `np.percentile` does: a time that is not a number makes none of it.
    if np.isnan(ordered[-1]):
        return np.array([np.nan for _ in places])
    ends = [
        ordered[np.searchsorted(counted.cumsum(), ranks, side="right")]
        for at in places
        for counted in [np.bincount(at, minlength=len(batches))[owners]]
    ]
    low, high = np.array(ends).T
    percentiles: Floats = low + (high - low) * (rank - ranks[0])
    return percentiles


def _drawn_from_histogram(
    last: Times, streamed: TimeHistograms, percent: int, seed: int
) -> tuple[float, Floats]:
    middle = float(quantiles(streamed, (percent / 100,))[0, 0])
    return middle, draw_streamed(last[:, None], streamed, percent / 100, DRAWS, seed)[:, 0]
