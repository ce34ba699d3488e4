"""Which rows of a comparison changed, and which only look so by chance.

A row stands out by itself, or against all layers that do not: where the whole run was a little
faster or slower (clock, temperature, other processes), only the second way finds the one layer that
changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from trtcore.comparison import Change
from trtcore.resampling import Judgement, compare_times
from trtcore.sampled_times import SampledTimes

ALARMS = 0.05
"""How often chance alone may make anything in a comparison stand out."""

CLOCK_STEPS = 2
"""Differences of so many steps of the clock are noise."""

# The total, the rows, and the rows against the rest share that.
_PART = ALARMS / 3
_DRIFT = 0.1


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

    Against the rest counts only where the rest is within 10 % of what it was: two builds that
    differ everywhere have no common drift.

    Args:
        rows: R rows that both runs have.
        base: times before.
        new: times after.
        step_ms: resolution of the clock; two steps are noise.
    """
    itself = compare_times(base.rows, new.rows, alarms=_PART)
    changed = np.flatnonzero(~itself.is_noise & itself.is_known).tolist()
    rest = [side.layers.without(side.rows.sums([changed])) for side in (base, new)]
    shares = [side.rows.over(own) for side, own in zip((base, new), rest, strict=True)]
    against = compare_times(*shares, alarms=_PART)
    with np.errstate(divide="ignore", invalid="ignore"):
        drift = rest[1].without(new.rows).medians / rest[0].without(base.rows).medians
    stands_out = ~against.is_noise & against.is_known & (np.abs(drift - 1) < _DRIFT)
    judged = []
    for i, row in enumerate(rows):
        known = _judged(row, itself, i)
        if known.is_noise and stands_out[i]:
            known = replace(known, is_noise=False, against_rest=row.ratio / float(drift[i]))
        judged.append(_within_clock(row, known, step_ms))
    return judged


def judge_total(name: str, base: SampledTimes, new: SampledTimes, step_ms: float) -> Change:
    """Compares a time of the whole network, one on each side.

    Args:
        name: what it is.
        base: before, (1,).
        new: after, (1,).
        step_ms: resolution of the clock; two steps are noise.
    """
    row = Change(name, float(base.medians[0]), float(new.medians[0]))
    known = _judged(row, compare_times(base, new, alarms=_PART), 0)
    return _within_clock(row, known, step_ms)


def _judged(row: Change, found: Judgement, i: int) -> Change:
    if not found.is_known[i]:
        return row
    interval = (float(found.low[i]), float(found.high[i]))
    return replace(row, interval=interval, is_noise=bool(found.is_noise[i]))


def _within_clock(row: Change, known: Change, step_ms: float) -> Change:
    change_ms = abs(row.base_ms * (known.judged_ratio - 1))
    if known.is_noise is None or not change_ms <= CLOCK_STEPS * step_ms:
        return known
    return replace(row, interval=known.interval, is_noise=True)
