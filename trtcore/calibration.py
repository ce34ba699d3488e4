"""What one profiler event costs here: a slope over engines of known layer counts, kept per machine.

Each point is a serial engine of many equal tiny layers: how much longer its gated layer times add
up than its un-profiled gated span. The slope over the layer counts is the cost of one event,
measured apart from any profile that it corrects.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from math import ceil, floor, sqrt
from pathlib import Path
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from trtcore.cache import cache_entry, read_entry, write_entry
from trtcore.errors import OptionError, RunError
from trtcore.result import Environment, EventCost

Floats = NDArray[np.float64]


def fit_event_cost(points: Sequence[tuple[int, float]], confidence: float = 0.95) -> EventCost:
    """Fits the cost per layer by Theil and Sen's median of slopes, which one bad point cannot bend.

    Args:
        points: (layers, sum of layer medians - un-profiled span in ms), repeats welcome.
        confidence: of the interval, between 0 and 1.

    Raises:
        OptionError: fewer than two different layer counts, or a point that is not finite.
        RunError: the slope is not positive, so it is no cost of anything.

    Source:
        P. K. Sen, Estimates of the regression coefficient based on Kendall's tau, JASA 63 (1968);
        the interval of its section 3, with ties.
    """
    layers, excess = _checked_points(points)
    slopes = _pair_slopes(layers, excess)
    cost = float(np.median(slopes))
    if cost <= 0:
        raise RunError(
            f"the calibration gave an event cost of {cost * 1000:.3f} us per layer, expected more "
            "than 0; measure again on a quiet machine"
        )
    low, high = _slope_interval(slopes, layers, confidence)
    offset = float(np.median(excess - cost * layers))
    residual = float(np.median(np.abs(excess - cost * layers - offset)))
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
        return EventCost(**json.loads(stored))
    except (TypeError, ValueError):
        return None


def _entry(environment: Environment) -> Path | None:
    where = (environment.device, environment.driver, environment.runtime)
    return cache_entry("event-cost", *where)


def _checked_points(points: Sequence[tuple[int, float]]) -> tuple[Floats, Floats]:
    table = np.asarray(points, dtype=np.float64)
    if table.shape[1:] != (2,) or not np.isfinite(table).all():
        raise OptionError(f"calibration points are {points!r:.80}, expected pairs of numbers")
    if np.unique(table[:, 0]).size < 2:
        raise OptionError("calibration needs engines of at least two different layer counts")
    return table[:, 0], table[:, 1]


def _pair_slopes(x: Floats, y: Floats) -> Floats:
    first, second = np.triu_indices(x.size, k=1)
    differ = x[first] != x[second]
    first, second = first[differ], second[differ]
    return np.sort((y[second] - y[first]) / (x[second] - x[first]))


def _slope_interval(slopes: Floats, x: Floats, confidence: float) -> tuple[float, float]:
    n, ties = x.size, np.unique(x, return_counts=True)[1]
    variance = (n * (n - 1) * (2 * n + 5) - float((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * sqrt(variance)
    low, high = floor((slopes.size - reach) / 2), ceil((slopes.size + reach) / 2)
    if low < 1:
        return float("nan"), float("nan")
    return float(slopes[low - 1]), float(slopes[high])
