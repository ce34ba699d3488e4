"""Tells rows of a comparison that changed from those whose difference may be chance.

A row stands out by itself, or relative to all other layers: where the whole run was a little
faster or slower (clock, temperature, other processes), only the second way finds the one layer that
changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trtcore.compare.comparison import Change
from trtcore.compare.significance.times import SampledTimes
from trtcore.stats.arrays import Floats
from trtcore.stats.intervals import lag_one, student_t, widening
from trtcore.stats.student import pooled_error, t_quantile

# The t quantiles of `trtcore.stats.intervals.student_t` hold from 5 degrees of freedom on.
FEWEST_BATCHES = 6

# Lower than `trtcore.stats.intervals.MOST_AUTOCORRELATION`: of as few as 6 batches, corrected for
# how few they are, the correlation is itself so uncertain that chance alone can bring it beyond 1.
# At 0.9 the factor is 4.4, at 0.99 it would be 14, and hardly any change could then be detected.
_MOST_AUTOCORRELATION = 0.9


@dataclass(frozen=True, eq=False)
class Judgement:
    """The ratio of new to base for each of R times; NaN where it cannot be judged.

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
    if base.of_processes and new.of_processes and rows:
        return _compare_processes(base, new, alarms / rows)
    fewest = min(len(base.batches), len(new.batches))
    if fewest < FEWEST_BATCHES or rows == 0:
        nothing = np.full(rows, np.nan)
        return Judgement(nothing, nothing, np.zeros(rows, dtype=np.bool_))
    usable = _is_usable(base) & _is_usable(new)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = np.where(usable, _interval(base, new), np.nan)
        # Both have to exclude it: the test corrects for the number of rows, the interval is what
        # the reader sees, and a change whose interval holds 1 would contradict itself.
        is_chance = _may_be_chance(base, new, alarms / rows) | ((low <= 1) & (high >= 1))
    return Judgement(low, high, is_chance & ~np.isnan(low))


def _compare_processes(base: SampledTimes, new: SampledTimes, chance: float) -> Judgement:
    """Compares times of fresh processes: Student's t-test on the logarithms of their medians.

    Processes are independent and few, so that neither batches nor draws tell more than they do.
    """
    usable = _is_usable(base) & _is_usable(new)
    with np.errstate(divide="ignore", invalid="ignore"):
        before, after = (np.log(times.batches) for times in (base, new))
        away, error = after.mean(axis=0) - before.mean(axis=0), pooled_error(before, after)
        freedom = len(before) + len(after) - 2
        reach = t_quantile(0.05, freedom) * error
        low, high = np.where(usable, np.exp([away - reach, away + reach]), np.nan)
        is_chance = np.abs(away) <= t_quantile(min(chance, 0.05), freedom) * error
    return Judgement(low, high, is_chance & usable)


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
    # The least that Welch's formula can give, for rows that do not scatter at all.
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
    count, r = len(batches), lag_one(batches)
    corrected = r + (1 + 4 * r) / count
    return widening(corrected.clip(0.0, _MOST_AUTOCORRELATION))


ALARMS = 0.05
"""How often chance alone may make anything in a comparison stand out."""

CLOCK_STEPS = 2
"""Differences of so many steps of the clock are noise: each of two times is off by up to one."""

# Three tests share the alarms: of the totals, of the rows, and of the rows relative to all others.
_PART = ALARMS / 3
# How far the rest may have drifted, as a part of it, to be a measure of the others: clocks and
# temperature move a whole run by a few percent, another build by more, and not all of it alike.
_MOST_COMMON_DRIFT = 0.1


@dataclass(frozen=True, eq=False)
class RowTimes:
    """What is judged, for one of the runs.

    Attributes:
        rows: times of R rows.
        layers: time of all layers together.
    """

    rows: SampledTimes
    layers: SampledTimes


def judge_rows(
    rows: Sequence[Change], base: RowTimes, new: RowTimes, step_ms: float
) -> list[Change]:
    """Gives each row its interval, and says whether its difference is noise.

    Relative to all other layers counts only where those are within 10 % of what they were: two
    builds that differ everywhere have no common drift.

    Args:
        rows: R rows that both runs have.
        base: times before.
        new: times after.
        step_ms: resolution of the clock; two steps are noise.
    """
    itself = compare_times(base.rows, new.rows, alarms=_PART)
    # Rows that changed by themselves are no part of the common drift that the others are held to.
    changed = np.flatnonzero(~itself.is_noise & itself.is_known).tolist()
    rest = [side.layers.without(side.rows.sums([changed])) for side in (base, new)]
    shares = [side.rows.over(own) for side, own in zip((base, new), rest, strict=True)]
    against = compare_times(*shares, alarms=_PART)
    with np.errstate(divide="ignore", invalid="ignore"):
        drift = rest[1].without(new.rows).medians / rest[0].without(base.rows).medians
    stands_out = ~against.is_noise & against.is_known & (np.abs(drift - 1) < _MOST_COMMON_DRIFT)
    judged = []
    for i, row in enumerate(rows):
        known = _judged(row, itself, i)
        if known.is_noise and stands_out[i]:
            known = replace(known, is_noise=False, relative_ratio=row.ratio / float(drift[i]))
        judged.append(_within_clock(row, known, step_ms))
    return judged


def judge_total(
    name: str, base: SampledTimes, new: SampledTimes, step_ms: float, totals: int = 1
) -> Change:
    """Compares a time of the whole network, one on each side.

    Args:
        name: what it is.
        base: before, (1,).
        new: after, (1,).
        step_ms: resolution of the clock; two steps are noise.
        totals: how many times of the whole network are compared; they share the alarms of one.
    """
    row = Change(name, float(base.medians[0]), float(new.medians[0]))
    known = _judged(row, compare_times(base, new, alarms=_PART / totals), 0)
    return _within_clock(row, known, step_ms)


def _judged(row: Change, judgement: Judgement, i: int) -> Change:
    if not judgement.is_known[i]:
        return row
    interval = (float(judgement.low[i]), float(judgement.high[i]))
    return replace(row, interval=interval, is_noise=bool(judgement.is_noise[i]))


def _within_clock(row: Change, judged: Change, step_ms: float) -> Change:
    change_ms = abs(row.base_ms * (judged.judged_ratio - 1))
    if judged.is_noise is None or not change_ms <= CLOCK_STEPS * step_ms:
        return judged
    # From the plain row, so that a ratio relative to all other layers goes as well.
    return replace(row, interval=judged.interval, is_noise=True)
