"""How far the times of two runs can be told apart: intervals of their ratios, and noise.

Two questions have two answers. How sure a ratio of medians is, says the bootstrap: its interval
comes from the draws of `trtcore.sampled_times`, which the compiled kernels make. Whether chance
alone explains a difference, says a t-test of the means over batch medians: where a time jumps
between two values its median does so too, by all of the distance, and only a mean over batches
sees a small change. Of a streamed run only medians are known of all iterations, so the t-test is of
medians on both sides if either is streamed. A difference that its own interval explains is noise
whatever the test says.

Neighbouring iterations resemble each other, which is why both look at batches of neighbours; what
correlation is left between batches widens both.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from trtcore.sampled_times import SampledTimes
from trtcore.series import lag_one, widening

FEWEST_BATCHES = 6

_MOST_AUTOCORRELATION = 0.9

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Judgement:
    """What is known of new over base, for each of R times; NaN where it cannot be judged.

    Attributes:
        low: (R,) lower end of the 95 % interval of the ratio.
        high: (R,) upper end.
        is_noise: (R,) whether the difference may be chance, judged for all rows at once; False
            where it cannot be judged.
    """

    low: Floats
    high: Floats
    is_noise: NDArray[np.bool_]

    @property
    def is_known(self) -> NDArray[np.bool_]:
        """(R,) whether a row could be judged."""
        return ~np.isnan(self.low)


def compare_times(base: SampledTimes, new: SampledTimes, *, alarms: float = 0.05) -> Judgement:
    """Compares R times of two runs.

    Noise is judged for all of them together (Bonferroni), so that among many that did not change
    none stands out by chance more often than is allowed.

    Args:
        base: of the run before.
        new: of the run after; its draws have another seed.
        alarms: how often chance alone may make any of them stand out.
    """
    rows = base.medians.size
    fewest = min(len(base.batches), len(new.batches))
    if fewest < FEWEST_BATCHES or rows == 0:
        nothing = np.full(rows, np.nan)
        return Judgement(nothing, nothing, np.zeros(rows, dtype=np.bool_))
    usable = _is_usable(base) & _is_usable(new)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = np.where(usable, _interval(base, new), np.nan)
        is_chance = _may_be_chance(base, new, alarms / rows) | ((low <= 1) & (high >= 1))
    return Judgement(low, high, is_chance & ~np.isnan(low))


def student_t(probability: float, freedom: Floats) -> Floats:
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


def _is_usable(times: SampledTimes) -> NDArray[np.bool_]:
    """(R,) whether all there is of a row is a time that a ratio can be made of."""
    parts = (times.medians[None], times.batches, times.draws)
    usable: NDArray[np.bool_] = np.logical_and.reduce(
        [(np.isfinite(part) & (part > 0)).all(axis=0) for part in parts]
    )
    return usable


def _interval(base: SampledTimes, new: SampledTimes) -> Floats:
    """(2, R) ends; those of streamed runs reach to the ends of buckets."""
    spread = _deviations(new) - _deviations(base)
    low, high = np.quantile(spread, (0.025, 0.975), axis=0)
    blur = np.log1p(base.blur) + np.log1p(new.blur)
    ends: Floats = new.medians / base.medians * np.exp([low - blur, high + blur])
    return ends


def _deviations(times: SampledTimes) -> Floats:
    """(D, R) how far each draw is from the median, as a logarithm."""
    away: Floats = np.log(times.draws / times.medians) * batch_widening(times.batches)
    return away


def _may_be_chance(base: SampledTimes, new: SampledTimes, chance: float) -> NDArray[np.bool_]:
    """(R,) whether the levels differ by no more than chance exceeds so often: Welch's t-test."""
    of_medians = base.is_streamed or new.is_streamed
    before, after = (_error(times, of_medians) ** 2 for times in (base, new))
    parts = before**2 / (len(base.batches) - 1) + after**2 / (len(new.batches) - 1)
    least = min(len(base.batches), len(new.batches)) - 1
    freedom = np.where(parts > 0, (before + after) ** 2 / parts, least)
    reach = student_t(1 - chance / 2, freedom) * np.sqrt(before + after)
    away = _level(new, of_medians) - _level(base, of_medians)
    explained: NDArray[np.bool_] = np.abs(away) <= reach
    return explained


def _level(times: SampledTimes, of_medians: bool) -> Floats:
    """(R,) logarithms of what is tested."""
    level: Floats = np.log(times.medians if of_medians else times.batches.mean(axis=0))
    return level


def _error(times: SampledTimes, of_medians: bool) -> Floats:
    """(R,) standard error of a level, as a part of it.

    Of a median no smaller than its draws scatter, and of a streamed run no smaller than that of
    its last iterations: of the others it is not known whether they varied more slowly than those
    could show.
    """
    count, means = len(times.batches), times.batches.mean(axis=0)
    error: Floats = times.batches.std(axis=0, ddof=1) / means / np.sqrt(count)
    if of_medians:
        error = np.maximum(error, np.log(times.draws).std(axis=0))
    return error * batch_widening(times.batches)


def batch_widening(batches: Floats) -> Floats:
    """Returns (R,) factors by which correlated batches make an error larger than it looks.

    Args:
        batches: (B, R) a figure of each batch, in order.

    Source: the correction for short series is Marriott and Pope's, Biometrika 41 (1954).
    """
    count, found = len(batches), lag_one(batches)
    corrected = found + (1 + 4 * found) / count
    return widening(corrected.clip(0.0, _MOST_AUTOCORRELATION))
