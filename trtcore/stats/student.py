"""Student's t distribution for the few degrees of freedom that a handful of processes have."""

from __future__ import annotations

from functools import lru_cache
from math import atan, cos, inf, isnan, pi, sin, sqrt

import numpy as np

from trtcore.stats.arrays import Floats
from trtcore.stats.intervals import NO_INTERVAL, Interval

# Halvings of the search: 2^-60 of the start is below what a float64 of that size resolves.
_HALVINGS = 60


def two_sided(t: float, freedom: int) -> float:
    r"""Returns the probability that \|T\| is at most ``t``, for a whole number of degrees.

    Source: Abramowitz and Stegun 26.7.3 and 26.7.4, which are exact.
    """
    angle = atan(t / sqrt(freedom))
    cosine, square = cos(angle), cos(angle) ** 2
    if freedom % 2:
        term, total = cosine, 0.0
        for i in range(1, freedom - 1, 2):
            total += term
            term *= square * (i + 1) / (i + 2)
        return 2 / pi * (angle + sin(angle) * total)
    term, total = 1.0, 0.0
    for i in range(0, freedom - 1, 2):
        total += term
        term *= square * (i + 1) / (i + 2)
    return sin(angle) * total


@lru_cache(maxsize=256)
def t_quantile(chance: float, freedom: int) -> float:
    r"""Returns what \|T\| exceeds with a probability of ``chance``; infinite without freedom."""
    if freedom < 1:
        return inf
    low, high = 0.0, 1.0
    while 1 - two_sided(high, freedom) > chance:
        high *= 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if 1 - two_sided(middle, freedom) > chance else (low, middle)
    return high


def pooled_error(base: Floats, new: Floats) -> Floats:
    """Returns (C,) standard errors of the differences of the means of (P, C) and (Q, C) values.

    The variances are pooled: both sides are processes on the same kind of machine, and a handful of
    values each say too little about two variances. There are P + Q - 2 degrees of freedom.
    """
    squares = sum(((values - values.mean(axis=0)) ** 2).sum(axis=0) for values in (base, new))
    freedom = len(base) + len(new) - 2
    error: Floats = np.sqrt(squares / freedom * (1 / len(base) + 1 / len(new)))
    return error


def mean_interval(values: Floats) -> Interval:
    """Returns the 95 % t-interval of the mean of (P,) values; (NaN, NaN) of fewer than two."""
    if len(values) < 2 or isnan(float(values.sum())):
        return NO_INTERVAL
    mean = float(values.mean())
    reach = t_quantile(0.05, len(values) - 1) * float(values.std(ddof=1)) / sqrt(len(values))
    return mean - reach, mean + reach
