"""Which rows of a comparison changed, and which only look so by chance.

A row stands out by itself, or against all other layers: where the whole run was a little faster or
slower (clock, temperature, other processes), only the second way finds the one layer that changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trtcore.comparison import Change
from trtcore.resampling import FEWEST_BATCHES, batch_medians, compare_batches

ALARMS = 0.05
"""How often chance alone may make any row of a comparison stand out."""

_DRIFT = 0.1
_STEPS = 2

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RowTimes:
    """What is judged, for one of the runs.

    Attributes:
        rows_ms: (B, R) batch medians of each row.
        layers_ms: (B,) batch medians of all layers, summed.
    """

    rows_ms: Floats
    layers_ms: Floats

    @property
    def rest_ms(self) -> Floats:
        """(B, R) time of all layers that are not in the row."""
        rest: Floats = self.layers_ms[:, None] - self.rows_ms
        return rest


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
    itself = compare_batches(base.rows_ms, new.rows_ms, alarms=ALARMS / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = (base.rows_ms / base.rest_ms, new.rows_ms / new.rest_ms)
        drift = new.rest_ms.mean(axis=0) / base.rest_ms.mean(axis=0)
    against = compare_batches(*shares, alarms=ALARMS / 2)
    stands_out = ~against.is_noise & ~np.isnan(against.low) & (np.abs(drift - 1) < _DRIFT)
    has_samples = min(len(base.rows_ms), len(new.rows_ms)) >= FEWEST_BATCHES
    judged = []
    for i, row in enumerate(rows):
        reach = (float(itself.low[i]), float(itself.high[i]))
        known = _with_interval(row, reach, bool(itself.is_noise[i]))
        if known.is_noise and stands_out[i]:
            known = replace(known, is_noise=False, against_rest=row.ratio / float(drift[i]))
        judged.append(_within_clock(row, known, step_ms) if has_samples else known)
    return judged


def judge_series(name: str, base: NDArray[np.float32], new: NDArray[np.float32]) -> Change:
    """Compares the medians of two series of times, (M,) each, that belong to whole iterations."""
    change = Change(name, float(np.median(base)), float(np.median(new)))
    found = compare_batches(batch_medians(base[:, None]), batch_medians(new[:, None]))
    return _with_interval(
        change, (float(found.low[0]), float(found.high[0])), bool(found.is_noise[0])
    )


def _with_interval(row: Change, reach: tuple[float, float], is_noise: bool) -> Change:
    if np.isnan(reach[0]):
        return row
    interval = (row.ratio * reach[0], row.ratio * reach[1])
    return replace(row, interval=interval, is_noise=is_noise)


def _within_clock(row: Change, known: Change, step_ms: float) -> Change:
    change_ms = abs(row.base_ms * (known.judged_ratio - 1))
    if not change_ms <= _STEPS * step_ms:
        return known
    return replace(row, interval=known.interval, is_noise=True)
