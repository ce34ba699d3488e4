"""What one profiler event costs here: a slope over engines of known layer counts, kept per machine.

Each point is a serial engine of many equal tiny layers: how much longer its gated layer times add
up than its un-profiled gated span. The slope over the layer counts is the cost of one event,
measured apart from any profile that it corrects. Points of several processes are kept and fitted
together, so that the interval becomes narrower from run to run.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import ceil, factorial, floor, sqrt
from pathlib import Path
from statistics import NormalDist

import numpy as np

from trtcore.errors import OptionError, RunError
from trtcore.result.records.profile import EventCost
from trtcore.stats.arrays import Floats
from trtcore.stats.intervals import student_t
from trtcore.stats.series import pair_slopes
from trtcore.system.cache import cache_entry, read_entry, write_entry
from trtcore.system.json_text import read_json
from trtcore.system.records import Environment

USUAL_SPREAD = 0.035
"""Standard deviation of a calibration, as a part of its cost: that of eight calibrations on one
H200, which gave 2.86 to 3.16 us."""

# Degrees of freedom: eight calibrations less their mean.
_USUAL_FREEDOM = 7
# Of the third kind: it holds points; the first two held what was fitted to them.
_KIND = "event-cost-3"

Points = Sequence[tuple[int, float]]
"""(layers, sum of layer medians - un-profiled span in ms) of each engine of one calibration."""


def fit_event_cost(runs: Sequence[Points], confidence: float = 0.95) -> EventCost:
    """Fits the cost per layer: the mean over runs of Theil and Sen's median of slopes.

    One bad point among five cannot bend that median. Points of one run are compared with each other
    only, as each process has a level of its own, and a slope of its own. Runs count alike, however
    many points they have. The interval is that of the average of so many runs: their scatter is
    judged by their own differences and by `USUAL_SPREAD`, which is all that one run has to go by.
    That of a single run is never narrower than Sen's interval of its points; how several differ
    holds what their points scatter by.

    Args:
        runs: the points of each calibration, each of a process of its own.
        confidence: of the interval, between 0 and 1.

    Raises:
        OptionError: fewer than two different layer counts, or a point that is not finite.
        RunError: the slope is not positive, so it is no cost of anything.

    Source:
        P. K. Sen, Estimates of the regression coefficient based on Kendall's tau, JASA 63 (1968).
    """
    tables = [_checked_points(points) for points in runs]
    of_runs = [pair_slopes(layers, excess) for layers, excess in tables]
    # Sorted, because Sen's interval is read off by rank.
    slopes = np.sort(np.concatenate(of_runs)) if of_runs else np.empty(0)
    if not slopes.size:
        raise OptionError("calibration needs engines of at least two different layer counts")
    medians = [float(np.median(each)) for each in of_runs if each.size]
    cost = float(np.mean(medians))
    if cost <= 0:
        raise RunError(
            f"the calibration gave an event cost of {cost * 1000:.3f} us per layer, expected more "
            "than 0; measure again on a quiet machine"
        )
    reach = _reach(medians, cost, confidence)
    low = high = cost
    if len(tables) == 1:
        low, high = _slope_interval(slopes, tables[0][0].size, confidence)
    rest = np.concatenate([excess - cost * layers for layers, excess in tables])
    offset = float(np.median(rest))
    residual = float(np.median(np.abs(rest - offset)))
    # np.minimum passes NaN on, where the builtin would hide that Sen's interval is unknown.
    low, high = float(np.minimum(low, cost - reach)), float(np.maximum(high, cost + reach))
    return EventCost(cost, low, high, offset, residual, len(rest), len(tables))


def save_runs(runs: Sequence[Points], environment: Environment) -> bool:
    """Keeps points in the user's cache folder for this GPU, driver and runtime, if it can."""
    return write_entry(_entry(environment), json.dumps([list(points) for points in runs]).encode())


def load_runs(environment: Environment) -> list[Points]:
    """Returns the points kept for this GPU, driver and runtime, by run; none that make no cost."""
    stored = read_entry(_entry(environment))
    try:
        runs = [[(int(n), float(ms)) for n, ms in points] for points in read_json(stored or b"[]")]
        for points in runs:
            fit_event_cost([points])
    except (TypeError, ValueError, OptionError, RunError):
        return []
    return list(runs)


def _entry(environment: Environment) -> Path | None:
    """Where the points are kept; None where it is not known which GPU and driver they are of."""
    # Without NVML only the CUDA version tells drivers apart; without either nothing is cached.
    driver = environment.driver or environment.cuda
    if not (environment.device and driver):
        return None
    return cache_entry(_KIND, environment.device, driver, environment.runtime)


def _checked_points(points: Points) -> tuple[Floats, Floats]:
    table = np.asarray(points, dtype=np.float64)
    if table.shape[1:] != (2,) or not np.isfinite(table).all():
        raise OptionError(f"calibration points are {points!r:.80}, expected pairs of numbers")
    return table[:, 0], table[:, 1]


def _reach(slopes: Sequence[float], cost: float, confidence: float) -> float:
    """Half the width of the interval, from the slopes of the runs and what is usual.

    The variance between runs is that of `USUAL_SPREAD`, with its degrees of freedom, pooled with
    that of these runs, with theirs.
    """
    own = len(slopes) - 1
    variance = float(np.var(slopes, ddof=1)) if own else 0.0
    freedom = _USUAL_FREEDOM + own
    pooled = (_USUAL_FREEDOM * (USUAL_SPREAD * cost) ** 2 + own * variance) / freedom
    return float(student_t((1 + confidence) / 2, freedom)) * sqrt(pooled / len(slopes))


def _slope_interval(slopes: Floats, points: int, confidence: float) -> tuple[float, float]:
    """Sen's interval of the slopes within a run of so many points."""
    # The variance of Kendall's S.
    variance = points * (points - 1) * (2 * points + 5) / 18
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * sqrt(variance)
    low, high = floor((slopes.size - reach) / 2), ceil((slopes.size + reach) / 2)
    if low < 1:
        # The normal distribution does not reach so few points. All slopes of n points lie on one
        # side of the truth in one of n! orders of their errors, so that their range is exact.
        if 1 - 2 / factorial(points) < confidence:
            return float("nan"), float("nan")
        return float(slopes[0]), float(slopes[-1])
    return float(slopes[low - 1]), float(slopes[high])
