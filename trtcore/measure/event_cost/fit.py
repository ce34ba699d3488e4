"""What one profiler event costs here: a slope over engines of known layer counts, kept per machine.

Each point is a serial engine of many equal tiny layers: how much longer its gated layer times add
up than its un-profiled gated span. The slope over the layer counts is the cost of one event,
measured apart from any profile that it corrects.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from math import ceil, floor, isfinite, isnan, sqrt
from pathlib import Path
from statistics import NormalDist

import numpy as np

from trtcore.errors import OptionError, RunError
from trtcore.result.records import EventCost
from trtcore.stats.arrays import Floats
from trtcore.stats.intervals import student_t
from trtcore.stats.series import pair_slopes
from trtcore.system.cache import cache_entry, read_entry, write_entry
from trtcore.system.records import Environment

USUAL_SPREAD = 0.035
"""Standard deviation of a calibration, as a part of its cost: that of eight calibrations on one
H200, which gave 2.86 to 3.16 us. Repeats of one calibration share most of it."""

# Degrees of freedom: eight calibrations less their mean.
_USUAL_FREEDOM = 7
# Of the second kind: the intervals of the first allowed for the points only.
_KIND = "event-cost-2"


def fit_event_cost(points: Sequence[tuple[int, float]], confidence: float = 0.95) -> EventCost:
    """Fits the cost per layer by Theil and Sen's median of slopes, which one bad point cannot bend.

    Points of one repeat are compared with each other only, as each repeat has a level of its own.
    Its slope is its own too, and that of all repeats is the process's: the interval allows for what
    the repeats differ by, and for what processes do, `USUAL_SPREAD`, which no repeat can tell. It
    is never narrower than Sen's interval of the points.

    Args:
        points: (layers, sum of layer medians - un-profiled span in ms), in the order they were
            taken: a layer count that comes again begins the next repeat.
        confidence: of the interval, between 0 and 1.

    Raises:
        OptionError: fewer than two different layer counts, or a point that is not finite.
        RunError: the slope is not positive, so it is no cost of anything.

    Source:
        P. K. Sen, Estimates of the regression coefficient based on Kendall's tau, JASA 63 (1968).
    """
    layers, excess = _checked_points(points)
    of_repeats = [pair_slopes(layers[one], excess[one]) for one in _repeats(layers)]
    # Sorted, because Sen's interval is read off by rank.
    slopes = np.sort(np.concatenate(of_repeats))
    if not slopes.size:
        raise OptionError("calibration needs engines of at least two different layer counts")
    cost = float(np.median(slopes))
    if cost <= 0:
        raise RunError(
            f"the calibration gave an event cost of {cost * 1000:.3f} us per layer, expected more "
            "than 0; measure again on a quiet machine"
        )
    reach = _reach([float(np.median(each)) for each in of_repeats if each.size], cost, confidence)
    counts = [one.stop - one.start for one in _repeats(layers)]
    low, high = _slope_interval(slopes, counts, confidence)
    offset = float(np.median(excess - cost * layers))
    residual = float(np.median(np.abs(excess - cost * layers - offset)))
    # np.minimum passes NaN on, where the builtin would hide that Sen's interval is unknown.
    low, high = float(np.minimum(low, cost - reach)), float(np.maximum(high, cost + reach))
    return EventCost(cost, low, high, offset, residual, len(points))


def save_event_cost(cost: EventCost, environment: Environment) -> bool:
    """Keeps a cost in the user's cache folder for this GPU, driver and runtime, if it can."""
    return write_entry(_entry(environment), json.dumps(dataclasses.asdict(cost)).encode())


def load_event_cost(environment: Environment) -> EventCost | None:
    """Returns the cost kept for this GPU, driver and runtime; None if there is none."""
    stored = read_entry(_entry(environment))
    if stored is None:
        return None
    try:
        cost = EventCost(**json.loads(stored))
        return cost if _is_sound(cost) else None
    except (TypeError, ValueError):
        return None


def _is_sound(cost: EventCost) -> bool:
    """Whether it can have been fitted; an interval that is not known is NaN at both ends.

    Raises:
        TypeError: a figure is no number.
    """
    is_known = not (isnan(cost.low_ms) and isnan(cost.high_ms))
    is_around = cost.low_ms <= cost.cost_ms <= cost.high_ms
    return isfinite(cost.cost_ms) and cost.cost_ms > 0 and (is_around or not is_known)


def _entry(environment: Environment) -> Path | None:
    """Where the cost is kept; None where it is not known which GPU and driver it is of."""
    # Without NVML only the CUDA version tells drivers apart; without either nothing is cached.
    driver = environment.driver or environment.cuda
    if not (environment.device and driver):
        return None
    return cache_entry(_KIND, environment.device, driver, environment.runtime)


def _checked_points(points: Sequence[tuple[int, float]]) -> tuple[Floats, Floats]:
    table = np.asarray(points, dtype=np.float64)
    if table.shape[1:] != (2,) or not np.isfinite(table).all():
        raise OptionError(f"calibration points are {points!r:.80}, expected pairs of numbers")
    return table[:, 0], table[:, 1]


def _repeats(layers: Floats) -> Iterator[slice]:
    start = 0
    for place in range(1, layers.size + 1):
        if place == layers.size or layers[place] in layers[start:place]:
            yield slice(start, place)
            start = place


def _reach(slopes: Sequence[float], cost: float, confidence: float) -> float:
    """Half the width of the interval, from the slopes of the repeats and what is usual.

    More repeats tell their average better, but nothing of other processes.
    """
    of_average = float(np.var(slopes, ddof=1)) / len(slopes) if len(slopes) > 1 else 0.0
    spread = sqrt((USUAL_SPREAD * cost) ** 2 + of_average)
    return float(student_t((1 + confidence) / 2, _USUAL_FREEDOM)) * spread


def _slope_interval(
    slopes: Floats, counts: Sequence[int], confidence: float
) -> tuple[float, float]:
    """Sen's interval of the slopes within repeats of so many points."""
    # The variance of Kendall's S, added over independent repeats.
    variance = sum(n * (n - 1) * (2 * n + 5) for n in counts) / 18
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * sqrt(variance)
    low, high = floor((slopes.size - reach) / 2), ceil((slopes.size + reach) / 2)
    if low < 1:
        return float("nan"), float("nan")
    return float(slopes[low - 1]), float(slopes[high])
