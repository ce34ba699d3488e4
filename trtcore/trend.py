"""Whether a series of times rises or falls as it goes on, whatever the shape of its noise."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CHANCE = 2.5
"""Deviations of Kendall's S that chance seldom reaches: in one of eighty steady series."""


def pair_slopes(x: Floats, y: Floats) -> Floats:
    """Returns the slopes between all pairs of (N,) points that differ in ``x``, sorted.

    Their median is the slope of Theil and Sen, which a quarter of bad points cannot bend.

    Source:
        P. K. Sen, Estimates of the regression coefficient based on Kendall's tau, JASA 63 (1968).
    """
    first, second = np.triu_indices(x.size, k=1)
    differ = x[first] != x[second]
    first, second = first[differ], second[differ]
    slopes: Floats = np.sort((y[second] - y[first]) / (x[second] - x[first]))
    return slopes


def find_rise(times: Floats) -> float:
    """Returns by how much (N,) times rise from first to last, below zero where they fall.

    It is 0 where that may be chance: Mann and Kendall's test compares how many pairs rise with how
    many fall, which assumes no shape. Neighbours that resemble each other make it find a rise more
    often than one in eighty times, never less.
    """
    count = times.size
    if count < 2:
        return 0.0
    slopes = pair_slopes(np.arange(count, dtype=np.float64), times)
    deviation = sqrt(count * (count - 1) * (2 * count + 5) / 18)
    if abs(float(np.sign(slopes).sum())) <= CHANCE * deviation:
        return 0.0
    return float(np.median(slopes)) * (count - 1)
