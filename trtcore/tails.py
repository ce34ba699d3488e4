"""Percentiles of two runs: whether the tail of the latency grew, or chance moved it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trtcore.comparison import Change
from trtcore.errors import OptionError
from trtcore.resampling import batch_size
from trtcore.result import Samples
from trtcore.statistics import SAMPLES_NEEDED

_DRAWS = 400
_CONFIDENCE = 0.95

Times = NDArray[np.float32]


def compare_tails(base: Samples, new: Samples, percent: int) -> Change:
    """Compares a percentile of the un-profiled latency, of the GPU time where both have it.

    The interval comes from drawing batches of neighbouring iterations again with replacement.

    Args:
        base: samples before.
        new: samples after.
        percent: 90, 95 or 99.

    Raises:
        OptionError: too few iterations on one side for this percentile.
    """
    has_gpu = bool(base.gpu_ms.size and new.gpu_ms.size)
    pair = (base.gpu_ms, new.gpu_ms) if has_gpu else (base.wall_ms, new.wall_ms)
    needed = SAMPLES_NEEDED[percent]
    if min(times.size for times in pair) < needed:
        raise OptionError(
            f"p{percent} needs {needed} un-profiled iterations on both sides, there are "
            f"{pair[0].size} and {pair[1].size}"
        )
    before, after = (float(np.percentile(times, percent)) for times in pair)
    random = np.random.default_rng(0)
    drawn = [_drawn(times, percent, random) for times in pair]
    tail = (1 - _CONFIDENCE) / 2
    low, high = (float(q) for q in np.quantile(drawn[1] / drawn[0], (tail, 1 - tail)))
    name = f"p{percent} of the un-profiled {'GPU time' if has_gpu else 'latency'}"
    return Change(name, before, after, (low, high), is_noise=low <= 1 <= high)


def _drawn(times: Times, percent: int, random: np.random.Generator) -> NDArray[np.float64]:
    """(draws,) percentiles of as many batches as there are, drawn with replacement."""
    size = batch_size(times.size)
    count = times.size // size
    batches = times[: count * size].reshape(count, size)
    places = (random.integers(0, count, count) for _ in range(_DRAWS))
    return np.array([np.percentile(batches[at], percent) for at in places])
